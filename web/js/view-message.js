// One message on the page. `sync` brings its elements to what the model says, whatever was there; `append` is the short
// way for text that only grows.

import { beforeNextFrame, button, copyButton, h, icon, setText } from "./dom.js";
import { textOf } from "./state.js";
import { GrowingText } from "./view-text.js";
import { ending, measures, toolState } from "./words.js";

class TextBlock {
	body = h("div", { class: "text" });
	element = this.body;

	constructor(say) {
		this.text = new GrowingText(this.body, say);
	}

	append(text) {
		this.text.append(text);
	}

	sync(block) {
		if (block.done) this.text.finish();
		this.body.classList.toggle("growing", !block.done);
	}
}

class ThinkingBlock extends TextBlock {
	label = h("summary");
	element = h("details", { class: "thinking" }, this.label, this.body);

	sync(block) {
		super.sync(block);
		setText(this.label, block.done ? "Thought about it" : "Thinking…");
		this.element.classList.toggle("busy", !block.done);
	}
}

class ToolCard {
	state = h("span", { class: "tool-state" });
	name = h("span", { class: "tool-name" });
	input = h("pre", { class: "tool-input", dir: "ltr", tabindex: 0, "aria-label": "Input" });
	output = h("pre", { class: "tool-output", dir: "auto", tabindex: 0, "aria-label": "Result" });
	head = h("div", { class: "tool-head" }, icon("tool"), this.name, this.state);
	element = h("section", { class: "tool" }, this.head, this.input, this.output);
	arrived = "";

	append(text) {
		this.arrived += text;
		beforeNextFrame(this);
	}

	flush() {
		this.input.append(this.arrived);
		this.arrived = "";
	}

	sync(block) {
		setText(this.name, block.name);
		setText(this.state, toolState(block));
		this.element.setAttribute("aria-label", `Tool ${block.name}`);
		this.element.dataset.state = block.isError ? "error" : block.tool;
		if (block.input !== undefined) {
			const line = JSON.stringify(block.input);
			this.arrived = "";
			setText(this.input, line.length < 72 ? line : JSON.stringify(block.input, null, 2));
		}
		if (block.tool === "ended") setText(this.output, block.output || "(nothing)");
	}
}

export class MessageView {
	/** The last one shown, of a turn that has ended: it can be asked for again. */
	isLast = false;
	#heading = h("h2");
	#blocks = h("div", { class: "blocks" });
	#dots = h("p", { class: "dots" });
	#end = h("div", { class: "end" });
	#drawnEnd = "";
	#views = new Map();

	/** Of the actions, `say` gets a live reply's words as they come. */
	constructor(message, actions) {
		this.actions = actions;
		this.element = h("article", { class: `message ${message.role}` }, this.#heading, this.#blocks, this.#dots, this.#end);
		this.sync(message);
	}

	append(index, text) {
		this.#views.get(index)?.append(text);
	}

	sync(message) {
		setText(this.#heading, message.role === "user" ? "You" : (message.model ?? "Reply"));
		this.element.setAttribute("aria-busy", message.live);
		for (const block of message.blocks) {
			const view = this.#views.get(block.index) ?? this.#add(block, message);
			view?.sync(block);
		}
		const { live, retrying } = message;
		this.#dots.hidden = !live || !(message.blocks.at(-1)?.done ?? true);
		setText(this.#dots, retrying ? `Trying again (attempt ${retrying.attempt}): ${retrying.message}` : "");
		this.#syncEnd(message);
	}

	#add(block, message) {
		const say = (text) => message.live && block.kind === "text" && this.actions.say(text);
		const kinds = { text: TextBlock, thinking: ThinkingBlock, tool_call: ToolCard };
		// A later kind: clients leave out what they do not know.
		if (!Object.hasOwn(kinds, block.kind)) return undefined;
		const view = new kinds[block.kind](say);
		this.#views.set(block.index, view);
		this.#blocks.append(view.element);
		view.append(block.text);
		return view;
	}

	/** What stands below: how it ended, what one can do with it, what it cost. */
	#syncEnd(message) {
		const end = ending(message);
		const key = [message.live, this.isLast, message.status, message.usage].join();
		if (key === this.#drawnEnd) return;
		this.#drawnEnd = key;
		this.#end.replaceChildren();
		if (message.live) return;
		if (message.cut) this.#end.append(h("div", { class: "ending quiet-ending" }, "Only the beginning is shown."));
		const retry = () => this.actions.retry(message);
		if (end) {
			const buttons = [];
			const isUnsent = message.status === "unsent";
			if (this.isLast || isUnsent) buttons.push(button("retry", "Retry", retry, icon("retry"), "Retry"));
			if (isUnsent) buttons.push(button("retry", "Edit", () => this.actions.edit(message), "Edit"));
			const words = h("p", { dir: "auto" }, h("strong", {}, end.text), ` ${end.detail}`);
			this.#end.append(h("div", { class: end.quiet ? "ending quiet-ending" : "ending" }, end.quiet ? "" : icon("alert"), words, ...buttons));
		}
		if (message.role === "user") return;
		const footer = h("div", { class: "footer" });
		if (textOf(message)) footer.append(copyButton(() => textOf(message), "Copy this reply"));
		if (this.isLast && !end) footer.append(button("mini again", "Ask for another reply", retry, icon("retry")));
		footer.append(h("span", { class: "measures" }, measures(message)));
		this.#end.append(footer);
	}
}
