// A session as a page sees it, and how each frame changes it, in place.

const emptyLog = () => ({ seq: 0, messages: new Map(), siblings: {}, turns: new Map(), head: null, plan: null, more: false });
export const emptyModel = () => ({ session: null, epoch: null, settings: {}, models: [], ...emptyLog() });

export function shownMessages({ messages, turns, head }) {
	const path = [];
	for (let each = messages.get(head); each; each = messages.get(each.parent)) path.push(each);
	const asked = Array.from(turns.values(), ({ parent }) => messages.get(parent));
	return path.reverse().concat(asked.filter((each) => each && !path.includes(each)));
}

export function currentTurn({ turns }) {
	const all = [...turns.values()];
	return all.find(({ message }) => message) ?? all[0];
}

export const textOf = ({ blocks }) => blocks.filter(({ kind }) => kind === "text").map(({ text }) => text).join("\n\n");

// Returns `old` for a known frame, `lost` where only a new snapshot helps.
export function reduce(model, frame) {
	const { type, seq, call, index } = frame;
	if (seq !== undefined && !/^(welcome|snapshot)$/.test(type)) {
		if (frame.replay || seq <= model.seq) return "old";
		model.seq = seq;
	}
	const turn = model.turns.get(frame.turn);
	const message = model.messages.get(turn?.message ?? turn?.parent);
	const block = message?.blocks.findLast((each) => (call ? each.call === call : each.index === index));
	if (message) message.version += 1;
	if (turn) turn.position = frame.position;
	if (block && type in OF_BLOCK) Object.assign(block, frame, OF_BLOCK[type](frame, block));
	return OF_MODEL[type]?.(model, frame, message ?? {});
}

const OF_BLOCK = {
	delta: ({ text }, block) => ({ text: block.text + text }),
	"block.done": () => ({ done: true }),
	"tool.approval": () => ({ tool: "asks" }),
	"tool.approved": ({ input, decision }) => ({ tool: "running", problem: null, decision: input ? "edited" : decision }),
	"tool.started": () => ({ tool: "running" }),
	"tool.done": () => ({ tool: "ended" }),
};

const OF_MODEL = {
	welcome: (model, frame) => void Object.assign(model, frame, { seq: frame.resume === "snapshot" ? null : model.seq }),
	snapshot(model, { messages, live, queued = [], more, seq, context: plan = null }) {
		Object.assign(model, emptyLog(), { seq, more, plan });
		for (const each of messages) {
			take(model, each);
			if (queued.every(({ parent }) => parent !== each.id)) model.head = each.id;
		}
		if (live) start(model, live);
		for (const each of live?.approvals ?? []) reduce(model, { ...each, type: "tool.approval" });
		for (const each of queued) queue(model, each);
	},
	history(model, { messages, more }) {
		messages.forEach((each) => take(model, each));
		model.more = more;
	},
	message(model, { message }) {
		take(model, message);
		// Until its own turn begins it stands below the reply that runs.
		if (!model.turns.size) model.head = message.id;
		queue(model, { turn: message.turn, parent: message.id });
	},
	"turn.queued": queue,
	"turn.started": start,
	"turn.retrying"(_, frame, message) {
		Object.assign(message, { model: frame.model, retrying: { ...frame, at: Date.now() + frame.delay_ms } });
	},
	"block.started"(_, frame, message) {
		message.retrying = null;
		message.blocks?.push(newBlock(frame));
	},
	"turn.done"(model, { turn, status, error, usage, timing }, message) {
		model.turns.delete(turn);
		Object.assign(message, { live: false, retrying: null, status, error, usage, timing });
		for (const block of message.blocks ?? []) {
			block.done = true;
			if (block.tool !== "ended") block.tool = "unfinished";
		}
		// Stopped while it waited, it leaves an empty reply, of which no event tells.
		if (message.role === "user") return "lost";
	},
	head(model, { message, siblings }) {
		Object.assign(model.siblings, siblings);
		if (model.messages.has(message)) model.head = message;
		else if (!model.turns.size && !(message in siblings)) return "lost";
	},
	"session.updated"(model, { settings }) {
		model.settings = settings;
	},
	"session.cleared": () => "lost",
	"session.deleted": () => "lost",
};

function take({ messages, siblings }, wire) {
	const blocks = [];
	for (const each of wire.content) {
		const called = blocks.find(({ call }) => call && call === each.call);
		if (called) Object.assign(called, { ...each, kind: "tool_call", tool: "ended" });
		else blocks.push(newBlock({ ...each, done: true, tool: "unfinished" }));
	}
	messages.set(wire.id, { ...wire, blocks, live: false, version: 0 });
	siblings[wire.id] = wire.siblings;
}

function queue({ turns }, { turn: id, parent, message }) {
	turns.set(id, { id, parent, message });
}

function start(model, frame) {
	const { parent, message: id, model: name, context, blocks = [], siblings } = frame;
	if (frame.type && !model.messages.has(parent)) return "lost";
	queue(model, frame);
	model.messages.set(id, { id, parent, role: "assistant", model: name, blocks: blocks.map(newBlock), live: true, version: 0 });
	model.head = id;
	if (siblings) model.siblings[id] = siblings;
	if (context) model.plan = { ...context, parent };
}

function newBlock({ input_so_far: text = "", done = false, result, ...wire }) {
	return { text, done, tool: done ? "running" : "called", ...wire, ...(result && { ...result, tool: "ended" }) };
}
