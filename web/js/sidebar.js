// The chats that one has: search, names, and deleting with a way back.

import { askText } from "./dialog.js";
import { button, draw, h } from "./dom.js";

const UNDO_MS = 6_000;

/** Returns what fetches the list again. */
export function sidebar(nav, client, act) {
	let list = { sessions: [] };
	let query = "";
	let due;
	/** By deleted chat: the timer that tells the server. */
	const deleted = new Map();

	const close = () => nav.hidePopover();

	function refresh() {
		clearTimeout(due);
		due = setTimeout(load, 200);
	}

	async function load() {
		const asked = query;
		const parameters = new URLSearchParams({ empty: false, limit: 200, query });
		if (!query) parameters.delete("query");
		const answer = await client.http(`/sessions?${parameters}`).catch(() => list);
		if (asked === query) list = answer;
		show();
	}

	function remove(id) {
		const { activeElement } = document;
		deleted.set(id, setTimeout(tellServer, UNDO_MS, id));
		if (id === client.model.session) act.leave();
		show();
		activeElement.focus();
	}

	function keep(id) {
		clearTimeout(deleted.get(id));
		deleted.delete(id);
		show();
	}

	function undo(id) {
		keep(id);
		if (!client.messages.length) location.hash = id;
	}

	async function tellServer(id) {
		// Whoever has opened it wants it back.
		if (id !== client.model.session) {
			await client.http(`/sessions/${id}`, { method: "DELETE" }).catch(act.tell);
			await load();
		}
		keep(id);
	}

	function row({ id, title, first_words: words }) {
		const name = title || words;
		const rename = () => askText("Name of this chat", name, "Rename", async (to) => {
			await client.http(`/sessions/${id}`, { method: "PATCH", body: { title: to } });
			refresh();
		}, "input");
		return h("li", { key: id }, deleted.has(id)
			? [h("span.name", { role: "status" }, "Deleted"), button("Undo", () => undo(id), "link")]
			: [
				h("a.name", { href: `#${id}`, "aria-current": id === client.model.session && "page", dir: "auto", onclick: close }, name),
				button(`Delete ${name}`, () => remove(id), "mini", "✕"),
				button(`Rename ${name}`, rename, "mini", "✎"),
			]);
	}

	function show() {
		const { activeElement } = document;
		draw(nav, [
			h("strong", "Whinchat"),
			button("New chat", () => {
				close();
				act.leave();
			}),
			h("input", { type: "search", "aria-label": "Search chats", placeholder: "Search", maxlength: 200, oninput: search }),
			h("ul", list.sessions.map(row)),
			query && !list.sessions.length && h("p", "Nothing found."),
		]);
		// What was moved has lost it.
		if (nav.contains(activeElement)) activeElement.focus();
	}

	function search({ target }) {
		query = target.value.trim();
		refresh();
	}

	onpagehide = () => [...deleted.keys()].forEach(tellServer);
	show();
	return refresh;
}
