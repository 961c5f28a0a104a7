// What a screen reader says of a reply: whole sentences, some time apart. Told of each token, it would never finish one.

import { make, h } from "./dom.js";

/** Milliseconds between two announcements. */
const PAUSE = 1_200;
/** As many as are whole. */
const SENTENCES = /^[^]*(?:[.!?…؟।]["'”’)\]]*(?=\s)|[\n。！？])/;

export class Announcer {
	#said = 0;
	#timer = 0;

	constructor(region) {
		this.region = region;
	}

	/** Reads a reply that grows, but not its code. */
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
		const text = parts.map((part) => `${part.textContent}\n`).join("").slice(this.#said);
		const [words] = (isWhole ? [text] : SENTENCES.exec(text.slice(0, -1))) ?? [""];
		this.#said += words.length;
		this.say(words);
	}

	/** The rest of the reply, then a remark. */
	finish(remark) {
		this.#read(true);
		this.reply = undefined;
		this.say(remark);
	}

	say(words) {
		if (!words.trim()) return;
		this.region.append(make(h("p", words.trim())));
		if (this.region.childElementCount > 6) this.region.firstElementChild.remove();
	}
}
