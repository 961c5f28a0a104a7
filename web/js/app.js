// Wires the page: what the client knows is drawn, what the person does goes to the client.

import { announcer } from "./announcer.js";
import { ChatClient, textOf } from "./client.js";
import { button, draw, h } from "./dom.js";
import { beginDraft } from "./message.js";
import { openSettings } from "./settings.js";
import { sidebar } from "./sidebar.js";
import { tools } from "./tools.js";
import { bar, followEnd, transcript, welcome } from "./view.js";
import { ending } from "./words.js";

const at = Object.fromEntries(Array.from(document.querySelectorAll("[id]"), (element) => [element.id, element]));
const { composer, message: input, notice, send: sendButton, settings, sidebar: nav, stop: stopButton } = at;

/** Milliseconds without a connection, after which a banner says so. */
const LONG = 10_000;

const speech = announcer(at.announcer);
const toEnd = followEnd(at.scroll, at.transcript, at.latest);
const client = new ChatClient({ session: addressed(), tools, onChange: redraw, onEvent, onStatus, onError });

const act = {
	say(text) {
		client.send(text);
		tell("");
		acted();
	},
	retry(message) {
		if (message.status === "unsent") client.retry(message.id);
		// A turn that never began has no reply to ask for again: the same words are said once more.
		else if (message.role === "user") client.send(textOf(message));
		else client.regenerate(message.id);
		acted();
	},
	edit: (message) => beginDraft(message.id, textOf(message), client),
	takeBack: (message) => giveBack(client.withdraw(message.id)),
	select: (id) => client.ask({ type: "select", message: id }).catch(onError),
	settings: () => openSettings(settings, client),
	tell,
	fresh() {
		nav.hidePopover();
		act.leave();
	},
	leave() {
		history.pushState(null, "", location.pathname);
		switchTo(null);
	},
	reconnect: () => (client.connection.status.state === "stopped" ? location.reload() : client.connection.wake()),
};

const chats = sidebar(nav, client, act);

// What there is to see

let isDue = false;

/** Draws all once before the next frame, however often it is asked for. */
function redraw() {
	if (!isDue) requestAnimationFrame(show);
	isDue = true;
}

function show() {
	isDue = false;
	const { epoch, session, settings, more } = client.model;
	const shown = client.messages;
	draw(at.transcript, [
		epoch && shown.length === 0 && welcome(settings.model ?? "A model", act.say),
		more && button("link older", "Show earlier messages", () => older().catch(onError)),
		transcript({ client, act }),
	]);
	speech.follow(at.transcript.querySelector("[aria-busy=true]"));
	const first = shown.find(({ role }) => role === "user");
	const title = settings.title || (first && textOf(first).trim().slice(0, 60));
	document.title = title ? `${title} – Whinchat` : "Whinchat";
	draw(at.bar, bar(client, act, title));
	if (session && addressed() !== session) {
		history.replaceState(null, "", `${location.pathname}#${session}`);
		chats.show();
	}
	showNotice();
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

let told = "";
let onlineAt = Date.now();
let wasOnline = true;

function showNotice() {
	const { state, reason } = client.connection.status;
	if (state === "online") onlineAt = Date.now();
	const isLong = !client.isGone && Date.now() - onlineAt > LONG && `${reason} What you write goes out once it is back.`;
	notice.hidden = !(told || isLong);
	draw(notice, [h("p", told || isLong), told && button("link", "Dismiss", () => tell(""))]);
}

function tell(words) {
	told = words;
	showNotice();
}

function onStatus({ state, reason }) {
	if (state === "online" && !wasOnline) speech.say("Connected again.");
	if (state === "waiting" && wasOnline) speech.say(`${reason} Reconnecting.`);
	if (state === "stopped") tell(reason);
	if (state === "online") chats.refresh();
	if (state !== "connecting") wasOnline = state === "online";
	redraw();
}

function onEvent(frame) {
	if (frame.type === "turn.retrying") speech.say(`${frame.message} Trying again.`);
	if (frame.type === "tool.approval") speech.say(`The tool ${frame.name} asks whether it may run.`);
	if (/^(message|turn.done|session.updated)$/.test(frame.type)) chats.refresh();
	if (frame.type !== "turn.done") return;
	show();
	const end = ending(frame);
	speech.finish(end ? `${end.text} ${end.detail}` : "The reply is complete.");
}

function onError({ code, message }) {
	if (code !== "not_found") tell(message);
	else if (client.isGone) tell("This conversation is no longer on the server. You can read it here, and go on in a new chat.");
	else tell("That conversation is not here, or it is somebody else's. This is a new one.");
}

// What the person does

function submit(event) {
	event.preventDefault();
	if (!input.value.trim() || client.isGone) return;
	act.say(input.value);
	input.value = "";
	inputChanged();
}

/** At the very top no browser keeps what one was reading where it is. */
async function older() {
	await client.older();
	const { scrollHeight, scrollTop } = at.scroll;
	show();
	at.scroll.scrollTop = scrollTop + at.scroll.scrollHeight - scrollHeight;
}

/** Words that were taken back stand before what was written since. */
function giveBack(text) {
	input.value = [text, input.value].filter(Boolean).join("\n\n");
	inputChanged();
	focusInput();
}

function switchTo(session) {
	tell("");
	giveBack(client.open(session));
	chats.keep(session);
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

/** Not where that would open a keyboard over half the screen. */
function focusInput() {
	if (!matchMedia("(pointer: coarse)").matches) input.focus({ preventScroll: true });
}

/** The session that the address names: `#s_…`. */
function addressed() {
	return /^#([\w-]{1,64})$/.exec(location.hash)?.[1] ?? null;
}

const stop = () => giveBack(client.stop());

composer.onsubmit = submit;
input.oninput = inputChanged;
onkeydown = (event) => {
	// While an input method composes a word, the keys belong to it.
	if (event.isComposing) return;
	if (event.key === "Enter" && !event.shiftKey && event.target === input) submit(event);
	const isElsewhere = settings.open || nav.matches(":popover-open") || event.target.matches("nav input");
	if (event.key === "Escape" && client.isBusy && !isElsewhere) stop();
};
stopButton.onclick = stop;
onpopstate = () => addressed() !== client.model.session && switchTo(addressed());
ononline = onoffline = () => client.connection.wake();
onbeforeunload = (event) => client.messages.some(({ status }) => /^(held|unsent)$/.test(status)) && event.preventDefault();
document.onvisibilitychange = () => {
	if (document.hidden) return;
	client.connection.wake();
	chats.refresh();
};

inputChanged();
focusInput();
client.connect();
