// A session as a page sees it, and how each event of the protocol changes it. No DOM, no clock, no socket: the same
// frames always give the same model. The model is changed in place, because a long reply has thousands of deltas; what
// changed is returned, so that a view need not look for it.

/**
 * @typedef {object} Block a piece of a message; a tool's result stands with its call
 * @property {number} index
 * @property {"text" | "thinking" | "tool_call" | string} kind
 * @property {string} text the text, or a tool call's input as the JSON that has come so far
 * @property {boolean} done
 * @property {boolean} [partial] cut off
 * @property {string} [call]
 * @property {string} [name]
 * @property {any} [input] whole, once it is known
 * @property {"called" | "approval" | "running" | "ended" | "unfinished"} [tool]
 * @property {string} [output]
 * @property {boolean} [isError]
 * @property {number} [durationMs]
 *
 * @typedef {object} Message
 * @property {string} id
 * @property {string | null} parent
 * @property {"user" | "assistant"} role
 * @property {Block[]} blocks
 * @property {string} [turn]
 * @property {string} [model]
 * @property {string[]} [siblings]
 * @property {boolean} live its turn is running
 * @property {string} [status] how its turn ended: on the reply, or on the user's message where there was no reply
 * @property {{code: string, message: string, retryable?: boolean, retry_after_ms?: number, upstream_status?: number}} [error]
 * @property {any} [usage]
 * @property {{ttft_ms?: number, duration_ms?: number, tokens_per_second?: number}} [timing]
 * @property {{attempt: number, delay_ms: number, message: string}} [retrying]
 *
 * @typedef {object} Turn one that has not ended
 * @property {string} id
 * @property {"queued" | "running" | "awaiting"} state
 * @property {string} parent the user's message
 * @property {string} [message] the reply
 * @property {string} [send] the id of the command that caused it
 *
 * @typedef {object} Model
 * @property {string | null} session
 * @property {string | null} epoch
 * @property {number} seq the last event that is in here
 * @property {any} settings
 * @property {string[]} models
 * @property {any} limits
 * @property {Map<string, Message>} messages
 * @property {string | null} head the last message that is shown
 * @property {string[]} waiting user messages that wait behind the running turn, in order
 * @property {Map<string, Turn>} turns
 * @property {boolean} more older messages exist
 *
 * @typedef {{what: "path"} | {what: "message", id: string} | {what: "session"} | {what: "reset"} | {what: "lost"}
 *   | {what: "ended", id: string, status: string} | {what: "text", id: string, index: number, text: string}} Change
 *   `path`: which messages are shown; `lost`: the model misses something that only a new snapshot can give.
 */

/** @returns {Model} */
export function emptyModel() {
    return {
        session: null,
        epoch: null,
        seq: 0,
        settings: {},
        models: [],
        limits: {},
        messages: new Map(),
        head: null,
        waiting: [],
        turns: new Map(),
        more: false,
    };
}

/** The messages to show, oldest first: the path to the head, then those that wait. @param {Model} model */
export function shownMessages(model) {
    /** @type {Message[]} */
    const shown = [];
    for (let id = model.head; id; ) {
        const message = model.messages.get(id);
        if (!message || shown.length > model.messages.size) break;
        shown.push(message);
        id = message.parent;
    }
    shown.reverse();
    const waiting = model.waiting.map((id) => model.messages.get(id));
    return shown.concat(waiting.filter((message) => message !== undefined && !shown.includes(message)));
}

/** The turn that Stop means: the running one, else the first that waits. @param {Model} model @returns {Turn | null} */
export function currentTurn(model) {
    let first = null;
    for (const turn of model.turns.values()) {
        if (turn.state !== "queued") return turn;
        first ??= turn;
    }
    return first;
}

/** A message's own words. @param {Message} message */
export function textOf(message) {
    return message.blocks.filter((block) => block.kind === "text").map((block) => block.text).join("\n\n");
}

/** @param {Model} model @param {any} frame @returns {Change[]} */
export function reduce(model, frame) {
    if (typeof frame.seq === "number" && frame.type !== "welcome" && frame.type !== "snapshot") {
        // An answer to a repeated command carries its old number: it is no event. Nor is one that we have seen.
        if (frame.replay || frame.seq <= model.seq) return [];
        model.seq = frame.seq;
    }
    return reducers[frame.type]?.(model, frame) ?? [];
}

