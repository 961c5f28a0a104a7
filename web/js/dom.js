// `h` describes elements, `draw` touches only what differs. Text is only ever set as text.

// The same element always has the same properties, if only as false. `key`: which of its siblings it is.
export function h(name, ...children) {
	const [tag, ...classes] = name.split(".");
	const hasProps = children[0]?.constructor === Object && !children[0].tag;
	return { tag, props: { class: classes.join(" ") || null, ...(hasProps && children.shift()) }, children };
}

// Without a key, a child is known by its place, which may be empty.
export function draw(parent, children) {
	const before = parent.drawn ?? new Map();
	const drawn = new Map();
	children.flat(3).forEach((child, at) => {
		const key = child?.props?.key ?? `${child?.tag} ${at}`;
		if (child instanceof Node) drawn.set(child, child);
		else if (child) drawn.set(key, make(child, before.get(key)));
	});
	for (const [key, node] of before) if (!drawn.has(key)) node.remove();
	let next = parent.firstChild;
	for (const node of drawn.values()) {
		if (node === next) next = next.nextSibling;
		else parent.insertBefore(node, next);
	}
	parent.drawn = drawn;
}

function fresh(tag) {
	const space = /^(svg|path)$/.test(tag) ? "2000/svg" : "1999/xhtml";
	return tag ? document.createElementNS(`http://www.w3.org/${space}`, tag) : new Text();
}

export function make(child, node = fresh(child.tag)) {
	if (node.is === child) return node;
	const was = node.is?.props;
	node.is = child;
	if (child.tag) draw(node, child.children);
	// Text that grows keeps what is selected in it.
	else if (child.startsWith(node.data)) node.appendData(child.slice(node.length));
	else node.data = child;
	for (const [name, value] of Object.entries(child.props ?? {})) {
		if (name === "key" || value === was?.[name]) continue;
		if (/^(on|value$)/.test(name)) node[name] = value;
		else if ((value ?? false) === false) node.removeAttribute(name);
		else node.setAttribute(name, value === true ? "" : value);
	}
	return node;
}

const PATHS = {
	copy: "M9 9h10v11H9zM15 5H5v11",
	retry: "M20 11a8 8 0 1 0-2 6M20 4v7h-7",
	edit: "M4 20l1-4L16 5l3 3L8 19z",
	settings: "M4 8h16M4 16h16M9 5v6M15 13v6",
	delete: "M5 7h14M9 4h6M7 7l1 13h8l1-13",
	menu: "M4 7h16M4 12h16M4 17h16",
};

export const icon = (name) => h("svg", { viewBox: "0 0 24 24" }, h("path", { d: PATHS[name] }));

export const button = (look, label, act, name) =>
	h("button", { type: "button", class: look, title: name && label, onclick: act, disabled: !act }, name ? icon(name) : label);

export const alert = (problem) => problem && h("p.problem", { role: "alert" }, problem);

export const copyButton = (text, label) => navigator.clipboard && button("mini", label, async ({ currentTarget }) => {
	await navigator.clipboard.writeText(text());
	currentTarget.classList.add("copied");
	setTimeout(() => currentTarget.classList.remove("copied"), 1_500);
}, "copy");
