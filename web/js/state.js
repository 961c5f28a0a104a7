// A session as a page sees it, and how each frame of the server changes it, in place: a long reply has thousands of deltas.
// The names are those of docs/protocol.md; docs/web-client.md tells what is added to them. No DOM, socket or timer.

export const emptyModel = () => ({
	session: null, epoch: null, seq: 0, settings: {}, models: [], more: false,
	messages: new Map(), // by id
	siblings: new Map(), // the versions of a message, by the id of each
	turns: new Map(), // that have not ended, by id
	head: null, // the last message that is shown
	waiting: [], // messages behind the running turn
	plan: null, // what the newest turn's model was sent
	clock: 0, // the server's, less this one's
});

/** The messages to show, oldest first: the path to the head, then those that wait. */
export function shownMessages({ messages, head, waiting }) {
	const shown = [];
	for (let each = messages.get(head); each && shown.length < messages.size; each = messages.get(each.parent)) shown.push(each);
	return shown.reverse().concat(waiting.map((id) => messages.get(id)).filter((each) => each && !shown.includes(each)));
}

/** The turn that Stop means: the running one, else the first that waits. */
export const currentTurn = ({ turns }) => [...turns.values()].find(({ state }) => state !== "queued") ?? [...turns.values()][0];

/** A message's own words. */
export const textOf = ({ blocks }) => blocks.filter(({ kind }) => kind === "text").map(({ text }) => text).join("\n\n");

/** Returns `old` where the frame was known, and `lost` where only a new snapshot can mend the model. */
export function reduce(model, frame) {
	const { type, seq, parent } = frame;
	const { messages, turns } = model;
	if (seq !== undefined && type !== "welcome" && type !== "snapshot") {
		// The answer to a repeated command has its old number; it is no event, nor is one that we have seen.
		if (frame.replay || seq <= model.seq) return "old";
		model.seq = seq;
	}
	const turn = turns.get(frame.turn);
	const reply = messages.get(turn?.message);
	const block = reply?.blocks.findLast((each) => (frame.call ? each.call === frame.call : each.index === frame.index)) ?? {};
	const queue = (id, parent) => turns.has(id) || turns.set(id, { id, state: "queued", parent });
	if (reply) reply.version += 1;
	switch (type) {
		case "welcome":
			if (frame.resume === "new" || frame.session !== model.session) Object.assign(model, emptyModel());
			for (const name of ["session", "epoch", "settings", "models"]) model[name] = frame[name] ?? model[name];
			if (frame.server_time) model.clock = Date.parse(frame.server_time) - Date.now();
			break;
		case "snapshot": {
			const { messages: all, live, queued = [], more } = frame;
			Object.assign(model, { ...emptyModel(), ...pick(model, "session", "epoch", "settings", "models", "clock", "plan"), seq, more });
			for (const wire of all) {
				take(model, wire);
				if (queued.some((each) => each.parent === wire.id)) model.waiting.push(wire.id);
				else model.head = wire.id;
			}
			if (live) start(model, live);
			for (const each of live?.approvals ?? []) reduce(model, { ...each, type: "tool.approval" });
			for (const each of queued) model.turns.set(each.turn, { id: each.turn, state: "queued", parent: each.parent });
			break;
		}
		case "history":
			for (const wire of frame.messages) take(model, wire);
			model.more = frame.more;
			break;
		case "message": {
			const { id, turn: its } = take(model, frame.message);
			// Said while a turn runs, it stands below that turn's reply until its own begins.
			if (turns.size) model.waiting.push(id);
			else Object.assign(model, { head: id, waiting: [] });
			if (its) queue(its, id);
			break;
		}
		case "turn.queued":
			queue(frame.turn, parent);
			break;
		case "queue":
			if (turn) turn.position = frame.position;
			break;
		case "turn.started":
			if (!messages.has(parent)) return "lost";
			start(model, frame);
			model.waiting = model.waiting.filter((id) => [...turns.values()].some((each) => each.state === "queued" && each.parent === id));
			break;
		case "turn.retrying":
			if (!reply) return "old";
			// A model that was not asked before is the server's fallback.
			reply.retrying = { ...frame, at: Date.now() + frame.delay_ms, fallback: frame.model !== reply.model && frame.model };
			reply.model = frame.model ?? reply.model;
			break;
		case "block.started":
			if (reply) Object.assign(reply, { retrying: null }).blocks.push(newBlock(frame));
			break;
		case "delta":
			block.text += frame.text;
			break;
		case "block.done":
			Object.assign(block, { done: true }, pick(frame, "input"));
			break;
		case "tool.approval":
			Object.assign(block, { tool: "asks", input: frame.input, expires: Date.parse(frame.expires_at) - model.clock });
			break;
		case "tool.approved":
			Object.assign(block, { tool: "running", problem: null, decision: frame.input ? "edited" : frame.decision }, pick(frame, "input"));
			break;
		case "tool.started":
			Object.assign(block, { tool: "running" }, pick(frame, "input", "runs"));
			break;
		case "tool.done":
			Object.assign(block, result(frame));
			break;
		case "turn.done": {
			turns.delete(frame.turn);
			// A turn that never began has no reply: the question says how it ended.
			const message = reply ?? messages.get(turn?.parent);
			if (!message) break;
			Object.assign(message, { live: false, retrying: null }, pick(frame, "status", "error"), reply && pick(frame, "usage", "timing"));
			message.blocks.forEach(end);
			message.version += 1;
			break;
		}
		case "head":
			for (const [id, ids] of Object.entries(frame.siblings)) model.siblings.set(id, ids);
			if (messages.has(frame.message)) model.head = frame.message;
			// A reply that is still to come has a place among its siblings, or its turn is known.
			else if (!turns.size && !(frame.message in frame.siblings)) return "lost";
			break;
		case "session.updated":
			model.settings = frame.settings;
			break;
		case "session.cleared":
		case "session.deleted":
			return "lost";
		default:
			return "old";
	}
}

const pick = (from, ...names) => Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
const result = (frame) => ({ tool: "ended", ...pick(frame, "output", "is_error", "duration_ms") });

/** A message of a snapshot, a history, an event. */
function take(model, wire) {
	const message = { ...wire, blocks: [], live: false, version: 0 };
	for (const each of wire.content ?? []) {
		const call = each.kind === "tool_result" && message.blocks.find(({ call }) => call === each.call);
		if (call) Object.assign(call, result(each));
		else message.blocks.push(newBlock({ ...each, index: message.blocks.length, done: true }));
	}
	message.blocks.forEach(end);
	model.messages.set(wire.id, message);
	if (wire.siblings) model.siblings.set(wire.id, wire.siblings);
	return message;
}

/** From a `turn.started` or a snapshot's `live`. */
function start(model, { turn: id, state = "running", parent, message, model: name, context, blocks = [] }) {
	model.turns.set(id, { id, state, parent, message });
	model.messages.set(message, { id: message, parent, role: "assistant", model: name, blocks: blocks.map(newBlock), live: true, version: 0 });
	model.head = message;
	if (context) model.plan = { ...context, parent };
}

function newBlock({ index, kind, call, name, text, input, input_so_far: soFar, done = false, result: known }) {
	const block = { index, kind, call, name, input: input ?? undefined, text: text ?? soFar ?? "", done };
	if (kind === "tool_call") block.tool = done ? "running" : "called";
	return Object.assign(block, known && result(known));
}

/** Nothing more comes for this block. */
function end(block) {
	block.done = true;
	if (block.tool && block.tool !== "ended") block.tool = "unfinished";
}
