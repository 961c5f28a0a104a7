// One message on the page. `sync` brings the elements to what the model says, whatever was there; `append` is the short
// way for text that only grows.

import { beforeNextFrame, copyButton, h, icon, setText } from "./dom.js";
import { textOf } from "./state.js";
import { GrowingText } from "./view-text.js";
import { ending, inputText, measures, measuresInFull, toolState } from "./words.js";

/**
 * @typedef {import("./state.js").Message} Message
 * @typedef {import("./state.js").Block} Block
 * @typedef {object} Actions
 * @property {(message: Message) => void} retry
 * @property {(text: string) => void} say gets a live reply's words as they come
 */

class TextBlock {
    element = h("div", { class: "text" });
    #text;

    /** @param {(text: string) => void} say */
    constructor(say) {
        this.#text = new GrowingText(this.element, say);
    }

    /** @param {string} text */
    append(text) {
        this.#text.append(text);
    }

    /** @param {Block} block */
    sync(block) {
        if (block.done) this.#text.finish();
        this.element.classList.toggle("growing", !block.done);
    }
}

class ThinkingBlock {
    #label = h("span");
    #body = h("div", { class: "text" });
    #text = new GrowingText(this.#body);
    element = h("details", { class: "thinking" }, h("summary", {}, this.#label), this.#body);

    /** @param {string} text */
    append(text) {
        this.#text.append(text);
    }

    /** @param {Block} block */
    sync(block) {
        if (block.done) this.#text.finish();
        setText(this.#label, block.done ? "Thought about it" : "Thinking…");
        this.element.classList.toggle("busy", !block.done);
    }
}

class ToolCard {
    #state = h("span", { class: "tool-state" });
    #name = h("span", { class: "tool-name" });
    #input = h("pre", { class: "tool-input", dir: "ltr", tabindex: "0", "aria-label": "Input" });
    #output = h("pre", { class: "tool-output", dir: "auto", tabindex: "0", "aria-label": "Result", hidden: true });
    #waiting = "";
    element = h(
        "section",
        { class: "tool" },
        h("div", { class: "tool-head" }, icon("tool"), this.#name, this.#state),
        this.#input,
        this.#output,
    );

    /** @param {string} text */
    append(text) {
        this.#waiting += text;
        beforeNextFrame(this);
    }

    flush() {
        if (this.#waiting) this.#input.append(this.#waiting);
        this.#waiting = "";
    }

    /** @param {Block} block */
    sync(block) {
        setText(this.#name, block.name ?? "tool");
        setText(this.#state, toolState(block));
        this.element.setAttribute("aria-label", `Tool ${block.name ?? ""}`);
        this.element.dataset.state = block.isError ? "error" : (block.tool ?? "called");
        if (block.done) {
            this.#waiting = "";
            setText(this.#input, inputText(block));
        }
        this.#input.hidden = block.done && this.#input.textContent === "";
        if (block.output !== undefined) {
            this.#output.hidden = false;
            setText(this.#output, block.output || "(nothing)");
        }
    }
}

export class MessageView {
    element;
    /** Whether it is the reply that can be asked for again. */
    isLast = false;
    #actions;
    #blocks = h("div", { class: "blocks" });
    #heading = h("h2");
    #dots = h("p", { class: "dots" }, h("span", { class: "words" }));
    #ending = h("div", { class: "ending", hidden: true });
    #footer = h("div", { class: "footer", hidden: true });
    /** @type {Map<number, TextBlock | ThinkingBlock | ToolCard>} */
    #views = new Map();
    #announces = false;
    #footerKey = "";
    #endingKey = "";

    /** @param {Message} message @param {Actions} actions */
    constructor(message, actions) {
        this.#actions = actions;
        this.element = h("article", { class: `message ${message.role}`, "data-id": message.id });
        this.element.append(this.#heading, this.#blocks, this.#dots, this.#ending, this.#footer);
        this.sync(message);
        this.#announces = message.live;
    }

    /** @param {number} index @param {string} text */
    append(index, text) {
        this.#views.get(index)?.append(text);
    }

    /** @param {Message} message */
    sync(message) {
        const isReply = message.role === "assistant";
        if (message.live) this.#announces = true;
        setText(this.#heading, isReply ? (message.model ?? "Reply") : "You");
        this.element.setAttribute("aria-busy", String(message.live));
        for (const block of message.blocks) {
            let view = this.#views.get(block.index);
            if (!view) {
                view = this.#viewFor(block);
                if (!view) continue;
                this.#views.set(block.index, view);
                this.#blocks.append(view.element);
                view.append(block.text);
            }
            view.sync(block);
        }
        this.#syncDots(message);
        this.#syncEnding(message);
        this.#syncFooter(message, isReply);
    }

    /** @param {Block} block */
    #viewFor(block) {
        const say = (/** @type {string} */ text) => this.#announces && this.#actions.say(text);
        switch (block.kind) {
            case "text": return new TextBlock(say);
            case "thinking": return new ThinkingBlock();
            case "tool_call": return new ToolCard();
            default: return undefined; // A later kind: clients leave out what they do not know.
        }
    }

    /** @param {Message} message */
    #syncDots(message) {
        const last = message.blocks.at(-1);
        const waits = message.live && (!last || last.done || Boolean(message.retrying));
        this.#dots.hidden = !waits;
        const { retrying } = message;
        const words = retrying ? `Trying again (attempt ${retrying.attempt}): ${retrying.message}` : "";
        setText(/** @type {Element} */ (this.#dots.firstElementChild), words);
    }

    /** @param {Message} message */
    #syncEnding(message) {
        const end = message.live ? null : ending(message);
        const key = end ? end.text + end.detail + this.isLast : "";
        if (key === this.#endingKey) return;
        this.#endingKey = key;
        this.#ending.hidden = !end;
        if (!end) return;
        this.#ending.className = end.quiet ? "ending quiet-ending" : "ending";
        const words = h("p", {}, h("strong", {}, end.text));
        if (end.detail) words.append(" ", h("span", { dir: "auto" }, end.detail));
        this.#ending.replaceChildren(...(end.quiet ? [] : [icon("alert")]), words);
        if (this.isLast) {
            const retry = h("button", { type: "button", class: "retry", onclick: () => this.#actions.retry(message) });
            retry.append(icon("retry"), "Retry");
            this.#ending.append(retry);
        }
    }

    /** @param {Message} message @param {boolean} isReply */
    #syncFooter(message, isReply) {
        const parts = isReply && !message.live ? measures(message) : [];
        const key = `${message.live}${this.isLast}${parts.join()}`;
        if (key === this.#footerKey) return;
        this.#footerKey = key;
        this.#footer.hidden = !isReply || message.live;
        if (this.#footer.hidden) return;
        const buttons = h("span", { class: "buttons" });
        if (textOf(message)) buttons.append(copyButton(() => textOf(message), "Copy this reply"));
        if (this.isLast && (!message.status || message.status === "completed")) {
            const label = "Ask for another reply";
            const attributes = { type: "button", class: "mini again", title: label, "aria-label": label };
            const again = h("button", { ...attributes, onclick: () => this.#actions.retry(message) }, icon("retry"));
            buttons.append(again);
        }
        const figures = parts.map((part) => h("span", {}, part));
        const measured = h("span", { class: "measures", title: measuresInFull(message) }, ...figures);
        this.#footer.replaceChildren(buttons, measured);
    }
}

/** A message of ours that the server has not confirmed, or has refused. */
export class PendingView {
    #note = h("div", { class: "ending quiet-ending pending-note" });
    element;
    #actions;
    #id;
    #key = "";

    /**
     * @param {import("./client.js").Pending} pending
     * @param {{ again(id: string): void, takeBack(id: string): void }} actions
     */
    constructor(pending, actions) {
        this.#id = pending.id;
        this.#actions = actions;
        const body = h("div", { class: "text" });
        const text = new GrowingText(body);
        text.append(pending.text);
        text.finish();
        const blocks = h("div", { class: "blocks" }, body);
        this.element = h("article", { class: "message user pending" }, h("h2", {}, "You"), blocks, this.#note);
    }

    /** @param {string} words @param {boolean} refused */
    sync(words, refused) {
        const key = words + refused;
        if (key === this.#key) return;
        this.#key = key;
        this.element.classList.toggle("refused", refused);
        this.#note.className = refused ? "ending" : "ending quiet-ending pending-note";
        this.#note.replaceChildren(...(refused ? [icon("alert")] : []), h("p", {}, words));
        if (!refused) return;
        const again = h("button", { type: "button", class: "retry", onclick: () => this.#actions.again(this.#id) }, "Retry");
        const edit = h("button", { type: "button", class: "retry", onclick: () => this.#actions.takeBack(this.#id) }, "Edit");
        this.#note.append(again, edit);
    }
}
