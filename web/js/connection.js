// One WebSocket that is kept open, or what stands for it where none gets through: it notices a dead peer, waits and tries again.
// Sessions are not its matter. Times are in milliseconds.

import { PollingSocket } from "./polling.js";

const PROTOCOL = "whinchat.v1";
/** Until a connection without a welcome has failed. */
const WELCOME_TIMEOUT = 15_000;
/** That a connection must last for the next wait to be short again. */
const STABLE = 10_000;

/** By close code: what it means to a person, and the shortest wait. */
const CLOSES = {
	1008: ["This connection was too slow, or sent too much.", 5_000],
	1009: ["The message was too large for the server.", 1_000],
	1011: ["The server had an internal error.", 2_000],
	1012: ["The server is restarting.", 500],
	1013: ["The server is overloaded.", 5_000],
	4401: ["You are not signed in any more. Reload the page to go on.", Infinity],
	4429: ["Too many connections or messages at once.", 10_000],
};

/** The wait before an attempt (0 is the first): doubling to 30 s, with jitter, and never below `floor`. */
export const backoff = (attempt, floor = 0, random = Math.random) =>
	Math.round(floor + (Math.min(30_000, 500 * 2 ** attempt) * (1 + random())) / 2);

export class Connection {
	/** `state`: connecting, online, waiting or stopped; `reason`: why, for a person; `code` of the close; `retryAt`; `via`. */
	status = { state: "stopped", reason: "" };
	#socket = null;
	/** A WebSocket that is tried while another socket polls. */
	#probe = null;
	/** WebSockets in a row that did not get through. After two it is polled. */
	#refused = 0;
	#attempt = 0;
	#onlineSince = 0;
	#notBefore = 0;
	#timer;
	#probeTimer;
	#pingInterval;

	/** `handlers`: `onOpen()`, `onFrame(frame)`, `onClose(code)`, `onStatus(status)`. */
	constructor(url, handlers) {
		// What else the server has lies beside `/v1/chat`.
		Object.assign(this, { url, handlers, base: url.replace(/^ws/, "http").replace(/\/v1\/chat$/, "") });
	}

	get isPolling() {
		return this.#socket instanceof PollingSocket;
	}

	start() {
		if (this.#socket) return;
		this.#set({ state: "connecting", reason: this.status.reason });
		this.#use(this.#refused > 1 ? new PollingSocket(this.base) : new WebSocket(this.url, PROTOCOL));
		this.#socket.onopen = this.handlers.onOpen;
	}

	stop() {
		this.#drop();
		this.#set({ state: "stopped", reason: "" });
	}

	/** Worth a try at once, unless the server asked for a pause. */
	wake() {
		if (this.status.state === "online") {
			this.#ask(5_000);
			if (this.isPolling) this.#tryWebSocket();
		} else if (this.status.state === "waiting" && Date.now() >= this.#notBefore) this.start();
	}

	/** Returns whether it left. */
	send(frame) {
		const isOpen = this.#socket?.readyState === WebSocket.OPEN;
		if (isOpen) this.#socket.send(JSON.stringify(frame));
		return isOpen;
	}

	settled(pingInterval) {
		this.#pingInterval = pingInterval;
		this.#listen();
		if (!this.isPolling) this.#refused = 0;
		else if (!this.#onlineSince) this.#tryLater();
		this.#onlineSince ||= Date.now();
		this.#set({ state: "online", reason: "", via: this.isPolling ? "polling" : "websocket" });
	}

	/** The server leaves, and said when to come back. */
	comeBackAfter(ms) {
		this.#notBefore = Date.now() + ms;
	}

	#use(socket) {
		this.#socket = socket;
		socket.onclose = ({ code }) => this.#closed(code);
		socket.onmessage = ({ data }) => {
			if (this.#onlineSince) this.#listen();
			this.handlers.onFrame(JSON.parse(data));
		};
		this.#after(WELCOME_TIMEOUT, () => this.#closed(1006, 2));
	}

	/** What happens next, if nothing else does. */
	#after(ms, act) {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(act, ms);
	}

	/** Silence for one ping interval: ask. For another: the peer is gone, even where TCP has not noticed. */
	#listen() {
		this.#after(this.#pingInterval, () => this.#ask(this.#pingInterval));
	}

	#ask(patience) {
		this.send({ type: "ping", t: Date.now() });
		this.#after(patience, () => this.#closed(1006));
	}

	#tryLater() {
		clearTimeout(this.#probeTimer);
		this.#probeTimer = setTimeout(() => this.#tryWebSocket(), 10 * backoff(this.#refused++));
	}

	/** Goes over to a WebSocket once it has answered: that it opens does not tell that frames get through. */
	#tryWebSocket() {
		this.#tryLater();
		close(this.#probe);
		const probe = (this.#probe = new WebSocket(this.url, PROTOCOL));
		probe.onopen = () => probe.send('{"type":"ping"}');
		probe.onmessage = () => {
			this.#probe = null;
			this.#drop();
			this.#refused = 1;
			this.#use(probe);
			this.handlers.onOpen();
		};
	}

	#drop() {
		clearTimeout(this.#timer);
		clearTimeout(this.#probeTimer);
		close(this.#socket);
		close(this.#probe);
		this.#socket = this.#probe = null;
		this.#onlineSince = 0;
	}

	#closed(code, refusals = 1) {
		const { isPolling } = this;
		const now = Date.now();
		const onlineSince = this.#onlineSince;
		this.#drop();
		this.handlers.onClose(code);
		if (code === 1006 && !onlineSince) {
			// Where plain HTTP fails too, nothing is there: that says nothing of WebSockets.
			this.#refused = isPolling ? 1 : this.#refused + refusals;
			if (this.#refused > 1) return this.start();
		}
		const unknown = onlineSince ? "The connection was lost." : "The server cannot be reached.";
		const [reason, floor] = CLOSES[code] ?? [unknown, 0];
		if (onlineSince && now - onlineSince > STABLE) this.#attempt = 0;
		if (floor === Infinity) return this.#set({ state: "stopped", reason, code });
		this.#notBefore = Math.max(this.#notBefore, now + floor);
		const wait = backoff(this.#attempt++, this.#notBefore - now);
		this.#after(wait, () => this.start());
		this.#set({ state: "waiting", reason, code, retryAt: now + wait });
	}

	#set(status) {
		this.status = status;
		this.handlers.onStatus(status);
	}
}

/** Nobody waits for the closing handshake of a dead peer. */
function close(socket) {
	if (!socket) return;
	socket.onopen = socket.onmessage = socket.onclose = null;
	socket.close();
}
