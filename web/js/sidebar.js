// The chats that one has, beside the one that is open: search, names, and deleting with a way back.

import { button, draw, h } from "./dom.js";

/** Milliseconds in which a deleted chat can be had back: until then the server is not told. */
const UNDO = 6_000;

/** Draws into `nav`. Returns what fetches the list again, soon, and once for all who ask meanwhile. */
export function sidebar(nav, client, act, onError) {
	let list = { sessions: [] };
	let query = "";
	let renamed, due;
	/** Timers by the ids of what is being deleted. */
	const deleted = new Map();
	const at = (id) => `/sessions/${id}`;

	async function load(before) {
		const { sessions } = before ? list : { sessions: [] };
		// As many as are shown.
		const limit = before ? 50 : Math.min(200, Math.max(50, list.sessions.length));
		const asked = new URLSearchParams({ empty: false, limit, ...(query && { query }), ...(before && { before }) });
		try {
			const page = await client.http(`/sessions?${asked}`);
			if ((asked.get("query") ?? "") === query) list = { ...page, sessions: sessions.concat(page.sessions) };
			show();
		} catch {
			// It is fetched again when something happens, and once the connection is back.
		}
	}

	function refresh() {
		clearTimeout(due);
		due = setTimeout(load, 200);
	}

	function remove(id) {
		deleted.set(id, setTimeout(finish, UNDO, id));
		if (id === client.model.session) act.fresh();
		show();
	}

	async function finish(id) {
		clearTimeout(deleted.get(id));
		await client.http(at(id), { method: "DELETE" }).catch(onError);
		deleted.delete(id);
		refresh();
	}

	function keep(id) {
		clearTimeout(deleted.get(id));
		deleted.delete(id);
		show();
	}

	function rename(id, title) {
		if (id !== renamed) return;
		renamed = null;
		if (title) client.http(at(id), { method: "PATCH", body: { title } }).then(refresh, onError);
		show();
	}

	function entry({ id, title, first_words: words }) {
		const name = title || words;
		if (deleted.has(id)) return [h("span.name", { role: "status" }, "Deleted"), button("link", "Undo", () => keep(id))];
		if (id === renamed) {
			const onblur = ({ target }) => rename(id, target.value.trim());
			const onkeydown = (event) => {
				if (event.key === "Enter") onblur(event);
				if (event.key === "Escape") rename(id);
			};
			return h("input.name", { "aria-label": "Name of this chat", value: name, onkeydown, onblur });
		}
		const change = () => {
			renamed = id;
			show();
			nav.querySelector("input.name").select();
		};
		return [
			h("a.name", { href: `#${id}`, "aria-current": id === client.model.session && "page", dir: "auto" }, name),
			button("mini", `Rename ${name}`, change, "edit"),
			button("mini", `Delete ${name}`, () => remove(id), "delete"),
		];
	}

	function show() {
		draw(nav, [
			h("div.brand", h("img", { src: document.querySelector("link[rel=icon]").href, alt: "" }), "Whinchat"),
			button("quiet", "New chat", act.fresh),
			h("input", { type: "search", "aria-label": "Search chats", placeholder: "Search", oninput: search }),
			h("ul", list.sessions.map((each) => h("li", { key: each.id }, entry(each)))),
			query && !list.sessions.length && h("p", "Nothing found."),
			list.next && button("link", "Show more", () => load(list.next)),
		]);
	}

	function search({ target }) {
		query = target.value.trim();
		refresh();
	}

	onpagehide = () => [...deleted.keys()].forEach(finish);
	show();
	refresh();
	return { refresh, show };
}
