// A message on the page, described from what the model says of it. Texts that grow keep an element of their own.

import { button, copyButton, h, icon, make } from "./dom.js";
import { textOf } from "./client.js";
import { Markdown } from "./markdown.js";
import { ending, expiry, measures, retrying, toolState, waiting } from "./words.js";

/** By the block: the element of a text, and what draws in it. */
const texts = new WeakMap();
/** By the block or the message: the words that are being changed, and what is wrong with them. */
const drafts = new WeakMap();

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

/** A form for changed words: `keep` gets them, and returns what is wrong with them, if anything. */
function draft(of, label, act, keep, redraw) {
	const { words, problem } = drafts.get(of);
	const close = () => drafts.delete(of) && redraw();
	const submit = () => {
		const { words } = drafts.get(of);
		const wrong = keep(words);
		if (wrong) drafts.set(of, { words, problem: wrong });
		else drafts.delete(of);
		redraw();
	};
	const onkeydown = (event) => {
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit();
		if (event.key !== "Escape") return;
		event.stopPropagation();
		close();
	};
	const oninput = ({ target }) => drafts.set(of, { words: target.value });
	return h("div", { class: "draft" },
		h("textarea", { "aria-label": label, value: words, rows: Math.min(12, words.split("\n").length + 1), "aria-invalid": Boolean(problem), oninput, onkeydown, dir: "auto" }),
		problem && h("p", { role: "alert", class: "problem" }, problem),
		h("div", { class: "acts" }, button("retry", act, submit, act), button("link", "Cancel", close, "Cancel")),
	);
}

function toolCard(block, { client, redraw }) {
	const { name, call, tool, input, text, output, isError, problem } = block;
	const json = input === undefined ? text : JSON.stringify(input);
	const shown = json.length < 72 || input === undefined ? json : JSON.stringify(input, null, 2);
	const pre = (kind, label, words, dir) => h("pre", { class: kind, dir, tabindex: 0, "aria-label": label }, words);
	return h("section", { class: "tool", "data-state": isError ? "error" : tool, "aria-label": `Tool ${name}` },
		h("div", { class: "tool-head" }, icon("tool"), h("span", { class: "tool-name" }, name), h("span", { class: "tool-state" }, toolState(block))),
		!drafts.has(block) && pre("tool-input", "Input", shown, "ltr"),
		tool === "asks" && question(),
		tool === "ended" && pre("tool-output", "Result", output || "(nothing)", "auto"),
	);

	function question() {
		if (client.answers.has(call)) return h("p", { class: "ask" }, "Sending your word…");
		const allow = (words) => {
			try {
				const changed = JSON.parse(words);
				if (changed?.constructor !== Object) return "The input has to be an object: {…}.";
				client.approve(call, "allow", { input: changed });
			} catch (error) {
				return `This is no JSON. ${error.message}`;
			}
		};
		const edit = () => drafts.set(block, { words: JSON.stringify(input, null, 2) }) && redraw();
		return h("div", { class: "ask", role: "group", "aria-label": `May ${name} run?` },
			problem && h("p", { role: "alert", class: "problem" }, problem),
			drafts.has(block)
				? draft(block, "Input, as JSON", "Allow this", allow, redraw)
				: h("div", { class: "acts" },
					button("retry", "Allow", () => client.approve(call, "allow"), "Allow"),
					button("retry", "Deny", () => client.approve(call, "deny"), "Deny"),
					button("retry", "Edit the input", edit, icon("edit"), "Edit"),
				),
			h("small", {}, `${name} runs once you allow it. ${expiry(block.expires)}`),
		);
	}
}

const KINDS = {
	text: (block) => growing(block),
	thinking: (block) =>
		h("details", { class: block.done ? "thinking" : "thinking busy" },
			h("summary", {}, block.done ? "Thought about it" : "Thinking…"),
			growing(block),
		),
	tool_call: toolCard,
};

/** What stands below: how it ended, what one can do with it, its versions, what it cost. */
function foot(message, { client, act, isLast, siblings }) {
	const { role, status } = message;
	const isReply = role === "assistant";
	const end = ending(message);
	const isUnsent = status === "unsent";
	const isKnown = client.model.messages.has(message.id);
	const retry = () => act.retry(message);
	const large = (label, onclick, glyph) => button("retry", label, onclick, glyph && icon(glyph), label);
	const small = (label, onclick, glyph) => button("mini", label, onclick, icon(glyph));
	const at = siblings.indexOf(message.id);
	const other = (label, glyph, id) => h("button", { type: "button", class: "mini", "aria-label": label, title: label, disabled: !id || client.isBusy, onclick: () => act.select(id) }, icon(glyph));
	return [
		message.cut && h("p", { class: "ending quiet-ending" }, "Only the beginning is shown."),
		end && h("div", { class: end.isQuiet ? "ending quiet-ending" : "ending" },
			!end.isQuiet && icon("alert"),
			h("p", { dir: "auto" }, h("strong", {}, end.text), ` ${end.detail}`),
			isLast && end.goesOn && large("Go on", () => act.say("Go on.")),
			isLast && status === "context_exceeded" && large("Settings", act.settings),
			(isLast || isUnsent) && large("Retry", retry, "retry"),
			isUnsent && large("Edit", () => act.takeBack(message)),
		),
		(isReply || isKnown) && h("div", { class: "footer" },
			siblings.length > 1 && h("span", { class: "branches", role: "group", "aria-label": "Versions" },
				other("The version before", "back", siblings[at - 1]), `${at + 1}/${siblings.length}`, other("The next version", "on", siblings[at + 1])),
			textOf(message) && copyButton(() => textOf(message), isReply ? "Copy this reply" : "Copy this message"),
			isReply ? !(isLast && end) && small("Ask for another reply", retry, "retry") : small("Edit this message", () => act.edit(message), "edit"),
			isReply && h("span", { class: "measures" }, measures(message)),
		),
	];
}

/** Begins to change a message of one's own. */
export const beginEdit = (message) => drafts.set(message, { words: textOf(message) });

/** `page`: `client`, `redraw()`, what one can do as `act`; whether it is the last, `siblings`, `waits`, and its turn's `position`. */
export function messageView(message, page) {
	const { role, live, blocks } = message;
	const { client, redraw, waits, position } = page;
	const isUser = role === "user";
	const save = (words) => (words.trim() ? client.edit(message.id, words) : "Say something.");
	const isSilent = live && (blocks.at(-1)?.done ?? true) && !blocks.some((block) => block.tool === "asks");
	return h("article", { key: message.id, class: `message ${role}${waits ? " waits" : ""}`, "aria-busy": String(live) },
		h("h2", {}, isUser ? "You" : (message.model ?? "Reply")),
		drafts.has(message)
			? draft(message, "Your message", "Send", save, redraw)
			: h("div", { class: "blocks" }, ...(isUser
				? [h("div", { class: "text" }, ...textOf(message).split(/(?<=\n)\n+/).map((part) => h("p", { dir: "auto" }, part)))]
				// A later kind: clients leave out what they do not know.
				: blocks.map((block) => Object.hasOwn(KINDS, block.kind) && KINDS[block.kind](block, page)))),
		isSilent && h("p", { class: "dots" }, message.retrying && retrying(message.retrying)),
		position > 0 && h("p", { class: "dots" }, waiting(position)),
		h("div", { class: "end" }, live ? [] : foot(message, page)),
	);
}
