// A chat client on the protocol whinchat.v1, without a page. Any page can be built on it:
//
//	import { ChatClient } from "./client.js";
//	import { textOf } from "./state.js";
//
//	const client = new ChatClient({
//		session: location.hash.slice(1) || null,
//		onChange() {
//			if (client.model.session) location.hash = client.model.session;
//			document.querySelector("pre").textContent = client.messages.map((each) => `${each.role}: ${textOf(each)}`).join("\n");
//		},
//		onStatus: (status) => (document.title = status.state),
//	});
//	document.querySelector("input").onchange = ({ target }) => client.send(target.value);
//	document.querySelector("button").onclick = () => client.stop();
//	client.connect();
//
// What is said offline goes out once there is a connection, and has one effect: a command keeps its id.

import { Connection } from "./connection.js";
import { currentTurn, emptyModel, reduce, shownMessages } from "./state.js";

/**
 * A command that the server has not answered. `text`: of a `send`; `left`: it may have arrived; `error`: it was refused.
 * @typedef {{id: string, frame: any, text: string, left: boolean, error?: any}} Pending
 */

/** 96 random bits. (`crypto.randomUUID` is missing on plain http.) */
const newID = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

export class ChatClient {
	model = emptyModel();
	/** @type {Pending[]} */
	pending = [];
	/** The server no longer has this session: it can only be read. */
	isGone = false;
	#session;
	/** The id of the `open` whose welcome has not come; until then, frames are of the session before. */
	#opening = null;
	#ready = false;
	/** Kept until it succeeded: a lost answer must not leave a second new session behind. */
	#createID = newID();
	/** By the id of the turn, or of its send: what was told to stop and has not ended. */
	cancels = new Map();

	/**
	 * `session`: the one to go on with; `onError`: errors that belong to no message.
	 * @param {{url?: string, session?: string | null, onChange?(changes: Change[]): void,
	 *   onStatus?(status: Status): void, onError?(error: any): void}} options
	 */
	constructor({ url, session = null, onChange = () => {}, onStatus = () => {}, onError = () => {} }) {
		this.#session = session;
		this.onChange = onChange;
		this.onError = onError;
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
		this.#session = session;
		this.#createID = newID();
		this.model = emptyModel();
		this.isGone = false;
		if (this.connection.status.state === "stopped") this.connect();
		else this.#open();
		this.onChange([{ what: "reset" }]);
		return unsent.map((each) => each.text).join("\n\n").trim();
	}

	send(text) {
		this.#push({ type: "send", id: newID(), text });
	}

	/** Asks for another reply in place of this one. @param {string} message its id */
	regenerate(message) {
		this.#push({ type: "regenerate", id: newID(), message });
	}

	/** Says again what was refused, under its id: it had no effect. */
	retry(id) {
		const pending = this.pending.find((each) => each.id === id);
		if (!pending) return;
		pending.error = undefined;
		this.#transmit(pending);
		this.onChange([{ what: "path" }]);
	}

	/** Takes back what was refused or never left. @returns {string} its words */
	withdraw(id) {
		const pending = this.pending.find((each) => each.id === id);
		this.pending = this.pending.filter((each) => each !== pending);
		this.onChange([{ what: "path" }]);
		return pending?.text ?? "";
	}

	/** What to show, oldest first, with what the server has not confirmed (`status` `held`, `pending` or `unsent`). */
	get messages() {
		const pending = this.pending.filter((each) => each.text).map(({ id, text, left, error }) => {
			const blocks = [{ index: 0, kind: "text", text, done: true }];
			return { id, role: "user", blocks, live: false, status: error ? "unsent" : left ? "pending" : "held", error };
		});
		return [...shownMessages(this.model), ...pending];
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
		const pending = { id: frame.id, frame, text: frame.text ?? "", left: false };
		this.pending.push(pending);
		this.#transmit(pending);
		this.onChange([{ what: "path" }]);
	}

	#transmit(pending) {
		if (this.#ready && this.connection.send(pending.frame)) pending.left = true;
	}

