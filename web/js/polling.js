// Where no WebSocket gets through: the same frames by plain HTTP, with one request that waits and at most one that says something.

import { request } from "./http.js";

/** How long the server holds a poll while nothing happens, in ms. Proxies give an answer 30 s and more. */
const WAIT = 25_000;
/** Between a poll that had something and the next, in ms: at most ten in a second, however fast tokens come. */
const PAUSE = 100;
/** By code: errors that are the connection's, as what they close it with. */
const CLOSES = { offline: 1006, unauthorised: 4401, rate_limited: 4429 };

/** Is used as a WebSocket is. The session's tools run without those of this client. */
export class PollingSocket {
	readyState = WebSocket.OPEN;
	#polls = new AbortController();
	#posts = new AbortController();
	#posted = Promise.resolve();
	#session;

	constructor(base) {
		this.base = base;
		queueMicrotask(() => this.onopen?.());
	}

	send(text) {
		const frame = JSON.parse(text);
		if (frame.type === "open") return void this.#follow(frame);
		// One after the other, to the session that was open when it was said.
		const { signal } = this.#polls;
		const path = `/${this.#session}/frames`;
		this.#posted = this.#posted.then(async () => {
			const answers = await this.#ask(path, frame.id, { method: "POST", body: frame, signal: this.#posts.signal });
			if (!signal.aborted) answers?.forEach((each) => this.#hear(each));
		});
	}

	close() {
		this.readyState = WebSocket.CLOSED;
		this.#polls.abort();
		this.#posts.abort();
	}

	async #follow({ id, session, epoch, after, history }) {
		this.#polls.abort();
		const { signal } = (this.#polls = new AbortController());
		session ??= (await this.#ask("", id, { method: "POST", body: { id }, signal }))?.session;
		this.#session = session;
		// The first does not wait: its answer is the welcome.
		for (let wait = 0; session; wait = WAIT) {
			const query = new URLSearchParams({ history, wait, ...(epoch && { epoch, after }) });
			const frames = await this.#ask(`/${session}/events?${query}`, !wait && id, { signal });
			if (!frames) return;
			if (!wait && frames[0]?.type !== "welcome") frames.unshift({ type: "welcome", session, epoch, resume: "exact" });
			if (!frames.length) this.#hear({ type: "pong" });
			for (const frame of frames) {
				if (signal.aborted) return;
				if (frame.type !== "welcome") after = frame.seq ?? after;
				else {
					epoch = frame.epoch;
					frame.ping_interval_ms = WAIT + 5_000;
				}
				this.#hear(frame);
			}
			if (frames.length) await new Promise((resolve) => setTimeout(resolve, PAUSE));
		}
	}

	/** Returns the answer, or null. What refuses the command `ref` is told as an `error`; any other failure closes. */
	async #ask(path, ref, options) {
		try {
			return await request(`${this.base}/sessions${path}`, options);
		} catch (error) {
			const { code, retry_after_ms: reconnect_after_ms } = error;
			if (options.signal.aborted) return null;
			if (ref && !CLOSES[code]) this.#hear({ ...error, type: "error", ref });
			else {
				this.#hear({ type: "going_away", reconnect_after_ms });
				this.onclose?.({ code: CLOSES[code] ?? 1006 });
			}
			return null;
		}
	}

	#hear(frame) {
		this.onmessage?.({ data: JSON.stringify(frame) });
	}
}
