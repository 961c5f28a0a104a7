// A WebSocket that is kept open, or polling where none gets through. Times are in milliseconds.

import { openPolling } from "./polling.js";

const WELCOME_TIMEOUT = 10_000;
const STABLE = 10_000;
// While polling, a WebSocket is tried after so long, for so long.
const RETRY_PAUSE = 300_000;
const RETRY_TIMEOUT = 5_000;

const STOPPED = { state: "stopped", reason: "" };
// Closes after which nothing is tried for a while.
const BUSY = [1008, 1013, 4429];

export const backoff = (attempt) => (Math.min(30_000, 500 * 2 ** attempt) * (1 + Math.random())) / 2;

export function openConnection(url, { onOpen, onFrame, onClose, onStatus }) {
	const base = url.replace(/^ws/, "http").replace("/v1/chat", "");
	const connection = { base, start, stop, wake, send, closed, status: STOPPED };
	let socket, timer, pingInterval;
	let onlineSince = 0;
	let attempt = 0;
	let notBefore = 0;
	// WebSockets in a row that did not get through.
	let refused = 0;
	const isPolling = () => refused > 1;
	return connection;

	function start() {
		if (socket) return;
		tell({ state: "connecting", reason: connection.status.reason });
		socket = isPolling() ? openPolling(base) : new WebSocket(url, "whinchat.v1");
		socket.onopen = onOpen;
		socket.onmessage = ({ data }) => hear(JSON.parse(data));
		socket.onclose = ({ code }) => closed(code);
		after(refused === 1 ? RETRY_TIMEOUT : WELCOME_TIMEOUT, () => closed(1006));
		if (isPolling()) onOpen();
	}

	function stop() {
		drop();
		tell(STOPPED);
	}

	function wake() {
		if (onlineSince && isPolling()) goOver();
		else if (onlineSince) ping(5_000);
		else if (Date.now() >= notBefore && connection.status.state === "waiting") start();
	}

	function send(frame) {
		const isOpen = socket?.readyState === WebSocket.OPEN;
		if (isOpen) socket.send(JSON.stringify(frame));
		return isOpen;
	}

	function hear(frame) {
		if (frame.type === "going_away") notBefore = Date.now() + (frame.reconnect_after_ms ?? 0);
		if (frame.type === "welcome") {
			pingInterval = frame.ping_interval_ms;
			onlineSince ||= Date.now();
			if (!isPolling()) refused = 0;
			tell({ state: "online", reason: "", via: isPolling() ? "polling" : "websocket" });
		}
		onFrame(frame);
		if (!onlineSince) return;
		after(pingInterval, () => ping(pingInterval));
		if (isPolling() && Date.now() - onlineSince > RETRY_PAUSE) goOver();
	}

	function ping(patience) {
		send({ type: "ping" });
		after(patience, () => closed(1006));
	}

	function after(ms, act) {
		clearTimeout(timer);
		timer = setTimeout(act, ms);
	}

	function goOver() {
		drop();
		refused = 1;
		start();
	}

	function drop() {
		clearTimeout(timer);
		onlineSince = 0;
		if (socket) socket.onopen = socket.onmessage = socket.onclose = null;
		socket?.close();
		socket = null;
	}

	function closed(code) {
		const lasted = onlineSince && Date.now() - onlineSince;
		if (lasted > STABLE) attempt = 0;
		drop();
		onClose(code);
		if (code === 1006 && !lasted) {
			// Where plain HTTP fails too, that tells nothing.
			refused = isPolling() ? 1 : refused + 1;
			if (isPolling()) return start();
		}
		if (code === 4401) return tell({ state: "stopped", reason: "You are not signed in any more. Reload the page.", code });
		notBefore = Math.max(notBefore, Date.now() + (BUSY.includes(code) ? 5_000 : 0));
		const retryAt = notBefore + backoff(attempt++);
		after(retryAt - Date.now(), start);
		tell({ state: "waiting", reason: "There is no connection.", code, retryAt });
	}

	function tell(status) {
		connection.status = status;
		onStatus(status);
	}
}
