// A session as a page sees it, and how each frame changes it, in place: a long reply has thousands of deltas.

export const emptyModel = () => ({
	session: null, epoch: null, seq: 0, clock: 0, settings: {}, models: [], messages: new Map(), siblings: new Map(),
	turns: new Map(), head: null, waiting: [], plan: null, more: false,
});

/** The messages to show: the path to the head, then those behind the running turn. */
export function shownMessages({ messages, head, waiting }) {
	const shown = [];
	for (let each = messages.get(head); each && shown.length < messages.size; each = messages.get(each.parent)) shown.push(each);
	return shown.reverse().concat(waiting.map((id) => messages.get(id)).filter((each) => each && !shown.includes(each)));
}

/** The turn that Stop means: the running one, else the first that waits. */
export const currentTurn = ({ turns }) => [...turns.values()].find(({ state }) => state !== "queued") ?? [...turns.values()][0];

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
	const set = (change, ...names) => void Object.assign(block, change, pick(frame, ...names));
	const queue = (id, parent) => void (turns.has(id) || turns.set(id, { id, state: "queued", parent }));
	if (reply) reply.version += 1;
	// What happens in a turn has its place.
	if (turn) turn.position = frame.position;
	switch (type) {
		case "welcome":
			if (frame.resume === "new" || frame.session !== model.session) Object.assign(model, emptyModel());
			Object.assign(model, pick(frame, "session", "epoch", "settings", "models"));
			model.clock = Date.parse(frame.server_time ?? new Date()) - Date.now();
			return;
		case "snapshot": {
			const { live, queued = [], more } = frame;
			Object.assign(model, { ...emptyModel(), ...pick(model, "session", "epoch", "settings", "models", "clock", "plan"), seq, more });
			for (const wire of frame.messages) {
				take(model, wire);
				if (queued.some((each) => each.parent === wire.id)) model.waiting.push(wire.id);
				else model.head = wire.id;
			}
			if (live) start(model, live);
			for (const each of live?.approvals ?? []) reduce(model, { ...each, type: "tool.approval" });
			for (const each of queued) model.turns.set(each.turn, { id: each.turn, state: "queued", parent: each.parent });
			return;
		}
		case "history":
			for (const wire of frame.messages) take(model, wire);
			model.more = frame.more;
			return;
		case "message": {
			const { id, turn: its } = take(model, frame.message);
			// Said while a turn runs, it stands below that turn's reply until its own begins.
			if (turns.size) model.waiting.push(id);
			else Object.assign(model, { head: id, waiting: [] });
			return its && queue(its, id);
		}
		case "turn.queued":
			return queue(frame.turn, parent);
		case "queue":
			return turn ? undefined : "old";
		case "turn.started":
			if (!messages.has(parent)) return "lost";
			start(model, frame);
			model.waiting = model.waiting.filter((id) => [...turns.values()].some((each) => each.state === "queued" && each.parent === id));
			return;
		case "turn.retrying":
			if (!reply) return "old";
			// A model that was not asked before is the server's fallback.
			reply.retrying = { ...frame, at: Date.now() + frame.delay_ms, fallback: frame.model !== reply.model && frame.model };
			reply.model = frame.model ?? reply.model;
			return;
		case "block.started":
			return void (reply && Object.assign(reply, { retrying: null }).blocks.push(newBlock(frame)));
		case "delta":
			return set({ text: block.text + frame.text });
		case "block.done":
			return set({ done: true }, "input");
		case "tool.approval":
			return set({ tool: "asks", expires: Date.parse(frame.expires_at) - model.clock }, "input");
		case "tool.approved":
			return set({ tool: "running", problem: null, decision: frame.input ? "edited" : frame.decision }, "input");
		case "tool.started":
			return set({ tool: "running" }, "input", "runs");
		case "tool.done":
			return set({ tool: "ended" }, ...RESULT);
		case "turn.done": {
			turns.delete(frame.turn);
			// A turn that never began has no reply: the question says how it ended.
			const message = reply ?? messages.get(turn?.parent);
			if (!message) return;
			Object.assign(message, { live: false, retrying: null }, pick(frame, "status", "error", ...(reply ? ["usage", "timing"] : [])));
			message.blocks.forEach(end);
			message.version += 1;
			return;
		}
		case "head":
			for (const [id, ids] of Object.entries(frame.siblings)) model.siblings.set(id, ids);
			if (messages.has(frame.message)) model.head = frame.message;
			// A reply that is still to come has a place among its siblings, or its turn is known.
			else if (!turns.size && !(frame.message in frame.siblings)) return "lost";
			return;
		case "session.updated":
			model.settings = frame.settings;
			return;
		case "session.cleared":
		case "session.deleted":
			return "lost";
	}
	return "old";
}

const RESULT = ["output", "is_error", "duration_ms"];
const pick = (from, ...names) => Object.fromEntries(names.filter((name) => (from[name] ?? null) !== null).map((name) => [name, from[name]]));

function take(model, wire) {
	const message = { ...wire, blocks: [], live: false, version: 0 };
	for (const each of wire.content ?? []) {
		const call = each.kind === "tool_result" && message.blocks.find(({ call }) => call === each.call);
		if (call) Object.assign(call, { tool: "ended" }, pick(each, ...RESULT));
		else message.blocks.push(newBlock({ ...each, index: message.blocks.length, done: true }));
	}
	message.blocks.forEach(end);
	model.messages.set(wire.id, message);
	if (wire.siblings) model.siblings.set(wire.id, wire.siblings);
	return message;
}

function start(model, { turn: id, state = "running", parent, message, model: name, context, blocks = [] }) {
	model.turns.set(id, { id, state, parent, message });
	model.messages.set(message, { id: message, parent, role: "assistant", model: name, blocks: blocks.map(newBlock), live: true, version: 0 });
	model.head = message;
	if (context) model.plan = { ...context, parent };
}

function newBlock({ text, input_so_far: soFar, done = false, result, ...wire }) {
	const tool = wire.kind !== "tool_call" ? undefined : result ? "ended" : done ? "running" : "called";
	return { ...pick(wire, "index", "kind", "call", "name", "input"), text: text ?? soFar ?? "", done, tool, ...pick(result ?? {}, ...RESULT) };
}

function end(block) {
	block.done = true;
	if (block.tool && block.tool !== "ended") block.tool = "unfinished";
}
