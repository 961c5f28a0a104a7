// What the page says in words.

/** How a reply ended, where it did not simply end: what happened, and what one can do about it. */
const ENDINGS = {
	cancelled: ["Stopped."],
	failed: ["The reply failed."],
	truncated: ["The reply broke off before it was complete."],
	interrupted: ["Cut off: the server stopped while this reply was being written."],
	refused: ["The model refused to answer.", "Edit your message, or ask again."],
	filtered: ["The provider's content filter ended this reply.", "Edit your message, or ask again."],
	max_tokens: ["Ended at the limit of tokens for one reply.", "Ask it to go on."],
	context_exceeded: ["The conversation no longer fits what this model can read.", "Have less of it sent, in Settings, or start a new chat."],
	tool_limit: ["Ended after too many rounds of tool calls.", "Ask it to go on."],
	time_limit: ["Ended at the time limit for a reply that nobody watches."],
	held: ["Goes out once connected."],
	pending: ["Sending…"],
	unsent: ["Not sent."],
};

/** What one can do about an error, by its code. */
const ADVICE = {
	upstream_auth: "Whoever runs the server has to set its key.",
	upstream_rejected: "Say it differently, or choose another model.",
	upstream_rate_limited: "Wait a moment before you retry.",
	upstream_unreachable: "Is the provider's address right, and is there a network?",
	message_too_long: "Say it in fewer words.",
	quota_exceeded: "Start a new chat.",
};

/** `isQuiet`: nobody's failure. `goesOn`: the reply can be continued. */
export function ending({ status, error, role }) {
	if (!status || status === "completed") return null;
	const never = role === "user" && status === "cancelled";
	const [text, advice] = never ? ["Stopped before the reply began."] : (ENDINGS[status] ?? [`Ended: ${status}.`]);
	return {
		text,
		detail: [error && explain(error), ADVICE[error?.code] ?? advice].filter(Boolean).join(" "),
		isQuiet: ["cancelled", "max_tokens", "tool_limit", "held", "pending"].includes(status),
		goesOn: ["max_tokens", "tool_limit"].includes(status),
	};
}

/** An `error` of the protocol. */
export function explain({ message, code, upstream_status: http, retry_after_ms: after }) {
	const again = after ? ` Worth another try in ${duration(after)}.` : "";
	return `${message}${again} (${http ? `${code}, HTTP ${http}` : code})`;
}

export const number = (value, maximumFractionDigits = 0) => value.toLocaleString(undefined, { maximumFractionDigits });
const duration = (ms) => (ms < 1_000 ? `${number(ms)} ms` : `${number(ms / 1_000, 1)} s`);
const times = (count, what) => `${number(count)} ${what}${count === 1 ? "" : "s"}`;

/** What a reply cost and how fast it was. */
export function measures({ usage, timing = {} }) {
	const parts = [];
	if (usage) parts.push(`${usage.estimated ? "about " : ""}${number(usage.output_tokens)} tokens`);
	if (timing.ttft_ms >= 0) parts.push(`first after ${duration(timing.ttft_ms)}`);
	if (timing.tokens_per_second >= 0) parts.push(`${number(timing.tokens_per_second, 1)} tokens/s`);
	return parts.join(" · ");
}

export function toolState({ tool, done, isError, ms, runs, decision }) {
	if (tool === "asks") return "Waits for your word";
	if (tool === "running") return runs === "client" ? "Running in the browser…" : "Running…";
	if (tool === "unfinished") return "Not finished";
	if (tool !== "ended") return done ? "Called" : "Writing its input…";
	if (decision === "deny") return "Denied";
	return (isError ? "Failed" : "Done") + (ms >= 0 ? ` in ${duration(ms)}` : "") + (decision === "edited" ? ", with another input" : "");
}

/** Until when one may decide. */
export function expiry(at) {
	const left = at - Date.now();
	if (!(left > 0)) return "The time for this is over.";
	const minutes = Math.round(left / 60_000);
	return `Without an answer, it is a no ${left < 90_000 ? `in ${Math.ceil(left / 1_000)} s` : minutes < 90 ? `in ${minutes} minutes` : `at ${new Date(at).toLocaleTimeString()}`}.`;
}

export function retrying({ attempt, at, message, fallback }) {
	const left = Math.ceil((at - Date.now()) / 1_000);
	return `${message} Attempt ${attempt}${fallback ? ` asks ${fallback}` : ""}${left > 0 ? ` in ${left} s` : " is under way"}.`;
}

/** A turn that waits. */
export function waiting(position) {
	if (!(position > 0)) return "";
	const ending = { one: "st", two: "nd", few: "rd", other: "th" }[new Intl.PluralRules("en", { type: "ordinal" }).select(position)];
	return `${number(position)}${ending} in line`;
}

export const POLICIES = {
	sliding_window: "The latest messages",
	full: "Everything",
	summarise: "A summary, then the latest",
	retrieve: "The latest, and older ones that fit",
	none: "Only the newest message",
};

/** What a `context` has of the model's reading, on the gauge. */
export const gauge = ({ estimated_tokens: tokens, budget_tokens: budget }) =>
	`About ${number(tokens)}${budget ? ` of ${number(budget)}` : ""} tokens of conversation sent`;

/** What a `context` has left out, or "". */
export function leftOut({ dropped_messages: dropped = 0, summarised_messages: summarised = 0, recalled_messages: recalled = 0 }) {
	const parts = [
		dropped && `${times(dropped, "message")} left out`,
		summarised && `${times(summarised, "message")} summarised`,
		recalled && `${times(recalled, "message")} recalled`,
	];
	const words = parts.filter(Boolean).join(", ");
	return words && `Above, for the newest reply: ${words}`;
}

/** A connection's state, that in words, and what one can do about it. */
export function connectionWords({ state, reason, code, retryAt }) {
	if (state === "online") return [state, "Connected"];
	if (state === "stopped") return [state, code === 4401 ? "Signed out" : "Offline", "Reload"];
	const left = Math.ceil((retryAt - Date.now()) / 1_000);
	if (left > 0) return [state, navigator.onLine ? `Reconnecting in ${left} s` : "Offline", left > 2 ? "Try now" : ""];
	return ["connecting", reason ? "Reconnecting…" : "Connecting…"];
}
