// A session as a page sees it, and how each frame of the server changes it, in place: a long reply has thousands of deltas.
// No DOM, socket or timer.

/**
 * A piece of a message. `text`: for a tool call, the JSON of its input; `input`: that, once whole; `expires`: until when a
 * person may decide, by this machine's clock; `problem`: why the server did not take that decision.
 * @typedef {{index: number, kind: string, text: string, done: boolean, call?: string, name?: string, input?: any,
 *   tool?: "called" | "asks" | "running" | "ended" | "unfinished", runs?: string, expires?: number, problem?: string,
 *   decision?: string, output?: string, isError?: boolean, ms?: number}} Block
 *
 * `version` grows with each change; `live`: its turn is running; `status`, `error`: how that ended.
 * @typedef {{id: string, parent?: string, role: "user" | "assistant", blocks: Block[], live: boolean, version: number,
 *   model?: string, status?: string, cut?: boolean, error?: any, usage?: any, timing?: any, retrying?: any}} Message
 *
 * One that has not ended. `position`: its place among all turns of the server that wait.
 * @typedef {{id: string, state: "queued" | "running" | "awaiting", parent: string, message?: string, position?: number}} Turn
 */

export const emptyModel = () => ({
	session: null,
	epoch: null,
	/** The last event in here. */ seq: 0,
	settings: {},
	models: [],
	/** @type {Map<string, Message>} */ messages: new Map(),
	/** Versions of a message, itself included, by its id. @type {Map<string, string[]>} */ siblings: new Map(),
	/** The last message that is shown. */ head: null,
	/** Behind the running turn. */ waiting: [],
	/** @type {Map<string, Turn>} */ turns: new Map(),
	/** What the newest turn's model was sent: `turn.started.context`, and the question as `parent`. */ plan: null,
	/** Older messages exist. */ more: false,
	/** The server's clock less this one's, in milliseconds. */ clock: 0,
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

/** @returns {"old" | "lost" | undefined} `old`: it was known, or changes nothing; `lost`: only a new snapshot can mend this. */
export function reduce(model, frame) {
	if (frame.seq !== undefined && frame.type !== "welcome" && frame.type !== "snapshot") {
		// The answer to a repeated command has its old number; it is no event, nor is one that we have seen.
		if (frame.replay || frame.seq <= model.seq) return "old";
		model.seq = frame.seq;
	}
	return reducers[frame.type] ? reducers[frame.type](model, frame) : "old";
}

const reducers = {
	welcome(model, { session, epoch, resume, settings, models, server_time: time }) {
		if (resume === "new" || session !== model.session) Object.assign(model, emptyModel());
		Object.assign(model, { session, epoch, settings: settings ?? {}, models: models ?? [] });
		if (time) model.clock = Date.parse(time) - Date.now();
	},

	snapshot(model, { seq, messages, live, queued = [], more }) {
		const { session, epoch, settings, models, clock, plan } = model;
		Object.assign(model, emptyModel(), { session, epoch, settings, models, clock, plan, seq, more: Boolean(more) });
		for (const wire of messages) {
			takeMessage(model, wire);
			if (queued.some((each) => each.parent === wire.id)) model.waiting.push(wire.id);
			else model.head = wire.id;
		}
		if (live) {
			const reply = startTurn(model, live);
			for (const block of live.blocks ?? []) addBlock(reply.blocks, block);
			for (const approval of live.approvals ?? []) reducers["tool.approval"](model, approval);
		}
		for (const { turn: id, parent } of queued) model.turns.set(id, { id, state: "queued", parent });
	},

	/** The answer to the command of that name. */
	history(model, { messages, more }) {
		for (const wire of messages) takeMessage(model, wire);
		model.more = Boolean(more);
	},

	message(model, { message: wire }) {
		const message = takeMessage(model, wire);
		// Said while a turn runs, it stands below that turn's reply until its own begins.
		if (model.turns.size > 0) model.waiting.push(message.id);
		else {
			model.head = message.id;
			model.waiting = [];
		}
		if (wire.turn) model.turns.set(wire.turn, { id: wire.turn, state: "queued", parent: message.id });
	},

	"turn.queued"(model, { turn: id, parent }) {
		if (!model.turns.has(id)) model.turns.set(id, { id, state: "queued", parent });
	},

	queue(model, { turn, position }) {
		if (!model.turns.has(turn)) return "old";
		model.turns.get(turn).position = position;
	},

	"turn.started"(model, frame) {
		if (!model.messages.has(frame.parent)) return "lost";
		startTurn(model, frame);
		const queued = [...model.turns.values()].filter((turn) => turn.state === "queued");
		model.waiting = model.waiting.filter((each) => queued.some((turn) => turn.parent === each));
	},

	"turn.retrying": (model, frame) =>
		onReply(model, frame, (reply) => {
			const { attempt, message, delay_ms: delay } = frame;
			// A model that was not asked before is the server's fallback.
			const fallback = frame.model && frame.model !== reply.model ? frame.model : undefined;
			Object.assign(reply, { retrying: { attempt, message, fallback, at: Date.now() + delay }, model: frame.model ?? reply.model });
		}),

	"block.started": (model, frame) =>
		onReply(model, frame, (reply) => {
			reply.retrying = undefined;
			addBlock(reply.blocks, frame);
		}),

	delta: (model, frame) => onBlock(model, frame, (block) => (block.text += frame.text)),

	"block.done": (model, { input, ...frame }) => onBlock(model, frame, { done: true, ...(input && { input }) }),

	"tool.approval": (model, frame) =>
		onBlock(model, frame, { tool: "asks", input: frame.input, expires: Date.parse(frame.expires_at) - model.clock }),

	"tool.approved": (model, { input, ...frame }) =>
		onBlock(model, frame, {
			tool: "running", decision: input ? "edited" : frame.decision, problem: undefined, ...(input && { input }),
		}),

	"tool.started": (model, frame) => onBlock(model, frame, { tool: "running", input: frame.input, runs: frame.runs }),

	"tool.done": (model, frame) => onBlock(model, frame, result(frame)),

	"turn.done"(model, { turn: id, status, error, usage, timing }) {
		const turn = model.turns.get(id);
		model.turns.delete(id);
		// A turn that never began has no reply: the question says how it ended.
		const message = model.messages.get(turn?.message ?? turn?.parent);
		if (!message) return;
		Object.assign(message, { live: false, retrying: undefined, status, error });
		if (turn.message) Object.assign(message, { usage, timing });
		message.blocks.forEach(endBlock);
		message.version += 1;
	},

	head(model, { message, siblings }) {
		for (const [id, ids] of Object.entries(siblings)) model.siblings.set(id, ids);
		if (model.messages.has(message)) model.head = message;
		// A reply that is still to come has a place among its siblings, or its turn is known.
		else if (!model.turns.size && !(message in siblings)) return "lost";
	},

	"session.updated"(model, { settings }) {
		model.settings = settings;
	},

	"session.cleared": () => "lost",
	"session.deleted": () => "lost",
};

function takeMessage(model, { id, parent, siblings, role, content = [], model: name, usage, status, cut }) {
	const blocks = [];
	for (const wire of content) addBlock(blocks, { ...wire, index: blocks.length, done: true });
	blocks.forEach(endBlock);
	const message = { id, parent, role, blocks, model: name, usage, status, cut, live: false, version: 0 };
	model.messages.set(id, message);
	if (siblings) model.siblings.set(id, siblings);
	return message;
}

/** From a `turn.started` or a snapshot's `live`. */
function startTurn(model, { turn: id, state = "running", parent, message, model: name, context }) {
	const reply = { id: message, parent, role: "assistant", blocks: [], model: name, live: true, version: 0 };
	model.turns.set(id, { id, state, parent, message });
	model.messages.set(message, reply);
	model.head = message;
	if (context) model.plan = { ...context, parent };
	return reply;
}

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
	if (!reply) return "old";
	change(reply);
	reply.version += 1;
}

/** `change`: new members, or a function. */
const onBlock = (model, frame, change) =>
	onReply(model, frame, ({ blocks }) => {
		const block = blocks.findLast((each) => (frame.call ? each.call === frame.call : each.index === frame.index));
		if (block) typeof change === "function" ? change(block) : Object.assign(block, change);
	});
