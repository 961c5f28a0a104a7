// A chat client on the protocol whinchat.v1, without a page: connection, resuming, state. docs/web-client.md tells how to
// build a page on it. What is said offline goes out once there is a connection, and has one effect: a command keeps its id.

import { Connection } from "./connection.js";
import { request } from "./http.js";
import { currentTurn, emptyModel, reduce, shownMessages } from "./state.js";

export { textOf } from "./state.js";

const OFFLINE = { code: "offline", message: "There is no connection." };

/** 96 random bits. (`crypto.randomUUID` is missing on plain http.) */
const newID = () => crypto.getRandomValues(new Uint32Array(3)).join("-");

/** Whether a frame is what a command waits for. */
function answers(frame, { id, frame: { type, turn, send, call } }) {
	if (type === "cancel") return frame.type === "turn.done" && (frame.turn === turn || frame.ref === id || frame.ref === send);
	return call ? frame.call === call && /^tool.(done|approved)$/.test(frame.type) : frame.ref === id;
}

export class ChatClient {
	/** The server no longer has this session: it can only be read. */
	isGone = false;
	tools = {};
	/** Commands without their answer, by id: the `frame`; `left`: it may have arrived; `error`: it was refused. */
	#commands = new Map();
	/** Of each `open` until the session changes: a lost answer must not leave a second new one behind. */
	#openID;
	/** Until its welcome has come, frames are of the session before. */
	#isOpen = false;
	#begun = new Set();
	/** The tools that the server knows of. */
	#declared;

	constructor({ url = `${location.protocol.replace("http", "ws")}//${location.host}/v1/chat`, session = null, ...options }) {
		Object.assign(this, options);
		this.connection = new Connection(url, {
			onOpen: () => this.#open(),
			onFrame: (frame) => this.#received(frame),
			onClose: (code) => this.#closed(code),
			onStatus: (status) => this.onStatus(status),
		});
		this.#reset(session);
	}

	onChange() {}
	onEvent() {}
	onStatus() {}
	onError() {}

	connect = () => this.connection.start();
	/** What the server has by plain HTTP: `http("/sessions/s_1", { method: "DELETE" })`. */
	http = (path, options) => request(this.connection.base + path, options);

	open(session) {
		const unsent = this.#all(({ text }, { left, error }) => text && (!left || error));
		this.#commands.clear();
		this.isGone = false;
		this.#reset(session);
		if (this.connection.status.state === "stopped") this.connect();
		else this.#open();
		this.onChange();
		return unsent.map(({ frame }) => frame.text).join("\n\n");
	}

	send = (text) => this.#push({ type: "send", text });
	edit = (message, text) => this.#push({ type: "edit", message, text });
	regenerate = (message) => this.#push({ type: "regenerate", message });
	approve = (call, decision, input) => this.#push({ type: "tool.approve", call, decision, input });
	older = (limit = 100) => this.ask({ type: "history", before: shownMessages(this.model)[0]?.id, limit });

	ask(frame) {
		return new Promise((resolve, reject) => {
			if (this.#isOpen) this.#push(frame, { resolve, reject });
			else reject(OFFLINE);
		});
	}

	retry(id) {
		// Under its id: what was refused had no effect.
		this.#transmit(Object.assign(this.#commands.get(id), { error: null }));
		this.onChange();
	}

	withdraw(id) {
		const { text = "" } = this.#commands.get(id).frame;
		this.#commands.delete(id);
		this.onChange();
		return text;
	}

	stop() {
		const turn = currentTurn(this.model)?.id;
		const [first] = this.#starting;
		if (!turn && first && !first.left) return this.withdraw(first.id);
		if (turn || first) this.#push({ type: "cancel", ...(turn ? { turn } : { send: first.id }) });
		return "";
	}

	get messages() {
		// An edit that is under way is not yet another message.
		const said = this.#all(({ type, text }, { left, error }) => text && (type === "send" || !left || error));
		return shownMessages(this.model).concat(said.map(({ id, frame: { text }, left, error }) => {
			const status = error ? "unsent" : left ? "pending" : "held";
			const blocks = [{ index: 0, kind: "text", text, done: true }];
			return { id, role: "user", blocks, live: false, version: 0, status, error };
		}));
	}

	get isBusy() {
		return this.model.turns.size + this.#starting.length > 0;
	}

	get isStopping() {
		return this.#all(({ type }) => type === "cancel").length > 0;
	}

	isAnswering(call) {
		return this.#all((frame) => frame.call === call).length > 0;
	}

	#all(matches) {
		return [...this.#commands.values()].filter((command) => matches(command.frame, command));
	}

	#forget(matches) {
		return this.#all(matches).filter(({ id }) => this.#commands.delete(id));
	}

