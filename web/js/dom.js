// The few things that every view needs. Text is only ever set as text: nothing here reads markup.

/** An element. `on…` attributes are listeners; those that are undefined, null or false are left out. */
export function h(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
		else if (value !== undefined && value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children);
	return element;
}

const PATHS = {
	send: "M12 19V5m-6 6 6-6 6 6",
	stop: "M7 7h10v10H7z",
	copy: "M9 9h10v11H9zM15 9V4H5v11h4",
	retry: "M20 11a8 8 0 1 0-2 6.5M20 4v7h-7",
	tool: "M14.5 6.5a4 4 0 0 1 5-1.5L17 7.5l.5 2 2 .5L22 7.5a4 4 0 0 1-5.5 5L9 20a2 2 0 0 1-3-3l7.5-7.5a4 4 0 0 1 1-3z",
	alert: "M12 8v5m0 3.5v.01M12 3 2 20h20z",
	theme: "M12 3v18a9 9 0 1 0 0-18zM12 3a9 9 0 0 0 0 18",
};

export function icon(name) {
	const [svg, path] = ["svg", "path"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
	svg.setAttribute("viewBox", "0 0 24 24");
	svg.setAttribute("aria-hidden", "true");
	svg.setAttribute("class", "glyph");
	path.setAttribute("d", PATHS[name]);
	svg.append(path);
	return svg;
}

/** Sets text only where it differs, so that nothing is drawn or read aloud twice. */
export function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

/** A button; `look` is its class. */
export const button = (look, label, act, ...children) =>
	h("button", { type: "button", class: look, title: label, "aria-label": label, onclick: act }, ...children);

const dirty = new Set();

/** Calls `view.flush()` once before the next frame is drawn, however often it is asked for. */
export function beforeNextFrame(view) {
	if (dirty.size === 0) {
		requestAnimationFrame(() => {
			const views = [...dirty];
			dirty.clear();
			for (const each of views) each.flush();
		});
	}
	dirty.add(view);
}

/** A button that copies what `text()` says, and tells that it has. Over plain http there is no clipboard, and no button. */
export function copyButton(text, label) {
	if (!navigator.clipboard) return "";
	const copy = button("mini", label, async () => {
		await navigator.clipboard.writeText(text());
		copy.replaceChildren("Copied");
		setTimeout(() => copy.replaceChildren(icon("copy")), 1_500);
	}, icon("copy"));
	return copy;
}
