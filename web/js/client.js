// A chat client without a page. docs/web-client.md tells how to build one on it.

import { openConnection } from "./connection.js";
import { request } from "./polling.js";
import { currentTurn, emptyModel, reduce, shownMessages } from "./state.js";

export { textOf } from "./state.js";

const OFFLINE = { code: "offline", message: "There is no connection." };
const TOO_LARGE = { code: "too_large", message: "The message is too large for the server." };

// On plain http there is no `crypto.randomUUID`.
const newID = () => crypto.getRandomValues(new Uint32Array(3)).join("-");

export function ChatClient({ url = "/v1/chat", session = null, ...options }) {
	// What was said and has no answer, by id. `status`: held (never left), pending, unsent (refused).
	const commands = new Map();
	const begunCalls = new Set();
	// Kept until the session changes: an `open` whose answer was lost must not leave a second new session behind.
	let openID;
	// Until its welcome has come, frames are of the session before.
	let isOpen = false;
	const onStatus = (status) => client.onStatus(status);
	const connection = openConnection(url, { onOpen: open, onFrame: received, onClose: closed, onStatus });
	const client = {
		isGone: false,
		tools: {},
		onChange() {},
		onEvent() {},
		onStatus() {},
		onError() {},
		...options,
		connection,
		connect: connection.start,
		http: (path, options) => request(connection.base + path, options),

		open(session) {
			const unsent = said().filter(({ frame, status }) => frame.text && status !== "pending");
			commands.clear();
			client.isGone = false;
			reset(session);
			if (!open()) connection.start();
			client.onChange();
			return unsent.map(({ frame }) => frame.text).join("\n\n");
		},

		send: (text) => say({ type: "send", text }),
		edit: (message, text) => say({ type: "edit", message, text }),
		regenerate: (message) => say({ type: "regenerate", message }),
		approve: (call, decision, input) => say({ type: "tool.approve", call, decision, input }),
		older: (limit = 100) => client.ask({ type: "history", before: shownMessages(client.model)[0]?.id, limit }),

		async ask(frame) {
			if (!isOpen) throw OFFLINE;
			return new Promise((resolve, reject) => say(frame, { resolve, reject }));
		},

		retry(id) {
			transmit(Object.assign(commands.get(id), { status: "held", error: null }));
			client.onChange();
		},

		withdraw(id) {
			const { text = "" } = commands.get(id).frame;
			commands.delete(id);
			client.onChange();
			return text;
		},

		stop() {
			const turn = currentTurn(client.model)?.id;
			const [first] = starting();
			if (turn) say({ type: "cancel", turn });
			else if (first?.status === "held") return client.withdraw(first.frame.id);
			else if (first) say({ type: "cancel", send: first.frame.id });
			return "";
		},

		get messages() {
			const shown = said().filter(({ frame, status }) => frame.text && (frame.type === "send" || status !== "pending"));
			return shownMessages(client.model).concat(shown.map(({ frame: { id, text }, status, error }) => {
				const blocks = [{ index: 0, kind: "text", text, done: true }];
				return { id, role: "user", blocks, live: false, version: 0, status, error };
			}));
		},

		get isBusy() {
			return client.model.turns.size + starting().length > 0;
		},

		get isStopping() {
			return said().some(({ frame }) => frame.type === "cancel");
		},

		isAnswering: (call) => said().some(({ frame }) => frame.call === call),
	};
	reset(session);
	return client;

	function said() {
		return [...commands.values()];
	}

	function starting() {
		return said().filter(({ frame, status }) => /^(send|edit|regenerate)$/.test(frame.type) && status !== "unsent");
	}

	function say(frame, asked) {
		const id = newID();
		const command = { frame: { ...frame, id }, status: "held", ...asked };
		commands.set(id, command);
		transmit(command);
		client.onChange();
	}

	function transmit(command) {
		if (isOpen && connection.send(command.frame)) command.status = "pending";
	}

	function reset(session) {
		client.model = { ...emptyModel(), session };
		openID = newID();
	}

	function open() {
		const { session, epoch, seq } = client.model;
		isOpen = false;
		const after = epoch ? seq : undefined;
		const client_tools = Object.entries(client.tools).map(([name, tool]) => ({ name, ...tool }));
		return connection.send({ type: "open", id: openID, history: 200, client_tools, session, epoch, after });
	}

	function received(frame) {
		const { type, ref = openID } = frame;
		if (type === "welcome" && ref === openID) opened(frame);
		else if (isOpen) happened(frame);
		else if (type === "error" && ref === openID) notOpened(frame);
	}

	function opened(welcome) {
		isOpen = true;
		reduce(client.model, welcome);
		for (const command of said()) if (command.status !== "unsent") transmit(command);
		client.onChange();
	}

	function notOpened(error) {
		const { messages, turns } = client.model;
		// The server has a tool of such a name.
		if (error.field === "client_tools") {
			client.tools = {};
			return open();
		}
		if (error.code === "not_found" && messages.size) {
			client.isGone = true;
			connection.stop();
			for (const ref of commands.keys()) refused({ ...error, ref });
			for (const turn of turns.keys()) reduce(client.model, { type: "turn.done", turn });
			client.onChange();
		} else if (error.code === "not_found") {
			reset(null);
			open();
		}
		client.onError(error);
	}

	function happened(frame) {
		const outcome = reduce(client.model, frame);
		if (frame.type === "error") refused(frame);
		for (const command of said()) {
			if (!isOver(command, frame)) continue;
			commands.delete(command.frame.id);
			command.resolve?.(frame);
		}
		if (outcome === "lost") {
			client.model.epoch = null;
			open();
		}
		runTools();
		if (outcome !== "old" && frame.seq !== undefined) client.onEvent(frame);
		client.onChange();
	}

	// It has its answer, or there is nothing left that could be answered.
	function isOver({ frame: { type, id, call, turn }, status }, { ref }) {
		if (status === "unsent") return false;
		if (type === "cancel") return turn ? !client.model.turns.has(turn) : !client.isBusy;
		if (call) return blockOf(call)?.tool !== (type === "tool.approve" ? "asks" : "running");
		return ref === id;
	}

	function refused(error) {
		const command = commands.get(error.ref);
		const { call, text, type } = command?.frame ?? {};
		// A server that is about to stop takes no answers: this one is said again after it.
		if (call && error.code === "overloaded") return;
		if (text) Object.assign(command, { status: "unsent", error });
		else commands.delete(error.ref);
		command?.reject?.(error);
		if (call) Object.assign(blockOf(call) ?? {}, { problem: error.message });
		if (!command || type === "regenerate") client.onError(error);
	}

	function blocks() {
		return client.model.messages.get(currentTurn(client.model)?.message)?.blocks ?? [];
	}

	function blockOf(call) {
		return blocks().find((each) => each.call === call);
	}

	function runTools() {
		if (connection.status.via === "polling") return;
		for (const { call, name, input = {}, tool } of blocks()) {
			if (tool !== "running" || !Object.hasOwn(client.tools, name) || begunCalls.has(call)) continue;
			begunCalls.add(call);
			const tell = (output, is_error = false) => say({ type: "tool.result", call, output: String(output), is_error });
			Promise.try(() => client.tools[name].run(input)).then(tell, (error) => tell(error.message ?? error, true));
		}
	}

	function closed(code) {
		isOpen = false;
		for (const { frame, reject } of said()) if (reject) refused({ ...OFFLINE, ref: frame.id });
		// Said again, it would close the next connection as well.
		const tooLarge = code === 1009 && starting().find(({ status }) => status === "pending");
		if (tooLarge) refused({ ...TOO_LARGE, ref: tooLarge.frame.id });
	}
}