/** @type {Record<string, (model: Model, frame: any) => Change[]>} */
const reducers = {
    welcome(model, frame) {
        const fresh = frame.resume === "new" || frame.session !== model.session;
        if (fresh) Object.assign(model, emptyModel());
        model.session = frame.session;
        model.epoch = frame.epoch;
        model.settings = frame.settings ?? {};
        model.models = frame.models ?? [];
        model.limits = frame.limits ?? {};
        return [{ what: fresh ? "reset" : "session" }];
    },

    snapshot(model, frame) {
        model.seq = frame.seq;
        model.messages = new Map();
        model.turns = new Map();
        model.waiting = [];
        model.head = null;
        model.more = Boolean(frame.more);
        const queued = new Set((frame.queued ?? []).map((/** @type {any} */ entry) => entry.parent));
        for (const wire of frame.messages ?? []) {
            model.messages.set(wire.id, fromWire(wire));
            if (queued.has(wire.id)) model.waiting.push(wire.id);
            else model.head = wire.id;
        }
        const live = frame.live;
        if (live) {
            model.turns.set(live.turn, { id: live.turn, state: live.state, parent: live.parent, message: live.message });
            const reply = newReply(live);
            for (const wire of live.blocks ?? []) addLiveBlock(reply.blocks, wire);
            for (const approval of live.approvals ?? []) {
                const block = reply.blocks.find((each) => each.call === approval.call);
                if (block) block.tool = "approval";
            }
            model.messages.set(reply.id, reply);
            model.head = reply.id;
        }
        for (const entry of frame.queued ?? []) {
            model.turns.set(entry.turn, { id: entry.turn, state: "queued", parent: entry.parent });
        }
        return [{ what: "reset" }];
    },

    history(model, frame) {
        for (const wire of frame.messages ?? []) {
            if (!model.messages.has(wire.id)) model.messages.set(wire.id, fromWire(wire));
        }
        model.more = Boolean(frame.more);
        return [{ what: "path" }];
    },

    message(model, frame) {
        const message = fromWire(frame.message);
        const busy = model.turns.size > 0;
        model.messages.set(message.id, message);
        if (message.role === "user" && message.turn && !message.status) {
            model.turns.set(message.turn, { id: message.turn, state: "queued", parent: message.id, send: frame.ref });
        }
        // Said while a turn runs, it stands below that turn's reply until its own begins.
        if (busy && message.role === "user") model.waiting.push(message.id);
        else {
            model.head = message.id;
            model.waiting = [];
        }
        return [{ what: "path" }, { what: "message", id: message.id }];
    },

    "turn.queued"(model, frame) {
        if (!model.turns.has(frame.turn)) {
            model.turns.set(frame.turn, { id: frame.turn, state: "queued", parent: frame.parent, send: frame.ref });
        }
        return [{ what: "message", id: frame.parent }];
    },

    "turn.started"(model, frame) {
        if (!model.messages.has(frame.parent)) return [{ what: "lost" }];
        const known = model.turns.get(frame.turn);
        model.turns.set(frame.turn, {
            id: frame.turn,
            state: "running",
            parent: frame.parent,
            message: frame.message,
            send: known?.send ?? frame.ref,
        });
        model.messages.set(frame.message, newReply(frame));
        model.head = frame.message;
        const queued = [...model.turns.values()].filter((turn) => turn.state === "queued").map((turn) => turn.parent);
        model.waiting = model.waiting.filter((id) => id !== frame.parent && queued.includes(id));
        return [{ what: "path" }, { what: "message", id: frame.parent }, { what: "message", id: frame.message }];
    },

    "turn.retrying": (model, frame) =>
        onReply(model, frame, (reply) => {
            reply.retrying = { attempt: frame.attempt, delay_ms: frame.delay_ms ?? 0, message: frame.message ?? "" };
            if (frame.model) reply.model = frame.model;
        }),

    "block.started": (model, frame) =>
        onReply(model, frame, (reply) => {
            reply.retrying = undefined;
            addLiveBlock(reply.blocks, { ...frame, text: "", done: false });
        }),

    delta(model, frame) {
        const reply = replyOf(model, frame);
        const block = reply?.blocks.find((each) => each.index === frame.index);
        if (!reply || !block) return [];
        block.text += frame.text;
        return [{ what: "text", id: reply.id, index: block.index, text: frame.text }];
    },

    "block.done": (model, frame) =>
        onBlock(model, frame, (each) => each.index === frame.index, (block) => {
            block.done = true;
            block.partial = Boolean(frame.partial);
            if (frame.input !== undefined && frame.input !== null) block.input = frame.input;
        }),

    "tool.started": (model, frame) =>
        onBlock(model, frame, (each) => each.call === frame.call, (block) => {
            block.tool = "running";
            block.input = frame.input ?? block.input;
        }),

    "tool.approval": (model, frame) =>
        onBlock(model, frame, (each) => each.call === frame.call, (block) => {
            block.tool = "approval";
        }),

    "tool.approved": (model, frame) =>
        onBlock(model, frame, (each) => each.call === frame.call, (block) => {
            block.tool = "called";
            block.input = frame.input ?? block.input;
        }),

    "tool.done": (model, frame) =>
        onBlock(model, frame, (each) => each.call === frame.call, (block) => {
            setResult(block, frame);
            block.durationMs = frame.duration_ms;
        }),

    "turn.done"(model, frame) {
        const turn = model.turns.get(frame.turn);
        if (!turn) return [];
        model.turns.delete(frame.turn);
        // A turn that never began has no reply; how it ended is said beside what was asked.
        const message = model.messages.get(turn.message ?? turn.parent);
        if (!message) return [];
        message.live = false;
        message.retrying = undefined;
        message.status = frame.status;
        message.error = frame.error ?? undefined;
        if (turn.message) {
            message.usage = frame.usage;
            message.timing = frame.timing;
            for (const block of message.blocks) endBlock(block);
        }
        return [
            { what: "message", id: message.id },
            { what: "ended", id: message.id, status: frame.status },
        ];
    },

    head(model, frame) {
        for (const [id, siblings] of Object.entries(frame.siblings ?? {})) {
            const message = model.messages.get(id);
            if (message) message.siblings = /** @type {string[]} */ (siblings);
        }
        // The reply that a regenerate makes the head is only told of by its `turn.started`.
        if (!model.messages.has(frame.message)) return frame.ref || model.turns.size > 0 ? [] : [{ what: "lost" }];
        model.head = frame.message;
        return [{ what: "path" }];
    },

    "session.updated"(model, frame) {
        model.settings = frame.settings ?? model.settings;
        return [{ what: "session" }];
    },

    "session.cleared"(model) {
        const { session, epoch, seq, settings, models, limits } = model;
        Object.assign(model, emptyModel(), { session, epoch, seq, settings, models, limits });
        return [{ what: "reset" }];
    },
};

