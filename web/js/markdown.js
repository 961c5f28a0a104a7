// Markdown that grows. Each line is read once, as it comes; only the last part of the open block (of a paragraph, a row, a
// line of code) is drawn again, so that a long reply costs as much at its end as at its start. What is half finished looks as
// it will look then. HTML, indented code and link definitions stay text.

import { copyButton, draw, h, make } from "./dom.js";
import { highlighter } from "./highlight.js";
import { inline } from "./inline.js";

/** UTF-16 units of text that are drawn again with each frame: what is longer is drawn in parts. */
const PART = 2_000;
/** Quotes and lists within each other: what is deeper would not fit a phone, and stays text. */
const DEPTH = 8;

const FENCE = /^ {0,3}(`{3,}(?!`)|~{3,}(?!~))(?!.*`) *(\S*)/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])( +(?=\S)| *$)/;
const QUOTE = /^ {0,3}> ?/;
const HEADING = /^ {0,3}(#{1,6})(?: +|$)/;
const RULE = /^ {0,3}([-*_])( *\1){2,} *$/;
const DELIMITERS = /^[ :-]*\|[ |:-]*$/;
/** The start of a line that may still become more than one thing. */
const UNCLEAR = /^(?:[-*+_=#|:\s>]|\d{1,9}[.)](?=\s|$)|\d{1,9}$)*(?:`{0,2}|`{3,}[^`]*|~{0,2}|~{3,}.*)$/;

const unquoted = (line) => (QUOTE.test(line) ? line.replace(QUOTE, "") : undefined);
const cells = (row) =>
	row.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

