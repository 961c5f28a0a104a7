"""The page in a real browser, against the built-in demo model.

Fixtures: `server` (has `.url`; answers with the demo model) and `page` (a blank page of Playwright's sync API).
"""

import json
import pathlib
import re

import pytest
from playwright.sync_api import Page, expect

WEB = pathlib.Path(__file__).parents[2] / "web"
# Generous: a wait ends with its event, and only a failure takes this long.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


class Chat:
    """The page as a person uses it."""

    def __init__(self, page: Page, url: str):
        self.page, self.url, self.errors = page, url, []
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda entry: self.errors.append(entry.text) if entry.type == "error" else None)
        self.input = page.get_by_label("Message", exact=True)
        self.replies = page.locator("article.assistant")
        self.reply = self.replies.last
        self.text = self.reply.locator(".text").last
        self.stop = page.get_by_role("button", name="Stop the reply")

    def open(self, path="/"):
        self.page.goto(self.url + path)
        expect(self.page.locator("#connection")).to_have_attribute("data-state", "online")
        return self

    def say(self, text):
        self.input.fill(text)
        self.input.press("Enter")

    def done(self):
        expect(self.reply).to_have_attribute("aria-busy", "false")
        expect(self.stop).to_be_hidden()

    def reply_text(self):
        return self.reply.locator(".blocks").evaluate("element => element.textContent")

    def wait_for_text(self, length):
        self.page.wait_for_function(
            "length => [...document.querySelectorAll('article.assistant')].at(-1)?.textContent.length > length", arg=length
        )


@pytest.fixture
def chat(page, server):
    chat = Chat(page, server.url)
    yield chat
    assert chat.errors == []


class Wire:
    """The page's WebSocket, with a hand on it."""

    def __init__(self, page: Page):
        self.sent, self.sockets, self.rewrite, self.refuses = [], [], lambda text: text, False
        page.route_web_socket(re.compile("/v1/chat$"), self.opened)

    def opened(self, socket):
        if self.refuses:
            socket.close(code=1013)
            return
        upstream = socket.connect_to_server()
        self.sockets.append((socket, upstream))

        def said(text):
            self.sent.append(json.loads(text))
            upstream.send(text)

        def heard(text):
            text = self.rewrite(text)
            if text is not None:
                socket.send(text)

        socket.on_message(said)
        upstream.on_message(heard)

    def cut(self, code):
        socket, upstream = self.sockets[-1]
        socket.close(code=code)
        upstream.close()

    def commands(self, kind):
        return [frame for frame in self.sent if frame["type"] == kind]


def test_the_first_visit_says_who_answers_and_what_to_try(chat):
    chat.open()
    expect(chat.page.locator("#model")).to_have_text("demo")
    expect(chat.page.locator(".welcome")).to_contain_text("demo answers here")
    expect(chat.page.locator(".suggestion")).to_have_count(4)
    expect(chat.input).to_be_focused()
    assert re.search(r"#[A-Za-z0-9_-]+$", chat.page.url)


def test_the_page_is_small_and_its_policy_is_strict(chat):
    response = chat.page.goto(chat.url + "/")
    policy = response.header_value("content-security-policy")
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    files = [WEB / "index.html", *WEB.glob("css/*"), *WEB.glob("js/*")]
    assert len(files) > 5 and sum(file.stat().st_size for file in files) < 60 * 1024