	#cancel(key, which) {
		this.cancels.set(key, { type: "cancel", id: newID(), ...which });
		if (this.#ready) this.connection.send(this.cancels.get(key));
		this.onChange([{ what: "path" }]);
	}

	#open() {
		const { session, epoch, seq } = this.model;
		const frame = { type: "open", id: this.#session ? newID() : this.#createID, history: 200 };
		if (this.#session) frame.session = this.#session;
		if (this.#session && this.#session === session && epoch) Object.assign(frame, { epoch, after: seq });
		this.#ready = false;
		this.#opening = this.connection.send(frame) ? frame.id : null;
	}

	#received(frame) {
		if (frame.type === "going_away") this.connection.comeBackAfter(frame.reconnect_after_ms ?? 0);
		else if (this.#opening !== null) this.#answered(frame);
		else if (frame.type === "error") this.#refused(frame);
		else if (frame.type !== "pong") this.#happened(frame);
	}

	#answered(frame) {
		if ((frame.ref ?? this.#opening) !== this.#opening) return;
		if (frame.type === "error") {
			this.#opening = null;
			this.#notOpened(frame);
		} else if (frame.type === "welcome") {
			this.#opening = null;
			this.#session = frame.session;
			this.#ready = true;
			const changes = reduce(this.model, frame);
			this.connection.settled(frame.ping_interval_ms);
			for (const pending of this.pending) if (!pending.error) this.#transmit(pending);
			for (const [key, cancel] of this.cancels) {
				// Of a turn that ended meanwhile nothing more comes that would end its cancel.
				const over = frame.state === "idle" && !this.pending.some((each) => each.id === key);
				if (over) this.cancels.delete(key);
				else this.connection.send(cancel);
			}
			this.onChange(changes);
		}
	}

	#notOpened(error) {
		if (error.code !== "not_found" || !this.#session) return this.onError(error);
		// What the page shows stays readable; only an empty page goes on by itself.
		this.isGone = this.model.messages.size > 0;
		if (this.isGone) {
			this.connection.stop();
			for (const pending of this.pending) pending.error = error;
			this.model.turns.clear();
			this.cancels.clear();
			for (const message of this.model.messages.values()) message.live = false;
			this.onChange([{ what: "reset" }]);
		} else {
			this.#session = null;
			this.#open();
		}
		this.onError(error);
	}

	#happened(frame) {
		const { type, ref, turn } = frame;
		const changes = reduce(this.model, frame);
		if (this.pending.some((each) => each.id === ref)) {
			this.pending = this.pending.filter((each) => each.id !== ref);
			changes.push({ what: "path" });
		}
		if (type === "turn.done") {
			this.cancels.delete(turn);
			this.cancels.delete(ref);
		} else if (this.cancels.has(ref)) {
			// A stop that named the command: from here on it is the turn's, whose end we shall see.
			const caused = turn ?? frame.message?.turn;
			if (this.model.turns.has(caused)) this.cancels.set(caused, this.cancels.get(ref));
			this.cancels.delete(ref);
		}
		if (changes.some((change) => change.what === "lost")) {
			this.model.epoch = null;
			this.#open();
		}
		if (changes.length > 0) this.onChange(changes);
	}

	#refused(error) {
		const pending = this.pending.find((each) => each.id === error.ref);
		const [stopped] = [...this.cancels].find(([, cancel]) => cancel.id === error.ref) ?? [];
		this.cancels.delete(stopped ?? error.ref);
		if (pending?.text) pending.error = error;
		else this.pending = this.pending.filter((each) => each !== pending);
		if (!pending?.text && !stopped) this.onError(error);
		this.onChange([{ what: "path" }]);
	}

	#closed(code) {
		this.#ready = false;
		this.#opening = null;
		// Said again, it would close the next connection as well.
		const tooLarge = code === 1009 && this.pending.find((each) => each.left && !each.error);
		if (tooLarge) tooLarge.error = { code: "too_large", message: "The message is too large for the server." };
	}
}
