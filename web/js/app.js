// Wires the page: the client's changes to the views, the person's acts to the client.

import { Announcer } from "./announcer.js";
import { ChatClient } from "./client.js";
import { h, icon, setText } from "./dom.js";
import { shownMessages, textOf } from "./state.js";
import { ConnectionView, drawWelcome, Follower, Transcript } from "./view.js";
import { ending } from "./words.js";

/** @template {HTMLElement} [E=HTMLElement] @param {string} id @returns {E} */
const byID = (id) => /** @type {any} */ (document.getElementById(id));

const input = /** @type {HTMLTextAreaElement} */ (byID("message"));
const sendButton = byID("send");
const stopButton = byID("stop");
const notice = byID("notice");
const older = byID("older");

const announcer = new Announcer(byID("announcer"));
const follower = new Follower(byID("scroll"), byID("content"), byID("latest"));
const connectionView = new ConnectionView(byID("connection"), () =>
    client.status.state === "stopped" ? location.reload() : client.wake(),
);
const transcript = new Transcript(byID("transcript"), {
    retry,
    say: (text) => announcer.add(text),
    again: (id) => client.retry(id),
    takeBack: (id) => giveBack(client.withdraw(id)),
});
const client = new ChatClient({ session: addressedSession(), onChange: changed, onStatus: statusChanged, onNotice: noticed });

// MARK: The client's changes

/** @param {import("./state.js").Change[]} changes */
function changed(changes) {
    let arrange = false;
    for (const change of changes) {
        switch (change.what) {
            case "text":
                transcript.append(change.id, change.index, change.text);
                break;
            case "message":
                transcript.sync(client.model.messages.get(change.id));
                arrange = true;
                break;
            case "ended":
                sayEnd(change.id);
                break;
            case "reset":
                transcript.clear();
                arrange = true;
                break;
            default:
                arrange = true;
        }
    }
    if (!arrange) return;
    const isOlder = changes.length === 1 && changes[0].what === "path" && !older.hidden && older.dataset.asked === "yes";
    if (isOlder) follower.keepPlace(() => transcript.arrange(client));
    else transcript.arrange(client);
    older.dataset.asked = "";
    drawFrame();
}

/** @param {string} id */
function sayEnd(id) {
    const message = client.model.messages.get(id);
    if (!message) return;
    const end = ending(message);
    announcer.finish(end ? `${end.text} ${end.detail}` : "The reply is complete.");
}

/** What stands around the messages. */
function drawFrame() {
    const { model } = client;
    const shown = shownMessages(model);
    const isEmpty = shown.length === 0 && client.pending.length === 0;
    const welcome = byID("welcome");
    if (isEmpty && model.session !== null) {
        const key = String(model.settings.model);
        if (welcome.dataset.model !== key) drawWelcome(welcome, model.settings, say);
        welcome.dataset.model = key;
    }
    welcome.hidden = !isEmpty || model.session === null;
    older.hidden = !model.more;
    const name = byID("model");
    setText(name, model.settings.model ?? "");
    name.hidden = !model.settings.model;
    const first = shown.find((message) => message.role === "user");
    const title = model.settings.title || (first && textOf(first).trim().slice(0, 60));
    document.title = title ? `${title} – Whinchat` : "Whinchat";
    if (model.session !== null && addressedSession() !== model.session) {
        history.replaceState(null, "", `${location.pathname}#${model.session}`);
    }
    drawComposer();
}

function drawComposer() {
    const { isBusy, isStopping, isGone } = client;
    input.disabled = isGone;
    stopButton.hidden = !isBusy;
    stopButton.classList.toggle("stopping", isStopping);
    stopButton.setAttribute("aria-label", isStopping ? "Stopping the reply" : "Stop the reply");
    const isEmpty = input.value.trim() === "";
    // While a reply runs, Stop takes Send's place until there is something to send behind it.
    sendButton.hidden = isBusy && isEmpty;
    sendButton.setAttribute("aria-disabled", String(isEmpty));
}

let wasOnline = true;

/** @param {import("./connection.js").Status} status */
function statusChanged(status) {
    connectionView.show(status);
    if (status.state === "online" && !wasOnline) announcer.say("Connected again.");
    if (status.state === "waiting" && wasOnline) announcer.say(`${status.reason} Reconnecting.`);
    if (status.state === "stopped" && status.reason) showNotice(status.reason);
    if (status.state !== "connecting") wasOnline = status.state === "online";
    if (client.pending.length > 0) transcript.arrange(client);
}

