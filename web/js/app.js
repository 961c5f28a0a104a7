// Wires the page: what the client knows is drawn, what the person does goes to the client.

import { Announcer } from "./announcer.js";
import { ChatClient, textOf } from "./client.js";
import { button, draw, h, icon, make } from "./dom.js";
import { drafts } from "./message.js";
import { openSettings } from "./settings.js";
import { setTheme, tools } from "./tools.js";
import { bar, followEnd, transcript, welcome } from "./view.js";
import { ending } from "./words.js";

const { announcer: region, bar: header, composer, content, latest, message: input, notice, scroll, send: sendButton, settings, stop: stopButton, transcript: log } =
	Object.fromEntries(Array.from(document.querySelectorAll("[id]"), (element) => [element.id, element]));

const announcer = new Announcer(region);
const toEnd = followEnd(scroll, content, latest);
const client = new ChatClient({ session: addressedSession(), tools, onChange: redraw, onEvent, onStatus, onError });

/** What one can do, for the views. */
const act = {
	say,
	retry(message) {
		if (message.status === "unsent") client.retry(message.id);
		// A turn that never began has no reply to ask for again: the same words are said once more.
		else if (message.role === "user") client.send(textOf(message));
		else client.regenerate(message.id);
		acted();
	},
	edit: (message) => drafts.set(message, { words: textOf(message) }) && redraw(),
	takeBack: (message) => giveBack(client.withdraw(message.id)),
	select: (id) => client.ask({ type: "select", message: id }).catch(onError),
	settings: () => openSettings(settings, client),
	theme() {
		const { theme } = document.documentElement.dataset;
		const isDark = theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
		setTheme(isDark ? "light" : "dark");
	},
	fresh() {
		history.pushState(null, "", location.pathname);
		switchTo(null);
	},
	reconnect: () => (client.connection.status.state === "stopped" ? location.reload() : client.connection.wake()),
};
const page = { client, act, redraw };

// What there is to see

let isDue = false;

/** Draws all once before the next frame, however often it is asked for. */
function redraw() {
	if (!isDue) requestAnimationFrame(show);
	isDue = true;
}

function show() {
	isDue = false;
	const { session, settings, more, turns } = client.model;
	const shown = client.messages;
	draw(header, bar(page));
	draw(log, [
		session && shown.length === 0 && welcome(settings.model ?? "A model", say),
		more && h("p", { class: "older" }, button("link", "Show earlier messages", () => client.older().catch(onError), "Show earlier messages")),
		...transcript(page),
	]);
	const reply = turns.size > 0 && log.querySelector("[aria-busy=true]");
	if (reply) announcer.follow(reply);
	const first = shown.find((message) => message.role === "user");
	const title = settings.title || (first ? textOf(first).trim().slice(0, 60) : "");
	document.title = title ? `${title} – Whinchat` : "Whinchat";
	if (session && addressedSession() !== session) history.replaceState(null, "", `${location.pathname}#${session}`);
	showComposer();
}

function showComposer() {
	const isEmpty = input.value.trim() === "";
	input.disabled = client.isGone;
	stopButton.hidden = !client.isBusy;
	stopButton.classList.toggle("stopping", client.isStopping);
	// While a reply runs, Stop takes Send's place until there is something to send behind it.
	sendButton.hidden = client.isBusy && isEmpty;
	sendButton.setAttribute("aria-disabled", isEmpty);
}

// Some of what is shown says how long until something.
setInterval(() => (client.isBusy || client.connection.status.state === "waiting") && redraw(), 1_000);

let wasOnline = true;

function onStatus({ state, reason }) {
	if (state === "online" && !wasOnline) announcer.say("Connected again.");
	if (state === "waiting" && wasOnline) announcer.say(`${reason} Reconnecting.`);
	if (state === "stopped" && reason) tell(reason);
	if (state !== "connecting") wasOnline = state === "online";
	redraw();
}

function onEvent({ type, name, status, error }) {
	if (type === "tool.approval") announcer.say(`The tool ${name} asks whether it may run.`);
	if (type !== "turn.done") return;
	const end = ending({ status, error });
	show();
	announcer.finish(end ? `${end.text} ${end.detail}` : "The reply is complete.");
}

function onError({ code, message }) {
	if (code !== "not_found") tell(message);
	else if (client.isGone) tell("This conversation is no longer on the server. You can read it here, and go on in a new chat.");
	else tell("That conversation is not here, or it is somebody else's. This is a new one.");
}

function tell(words) {
	notice.hidden = !words;
	draw(notice, words ? [h("p", {}, words), button("link", "Dismiss", () => tell(""), "Dismiss")] : []);
}

// What the person does

function say(text) {
	client.send(text);
	tell("");
	acted();
}

function submit(event) {
	event.preventDefault();
	if (!input.value.trim() || client.isGone) return;
	say(input.value);
	input.value = "";
	inputChanged();
}

function stop() {
	giveBack(client.stop());
	focusInput();
}

/** Words that were taken back stand before what was written since. */
function giveBack(text) {
	if (text) input.value = [text, input.value].filter(Boolean).join("\n\n");
	inputChanged();
	focusInput();
}

/** @param {string | null} session */
function switchTo(session) {
	tell("");
	giveBack(client.open(session));
	acted();
}

function inputChanged() {
	input.style.height = "auto";
	input.style.height = `${input.scrollHeight}px`;
	showComposer();
}

function acted() {
	toEnd();
	focusInput();
}

/** The composer keeps the focus, except where that would open a keyboard over half the screen. */
function focusInput() {
	if (!matchMedia("(pointer: coarse)").matches) input.focus({ preventScroll: true });
}

/** The session that the address names: `#s_…` or `?session=s_…`. */
function addressedSession() {
	const named = location.hash.slice(1) || new URLSearchParams(location.search).get("session");
	return /^[A-Za-z0-9_-]{1,64}$/.test(named ?? "") ? named : null;
}

composer.onsubmit = submit;
input.oninput = inputChanged;
input.onkeydown = (event) => {
	// While an input method composes a word, Enter belongs to it.
	if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
};
onkeydown = (event) => {
	if (event.key === "Escape" && !event.isComposing && client.isBusy && !settings.open) stop();
};
stopButton.onclick = stop;
onpopstate = () => {
	if (addressedSession() !== client.model.session) switchTo(addressedSession());
};
ononline = () => client.connection.wake();
document.onvisibilitychange = () => document.hidden || client.connection.wake();

sendButton.append(make(icon("send")));
stopButton.append(make(icon("stop")));
inputChanged();
focusInput();
client.connect();