	get #starting() {
		return this.#all(({ type }, { error }) => /^(send|edit|regenerate)$/.test(type) && !error);
	}

	get #blocks() {
		return this.model.messages.get(currentTurn(this.model)?.message)?.blocks ?? [];
	}

	#block(call) {
		return this.#blocks.find((each) => each.call === call);
	}

	#push(frame, asked) {
		const id = newID();
		this.#commands.set(id, { id, frame: { ...frame, id }, left: false, ...asked });
		this.#transmit(this.#commands.get(id));
		this.onChange();
	}

	#transmit(command) {
		if (this.#isOpen && this.connection.send(command.frame)) command.left = true;
	}

	#reset(session) {
		this.model = { ...emptyModel(), session };
		this.#openID = newID();
	}

	#open(tools = this.connection.isPolling ? {} : this.tools) {
		const { session, epoch, seq } = this.model;
		this.#isOpen = false;
		this.#declared = tools;
		// What `run` is, JSON leaves out.
		const client_tools = Object.entries(tools).map(([name, tool]) => ({ name, ...tool }));
		const after = epoch ? seq : undefined;
		this.connection.send({ type: "open", id: this.#openID, history: 200, client_tools, session, epoch, after });
	}

	#received(frame) {
		if (frame.type === "going_away") this.connection.comeBackAfter(frame.reconnect_after_ms ?? 0);
		// Unasked, a welcome tells that our place is gone: what was said may be as well.
		else if (!this.#isOpen || frame.type === "welcome") this.#opened(frame);
		else if (frame.type === "error") this.#refused(frame);
		else if (frame.type !== "pong") this.#happened(frame);
	}

	#opened(frame) {
		if (!/^(error|welcome)$/.test(frame.type) || (frame.ref ?? this.#openID) !== this.#openID) return;
		if (frame.type === "error") return this.#notOpened(frame);
		this.#isOpen = true;
		reduce(this.model, frame);
		this.connection.settled(frame.ping_interval_ms);
		for (const command of this.#commands.values()) if (!command.error) this.#transmit(command);
		this.onChange();
	}

	#notOpened(error) {
		const { messages, session, turns } = this.model;
		// A tool of the server's has one of these names: then it does without ours.
		if (error.field === "client_tools") return this.#open({});
		// What the page shows stays readable; only an empty page goes on by itself.
		this.isGone = error.code === "not_found" && messages.size > 0;
		if (this.isGone) {
			this.connection.stop();
			for (const command of this.#commands.values()) command.error = error;
			for (const turn of turns.keys()) reduce(this.model, { type: "turn.done", turn });
			this.onChange();
		} else if (error.code === "not_found" && session) {
			this.#reset(null);
			this.#open();
		}
		this.onError(error);
	}

	#happened(frame) {
		const outcome = reduce(this.model, frame);
		for (const { resolve } of this.#forget((_, command) => answers(frame, command))) resolve?.(frame);
		// Of a turn that ended meanwhile nothing more comes that would end its cancel.
		const isOver = ({ type, turn, send }) => type === "cancel" && !this.model.turns.has(turn) && !this.#commands.has(send);
		if (frame.type === "snapshot") this.#forget(isOver);
		if (outcome === "lost") {
			this.model.epoch = null;
			this.#open();
		}
		if (/^(snapshot|tool.started|turn.done)$/.test(frame.type)) this.#runTools();
		if (outcome !== "old" && frame.seq !== undefined) this.onEvent(frame);
		this.onChange();
	}

	/** Runs what the running turn has called here. Where another page was faster, the server's refusal is passed over. */
	#runTools() {
		this.#forget(({ call }) => call && !this.#block(call));
		for (const { call, name, input = {}, tool } of this.#blocks) {
			if (tool !== "running" || !Object.hasOwn(this.#declared, name) || this.#begun.has(call)) continue;
			this.#begun.add(call);
			const tell = (output, is_error = false) => {
				// Its turn may be over by now.
				if (this.#block(call)) this.#push({ type: "tool.result", call, output: String(output), is_error });
			};
			Promise.try(() => this.tools[name].run(input)).then(tell, (error) => tell(error.message ?? error, true));
		}
	}

	#refused(error) {
		const command = this.#commands.get(error.ref);
		const { call, text, type } = command?.frame ?? {};
		// A server that is about to stop takes no answers: they are said again after it.
		if (call && error.code === "overloaded") return;
		this.#forget(({ send }) => send && send === error.ref);
		if (text) command.error = error;
		else this.#commands.delete(error.ref);
		command?.reject?.(error);
		// Who was too late has nothing to do; an input that the tool does not take can be mended.
		const block = type === "tool.approve" && error.code !== "conflict" && this.#block(call);
		if (block) block.problem = error.message;
		if (!command || type === "regenerate") this.onError(error);
		this.onChange();
	}

	#closed(code) {
		this.#isOpen = false;
		for (const { reject } of this.#forget((_, { resolve }) => resolve)) reject(OFFLINE);
		// Said again, it would close the next connection as well.
		const tooLarge = code === 1009 && this.#starting.find(({ left }) => left);
		if (tooLarge) tooLarge.error = { code: "too_large", message: "The message is too large for the server." };
	}
}