// What begins like a row may be a table's head: the next line tells.
const paragraph = (text, isOpen) => (isOpen && /^ *\|[^\n]*$/.test(text) ? [] : inline(text, isOpen));
const heading = (text, isOpen) => inline(text.replace(/ +#+ *$/, ""), isOpen);

/** Draws into `root`. Returns what takes the whole text so far, of which it reads only what is new. */
export function markdown(root) {
	let read = 0;
	let inLine = false;
	/** What is open, outermost first: the root, quotes, items. `next(line)`: what of a later line is within, or undefined. */
	const boxes = [{ element: root, next: (line) => line }];
	/** The block that grows: `target` shows what `render` makes of `text`. */
	let leaf = null;

	function update(text, isDone) {
		for (const [all, line, end] of text.slice(read).matchAll(/([^\n]*)(\n?)/g)) {
			if (!all || (!inLine && !end && !isDone && UNCLEAR.test(line))) break;
			if (inLine) add(line);
			else begin(line);
			inLine = !end;
			read += all.length;
		}
		if (isDone) close(1);
		else show(true);
	}

	function begin(line) {
		line = line.replace(/^[ \t]+/, (space) => space.replaceAll("\t", "    "));
		let depth = 0;
		for (let rest; (rest = boxes[depth]?.next(line)) !== undefined; depth++) line = rest;
		if (depth < boxes.length) {
			// A paragraph goes on without its quote's or its item's mark.
			const isNew = !line.trim() || [FENCE, ITEM, QUOTE, HEADING, RULE].some((pattern) => pattern.test(line));
			if (!isNew && leaf?.render === paragraph) return add(`\n${line}`);
			close(depth);
		} else if (leaf?.fence) return codeLine(line);
		for (let rest; (rest = enter(line)) !== undefined;) line = rest;
		fill(line);
	}

	/** Opens a quote or an item, and returns what it begins with. */
	function enter(line) {
		if (boxes.length > DEPTH) return;
		if (QUOTE.test(line)) {
			boxes.push({ element: append("blockquote", { dir: "auto" }), next: unquoted });
			return unquoted(line);
		}
		const [all, before, mark, number, after] = (!RULE.test(line) && ITEM.exec(line)) || [];
		// Within a paragraph only a clear sign begins a list: a year at the start of a line does not.
		if (!mark || (leaf?.render === paragraph && ((number ?? "1") !== "1" || !after))) return;
		close();
		const kind = mark.at(-1);
		let list = boxes.at(-1).element.lastElementChild;
		if (list?.kind !== kind) list = append(number ? "ol" : "ul", { start: number > 1 && number, dir: "auto" });
		list.kind = kind;
		const element = make(h("li"));
		list.append(element);
		const within = all.length - after.length + (after.length || 1);
		const next = (later) => {
			const spaces = later.search(/\S|$/);
			// Models indent a list within a list by two, whatever the mark's width.
			const needed = ITEM.test(later.trimStart()) ? Math.min(within, before.length + 2) : within;
			return spaces < needed && spaces < later.length ? undefined : later.slice(Math.min(spaces, within));
		};
		boxes.push({ element, next });
		return line.slice(all.length);
	}

	function fill(line) {
		const [, fence, language] = FENCE.exec(line) ?? [];
		const [mark, signs] = HEADING.exec(line) ?? [];
		const isInParagraph = leaf?.render === paragraph;
		if (!line.trim()) close();
		else if (isInParagraph && DELIMITERS.test(line) && tabled(cells(line))) return;
		else if (fence) fenced(fence, language || "code");
		else if (signs) textBlock(`h${Math.min(6, signs.length + 2)}`, heading, line.slice(mark.length));
		else if (RULE.test(line)) append("hr");
		else if (isInParagraph) add(`\n${line}`);
		else if (leaf && !leaf.isText) part("tr", line);
		else textBlock("p", paragraph, line);
	}

	/** Which way a text runs, CSS sees; within a list or a quote, the first of them says it for all. On a text `dir` would cost its
	 * whole length with each mark. */
	function append(tag, props, ...children) {
		close();
		const box = boxes.at(-1).element;
		const element = make(h(tag, { dir: box === root && !/^[hp]/.test(tag) && "auto", ...props }, ...children));
		box.append(element);
		return element;
	}

	function textBlock(tag, render, text) {
		leaf = { element: append(tag), render, isText: true };
		part("span");
		add(text);
	}

	/** Ends what `target` shows, and begins the next. */
	function part(tag, text = "") {
		show(false);
		leaf.text = text;
		leaf.element.append((leaf.target = make(h(tag))));
	}

	function add(text) {
		leaf.text += text;
		while (leaf.isText && leaf.text.length > PART) {
			// At a space outside of any mark. Where that is, only the text says, not how it came.
			const { plain } = inline(leaf.text.slice(0, PART), true);
			const space = leaf.text.lastIndexOf(" ", PART - 1) + 1;
			const cut = space > plain ? space : plain || PART;
			const rest = leaf.text.slice(cut);
			leaf.text = leaf.text.slice(0, cut);
			part("span", rest);
		}
	}

	/** Makes a paragraph the head of a table, if it is one line with as many cells. */
	function tabled(delimiters) {
		const { element, text } = leaf;
		if (!delimiters.every((each) => /^:?-+:?$/.test(each))) return false;
		if (element.childElementCount > 1 || text.includes("\n") || cells(text).length !== delimiters.length) return false;
		const align = delimiters.map((each) => each.endsWith(":") && (each[0] === ":" ? "center" : "right"));
		// Missing cells are empty.
		const row = (tag) => (words, isOpen) =>
			cells(words + " |".repeat(align.length)).slice(0, align.length).map((cell, at) =>
				h(tag, { align: align[at] }, cell.length > PART ? cell : inline(cell, isOpen)));
		const table = make(h("table", h("tr", row("th")(text))));
		append("div.wide", { dir: "auto", tabindex: 0, role: "group", "aria-label": "Table" }, table);
		element.remove();
		leaf = { element: table, render: row("td") };
		return true;
	}

	function fenced(fence, name) {
		const element = make(h("code"));
		const head = h("div.code-head", name, copyButton(() => element.textContent, "Copy this code"));
		append("div.code", {}, head, h("pre", { tabindex: 0, role: "group", dir: "ltr", "aria-label": name }, element));
		leaf = { element, fence, render: highlighter(name) };
	}

	function codeLine(line) {
		const mark = line.trim();
		if (mark.startsWith(leaf.fence) && new Set(mark).size === 1) close();
		// An element for each line, so that little is laid out at a time.
		else part("div", line);
	}

	function show(isOpen) {
		if (leaf?.target) draw(leaf.target, leaf.render(leaf.text, isOpen));
	}

	/** Ends the open block, and the boxes beyond `depth`. */
	function close(depth = boxes.length) {
		show(false);
		leaf = null;
		boxes.length = depth;
	}

	return update;
}
