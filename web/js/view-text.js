// Text that grows: paragraphs and fenced code, drawn as they come. Each piece is looked at once and appended once, so that
// a long reply costs as much at its end as at its start.

import { beforeNextFrame, copyButton, h } from "./dom.js";

/** UTF-16 units after which the next line begins a new element, so that little is laid out at a time. */
const CHUNK = 1_200;
/** A longer line is no fence: it need not be held back to find out. */
const LONGEST_FENCE = 200;

const OPENS = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)[^`]*$/;
const MAY_OPEN = /^ {0,3}(`{0,2}|`{3,}[^`]*|~{0,2}|~{3,}.*)$/;

export class GrowingText {
	#root;
	#say;
	#arrived = "";
	/** The start of a line that may turn out to be a fence. */
	#held = "";
	#atLineStart = true;
	/** The fence that opened the code we are in. */
	#fence = "";
	#parent;
	#chunk = null;
	#chunkLength = 0;
	#out = "";

	/** `say` gets what a person would read aloud. */
	constructor(root, say = () => {}) {
		this.#root = this.#parent = root;
		this.#say = say;
	}

	append(text) {
		this.#arrived += text;
		beforeNextFrame(this);
	}

	flush() {
		const text = this.#held + this.#arrived;
		this.#held = this.#arrived = "";
		for (let start = 0; start < text.length; ) {
			const newline = text.indexOf("\n", start);
			const end = newline < 0 ? text.length : newline + 1;
			const piece = text.slice(start, end);
			if (this.#atLineStart && piece.length <= LONGEST_FENCE) {
				if (newline < 0 && this.#mayBeFence(piece)) {
					this.#held = piece;
					break;
				}
				if (newline >= 0 && this.#takeFence(piece.slice(0, -1))) {
					start = end;
					continue;
				}
			}
			this.#write(piece, newline >= 0);
			start = end;
		}
		this.#pour();
	}

	/** No more text comes. */
	finish() {
		this.flush();
		const rest = this.#held;
		this.#held = "";
		if (rest && !(this.#fence && this.#takeFence(rest))) this.#write(rest, false);
		this.#pour();
	}

	#mayBeFence(line) {
		const mark = line.trim();
		return this.#fence ? mark === this.#fence[0].repeat(mark.length) : MAY_OPEN.test(line);
	}

	#takeFence(line) {
		const opening = !this.#fence && OPENS.exec(line);
		if (!opening && !(this.#fence && this.#mayBeFence(line) && line.trim().length >= this.#fence.length)) return false;
		this.#endChunk();
		this.#fence = opening ? opening[1] : "";
		this.#parent = opening ? this.#code(opening[2]) : this.#root;
		return true;
	}

	#code(language) {
		const name = language || "code";
		this.#say(`(${name})\n`);
		const code = h("code");
		const head = h("div", { class: "code-head" }, name, copyButton(() => code.textContent, "Copy this code"));
		this.#root.append(h("div", { class: "code" }, head, h("pre", { tabindex: 0, dir: "ltr", "aria-label": name }, code)));
		return code;
	}

	#write(piece, endsLine) {
		const isGap = !this.#fence && this.#atLineStart && endsLine && piece.trim() === "";
		if (isGap || (this.#atLineStart && this.#chunkLength > CHUNK)) this.#endChunk();
		if (!this.#chunk) {
			this.#chunk = this.#fence ? h("span", { class: "lines" }) : h("p", { dir: "auto", class: isGap && "gap" });
			this.#parent.append(this.#chunk);
		}
		this.#out += piece;
		this.#chunkLength += piece.length;
		this.#atLineStart = endsLine;
		if (!this.#fence) this.#say(piece);
		if (isGap) this.#endChunk();
	}

	#pour() {
		if (!this.#out) return;
		if (this.#chunk.lastChild) this.#chunk.lastChild.appendData(this.#out);
		else this.#chunk.append(this.#out);
		this.#out = "";
	}

	#endChunk() {
		this.#pour();
		this.#chunk = null;
		this.#chunkLength = 0;
	}
}
