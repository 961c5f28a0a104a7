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

const cells = (row) => row.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));

export class Markdown {
	#length = 0;
	/** An unclear start of a line. */
	#held = "";
	#inLine = false;
	/** What is open, outermost first: the root, quotes, items. `next(line)`: what of a later line is within, or null;
	 * `list`: what a next item would go on. */
	#boxes;
	/** The block that grows: `target` shows what `render` makes of `text`. */
	#leaf = null;

	constructor(root) {
		this.#boxes = [{ element: root, next: (line) => line }];
	}

	/** Takes the whole text so far: only what is new is read. */
	update(text, isDone) {
		let rest = this.#held + text.slice(this.#length);
		this.#length = text.length;
		this.#held = "";
		while (rest) {
			const end = rest.indexOf("\n");
			const line = end < 0 ? rest : rest.slice(0, end);
			if (this.#inLine) this.#add(line);
			else if (end < 0 && !isDone && UNCLEAR.test(line)) {
				this.#held = rest;
				break;
			} else this.#begin(line);
			this.#inLine = end < 0;
			if (end >= 0 && this.#leaf?.fence && this.#leaf.target) this.#leaf.text += "\n";
			rest = end < 0 ? "" : rest.slice(end + 1);
		}
		if (isDone) this.#close(1);
		else this.#draw(true);
	}

	#begin(line) {
		line = line.replace(/^[ \t]+/, (space) => space.replaceAll("\t", "    "));
		const boxes = this.#boxes;
		let depth = 0;
		for (let rest; depth < boxes.length && (rest = boxes[depth].next(line)) !== null; depth++) line = rest;
		if (depth < boxes.length) {
			// A paragraph goes on without its quote's or its item's mark.
			const isNew = !line.trim() || [FENCE, ITEM, QUOTE, HEADING, RULE].some((pattern) => pattern.test(line));
			if (!isNew && this.#leaf?.isParagraph) return this.#add(`\n${line}`);
			this.#close(depth);
		} else if (this.#leaf?.fence) return this.#code(line);
		while (this.#enter(line)) line = boxes.at(-1).first;
		this.#fill(line);
	}

	/** Opens a quote or an item; `first` is what it begins with. */
	#enter(line) {
		const boxes = this.#boxes;
		if (boxes.length > DEPTH) return 0;
		const quote = QUOTE.exec(line)?.[0];
		if (quote) {
			const next = (later) => (QUOTE.test(later) ? later.replace(QUOTE, "") : null);
			return boxes.push({ element: this.#append(h("blockquote")), next, first: line.slice(quote.length) });
		}
		const [all, before, mark, number, after] = (!RULE.test(line) && ITEM.exec(line)) || [];
		// Within a paragraph only a clear sign begins a list: a year at the start of a line does not.
		if (!mark || (this.#leaf?.isParagraph && ((number ?? "1") !== "1" || !after))) return 0;
		this.#close(boxes.length);
		const box = boxes.at(-1);
		const kind = mark.at(-1);
		if (box.list?.kind !== kind) box.list = { kind, element: this.#append(h(number ? "ol" : "ul", { start: number > 1 && number })) };
		const element = make(h("li"));
		box.list.element.append(element);
		const within = all.length - after.length + (after.length || 1);
		const next = (later) => {
			const spaces = later.search(/\S|$/);
			if (spaces === later.length) return "";
			// Models indent a list within a list by two, whatever the mark's width.
			const needed = ITEM.test(later.trimStart()) ? Math.min(within, before.length + 2) : within;
			return spaces < needed ? null : later.slice(Math.min(spaces, within));
		};
		return boxes.push({ element, next, first: line.slice(all.length) });
	}

	#fill(line) {
		if (DELIMITERS.test(line) && this.#underlined(line)) return;
		if (this.#leaf?.isHead) this.#noTable();
		const leaf = this.#leaf;
		const fence = FENCE.exec(line);
		const heading = HEADING.exec(line);
		if (!line.trim()) this.#close(this.#boxes.length);
		else if (leaf?.align && (line.includes("|") || !leaf.isPiped)) this.#row(line);
		else if (fence) this.#fence(fence);
		else if (heading) this.#text(`h${Math.min(6, heading[1].length + 2)}`, line.slice(heading[0].length));
		else if (RULE.test(line)) this.#append(h("hr"));
		else if (leaf?.isParagraph) this.#add(`\n${line}`);
		else if (line.trimStart()[0] === "|") this.#table(line);
		else this.#text("p", line);
	}

	/** Puts a block into the innermost box, or in the place of another. */
	#append(description, replaced) {
		const element = make(description);
		if (replaced) replaced.replaceWith(element);
		else {
			this.#close(this.#boxes.length);
			const box = this.#boxes.at(-1);
			box.list = null;
			box.element.append(element);
		}
		return element;
	}

	#text(tag, text, replaced) {
		const isParagraph = tag === "p";
		const element = this.#append(h(tag, { dir: "auto" }), replaced);
		const render = isParagraph ? inline : (words, isOpen) => inline(words.replace(/ +#+ *$/, ""), isOpen);
		this.#leaf = { element, text: "", isText: true, isParagraph, render };
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
		if (!leaf) return this.#text("p", text);
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

	/** A line that begins like a row is taken for a table's head, until the next one says otherwise. */
	#table(head, replaced) {
		const element = make(h("table"));
		const wide = this.#append(h("div", { class: "wide", tabindex: 0, role: "group", "aria-label": "Table" }, element), replaced);
		const leaf = { element, wide, isHead: true, isPiped: head.trimStart()[0] === "|" };
		leaf.render = (row, isOpen) =>
			cells(row).slice(0, leaf.align?.length).map((cell, at) =>
				h(leaf.isHead || !leaf.align ? "th" : "td", { align: leaf.align?.[at] }, cell.length > PART ? cell : inline(cell, isOpen)));
		this.#leaf = leaf;
		this.#row(head);
	}

	#row(text) {
		this.#part("tr", text);
	}

	/** Whether this line makes a table's head of the one before. */
	#underlined(line) {
		const columns = cells(line);
		const leaf = this.#leaf;
		const isOne = leaf?.isHead || (leaf?.isParagraph && leaf.element.childElementCount === 1 && !leaf.text.includes("\n"));
		if (!isOne || cells(leaf.text).length !== columns.length) return false;
		if (leaf.isParagraph) this.#table(leaf.text, leaf.element);
		this.#draw(false);
		const align = columns.map((each) => each.endsWith(":") && (each[0] === ":" ? "center" : "right"));
		Object.assign(this.#leaf, { align, isHead: false, target: null });
		return true;
	}

	#noTable() {
		this.#text("p", this.#leaf.text, this.#leaf.wide);
	}

	#fence([, fence, language]) {
		const name = language || "code";
		const element = make(h("code"));
		const head = h("div", { class: "code-head" }, name, copyButton(() => element.textContent, "Copy this code"));
		this.#append(h("div", { class: "code" }, head, h("pre", { tabindex: 0, dir: "ltr", "aria-label": name }, element)));
		this.#leaf = { element, fence, render: (line) => [line] };
	}

	#code(line) {
		const { fence } = this.#leaf;
		const mark = line.trim();
		if (mark.length >= fence.length && mark === fence[0].repeat(mark.length)) this.#close(this.#boxes.length);
		// An element for each line, so that little is laid out at a time.
		else this.#part("div", line);
	}

	#draw(isOpen) {
		const { target, render, text } = this.#leaf ?? {};
		if (target) draw(target, render(text, isOpen));
	}

	/** Ends the open block, and the boxes beyond `depth`. */
	#close(depth) {
		if (this.#leaf?.isHead) this.#noTable();
		this.#draw(false);
		this.#leaf = null;
		this.#boxes.length = depth;
	}
}