def test_a_tool_call_is_a_card_with_its_input_and_its_result(chat):
    chat.open()
    chat.page.get_by_role("button", name="What is 6×7?").click()
    card = chat.page.get_by_role("region", name="Tool calculate")
    expect(card.locator(".tool-output")).to_have_text("42")
    expect(card.locator(".tool-input")).to_contain_text("expression")
    expect(card.locator(".tool-state")).to_contain_text("Done")
    chat.done()
    expect(chat.text).to_contain_text("42")
    expect(chat.reply.locator(".measures")).to_have_text(re.compile(r"\d+ tokens · first after .* · [\d.,]+ tokens/s"))
    # As it was streamed, so it is shown after a reload.
    streamed = chat.reply_text()
    chat.page.reload()
    expect(card.locator(".tool-output")).to_have_text("42")
    assert chat.reply_text() == streamed.replace(re.search(r"Done( in [\d.,]+ m?s)?", streamed)[0], "Done")


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_stop_keeps_what_had_arrived(chat, way):
    chat.open()
    chat.say("Write something long")
    chat.wait_for_text(200)
    expect(chat.reply).to_have_attribute("aria-busy", "true")
    chat.stop.click() if way == "button" else chat.page.keyboard.press("Escape")
    expect(chat.reply.locator(".ending")).to_contain_text("Stopped.")
    chat.done()
    assert len(chat.reply_text()) > 150
    expect(chat.input).to_be_focused()


def test_an_error_stands_where_it_happened_and_retry_asks_again(chat):
    chat.open()
    chat.say("Break in the middle")
    ending = chat.reply.locator(".ending")
    expect(ending).to_be_visible()
    assert "quiet-ending" not in ending.get_attribute("class")
    first = chat.reply.element_handle()
    ending.get_by_role("button", name="Retry").click()
    chat.page.wait_for_function("element => !element.isConnected", arg=first)
    expect(ending).to_be_visible()
    expect(chat.replies).to_have_count(1)
    expect(chat.page.locator("article.user")).to_have_count(1)


def test_a_text_that_a_snapshot_had_to_cut_says_so(chat):
    chat.open().say("é" * 100_000)
    chat.done()
    chat.page.reload()
    expect(chat.page.locator("article.user").get_by_text("Only the beginning is shown")).to_be_visible()


def test_a_reload_in_mid_reply_lands_in_it(chat):
    chat.open()
    chat.say("Write something long")
    chat.wait_for_text(300)
    address = chat.page.url
    chat.page.reload()
    chat.wait_for_text(300)
    assert chat.page.url == address
    expect(chat.reply).to_have_attribute("aria-busy", "true")
    expect(chat.page.locator("article")).to_have_count(2)
    length = len(chat.reply_text())
    chat.wait_for_text(length + 100)
    chat.page.keyboard.press("Escape")
    chat.done()


def test_a_lost_connection_loses_nothing(chat, page):
    wire = Wire(page)
    chat.open()
    chat.say("Write something long")
    chat.wait_for_text(300)
    wire.cut(1012)
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")
    again = wire.commands("open")[-1]
    assert again["after"] > 0 and again["epoch"] and again["session"]
    chat.wait_for_text(len(chat.reply_text()) + 200)
    page.keyboard.press("Escape")
    chat.done()
    shown = chat.reply_text()
    page.reload()
    chat.done()
    assert chat.reply_text() == shown


def test_what_is_said_offline_goes_out_once(chat, page):
    wire = Wire(page)
    chat.open()
    wire.refuses = True
    wire.cut(1012)
    expect(page.locator("#connection")).to_have_attribute("data-state", "waiting")
    expect(page.locator("#connection")).to_contain_text("Reconnecting in")
    chat.say("hello, are you there?")
    expect(page.locator("article.user")).to_contain_text("Goes out once connected")
    wire.refuses = False
    chat.done()
    expect(page.locator("article.user")).to_have_count(1)
    assert len(wire.commands("send")) == 1


def test_a_send_whose_answer_was_lost_has_one_effect(chat, page):
    wire = Wire(page)
    chat.open()
    wire.rewrite = lambda text: None
    chat.say("hello there")
    page.wait_for_function("() => document.querySelector('article.user')?.textContent.includes('Sending')")
    wire.rewrite = lambda text: text
    wire.cut(1012)
    chat.done()
    ids = {frame["id"] for frame in wire.commands("send")}
    assert len(wire.commands("send")) == 2 and len(ids) == 1
    page.reload()
    expect(page.locator("article.user")).to_have_count(1)


