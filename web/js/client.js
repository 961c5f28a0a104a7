// A chat client on the protocol whinchat.v1, without a page. Any page can be built on it:
//
//	import { ChatClient, textOf } from "./client.js";
//
//	const client = new ChatClient({
//		session: location.hash.slice(1) || null,
//		tools: { page_title: { description: "The page's title.", input_schema: { type: "object" }, run: () => document.title } },
//		onChange() {
//			if (client.model.session) location.hash = client.model.session;
//			document.querySelector("pre").textContent = client.messages.map((each) => `${each.role}: ${textOf(each)}`).join("\n");
//		},
//		onEvent(frame) {
//			if (frame.type === "tool.approval") client.approve(frame.call, confirm(JSON.stringify(frame.input)) ? "allow" : "deny");
//		},
//		onStatus: (status) => (document.title = status.state),
//	});
//	document.querySelector("input").onchange = ({ target }) => client.send(target.value);
//	document.querySelector("button").onclick = () => client.stop();
//	client.connect();
//
// What is said offline goes out once there is a connection, and has one effect: a command keeps its id. `client.model` and
// `client.messages` are what there is to show (state.js tells their shapes); they change in place.

import { Connection } from "./connection.js";
import { currentTurn, emptyModel, reduce, shownMessages } from "./state.js";

export { textOf } from "./state.js";

/**
 * A command that the server has not answered. `text`: what it says; `left`: it may have arrived; `error`: it was refused.
 * @typedef {{id: string, frame: any, text: string, left: boolean, error?: any}} Pending
 *
 * What this page runs for the model. What `run` throws is told to the model as a failure.
 * @typedef {{description: string, input_schema: any, run(input: any): any}} ClientTool
 */

