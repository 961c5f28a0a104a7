// What the page says in words.

/** By status: how a reply ended. */
const ENDINGS = {
	cancelled: "Stopped.",
	failed: "The reply failed.",
	truncated: "The reply broke off before it was complete.",
	interrupted: "Cut off: the server stopped while this reply was being written.",
	refused: "The model refused to answer. Edit your message, or ask again.",
	filtered: "The provider's content filter ended this reply. Edit your message, or ask again.",
	max_tokens: "Ended at the limit of tokens for one reply. Ask it to go on.",
	context_exceeded: "The conversation no longer fits this model. Have less of it sent (Settings), or start a new chat.",
	tool_limit: "Ended after too many rounds of tool calls. Ask it to go on.",
	time_limit: "Ended at the time limit.",
	held: "Goes out once connected.",
	pending: "Sending…",
};

/** By an error's code: what one can do. */
const ADVICE = {
	upstream_auth: "Whoever runs the server has to set its key.",
	upstream_rejected: "Say it differently, or choose another model.",
};

const list = (parts, between = " ") => parts.filter(Boolean).join(between);
const number = (value, maximumFractionDigits = 0) => value.toLocaleString(undefined, { maximumFractionDigits });

const duration = (ms) => (ms < 1_000 ? `${number(ms)} ms` : `${number(ms / 1_000, 1)} s`);

export function ending({ status = "completed", error }) {
	if (status === "completed") return null;
	const { message, code, upstream_status: http, retry_after_ms: after } = error ?? {};
	const wait = after && `Worth another try in ${duration(after)}.`;
	const source = code && `(${list([code, http && `HTTP ${http}`], ", ")})`;
	return list([ENDINGS[status] ?? `Ended: ${status}.`, message, wait, source, ADVICE[code]]);
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

export function retrying({ attempt, at, message }) {
	const left = Math.ceil((at - Date.now()) / 1_000);
	return `${message} Attempt ${attempt} ${left > 0 ? `in ${left} s.` : "is under way."}`;
}

export const gauge = ({ estimated_tokens: tokens, budget_tokens: budget }) =>
	`About ${number(tokens)} ${budget ? `of ${number(budget)} ` : ""}tokens of conversation sent`;

export function leftOut({ dropped_messages: dropped, summarised_messages: summarised, recalled_messages: recalled }) {
	const part = (count, done) => count > 0 && `${number(count)} ${done}`;
	return list([part(dropped, "left out"), part(summarised, "summarised"), part(recalled, "recalled")], ", ");
}

const CONNECTION = { connecting: "Connecting…", online: "Connected", waiting: "Reconnecting…", stopped: "Closed" };

export const connectionWords = ({ state, via }) => (via === "polling" ? "Connected by polling" : CONNECTION[state]);
