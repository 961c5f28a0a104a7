// Text that grows: paragraphs and fenced code, drawn as it comes. Each piece is looked at once and appended once, so
// that a long reply costs as much at its end as at its start.

import { beforeNextFrame, copyButton, h } from "./dom.js";

/** UTF-16 units after which a new element is begun at the next line, so that the browser lays out no more than that. */
const CHUNK_LENGTH = 1_200;
/** A line longer than this is no fence, whatever it begins with: it need not be held back to find out. */
const LONGEST_FENCE_LINE = 200;

const MAY_BE_FENCE = /^ {0,3}(`{0,2}$|`{3,}[^`]*$|~{0,2}$|~{3,}.*$)/;
const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/;

export class GrowingText {
    #root;
    #say;
    #waiting = "";
    /** The start of a line that may turn out to be a fence. */
    #held = "";
    #atLineStart = true;
    /** The fence that ends the code we are in. @type {string | null} */
    #fence = null;
    /** @type {HTMLElement} where chunks go */
    #parent;
    /** @type {HTMLElement | null} */
    #chunk = null;
    #chunkLength = 0;
    /** What goes into the chunk when it is complete or the piece ends. */
    #out = "";

    /**
     * @param {HTMLElement} root
     * @param {(text: string) => void} [say] gets what a person would read aloud
     */
    constructor(root, say = () => {}) {
        this.#root = root;
        this.#parent = root;
        this.#say = say;
    }

    /** @param {string} text */
    append(text) {
        this.#waiting += text;
        beforeNextFrame(this);
    }

    flush() {
        const text = this.#held + this.#waiting;
        this.#held = this.#waiting = "";
        for (let start = 0; start < text.length; ) {
            const newline = text.indexOf("\n", start);
            const end = newline < 0 ? text.length : newline + 1;
            if (this.#atLineStart && end - start <= LONGEST_FENCE_LINE) {
                const line = text.slice(start, newline < 0 ? end : newline);
                if (newline < 0 && this.#mayBeFence(line)) {
                    this.#held = line;
                    break;
                }
                if (newline >= 0 && this.#takeFence(line)) {
                    start = end;
                    continue;
                }
            }
            this.#write(text.slice(start, end), newline >= 0);
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

    /** @param {string} line the start of one */
    #mayBeFence(line) {
        if (!this.#fence) return MAY_BE_FENCE.test(line);
        const mark = line.trim();
        return mark === this.#fence[0].repeat(mark.length);
    }

    /** @param {string} line a whole one @returns {boolean} whether it began or ended code */
    #takeFence(line) {
        if (this.#fence) {
            const mark = line.trim();
            if (mark.length < this.#fence.length || mark !== this.#fence[0].repeat(mark.length)) return false;
            this.#pour();
            this.#fence = null;
            this.#parent = this.#root;
        } else {
            const match = FENCE.exec(line);
            if (!match || !MAY_BE_FENCE.test(line)) return false;
            this.#pour();
            this.#fence = match[1];
            this.#beginCode(match[2]);
        }
        this.#chunk = null;
        return true;
    }

    /** @param {string} language */
    #beginCode(language) {
        this.#say(language ? `Code in ${language}.\n` : "Code.\n");
        const code = h("code");
        const head = h("div", { class: "code-head" }, h("span", {}, language || "code"));
        head.append(copyButton(() => code.textContent ?? "", "Copy this code"));
        const pre = h("pre", { tabindex: "0", dir: "ltr", "aria-label": language ? `Code, ${language}` : "Code" }, code);
        this.#root.append(h("div", { class: "code" }, head, pre));
        this.#parent = code;
    }

    /** @param {string} piece of one line @param {boolean} endsLine */
    #write(piece, endsLine) {
        const isBlank = this.#atLineStart && endsLine && piece.trim() === "" && !this.#fence;
        if (this.#atLineStart && (isBlank || this.#chunkLength > CHUNK_LENGTH)) {
            this.#pour();
            this.#chunk = null;
        }
        if (!this.#chunk) {
            this.#chunk = this.#fence ? h("span", { class: "lines" }) : h("p", { dir: "auto", class: isBlank && "gap" });
            this.#chunkLength = 0;
            this.#parent.append(this.#chunk);
        }
        this.#out += piece;
        this.#chunkLength += piece.length;
        if (!this.#fence) this.#say(piece);
        this.#atLineStart = endsLine;
        if (isBlank) {
            this.#pour();
            this.#chunk = null;
        }
    }

    #pour() {
        if (!this.#out || !this.#chunk) return;
        const last = this.#chunk.lastChild;
        if (last instanceof Text) last.appendData(this.#out);
        else this.#chunk.append(this.#out);
        this.#out = "";
    }
}
