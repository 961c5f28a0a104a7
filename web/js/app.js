// Wires the page: the client's changes to the views, the person's acts to the client.

import { Announcer } from "./announcer.js";
import { ChatClient } from "./client.js";
import { button, h, icon, setText } from "./dom.js";
import { textOf } from "./state.js";
import { ConnectionView, drawWelcome, Follower, Transcript } from "./view.js";
import { ending } from "./words.js";

const { announcer: region, composer, connection, content, icon: favicon, latest, mark, message: input, model, new: newChat, notice, older, scroll, send: sendButton, stop: stopButton, theme, transcript: log, welcome } =
	Object.fromEntries(Array.from(document.querySelectorAll("[id]"), (element) => [element.id, element]));

const announcer = new Announcer(region);
const follower = new Follower(scroll, content, latest);
const connectionView = new ConnectionView(connection, () =>
	client.connection.status.state === "stopped" ? location.reload() : client.connection.wake(),
);
const transcript = new Transcript(log, {
	say: (text) => announcer.add(text),
	edit: (message) => giveBack(client.withdraw(message.id)),
	retry(message) {
		if (message.status === "unsent") client.retry(message.id);
		// A turn that never began has no reply to ask for again: the same words are said once more.
		else if (message.role === "user") client.send(textOf(message));
		else client.regenerate(message.id);
		acted();
	},
});
const client = new ChatClient({ session: addressedSession(), onChange, onStatus, onError });

// The client's changes

function onChange(changes) {
	for (const { what, id, index, text } of changes) {
		const message = client.model.messages.get(id);
		if (what === "text") transcript.append(id, index, text);
		else if (what === "message") transcript.sync(message);
		else if (what === "reset") transcript.clear();
		else if (what === "ended") {
			const end = ending(message);
			announcer.finish(end ? `${end.text} ${end.detail}` : "The reply is complete.");
		}
	}
	if (changes.every((change) => change.what === "text")) return;
	transcript.arrange(client);
	drawFrame();
}

/** What stands around the messages. */
function drawFrame() {
	const { session, settings, more } = client.model;
	const shown = client.messages;
	const isEmpty = shown.length === 0;
	const name = settings.model ?? "";
	if (isEmpty && welcome.dataset.model !== name) drawWelcome(welcome, (welcome.dataset.model = name) || "A model", say);
	welcome.hidden = !isEmpty || !session;
	older.hidden = !more;
	setText(model, name);
	const first = shown.find((message) => message.role === "user");
	const title = settings.title ?? (first ? textOf(first).trim().slice(0, 60) : "");
	document.title = title ? `${title} – Whinchat` : "Whinchat";
	if (session && addressedSession() !== session) history.replaceState(null, "", `${location.pathname}#${session}`);
	drawComposer();
}

function drawComposer() {
	const isEmpty = input.value.trim() === "";
	input.disabled = client.isGone;
	stopButton.hidden = !client.isBusy;
	stopButton.classList.toggle("stopping", client.cancels.size > 0);
	// While a reply runs, Stop takes Send's place until there is something to send behind it.
	sendButton.hidden = client.isBusy && isEmpty;
	sendButton.setAttribute("aria-disabled", isEmpty);
}

let wasOnline = true;

function onStatus(status) {
	const { state, reason } = status;
	connectionView.show(status);
	if (state === "online" && !wasOnline) announcer.say("Connected again.");
	if (state === "waiting" && wasOnline) announcer.say(`${reason} Reconnecting.`);
	if (state === "stopped" && reason) tell(reason);
	if (state !== "connecting") wasOnline = state === "online";
	transcript.arrange(client);
}

function onError({ code, message }) {
	if (code !== "not_found") tell(message);
	else if (client.isGone) tell("This conversation is no longer on the server. You can read it here, and go on in a new chat.");
	else tell("That conversation is not here, or it is somebody else's. This is a new one.");
}

function tell(words) {
	notice.hidden = !words;
	notice.replaceChildren(...(words ? [h("p", {}, words), button("link", "Dismiss", () => tell(""), "Dismiss")] : []));
}

// The person's acts

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
	drawComposer();
}

function acted() {
	follower.toEnd();
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

theme.onclick = () => {
	const { dataset } = document.documentElement;
	const isDark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
	dataset.theme = isDark ? "light" : "dark";
	try {
		localStorage.setItem("whinchat.theme", dataset.theme);
	} catch {
		// Storage is blocked: it lasts as long as the page.
	}
};
composer.onsubmit = submit;
input.oninput = inputChanged;
input.onkeydown = (event) => {
	// While an input method composes a word, Enter belongs to it.
	if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
};
onkeydown = (event) => {
	if (event.key === "Escape" && !event.isComposing && client.isBusy) stop();
};
stopButton.onclick = stop;
newChat.onclick = () => {
	history.pushState(null, "", location.pathname);
	switchTo(null);
};
onpopstate = () => {
	if (addressedSession() !== client.model.session) switchTo(addressedSession());
};
ononline = () => client.connection.wake();
document.onvisibilitychange = () => document.hidden || client.connection.wake();

mark.src = favicon.href;
theme.append(icon("theme"));
sendButton.append(icon("send"));
stopButton.append(icon("stop"));
inputChanged();
focusInput();
client.connect();
