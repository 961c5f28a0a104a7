// The page: which messages are shown, where the reader is in them, and what stands around them.

import { h, setText } from "./dom.js";
import { MessageView } from "./view-message.js";
import { connectionWords } from "./words.js";

/** Follows the end of a growing content while the reader is there, and never pulls a reader who is not. */
export class Follower {
	#follows = true;
	#lastTop = 0;

	/** `box` scrolls, `content` grows, `latest` is a button. */
	constructor(box, content, latest) {
		Object.assign(this, { box, latest });
		box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
		latest.addEventListener("click", () => this.toEnd());
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

const UNCONFIRMED = new Set(["held", "pending"]);

/** The messages, in order. */
export class Transcript {
	/** @type {Map<string, MessageView>} */
	#views = new Map();

	constructor(root, actions) {
		Object.assign(this, { root, actions });
	}

	clear() {
		this.#views.clear();
		this.root.replaceChildren();
	}

	append(id, index, text) {
		this.#views.get(id)?.append(index, text);
	}

	sync(message) {
		this.#views.get(message?.id)?.sync(message);
	}

	/** Brings the list to what is to be shown; elements that stay are not touched. */
	arrange({ messages, model }) {
		const shown = new Set(messages.map((message) => message.id));
		for (const [id, view] of this.#views) {
			if (shown.has(id)) continue;
			view.element.remove();
			this.#views.delete(id);
		}
		const last = model.turns.size === 0 ? messages.findLast((message) => !UNCONFIRMED.has(message.status)) : undefined;
		let next = this.root.firstElementChild;
		for (const message of messages) {
			const view = this.#views.get(message.id) ?? new MessageView(message, this.actions);
			this.#views.set(message.id, view);
			const isLast = message === last && (message.role === "assistant" || Boolean(message.status));
			if (isLast !== view.isLast || !model.messages.has(message.id)) {
				view.isLast = isLast;
				view.sync(message);
			}
			const waits = message.status ? UNCONFIRMED.has(message.status) : model.waiting.includes(message.id);
			view.element.classList.toggle("waits", waits);
			if (view.element === next) next = next.nextElementSibling;
			else this.root.insertBefore(view.element, next);
		}
	}
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
export function drawWelcome(root, model, send) {
	const isDemo = /demo/i.test(model);
	const about = isDemo
		? " It is built in, needs no key, and only plays a model, so that you can see everything else work."
		: " You read each word as it is written.";
	const suggestions = [...SUGGESTIONS, isDemo ? FOR_DEMO : FOR_OTHERS].map(([what, why]) =>
		h("button", { type: "button", class: "suggestion", onclick: () => send(what) }, h("span", {}, what), h("small", {}, why)),
	);
	root.replaceChildren(
		h("h2", {}, "What shall we talk about?"),
		h("p", { class: "lede" }, h("strong", {}, model), " answers here.", about),
		h("div", { class: "suggestions", role: "group", "aria-label": "Things to try" }, ...suggestions),
	);
}

/** The connection's state, quietly: a dot while all is well, words where it is not. */
export class ConnectionView {
	#words = h("span", { class: "words" });
	#timer = 0;

	constructor(root, act) {
		this.root = root;
		this.act = h("button", { type: "button", class: "link", onclick: act });
		root.append(h("span", { class: "dot" }), this.#words, this.act);
	}

	show(status) {
		const draw = () => {
			const [state, words, act = ""] = connectionWords(status);
			this.root.dataset.state = state;
			setText(this.#words, words);
			setText(this.act, act);
			this.act.hidden = !act;
		};
		clearInterval(this.#timer);
		if (status.state === "waiting") this.#timer = setInterval(draw, 500);
		this.root.title = status.reason;
		draw();
	}
}
