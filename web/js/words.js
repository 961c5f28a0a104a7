// What the page says in words.

/** How a reply ended, where it did not simply end. */
const ENDINGS = {
	cancelled: "Stopped.",
	failed: "The reply failed.",
	truncated: "The reply broke off before it was complete.",
	interrupted: "Cut off: the server stopped while this reply was being written.",
	refused: "The model refused to answer.",
	filtered: "The provider's content filter ended this reply.",
	max_tokens: "Ended at the limit of tokens for one reply.",
	context_exceeded: "The conversation no longer fits what this model can read.",
	tool_limit: "Ended after too many rounds of tool calls.",
	time_limit: "Ended at the time limit for one reply.",
	held: "Goes out once connected.",
	pending: "Sending…",
	unsent: "Not sent.",
};

/** `quiet`: nobody's failure. */
export function ending({ status, error, role }) {
	if (!status || status === "completed") return null;
	const quiet = ["cancelled", "max_tokens", "held", "pending"].includes(status);
	const never = role === "user" && status === "cancelled";
	const text = never ? "Stopped before the reply began." : (ENDINGS[status] ?? `Ended: ${status}.`);
	return { text, detail: error ? explain(error) : "", quiet };
}

/** An `error` of the protocol. */
export function explain({ message, code, upstream_status: http, retry_after_ms: after }) {
	const again = after ? ` Worth another try in ${duration(after)}.` : "";
	return `${message}${again} (${http ? `${code}, HTTP ${http}` : code})`;
}

const number = (value, maximumFractionDigits = 0) => value.toLocaleString(undefined, { maximumFractionDigits });
const duration = (ms) => (ms < 1_000 ? `${number(ms)} ms` : `${number(ms / 1_000, 1)} s`);

/** What a reply cost and how fast it was. */
export function measures({ usage, timing = {} }) {
	const parts = [];
	if (usage) parts.push(`${usage.estimated ? "about " : ""}${number(usage.output_tokens)} tokens`);
	if (timing.ttft_ms >= 0) parts.push(`first after ${duration(timing.ttft_ms)}`);
	if (timing.tokens_per_second >= 0) parts.push(`${number(timing.tokens_per_second, 1)} tokens/s`);
	return parts.join(" · ");
}

export function toolState({ tool, done, isError, ms }) {
	if (tool === "running") return "Running…";
	if (tool === "unfinished") return "Not finished";
	if (tool === "ended") return (isError ? "Failed" : "Done") + (ms >= 0 ? ` in ${duration(ms)}` : "");
	return done ? "Called" : "Writing its input…";
}

/** A connection's state, that in words, and what one can do about it. */
export function connectionWords({ state, reason, code, retryAt }) {
	if (state === "online") return [state, "Connected"];
	if (state === "stopped") return [state, code === 4401 ? "Signed out" : "Offline", "Reload"];
	const left = Math.ceil((retryAt - Date.now()) / 1_000);
	if (left > 0) return [state, navigator.onLine ? `Reconnecting in ${left} s` : "Offline", left > 2 ? "Try now" : ""];
	return ["connecting", reason ? "Reconnecting…" : "Connecting…"];
}
