// The chats that one has, beside the one that is open: search, names, and deleting with a way back.

import { button, draw, h } from "./dom.js";

/** Milliseconds in which a deleted chat can be had back: until then the server is not told. */
const UNDO = 6_000;

/** Draws into `nav`. Returns what fetches the list again, what draws it, and what takes a deletion back. */
export function sidebar(nav, client, act) {
	let list = { sessions: [] };
	let query = "";
	/** The chat that gets another name, as it was then. */
	let renamed = null;
	/** The row that is to have the focus once it is drawn. */
	let focused = null;
	let due, frame;
	/** By chat: a `title` or a deletion (`timer`: it can be taken back) that the server has not confirmed. Without a connection
	 * it waits for the next. */
	const changes = new Map();

	async function load(before) {
		const { sessions } = before ? list : { sessions: [] };
		// As many as are shown.
		const limit = before ? 50 : Math.min(200, Math.max(50, list.sessions.length));
		const asked = new URLSearchParams({ empty: false, limit, ...(query && { query }), ...(before && { before }) });
		const page = await client.http(`/sessions?${asked}`).catch(() => null);
		// A row that moves would lose the focus, and what is typed there.
		if (page && !renamed && (asked.get("query") ?? "") === query) list = { ...page, sessions: sessions.concat(page.sessions) };
		show();
	}

	function refresh() {
		clearTimeout(due);
		due = setTimeout(load, 200);
		for (const [id, { timer, isSaying }] of changes) if (!timer && !isSaying) say(id);
	}

	async function say(id) {
		const change = changes.get(id);
		const { title } = change;
		clearTimeout(change.timer);
		Object.assign(change, { timer: null, isSaying: true });
		show();
		const options = title ? { method: "PATCH", body: { title } } : { method: "DELETE" };
		const error = await client.http(`/sessions/${id}`, options).catch((problem) => problem);
		change.isSaying = false;
		if (error?.code === "offline" || error?.retryable) return;
		// One that is gone needs nothing.
		if (error?.code && error.code !== "not_found") act.tell(error.message);
		if (changes.get(id) === change) changes.delete(id);
		refresh();
	}

	function remove(session) {
		const { id } = session;
		const wasOpen = id === client.model.session;
		changes.set(id, { session, wasOpen, timer: setTimeout(say, UNDO, id) });
		if (wasOpen) act.leave();
		focused = id;
		show();
	}

	/** Whoever opens it wants it back. */
	function keep(id) {
		if (changes.get(id)?.timer) {
			clearTimeout(changes.get(id).timer);
			changes.delete(id);
		}
		show();
	}

	function undo(id) {
		const isBack = changes.get(id).wasOpen && !client.messages.length;
		keep(id);
		focused = id;
		if (isBack) location.hash = id;
	}

	function rename({ id }, title) {
		if (id !== renamed?.id) return;
		if (title && title !== renamed.name) changes.set(id, { title });
		renamed = null;
		refresh();
		show();
	}

	function entry(session) {
		const { id } = session;
		const change = changes.get(id);
		const name = change?.title || session.title || session.first_words;
		if (change && !change.title)
			return [h("span.name", { role: "status" }, "Deleted"), change.timer && button("link", "Undo", () => undo(id))];
		if (id === renamed?.id) {
			const onblur = ({ target }) => rename(session, target.value.trim());
			const onkeydown = (event) => {
				if (event.isComposing || !/^(Enter|Escape)$/.test(event.key)) return;
				// Nor does it close the drawer.
				event.preventDefault();
				focused = id;
				if (event.key === "Enter") onblur(event);
				else rename(session);
			};
			return h("input.name", { "aria-label": "Name of this chat", value: renamed.name, maxlength: 200, onkeydown, onblur });
		}
		const begin = () => {
			renamed = { id, name };
			focused = id;
			show();
		};
		const isOpen = id === client.model.session;
		const onclick = () => nav.hidePopover();
		return [
			h("a.name", { href: `#${id}`, "aria-current": isOpen && "page", dir: "auto", onclick }, name),
			button("mini", `Rename ${name}`, begin, "edit"),
			button("mini", `Delete ${name}`, () => remove(session), "delete"),
		];
	}

	/** Draws before the next frame: what is drawn now may be what told of this. */
	function show() {
		cancelAnimationFrame(frame);
		frame = requestAnimationFrame(drawAll);
	}

	function drawAll() {
		const { sessions, next } = list;
		// What is being deleted stays in sight, whatever is searched for.
		const isListed = ({ id }) => sessions.some((each) => each.id === id);
		const others = [...changes.values()].map(({ session }) => session).filter((session) => session && !isListed(session));
		const row = (session) => h("li", { key: session.id, id: `row-${session.id}` }, entry(session));
		const active = nav.contains(document.activeElement) && document.activeElement;
		draw(nav, [
			h("div.brand", h("img", { src: document.querySelector("link[rel=icon]").href, alt: "" }), "Whinchat"),
			button("quiet", "New chat", act.fresh),
			h("input", { type: "search", "aria-label": "Search chats", placeholder: "Search", maxlength: 200, oninput: search }),
			h("ul", others.concat(sessions).map(row)),
			query && !sessions.length && h("p", "Nothing found."),
			next && button("link", "Show more", () => load(next)),
		]);
		const target = focused && document.querySelector(`#row-${focused} :is(a, button, input)`);
		focused = null;
		// What was moved has lost it.
		if (target || active) (target || active).focus();
		target?.select?.();
	}

	function search({ target }) {
		query = target.value.trim();
		refresh();
	}

	onpagehide = () => [...changes.keys()].forEach(say);
	drawAll();
	refresh();
	return { refresh, show, keep };
}