/** @param {{code: string, message: string}} error */
function noticed(error) {
    if (error.code === "not_found" && error.message === "missing") {
        showNotice("That conversation is not here, or it is somebody else's. This is a new one.");
    } else if (error.code === "not_found" && error.message === "gone") {
        showNotice("This conversation is no longer on the server. You can read it here, and go on in a new chat.");
    } else if (error.code === "unknown_type" && older.dataset.asked === "yes") {
        showNotice("This server does not hand out earlier messages yet.");
    } else showNotice(error.message);
}

/** @param {string} words */
function showNotice(words) {
    notice.hidden = words === "";
    const close = h("button", { type: "button", class: "link", onclick: () => showNotice("") }, "Dismiss");
    notice.replaceChildren(...(words ? [h("p", {}, words), close] : []));
}

// MARK: The person's acts

/** @param {string} text @returns {boolean} whether it was taken */
function say(text) {
    if (text.trim() === "") return false;
    const refusal = client.refusal(text);
    if (refusal) {
        showNotice(refusal);
        return false;
    }
    showNotice("");
    client.send(text);
    follower.toEnd();
    focusInput();
    return true;
}

function submit() {
    if (!say(input.value)) return;
    input.value = "";
    inputChanged();
}

function stop() {
    giveBack(client.stop());
    focusInput();
}

/** @param {import("./state.js").Message} message */
function retry(message) {
    // A turn that never began has no reply to ask for again: the same words are said once more.
    if (message.role === "user") client.send(textOf(message));
    else client.regenerate(message.id);
    follower.toEnd();
    focusInput();
}

/** Words that were taken back stand before what was written since. @param {string} text */
function giveBack(text) {
    if (!text) return;
    input.value = input.value ? `${text}\n\n${input.value}` : text;
    inputChanged();
    focusInput();
}

function newChat() {
    history.pushState(null, "", location.pathname);
    switchTo(null);
}

/** @param {string | null} session */
function switchTo(session) {
    showNotice("");
    const unsent = client.open(session);
    drawFrame();
    giveBack(unsent);
    follower.toEnd();
    focusInput();
}

function inputChanged() {
    input.style.height = "auto";
    input.style.height = `${input.scrollHeight}px`;
    drawComposer();
    try {
        sessionStorage.setItem("whinchat.draft", input.value);
    } catch {
        // No storage, no draft after a reload.
    }
}

/** The composer keeps the focus, except where that would open a keyboard over half the screen. */
function focusInput() {
    if (!matchMedia("(pointer: coarse)").matches) input.focus({ preventScroll: true });
}

/** The session that the address names: `#s_…` or `?session=s_…`. */
function addressedSession() {
    const named = location.hash.slice(1) || new URLSearchParams(location.search).get("session") || "";
    return /^[A-Za-z0-9_-]{1,64}$/.test(named) ? named : null;
}

function drawTheme() {
    const chosen = document.documentElement.dataset.theme;
    const isDark = chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const button = byID("theme");
    const label = isDark ? "Switch to light colours" : "Switch to dark colours";
    button.replaceChildren(icon(isDark ? "sun" : "moon"));
    button.setAttribute("aria-label", label);
    button.title = label;
    return isDark;
}

function switchTheme() {
    const theme = drawTheme() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    drawTheme();
    try {
        localStorage.setItem("whinchat.theme", theme);
    } catch {
        // It lasts as long as the page does.
    }
}

sendButton.append(icon("send"));
stopButton.append(icon("stop"));
byID("composer").addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
});
input.addEventListener("input", inputChanged);
input.addEventListener("keydown", (event) => {
    // While an input method composes a word, Enter belongs to it.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
});
document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing && client.isBusy) {
        event.preventDefault();
        stop();
    }
});
stopButton.addEventListener("click", stop);
byID("new-chat").addEventListener("click", newChat);
byID("theme").addEventListener("click", switchTheme);
older.addEventListener("click", () => {
    older.dataset.asked = "yes";
    client.loadOlder();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawTheme);
addEventListener("popstate", () => {
    if (addressedSession() !== client.model.session) switchTo(addressedSession());
});
addEventListener("online", () => client.wake());
document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") client.wake();
});
addEventListener("pageshow", (event) => {
    if (event.persisted) client.wake();
});

drawTheme();
try {
    input.value = sessionStorage.getItem("whinchat.draft") ?? "";
} catch {
    // No storage, no draft.
}
inputChanged();
focusInput();
client.connect();
