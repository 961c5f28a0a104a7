// A chat client on the protocol whinchat.v1, without a page. Any page can be built on it:
//
//     import { ChatClient } from "./client.js";
//     import { shownMessages, textOf } from "./state.js";
//
//     const log = document.querySelector("pre");
//     const client = new ChatClient({
//         session: location.hash.slice(1) || null,
//         onChange() {
//             location.replace("#" + client.model.session);
//             log.textContent = shownMessages(client.model).map((each) => each.role + ": " + textOf(each)).join("\n");
//         },
//         onStatus: (status) => (document.title = status.state),
//     });
//     document.querySelector("form").onsubmit = (event) => {
//         event.preventDefault();
//         client.send(event.target.elements.text.value);
//     };
//     document.querySelector("button.stop").onclick = () => client.stop();
//     client.connect();
//
// What is sent while there is no connection goes out once there is one, and once only: each command keeps its id over
// reconnects, and the server gives the same id one effect. What was missed meanwhile comes by `seq`.

import { Connection } from "./connection.js";
import { currentTurn, emptyModel, reduce } from "./state.js";

/**
 * @typedef {object} Pending a command that the server has not answered yet
 * @property {string} id
 * @property {any} frame
 * @property {string} text what a `send` says; empty for other commands
 * @property {boolean} left whether it may have reached the server
 * @property {{code: string, message: string, retryable?: boolean, retry_after_ms?: number}} [error] it was refused
 */

/** How many messages a snapshot shall hold; the server cuts it by bytes as well. */
const HISTORY = 200;

