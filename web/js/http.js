// One request to the server, and what became of it.

/** By status: what it means where something in between says so. */
const CODES = { 401: "unauthorised", 429: "rate_limited" };

/** Returns the answer's JSON, if there is any. Throws an `error` of the protocol; `offline`: nothing answered; `refused`: not the
 * server, but something in between. */
export async function request(url, { method, body, signal } = {}) {
	const headers = body && { "Content-Type": "application/json" };
	// Whoever leaves the page has said it all the same.
	const keepalive = method === "DELETE";
	const options = { method, headers, body: body && JSON.stringify(body), signal, credentials: "include", keepalive };
	const response = await fetch(url, options).catch(() => null);
	const answer = await response?.json().catch(() => null);
	const { ok, status = 0 } = response ?? {};
	if (ok && (answer || status === 204)) return answer;
	const code = CODES[status] ?? (/^4/.test(status) ? "refused" : "offline");
	const message = answer?.detail ?? (status ? `The server was not reached (HTTP ${status}).` : "The server cannot be reached.");
	const after = 1_000 * response?.headers.get("Retry-After") || undefined;
	throw { code, retry_after_ms: after, ...answer, message };
}
