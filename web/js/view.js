// The page around the messages: its bar, the first visit, the list, and where the reader is in it.

import { button, h, icon } from "./dom.js";
import { messageView } from "./message.js";
import { connectionWords, gauge, leftOut } from "./words.js";

/** Follows the end of a growing content while the reader is there, and never pulls a reader who is not. */
export class Follower {
	#follows = true;
	#lastTop = 0;

	/** `box` scrolls, `content` grows, `latest` is a button. */
	constructor(box, content, latest) {
		Object.assign(this, { box, latest });
		box.onscroll = () => this.#scrolled();
		latest.onclick = () => this.toEnd();
		const observer = new ResizeObserver(() => {
			if (this.#follows) this.toEnd();
			else latest.hidden = this.#isAtEnd;
		});
		observer.observe(box);
		observer.observe(content);
	}

	toEnd() {
		this.#follows = true;
		this.box.scrollTop = this.box.scrollHeight;
		this.#lastTop = this.box.scrollTop;
		this.latest.hidden = true;
	}

	/** Within a line and a half. */
	get #isAtEnd() {
		return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < 40;
	}

	#scrolled() {
		// Only a reader scrolls up; that the end has moved away means nothing.
		if (this.#isAtEnd) this.#follows = true;
		else if (this.box.scrollTop < this.#lastTop) this.#follows = false;
		this.#lastTop = this.box.scrollTop;
		this.latest.hidden = this.#follows || this.#isAtEnd;
	}
}

/** By the message: its description, as long as nothing of it has changed. */
const drawn = new WeakMap();

/** The messages, and a line where the newest turn's model began to read. */
export function transcript(page) {
	const { client } = page;
	const { model, messages } = client;
	const turns = [...model.turns.values()];
	const last = turns.length === 0 ? messages.findLast(({ status }) => status !== "held" && status !== "pending") : undefined;
	const list = messages.map((message) => {
		const { id, version, role, status, live } = message;
		const isLast = message === last && (role === "assistant" || Boolean(status));
		const siblings = model.siblings.get(id) ?? [];
		const waits = status ? ["held", "pending"].includes(status) : model.waiting.includes(id);
		const position = turns.find((turn) => turn.state === "queued" && turn.parent === id)?.position;
		const key = [version, isLast, siblings, waits, position, client.isBusy, page.drafts].join();
		// What is live shows times as well.
		if (live || drawn.get(message)?.key !== key) {
			drawn.set(message, { key, view: messageView(message, { ...page, isLast, siblings, waits, position }) });
		}
		return drawn.get(message).view;
	});
	const words = model.plan && leftOut(model.plan);
	let at = words ? messages.findIndex(({ id }) => id === model.plan.parent) + 1 : 0;
	for (let left = model.plan?.sent_messages; at > 0 && left > 0; at--) if (messages[at - 1].blocks.length > 0) left--;
	if (at > 0) list.splice(at, 0, h("p", { key: "left out", class: "left-out" }, words));
	return list;
}

export function bar({ client, act }) {
	const { settings, plan } = client.model;
	const [state, words, help] = connectionWords(client.connection.status);
	return [
		h("div", { class: "brand" },
			h("img", { src: document.querySelector("link[rel=icon]").href, alt: "" }),
			h("h1", {}, "Whinchat"),
			h("span", { id: "model", class: "model" }, settings.model),
		),
		h("div", { class: "tools" },
			h("div", { id: "connection", class: "connection", "data-state": state, title: client.connection.status.reason },
				h("span", { class: "dot" }),
				h("span", { class: "words" }, words),
				help && button("link", help, act.reconnect, help),
			),
			plan && h("meter", { id: "gauge", max: plan.budget_tokens ?? plan.estimated_tokens * 2, value: plan.estimated_tokens, title: gauge(plan), "aria-label": gauge(plan) }),
			button("mini", "Settings", act.settings, icon("settings")),
			button("mini", "Dark or light", act.theme, icon("theme")),
			button("quiet", "New chat", act.fresh, "New chat"),
		),
	];
}

/** What to try first, and what that shows. Only the built-in model breaks when asked. */
const SUGGESTIONS = [
	["Write something long", "Watch the words arrive, then press Stop"],
	["What is 6×7? Use the calculator.", "See a tool being called"],
	["What time is it in Tokyo?", "Another tool, with an input of its own"],
];
const FOR_DEMO = ["Break in the middle", "See an error where it happens, and Retry"];
const FOR_OTHERS = ["Explain WebSockets in three sentences.", "A short answer to begin with"];

/** What stands where no message is yet. */
export function welcome(model, say) {
	const isDemo = /demo/i.test(model);
	const about = isDemo
		? " It is built in, needs no key, and only plays a model, so that you can see everything else work."
		: " You read each word as it is written.";
	const suggestions = [...SUGGESTIONS, isDemo ? FOR_DEMO : FOR_OTHERS].map(([what, why]) =>
		h("button", { type: "button", class: "suggestion", onclick: () => say(what) }, h("span", {}, what), h("small", {}, why)),
	);
	return h("section", { class: "welcome" },
		h("h2", {}, "What shall we talk about?"),
		h("p", { class: "lede" }, h("strong", {}, model), " answers here.", about),
		h("div", { class: "suggestions", role: "group", "aria-label": "Things to try" }, ...suggestions),
	);
}
