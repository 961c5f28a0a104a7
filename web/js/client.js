// A chat client on the protocol whinchat.v1, without a page: connection, resuming, state. docs/web-client.md tells how to
// build a page on it. What is said offline goes out once there is a connection, and has one effect: a command keeps its id.

import { Connection } from "./connection.js";
import { currentTurn, emptyModel, reduce, shownMessages } from "./state.js";

export { textOf } from "./state.js";

/** 96 random bits. (`crypto.randomUUID` is missing on plain http.) */
const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Whether a frame of the server's is what a command waits for. */
function answers(frame, { id, frame: { type, turn, call } }) {
	if (type === "cancel") return frame.type === "turn.done" && (frame.turn === turn || frame.ref === id);
	if (call) return frame.call === call && (frame.type === "tool.done" || frame.type === "tool.approved");
	return frame.ref === id;
}

export class ChatClient {
	model = emptyModel();
	/** The server no longer has this session: it can only be read. */
	isGone = false;
	/** Commands without their answer, by id: the `frame`; `left`: it may have arrived; `error`: it was refused. */
	#commands = new Map();
	#session;
	/** The id of the `open` whose welcome has not come; until then, frames are of the session before. */
	#opening = null;
	#ready = false;
	/** Kept until it succeeded: a lost answer must not leave a second new session behind. */
	#createID = newID();
	/** Calls whose tool was started here. */
	#begun = new Set();

	/**
	 * `session`: the one to go on with; `tools`: what the page runs for the model, by name: `description`, `input_schema`,
	 * `run(input)`; `onEvent`: each event once, after it is in the model; `onError`: errors that belong to no message.
	 */
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

	/** Switches to another session, or with null to a new one. Returns words that never left. */
	open(session) {
		const unsent = this.#said.filter(({ left, error }) => !left || error).map(({ frame }) => frame.text);
		this.#commands.clear();
		this.#begun.clear();
		Object.assign(this, { model: emptyModel(), isGone: false });
		this.#session = session;
		this.#createID = newID();
		if (this.connection.status.state === "stopped") this.connect();
		else this.#open();
		this.onChange();
		return unsent.join("\n\n");
	}

	send(text) {
		this.#push({ type: "send", text });
	}

	/** Says a message of one's own differently, on a branch of its own. */
	edit(message, text) {
		this.#push({ type: "edit", message, text });
	}

	/** Asks for another reply in place of this one. */
	regenerate(message) {
		this.#push({ type: "regenerate", message });
	}

	/** A person's word on a call, `allow` or `deny`; `input` is taken instead of the model's. */
	approve(call, decision, input) {
		this.#push({ type: "tool.approve", call, decision, input });
	}

	/** Sends `configure`, `select`, `history`, `stats`, `clear` or `delete`. Resolves with the answer, rejects with the error. */
	ask(frame) {
		return new Promise((resolve, reject) => {
			if (this.#ready) this.#push(frame, { resolve, reject });
			else reject({ code: "offline", message: "There is no connection." });
		});
	}

	/** Fetches messages before those that are here. */
	older = (limit = 100) => this.ask({ type: "history", before: shownMessages(this.model)[0]?.id, limit });

	/** Says again what was refused, under its id: it had no effect. */
	retry(id) {
		const command = this.#commands.get(id);
		command.error = undefined;
		this.#transmit(command);
		this.onChange();
	}

	/** Takes back what was refused or never left. Returns its words. */
	withdraw(id) {
		const { text = "" } = this.#commands.get(id)?.frame ?? {};
		this.#commands.delete(id);
		this.onChange();
		return text;
	}

	/** Stops the running turn, or the first that waits. Returns the words of a message that never left. */
	stop() {
		const turn = currentTurn(this.model);
		const command = this.#starting[0];
		if (turn) this.#push({ type: "cancel", turn: turn.id });
		else if (command?.left) this.#push({ type: "cancel", send: command.id });
		else if (command) return this.withdraw(command.id);
		return "";
	}

	/** What to show, oldest first, with what the server has not confirmed (`status` `held`, `pending` or `unsent`). */
	get messages() {
		// An edit that is under way is not yet another message.
		const shown = this.#said.filter(({ frame, left, error }) => frame.type === "send" || !left || error);
		const messages = shown.map(({ id, frame: { text }, left, error }) => {
			const status = error ? "unsent" : left ? "pending" : "held";
			return { id, role: "user", blocks: [{ index: 0, kind: "text", text, done: true }], live: false, version: 0, status, error };
		});
		return [...shownMessages(this.model), ...messages];
	}

	get isBusy() {
		return this.model.turns.size > 0 || this.#starting.length > 0;
	}

	get isStopping() {
		return this.#all((frame) => frame.type === "cancel").length > 0;
	}

	/** Whether an answer for this call is under way. */
	isAnswering(call) {
		return this.#all((frame) => frame.call === call).length > 0;
	}

	#all(matches) {
		return [...this.#commands.values()].filter((command) => matches(command.frame, command));
	}

	get #said() {
		return this.#all(({ text }) => text);
	}

