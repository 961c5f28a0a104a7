// One WebSocket that is kept open: it notices a dead peer, waits and tries again. Sessions are not its matter.

/**
 * `reason`: why it is not online, for a person; `code`: the close code; `retryAt`: in milliseconds since 1970.
 * @typedef {{state: "connecting" | "online" | "waiting" | "stopped", reason: string, code?: number, retryAt?: number}} Status
 */

/** Milliseconds until a connection without a welcome has failed. */
const WELCOME_TIMEOUT = 15_000;
/** Milliseconds a connection must last for the next wait to be short again. */
const STABLE = 10_000;

/** By close code: what it means to a person, and the shortest wait, in milliseconds. */
const CLOSES = {
	1008: ["This connection was too slow, or sent too much.", 5_000],
	1009: ["The message was too large for the server.", 1_000],
	1011: ["The server had an internal error.", 2_000],
	1012: ["The server is restarting.", 500],
	1013: ["The server is overloaded.", 5_000],
	4401: ["You are not signed in any more. Reload the page to go on.", Infinity],
	4429: ["Too many connections or messages at once.", 10_000],
};

/** Milliseconds to wait before an attempt (0 is the first): doubling to 30 s, with jitter, and never below `floor`. */
export function backoff(attempt, floor = 0, random = Math.random) {
	const ceiling = Math.min(30_000, 500 * 2 ** attempt);
	return Math.round(floor + (ceiling * (1 + random())) / 2);
}

export class Connection {
	/** @type {Status} */
	status = { state: "stopped", reason: "" };
	#socket = null;
	#attempt = 0;
	#onlineSince = 0;
	#notBefore = 0;
	#retryTimer = 0;
	#watchTimer = 0;
	#heardAt = 0;
	#pingInterval = 30_000;

	constructor(url, handlers) {
		this.url = url;
		this.handlers = handlers;
	}

	start() {
		if (this.#socket) return;
		clearTimeout(this.#retryTimer);
		this.#set({ state: "connecting", reason: this.status.reason });
		const socket = (this.#socket = new WebSocket(this.url, "whinchat.v1"));
		socket.onopen = () => this.handlers.onOpen();
		socket.onclose = (event) => this.#closed(event.code);
		socket.onmessage = (event) => {
			this.#heardAt = Date.now();
			this.handlers.onFrame(JSON.parse(event.data));
		};
		this.#watchTimer = setTimeout(() => this.#abandon(), WELCOME_TIMEOUT);
	}

	stop() {
		clearTimeout(this.#retryTimer);
		this.#drop();
		this.#set({ state: "stopped", reason: "" });
	}

	/** Worth a try at once, unless the server asked for a pause. */
	wake() {
		if (this.status.state === "online") this.#ask(5_000);
		else if (this.status.state === "waiting" && Date.now() >= this.#notBefore) this.start();
	}

	/** @returns {boolean} whether the frame left */
	send(frame) {
		if (this.#socket?.readyState !== WebSocket.OPEN) return false;
		this.#socket.send(JSON.stringify(frame));
		return true;
	}

	/** The server welcomed us. */
	settled(pingInterval) {
		this.#pingInterval = pingInterval || this.#pingInterval;
		this.#onlineSince ||= Date.now();
		this.#watch();
		this.#set({ state: "online", reason: "" });
	}

	/** The server leaves, and said when to come back. */
	comeBackAfter(ms) {
		this.#notBefore = Date.now() + ms;
	}

	/** Silence for one ping interval: ask. For another: the peer is gone, even where TCP has not noticed. */
	#watch() {
		clearTimeout(this.#watchTimer);
		this.#watchTimer = setTimeout(() => {
			if (Date.now() - this.#heardAt < this.#pingInterval) this.#watch();
			else this.#ask(this.#pingInterval);
		}, Math.max(50, this.#heardAt + this.#pingInterval - Date.now()));
	}

	#ask(patience) {
		const asked = Date.now();
		this.send({ type: "ping", t: asked });
		clearTimeout(this.#watchTimer);
		this.#watchTimer = setTimeout(() => (this.#heardAt >= asked ? this.#watch() : this.#abandon()), patience);
	}

	/** Nobody waits for the closing handshake of a dead peer. */
	#abandon() {
		this.#drop();
		this.#closed(1006);
	}

	#drop() {
		clearTimeout(this.#watchTimer);
		const socket = this.#socket;
		this.#socket = null;
		if (!socket) return;
		socket.onopen = socket.onmessage = socket.onclose = null;
		socket.close();
	}

	#closed(code) {
		clearTimeout(this.#watchTimer);
		this.#socket = null;
		const now = Date.now();
		const lost = this.#onlineSince ? "The connection was lost." : "The server cannot be reached.";
		const [reason, floor] = CLOSES[code] ?? [lost, 0];
		if (this.#onlineSince && now - this.#onlineSince > STABLE) this.#attempt = 0;
		this.#onlineSince = 0;
		this.handlers.onClose(code);
		if (floor === Infinity) return this.#set({ state: "stopped", reason, code });
		this.#notBefore = Math.max(this.#notBefore, now + floor);
		const wait = backoff(this.#attempt++, Math.max(0, this.#notBefore - now));
		this.#retryTimer = setTimeout(() => this.start(), wait);
		this.#set({ state: "waiting", reason, code, retryAt: now + wait });
	}

	#set(status) {
		this.status = status;
		this.handlers.onStatus(status);
	}
}
