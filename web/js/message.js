// A message on the page, described from the model. Texts that grow keep an element of their own.

import { textOf } from "./client.js";
import { button, copyButton, h, icon, make } from "./dom.js";
import { Markdown } from "./markdown.js";
import { ending, expiry, inLine, measures, retrying, toolState } from "./words.js";

// By the block: the element of its text, and what draws in it.
const texts = new WeakMap();
/** By the message or block that is being changed: the new words, and what is wrong with them. */
export const drafts = new WeakMap();

export function beginDraft(of, words, redraw) {
	drafts.set(of, { words });
	redraw();
	// Once it is there.
	requestAnimationFrame(() => document.querySelector(".draft textarea")?.focus());
}

function growing(block) {
	if (!texts.has(block)) {
		const element = make(h("div", { class: "text" }));
		texts.set(block, { element, markdown: new Markdown(element) });
	}
	const { element, markdown } = texts.get(block);
	markdown.update(block.text, block.done);
	element.classList.toggle("growing", !block.done);
	return element;
}

/** A form for other words; `take` gets them, and returns what is wrong with them, if anything. */
function draft(of, label, verb, take, redraw) {
	const { words, problem } = drafts.get(of);
	const put = (now) => {
		if (now) drafts.set(of, now);
		else drafts.delete(of);
		redraw();
	};
	const submit = () => {
		const { words } = drafts.get(of);
		const problem = take(words);
		put(problem && { words, problem });
	};
	const onkeydown = (event) => {
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
		if (event.key !== "Escape") return;
		event.stopPropagation();
		put();
	};
	const rows = Math.min(12, words.split("\n").length + 1);
	const oninput = ({ target }) => (drafts.get(of).words = target.value);
	return h("div", { class: "draft" },
		h("textarea", { "aria-label": label, value: words, rows, dir: "auto", oninput, onkeydown }),
		problem && h("p", { role: "alert", class: "problem" }, problem),
		h("div", { class: "acts" }, button("quiet", verb, submit, verb), button("link", "Cancel", () => put(), "Cancel")),
	);
}

function toolCard(block, { client, redraw }) {
	const { name, call, tool, input, text, output, is_error: failed, problem } = block;
	const line = input === undefined ? text : JSON.stringify(input);
	const whole = input && JSON.stringify(input, null, 2);
	const pre = (kind, label, words, dir) => h("pre", { class: `tool-${kind}`, dir, tabindex: 0, "aria-label": label }, words);
	const decide = (decision) => () => client.approve(call, decision);
	const edit = () => beginDraft(block, whole, redraw);
	const allow = (words) => {
		try {
			const changed = JSON.parse(words);
			if (changed?.constructor !== Object) return "The input has to be an object: {…}.";
			client.approve(call, "allow", changed);
		} catch (error) {
			return `This is no JSON. ${error.message}`;
		}
	};
	const question = () => h("div", { class: "ask", role: "group", "aria-label": `May ${name} run?` },
		problem && h("p", { role: "alert", class: "problem" }, problem),
		drafts.has(block)
			? draft(block, "Input, as JSON", "Allow this", allow, redraw)
			: h("div", { class: "acts" },
				button("quiet", "Allow", decide("allow"), "Allow"),
				button("quiet", "Deny", decide("deny"), "Deny"),
				button("quiet", "Edit the input", edit, icon("edit"), "Edit"),
			),
		h("small", {}, `${name} runs once you allow it. ${expiry(block.expires)}`),
	);
	return h("section", { class: "tool", "data-state": failed ? "error" : tool, "aria-label": `Tool ${name}` },
		h("div", { class: "tool-head" }, icon("tool"), h("span", { class: "tool-name" }, name), h("span", { class: "tool-state" }, toolState(block))),
		!drafts.has(block) && pre("input", "Input", line.length < 72 ? line : (whole ?? line), "ltr"),
		tool === "asks" && (client.isAnswering(call) ? h("p", { class: "ask" }, "Sending your word…") : question()),
		tool === "ended" && pre("output", "Result", output || "(nothing)", "auto"),
	);
}

const KINDS = {
	text: growing,
	thinking: (block) => h("details", { class: block.done ? "thinking" : "thinking busy" },
		h("summary", {}, block.done ? "Thought about it" : "Thinking…"),
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
	const version = (label, glyph, to) => button("mini", label, to && !client.isBusy && (() => act.select(to)), icon(glyph));
	const copy = textOf(message) && copyButton(() => textOf(message), `Copy this ${isReply ? "reply" : "message"}`);
	const quiet = (words) => ({ class: `ending${words ? " quiet-ending" : ""}` });
	return [
		message.cut && h("p", quiet(true), "Only the beginning is shown."),
		end && h("div", quiet(end.quiet),
			!end.quiet && icon("alert"),
			h("p", { dir: "auto" }, h("strong", {}, end.text), ` ${end.detail}`),
			isLast && end.goesOn && button("quiet", "Go on", () => act.say("Go on."), "Go on"),
			isLast && status === "context_exceeded" && button("quiet", "Settings", act.settings, "Settings"),
			(isLast || isUnsent) && button("quiet", "Retry", retry, icon("retry"), "Retry"),
			isUnsent && button("quiet", "Edit", () => act.takeBack(message), "Edit"),
		),
		client.model.messages.has(id) && !waits && h("div", { class: "footer" },
			siblings.length > 1 && h("span", { role: "group", "aria-label": "Versions" },
				version("The version before", "before", siblings[at - 1]), `${at + 1}/${siblings.length}`, version("The next version", "after", siblings[at + 1])),
			copy,
			isReply
				? !(isLast && end) && button("mini", "Ask for another reply", retry, icon("retry"))
				: button("mini", "Edit this message", () => act.edit(message), icon("edit")),
			isReply && h("span", { class: "measures" }, measures(message)),
		),
	];
}

/** `page`: `client`, `act`, `redraw`; and of the message `isLast`, `siblings`, `waits`, `position`. */
export function messageView(message, page) {
	const { id, role, live, blocks, model, retrying: again } = message;
	const { client, redraw, waits, position } = page;
	const isUser = role === "user";
	const save = (words) => (words.trim() ? client.edit(id, words) : "Say something.");
	const isSilent = live && (blocks.at(-1)?.done ?? true) && !blocks.some(({ tool }) => tool === "asks");
	const said = () => h("div", { class: "text" }, textOf(message).split(/(?<=\n)\n+/).map((part) => h("p", { dir: "auto" }, part)));
	return h("article", { key: id, class: `message ${role}${waits ? " waits" : ""}`, "aria-busy": String(live) },
		h("h2", {}, isUser ? "You" : (model ?? "Reply")),
		drafts.has(message)
			? draft(message, "Your message", "Send", save, redraw)
			// Of a later kind: clients leave out what they do not know.
			: h("div", { class: "blocks" }, isUser ? said() : blocks.map((block) => Object.hasOwn(KINDS, block.kind) && KINDS[block.kind](block, page))),
		(isSilent || position > 0) && h("p", { class: "dots" }, position > 0 ? inLine(position) : again && retrying(again)),
		!live && h("div", { class: "end" }, foot(message, page)),
	);
}