/** @param {any} wire a message as the protocol has it @returns {Message} */
function fromWire(wire) {
    /** @type {Block[]} */
    const blocks = [];
    for (const content of wire.content ?? []) {
        if (content.kind === "tool_result") {
            const block = blocks.find((each) => each.call === content.call);
            if (block) setResult(block, content);
            continue;
        }
        const { kind, call, name } = content;
        blocks.push({
            index: blocks.length,
            kind,
            call,
            name,
            input: content.input ?? undefined,
            text: content.text ?? "",
            done: true,
            tool: kind === "tool_call" ? "called" : undefined,
        });
    }
    blocks.forEach(endBlock);
    return {
        id: wire.id,
        parent: wire.parent ?? null,
        role: wire.role,
        blocks,
        turn: wire.turn ?? undefined,
        model: wire.model ?? undefined,
        siblings: wire.siblings,
        live: false,
        status: wire.status ?? undefined,
        usage: wire.usage ?? undefined,
    };
}

/** @param {any} source a `turn.started`, or a snapshot's `live` @returns {Message} */
function newReply(source) {
    const { message: id, parent, turn, model } = source;
    return { id, parent, role: "assistant", blocks: [], turn, model, live: true };
}

/** @param {Block[]} blocks @param {any} wire */
function addLiveBlock(blocks, wire) {
    if (wire.kind === "tool_result") {
        const call = blocks.find((each) => each.call === wire.call);
        if (call) setResult(call, wire);
        return;
    }
    /** @type {Block} */
    const block = {
        index: wire.index,
        kind: wire.kind,
        call: wire.call ?? undefined,
        name: wire.name ?? undefined,
        input: wire.input ?? undefined,
        text: wire.text ?? wire.input_so_far ?? "",
        done: Boolean(wire.done),
        tool: wire.kind === "tool_call" ? "called" : undefined,
    };
    if (wire.kind === "tool_call" && block.done) block.tool = "running";
    if (wire.result) setResult(block, wire.result);
    blocks.push(block);
}

/** @param {Block} block @param {any} result */
function setResult(block, result) {
    block.tool = "ended";
    block.output = result.output ?? "";
    block.isError = Boolean(result.is_error);
}

/** Nothing more comes for this block. @param {Block} block */
function endBlock(block) {
    block.done = true;
    if (block.tool && block.tool !== "ended") block.tool = "unfinished";
}

/** @param {Model} model @param {any} frame */
function replyOf(model, frame) {
    const id = model.turns.get(frame.turn)?.message;
    return id === undefined ? undefined : model.messages.get(id);
}

/** @param {Model} model @param {any} frame @param {(reply: Message) => void} change @returns {Change[]} */
function onReply(model, frame, change) {
    const reply = replyOf(model, frame);
    if (!reply) return [];
    change(reply);
    return [{ what: "message", id: reply.id }];
}

/** @param {Model} model @param {any} frame @param {(block: Block) => boolean} which @param {(block: Block) => void} change */
function onBlock(model, frame, which, change) {
    return onReply(model, frame, (reply) => {
        const block = reply.blocks.find(which);
        if (block) change(block);
    });
}