	get #starting() {
		return this.#all(({ type }, { error }) => /^(send|edit|regenerate)$/.test(type) && !error);
	}

	#push(frame, asked) {
		const id = newID();
		const command = { id, frame: { ...frame, id }, left: false, ...asked };
		this.#commands.set(id, command);
		this.#transmit(command);
		this.onChange();
	}

	#transmit(command) {
		if (this.#ready && this.connection.send(command.frame)) command.left = true;
	}

	#open(tools = this.tools) {
		const { session, epoch, seq } = this.model;
		const declared = Object.entries(tools).map(([name, { description, input_schema }]) => ({ name, description, input_schema }));
		const frame = { type: "open", id: this.#session ? newID() : this.#createID, history: 200, client_tools: declared };
		if (this.#session) frame.session = this.#session;
		if (this.#session && this.#session === session && epoch) Object.assign(frame, { epoch, after: seq });
		this.#ready = false;
		this.#opening = this.connection.send(frame) ? frame.id : null;
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
		// Of a turn that ended meanwhile nothing more comes that would end its cancel.
		for (const { id, frame: { send } } of this.#all(({ type }) => type === "cancel" && frame.state === "idle")) {
			if (!this.#commands.has(send)) this.#commands.delete(id);
		}
		for (const command of this.#commands.values()) if (!command.error) this.#transmit(command);
		this.onChange();
	}

	#notOpened(error) {
		// A tool of the server's has one of these names: then it does without ours.
		if (error.field === "client_tools") return this.#open({});
		if (error.code !== "not_found" || !this.#session) return this.onError(error);
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
		this.onError(error);
	}

	#happened(frame) {
		const outcome = reduce(this.model, frame);
		for (const command of this.#all((said, each) => answers(frame, each))) {
			this.#commands.delete(command.id);
			command.resolve?.(frame);
		}
		// A stop that named the command is the turn's from here on.
		for (const { frame: cancel } of this.#all(({ send }) => send && send === frame.ref)) cancel.turn ??= frame.turn ?? frame.message?.turn;
		if (outcome === "lost") {
			this.model.epoch = null;
			this.#open();
		}
		if (/^(snapshot|tool.started|turn.done)$/.test(frame.type)) this.#runTools();
		if (outcome !== "old" && frame.seq !== undefined) this.onEvent(frame);
		this.onChange();
	}

	get #blocks() {
		return this.model.messages.get(currentTurn(this.model)?.message)?.blocks ?? [];
	}

	/** Runs what the running turn has called here. Where another page was faster, the server refuses ours in silence. */
	#runTools() {
		const blocks = this.#blocks;
		for (const { id } of this.#all(({ call }) => call && !blocks.some((block) => block.call === call))) this.#commands.delete(id);
		for (const { call, name, input, tool } of blocks) {
			if (tool !== "running" || !Object.hasOwn(this.tools, name) || this.#begun.has(call)) continue;
			this.#begun.add(call);
			new Promise((resolve) => resolve(this.tools[name].run(input ?? {})))
				.then((output) => ({ output: String(output) }), (error) => ({ output: String(error.message ?? error), is_error: true }))
				// Its turn may be over by now.
				.then((result) => this.#blocks.some((block) => block.call === call) && this.#push({ type: "tool.result", call, ...result }));
		}
	}

	#refused(error) {
		const command = this.#commands.get(error.ref);
		const { call, text, type } = command?.frame ?? {};
		// A server that is about to stop takes no answers: they are said again after it.
		if (call && error.code === "overloaded") return;
		for (const { id } of this.#all(({ send }) => send && send === error.ref)) this.#commands.delete(id);
		if (text) command.error = error;
		else this.#commands.delete(error.ref);
		command?.reject?.(error);
		const block = type === "tool.approve" && this.#blocks.find((each) => each.call === call);
		// Who was too late has nothing to do; an input that the tool does not take can be mended.
		if (block && error.code !== "conflict") block.problem = error.message;
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
