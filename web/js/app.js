// Wires the page: what the client knows is drawn, what the person does goes to the client.

import { announcer } from "./announcer.js";
import { ChatClient } from "./client.js";
import { button, draw, h } from "./dom.js";
import { sidebar } from "./sidebar.js";
import { tools } from "./tools.js";
import { bar, followEnd, transcript, welcome } from "./view.js";
import { ending } from "./words.js";

const at = {};
for (const element of document.querySelectorAll("[id]")) at[element.id] = element;
const input = at.message;

const BANNER_AFTER_MS = 10_000;

const addressed = () => /^#([\w-]{1,64})$/.exec(location.hash)?.[1] ?? null;

const speech = announcer(at.announcer);
const toEnd = followEnd(at.scroll, at.transcript, at.latest);
const client = new ChatClient({ session: addressed(), tools, onChange: redraw, onEvent, onStatus, onError });

const act = {
	say(text) {
		client.send(text);
		acted();
	},
	retry(id) {
		client.regenerate(id);
		acted();
	},
	tell,
	leave() {
		history.pushState(null, "", location.pathname);
		switchTo(null);
	},
};

const refreshChats = sidebar(at.sidebar, client, act);

let isDue = false;
let told = "";
let onlineAt = Date.now();

/** Draws all, once before the next frame. */
function redraw() {
	if (!isDue) requestAnimationFrame(show);
	isDue = true;
}

function show() {
	isDue = false;
	const { activeElement } = document;
	const { epoch, session, settings, more } = client.model;
	draw(at.transcript, [
		epoch && client.messages.length === 0 && welcome(settings.model ?? "A model", act.say),
		more && button("Show earlier messages", older, "link"),
		transcript({ client, act }),
	]);
	speech.follow(at.transcript.querySelector("[aria-busy=true]"));
	draw(at.bar, bar(client));
	document.title = settings.title ? `${settings.title} – Whinchat` : "Whinchat";
	if (session && addressed() !== session) {
		history.replaceState(null, "", `#${session}`);
		refreshChats();
	}
	showNotice();
	showComposer();
	if (!activeElement.isConnected) at.scroll.focus();
}

function showComposer() {
	input.disabled = client.isGone;
	at.stop.hidden = !client.isBusy;
	// While a reply runs, Stop takes Send's place until there is something to send behind it.
	at.send.hidden = client.isBusy && !input.value.trim();
}

function showNotice() {
	const { state, reason } = client.connection.status;
	if (state === "online") onlineAt = Date.now();
	const isLong = !client.isGone && Date.now() - onlineAt > BANNER_AFTER_MS;
	const words = told || (isLong && `${reason} What you write goes out once it is back.`);
	at.notice.hidden = !words;
	draw(at.notice, [words]);
}

function tell({ message = "" } = {}) {
	told = message;
	showNotice();
}

// Some of it says how long until something.
setInterval(() => (client.isBusy || client.connection.status.state !== "online") && redraw(), 1_000);

function onStatus({ state, reason }) {
	if (state === "online") refreshChats();
	if (state === "stopped") tell({ message: reason });
	redraw();
}

function onEvent(frame) {
	if (frame.type === "turn.retrying") speech.say(`${frame.message} Trying again.`);
	if (frame.type === "tool.approval") speech.say(`The tool ${frame.name} asks whether it may run.`);
	if (/^(message|turn.done|session.updated)$/.test(frame.type)) refreshChats();
	if (frame.type !== "turn.done") return;
	show();
	speech.finish(ending(frame) ?? "The reply is complete.");
}

function onError(error, text = "") {
	giveBack(text);
	tell(error);
}

async function older() {
	await client.older().catch(tell);
	const { scrollHeight, scrollTop } = at.scroll;
	show();
	// At the very top no browser keeps what one was reading where it is.
	at.scroll.scrollTop = scrollTop + at.scroll.scrollHeight - scrollHeight;
}

function giveBack(text) {
	input.value = [text, input.value].filter(Boolean).join("\n\n");
	acted();
}

function switchTo(session) {
	giveBack(client.open(session));
	refreshChats();
}

function acted() {
	tell();
	toEnd();
	showComposer();
	// Not where that would open a keyboard over half the screen.
	if (!matchMedia("(pointer: coarse)").matches) input.focus({ preventScroll: true });
}

function submit(event) {
	event.preventDefault();
	const text = input.value;
	if (!text.trim()) return;
	input.value = "";
	act.say(text);
}

const stop = () => giveBack(client.stop());

at.composer.onsubmit = submit;
// A double click on Send does not stop.
at.stop.onclick = ({ detail }) => detail < 2 && stop();
input.oninput = showComposer;
onkeydown = (event) => {
	// While an input method composes a word, the keys belong to it.
	if (event.isComposing) return;
	if (event.key === "Enter" && !event.shiftKey && event.target === input) submit(event);
	const isElsewhere = document.querySelector(":modal, :popover-open") || event.target.matches("nav *");
	if (event.key === "Escape" && client.isBusy && !isElsewhere) stop();
};
onpopstate = () => addressed() !== client.model.session && switchTo(addressed());
ononline = onoffline = () => client.connection.wake();
onbeforeunload = (event) => client.messages.some(({ status }) => status === "held") && event.preventDefault();
document.onvisibilitychange = () => {
	if (document.hidden) return;
	client.connection.wake();
	refreshChats();
};

acted();
client.connect();
