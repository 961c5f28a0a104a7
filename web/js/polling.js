// Plain HTTP: one request, and where no WebSocket gets through the same frames by long polling. Times are in milliseconds.

// Proxies wait for 30 s and longer.
const WAIT = 25_000;
const PAUSE = 100;
const CODES = { 401: "unauthorised", 429: "rate_limited" };
// Errors that are the connection's, as what closes it.
const CLOSES = { offline: 1006, unauthorised: 4401, rate_limited: 4429 };

// Throws an `error` of the protocol; `refused`: by something in between.
export async function request(url, { method, body, signal } = {}) {
	const headers = body && { "Content-Type": "application/json" };
	// Who leaves the page has said it all the same.
	const keepalive = method === "DELETE";
	const options = { method, headers, body: body && JSON.stringify(body), signal, credentials: "include", keepalive };
	const response = await fetch(url, options).catch(() => null);
	const answer = await response?.json().catch(() => null);
	const { ok, status = 0 } = response ?? {};
	if (ok && (answer || status === 204)) return answer;
	const code = CODES[status] ?? (/^4/.test(status) ? "refused" : "offline");
	const retry_after_ms = 1_000 * response?.headers.get("Retry-After") || undefined;
	throw { code, retry_after_ms, ...answer, message: answer?.detail ?? `The server was not reached (HTTP ${status}).` };
}

// Is used as a WebSocket is. One request waits for what happens, at most one says something.
export function openPolling(base) {
	const closing = new AbortController();
	let polls, posted, followed;
	const socket = { readyState: WebSocket.OPEN, send, close };
	return socket;

	function send(text) {
		const frame = JSON.parse(text);
		if (frame.type === "open") follow(frame);
		else posted = post(frame, followed, posted);
	}

	function close() {
		closing.abort();
		polls?.abort();
	}

	async function post(body, session, before) {
		await before;
		const answers = await ask(`/${session}/frames`, body.id, { method: "POST", body, signal: closing.signal });
		if (session === followed) answers?.forEach(hear);
	}

	async function follow({ id, session, epoch, after, history }) {
		polls?.abort();
		polls = new AbortController();
		const { signal } = polls;
		session ??= (await ask("", id, { method: "POST", body: { id }, signal }))?.session;
		if (signal.aborted) return;
		followed = session;
		// The first poll does not wait: it stands for the welcome.
		for (let wait = 0; session; wait = WAIT) {
			const query = new URLSearchParams({ history, wait, ...(epoch && { epoch, after }) });
			const frames = await ask(`/${session}/events?${query}`, !wait && id, { signal });
			if (!frames) return;
			if (!wait && frames[0]?.type !== "welcome") frames.unshift({ type: "welcome", session, epoch });
			if (!frames.length) frames.push({ type: "pong" });
			for (const frame of frames) {
				if (signal.aborted) return;
				if (frame.type === "welcome") Object.assign(frame, { ping_interval_ms: WAIT + 5_000, seq: undefined });
				({ epoch = epoch, seq: after = after } = frame);
				hear(frame);
			}
			await new Promise((resolve) => setTimeout(resolve, PAUSE));
		}
	}

	// What refuses the command `ref` is heard as an `error`; any other failure closes.
	async function ask(path, ref, options) {
		try {
			return await request(`${base}/sessions${path}`, options);
		} catch (error) {
			if (options.signal.aborted) return null;
			const closes = CLOSES[error.code];
			if (ref && !closes) hear({ ...error, type: "error", ref });
			else {
				hear({ type: "going_away", reconnect_after_ms: error.retry_after_ms });
				socket.onclose?.({ code: closes ?? 1006 });
			}
		}
	}

	function hear(frame) {
		socket.onmessage?.({ data: JSON.stringify(frame) });
	}
}
