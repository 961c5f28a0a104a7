// The session's settings, which count from the next turn on.

import { button, draw, h } from "./dom.js";
import { explain, gauge } from "./words.js";

const POLICIES = {
	sliding_window: "The latest messages",
	full: "Everything",
	summarise: "A summary, then the latest",
	retrieve: "The latest, and older ones that fit",
	none: "Only the newest message",
};

/** Shows them in a `<dialog>`. */
export function openSettings(dialog, client) {
	const { settings, models, plan } = client.model;
	const { context = {} } = settings;
	const field = (label, tag, name, from, props, ...children) => h("label", {}, label, h(tag, { name, value: from[name] ?? "", ...props }, children));
	const number = (label, name, from, min, max, step) => field(label, "input", name, from, { type: "number", min, max, step });
	const options = (values) => values.map(([value, label]) => h("option", { value }, label));

	async function save(event) {
		event.preventDefault();
		const changes = { context: {} };
		for (const input of event.target.elements) {
			const { name, type } = input;
			const [from, to] = name in { model: 0, system: 0, temperature: 0 } ? [settings, changes] : [context, changes.context];
			const value = type === "number" ? input.valueAsNumber : input.value;
			// A number that was set cannot be unset.
			if (name && !Number.isNaN(value) && value !== (from[name] ?? "")) to[name] = value;
		}
		try {
			await client.ask({ type: "configure", ...changes });
			dialog.close();
		} catch (error) {
			show(explain(error));
		}
	}

	const show = (problem) => draw(dialog, [h("form", { onsubmit: save },
		h("h2", {}, "Settings of this chat"),
		field("Model", "select", "model", settings, {}, options(models.map((each) => [each, each]))),
		field("System prompt", "textarea", "system", settings, { rows: 3, dir: "auto" }),
		number("Temperature", "temperature", settings, 0, 2, 0.1),
		field("What the model is sent", "select", "policy", context, {}, options(Object.entries(POLICIES))),
		number("Turns, word for word", "turns", context, 1, 1_000),
		context.policy === "retrieve" && number("Older exchanges", "recall", context, 0, 50),
		number("Budget in tokens", "budget_tokens", context, 256, 10_000_000),
		h("small", {}, plan && `${gauge(plan)} last time. `, "Changes count from the next message on."),
		problem && h("p", { class: "problem", role: "alert" }, problem),
		h("div", { class: "acts" }, h("button", { class: "quiet" }, "Save"), button("link", "Cancel", () => dialog.close(), "Cancel")),
	)]);
	draw(dialog, []);
	show();
	dialog.showModal();
}
