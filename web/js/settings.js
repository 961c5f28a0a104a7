// The session's settings, which count from the next turn on.

import { button, draw, h } from "./dom.js";
import { explain, gauge, POLICIES } from "./words.js";

/** Shows them in a `<dialog>`. */
export function openSettings(dialog, client) {
	let problem = "";
	const { settings, models, plan } = client.model;
	const { context = {} } = settings;
	const field = (label, tag, name, props, ...children) => h("label", {}, label, h(tag, { name, ...props }, ...children));
	const options = (values) => values.map(([value, label]) => h("option", { value }, label));
	const whole = (label, name, min, max) => field(label, "input", name, { type: "number", min, max, value: context[name] ?? "" });

	async function save(event) {
		event.preventDefault();
		const changes = { context: {} };
		for (const [name, text] of new FormData(event.target)) {
			const isContext = !["model", "system", "temperature"].includes(name);
			const value = name === "policy" || name === "model" || name === "system" ? text : text && Number(text);
			// A number that was set cannot be unset.
			if (value === "" && name !== "system") continue;
			if (value !== ((isContext ? context : settings)[name] ?? "")) (isContext ? changes.context : changes)[name] = value;
		}
		try {
			await client.configure(changes);
			dialog.close();
		} catch (error) {
			problem = explain(error);
			show();
		}
	}

	function show() {
		draw(dialog, [
			h("form", { onsubmit: save },
				h("h2", {}, "Settings of this chat"),
				field("Model", "select", "model", { value: settings.model }, ...options(models.map((each) => [each, each]))),
				field("System prompt", "textarea", "system", { rows: 3, value: settings.system ?? "", dir: "auto" }),
				field("Temperature", "input", "temperature", { type: "number", min: 0, max: 2, step: 0.1, value: settings.temperature ?? "" }),
				field("What the model is sent", "select", "policy", { value: context.policy }, ...options(Object.entries(POLICIES))),
				h("div", { class: "pair" }, whole("Turns, word for word", "turns", 1, 1_000), whole("Budget in tokens", "budget_tokens", 256, 10_000_000)),
				h("p", { class: "hint" }, plan ? `${gauge(plan)} last time. ` : "", "Changes count from the next message on."),
				problem && h("p", { class: "problem", role: "alert" }, problem),
				h("div", { class: "acts" }, h("button", { class: "retry" }, "Save"), button("link", "Cancel", () => dialog.close(), "Cancel")),
			),
		]);
	}
	draw(dialog, []);
	show();
	dialog.showModal();
}
