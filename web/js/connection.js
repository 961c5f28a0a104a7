// One WebSocket that is kept open: connecting, noticing a dead peer, waiting and trying again.
// It knows nothing of sessions; client.js does.

/**
 * @typedef {object} Status
 * @property {"connecting" | "online" | "waiting" | "stopped"} state
 * @property {string} reason why it is not online, for a person; empty where there is nothing to say
 * @property {number} [code] the close code that led here
 * @property {number} [retryAt] when the next attempt comes, as `Date.now()` counts (state `waiting`)
 */

/** Milliseconds until a connection that did not get its welcome counts as failed: twice what a slow phone needs. */
const WELCOME_TIMEOUT_MS = 15_000;
/** Milliseconds a connection must have lasted for the next wait to be short again, so that a crash loop is no storm. */
const STABLE_MS = 10_000;
/** Milliseconds of the first and the longest wait between attempts. */
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** What a close code means to a person, and the shortest wait that it asks for in milliseconds. */
const CLOSES = new Map([
    [1001, { reason: "The server is going away.", floor: 0 }],
    [1002, { reason: "The server did not understand this page.", floor: 5_000 }],
    [1003, { reason: "The server did not understand this page.", floor: 5_000 }],
    [1007, { reason: "The server did not understand this page.", floor: 5_000 }],
    [1008, { reason: "The server closed the connection: it was too slow, or said too much.", floor: 5_000 }],
    [1009, { reason: "The message was too large for the server.", floor: 1_000 }],
    [1011, { reason: "The server had an internal error.", floor: 2_000 }],
    [1012, { reason: "The server is restarting.", floor: 500 }],
    [1013, { reason: "The server is overloaded.", floor: 5_000 }],
    [4401, { reason: "You are not signed in any more. Reload the page to go on.", floor: Infinity }],
    [4408, { reason: "The connection was idle for too long.", floor: 0 }],
    [4429, { reason: "Too many connections or messages at once.", floor: 10_000 }],
]);

/**
 * How long to wait before an attempt: doubling, with jitter so that a thousand pages do not come back at once.
 *
 * @param {number} attempt 0 for the first
 * @param {number} floor the least, in milliseconds
 * @param {() => number} random
 * @returns {number} milliseconds
 */
export function backoff(attempt, floor = 0, random = Math.random) {
    const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
    return Math.round(floor + ceiling / 2 + (random() * ceiling) / 2);
}

export class Connection {
    /** @type {Status} */
    status = { state: "stopped", reason: "" };
    #url;
    #handlers;
    /** @type {WebSocket | null} */
    #socket = null;
    #attempt = 0;
    #onlineSince = 0;
    /** No attempt before this, whatever wakes us: the server asked for the wait. */
    #notBefore = 0;
    #retryTimer = 0;
    #watchTimer = 0;
    #heardAt = 0;
    #pingIntervalMs = 30_000;

    /**
     * @param {string} url
     * @param {{ onOpen(): void, onFrame(frame: any): void, onClose(code: number): void, onStatus(status: Status): void }} handlers
     *   `onOpen` says hello; the connection counts as online once `settled` was called.
     */
    constructor(url, handlers) {
        this.#url = url;
        this.#handlers = handlers;
    }

    start() {
        if (this.#socket) return;
        clearTimeout(this.#retryTimer);
        this.#set({ state: "connecting", reason: this.status.reason });
        const socket = new WebSocket(this.#url, "whinchat.v1");
        this.#socket = socket;
        socket.onopen = () => this.#handlers.onOpen();
        socket.onmessage = (event) => this.#received(event.data);
        socket.onclose = (event) => this.#closed(event.code);
        this.#watchTimer = setTimeout(() => this.#abandon(1006), WELCOME_TIMEOUT_MS);
    }

    stop() {
        clearTimeout(this.#retryTimer);
        this.#drop(1000);
        this.#set({ state: "stopped", reason: "" });
    }

    /** Tries at once, where a person or the network says that it is worth it. */
    wake() {
        if (this.status.state === "waiting") {
            if (Date.now() >= this.#notBefore) this.start();
        } else if (this.status.state === "online") {
            // Back from sleep, or on another network: ask, and do not wait long for the answer.
            this.#ask(5_000);
        }
    }

    /** @param {object} frame @returns {boolean} whether it left */
    send(frame) {
        if (this.#socket?.readyState !== WebSocket.OPEN) return false;
        this.#socket.send(JSON.stringify(frame));
        return true;
    }

    /** The server welcomed us. @param {number | undefined} pingIntervalMs */
    settled(pingIntervalMs) {
        if (pingIntervalMs) this.#pingIntervalMs = pingIntervalMs;
        if (!this.#onlineSince) this.#onlineSince = Date.now();
        this.#watch();
        this.#set({ state: "online", reason: "" });
    }

    /** The server says that it leaves, and when to come back. @param {number} ms */
    comeBackAfter(ms) {
        this.#notBefore = Date.now() + ms;
    }

    /** @param {string} data */
    #received(data) {
        this.#heardAt = Date.now();
        let frame;
        try {
            frame = JSON.parse(data);
        } catch {
            return; // Not a frame of ours; the server says what matters again.
        }
        this.#handlers.onFrame(frame);
    }

    /** Silence for one ping interval: ask. For another: the peer is gone, even if TCP has not noticed. */
    #watch() {
        clearTimeout(this.#watchTimer);
        this.#watchTimer = setTimeout(() => {
            if (Date.now() - this.#heardAt < this.#pingIntervalMs) this.#watch();
            else this.#ask(this.#pingIntervalMs);
        }, Math.max(50, this.#heardAt + this.#pingIntervalMs - Date.now()));
    }

    /** @param {number} patience milliseconds */
    #ask(patience) {
        const asked = Date.now();
        this.send({ type: "ping", t: asked });
        clearTimeout(this.#watchTimer);
        this.#watchTimer = setTimeout(() => {
            if (this.#heardAt >= asked) this.#watch();
            else this.#abandon(1006);
        }, patience);
    }

    /** Gives the socket up without waiting for a closing handshake that a dead peer never answers. @param {number} code */
    #abandon(code) {
        this.#drop(1000);
        this.#closed(code);
    }

    /** @param {number} code */
    #drop(code) {
        clearTimeout(this.#watchTimer);
        const socket = this.#socket;
        this.#socket = null;
        if (!socket) return;
        socket.onopen = socket.onmessage = socket.onclose = null;
        socket.close(code);
    }

    /** @param {number} code */
    #closed(code) {
        clearTimeout(this.#watchTimer);
        this.#socket = null;
        if (this.#onlineSince && Date.now() - this.#onlineSince > STABLE_MS) this.#attempt = 0;
        const wasOnline = this.#onlineSince > 0;
        this.#onlineSince = 0;
        const { reason, floor } = CLOSES.get(code) ?? {
            reason: wasOnline ? "The connection was lost." : "The server cannot be reached.",
            floor: 0,
        };
        this.#handlers.onClose(code);
        if (floor === Infinity) {
            this.#set({ state: "stopped", reason, code });
            return;
        }
        this.#notBefore = Math.max(this.#notBefore, Date.now() + floor);
        const wait = backoff(this.#attempt++, Math.max(0, this.#notBefore - Date.now()));
        this.#retryTimer = setTimeout(() => this.start(), wait);
        this.#set({ state: "waiting", reason, code, retryAt: Date.now() + wait });
    }

    /** @param {Status} status */
    #set(status) {
        this.status = status;
        this.#handlers.onStatus(status);
    }
}
