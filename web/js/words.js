// What the page says in words.

/** By status: how a reply ended, where it did not simply end. */
const ENDINGS = {
	cancelled: "Stopped.",
	failed: "The reply failed.",
	truncated: "The reply broke off before it was complete.",
	interrupted: "Cut off: the server stopped while this reply was being written.",
	refused: "The model refused to answer. Edit your message, or ask again.",
	filtered: "The provider's content filter ended this reply. Edit your message, or ask again.",
	max_tokens: "Ended at the limit of tokens for one reply.",
	context_exceeded: "The conversation no longer fits this model. Have less of it sent (Settings), or start a new chat.",
	tool_limit: "Ended after too many rounds of tool calls.",
	time_limit: "Ended at the time limit.",
	held: "Goes out once connected.",
	pending: "Sending…",
};

/** By an error's code: what one can do, where the error does not say it. */
const ADVICE = {
	upstream_auth: "Whoever runs the server has to set its key.",
	upstream_rejected: "Say it differently, or choose another model.",
};

const list = (parts, between = " ") => parts.filter(Boolean).join(between);
const number = (value, maximumFractionDigits = 0) => value.toLocaleString(undefined, { maximumFractionDigits });
const secondsTo = (at) => Math.ceil((at - Date.now()) / 1_000);

function duration(ms) {
	if (ms < 1_000) return `${number(ms)} ms`;
	return ms < 90_000 ? `${number(ms / 1_000, 1)} s` : `${number(ms / 60_000)} minutes`;
}

/** How it ended, and what one can do; null for a whole reply. */
export function ending({ status = "completed", role, error }) {
	if (status === "completed") return null;
	if (role === "user" && status === "cancelled") return "Stopped before the reply began.";
	return list([ENDINGS[status] ?? `Ended: ${status}.`, error && explain(error), ADVICE[error?.code]]);
}

function explain({ message, code, upstream_status: http, retry_after_ms: after }) {
	return list([message, after && `Worth another try in ${duration(after)}.`, http ? `(${code}, HTTP ${http})` : `(${code})`]);
}

export const measures = ({ usage, timing: { ttft_ms: first, tokens_per_second: rate } = {} }) =>
	list([
		usage && `${usage.estimated ? "about " : ""}${number(usage.output_tokens)} tokens`,
		first >= 0 && `first after ${duration(first)}`,
		rate >= 0 && `${number(rate, 1)} tokens/s`,
	], " · ");

const TOOL_STATES = { called: "Called", asks: "Waits for your word", running: "Running…", unfinished: "Not finished" };

export function toolState({ tool, done, is_error: failed, duration_ms: ms, decision }) {
	if (!done) return "Writing its input…";
	if (tool !== "ended") return TOOL_STATES[tool];
	if (decision === "deny") return "Denied";
	return list([failed ? "Failed" : "Done", ms >= 0 && `in ${duration(ms)}`]);
}

export function retrying({ attempt, at, message, fallback }) {
	const left = secondsTo(at);
	return list([message, `Attempt ${attempt}`, fallback && `asks ${fallback}`, left > 0 ? `in ${left} s.` : "is under way."]);
}

export const gauge = ({ estimated_tokens: tokens, budget_tokens: budget }) =>
	`About ${number(tokens)} ${budget ? `of ${number(budget)} ` : ""}tokens of conversation sent`;

/** What the newest reply's context holds no longer, or "". */
export function leftOut({ dropped_messages: dropped, summarised_messages: summarised, recalled_messages: recalled }) {
	const part = (count, done) => count > 0 && `${number(count)} ${done}`;
	return list([part(dropped, "left out"), part(summarised, "summarised"), part(recalled, "recalled")], ", ");
}

export function connectionWords({ state, retryAt, via }) {
	const left = secondsTo(retryAt);
	if (state === "online") return via === "polling" ? "Connected by polling" : "Connected";
	if (state === "stopped") return "Closed";
	return left > 0 ? `Reconnecting in ${left} s` : "Connecting…";
}
