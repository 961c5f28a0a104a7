// What the page says in words.

const AGAIN = "Edit your message, or ask again.";
/** How a reply ended, where it did not simply end, and what one can do about it. */
const ENDINGS = {
	cancelled: ["Stopped."],
	failed: ["The reply failed."],
	truncated: ["The reply broke off before it was complete."],
	interrupted: ["Cut off: the server stopped while this reply was being written."],
	refused: ["The model refused to answer.", AGAIN],
	filtered: ["The provider's content filter ended this reply.", AGAIN],
	max_tokens: ["Ended at the limit of tokens for one reply."],
	context_exceeded: ["The conversation no longer fits what this model can read.", "Have less of it sent, or start a new chat."],
	tool_limit: ["Ended after too many rounds of tool calls."],
	time_limit: ["Ended at the time limit."],
	held: ["Goes out once connected."],
	pending: ["Sending…"],
	unsent: ["Not sent."],
	// Codes of errors.
	upstream_auth: ["", "Whoever runs the server has to set its key."],
	upstream_rejected: ["", "Say it differently, or choose another model."],
	upstream_rate_limited: ["", "Wait a moment before you retry."],
	message_too_long: ["", "Say it in fewer words."],
};

/** `quiet`: nobody's failure; `goesOn`: the model can be asked to go on. */
export function ending({ status = "completed", error, role }) {
	if (status === "completed") return null;
	const [text, advice] = ENDINGS[status] ?? [`Ended: ${status}.`];
	const goesOn = /^(max_tokens|tool_limit)$/.test(status);
	return {
		text: role === "user" && status === "cancelled" ? "Stopped before the reply began." : text,
		detail: list([error && explain(error), ENDINGS[error?.code]?.[1] ?? advice], " "),
		quiet: goesOn || /^(cancelled|held|pending)$/.test(status),
		goesOn,
	};
}

export function explain({ message, code, upstream_status: http, retry_after_ms: after }) {
	return `${message}${after ? ` Worth another try in ${duration(after)}.` : ""} (${code}${http ? `, HTTP ${http}` : ""})`;
}

const number = (value, maximumFractionDigits = 0) => value.toLocaleString(undefined, { maximumFractionDigits });
const duration = (ms) => {
	if (ms < 1_000) return `${number(ms)} ms`;
	return ms < 90_000 ? `${number(ms / 1_000, 1)} s` : `${number(ms / 60_000)} minutes`;
};
const list = (parts, between) => parts.filter(Boolean).join(between);
const secondsTo = (at) => Math.ceil((at - Date.now()) / 1_000);

export const measures = ({ usage, timing: { ttft_ms: first, tokens_per_second: rate } = {} }) =>
	list([
		usage && `${usage.estimated ? "about " : ""}${number(usage.output_tokens)} tokens`,
		first >= 0 && `first after ${duration(first)}`,
		rate >= 0 && `${number(rate, 1)} tokens/s`,
	], " · ");

export function toolState({ tool, done, is_error: failed, duration_ms: ms, runs, decision }) {
	if (tool === "asks") return "Waits for your word";
	if (tool === "running") return runs === "client" ? "Running in the browser…" : "Running…";
	if (tool === "unfinished") return "Not finished";
	if (tool !== "ended") return done ? "Called" : "Writing its input…";
	if (decision === "deny") return "Denied";
	const took = ms >= 0 && `in ${duration(ms)}`;
	return list([failed ? "Failed" : "Done", took, decision === "edited" && "with another input"], " ");
}

export function expiry(at) {
	const left = secondsTo(at);
	return left > 0 ? `Without an answer, it is a no in ${duration(1_000 * left)}.` : "It is too late for an answer.";
}

export function retrying({ attempt, at, message, fallback }) {
	const left = secondsTo(at);
	return `${message} Attempt ${attempt}${fallback ? ` asks ${fallback}` : ""} ${left > 0 ? `in ${left} s` : "is under way"}.`;
}

const ORDINAL = { one: "st", two: "nd", few: "rd", other: "th" };
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
export const inLine = (position) => `${position}${ORDINAL[ordinals.select(position)]} in line`;

export const gauge = ({ estimated_tokens: tokens, budget_tokens: budget }) =>
	`About ${number(tokens)} tokens of conversation sent${budget ? `, ${tokens > budget ? "beyond" : "within"} the budget of ${number(budget)}` : ""}`;

/** What a `context` holds no longer, or "". */
export function leftOut(plan) {
	const parts = Object.entries({ dropped: "left out", summarised: "summarised", recalled: "recalled" }).map(([name, done]) => {
		const count = plan[`${name}_messages`];
		return count > 0 && `${number(count)} message${count === 1 ? "" : "s"} ${done}`;
	});
	return parts.some(Boolean) && `Above, for the newest reply: ${list(parts, ", ")}`;
}

/** State, words, and what one can do. */
export function connectionWords({ state, reason, code, retryAt, via }) {
	if (state === "online") return [state, via === "polling" ? "Connected by polling" : "Connected"];
	if (state === "stopped") return code === 4401 ? [state, "Signed out", "Reload"] : [state, "Closed"];
	const left = secondsTo(retryAt);
	if (left > 0) return [state, navigator.onLine ? `Reconnecting in ${left} s` : "Offline", left > 2 && "Try now"];
	return ["connecting", reason ? "Reconnecting…" : "Connecting…"];
}
