// Markdown that grows. Each line is read once, as it comes; only the last part of the open block (of a paragraph, a row, a
// line of code) is drawn again, so that a long reply costs as much at its end as at its start. What is half finished looks as
// it will look then. HTML, indented code and link definitions stay text.

import { copyButton, draw, h, make } from "./dom.js";
import { inline } from "./inline.js";

/** UTF-16 units of text that are drawn again with each frame: what is longer is drawn in parts. */
const PART = 2_000;
/** Quotes and lists within each other: what is deeper stays text. */
const DEPTH = 16;

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^\s`]*)[^`]*$/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])( +(?=\S)| *$)/;
const QUOTE = /^ {0,3}> ?/;
const HEADING = /^ {0,3}(#{1,6})(?: +|$)/;
const RULE = /^ {0,3}([-*_])( *\1){2,} *$/;
const DELIMITERS = /^(?=.*\|) *\|? *:?-+:? *(\| *:?-+:? *)*\|? *$/;
/** The start of a line that may still become more than one thing. */
const UNCLEAR = /^(?:[-*+_=#|:\s>]|\d{1,9}[.)](?=\s|$)|\d{1,9}$)*(?:`{0,2}|`{3,}[^`]*|~{0,2}|~{3,}.*)$/;

const cells = (row) =>
	row.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

// What begins like a row may be a table's head: the next line tells.
const paragraph = (text, isOpen) => (isOpen && /^ *\|[^\n]*$/.test(text) ? [] : inline(text, isOpen));
const heading = (text, isOpen) => inline(text.replace(/ +#+ *$/, ""), isOpen);
const code = (line) => [line, "\n"];

export class Markdown {
	#read = 0;
	#inLine = false;
	/** What is open, outermost first: the root, quotes, items. `next(line)`: what of a later line is within, or undefined. */
	#boxes;
	/** The block that grows: `target` shows what `render` makes of `text`. */
	#leaf = null;

	constructor(root) {
		this.#boxes = [{ element: root, next: (line) => line }];
	}

	/** Takes the whole text so far: only what is new is read. */
	update(text, isDone) {
		for (const [all, line, end] of text.slice(this.#read).matchAll(/([^\n]*)(\n?)/g)) {
			if (!all || (!this.#inLine && !end && !isDone && UNCLEAR.test(line))) break;
			if (this.#inLine) this.#add(line);
			else this.#begin(line);
			this.#inLine = !end;
			this.#read += all.length;
		}
		if (isDone) this.#close(1);
		else this.#draw(true);
	}

	#begin(line) {
		line = line.replace(/^[ \t]+/, (space) => space.replaceAll("\t", "    "));
		const boxes = this.#boxes;
		let depth = 0;
		for (let rest; (rest = boxes[depth]?.next(line)) !== undefined; depth++) line = rest;
		if (depth < boxes.length) {
			// A paragraph goes on without its quote's or its item's mark.
			const isNew = !line.trim() || [FENCE, ITEM, QUOTE, HEADING, RULE].some((pattern) => pattern.test(line));
			if (!isNew && this.#leaf?.render === paragraph) return this.#add(`\n${line}`);
			this.#close(depth);
		} else if (this.#leaf?.fence) return this.#code(line);
		for (let rest; (rest = this.#enter(line)) !== undefined;) line = rest;
		this.#fill(line);
	}

	/** Opens a quote or an item, and returns what it begins with. */
	#enter(line) {
		const boxes = this.#boxes;
		if (boxes.length > DEPTH) return;
		const unquoted = (each) => (QUOTE.test(each) ? each.replace(QUOTE, "") : undefined);
		if (QUOTE.test(line)) {
			boxes.push({ element: this.#append("blockquote"), next: unquoted });
			return unquoted(line);
		}
		const [all, before, mark, number, after] = (!RULE.test(line) && ITEM.exec(line)) || [];
		// Within a paragraph only a clear sign begins a list: a year at the start of a line does not.
		if (!mark || (this.#leaf?.render === paragraph && ((number ?? "1") !== "1" || !after))) return;
		this.#close(boxes.length);
		const kind = mark.at(-1);
		let list = boxes.at(-1).element.lastElementChild;
		if (list?.kind !== kind) list = this.#append(number ? "ol" : "ul", { start: number > 1 && number });
		list.kind = kind;
		const element = make(h("li"));
		list.append(element);
		const within = all.length - after.length + (after.length || 1);
		const next = (later) => {
			const spaces = later.search(/\S|$/);
			if (spaces === later.length) return "";
			// Models indent a list within a list by two, whatever the mark's width.
			const needed = ITEM.test(later.trimStart()) ? Math.min(within, before.length + 2) : within;
			return spaces < needed ? undefined : later.slice(Math.min(spaces, within));
		};
		boxes.push({ element, next });
		return line.slice(all.length);
	}

	#fill(line) {
		const [, fence, language] = FENCE.exec(line) ?? [];
		const [mark, signs] = HEADING.exec(line) ?? [];
		const isInParagraph = this.#leaf?.render === paragraph;
		if (!line.trim()) this.#close(this.#boxes.length);
		else if (isInParagraph && DELIMITERS.test(line) && this.#table(cells(line))) return;
		else if (fence) this.#fence(fence, language || "code");
		else if (signs) this.#text(`h${Math.min(6, signs.length + 2)}`, heading, line.slice(mark.length));
		else if (RULE.test(line)) this.#append("hr");
		else if (isInParagraph) this.#add(`\n${line}`);
		else if (this.#leaf && !this.#leaf.isText) this.#part("tr", line);
		else this.#text("p", paragraph, line);
	}

	#append(...description) {
		this.#close(this.#boxes.length);
		const element = make(h(...description));
		this.#boxes.at(-1).element.append(element);
		return element;
	}

	#text(tag, render, text) {
		this.#leaf = { element: this.#append(tag, { dir: "auto" }), render, isText: true };
		this.#part("span");
		this.#add(text);
	}

	/** Ends what `target` shows, and begins the next. */
	#part(tag, text = "") {
		const leaf = this.#leaf;
		this.#draw(false);
		leaf.text = text;
		leaf.element.append((leaf.target = make(h(tag))));
	}

	#add(text) {
		const leaf = this.#leaf;
		leaf.text += text;
		while (leaf.isText && leaf.text.length > PART) {
			// At a space outside of any mark. Where that is, only the text says, not how it came.
			const { plain } = inline(leaf.text.slice(0, PART), true);
			const space = leaf.text.lastIndexOf(" ", PART - 1) + 1;
			const cut = space > plain ? space : plain || PART;
			const rest = leaf.text.slice(cut);
			leaf.text = leaf.text.slice(0, cut);
			this.#part("span", rest);
		}
	}

	/** Makes a paragraph the head of a table, if it is one line with as many cells. */
	#table(delimiters) {
		const { element, text } = this.#leaf;
		if (element.childElementCount > 1 || text.includes("\n") || cells(text).length !== delimiters.length) return false;
		const align = delimiters.map((each) => each.endsWith(":") && (each[0] === ":" ? "center" : "right"));
		const row = (tag) => (words, isOpen) =>
			cells(words).slice(0, align.length).map((cell, at) =>
				h(tag, { align: align[at] }, cell.length > PART ? cell : inline(cell, isOpen)));
		const table = make(h("table", h("tr", row("th")(text))));
		element.replaceWith(make(h("div.wide", { tabindex: 0, role: "group", "aria-label": "Table" }, table)));
		this.#leaf = { element: table, render: row("td") };
		return true;
	}

	#fence(fence, name) {
		const element = make(h("code"));
		const head = h("div.code-head", name, copyButton(() => element.textContent, "Copy this code"));
		this.#append("div.code", head, h("pre", { tabindex: 0, dir: "ltr", "aria-label": name }, element));
		this.#leaf = { element, fence, render: code };
	}

	#code(line) {
		const mark = line.trim();
		if (mark.startsWith(this.#leaf.fence) && new Set(mark).size === 1) this.#close(this.#boxes.length);
		// An element for each line, so that little is laid out at a time.
		else this.#part("div", line);
	}

	#draw(isOpen) {
		const { target, render, text } = this.#leaf ?? {};
		if (target) draw(target, render(text, isOpen));
	}

	/** Ends the open block, and the boxes beyond `depth`. */
	#close(depth) {
		this.#draw(false);
		this.#leaf = null;
		this.#boxes.length = depth;
	}
}
