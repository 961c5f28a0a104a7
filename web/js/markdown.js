// Markdown that grows: each line is read once, and only the last part of the open block is drawn again.

import { copyButton, draw, h, make } from "./dom.js";
import { highlighter, inline, PART } from "./inline.js";

const HEAD = /^(?:#{1,6} |```+(?=[^`]*$))/;
const RULE = /^\s*([-*_])( *\1){2,}\s*$/;
const DELIMITERS = /^(?=.*-)[-:\s]*\|[-:|\s]*$/;
const MARK = /^\s*(?:>|(?:[-*+]|(\d{1,9})[.)])(?=\s|$))/;
// The start of a line that may become more than one thing.
const UNCLEAR = /^(?:[-*+_#|:>]|[^\S\n]|\d+[.)](?=\s|$)|\d+$)*(?:`{0,2}|```[^\n]*)$/;

const blank = (mark) => mark.replace(/\S/g, " ");
const cells = (row) =>
	row.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
// What may be a table's head waits.
const words = (text, isOpen) => inline(isOpen ? text.replace(/(^|\n)\|[^\n]*$/, "") : text, isOpen);

export function markdown(root) {
	let read = 0;
	const boxes = [];
	// The open block: the last part of its `element` shows `text`.
	let leaf = null;

	function update(text, isDone) {
		for (const [line] of text.slice(read).matchAll(/[^\n]*\n|[^\n]+/g)) {
			const isNew = (text[read - 1] ?? "\n") === "\n";
			if (isNew && !isDone && UNCLEAR.test(line)) break;
			(isNew ? begin : add)(line.replace("\n", ""));
			read += line.length;
		}
		if (isDone) close(0);
		else show(true);
	}

	function begin(line) {
		let depth = 0;
		while (boxes[depth]?.within.test(line)) line = line.replace(boxes[depth++].within, blank);
		if (depth < boxes.length) close(depth);
		if (!leaf?.fence) fill(enter(line));
		else if (line.trim() === leaf.fence) close();
		else part(line.replace(leaf.indent, ""));
	}

	// Marks become spaces: columns stay.
	function enter(line) {
		const [mark, number] = (boxes.length < 8 && !RULE.test(line) && MARK.exec(line)) || [];
		if (!mark) return line;
		close();
		if (mark.endsWith(">")) boxes.push({ element: append("blockquote", { dir: "auto" }), within: /^\s*>/ });
		else {
			const tag = number ? "ol" : "ul";
			let list = box().lastElementChild;
			if (list?.localName !== tag) list = append(tag, { start: number > 1 && number, dir: "auto" });
			const within = RegExp(`^(\\s{${mark.search(/\S/) + 2}}|\\s*$)`);
			boxes.push({ element: list.appendChild(make(h("li"))), within });
		}
		return enter(blank(mark) + line.slice(mark.length));
	}

	function fill(line) {
		const text = line.trimStart();
		const [mark] = HEAD.exec(text) ?? [""];
		const rest = text.slice(mark.length);
		const isParagraph = leaf?.element.localName === "p";
		if (!text) close();
		else if (mark.startsWith("`")) code(mark, rest.trim() || "code", line.length - text.length);
		else if (isParagraph && DELIMITERS.test(text)) table(text);
		else if (RULE.test(text)) append("hr");
		else if (isParagraph && !mark) add(`\n${text}`);
		else if (leaf?.part === "tr" && !mark) part(text);
		else {
			leaf = { element: append(mark ? `h${Math.min(6, mark.length + 1)}` : "p"), part: "span", render: words };
			part("");
			add(rest);
		}
	}

	const box = () => boxes.at(-1)?.element ?? root;

	function append(...described) {
		close();
		return box().appendChild(make(h(...described)));
	}

	function code(fence, name, column) {
		const element = make(h("code"));
		append("div.code",
			h("div.head", name, copyButton(() => element.textContent, "Copy this code")),
			h("pre", { tabindex: 0, role: "group", dir: "ltr", "aria-label": name }, element),
		);
		leaf = { element, part: "div", render: highlighter(name), fence, indent: RegExp(`^\\s{0,${column}}`) };
	}

	function table(delimiters) {
		const { element, text } = leaf;
		const head = text.split("\n").at(-1);
		leaf.text = text.slice(0, -head.length);
		const align = cells(delimiters).map((side) => side.endsWith(":") && (side.startsWith(":") ? "center" : "right"));
		const rows = make(h("table"));
		append("div.wide", { dir: "auto", tabindex: 0, role: "group", "aria-label": "Table" }, rows);
		if (!element.textContent) element.remove();
		const render = (row, isOpen) => {
			const tag = rows.childElementCount > 1 ? "td" : "th";
			return cells(row).slice(0, 1_000).map((cell, at) => h(tag, { align: align[at] }, inline(cell, isOpen)));
		};
		leaf = { element: rows, part: "tr", render };
		part(head);
	}

	function add(text) {
		leaf.text += text;
		while (leaf.part === "span" && leaf.text.length > PART) {
			const cut = leaf.text.lastIndexOf(" ", PART - 1) + 1 || PART;
			part(leaf.text.slice(cut), leaf.text.slice(0, cut));
		}
	}

	function part(text, last = leaf.text) {
		leaf.text = last;
		show(false);
		leaf.text = text;
		leaf.element.append(make(h(leaf.part)));
	}

	function show(isOpen) {
		const target = leaf?.element.lastChild;
		if (target) draw(target, leaf.render(leaf.text, isOpen));
	}

	function close(depth = boxes.length) {
		show(false);
		leaf = null;
		boxes.length = depth;
	}

	return update;
}
