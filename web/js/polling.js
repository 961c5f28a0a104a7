// Where no WebSocket gets through: the same frames by plain HTTP. One request waits for what happens, at most one says something.

import { request } from "./http.js";

/** How long the server holds a poll, in ms: proxies wait for 30 s and longer. */
const WAIT = 25_000;
/** From a poll that had something to the next, in ms: ten in a second, however fast tokens come. */
const PAUSE = 100;
/** By code: errors that are the connection's, as what closes it. */
const CLOSES = { offline: 1006, unauthorised: 4401, rate_limited: 4429 };

/** Is used as a WebSocket is. `client_tools` are not declared: they need a real one. */
export class PollingSocket {
	readyState = WebSocket.OPEN;
	#posts = new AbortController();
	#polls = new AbortController();
	#posted;
	#session;

	constructor(base) {
		this.base = base;
		queueMicrotask(() => this.onopen?.());
	}

	send(text) {
		const frame = JSON.parse(text);
		if (frame.type === "open") this.#follow(frame);
		else this.#posted = this.#post(frame, this.#session, this.#posted);
	}

	close() {
		this.readyState = WebSocket.CLOSED;
		this.#posts.abort();
		this.#polls.abort();
	}

	async #post(body, session, before) {
		await before;
		const answers = await this.#ask(`/${session}/frames`, body.id, { method: "POST", body, signal: this.#posts.signal });
		if (session === this.#session) answers?.forEach((each) => this.#hear(each));
	}

	async #follow({ id, session, epoch, after, history }) {
		this.#polls.abort();
		const { signal } = (this.#polls = new AbortController());
		session ??= (await this.#ask("", id, { method: "POST", body: { id }, signal }))?.session;
		this.#session = session;
		// The first poll does not wait: it stands for the welcome.
		for (let wait = 0; session; wait = WAIT) {
			const query = new URLSearchParams({ history, wait, ...(epoch && { epoch, after }) });
			const frames = await this.#ask(`/${session}/events?${query}`, !wait && id, { signal });
			if (!frames) return;
			if (!wait && frames[0]?.type !== "welcome") frames.unshift({ type: "welcome", session, epoch, resume: "exact" });
			for (const frame of frames.length ? frames : [{ type: "pong" }]) {
				if (signal.aborted) return;
				if (frame.type === "welcome") Object.assign(frame, { ping_interval_ms: WAIT + 5_000, seq: undefined });
				epoch = frame.epoch ?? epoch;
				after = frame.seq ?? after;
				this.#hear(frame);
			}
			if (frames.length) await new Promise((resolve) => setTimeout(resolve, PAUSE));
		}
	}

	/** Returns null where there is no answer. What refuses the command `ref` is told as an `error`; any other failure closes. */
	async #ask(path, ref, options) {
		try {
			return await request(`${this.base}/sessions${path}`, options);
		} catch (error) {
			const { code, retry_after_ms = 0 } = error;
			if (options.signal.aborted) return null;
			if (ref && !CLOSES[code]) this.#hear({ ...error, type: "error", ref });
			else {
				this.#hear({ type: "going_away", reconnect_after_ms: retry_after_ms });
				this.onclose({ code: CLOSES[code] ?? 1006 });
			}
			return null;
		}
	}

	#hear(frame) {
		this.onmessage?.({ data: JSON.stringify(frame) });
	}
}