def test_stop_before_anything_left_takes_the_words_back(chat, page):
    wire = Wire(page)
    chat.open()
    wire.refuses = True
    wire.cut(1012)
    expect(page.locator("#connection")).to_have_attribute("data-state", "waiting")
    chat.say("never mind")
    page.keyboard.press("Escape")
    expect(chat.input).to_have_value("never mind")
    expect(page.locator("article")).to_have_count(0)


def test_a_peer_that_falls_silent_is_given_up(chat, page):
    wire = Wire(page)
    silent = False

    def rewrite(text):
        frame = json.loads(text)
        if frame["type"] == "welcome":
            # Short for a person, long for a busy machine: an answer that takes as long counts as silence.
            frame["ping_interval_ms"] = 1500
        return None if silent else json.dumps(frame)

    wire.rewrite = rewrite
    chat.open()
    # An answered ping keeps it.
    page.wait_for_function("() => performance.now() > 4000")
    assert wire.commands("ping") and len(wire.sockets) == 1
    silent = True
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    silent = False
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")
    assert len(wire.sockets) > 1


def test_signed_out_is_said_and_not_tried_again(chat, page):
    wire = Wire(page)
    chat.open()
    wire.cut(4401)
    expect(page.get_by_role("alert")).to_contain_text("not signed in")
    expect(page.locator("#connection")).to_contain_text("Signed out")
    assert len(wire.sockets) == 1


def test_a_refused_message_can_be_edited(chat, page):
    wire = Wire(page)
    chat.open()

    def rewrite(text):
        frame = json.loads(text)
        if frame["type"] != "message":
            return None
        return json.dumps({"type": "error", "code": "rate_limited", "message": "Too fast.", "retryable": True, "ref": frame["ref"]})

    wire.rewrite = rewrite
    chat.say("hello")
    refused = page.locator("article.user")
    expect(refused).to_contain_text("Not sent. Too fast. (rate_limited)")
    refused.get_by_role("button", name="Edit").click()
    expect(chat.input).to_have_value("hello")
    expect(refused).to_have_count(0)


def test_two_tabs_follow_the_same_session(chat, page):
    chat.open()
    other = Chat(page.context.new_page(), chat.url)
    other.open(page.url[len(chat.url):])
    chat.say("My name is Ada")
    chat.done()
    expect(other.reply.locator(".text")).to_contain_text("Ada")
    other.done()
    assert other.reply_text() == chat.reply_text() and other.errors == []


def test_a_new_chat_has_an_address_and_back_returns(chat, page):
    chat.open()
    chat.say("My name is Ada")
    chat.done()
    first = page.url
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".suggestion").first).to_be_visible()
    expect(page.locator("article")).to_have_count(0)
    assert page.url != first
    page.go_back()
    expect(page.locator("article")).to_have_count(2)
    assert page.url == first


def test_an_unknown_session_becomes_a_new_one(chat, page):
    chat.open("/#s_there_is_none_such")
    expect(page.get_by_role("alert")).to_contain_text("not here")
    expect(page.locator(".suggestion").first).to_be_visible()
    expect(page).not_to_have_url(re.compile("s_there_is_none_such"))


def test_the_end_is_followed_only_from_the_end(chat, page):
    page.set_viewport_size({"width": 800, "height": 400})
    chat.open()
    chat.say("Write something long")
    page.wait_for_function("() => document.querySelector('main').scrollTop > 100")
    page.locator("main").hover()
    page.mouse.wheel(0, -5000)
    latest = page.get_by_role("button", name="Jump to latest")
    expect(latest).to_be_visible()
    chat.wait_for_text(len(chat.reply_text()) + 200)
    assert page.evaluate("document.querySelector('main').scrollTop") < 60
    latest.click()
    expect(latest).to_be_hidden()
    chat.wait_for_text(len(chat.reply_text()) + 100)
    page.wait_for_function(
        "() => { const box = document.querySelector('main'); return box.scrollHeight - box.scrollTop - box.clientHeight < 40; }"
    )
    page.keyboard.press("Escape")
    chat.done()


