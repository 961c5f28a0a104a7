// The page: which messages are shown, where the reader is in them, and what stands around them.

import { h, setText } from "./dom.js";
import { shownMessages } from "./state.js";
import { MessageView, PendingView } from "./view-message.js";
import { refusal } from "./words.js";

/** Pixels from the end that still count as the end: less than a line and a half. */
const NEAR_END = 40;

/** Follows the end of a growing content while the reader is there, and never pulls a reader who is not. */
export class Follower {
    #box;
    #button;
    #follows = true;
    #lastTop = 0;

    /** @param {HTMLElement} box what scrolls @param {HTMLElement} content what grows @param {HTMLElement} button */
    constructor(box, content, button) {
        this.#box = box;
        this.#button = button;
        box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
        button.addEventListener("click", () => this.toEnd());
        const observer = new ResizeObserver(() => this.#resized());
        observer.observe(box);
        observer.observe(content);
    }

    toEnd() {
        this.#follows = true;
        this.#box.scrollTop = this.#box.scrollHeight;
        this.#lastTop = this.#box.scrollTop;
        this.#button.hidden = true;
    }

    /** Keeps what is read in its place while something is put above it. @param {() => void} change */
    keepPlace(change) {
        const fromEnd = this.#box.scrollHeight - this.#box.scrollTop;
        change();
        this.#box.scrollTop = this.#box.scrollHeight - fromEnd;
    }

    get #isAtEnd() {
        return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < NEAR_END;
    }

    #scrolled() {
        const top = this.#box.scrollTop;
        // Only a reader scrolls up; that the end has moved away means nothing.
        if (this.#isAtEnd) this.#follows = true;
        else if (top < this.#lastTop) this.#follows = false;
        this.#lastTop = top;
        this.#button.hidden = this.#follows || this.#isAtEnd;
    }

    #resized() {
        if (this.#follows) this.toEnd();
        else this.#button.hidden = this.#isAtEnd;
    }
}

/** The messages, in order. */
export class Transcript {
    #root;
    #actions;
    /** @type {Map<string, MessageView>} */
    #messages = new Map();
    /** @type {Map<string, PendingView>} */
    #pending = new Map();

    /**
     * @param {HTMLElement} root
     * @param {import("./view-message.js").Actions & { again(id: string): void, takeBack(id: string): void }} actions
     */
    constructor(root, actions) {
        this.#root = root;
        this.#actions = actions;
    }

    clear() {
        this.#messages.clear();
        this.#pending.clear();
        this.#root.replaceChildren();
    }

    /** @param {string} id @param {number} index @param {string} text */
    append(id, index, text) {
        this.#messages.get(id)?.append(index, text);
    }

    /** @param {import("./state.js").Message | undefined} message */
    sync(message) {
        if (message) this.#messages.get(message.id)?.sync(message);
    }

