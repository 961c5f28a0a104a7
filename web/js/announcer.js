// What a screen reader says of a reply: whole sentences, some time apart. Told of each token, it would never finish one.

import { h, make } from "./dom.js";

/** Milliseconds between two announcements. */
const PAUSE = 1_200;
/** As many as are whole. */
const SENTENCES = /^[^]*(?:[.!?…؟।]["'”’)\]]*(?=\s)|[\n。！？])/;
/** What is read of a reply: no code, and no thinking. */
const READ = ".text:not(.thinking *) :is(p, h3, h4, h5, h6, th, td, .code-head)";

export function announcer(region) {
	let reply, timer;
	let said = 0;

	function say(words) {
		if (!words.trim()) return;
		region.append(make(h("p", words.trim())));
		if (region.childElementCount > 6) region.firstElementChild.remove();
	}

	function read(isWhole) {
		clearTimeout(timer);
		timer = 0;
		const text = Array.from(reply?.querySelectorAll(READ) ?? [], (part) => part.textContent).join("\n").slice(said);
		const [words] = (isWhole ? [text] : SENTENCES.exec(text)) ?? [""];
		said += words.length;
		say(words);
	}

	/** Reads a reply that grows. */
	function follow(growing) {
		if (!growing) return;
		if (reply !== growing) said = 0;
		reply = growing;
		timer ||= setTimeout(read, PAUSE);
	}

	/** The rest of the reply, then a remark. */
	function finish(remark) {
		read(true);
		reply = undefined;
		say(remark);
	}

	return { say, follow, finish };
}