def test_enter_sends_and_shift_enter_does_not(chat, page):
    chat.open()
    chat.input.press_sequentially("one")
    chat.input.press("Shift+Enter")
    chat.input.press_sequentially("two")
    expect(page.locator("article")).to_have_count(0)
    chat.input.press("Enter")
    expect(page.locator("article.user .text")).to_have_text("one\ntwo", use_inner_text=True)
    expect(chat.input).to_have_value("")
    chat.done()


def test_markup_is_text(chat, page):
    chat.open()
    nasty = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    chat.say(nasty)
    chat.done()
    expect(page.locator("article.user .text")).to_have_text(nasty)
    assert page.locator("#transcript img, #transcript script").count() == 0


def test_a_screen_reader_hears_whole_sentences(chat, page):
    chat.open()
    page.evaluate(
        """() => {
            window.heard = [];
            const region = document.querySelector("[aria-live=polite]");
            new MutationObserver((records) => {
                for (const record of records) for (const node of record.addedNodes) heard.push(node.textContent);
            }).observe(region, { childList: true });
        }"""
    )
    chat.say("hello.")
    chat.done()
    heard = page.evaluate("heard")
    assert heard[-1] == "The reply is complete."
    assert len(heard) < 12 and all(re.search(r"[.!?:…\"]$", words) for words in heard), heard


def test_every_control_has_a_name(chat, page):
    chat.open()
    chat.say("What is 6×7? Use the calculator.")
    chat.done()
    buttons = page.get_by_role("button").all()
    assert len(buttons) >= 4
    for button in buttons:
        name = button.get_attribute("aria-label") or button.inner_text()
        assert name.strip(), button.evaluate("element => element.outerHTML")


def test_it_fits_a_phone(chat, page):
    page.set_viewport_size({"width": 320, "height": 640})
    chat.open()
    chat.say("long".join(["W" * 300, "שלום עולם"]) + "\n\nשלום עולם")
    chat.wait_for_text(20)
    page.keyboard.press("Escape")
    chat.done()
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Below 16 px a phone zooms in on focus.
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('#message')).fontSize) >= 16")
    last = page.locator("article.user .text p").last
    assert last.evaluate("element => getComputedStyle(element).direction") == "rtl"


def test_the_theme_is_remembered(chat, page):
    page.emulate_media(color_scheme="light")
    chat.open()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark or light").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_colours_have_contrast(chat, page):
    """WCAG AA: 4.5 to 1, for each colour of text on each ground that it stands on."""
    chat.open()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ratios = page.evaluate(
            """() => {
                const probe = document.body.appendChild(document.createElement("i"));
                const light = (name) => {
                    probe.style.color = `var(--${name})`;
                    const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
                    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const pairs = [["ink", "page"], ["ink", "raised"], ["ink", "sunken"], ["ink", "said"], ["ink", "wash"],
                    ["soft", "page"], ["soft", "raised"], ["soft", "sunken"], ["accent", "page"], ["accent", "wash"],
                    ["good", "raised"], ["bad", "raised"], ["bad", "wash"], ["on-accent", "accent"], ["page", "ink"]];
                return pairs.map(([text, ground]) => {
                    const [low, high] = [light(text), light(ground)].sort((a, b) => a - b);
                    return [text, ground, (high + 0.05) / (low + 0.05)];
                });
            }"""
        )
        assert [pair for pair in ratios if pair[2] < 4.5] == [], scheme