    /**
     * Brings the list to what is to be shown; elements that stay are not touched.
     *
     * @param {import("./client.js").ChatClient} client
     */
    arrange(client) {
        const shown = shownMessages(client.model);
        const keep = new Set(shown.map((message) => message.id));
        for (const [id, view] of this.#messages) {
            if (keep.has(id)) continue;
            view.element.remove();
            this.#messages.delete(id);
        }
        const isQuiet = client.model.turns.size === 0;
        /** @type {Element | null} */
        let next = this.#root.firstElementChild;
        for (const message of shown) {
            let view = this.#messages.get(message.id);
            const hasEnded = message.role === "assistant" || message.status !== undefined;
            const isLast = isQuiet && hasEnded && message === shown.at(-1);
            if (!view) {
                view = new MessageView(message, this.#actions);
                this.#messages.set(message.id, view);
            }
            if (view.isLast !== isLast) {
                view.isLast = isLast;
                view.sync(message);
            }
            view.element.classList.toggle("waits", client.model.waiting.includes(message.id) && !message.status);
            if (view.element === next) next = next.nextElementSibling;
            else this.#root.insertBefore(view.element, next);
        }
        this.#arrangePending(client);
    }

    /** @param {import("./client.js").ChatClient} client */
    #arrangePending(client) {
        const sends = client.pending.filter((each) => each.frame.type === "send");
        for (const [id, view] of this.#pending) {
            if (sends.some((each) => each.id === id)) continue;
            view.element.remove();
            this.#pending.delete(id);
        }
        for (const pending of sends) {
            let view = this.#pending.get(pending.id);
            if (!view) {
                view = new PendingView(pending, this.#actions);
                this.#pending.set(pending.id, view);
            }
            if (view.element.parentElement !== this.#root) this.#root.append(view.element);
            const isOnline = client.status.state === "online";
            const words = pending.error ? refusal(pending.error) : isOnline ? "Sending…" : "Goes out once connected";
            view.sync(words, pending.error !== undefined);
        }
    }
}

/** What to try first. `demo`: only the built-in model breaks on request. */
const SUGGESTIONS = [
    { text: "Write something long", hint: "Watch the words arrive, then press Stop" },
    { text: "What is 6×7? Use the calculator.", hint: "See a tool being called" },
    { text: "What time is it in Tokyo?", hint: "Another tool, with an input of its own" },
    { text: "Break in the middle", hint: "See an error where it happens, and Retry", demo: true },
    { text: "Explain WebSockets in three sentences.", hint: "A short answer to begin with", demo: false },
];

/** What stands where no message is yet. @param {HTMLElement} root @param {any} settings @param {(text: string) => void} send */
export function drawWelcome(root, settings, send) {
    const model = settings.model ?? "";
    const isDemo = /demo/i.test(model);
    const who = h("p", { class: "lede" }, h("strong", {}, model || "A model"), " answers here.");
    who.append(
        isDemo
            ? " It is built in, needs no key, and only plays a model, so that you can see everything else work."
            : " What it says appears while it says it.",
    );
    const buttons = SUGGESTIONS.filter((each) => each.demo === undefined || each.demo === isDemo).map((each) =>
        h(
            "button",
            { type: "button", class: "suggestion", onclick: () => send(each.text) },
            h("span", { class: "what" }, each.text),
            h("span", { class: "why" }, each.hint),
        ),
    );
    const heading = h("h2", {}, "What shall we talk about?");
    root.replaceChildren(heading, who, h("div", { class: "suggestions", role: "group", "aria-label": "Things to try" }, ...buttons));
}

/** The connection's state, quietly: a dot while all is well, words where it is not. */
export class ConnectionView {
    #root;
    #words;
    #button;
    #timer = 0;

    /** @param {HTMLElement} root @param {() => void} act */
    constructor(root, act) {
        this.#root = root;
        this.#words = /** @type {HTMLElement} */ (root.querySelector(".words"));
        this.#button = /** @type {HTMLButtonElement} */ (root.querySelector("button"));
        this.#button.addEventListener("click", act);
    }

    /** @param {import("./connection.js").Status} status */
    show(status) {
        clearInterval(this.#timer);
        this.#root.title = status.reason;
        const draw = () => {
            const { state, words, action } = describe(status);
            this.#root.dataset.state = state;
            setText(this.#words, words);
            setText(this.#button, action);
            this.#button.hidden = action === "";
        };
        draw();
        if (status.state === "waiting") this.#timer = setInterval(draw, 500);
    }
}

/** @param {import("./connection.js").Status} status */
function describe(status) {
    switch (status.state) {
        case "online": return { state: "online", words: "Connected", action: "" };
        case "connecting": return { state: "connecting", words: status.reason ? "Reconnecting…" : "Connecting…", action: "" };
        case "stopped": return { state: "offline", words: status.code === 4401 ? "Signed out" : "Offline", action: "Reload" };
        default: {
            if (!navigator.onLine) return { state: "offline", words: "Offline", action: "Try now" };
            const left = Math.max(0, Math.ceil(((status.retryAt ?? 0) - Date.now()) / 1_000));
            return { state: "waiting", words: left > 0 ? `Reconnecting in ${left} s` : "Reconnecting…", action: left > 2 ? "Try now" : "" };
        }
    }
}
