// Plain HTTP: one request, and long polling. Times are in milliseconds.

const WAIT = 25_000;
const PAUSE = 100;
const CLOSES = { offline: 1006, unauthorised: 4401, rate_limited: 4429 };

// Throws an `error` of the protocol; `refused`: by something in between.
export async function request(url, { method, body, signal } = {}) {
	const response = await fetch(url, {
		method,
		body: body && JSON.stringify(body),
		headers: body && { "Content-Type": "application/json" },
		credentials: "include",
		keepalive: method === "DELETE",
		signal,
	}).catch(() => null);
	const { ok, status = 0, headers } = response ?? {};
	const answer = await response?.json().catch(() => null);
	if (ok && (answer || status === 204)) return answer;
	const code = { 401: "unauthorised", 429: "rate_limited" }[status] ?? (/^4/.test(status) ? "refused" : "offline");
	const retry_after_ms = 1_000 * headers?.get("Retry-After");
	const why = status ? `The server was not reached (HTTP ${status}).` : "The server cannot be reached.";
	throw { code, retry_after_ms, ...answer, message: answer?.detail ?? why };
}

// Stands for a WebSocket. One request waits for what happens, at most one says something.
export function openPolling(base) {
	let polls, posted, followed;
	const socket = { readyState: WebSocket.OPEN, send, close: () => polls?.abort() };
	const hear = (frame) => socket.onmessage?.({ data: JSON.stringify(frame) });
	return socket;

	function send(text) {
		const frame = JSON.parse(text);
		if (frame.type === "open") follow(frame);
		else posted = post(frame, followed, posted);
	}

	async function post(body, session, before) {
		await before;
		// Once closed, nothing overtakes what is repeated elsewhere.
		const answers = socket.onmessage && (await ask(`/${session}/frames`, body.id, { method: "POST", body }));
		if (session === followed) answers?.forEach(hear);
	}

	async function follow({ id, session, epoch, after, history }) {
		polls?.abort();
		const { signal } = (polls = new AbortController());
		session ??= (await ask("", id, { method: "POST", body: { id }, signal }))?.session;
		if (signal.aborted) return;
		followed = session;
		// The first poll does not wait: it stands for the welcome.
		for (let wait = 0; session; wait = WAIT) {
			const query = new URLSearchParams({ history, wait, ...(after !== null && { epoch, after }) });
			const frames = await ask(`/${session}/events?${query}`, !wait && id, { signal });
			if (!frames) return;
			if (!wait && frames[0]?.type !== "welcome") frames.unshift({ type: "welcome", session, epoch });
			for (const frame of [...frames, { type: "pong" }]) {
				if (signal.aborted) return;
				if (frame.type === "welcome") Object.assign(frame, { ping_interval_ms: WAIT + 5_000, seq: undefined });
				({ epoch = epoch, seq: after = after } = frame);
				hear(frame);
			}
			await new Promise((resolve) => setTimeout(resolve, PAUSE));
		}
	}

	async function ask(path, ref, options) {
		try {
			return await request(`${base}/sessions${path}`, options);
		} catch (error) {
			const { code, retry_after_ms } = error;
			if (options.signal?.aborted) return;
			if (ref && !CLOSES[code]) return hear({ ...error, type: "error", ref });
			hear({ type: "going_away", reconnect_after_ms: retry_after_ms });
			socket.onclose?.({ code: CLOSES[code] ?? 1006 });
		}
	}
}