/** 96 random bits. (`crypto.randomUUID` is missing on plain http.) */
const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class ChatClient {
	model = emptyModel();
	/** @type {Pending[]} */
	pending = [];
	/** The server no longer has this session: it can only be read. */
	isGone = false;
	/** By the id of the turn, or of its send: what was told to stop and has not ended. */
	cancels = new Map();
	/** By the call: a person's word or a tool's result that the server has not taken yet. */
	answers = new Map();
	#session;
	/** The id of the `open` whose welcome has not come; until then, frames are of the session before. */
	#opening = null;
	#ready = false;
	/** Kept until it succeeded: a lost answer must not leave a second new session behind. */
	#createID = newID();
	/** By the id of a question: who waits for its answer. */
	#questions = new Map();
	/** Calls whose tool has been started here. */
	#begun = new Set();

	/**
	 * `session`: the one to go on with; `tools`: by their names; `onEvent`: each event once, after it is in the model;
	 * `onError`: errors that belong to no message.
	 * @param {{url?: string, session?: string | null, tools?: Record<string, ClientTool>, onChange?(): void,
	 *   onEvent?(frame: any): void, onStatus?(status: Status): void, onError?(error: any): void}} options
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

	/** Switches to another session, or with null to a new one. @returns {string} words that never left */
	open(session) {
		const unsent = this.pending.filter((each) => !each.left || each.error);
		this.pending = [];
		this.cancels.clear();
		this.answers.clear();
		this.#begun.clear();
		this.#session = session;
		this.#createID = newID();
		this.model = emptyModel();
		this.isGone = false;
		if (this.connection.status.state === "stopped") this.connect();
		else this.#open();
		this.onChange();
		return unsent.map((each) => each.text).join("\n\n").trim();
	}

	send(text) {
		this.#push({ type: "send", text });
	}

	/** Says a message of one's own differently, on a branch of its own. @param {string} message its id */
	edit(message, text) {
		this.#push({ type: "edit", message, text });
	}

	/** Asks for another reply in place of this one. @param {string} message its id */
	regenerate(message) {
		this.#push({ type: "regenerate", message });
	}

	/** A person's word on a call; `input` is an object that is taken instead of the model's. @param {"allow" | "deny"} decision */
	approve(call, decision, { input, reason } = {}) {
		this.#answer(call, { type: "tool.approve", call, decision, input, reason });
	}

	/** Commands with one answer: `configure`, `select`, `history`, `stats`, `clear`, `delete`. Rejects with the error. */
	ask(frame) {
		return new Promise((resolve, reject) => {
			const id = newID();
			this.#questions.set(id, { resolve, reject });
			if (!this.#ready || !this.connection.send({ ...frame, id })) this.#abandon("There is no connection.");
		});
	}

	/** Shows and continues the branch of this message. @param {string} message its id */
	select(message) {
		return this.ask({ type: "select", message });
	}

	/** Changes the session's settings from the next turn on. */
	configure(settings) {
		return this.ask({ type: "configure", ...settings });
	}

	/** Fetches messages before those that are here. */
	older(limit = 100) {
		return this.ask({ type: "history", before: shownMessages(this.model)[0]?.id, limit });
	}

	/** Says again what was refused, under its id: it had no effect. */
	retry(id) {
		const pending = this.pending.find((each) => each.id === id);
		if (!pending) return;
		pending.error = undefined;
		this.#transmit(pending);
		this.onChange();
	}

	/** Takes back what was refused or never left. @returns {string} its words */
	withdraw(id) {
		const pending = this.pending.find((each) => each.id === id);
		this.pending = this.pending.filter((each) => each !== pending);
		this.onChange();
		return pending?.text ?? "";
	}

	/** What to show, oldest first, with what the server has not confirmed (`status` `held`, `pending` or `unsent`). */
	get messages() {
		// An edit that is under way is not yet another message.
		const said = this.pending.filter(({ text, frame, left, error }) => text && (frame.type === "send" || !left || error));
		const messages = said.map(({ id, text, left, error }) => {
			const blocks = [{ index: 0, kind: "text", text, done: true }];
			return { id, role: "user", blocks, live: false, version: 0, status: error ? "unsent" : left ? "pending" : "held", error };
		});
		return [...shownMessages(this.model), ...messages];
	}

	get isBusy() {
		return this.model.turns.size > 0 || this.pending.some((each) => !each.error);
	}

	/** Stops the running turn, or the first that waits. @returns {string} the words of a message that never left */
	stop() {
		const turn = currentTurn(this.model);
		const pending = this.pending.find((each) => !each.error);
		if (turn) this.#cancel(turn.id, { turn: turn.id });
		else if (pending?.left) this.#cancel(pending.id, { send: pending.id });
		else if (pending) return this.withdraw(pending.id);
		return "";
	}

	#push(frame) {
		const id = newID();
		const pending = { id, frame: { ...frame, id }, text: frame.text ?? "", left: false };
		this.pending.push(pending);
		this.#transmit(pending);
		this.onChange();
	}

	#transmit(pending) {
		if (this.#say(pending.frame)) pending.left = true;
	}

	#say(frame) {
		return this.#ready && this.connection.send(frame);
	}

	#cancel(key, which) {
		this.cancels.set(key, { type: "cancel", id: newID(), ...which });
		this.#say(this.cancels.get(key));
		this.onChange();
	}

	#answer(call, frame) {
		this.answers.set(call, { ...frame, id: newID() });
		this.#say(this.answers.get(call));
		this.onChange();
	}

	#open(tools = this.tools) {
		const { session, epoch, seq } = this.model;
		const client_tools = Object.entries(tools).map(([name, { description, input_schema }]) => ({ name, description, input_schema }));
		const frame = { type: "open", id: this.#session ? newID() : this.#createID, history: 200, client_tools };
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
		if ((frame.ref ?? this.#opening) !== this.#opening) return;
		if (frame.type === "error") {
			this.#opening = null;
			this.#notOpened(frame);
		} else if (frame.type === "welcome") {
			this.#opening = null;
			this.#session = frame.session;
			this.#ready = true;
			reduce(this.model, frame);
			this.connection.settled(frame.ping_interval_ms);
			for (const pending of this.pending) if (!pending.error) this.#transmit(pending);
			for (const answer of this.answers.values()) this.#say(answer);
			for (const [key, cancel] of this.cancels) {
				// Of a turn that ended meanwhile nothing more comes that would end its cancel.
				const over = frame.state === "idle" && !this.pending.some((each) => each.id === key);
				if (over) this.cancels.delete(key);
				else this.#say(cancel);
			}
			this.onChange();
		}
	}

	#notOpened(error) {
		// A tool of the server's has one of these names: then it does without ours.
		if (error.field === "client_tools") return this.#open({});
		if (error.code !== "not_found" || !this.#session) return this.onError(error);
		// What the page shows stays readable; only an empty page goes on by itself.
		this.isGone = this.model.messages.size > 0;
		if (this.isGone) {
			this.connection.stop();
			for (const pending of this.pending) pending.error = error;
			this.model.turns.clear();
			this.cancels.clear();
			for (const message of this.model.messages.values()) message.live = false;
			this.onChange();
		} else {
			this.#session = null;
			this.#open();
		}
		this.onError(error);
	}

	#happened(frame) {
		const { type, ref, turn } = frame;
		const outcome = reduce(this.model, frame);
		this.pending = this.pending.filter((each) => each.id !== ref);
		this.#settle(ref)?.resolve(frame);
		if (type === "turn.done") {
			this.cancels.delete(turn);
			this.cancels.delete(ref);
		} else if (this.cancels.has(ref)) {
			// A stop that named the command: from here on it is the turn's, whose end we shall see.
			const caused = turn ?? frame.message?.turn;
			if (this.model.turns.has(caused)) this.cancels.set(caused, this.cancels.get(ref));
			this.cancels.delete(ref);
		}
		if (type === "tool.approved" || type === "tool.done") this.answers.delete(frame.call);
		if (outcome === "lost") {
			this.model.epoch = null;
			this.#open();
		}
		if (type === "snapshot" || type === "tool.started" || type === "turn.done") this.#runTools();
		if (outcome !== "old" && frame.seq !== undefined) this.onEvent(frame);
		this.onChange();
	}

	/** Runs what the running turn has called here. A call that another page has answered by then is lost in silence. */
	#runTools() {
		const turn = currentTurn(this.model);
		const blocks = this.model.messages.get(turn?.message)?.blocks ?? [];
		for (const call of this.answers.keys()) if (!blocks.some((block) => block.call === call)) this.answers.delete(call);
		for (const { call, name, input, tool } of blocks) {
			if (tool !== "running" || !Object.hasOwn(this.tools, name) || this.#begun.has(call)) continue;
			this.#begun.add(call);
			new Promise((resolve) => resolve(this.tools[name].run(input ?? {})))
				.then((output) => ({ output: String(output ?? "") }), (error) => ({ output: String(error.message ?? error), is_error: true }))
				.then((result) => this.#begun.has(call) && this.#answer(call, { type: "tool.result", call, ...result }));
		}
	}

	#refused(error) {
		const pending = this.pending.find((each) => each.id === error.ref);
		const named = ([, frame]) => frame.id === error.ref;
		const [stopped] = [...this.cancels].find(named) ?? [];
		const [call, answer] = [...this.answers].find(named) ?? [];
		const question = this.#settle(error.ref);
		this.cancels.delete(stopped ?? error.ref);
		if (pending?.text) pending.error = error;
		else this.pending = this.pending.filter((each) => each !== pending);
		// A server that is about to stop takes no answers: they are said again after it.
		if (answer && error.code !== "overloaded") this.#notTaken(call, answer, error);
		question?.reject(error);
		if (!pending?.text && !stopped && !answer && !question) this.onError(error);
		this.onChange();
	}

	/** Who was too late has nothing to do; an input that the tool does not take can be mended. */
	#notTaken(call, answer, error) {
		this.answers.delete(call);
		if (answer.type !== "tool.approve" || error.code === "conflict") return;
		const reply = this.model.messages.get(currentTurn(this.model)?.message);
		const block = reply?.blocks.find((each) => each.call === call);
		if (block) block.problem = error.message;
	}

	#settle(id) {
		const question = this.#questions.get(id);
		this.#questions.delete(id);
		return question;
	}

	#abandon(message) {
		for (const { reject } of this.#questions.values()) reject({ code: "offline", message });
		this.#questions.clear();
	}

	#closed(code) {
		this.#ready = false;
		this.#opening = null;
		this.#abandon("The connection was lost.");
		// Said again, it would close the next connection as well.
		const tooLarge = code === 1009 && this.pending.find((each) => each.left && !each.error);
		if (tooLarge) tooLarge.error = { code: "too_large", message: "The message is too large for the server." };
	}
}
