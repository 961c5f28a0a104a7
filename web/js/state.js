// A session as a page sees it, and how each frame changes it, in place: a long reply has thousands of deltas.

export const emptyModel = () => ({
	session: null, epoch: null, seq: 0, clock: 0, settings: {}, models: [], messages: new Map(), siblings: {}, turns: new Map(),
	head: null, plan: null, more: false,
});

/** The messages to show: the path to the head, then those whose turns have not begun. */
export function shownMessages({ messages, turns, head }) {
	const shown = [];
	for (let each = messages.get(head); each; each = messages.get(each.parent)) shown.push(each);
	const waiting = [...turns.values()].map(({ message, parent }) => !message && messages.get(parent));
	return shown.reverse().concat(waiting.filter((each) => each && !shown.includes(each)));
}

/** The turn that Stop means: the running one, else the first that waits. */
export const currentTurn = ({ turns }) => [...turns.values()].find(({ message }) => message) ?? [...turns.values()][0];

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
	// A turn that has not begun has no reply: its question says what becomes of it.
	const message = messages.get(turn?.message ?? turn?.parent);
	const block = message?.blocks.findLast((each) => (frame.call ? each.call === frame.call : each.index === frame.index)) ?? {};
	const set = (change, ...names) => void Object.assign(block, change, pick(frame, ...names));
	if (message) message.version += 1;
	// What happens in a turn has its place.
	if (turn) turn.position = frame.position;
	switch (type) {
		case "welcome":
			if (frame.resume === "new" || frame.session !== model.session) Object.assign(model, emptyModel());
			Object.assign(model, pick(frame, "session", "epoch", "settings", "models"));
			if (frame.server_time) model.clock = Date.parse(frame.server_time) - Date.now();
			return;
		case "snapshot": {
			const { live, queued = [], more, context: plan = null } = frame;
			Object.assign(model, { messages: new Map(), siblings: {}, turns: new Map(), head: null, seq, more, plan });
			for (const wire of frame.messages) {
				take(model, wire);
				if (queued.every((each) => each.parent !== wire.id)) model.head = wire.id;
			}
			if (live) start(model, live);
			for (const each of live?.approvals ?? []) reduce(model, { ...each, type: "tool.approval" });
			for (const each of queued) queue(model, each.turn, each.parent);
			return;
		}
		case "history":
			for (const wire of frame.messages) take(model, wire);
			model.more = frame.more;
			return;
		case "message":
			take(model, frame.message);
			// Said while a turn runs, it stands below that turn's reply until its own begins.
			if (!turns.size) model.head = frame.message.id;
			return queue(model, frame.message.turn, frame.message.id);
		case "turn.queued":
			return queue(model, frame.turn, parent);
		case "turn.started": {
			// A turn that was stopped while it waited left an empty reply, which nothing has named.
			const before = messages.get(parent)?.parent;
			const isKnown = messages.has(parent) && (!before || messages.has(before) || model.more);
			return isKnown ? start(model, frame) : "lost";
		}
		case "turn.retrying":
			message.retrying = { ...frame, at: Date.now() + frame.delay_ms };
			// A model that was not asked before is the server's fallback.
			if (frame.model !== message.model) message.model = message.retrying.fallback = frame.model;
			return;
		case "block.started":
			message.retrying = null;
			return void message.blocks.push(newBlock(frame));
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
		case "turn.done":
			turns.delete(frame.turn);
			if (!message) return;
			Object.assign(message, { live: false, retrying: null }, pick(frame, "status", "error", "usage", "timing"));
			message.blocks.forEach(end);
			// Where no later one stands between, it stays where it was.
			if (!turn.message && messages.has(message.parent)) model.head = message.id;
			return;
		case "head":
			Object.assign(model.siblings, frame.siblings);
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
}

const RESULT = ["output", "is_error", "duration_ms"];
const pick = (from, ...names) => Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));

function take({ messages, siblings }, wire) {
	const message = { ...wire, blocks: [], live: false, version: 0 };
	for (const each of wire.content) {
		const call = each.kind === "tool_result" && message.blocks.find(({ call }) => call === each.call);
		if (call) Object.assign(call, { tool: "ended" }, pick(each, ...RESULT));
		else message.blocks.push(newBlock({ ...each, index: message.blocks.length, done: true }));
	}
	message.blocks.forEach(end);
	messages.set(wire.id, message);
	siblings[wire.id] = wire.siblings ?? siblings[wire.id];
}

function queue({ turns }, id, parent) {
	if (id && !turns.has(id)) turns.set(id, { id, parent });
}

function start(model, { turn: id, parent, message, model: name, context, blocks = [], siblings }) {
	model.turns.set(id, { id, parent, message });
	const reply = { id: message, parent, role: "assistant", model: name, blocks: blocks.map(newBlock), live: true, version: 0 };
	model.messages.set(message, reply);
	model.head = message;
	if (siblings) model.siblings[message] = siblings;
	if (context) model.plan = { ...context, parent };
}

function newBlock({ text, input_so_far: soFar, done = false, result, ...wire }) {
	const tool = wire.kind !== "tool_call" ? undefined : result ? "ended" : done ? "running" : "called";
	return { ...pick(wire, "index", "kind", "call", "name", "input"), text: text ?? soFar ?? "", done, tool, ...result };
}

function end(block) {
	block.done = true;
	if (block.tool && block.tool !== "ended") block.tool = "unfinished";
}
