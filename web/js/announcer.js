// What a screen reader says of a reply: whole sentences, some time apart. Told of each token, it would never finish one.

import { h } from "./dom.js";

/** Milliseconds between two announcements. */
const PAUSE = 1_200;
const SENTENCE_END = /[.!?…؟।]["'”’)\]]*(?=\s)|[\n。！？]/g;

export class Announcer {
	#text = "";
	#timer = 0;

	/** @param {HTMLElement} region with `aria-live` */
	constructor(region) {
		this.region = region;
	}

	/** A piece of a growing text. */
	add(text) {
		this.#text += text;
		this.#timer ||= setTimeout(() => {
			this.#timer = 0;
			// A text without sentences is said as it is.
			let end = this.#text.length > 2_000 ? 2_000 : 0;
			for (const match of this.#text.matchAll(SENTENCE_END)) end = match.index + match[0].length;
			this.say(this.#text.slice(0, end));
			this.#text = this.#text.slice(end);
			if (this.#text) this.add("");
		}, PAUSE);
	}

	/** The rest of the text, then a remark. */
	finish(remark) {
		clearTimeout(this.#timer);
		this.#timer = 0;
		this.say(this.#text);
		this.#text = "";
		this.say(remark);
	}

	say(words) {
		if (!words.trim()) return;
		this.region.append(h("p", {}, words.trim()));
		if (this.region.childElementCount > 6) this.region.firstElementChild.remove();
	}
}
