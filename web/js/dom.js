// `h` describes elements, `draw` touches only what differs. Text is only ever set as text.

// An element always names the same properties, if only as false. `key`: which of its siblings it is.
export function h(name, ...children) {
	const [tag, ...classes] = name.split(".");
	const hasProps = children[0]?.constructor === Object && !children[0].tag;
	return { tag, props: { class: classes.join(" ") || null, ...(hasProps && children.shift()) }, children };
}

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

export function make(child, node = child.tag ? document.createElement(child.tag) : new Text()) {
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

export const button = (label, act, look, shown) =>
	h("button", { type: "button", class: look, "aria-label": shown && label, onclick: act }, shown ?? label);

export const alert = (problem) => problem && h("p.problem", { role: "alert" }, problem);

export const copyButton = (text, label) => navigator.clipboard && button(label, async ({ target }) => {
	await navigator.clipboard.writeText(text());
	target.classList.add("copied");
}, "mini", "Copy");
