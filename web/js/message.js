// A message on the page, described from the model.

import { textOf } from "./client.js";
import { askText } from "./dialog.js";
import { alert, button, copyButton, h, make } from "./dom.js";
import { markdown } from "./markdown.js";
import { ending, measures, retrying, toolState } from "./words.js";

/** A text keeps its element while it grows. */
function growing(block) {
	block.element ??= make(h("div.text"));
	block.update ??= markdown(block.element);
	block.update(block.text, block.done);
	block.element.classList.toggle("growing", !block.done);
	return block.element;
}

const thinking = (block) =>
	h(`details.thinking${block.done ? "" : ".busy"}`, h("summary", block.done ? "Thought about it" : "Thinking…"), growing(block));

/** JSON without signs that turn the direction: who is asked must see what the tool gets. */
const inOrder = (json) => json.replace(/\p{Bidi_C}/gu, (sign) => `\\u${sign.charCodeAt().toString(16).padStart(4, 0)}`);

function toolCard(block, client) {
	const { name, call, tool, input, text, output, is_error: failed, problem, tried } = block;
	const [line, whole] = (input ? [JSON.stringify(input), JSON.stringify(input, null, 2)] : [text, text]).map(inOrder);
	const pre = (kind, label, words, dir) => h(`pre.tool-${kind}`, { dir, tabindex: 0, role: "group", "aria-label": label }, words);
	const edit = () => askText("Input, as JSON", tried ?? whole, "Allow this", (words) => {
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
		h("div.tool-head", h("span.tool-name", name), h("span.tool-state", toolState(block))),
		pre("input", "Input", line.length < 72 ? line : whole, "ltr"),
		tool === "asks" && (client.isAnswering(call) ? h("p.ask", "Sending your word…") : question()),
		tool === "ended" && pre("output", "Result", output || "(nothing)", "auto"),
	);
}

// What is of a later kind, clients leave out.
const KINDS = { text: growing, thinking, tool_call: toolCard };

/** How it ended, and what one can do about it. */
function end(message, act) {
	const waits = /^(held|pending)$/.test(message.status);
	const goesOn = /^(max_tokens|tool_limit)$/.test(message.status);
	return h(`div.ending${waits || goesOn || message.status === "cancelled" ? ".quiet-ending" : ""}`,
		h("p", { dir: "auto" }, ending(message)),
		goesOn && button("Go on", () => act.say("Go on.")),
		!waits && button("Retry", () => act.retry(message)),
	);
}

function footer(message, { client, act, siblings }) {
	const { id, role } = message;
	const at = siblings.indexOf(id);
	const version = (label, glyph, to) =>
		h("button.mini", { "aria-label": label, disabled: !to || client.isBusy, onclick: () => act.select(to) }, glyph);
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
			: [button("Ask for another reply", () => act.retry(message), "mini", "Another reply"), h("span.measures", measures(message))],
	);
}

/** `page`: `client`, `act`; and of the message `siblings`, `waits`, `position`. */
export function messageView(message, page) {
	const { id, role, live, blocks, model, cut, retrying: again } = message;
	const { client, waits, position } = page;
	const isUser = role === "user";
	const isSilent = live && (blocks.at(-1)?.done ?? true) && !blocks.some(({ tool }) => tool === "asks");
	const said = () => h("div.text", textOf(message).split(/(?<=\n)\n+/).map((part) => h("p", { dir: "auto" }, part)));
	return h(`article.message.${role}${waits ? ".waits" : ""}`, { key: id, "aria-busy": String(live) },
		h("h2", isUser ? "You" : (model ?? "Reply")),
		h("div.blocks", isUser ? said() : blocks.map((block) => KINDS[block.kind]?.(block, client))),
		(isSilent || position) && h("p.dots", position ? `Number ${position} in line` : again && retrying(again)),
		!live && h("div.end",
			cut && h("p.ending.quiet-ending", "Only the beginning is shown."),
			ending(message) && end(message, page.act),
			client.model.messages.has(id) && !waits && footer(message, page),
		),
	);
}
