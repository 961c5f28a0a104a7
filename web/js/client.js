// A chat client on the protocol whinchat.v1, without a page: connection, resuming, state. docs/web-client.md tells how to
// build a page on it. What is said offline goes out once there is a connection, and has one effect: a command keeps its id.

import { Connection } from "./connection.js";
import { currentTurn, emptyModel, reduce, shownMessages } from "./state.js";

export { textOf } from "./state.js";

/** 96 random bits. (`crypto.randomUUID` is missing on plain http.) */
const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Whether a frame is what a command waits for. */
function answers(frame, { id, frame: { type, turn, call } }) {
	if (type === "cancel") return frame.type === "turn.done" && (frame.turn === turn || frame.ref === id);
	return call ? frame.call === call && /^tool.(done|approved)$/.test(frame.type) : frame.ref === id;
}

export class ChatClient {
	model = emptyModel();
	/** The server no longer has this session: it can only be read. */
	isGone = false;
	/** Commands without their answer, by id: the `frame`; `left`: it may have arrived; `error`: it was refused. */
	#commands = new Map();
	#session;
	/** The `open` whose welcome has not come; until then, frames are of the session before. */
	#opening = null;
	#ready = false;
	/** Kept until it succeeded: a lost answer must not leave a second new session behind. */
	#createID = newID();
	#begun = new Set();

	constructor({ url, session = null, tools = {}, onChange = () => {}, onEvent = () => {}, onStatus = () => {}, onError = () => {} }) {
		this.#session = session;
		Object.assign(this, { tools, onChange, onEvent, onError });
		this.connection = new Connection(url ?? `${location.protocol.replace("http", "ws")}//${location.host}/v1/chat`, {
			onOpen: () => this.#open(),
			onFrame: (frame) => this.#received(frame),
			onClose: (code) => this.#closed(code),
			onStatus,
		});
	}

	connect() {
		this.connection.start();
	}

	/** Returns words that never left. */
	open(session) {
		const unsent = this.#all(({ text }, { left, error }) => text && (!left || error));
		this.#commands.clear();
		this.#begun.clear();
		Object.assign(this, { model: emptyModel(), isGone: false });
		this.#session = session;
		this.#createID = newID();
		if (this.connection.status.state === "stopped") this.connect();
		else this.#open();
		this.onChange();
		return unsent.map(({ frame }) => frame.text).join("\n\n");
	}

	send(text) {
		this.#push({ type: "send", text });
	}

	edit(message, text) {
		this.#push({ type: "edit", message, text });
	}

	regenerate(message) {
		this.#push({ type: "regenerate", message });
	}

	approve(call, decision, input) {
		this.#push({ type: "tool.approve", call, decision, input });
	}

