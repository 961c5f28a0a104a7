// One dialog for what the page asks: settings, other words for a message, a tool's input, a chat's name.

import { alert, button, draw, h } from "./dom.js";

const dialog = document.querySelector("dialog");

/** Shows a form. `save` gets its fields by name. What it throws stands in the form, which stays open. */
export function ask(title, fields, verb, save) {
	async function onsubmit(event) {
		event.preventDefault();
		try {
			await save(Object.fromEntries(new FormData(event.target)));
			dialog.close();
		} catch (error) {
			show(error);
		}
	}

	const show = (error) => draw(dialog, [h("form", { onsubmit },
		h("h2", title),
		fields,
		alert(error?.message),
		h("div.acts", h("button.quiet.main", verb), button("link", "Cancel", () => dialog.close())),
	)]);
	dialog.ariaLabel = title;
	draw(dialog, []);
	show();
	dialog.showModal();
}

export const askText = (title, text, verb, save, dir = "auto") =>
	ask(title, h("textarea", { name: "text", "aria-label": title, value: text, rows: 8, dir, required: true }), verb, (fields) => save(fields.text));
