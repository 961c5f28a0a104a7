// Markdown that grows. Each line is read once, as it comes, and goes into the block that is open; only that block's last
// part (of a paragraph, a row, a line of code) is drawn again, so that a long reply costs as much at its end as at its
// start. What is half finished looks as it will look then. HTML, indented code and link definitions stay text.

import { copyButton, draw, h, make } from "./dom.js";
import { inline, paint } from "./inline.js";

/** UTF-16 units of text that are drawn again with each frame: what is longer is drawn in parts. */
const PART = 2_000;

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^\s`]*)[^`]*$/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])( +(?=\S)| *$)/;
const QUOTE = /^ {0,3}> ?/;
const HEADING = /^ {0,3}(#{1,6})(?: +|$)/;
const RULE = /^ {0,3}([-*_])( *\1){2,} *$/;
const DELIMITERS = /^ *\|? *:?-+:? *(\| *:?-+:? *)*\|? *$/;
/** The start of a line that may still become more than one thing. */
const UNCLEAR = /^(?:[-*+_=#|:\s>]|\d{1,9}[.)](?=\s|$)|\d{1,9}$)*(?:`{0,2}|`{3,}[^`]*|~{0,2}|~{3,}.*)$/;

const cells = (row) => row.trim().replace(/^\||(?<!\\)\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
const formatted = (text, isOpen) => (text.length > PART ? [text] : inline(text, isOpen));

export class Markdown {
	#length = 0;
	/** An unclear start of a line. */
	#held = "";
	#inLine = false;
	/** What is open, outermost first: the root, quotes, items of lists. `list` is what a next item would go on. */
	#boxes;
	/** The block that grows: `text` is what `target` shows by `render`. */
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
			if (end >= 0 && this.#leaf?.isCode && this.#leaf.target) this.#leaf.text += "\n";
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
		const isAll = depth === boxes.length;
		if (isAll && this.#leaf?.isCode) return this.#code(line);
		// A paragraph goes on without its quote's or its item's mark.
		const isNew = !line.trim() || [FENCE, ITEM, QUOTE, HEADING, RULE].some((pattern) => pattern.test(line));
		if (!isAll && !isNew && this.#leaf?.isParagraph) return this.#add(`\n${line}`);
		if (!isAll) this.#close(depth);
		while (this.#enter(line)) line = boxes.at(-1).first;
		this.#fill(line);
	}

	/** Opens a quote or an item. */
	#enter(line) {
		const boxes = this.#boxes;
		const quote = QUOTE.exec(line);
		if (quote) {
			const next = (later) => (QUOTE.test(later) ? later.replace(QUOTE, "") : null);
			return boxes.push({ element: this.#append(h("blockquote")), next, first: line.slice(quote[0].length) });
		}
		const [all, before, mark, number, after] = (!RULE.test(line) && ITEM.exec(line)) || [];
		// Within a paragraph only a clear sign begins a list: a year at the start of a line does not.
		if (!mark || (this.#leaf?.isParagraph && ((number ?? "1") !== "1" || !after))) return 0;
		this.#close(boxes.length);
		const box = boxes.at(-1);
		const kind = mark.at(-1);
		if (box.list?.kind !== kind) {
			box.list = { kind, element: this.#append(h(number ? "ol" : "ul", { start: number > 1 && number })) };
		}
		const element = make(h("li"));
		box.list.element.append(element);
		const within = before.length + mark.length + (after.length || 1);
		const next = (later) => {
			const spaces = later.search(/\S|$/);
			if (spaces === later.length) return "";
			// Models indent a list within a list by two, whatever the mark's width.
			const needed = ITEM.test(later.trimStart()) ? Math.min(within, before.length + 2) : within;
			return spaces < needed ? null : later.slice(Math.min(spaces, within));
		};
		return boxes.push({ element, next, first: line.slice(all.length) });
	}

	/** What stands in the innermost box. */
	#fill(line) {
		const fence = FENCE.exec(line);
		const heading = HEADING.exec(line);
		if (DELIMITERS.test(line) && line.includes("|") && this.#underlined(line)) return;
		if (this.#leaf?.isHead) this.#noTable();
		const leaf = this.#leaf;
		if (!line.trim()) this.#close(this.#boxes.length);
		else if (leaf?.align && (line.includes("|") || !leaf.isPiped)) this.#row(line);
		else if (fence) this.#fence(fence);
		else if (heading) this.#text(`h${Math.min(6, heading[1].length + 2)}`, line.slice(heading[0].length));
		else if (RULE.test(line)) this.#append(h("hr"));
		else if (leaf?.isParagraph) this.#add(`\n${line}`);
		else if (line.trimStart()[0] === "|") this.#table(line);
		else this.#text("p", line);
	}

	/** Puts a block into the innermost box. @returns {Element} */
	#append(description) {
		this.#close(this.#boxes.length);
		const box = this.#boxes.at(-1);
		const element = make(description);
		box.list = null;
		box.element.append(element);
		return element;
	}

	#text(tag, text, replaced) {
		const element = replaced ? make(h(tag, { dir: "auto" })) : this.#append(h(tag, { dir: "auto" }));
		replaced?.replaceWith(element);
		this.#leaf = { element, text: "", isText: true, isParagraph: tag === "p" };
		this.#leaf.render = tag === "p" ? inline : (words, isOpen) => inline(words.replace(/ +#+ *$/, ""), isOpen);
		this.#part();
		this.#add(text);
	}

	#part() {
		const { element } = this.#leaf;
		element.append((this.#leaf.target = make(h("span"))));
	}

	#add(text) {
		if (!this.#leaf) return this.#text("p", text);
		const leaf = this.#leaf;
		leaf.text += text;
		while (leaf.isText && leaf.text.length > PART) {
			// At a space outside of any mark. Where that is, only the text says, not how it came.
			const { plain } = inline(leaf.text.slice(0, PART), true);
			const space = leaf.text.lastIndexOf(" ", PART - 1) + 1;
			const cut = space > plain ? space : plain || PART;
			draw(leaf.target, inline(leaf.text.slice(0, cut), false));
			leaf.text = leaf.text.slice(cut);
			this.#part();
		}
	}

	/** A line that begins like a row is taken for a table's head, until the next one says otherwise. */
	#table(head, replaced) {
		const table = make(h("table"));
		const wide = h("div", { class: "wide", tabindex: 0, role: "group", "aria-label": "Table" }, table);
		const element = replaced ? make(wide) : this.#append(wide);
		replaced?.replaceWith(element);
		this.#leaf = { element, table, isHead: true, isPiped: head.trimStart()[0] === "|", tag: "th" };
		this.#leaf.render = (row, isOpen) => {
			const { tag, align } = this.#leaf;
			return cells(row).slice(0, align?.length).map((cell, at) => h(tag, { align: align?.[at] }, ...formatted(cell, isOpen)));
		};
		this.#row(head);
	}

	#row(text) {
		const leaf = this.#leaf;
		this.#draw(false);
		leaf.text = text;
		leaf.table.append((leaf.target = make(h("tr", { dir: "auto" }))));
	}

	/** Whether this line makes a head of the one before. */
	#underlined(line) {
		const columns = cells(line);
		const leaf = this.#leaf;
		const isOne = leaf?.isHead || (leaf?.isParagraph && leaf.element.childElementCount === 1 && !leaf.text.includes("\n"));
		if (!isOne || cells(leaf.text).length !== columns.length) return false;
		if (leaf.isParagraph) this.#table(leaf.text, leaf.element);
		this.#draw(false);
		const align = columns.map((each) => (each.endsWith(":") ? (each[0] === ":" ? "center" : "right") : null));
		Object.assign(this.#leaf, { align, isHead: false, tag: "td", target: null });
		return true;
	}

	#noTable() {
		const { text, element } = this.#leaf;
		this.#text("p", text, element);
	}

	#fence([, fence, language]) {
		const name = language || "code";
		const code = make(h("code"));
		const head = h("div", { class: "code-head" }, name, copyButton(() => code.textContent, "Copy this code"));
		this.#append(h("div", { class: "code" }, head, h("pre", { tabindex: 0, dir: "ltr", "aria-label": name }, code)));
		const render = (line) => (language && line.length < PART ? paint(line, language) : [line]);
		this.#leaf = { element: code, isCode: true, fence, text: "", render };
	}

	#code(line) {
		const leaf = this.#leaf;
		const mark = line.trim();
		if (mark.length >= leaf.fence.length && mark === leaf.fence[0].repeat(mark.length)) return this.#close(this.#boxes.length);
		this.#draw(false);
		leaf.text = line;
		// An element for each line, so that little is laid out at a time.
		leaf.element.append((leaf.target = make(h("span", { class: "line" }))));
	}

	#draw(isOpen) {
		const leaf = this.#leaf;
		if (leaf?.target) draw(leaf.target, leaf.render(leaf.text, isOpen));
	}

	/** Ends the open block, and the boxes beyond `depth`. */
	#close(depth) {
		if (this.#leaf?.isHead) this.#noTable();
		this.#draw(false);
		this.#leaf = null;
		this.#boxes.length = depth;
	}
}
