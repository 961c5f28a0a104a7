// One dialog for what the page asks.

import { alert, button, draw, h } from "./dom.js";

const dialog = document.querySelector("dialog");

/** `save` gets the fields by name. What it throws stands in the form, which stays open. */
export function ask(title, fields, verb, save) {
	async function onsubmit(event) {
		event.preventDefault();
		try {
			await save(Object.fromEntries(new FormData(event.target)));
			dialog.close();
		} catch (error) {
			show(error.message);
		}
	}

	const show = (problem) => draw(dialog, [h("form", { onsubmit },
		h("h2", title),
		fields,
		alert(problem),
		h("div.acts", h("button.main", verb), button("Cancel", () => dialog.close(), "link")),
	)]);
	dialog.ariaLabel = title;
	draw(dialog, []);
	show();
	dialog.showModal();
}

export const askText = (title, value, verb, save, tag = "textarea") =>
	ask(title, h(tag, { name: "text", "aria-label": title, value, rows: 8, required: true }), verb, ({ text }) => save(text));
