// The session's settings, which count from the next turn on.

import { alert, button, draw, h } from "./dom.js";
import { explain, gauge } from "./words.js";

const POLICIES = {
	sliding_window: "The latest messages",
	full: "Everything",
	summarise: "A summary, then the latest",
	retrieve: "The latest, and older ones that fit",
	none: "Only the newest message",
};

export function openSettings(dialog, client) {
	const { settings, models, plan, session } = client.model;
	const was = { ...settings.context, ...settings };
	const field = (label, tag, name, props, children) =>
		h("label", label, h(tag, { name, value: was[name] ?? "", ...props }, children));
	// What was set cannot be unset.
	const empty = (name) => (name in was ? { required: true } : { placeholder: "As the server has it" });
	const number = (label, name, min, max, step) => field(label, "input", name, { type: "number", min, max, step, ...empty(name) });
	const select = (label, name, values, words) =>
		field(label, "select", name, {}, values.map((value) => h("option", { value }, words(value))));

	const exported = (format) => h("a", { href: `${client.connection.base}/sessions/${session}/export?format=${format}`, download: "" }, format);

	async function save(event) {
		event.preventDefault();
		const changes = { context: {} };
		for (const { name, type, value } of event.target.elements) {
			// The theme has no name: it is not the chat's.
			if (!name || value === String(was[name] ?? "")) continue;
			const part = /^(model|system|temperature)$/.test(name) ? changes : changes.context;
			part[name] = type === "number" ? Number(value) : value;
		}
		try {
			await client.ask({ type: "configure", ...changes });
			dialog.close();
		} catch (error) {
			show(explain(error));
		}
	}

	const show = (problem) => draw(dialog, [h("form", { onsubmit: save },
		h("h2", "Settings of this chat"),
		select("Model", "model", [...new Set([...models, was.model])], (id) => (!id || models.includes(id) ? id : `${id} (not there any more)`)),
		field("System prompt", "textarea", "system", { rows: 3, dir: "auto" }),
		number("Temperature", "temperature", 0, 2, "any"),
		select("What the model is sent", "policy", Object.keys(POLICIES), (name) => POLICIES[name]),
		number("Turns, word for word", "turns", 1, 1_000),
		was.policy === "retrieve" && number("Older exchanges", "recall", 0, 50),
		number("Budget in tokens", "budget_tokens", 256, 10_000_000),
		h("label", "Theme of the page", h("select", { value: document.documentElement.dataset.theme, onchange: (event) => setTheme(event.target.value) },
			["system", "light", "dark"].map((theme) => h("option", theme)))),
		h("small", plan && `${gauge(plan)} last time. `, "Changes count from the next message on."),
		alert(problem),
		h("div.acts", h("button.quiet.main", "Save"), button("link", "Cancel", () => dialog.close())),
		h("small", "This chat as a file: ", exported("markdown"), ", ", exported("json")),
	)]);
	draw(dialog, []);
	show();
	dialog.showModal();
}
