// A chat client without a page: docs/web-client.md.

import { openConnection } from "./connection.js";
import { request } from "./polling.js";
import { currentTurn, emptyModel, reduce, shownMessages, textOf } from "./state.js";

export { textOf };

const OFFLINE = { code: "offline", message: "There is no connection." };
const TOO_LARGE = { code: "too_large", message: "This is too large for the server." };

// On plain http there is no `crypto.randomUUID`.
const newID = () => crypto.getRandomValues(new Uint32Array(3)).join("-");

const nothing = () => {};

export function ChatClient(options) {
	const { url = "/v1/chat", onChange = nothing, onEvent = nothing, onStatus = nothing, onError = nothing } = options;
	let { tools = {} } = options;
	// What was said and has no answer, by id. `status`: held (never left), pending.
	const commands = new Map();
	const begunCalls = new Set();
	let model;
	// One for each session: a lost answer must not make a second new one.
	let openID;
	// Until its welcome has come, frames are of the session before.
	let isOpen = false;

	const said = () => [...commands.values()];
	const starting = () => said().filter(({ frame }) => /^(send|edit|regenerate)$/.test(frame.type));
	const blocks = () => model.messages.get(currentTurn(model)?.message)?.blocks ?? [];
	const blockOf = (call) => blocks().find((each) => each.call === call);

	const connection = openConnection(url, { onOpen: open, onFrame: received, onClose: closed, onStatus });
	const client = {
		isGone: false,
		connection,
		connect: connection.start,
		get model() {
			return model;
		},
		http: (path, options) => request(connection.base + path, options),
		open(session) {
			const unsent = client.messages.filter(({ status }) => status === "held").map(textOf);
			commands.clear();
			client.isGone = false;
			reset(session);
			if (!open()) connection.start();
			onChange();
			return unsent.join("\n\n");
		},
		send: (text) => say({ type: "send", text }),
		edit: (message, text) => say({ type: "edit", message, text }),
		regenerate: (message) => say({ type: "regenerate", message }),
		approve: (call, decision, input) => say({ type: "tool.approve", call, decision, input }),
		older: (limit = 100) => client.ask({ type: "history", before: shownMessages(model)[0]?.id, limit }),
		ask: (frame) => new Promise((resolve, reject) => (isOpen ? say(frame, { resolve, reject }) : reject(OFFLINE))),
		stop() {
			const turn = currentTurn(model)?.id;
			const [first] = starting();
			if (turn) say({ type: "cancel", turn });
			else if (first?.status === "pending") say({ type: "cancel", send: first.frame.id });
			else if (first) {
				commands.delete(first.frame.id);
				onChange();
				return first.frame.text ?? "";
			}
			return "";
		},
		get messages() {
			const shown = said().filter(({ frame, status }) => frame.text && (frame.type === "send" || status !== "pending"));
			return shownMessages(model).concat(shown.map(({ frame: { id, text }, status }) => (
				{ id, role: "user", blocks: [{ kind: "text", text, done: true }], live: false, status }
			)));
		},
		get isBusy() {
			return model.turns.size + starting().length > 0;
		},
		isAnswering: (call) => said().some(({ frame }) => frame.call === call),
	};
	reset(options.session ?? null);
	return client;

	function reset(session) {
		begunCalls.clear();
		model = { ...emptyModel(), session };
		openID = newID();
	}

	function open() {
		const { session, epoch, seq } = model;
		isOpen = false;
		const client_tools = Object.entries(tools).map(([name, tool]) => ({ name, ...tool }));
		return connection.send({ type: "open", id: openID, history: 200, client_tools, session, epoch, after: epoch && seq });
	}

	function say(frame, asked) {
		const id = newID();
		const command = { frame: { ...frame, id }, status: "held", ...asked };
		commands.set(id, command);
		transmit(command);
		onChange();
	}

	function transmit(command) {
		if (isOpen && connection.send(command.frame)) command.status = "pending";
	}

	function received(frame) {
		const { type, ref = openID, seq } = frame;
		if (type === "welcome" && ref === openID) isOpen = true;
		if (!isOpen) return type === "error" && ref === openID && notOpened(frame);
		const outcome = reduce(model, frame);
		if (type === "error" && commands.has(ref)) refused(frame);
		for (const command of said()) {
			if (type === "welcome") transmit(command);
			else if (isOver(command, ref)) {
				commands.delete(command.frame.id);
				command.resolve?.(frame);
			}
		}
		if (outcome === "lost") {
			model.epoch = null;
			open();
		}
		runTools();
		if (outcome !== "old" && seq !== undefined) onEvent(frame);
		onChange();
	}

	function notOpened(error) {
		if (error.field === "client_tools") {
			tools = {};
			return open();
		}
		if (error.code !== "not_found") connection.closed(1013);
		else if (model.messages.size) {
			client.isGone = true;
			connection.stop();
			for (const ref of commands.keys()) refused({ ...error, ref });
			for (const turn of model.turns.keys()) reduce(model, { type: "turn.done", turn, status: "cancelled" });
			onChange();
		} else {
			reset(null);
			open();
		}
		onError(error);
	}

	function isOver({ frame: { type, id, call, turn } }, ref) {
		if (type === "cancel") return turn ? !model.turns.has(turn) : !client.isBusy;
		if (call) return blockOf(call)?.tool !== (type === "tool.approve" ? "asks" : "running");
		return ref === id;
	}

	function refused(error) {
		const { frame, reject = (reason) => onError(reason, frame.text) } = commands.get(error.ref);
		const { call, type } = frame;
		// A server that is about to stop takes no answers: it is said again after that.
		if (call && error.code === "overloaded") return;
		commands.delete(error.ref);
		if (call) Object.assign(blockOf(call) ?? {}, { problem: error.message });
		else if (type !== "cancel") reject(error);
	}

	function runTools() {
		if (connection.status.via === "polling") return;
		for (const { call, name, input = {}, tool } of blocks()) {
			if (tool !== "running" || !Object.hasOwn(tools, name) || begunCalls.has(call)) continue;
			begunCalls.add(call);
			const tell = (output, is_error = false) => say({ type: "tool.result", call, output: String(output), is_error });
			Promise.try(() => tools[name].run(input)).then(tell, (error) => tell(error.message ?? error, true));
		}
	}

	function closed(code) {
		isOpen = false;
		const error = code === 1009 ? TOO_LARGE : OFFLINE;
		for (const { frame, reject, status } of said()) {
			// Said again, it would close the next one too.
			if (reject || (code === 1009 && status === "pending")) refused({ ...error, ref: frame.id });
		}
	}
}
