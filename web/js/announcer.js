// What a screen reader says of a reply: whole sentences, some time apart. Told of each token, it would never finish one.

import { make, h } from "./dom.js";

/** Milliseconds between two announcements. */
const PAUSE = 1_200;
const SENTENCE_END = /[.!?…؟।]["'”’)\]]*(?=\s)|[\n。！？]/g;

export class Announcer {
	#said = 0;
	#timer = 0;

	/** @param {HTMLElement} region with `aria-live` */
	constructor(region) {
		this.region = region;
	}

	/** Reads a reply that grows, but not its code. @param {HTMLElement | null} reply */
	follow(reply) {
		if (!reply) return;
		if (this.reply !== reply) this.#said = 0;
		this.reply = reply;
		this.#timer ||= setTimeout(() => this.#read(), PAUSE);
	}

	#read(isWhole) {
		clearTimeout(this.#timer);
		this.#timer = 0;
		const parts = [...(this.reply?.querySelectorAll(".text:not(.thinking *) :is(p, h3, h4, h5, h6, tr, .code-head)") ?? [])];
		const text = parts.map((part) => `${part.textContent}\n`).join("").slice(0, isWhole ? undefined : -1);
		let end = isWhole ? text.length : this.#said;
		if (!isWhole) for (const match of text.slice(this.#said).matchAll(SENTENCE_END)) end = this.#said + match.index + match[0].length;
		this.say(text.slice(this.#said, end));
		this.#said = end;
	}

	/** The rest of the reply, then a remark. */
	finish(remark) {
		this.#read(true);
		this.reply = undefined;
		this.say(remark);
	}

	say(words) {
		if (!words.trim()) return;
		this.region.append(make(h("p", {}, words.trim())));
		if (this.region.childElementCount > 6) this.region.firstElementChild.remove();
	}
}
