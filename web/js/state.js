// A session as a page sees it, and how each event changes it, in place: a long reply has thousands of deltas. No DOM,
// clock or socket. What changed is returned.

/**
 * A piece of a message. `text`: for a tool call, the JSON of its input; `input`: that, once whole.
 * @typedef {{index: number, kind: string, text: string, done: boolean, call?: string, name?: string, input?: any,
 *   tool?: "called" | "running" | "ended" | "unfinished", output?: string, isError?: boolean, ms?: number}} Block
 *
 * `live`: its turn is running; `status`, `error`: how that ended.
 * @typedef {{id: string, parent?: string, role: "user" | "assistant", blocks: Block[], live: boolean, model?: string,
 *   status?: string, cut?: boolean, error?: any, usage?: any, timing?: any, retrying?: any}} Message
 *
 * @typedef {{id: string, state: string, parent: string, message?: string}} Turn one that has not ended
 *
 * `path`: which messages are shown; `lost`: only a new snapshot can mend the model.
 * @typedef {{what: "reset" | "path" | "message" | "text" | "ended" | "lost", id?: string, index?: number, text?: string}} Change
 */

export const emptyModel = () => ({
	session: null,
	epoch: null,
	/** The last event in here. */ seq: 0,
	settings: {},
	/** @type {Map<string, Message>} */ messages: new Map(),
	/** The last message that is shown. */ head: null,
	/** Behind the running turn. */ waiting: [],
	/** @type {Map<string, Turn>} */ turns: new Map(),
	/** Older messages exist. */ more: false,
});

/** The messages to show, oldest first: the path to the head, then those that wait. @returns {Message[]} */
export function shownMessages({ messages, head, waiting }) {
	const shown = [];
	for (let each = messages.get(head); each && shown.length < messages.size; each = messages.get(each.parent)) shown.push(each);
	shown.reverse();
	return shown.concat(waiting.map((id) => messages.get(id)).filter((each) => each && !shown.includes(each)));
}

/** The turn that Stop means: the running one, else the first that waits. */
export function currentTurn({ turns }) {
	const all = [...turns.values()];
	return all.find((turn) => turn.state !== "queued") ?? all[0];
}

/** A message's own words. @param {Message} message */
export const textOf = (message) =>
	message.blocks.filter((block) => block.kind === "text").map((block) => block.text).join("\n\n");

/** @returns {Change[]} */
export function reduce(model, frame) {
	if (frame.seq !== undefined && frame.type !== "welcome" && frame.type !== "snapshot") {
		// The answer to a repeated command has its old number; it is no event, nor is one that we have seen.
		if (frame.replay || frame.seq <= model.seq) return [];
		model.seq = frame.seq;
	}
	return reducers[frame.type]?.(model, frame) ?? [];
}

