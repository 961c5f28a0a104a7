// The page around the messages: its bar, the first visit, the list, and where the reader is in it.

import { button, h, icon } from "./dom.js";
import { drafts, messageView } from "./message.js";
import { connectionWords, gauge, leftOut } from "./words.js";

/** Follows the end of a growing content while the reader is there, and never pulls a reader who is not. `box` scrolls,
 * `content` grows, `latest` is a button. Returns what goes to the end. */
export function followEnd(box, content, latest) {
	let follows = true;
	let lastTop = 0;
	/** Within a line and a half. */
	const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 40;
	const toEnd = () => {
		follows = true;
		box.scrollTop = box.scrollHeight;
		lastTop = box.scrollTop;
		latest.hidden = true;
	};
	const observer = new ResizeObserver(() => {
		if (follows) toEnd();
		else latest.hidden = isAtEnd();
	});
	observer.observe(box);
	observer.observe(content);
	box.onscroll = () => {
		// Only a reader scrolls up; that the end has moved away means nothing.
		if (isAtEnd()) follows = true;
		else if (box.scrollTop < lastTop) follows = false;
		lastTop = box.scrollTop;
		latest.hidden = follows || isAtEnd();
	};
	latest.onclick = toEnd;
	return toEnd;
}

/** By the message: its description, as long as nothing of it has changed. */
const drawn = new WeakMap();

export function transcript(page) {
	const { client } = page;
	const { isBusy, messages, model } = client;
	const turns = [...model.turns.values()];
	const last = turns.length === 0 && messages.findLast(({ status }) => status !== "held" && status !== "pending");
	const views = messages.map((message) => {
		const { id, version, role, status, live } = message;
		const isLast = message === last && (role === "assistant" || Boolean(status));
		const siblings = model.siblings[id] ?? [];
		const waits = status ? status === "held" || status === "pending" : turns.some((turn) => !turn.message && turn.parent === id);
		const position = turns.find(({ parent, message: its }) => (its ?? parent) === id)?.position;
		const key = [version, isLast, siblings, waits, position, isBusy].join();
		// What is live shows times as well.
		if (live || drafts.has(message) || drawn.get(message)?.key !== key) {
			const view = messageView(message, { ...page, isLast, siblings, waits, position });
			drawn.set(message, { key: drafts.has(message) ? "" : key, view });
		}
		return drawn.get(message).view;
	});
	const { plan } = model;
	const words = plan && leftOut(plan);
	let at = words ? messages.findIndex(({ id }) => id === plan.parent) + 1 : 0;
	for (let left = plan?.sent_messages; at > 0 && left > 0; at--) if (messages[at - 1].blocks.length > 0) left--;
	if (at > 0) views.splice(at, 0, h("p", { key: "left out", class: "left-out" }, words));
	return views;
}

export function bar(client, act) {
	const { settings, plan } = client.model;
	const { status } = client.connection;
	const [state, words, help] = connectionWords(status);
	const { estimated_tokens: tokens, budget_tokens: budget } = plan ?? {};
	return [
		h("img", { src: document.querySelector("link[rel=icon]").href, alt: "" }),
		h("h1", {}, "Whinchat"),
		h("span", { id: "model", class: "model" }, settings.model),
		h("div", { id: "connection", class: "connection", "data-state": state, title: status.reason },
			h("span", { class: "dot" }),
			h("span", { class: "words" }, words),
			help && button("link", help, act.reconnect, help),
		),
		plan && h("meter", { max: budget ?? 2 * tokens, value: tokens, title: gauge(plan), "aria-label": gauge(plan) }),
		button("mini", "Settings", act.settings, icon("settings")),
		button("mini", "Dark or light", act.theme, icon("theme")),
		button("quiet", "New chat", act.fresh, "New chat"),
	];
}

/** What to try first, and what that shows. Only the built-in model breaks when asked. */
const SUGGESTIONS = [
	["Write something long", "Watch the words arrive, then press Stop"],
	["What is 6×7? Use the calculator.", "See a tool being called"],
	["What time is it in Tokyo?", "Another tool, with an input of its own"],
	["Break in the middle", "See an error where it happens, and Retry"],
	["Explain WebSockets in three sentences.", "A short answer to begin with"],
];

export function welcome(model, say) {
	const isDemo = /demo/i.test(model);
	const suggestions = SUGGESTIONS.filter((_, at) => at !== (isDemo ? 4 : 3));
	return h("section", { class: "welcome" },
		h("h2", {}, "What shall we talk about?"),
		h("p", { class: "lede" }, h("strong", {}, model), " answers here. ", isDemo
			? "It is built in, needs no key, and only plays a model, so that you can see everything else work."
			: "You read each word as it is written."),
		h("div", { class: "suggestions", role: "group", "aria-label": "Things to try" },
			suggestions.map(([what, why]) => h("button", { class: "suggestion", onclick: () => say(what) }, what, h("small", {}, why)))),
	);
}
