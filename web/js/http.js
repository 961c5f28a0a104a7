// One request to the server, and what became of it.

/** By status: what it means where not the server says so, but something in between. */
const CODES = { 401: "unauthorised", 413: "too_large", 429: "rate_limited" };

/** Returns the answer's JSON, if it has any. Throws an `error` of the protocol, or `offline` where the server did not answer. */
export async function request(url, { method, body, signal } = {}) {
	const headers = body && { "Content-Type": "application/json" };
	const options = { method, headers, body: body && JSON.stringify(body), signal, credentials: "include", cache: "no-store" };
	// Whoever leaves the page has said it all the same.
	options.keepalive = method === "DELETE";
	const response = await fetch(url, options).catch(() => null);
	const answer = await response?.json().catch(() => null);
	const { ok, status = 0 } = response ?? {};
	if (ok && (answer || status === 204)) return answer;
	const after = 1_000 * response?.headers.get("Retry-After");
	throw {
		code: CODES[status] ?? (status >= 400 && status < 500 ? "refused" : "offline"),
		message: status ? `There was no good answer from the server (HTTP ${status}).` : "The server cannot be reached.",
		...answer,
		...(answer?.detail && { message: answer.detail }),
		...(after && { retry_after_ms: after }),
	};
}