	ask(frame) {
		return new Promise((resolve, reject) => {
			if (this.#ready) this.#push(frame, { resolve, reject });
			else reject({ code: "offline", message: "There is no connection." });
		});
	}

	older(limit = 100) {
		return this.ask({ type: "history", before: shownMessages(this.model)[0]?.id, limit });
	}

	/** Says again what was refused, under its id: it had no effect. */
	retry(id) {
		this.#transmit(Object.assign(this.#commands.get(id), { error: null }));
		this.onChange();
	}

	/** Takes back what was refused or never left. Returns its words. */
	withdraw(id) {
		const { text = "" } = this.#commands.get(id).frame;
		this.#commands.delete(id);
		this.onChange();
		return text;
	}

	/** Returns the words of a message that never left. */
	stop() {
		const turn = currentTurn(this.model);
		const [first] = this.#starting;
		if (first && !first.left && !turn) return this.withdraw(first.id);
		if (turn || first) this.#push({ type: "cancel", turn: turn?.id, send: turn ? undefined : first.id });
		return "";
	}

	get messages() {
		// An edit that is under way is not yet another message.
		const said = this.#all(({ type, text }, { left, error }) => text && (type === "send" || !left || error));
		return shownMessages(this.model).concat(said.map(({ id, frame: { text }, left, error }) => {
			const status = error ? "unsent" : left ? "pending" : "held";
			return { id, role: "user", blocks: [{ index: 0, kind: "text", text, done: true }], live: false, version: 0, status, error };
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

	get #starting() {
		return this.#all(({ type }, { error }) => /^(send|edit|regenerate)$/.test(type) && !error);
	}

	#push(frame, asked) {
		const id = newID();
		this.#commands.set(id, { id, frame: { ...frame, id }, left: false, ...asked });
		this.#transmit(this.#commands.get(id));
		this.onChange();
	}

	#transmit(command) {
		if (this.#ready && this.connection.send(command.frame)) command.left = true;
	}

	#open(tools = this.tools) {
		const { session, epoch, seq: after } = this.model;
		const id = this.#session ? newID() : this.#createID;
		const declared = Object.entries(tools).map(([name, { description, input_schema }]) => ({ name, description, input_schema }));
		const place = this.#session && this.#session === session && epoch ? { epoch, after } : {};
		this.#ready = false;
		const frame = { type: "open", id, session: this.#session ?? undefined, history: 200, client_tools: declared, ...place };
		this.#opening = this.connection.send(frame) ? id : null;
	}

	#received(frame) {
		if (frame.type === "going_away") this.connection.comeBackAfter(frame.reconnect_after_ms ?? 0);
		else if (this.#opening !== null) this.#opened(frame);
		else if (frame.type === "error") this.#refused(frame);
		else if (frame.type !== "pong") this.#happened(frame);
	}

	#opened(frame) {
		if ((frame.ref ?? this.#opening) !== this.#opening || !/^(error|welcome)$/.test(frame.type)) return;
		this.#opening = null;
		if (frame.type === "error") return this.#notOpened(frame);
		this.#session = frame.session;
		this.#ready = true;
		reduce(this.model, frame);
		this.connection.settled(frame.ping_interval_ms);
		for (const command of this.#commands.values()) if (!command.error) this.#transmit(command);
		this.onChange();
	}

	#notOpened(error) {
		// A tool of the server's has one of these names: then it does without ours.
		if (error.field === "client_tools") return this.#open({});
		if (error.code === "not_found" && this.#session) {
			// What the page shows stays readable; only an empty page goes on by itself.
			this.isGone = this.model.messages.size > 0;
			if (this.isGone) {
				this.connection.stop();
				for (const command of this.#commands.values()) command.error = error;
				this.model.turns.clear();
				for (const message of this.model.messages.values()) Object.assign(message, { live: false, version: message.version + 1 });
				this.onChange();
			} else {
				this.#session = null;
				this.#open();
			}
		}
		this.onError(error);
	}

	#forget(matches) {
		for (const { id } of this.#all(matches)) this.#commands.delete(id);
	}

	#happened(frame) {
		const outcome = reduce(this.model, frame);
		for (const command of this.#all((said, each) => answers(frame, each))) {
			this.#commands.delete(command.id);
			command.resolve?.(frame);
		}
		// A stop that named the command is the turn's from here on.
		for (const { frame: cancel } of this.#all(({ send }) => send && send === frame.ref)) cancel.turn ??= frame.turn ?? frame.message?.turn;
		// Of a turn that ended meanwhile nothing more comes that would end its cancel.
		const { turns } = this.model;
		if (frame.type === "snapshot") this.#forget(({ type, turn, send }) => type === "cancel" && !turns.has(turn) && !this.#commands.has(send));
		if (outcome === "lost") {
			this.model.epoch = null;
			this.#open();
		}
		if (/^(snapshot|tool.started|turn.done)$/.test(frame.type)) this.#runTools();
		if (outcome !== "old" && frame.seq !== undefined) this.onEvent(frame);
		this.onChange();
	}

	#block(call) {
		return this.model.messages.get(currentTurn(this.model)?.message)?.blocks.find((each) => call && each.call === call);
	}

	/** Runs what the running turn has called here. Where another page was faster, the server's refusal is passed over. */
	#runTools() {
		this.#forget(({ call }) => call && !this.#block(call));
		for (const { call, name, input, tool } of this.model.messages.get(currentTurn(this.model)?.message)?.blocks ?? []) {
			if (tool !== "running" || !Object.hasOwn(this.tools, name) || this.#begun.has(call)) continue;
			this.#begun.add(call);
			new Promise((resolve) => resolve(this.tools[name].run(input ?? {})))
				.then((output) => ({ output: String(output) }), (error) => ({ output: String(error.message ?? error), is_error: true }))
				// Its turn may be over by now.
				.then((result) => this.#block(call) && this.#push({ type: "tool.result", call, ...result }));
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
		if (type === "tool.approve" && error.code !== "conflict" && this.#block(call)) this.#block(call).problem = error.message;
		if (!command || type === "regenerate") this.onError(error);
		this.onChange();
	}

	#closed(code) {
		this.#ready = false;
		this.#opening = null;
		for (const { id, reject } of this.#all((frame, { resolve }) => resolve)) {
			this.#commands.delete(id);
			reject({ code: "offline", message: "The connection was lost." });
		}
		// Said again, it would close the next connection as well.
		const tooLarge = code === 1009 && this.#starting.find(({ left }) => left);
		if (tooLarge) tooLarge.error = { code: "too_large", message: "The message is too large for the server." };
	}
}
