// The page around the messages: the list and where the reader is in it, the bar, the first visit.

import { button, h } from "./dom.js";
import { messageView } from "./message.js";
import { askSettings } from "./settings.js";
import { connectionWords, gauge, leftOut } from "./words.js";

/** Follows the end while the reader is there. Returns what goes there. */
export function followEnd(box, content, latest) {
	let follows;
	let top;
	const look = () => {
		top = box.scrollTop;
		latest.hidden = follows;
	};
	const toEnd = () => {
		follows = true;
		box.scrollTop = box.scrollHeight;
		look();
	};
	const observer = new ResizeObserver(() => follows && toEnd());
	observer.observe(box);
	observer.observe(content);
	box.onscroll = () => {
		const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
		follows = isAtEnd || (follows && box.scrollTop >= top);
		look();
	};
	latest.onclick = toEnd;
	return toEnd;
}

export function transcript(page) {
	const { isBusy, messages, model } = page.client;
	const turns = [...model.turns.values()];
	const views = messages.map((message) => {
		const { id, version, live, status } = message;
		const turn = turns.find((each) => (each.message ?? each.parent) === id);
		const waits = status ? /^(held|pending)$/.test(status) : turn && !turn.message;
		const place = { siblings: model.siblings[id] ?? [], waits, position: turn?.position };
		const key = [version, isBusy, ...Object.values(place)].join();
		// What is live shows times as well.
		if (message.key !== key || live) Object.assign(message, { key, view: messageView(message, { ...page, ...place }) });
		return message.view;
	});
	const { plan } = model;
	const newest = messages.findIndex(({ id }) => id === plan?.parent);
	const sent = messages.slice(0, newest + 1).filter(({ blocks }) => blocks.length).at(-plan?.sent_messages);
	if (sent && leftOut(plan)) views.splice(messages.indexOf(sent), 0, h("p.left-out", { key: "left out" }, `Messages above: ${leftOut(plan)}`));
	return views;
}

export function bar(client) {
	const { settings, plan } = client.model;
	const { status } = client.connection;
	return [
		h("button.mini", { id: "chats", popovertarget: "sidebar", "aria-label": "Chats" }, "☰"),
		h("h1", { dir: "auto" }, settings.title || "New chat"),
		h("div", { id: "connection", "data-state": status.state, title: status.reason }, h("span", connectionWords(status))),
		plan && h("meter", { max: plan.budget_tokens ?? 2 * plan.estimated_tokens, value: plan.estimated_tokens, title: gauge(plan) }),
		button("Settings", () => askSettings(client), "mini"),
	];
}

export function welcome(model, say) {
	const isDemo = /demo/i.test(model);
	const suggestion = (what, why) => h("button.suggestion", { onclick: () => say(what) }, what, h("small", why));
	return h("section.welcome",
		h("h2", "What shall we talk about?"),
		h("p", h("strong", model), " answers here. ", isDemo && "It is built in, needs no key, and only plays a model."),
		h("div.suggestions", { role: "group", "aria-label": "Things to try" },
			suggestion("Explain WebSockets in three sentences.", "Read each word as it is written"),
			suggestion("What is 6×7? Use the calculator.", "See a tool being called"),
			suggestion("Write something long", "Press Stop in the middle"),
			// Only the built-in model breaks when asked.
			suggestion(isDemo ? "Break in the middle" : "What is 1÷0? Use the calculator.", "See an error where it happens"),
		),
	);
}
