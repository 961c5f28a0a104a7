// A WebSocket that is kept open, or polling where none gets through. Times are in milliseconds.

import { openPolling } from "./polling.js";

const PROTOCOL = "whinchat.v1";
const WELCOME_TIMEOUT = 15_000;
const STABLE = 10_000;
const PROBE_PAUSE = 120_000;

// By close code: what it means to a person, and the shortest wait.
const CLOSES = {
	1012: ["The server is restarting."],
	1013: ["The server is overloaded.", 5_000],
	4401: ["You are not signed in any more. Reload the page to go on.", Infinity],
	4429: ["Too many connections or messages at once.", 10_000],
};

export const backoff = (attempt, random = Math.random) => (Math.min(30_000, 500 * 2 ** attempt) * (1 + random())) / 2;

export function openConnection(url, { onOpen, onFrame, onClose, onStatus }) {
	const base = url.replace(/^ws/, "http").replace(/\/v1\/chat$/, "");
	const connection = { base, start, stop, wake, send, status: { state: "stopped", reason: "" } };
	let socket, probe, timer, pingInterval;
	let onlineSince = 0;
	let attempt = 0;
	let notBefore = 0;
	let probeAt = 0;
	// WebSockets in a row that did not get through.
	let refused = 0;
	const isPolling = () => refused > 1;
	return connection;

	function start() {
		if (socket) return;
		tell({ state: "connecting", reason: connection.status.reason });
		socket = isPolling() ? openPolling(base) : new WebSocket(url, PROTOCOL);
		socket.onopen = onOpen;
		socket.onmessage = ({ data }) => hear(JSON.parse(data));
		socket.onclose = ({ code }) => closed(code);
		after(WELCOME_TIMEOUT, () => closed(1006, 2));
		if (isPolling()) onOpen();
	}

	function stop() {
		drop();
		tell({ state: "stopped", reason: "" });
	}

	function wake() {
		if (onlineSince) {
			ping(5_000);
			if (isPolling()) tryWebSocket();
		} else if (Date.now() >= notBefore && connection.status.state === "waiting") start();
	}

	function send(frame) {
		const isOpen = socket?.readyState === WebSocket.OPEN;
		if (isOpen) socket.send(JSON.stringify(frame));
		return isOpen;
	}

	function hear(frame) {
		const { type } = frame;
		if (type === "going_away") notBefore = Date.now() + (frame.reconnect_after_ms ?? 0);
		onFrame(frame);
		if (type === "welcome") {
			pingInterval = frame.ping_interval_ms;
			onlineSince ||= Date.now();
			if (!isPolling()) refused = 0;
			tell({ state: "online", reason: "", via: isPolling() ? "polling" : "websocket" });
		}
		if (!onlineSince) return;
		// Silence for one interval: ask. For another: the peer is gone, even where TCP has not noticed.
		after(pingInterval, () => ping(pingInterval));
		if (isPolling() && Date.now() > probeAt) tryWebSocket();
	}

	function ping(patience) {
		send({ type: "ping" });
		after(patience, () => closed(1006));
	}

	// What happens next, if nothing else does.
	function after(ms, act) {
		clearTimeout(timer);
		timer = setTimeout(act, ms);
	}

	// That a WebSocket opens does not tell that frames get through.
	function tryWebSocket() {
		probeAt = Date.now() + PROBE_PAUSE;
		probe?.close();
		probe = new WebSocket(url, PROTOCOL);
		probe.onopen = () => probe.send('{"type":"ping"}');
		probe.onmessage = () => {
			drop();
			refused = 1;
			start();
		};
	}

	function drop() {
		clearTimeout(timer);
		onlineSince = 0;
		probe?.close();
		if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
		socket?.close();
		socket = null;
	}

	function closed(code, refusals = 1) {
		const wasOnline = onlineSince > 0;
		if (wasOnline && Date.now() - onlineSince > STABLE) attempt = 0;
		drop();
		onClose(code);
		if (code === 1006 && !wasOnline) {
			// Where plain HTTP fails too, nothing is there: that says nothing of WebSockets.
			refused = isPolling() ? 1 : refused + refusals;
			if (isPolling()) return start();
		}
		const unknown = wasOnline ? "The connection was lost." : "The server cannot be reached.";
		const [reason, floor = 0] = CLOSES[code] ?? [unknown];
		if (floor === Infinity) return tell({ state: "stopped", reason, code });
		notBefore = Math.max(notBefore, Date.now() + floor);
		const retryAt = notBefore + backoff(attempt++);
		after(retryAt - Date.now(), start);
		tell({ state: "waiting", reason, code, retryAt });
	}

	function tell(status) {
		connection.status = status;
		onStatus(status);
	}
}