def test_growing_text_is_the_same_however_it_is_split(chat, page):
    chat.open()
    text = "One.\n\nTwo `x` and\n```swift\nlet a = 1\n\n  ``\n```\nThree\n~~~\n```\nunclosed ~~ `"
    difference = page.evaluate(
        """async (text) => {
            const { GrowingText } = await import("/js/view-text.js");
            const draw = (pieces) => {
                const root = document.createElement("div");
                const grown = new GrowingText(root);
                for (const piece of pieces) { grown.append(piece); grown.flush(); }
                grown.finish();
                return root;
            };
            const whole = draw([text]);
            if (whole.querySelectorAll("pre").length !== 2) return whole.innerHTML;
            if (whole.querySelector("code").textContent !== "let a = 1\\n\\n  ``\\n") return whole.querySelector("code").textContent;
            if (draw([...text]).innerHTML !== whole.innerHTML) return "one by one";
            for (let at = 0; at < text.length; at++) {
                if (draw([text.slice(0, at), text.slice(at)]).innerHTML !== whole.innerHTML) return `split at ${at}`;
            }
            return "";
        }""",
        text,
    )
    assert difference == ""


def test_the_reducer_takes_each_event_once_and_a_snapshot_in_mid_reply(chat, page):
    chat.open()
    frames = [
        {"type": "welcome", "session": "s", "epoch": "e", "resume": "snapshot", "seq": 9},
        {
            "type": "snapshot",
            "seq": 9,
            "more": False,
            "messages": [{"id": "u", "parent": None, "role": "user", "content": [{"kind": "text", "text": "hi"}], "turn": "t"}],
            "live": {
                "turn": "t", "state": "running", "parent": "u", "message": "a", "model": "m",
                "blocks": [
                    {"index": 0, "kind": "tool_call", "call": "c", "name": "n", "input_so_far": "{}", "done": True,
                     "result": {"output": "42", "is_error": False}},
                    {"index": 1, "kind": "text", "text": "It ", "done": False},
                ],
            },
        },
        {"type": "delta", "seq": 9, "turn": "t", "index": 1, "text": "twice"},
        {"type": "delta", "seq": 12, "turn": "t", "index": 1, "text": "is"},
        {"type": "delta", "seq": 12, "turn": "t", "index": 1, "text": "is"},
        {"type": "message", "seq": 13, "ref": "m2", "message": {"id": "u2", "parent": "a", "role": "user", "turn": "t2",
                                                                "content": [{"kind": "text", "text": "and"}]}},
        {"type": "turn.queued", "seq": 14, "turn": "t2", "parent": "u2"},
        {"type": "delta", "seq": 15, "turn": "t", "index": 1, "text": " so."},
        {"type": "turn.done", "seq": 16, "turn": "t", "status": "completed", "usage": {"output_tokens": 3}},
        {"type": "turn.done", "seq": 17, "turn": "t2", "status": "cancelled"},
    ]
    shown = page.evaluate(
        """async (frames) => {
            const { emptyModel, reduce, shownMessages, textOf } = await import("/js/state.js");
            const model = emptyModel();
            for (const frame of frames) reduce(model, frame);
            return shownMessages(model).map((each) => [each.id, textOf(each), each.live, each.status ?? null, each.blocks[0].output ?? null]);
        }""",
        frames,
    )
    assert shown == [
        ["u", "hi", False, None, None],
        ["a", "It is so.", False, "completed", "42"],
        ["u2", "and", False, "cancelled", None],
    ]


def test_the_wait_before_an_attempt_doubles_with_jitter(chat, page):
    chat.open()
    waits = page.evaluate(
        """async () => {
            const { backoff } = await import("/js/connection.js");
            return [[0, 0, 0], [0, 0, 1], [3, 0, 0], [3, 0, 1], [50, 0, 1], [0, 5000, 0]].map(([n, floor, r]) => backoff(n, floor, () => r));
        }"""
    )
    assert waits == [250, 500, 2000, 4000, 30000, 5250]
