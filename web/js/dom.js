// The one way to make elements: `h` describes them, `draw` brings them about and touches only what differs, so that focus,
// selection and scroll stay. Text is only ever set as text: nothing here reads markup.

/** Describes an element: `p.note` has that class. Properties may be left out; `on…`: listeners; `key`: which of its siblings it
 * is, where they come and go. */
export function h(name, ...children) {
	const [tag, ...classes] = name.split(".");
	const hasProps = children[0]?.constructor === Object && !children[0].tag;
	return { tag, props: { class: classes.join(" ") || null, ...(hasProps && children.shift()) }, children };
}

/** Makes `parent` hold these descriptions, texts and elements. */
export function draw(parent, children) {
	const before = parent.drawn ?? new Map();
	const counts = {};
	const wanted = new Map();
	for (const child of children.flat(3)) {
		if (!child) continue;
		const tag = child.tag ?? "";
		counts[tag] = (counts[tag] ?? 0) + 1;
		wanted.set(child instanceof Node ? child : (child.props?.key ?? tag + counts[tag]), child);
	}
	for (const [key, node] of before) if (!wanted.has(key)) node.remove();
	parent.drawn = new Map();
	let next = parent.firstChild;
	for (const [key, child] of wanted) {
		const node = before.has(key) ? patch(before.get(key), child) : make(child);
		parent.drawn.set(key, node);
		if (node === next) next = next.nextSibling;
		else parent.insertBefore(node, next);
	}
}

export function make(child) {
	if (child instanceof Node) return child;
	if (!child.tag) return document.createTextNode(child);
	const space = /^(svg|path)$/.test(child.tag) ? "2000/svg" : "1999/xhtml";
	return patch(document.createElementNS(`http://www.w3.org/${space}`, child.tag), child);
}

function patch(node, child) {
	if (node === child || node.is === child) return node;
	if (!child.tag) {
		// Text that grows keeps what is selected in it.
		if (child.startsWith(node.data)) node.appendData(child.slice(node.length));
		else node.data = child;
		return node;
	}
	const was = node.is?.props ?? {};
	node.is = child;
	draw(node, child.children);
	for (const name of Object.keys({ ...was, ...child.props })) {
		const value = child.props[name];
		if (name === "key" || value === was[name]) continue;
		if (name.startsWith("on") || name === "value") node[name] = value ?? null;
		else if ((value ?? false) === false) node.removeAttribute(name);
		else node.setAttribute(name, value === true ? "" : value);
	}
	return node;
}

const PATHS = {
	copy: "M9 9h10v11H9zM15 9V4H5v11h4",
	retry: "M20 11a8 8 0 1 0-2 6.5M20 4v7h-7",
	edit: "M4 20l1-4L16 5l3 3L8 19z",
	settings: "M4 7h9m4 0h3M15 5v4M4 17h3m4 0h9M9 15v4",
	delete: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
	menu: "M4 7h16M4 12h16M4 17h16",
};

export const icon = (name) => h("svg", { viewBox: "0 0 24 24" }, h("path", { d: PATHS[name] }));

/** A button; `look` is its class. Its label is what it shows, where it has no icon; with nothing to do it is disabled. */
export const button = (look, label, act, name) =>
	h("button", { type: "button", class: look, title: name && label, "aria-label": name && label, onclick: act, disabled: !act },
		name ? icon(name) : label);

export const alert = (problem) => problem && h("p.problem", { role: "alert" }, problem);

// Over plain http there is no clipboard, and no button.
export function copyButton(text, label) {
	const copy = async ({ currentTarget: { classList } }) => {
		await navigator.clipboard.writeText(text());
		classList.add("copied");
		setTimeout(() => classList.remove("copied"), 1_500);
	};
	return navigator.clipboard && button("mini", label, copy, "copy");
}