/** The socket's address beside the page's. */
export function defaultURL() {
    return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/v1/chat`;
}

/** 96 random bits as an id of the protocol. (`crypto.randomUUID` is missing where a page comes over plain http.) */
export function newID(prefix = "m") {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return prefix + "_" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class ChatClient {
    model = emptyModel();
    /** @type {Pending[]} in the order in which they were said */
    pending = [];
    #connection;
    #onChange;
    #onNotice;
    /** @type {string | null} the session we want; null for a new one */
    #session;
    /** The id of the `open` that waits for its welcome. Until it comes, frames are of the session before. @type {string | null} */
    #opening = null;
    #ready = false;
    /** The server no longer has the session that is shown; it can be read, and that is all. */
    isGone = false;
    /** Kept until it succeeded, so that a lost answer does not leave a second new session behind. */
    #createID = newID("o");
    /** Cancels until their turn has ended. @type {Map<string, any>} */
    #cancels = new Map();

    /**
     * @param {object} options
     * @param {string} [options.url]
     * @param {string | null} [options.session] the session to go on with
     * @param {(changes: import("./state.js").Change[]) => void} [options.onChange] the model or `pending` has changed
     * @param {(status: import("./connection.js").Status) => void} [options.onStatus]
     * @param {(notice: {code: string, message: string}) => void} [options.onNotice] errors that belong to no message
     */
    constructor({ url = defaultURL(), session = null, onChange = () => {}, onStatus = () => {}, onNotice = () => {} }) {
        this.#session = session;
        this.#onChange = onChange;
        this.#onNotice = onNotice;
        this.#connection = new Connection(url, {
            onOpen: () => this.#open(),
            onFrame: (frame) => this.#received(frame),
            onClose: (code) => this.#closed(code),
            onStatus,
        });
    }

    get status() {
        return this.#connection.status;
    }

    connect() {
        this.#connection.start();
    }

    disconnect() {
        this.#connection.stop();
    }

    /** The network is back, or somebody looks at the page again. */
    wake() {
        this.#connection.wake();
    }

    /**
     * Switches to another session, or to a new one.
     *
     * @param {string | null} session
     * @returns {string} the words that never left for the session before
     */
    open(session) {
        const unsent = this.pending.filter((each) => !each.left || each.error).map((each) => each.text);
        this.pending = [];
        this.#cancels.clear();
        this.#session = session;
        this.#createID = newID("o");
        this.model = emptyModel();
        this.isGone = false;
        if (this.status.state === "stopped") this.#connection.start();
        else this.#open();
        this.#onChange([{ what: "reset" }]);
        return unsent.filter(Boolean).join("\n\n");
    }

    /** @param {string} text @returns {string} the command's id */
    send(text) {
        const id = newID();
        return this.#push({ id, frame: { type: "send", id, text }, text, left: false });
    }

    /** Asks for another reply in place of this one. @param {string} message the reply */
    regenerate(message) {
        const id = newID();
        return this.#push({ id, frame: { type: "regenerate", id, message }, text: "", left: false });
    }

    /** Says again what was refused; under the same id, since a refused command had no effect. @param {string} id */
    retry(id) {
        const pending = this.pending.find((each) => each.id === id);
        if (!pending) return;
        pending.error = undefined;
        this.#transmit(pending);
        this.#onChange([{ what: "path" }]);
    }

    /** Takes back what was refused or never left. @param {string} id @returns {string} its words */
    withdraw(id) {
        const pending = this.pending.find((each) => each.id === id);
        this.pending = this.pending.filter((each) => each !== pending);
        this.#onChange([{ what: "path" }]);
        return pending?.text ?? "";
    }

    /** Whether there is something that `stop` would stop. */
    get isBusy() {
        return this.model.turns.size > 0 || this.pending.some((each) => !each.error);
    }

    /** Whether the current turn was told to stop and has not ended yet. */
    get isStopping() {
        return this.#cancels.size > 0;
    }

    /**
     * Stops the running turn, or the first that waits, from the command on.
     *
     * @returns {string} the words of a message that had not left yet and is taken back
     */
    stop() {
        const turn = currentTurn(this.model);
        const pending = this.pending.find((each) => !each.error);
        if (turn) this.#cancel(turn.id, { turn: turn.id });
        else if (pending?.left) this.#cancel(pending.id, { send: pending.id });
        else if (pending) return this.withdraw(pending.id);
        return "";
    }

    /** Asks for the messages before the first one. */
    loadOlder() {
        const [first] = this.model.messages.keys();
        let oldest = this.model.head ?? first;
        for (let each = this.model.messages.get(oldest); each; each = this.model.messages.get(each.parent ?? "")) {
            oldest = each.id;
        }
        this.#connection.send({ type: "history", id: newID("h"), before: oldest, limit: 100 });
    }

    /**
     * Why a text cannot be sent, by the server's bounds; null if it can.
     *
     * @param {string} text
     */
    refusal(text) {
        const { message_scalars: scalars, message_bytes: bytes } = this.model.limits;
        let count = text.length;
        // Only then can counting matter: a scalar is at most two UTF-16 units.
        if (scalars && count > scalars) {
            count = Array.from(text).length;
            if (count > scalars) {
                return `${count.toLocaleString()} characters; a message has at most ${scalars.toLocaleString()}.`;
            }
        }
        if (bytes && text.length * 6 > bytes && new TextEncoder().encode(JSON.stringify(text)).length > bytes) {
            return `Too long by its bytes; a message has at most ${Math.floor(bytes / 1024).toLocaleString()} KiB.`;
        }
        return null;
    }

    /** @param {Pending} pending */
    #push(pending) {
        this.pending.push(pending);
        this.#transmit(pending);
        this.#onChange([{ what: "path" }]);
        return pending.id;
    }

    /** @param {Pending} pending */
    #transmit(pending) {
        if (this.#ready && this.#connection.send(pending.frame)) pending.left = true;
    }

    /** @param {string} key @param {{turn?: string, send?: string}} which */
    #cancel(key, which) {
        const frame = { type: "cancel", id: newID("c"), ...which };
        this.#cancels.set(key, frame);
        if (this.#ready) this.#connection.send(frame);
        this.#onChange([{ what: "session" }]);
    }

    #open() {
        const { session, epoch, seq } = this.model;
        const known = this.#session !== null && session === this.#session && epoch !== null;
        this.#opening = this.#session === null ? this.#createID : newID("o");
        this.#ready = false;
        const sent = this.#connection.send({
            type: "open",
            id: this.#opening,
            ...(this.#session !== null && { session: this.#session }),
            ...(known && { epoch, after: seq }),
            history: HISTORY,
        });
        if (!sent) this.#opening = null;
    }

    /** @param {any} frame */
    #received(frame) {
        if (frame.type === "pong") return;
        if (frame.type === "going_away") {
            this.#connection.comeBackAfter(frame.reconnect_after_ms ?? 0);
            return;
        }
        if (this.#opening !== null) {
            const isAnswer = frame.ref === this.#opening || (frame.ref === undefined && frame.type === "welcome");
            if (isAnswer && frame.type === "error") this.#notOpened(frame);
            if (!isAnswer || frame.type !== "welcome") return;
            this.#welcomed(frame);
            return;
        }
        if (frame.type === "error") {
            this.#refused(frame);
            return;
        }
        const answered = this.pending.findIndex((each) => each.id === frame.ref);
        const changes = reduce(this.model, frame);
        if (answered >= 0) {
            this.pending.splice(answered, 1);
            changes.push({ what: "path" });
        }
        if (frame.type === "turn.done") {
            this.#cancels.delete(frame.turn);
            if (frame.ref) this.#cancels.delete(frame.ref);
            changes.push({ what: "session" });
        } else if (frame.type === "message" && this.#cancels.has(frame.ref)) {
            // A stop that named the send: from here on it is the turn's, whose end we shall see.
            const cancel = this.#cancels.get(frame.ref);
            this.#cancels.delete(frame.ref);
            if (!frame.replay && frame.message.turn) this.#cancels.set(frame.message.turn, cancel);
        }
        if (changes.some((change) => change.what === "lost")) {
            // Something is shown that we never got: take it all as it stands now.
            this.model.epoch = null;
            this.#open();
        }
        if (changes.length > 0) this.#onChange(changes);
    }

    /** @param {any} frame */
    #welcomed(frame) {
        this.#opening = null;
        this.#session = frame.session;
        this.#ready = true;
        const changes = reduce(this.model, frame);
        this.#connection.settled(frame.ping_interval_ms);
        for (const pending of this.pending) if (!pending.error) this.#transmit(pending);
        for (const [key, cancel] of this.#cancels) {
            // Where the turn has ended meanwhile, a cancel without an end to come would never leave the map.
            if (frame.state === "idle" && !this.pending.some((each) => each.id === key)) this.#cancels.delete(key);
            else this.#connection.send(cancel);
        }
        this.#onChange(changes);
    }

    /** @param {any} error */
    #notOpened(error) {
        this.#opening = null;
        if (error.code === "not_found" && this.#session !== null) {
            // What the page still shows stays readable; only an empty page goes on by itself.
            this.isGone = this.model.messages.size > 0;
            this.#onNotice({ code: "not_found", message: this.isGone ? "gone" : "missing" });
            if (this.isGone) {
                this.#connection.stop();
                for (const pending of this.pending) pending.error ??= error;
                this.model.turns.clear();
                this.#cancels.clear();
                this.#onChange([{ what: "path" }]);
            } else {
                this.#session = null;
                this.#open();
            }
            return;
        }
        this.#onNotice(error);
    }

    /** @param {any} error */
    #refused(error) {
        const pending = this.pending.find((each) => each.id === error.ref);
        if (pending) {
            this.#cancels.delete(pending.id);
            if (pending.frame.type === "send") pending.error = error;
            else {
                this.pending = this.pending.filter((each) => each !== pending);
                this.#onNotice(error);
            }
            this.#onChange([{ what: "path" }]);
            return;
        }
        for (const [key, cancel] of this.#cancels) {
            if (cancel.id !== error.ref) continue;
            // Nothing to stop any more is what a stop wants.
            this.#cancels.delete(key);
            this.#onChange([{ what: "session" }]);
            return;
        }
        this.#onNotice(error);
    }

    /** @param {number} code */
    #closed(code) {
        this.#ready = false;
        this.#opening = null;
        // Sent again, it would close the next connection as well.
        const tooLarge = code === 1009 ? this.pending.find((each) => each.left && !each.error) : undefined;
        if (tooLarge) {
            tooLarge.error = { code: "too_large", message: "The message is too large for the server." };
            this.#onChange([{ what: "path" }]);
        }
    }
}
