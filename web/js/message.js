// A message on the page, described from the model.

import { textOf } from "./client.js";
import { askText } from "./dialog.js";
import { alert, button, copyButton, h, make } from "./dom.js";
import { markdown } from "./markdown.js";
import { ending, measures, retrying, toolState } from "./words.js";

function growing(block) {
	block.element ??= make(h("div.text"));
	block.update ??= markdown(block.element);
	block.update(block.text, block.done);
	block.element.classList.toggle("growing", !block.done);
	return block.element;
}

const thinking = (block) =>
	h("details.thinking", h("summary", block.done ? "Thought about it" : "Thinking…"), growing(block));

/** JSON without signs that turn the direction: who is asked must see what the tool gets. */
const inOrder = (json) => json.replace(/\p{Bidi_C}/gu, (sign) => `\\u${sign.charCodeAt().toString(16).padStart(4, 0)}`);

function toolCard(block, client) {
	const { name, call, tool, input, text, output, is_error: failed, problem, tried } = block;
	const json = inOrder(input ? JSON.stringify(input, null, 2) : text);
	const pre = (kind, label, words, dir) => h(`pre.tool-${kind}`, { dir, tabindex: 0, role: "group", "aria-label": label }, words);
	const edit = () => askText("Input, as JSON", tried ?? json, "Allow this", (words) => {
		const changed = JSON.parse(words);
		if (changed?.constructor !== Object) throw new TypeError("The input has to be an object: {…}.");
		client.approve(call, "allow", changed);
		block.tried = words;
	});
	const question = () => h("div.ask", { role: "group", "aria-label": `May ${name} run?` },
		alert(problem),
		h("div.acts",
			button("Allow", () => client.approve(call, "allow")),
			button("Deny", () => client.approve(call, "deny")),
			button("Edit the input", edit),
		),
		h("small", `${name} runs once you allow it.`),
	);
	return h("section.tool", { "data-state": failed ? "error" : tool, "aria-label": `Tool ${name}` },
		h("div.head", h("span", name), h("span.tool-state", toolState(block))),
		pre("input", "Input", json, "ltr"),
		tool === "asks" && (client.isAnswering(call) ? h("p.ask", "Sending your word…") : question()),
		tool === "ended" && pre("output", "Result", output || "(nothing)", "auto"),
	);
}

const KINDS = { text: growing, thinking, tool_call: toolCard };

function end(message, act) {
	const isQuiet = /^(held|pending|cancelled)$/.test(message.status);
	return h(`div.ending${isQuiet ? ".quiet" : ""}`,
		h("p", { dir: "auto" }, ending(message)),
		message.role === "assistant" && button("Retry", () => act.retry(message.id)),
	);
}

function footer(message, { client, act, siblings }) {
	const { id, role } = message;
	const at = siblings.indexOf(id);
	const version = (label, glyph, to) =>
		h("button.mini", { "aria-label": label, disabled: !to || client.isBusy, onclick: () => client.ask({ type: "select", message: to }).catch(act.tell) }, glyph);
	const edit = () => askText("Your message", textOf(message), "Send", (words) => client.edit(id, words));
	return h("div.footer",
		siblings.length > 1 && h("span", { role: "group", "aria-label": "Versions" },
			version("The version before", "‹", siblings[at - 1]),
			`${at + 1}/${siblings.length}`,
			version("The next version", "›", siblings[at + 1]),
		),
		textOf(message) && copyButton(() => textOf(message), "Copy this message"),
		role === "user"
			? button("Edit this message", edit, "mini", "Edit")
			: [button("Ask for another reply", () => act.retry(id), "mini", "Another reply"), h("span.measures", measures(message))],
	);
}

export function messageView(message, page) {
	const { id, role, live, blocks, model, cut, retrying: again } = message;
	const { client, waits, position } = page;
	const isUser = role === "user";
	const isSilent = live && (blocks.at(-1)?.done ?? true) && !blocks.some(({ tool }) => tool === "asks");
	return h(`article.message.${role}${waits ? ".waits" : ""}`, { key: id, "aria-busy": String(live) },
		h("h2", isUser ? "You" : (model ?? "Reply")),
		h("div.blocks", isUser ? h("div.text", h("p", textOf(message))) : blocks.map((block) => KINDS[block.kind]?.(block, client))),
		(isSilent || position) && h("p.dots", position ? `Number ${position} in line` : again && retrying(again)),
		!live && h("div.end",
			cut && h("p", "Only the beginning is shown."),
			ending(message) && end(message, page.act),
			client.model.messages.has(id) && !waits && footer(message, page),
		),
	);
}
