// What a screen reader says of a reply: whole sentences, some time apart.

import { h, make } from "./dom.js";

const SENTENCES = /^[^]*(?:[.!?…؟।]\S?(?=\s)|[\n。！？])/;
const READ = ".text:not(.thinking *) :is(p, h3, h4, h5, h6, th, td, .head)";

export function announcer(region) {
	let reply, timer;
	let said = 0;

	function say(words) {
		if (words.trim()) region.append(make(h("p", words)));
		if (region.childElementCount > 6) region.firstChild.remove();
	}

	function read(pattern) {
		timer = 0;
		const text = Array.from(reply?.querySelectorAll(READ) ?? [], (part) => part.textContent).join("\n");
		const [words] = pattern.exec(text.slice(said)) ?? [""];
		said += words.length;
		say(words);
	}

	function follow(growing) {
		if (!growing) return;
		if (reply !== growing) said = 0;
		reply = growing;
		timer ||= setTimeout(read, 1_200, SENTENCES);
	}

	function finish(remark) {
		read(/[^]*/);
		reply = undefined;
		say(remark);
	}

	return { say, follow, finish };
}
