// What the page says in words: how a turn ended, what it cost, what became of a tool.

/** How a reply ended, where it did not simply end. @type {Record<string, string>} */
const STATUS = {
    cancelled: "Stopped.",
    failed: "The reply failed.",
    truncated: "The reply broke off: the model's server ended it before it was complete.",
    interrupted: "Cut off: the server stopped while this reply was being written.",
    refused: "The model refused to answer.",
    filtered: "The provider's content filter ended this reply.",
    max_tokens: "Ended at the limit of tokens for one reply.",
    context_exceeded: "The conversation no longer fits what this model can read.",
    tool_limit: "Ended after too many rounds of tool calls.",
    time_limit: "Ended at the time limit for one reply.",
};

/** Statuses that are nobody's failure: said quietly. */
const QUIET = new Set(["cancelled", "max_tokens"]);

/** @param {import("./state.js").Message} message @returns {{text: string, detail: string, quiet: boolean} | null} */
export function ending(message) {
    const { status, error } = message;
    if (!status || status === "completed") return null;
    const never = message.role === "user" && status === "cancelled";
    const text = never ? "Stopped before the reply began." : (STATUS[status] ?? `Ended: ${status}.`);
    const parts = [error?.message ?? ""];
    if (error?.retry_after_ms) parts.push(`Worth another try in ${seconds(error.retry_after_ms)}.`);
    const code = [error?.code, error?.upstream_status && `HTTP ${error.upstream_status}`].filter(Boolean).join(", ");
    if (code) parts.push(`(${code})`);
    return { text, detail: parts.filter(Boolean).join(" "), quiet: QUIET.has(status) };
}

/** @param {number} ms */
export function seconds(ms) {
    if (ms < 1_000) return `${Math.round(ms)} ms`;
    return `${(ms / 1_000).toLocaleString(undefined, { maximumFractionDigits: ms < 10_000 ? 1 : 0 })} s`;
}

/** @param {import("./state.js").Message} message */
export function measures(message) {
    const { usage, timing } = message;
    const parts = [];
    if (usage) parts.push(`${usage.estimated ? "about " : ""}${usage.output_tokens.toLocaleString()} tokens`);
    if (timing && typeof timing.ttft_ms === "number") parts.push(`first after ${seconds(timing.ttft_ms)}`);
    if (timing && typeof timing.tokens_per_second === "number") {
        const digits = timing.tokens_per_second < 10 ? 1 : 0;
        parts.push(`${timing.tokens_per_second.toLocaleString(undefined, { maximumFractionDigits: digits })} tokens/s`);
    }
    return parts;
}

/** The same at more length, for a tooltip. @param {import("./state.js").Message} message */
export function measuresInFull({ usage, timing }) {
    if (!usage) return "";
    const lines = [`${usage.input_tokens.toLocaleString()} tokens read, ${usage.output_tokens.toLocaleString()} written`];
    if (usage.cache_read_tokens) lines.push(`${usage.cache_read_tokens.toLocaleString()} more from the provider's cache`);
    if (usage.estimated) lines.push("Estimated: the provider did not say.");
    if (timing?.duration_ms) lines.push(`Whole turn: ${seconds(timing.duration_ms)}`);
    return lines.join("\n");
}

/** @param {import("./state.js").Block} block */
export function toolState(block) {
    switch (block.tool) {
        case "running": return "Running…";
        case "approval": return "Waits for approval";
        case "ended": {
            const took = typeof block.durationMs === "number" ? ` in ${seconds(block.durationMs)}` : "";
            return (block.isError ? "Failed" : "Done") + took;
        }
        case "unfinished": return "Not finished";
        default: return block.done ? "Called" : "Writing its input…";
    }
}

/** A tool's input for reading: on one line where it is short. @param {import("./state.js").Block} block */
export function inputText(block) {
    if (block.input === undefined) return block.text;
    const line = JSON.stringify(block.input);
    return line.length <= 72 ? line : JSON.stringify(block.input, null, 2);
}

/** What came of a command that was refused. @param {{message: string, retry_after_ms?: number}} error */
export function refusal(error) {
    return error.message + (error.retry_after_ms ? ` Worth another try in ${seconds(error.retry_after_ms)}.` : "");
}
