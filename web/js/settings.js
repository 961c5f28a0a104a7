// The session's settings, which count from the next turn on.

import { ask } from "./dialog.js";
import { h } from "./dom.js";
import { gauge } from "./words.js";

const POLICIES = {
	sliding_window: "The latest messages",
	full: "Everything",
	summarise: "A summary, then the latest",
	retrieve: "The latest, and older ones that fit",
	none: "Only the newest message",
};

export function askSettings(client) {
	const { settings, models, plan, session } = client.model;
	const was = { ...settings.context, ...settings };
	const field = (label, tag, name, props, children) =>
		h("label", label, h(tag, { name, value: was[name] ?? "", ...props }, children));
	// What was set cannot be unset.
	const number = (label, name, min, max, step) =>
		field(label, "input", name, { type: "number", min, max, step, required: name in was, placeholder: "As the server has it" });
	const options = (values, words = {}) => values.map((value) => h("option", { value }, words[value] ?? value));
	const file = (format) => h("a", { href: `${client.connection.base}/sessions/${session}/export?format=${format}`, download: "" }, format);

	ask("Settings", [
		field("Model", "select", "model", {}, options(models)),
		field("System prompt", "textarea", "system", { rows: 3, dir: "auto" }),
		number("Temperature", "temperature", 0, 2, "any"),
		field("What the model is sent", "select", "policy", {}, options(Object.keys(POLICIES), POLICIES)),
		number("Budget in tokens", "budget_tokens", 256, 10_000_000),
		h("small", plan && `${gauge(plan)} last time. `, "Changes count from the next message on."),
		h("label", "Theme", h("select", { value: localStorage.theme, onchange: ({ target }) => setTheme(target.value) },
			options(["system", "light", "dark"]))),
		h("small", "This chat as a file: ", file("markdown"), ", ", file("json")),
	], "Save", (fields) => {
		const context = {};
		const changes = { type: "configure", context };
		for (const [name, value] of Object.entries(fields)) {
			if (value === String(was[name] ?? "")) continue;
			const part = /^(model|system|temperature)$/.test(name) ? changes : context;
			part[name] = /^(model|system|policy)$/.test(name) ? value : Number(value);
		}
		return client.ask(changes);
	});
}
