// A message on the page, described from the model. Texts that grow keep an element of their own.

import { textOf } from "./client.js";
import { alert, button, copyButton, h, make } from "./dom.js";
import { markdown } from "./markdown.js";
import { ending, expiry, inLine, measures, retrying, toolState } from "./words.js";

// By the block: the element of its text.
const texts = new WeakMap();
/** By the id of the message or call that is changed (a snapshot makes all objects anew): its `words`, their `problem`, and
 * `from`, which had the focus. */
export const drafts = new Map();

export function beginDraft(of, words, client) {
	if (!drafts.has(of)) drafts.set(of, { words, from: document.activeElement });
	client.onChange();
	requestAnimationFrame(() => document.querySelector(".draft textarea")?.focus());
}

function growing(block) {
	const element = texts.get(block) ?? make(h("div.text"));
	texts.set(block, element);
	element.update ??= markdown(element);
	element.update(block.text, block.done);
	element.classList.toggle("growing", !block.done);
	return element;
}

/** A form for other words; `take` gets them, and returns what is wrong with them, if anything. */
function draft(of, label, verb, take, client) {
	const its = drafts.get(of);
	/** The focus goes back `to` there, else to the composer, unless that would open a keyboard. */
	const close = (to) => {
		drafts.delete(of);
		client.onChange();
		requestAnimationFrame(() => {
			to?.focus();
			if (document.activeElement !== document.body) return;
			document.querySelector(matchMedia("(pointer: coarse)").matches ? "main" : "#message").focus();
		});
	};
	const submit = () => {
		its.problem = take(its.words);
		if (its.problem) client.onChange();
		else close();
	};
	const onkeydown = (event) => {
		if (event.isComposing) return;
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
		if (event.key !== "Escape") return;
		event.stopPropagation();
		close(its.from);
	};
	const rows = Math.min(12, its.words.split("\n").length + 1);
	const oninput = ({ target }) => (its.words = target.value);
	return h("div.draft",
		h("textarea", { "aria-label": label, value: its.words, rows, dir: "auto", oninput, onkeydown }),
		alert(its.problem),
		h("div.acts", button("quiet", verb, submit), button("link", "Cancel", () => close(its.from))),
	);
}

/** JSON without signs that turn the direction: who is asked must see what the tool gets. */
const inOrder = (json) => json.replace(/\p{Bidi_C}/gu, (sign) => `\\u${sign.charCodeAt().toString(16).padStart(4, 0)}`);

function toolCard(block, { client }) {
	const { name, call, tool, input, text, output, is_error: failed, problem, tried } = block;
	const isEdited = tool === "asks" && drafts.has(call);
	const [line, whole] = (input ? [JSON.stringify(input), JSON.stringify(input, null, 2)] : [text, text]).map(inOrder);
	const pre = (kind, label, words, dir) => h(`pre.tool-${kind}`, { dir, tabindex: 0, role: "group", "aria-label": label }, words);
	const allow = (words) => {
		try {
			const changed = JSON.parse(words);
			if (changed?.constructor !== Object) return "The input has to be an object: {…}.";
			client.approve(call, "allow", changed);
			block.tried = words;
		} catch (error) {
			return `This is no JSON. ${error.message}`;
		}
	};
	const question = () => h("div.ask", { role: "group", "aria-label": `May ${name} run?` },
		alert(problem),
		// Hidden, they can have the focus back.
		h("div.acts", { hidden: isEdited },
			["Allow", "Deny"].map((word) => button("quiet", word, () => client.approve(call, word.toLowerCase()))),
			button("quiet", "Edit the input", () => beginDraft(call, tried ?? whole, client)),
		),
		isEdited && draft(call, "Input, as JSON", "Allow this", allow, client),
		h("small", `${name} runs once you allow it. ${expiry(block.expires)}`),
	);
	return h("section.tool", { "data-state": failed ? "error" : tool, "aria-label": `Tool ${name}` },
		h("div.tool-head", h("span.tool-name", name), h("span.tool-state", toolState(block))),
		!isEdited && pre("input", "Input", line.length < 72 ? line : whole, "ltr"),
		tool === "asks" && (client.isAnswering(call) ? h("p.ask", "Sending your word…") : question()),
		tool === "ended" && pre("output", "Result", output || "(nothing)", "auto"),
	);
}

const KINDS = {
	text: growing,
	thinking: (block) => h(`details.thinking${block.done ? "" : ".busy"}`,
		h("summary", block.done ? "Thought about it" : "Thinking…"),
		growing(block),
	),
	tool_call: toolCard,
};

/** What stands below. */
function foot(message, { client, act, isLast, siblings, waits }) {
	const { id, role, status } = message;
	const isReply = role === "assistant";
	const end = ending(message);
	const isUnsent = status === "unsent";
	const retry = () => act.retry(message);
	const at = siblings.indexOf(id);
	const version = (label, glyph, to) =>
		h("button.mini", { "aria-label": label, disabled: !to || client.isBusy, onclick: () => act.select(to) }, glyph);
	return [
		message.cut && h("p.ending.quiet-ending", "Only the beginning is shown."),
		end && h(`div.ending${end.quiet ? ".quiet-ending" : ""}`,
			h("p", { dir: "auto" }, h("strong", end.text), ` ${end.detail}`),
			isLast && end.goesOn && button("quiet", "Go on", () => act.say("Go on.")),
			isLast && status === "context_exceeded" && button("quiet", "Settings", act.settings),
			(isLast || isUnsent) && button("quiet", "Retry", retry),
			isUnsent && button("quiet", "Edit", () => act.takeBack(message)),
		),
		client.model.messages.has(id) && !waits && h("div.footer",
			siblings.length > 1 && h("span", { role: "group", "aria-label": "Versions" },
				version("The version before", "‹", siblings[at - 1]),
				`${at + 1}/${siblings.length}`,
				version("The next version", "›", siblings[at + 1]),
			),
			textOf(message) && copyButton(() => textOf(message), `Copy this ${isReply ? "reply" : "message"}`),
			!isReply && button("mini", "Edit this message", () => act.edit(message), "edit"),
			isReply && !(isLast && end) && button("mini", "Ask for another reply", retry, "retry"),
			isReply && h("span.measures", measures(message)),
		),
	];
}

/** `page`: `client`, `act`; and of the message `isLast`, `siblings`, `waits`, `position`. */
export function messageView(message, page) {
	const { id, role, live, blocks, model, retrying: again } = message;
	const { client, waits, position } = page;
	const isUser = role === "user";
	const save = (words) => (words.trim() ? client.edit(id, words) : "Say something.");
	const isSilent = live && (blocks.at(-1)?.done ?? true) && !blocks.some(({ tool }) => tool === "asks");
	const said = () => h("div.text", textOf(message).split(/(?<=\n)\n+/).map((part) => h("p", { dir: "auto" }, part)));
	return h(`article.message.${role}${waits ? ".waits" : ""}`, { key: id, "aria-busy": String(live) },
		h("h2", isUser ? "You" : (model ?? "Reply")),
		drafts.has(id)
			? draft(id, "Your message", "Send", save, client)
			// Of a later kind: clients leave out what they do not know.
			: h("div.blocks", isUser ? said() : blocks.map((block) => KINDS[block.kind]?.(block, page))),
		(isSilent || position) && h("p.dots", position ? inLine(position) : again && retrying(again)),
		!live && h("div.end", foot(message, page)),
	);
}
