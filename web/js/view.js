// The page around the messages: its bar, the first visit, the list, and where the reader is in it.

import { button, h, icon } from "./dom.js";
import { drafts, messageView } from "./message.js";
import { connectionWords, gauge, leftOut } from "./words.js";

/** Follows the end of a growing content while the reader is there, and never pulls a reader who is not. `box` scrolls,
 * `content` grows, `latest` is a button. Returns what goes to the end. */
export function followEnd(box, content, latest) {
	let follows = true;
	let lastTop = 0;
	const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < 40;
	const look = () => {
		lastTop = box.scrollTop;
		latest.hidden = follows || isAtEnd();
	};
	const toEnd = () => {
		follows = true;
		box.scrollTop = box.scrollHeight;
		look();
	};
	const observer = new ResizeObserver(() => (follows ? toEnd() : look()));
	observer.observe(box);
	observer.observe(content);
	box.onscroll = () => {
		// Only a reader scrolls up; that the end has moved away means nothing.
		follows = isAtEnd() || (follows && box.scrollTop >= lastTop);
		look();
	};
	latest.onclick = toEnd;
	return toEnd;
}

/** By the message: its description, as long as nothing of it has changed. */
const drawn = new WeakMap();

export function transcript(page) {
	const { isBusy, messages, model } = page.client;
	const turns = [...model.turns.values()];
	const isWaiting = ({ id, status }) =>
		status ? /^(held|pending)$/.test(status) : turns.some(({ message, parent }) => !message && parent === id);
	const last = !turns.length && messages.findLast((message) => !isWaiting(message));
	const views = messages.map((message) => {
		const { id, version, live } = message;
		const position = turns.find(({ message: its, parent }) => (its ?? parent) === id)?.position;
		const siblings = model.siblings[id] ?? [];
		const place = { isLast: message === last, siblings, waits: isWaiting(message), position, isBusy };
		const key = [version, ...Object.values(place)].join();
		const before = drawn.get(message);
		// What is live shows times as well.
		if (before?.key === key && !live && !drafts.has(id)) return before.view;
		const view = messageView(message, { ...page, ...place });
		drawn.set(message, { key: !drafts.has(id) && key, view });
		return view;
	});
	const { plan } = model;
	const words = plan && leftOut(plan);
	let at = words ? messages.findIndex(({ id }) => id === plan.parent) + 1 : 0;
	for (let left = plan?.sent_messages; at > 0 && left > 0; at--) if (messages[at - 1].blocks.length > 0) left--;
	if (at > 0) views.splice(at, 0, h("p.left-out", { key: "left out" }, words));
	return views;
}

export function bar(client, act, title) {
	const { settings, plan } = client.model;
	const { status } = client.connection;
	const [state, words, help] = connectionWords(status);
	const { estimated_tokens: tokens, budget_tokens: budget } = plan ?? {};
	return [
		h("button.mini", { id: "chats", popovertarget: "sidebar", "aria-label": "Chats" }, icon("menu")),
		h("h1", { dir: "auto" }, title || "New chat"),
		h("span", { id: "model" }, settings.model),
		h("div", { id: "connection", "data-state": state, title: status.reason },
			h("span.dot"),
			h("span.words", words),
			help && button("link", help, act.reconnect),
		),
		plan && h("meter", { max: budget ?? 2 * tokens, value: tokens, title: gauge(plan), "aria-label": gauge(plan) }),
		button("mini", "Settings", act.settings, "settings"),
	];
}

/** What to try first, and what that shows. Only the built-in model breaks when asked. */
const suggestions = (isDemo) => [
	["Explain WebSockets in three sentences.", "Read each word as it is written"],
	["What is 6×7? Use the calculator.", "See a tool being called"],
	["Write something long", "Press Stop in the middle"],
	[isDemo ? "Break in the middle" : "What is 1÷0? Use the calculator.", "See an error where it happens"],
];

export function welcome(model, say) {
	const isDemo = /demo/i.test(model);
	return h("section.welcome",
		h("h2", "What shall we talk about?"),
		h("p.lede", h("strong", model), " answers here. ", isDemo
			? "It is built in, needs no key, and only plays a model, so that you can see everything else work."
			: "What you write goes to it; what it says comes as it is written."),
		h("div.suggestions", { role: "group", "aria-label": "Things to try" },
			suggestions(isDemo).map(([what, why]) => h("button.suggestion", { onclick: () => say(what) }, what, h("small", why)))),
	);
}