const reducers = {
	welcome(model, { session, epoch, resume, settings }) {
		const fresh = resume === "new" || session !== model.session;
		if (fresh) Object.assign(model, emptyModel());
		Object.assign(model, { session, epoch, settings: settings ?? {} });
		return [{ what: fresh ? "reset" : "path" }];
	},

	snapshot(model, { seq, messages, live, queued = [], more }) {
		const { session, epoch, settings } = model;
		Object.assign(model, emptyModel(), { session, epoch, settings, seq, more: Boolean(more) });
		for (const wire of messages) {
			model.messages.set(wire.id, fromWire(wire));
			if (queued.some((each) => each.parent === wire.id)) model.waiting.push(wire.id);
			else model.head = wire.id;
		}
		if (live) {
			const { turn: id, state, parent, message } = live;
			model.turns.set(id, { id, state, parent, message });
			model.messages.set(message, newReply(live));
			for (const block of live.blocks ?? []) addBlock(model.messages.get(message).blocks, block);
			model.head = message;
		}
		for (const { turn: id, parent } of queued) model.turns.set(id, { id, state: "queued", parent });
		return [{ what: "reset" }];
	},

	message(model, { message: wire }) {
		const message = fromWire(wire);
		// Said while a turn runs, it stands below that turn's reply until its own begins.
		if (message.role === "user" && model.turns.size > 0) model.waiting.push(message.id);
		else {
			model.head = message.id;
			model.waiting = [];
		}
		model.messages.set(message.id, message);
		if (message.role === "user" && wire.turn) {
			model.turns.set(wire.turn, { id: wire.turn, state: "queued", parent: message.id });
		}
		return [{ what: "path" }, { what: "message", id: message.id }];
	},

	"turn.queued"(model, { turn: id, parent }) {
		if (!model.turns.has(id)) model.turns.set(id, { id, state: "queued", parent });
		return [{ what: "path" }];
	},

	"turn.started"(model, frame) {
		const { turn: id, parent, message } = frame;
		if (!model.messages.has(parent)) return [{ what: "lost" }];
		model.turns.set(id, { id, state: "running", parent, message });
		model.messages.set(message, newReply(frame));
		model.head = message;
		const queued = [...model.turns.values()].filter((turn) => turn.state === "queued");
		model.waiting = model.waiting.filter((each) => queued.some((turn) => turn.parent === each));
		return [{ what: "path" }, { what: "message", id: message }];
	},

	"turn.retrying": (model, frame) =>
		onReply(model, frame, (reply) => Object.assign(reply, { retrying: frame, model: frame.model ?? reply.model })),

	"block.started": (model, frame) =>
		onReply(model, frame, (reply) => {
			reply.retrying = undefined;
			addBlock(reply.blocks, frame);
		}),

	delta(model, { turn, index, text }) {
		const id = model.turns.get(turn)?.message;
		const block = model.messages.get(id)?.blocks.find((each) => each.index === index);
		if (!block) return [];
		block.text += text;
		return [{ what: "text", id, index, text }];
	},

	"block.done": (model, frame) => onBlock(model, frame, { done: true }),

	"tool.started": (model, frame) => onBlock(model, frame, { tool: "running" }),

	"tool.done": (model, frame) => onBlock(model, frame, result(frame)),

	"turn.done"(model, { turn: id, status, error, usage, timing }) {
		const turn = model.turns.get(id);
		model.turns.delete(id);
		// A turn that never began has no reply: the question says how it ended.
		const message = model.messages.get(turn?.message ?? turn?.parent);
		if (!message) return [{ what: "path" }];
		Object.assign(message, { live: false, retrying: undefined, status, error });
		if (turn.message) Object.assign(message, { usage, timing });
		message.blocks.forEach(endBlock);
		return [{ what: "path" }, { what: "message", id: message.id }, { what: "ended", id: message.id }];
	},

	head(model, { message, siblings }) {
		// A reply that is still to come has a place among its siblings, or its turn is known.
		if (!model.messages.has(message)) return model.turns.size || message in siblings ? [] : [{ what: "lost" }];
		model.head = message;
		return [{ what: "path" }];
	},

	"session.updated"(model, { settings }) {
		model.settings = settings;
		return [];
	},

	"session.cleared": () => [{ what: "lost" }],
	"session.deleted": () => [{ what: "lost" }],
};

function fromWire({ id, parent, role, content = [], model, usage, status, cut }) {
	const blocks = [];
	for (const wire of content) addBlock(blocks, { ...wire, index: blocks.length, done: true });
	blocks.forEach(endBlock);
	return { id, parent, role, blocks, model, usage, status, cut, live: false };
}

/** From a `turn.started` or a snapshot's `live`. */
const newReply = ({ message: id, parent, model }) => ({ id, parent, role: "assistant", blocks: [], model, live: true });

function addBlock(blocks, wire) {
	const { index, kind, call, name, text, input_so_far: soFar, done = false } = wire;
	if (kind === "tool_result") {
		Object.assign(blocks.find((each) => each.call === call) ?? {}, result(wire));
		return;
	}
	const block = { index, kind, call, name, input: wire.input ?? undefined, text: text ?? soFar ?? "", done };
	if (kind === "tool_call") block.tool = done ? "running" : "called";
	blocks.push(Object.assign(block, wire.result && result(wire.result)));
}

const result = ({ output, is_error: isError, duration_ms: ms }) => ({ tool: "ended", output, isError, ms });

/** Nothing more comes for this block. */
function endBlock(block) {
	block.done = true;
	if (block.tool && block.tool !== "ended") block.tool = "unfinished";
}

function onReply(model, { turn }, change) {
	const reply = model.messages.get(model.turns.get(turn)?.message);
	if (!reply) return [];
	change(reply);
	return [{ what: "message", id: reply.id }];
}

const onBlock = (model, frame, change) =>
	onReply(model, frame, (reply) => {
		const block = reply.blocks.find((each) => (frame.call ? each.call === frame.call : each.index === frame.index));
		Object.assign(block ?? {}, change, frame.input && { input: frame.input });
	});
