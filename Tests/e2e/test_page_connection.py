"""The page and its connection: breaks, repeats, other tabs, other sessions."""

import json
import re

import pytest
from playwright.sync_api import expect

from support.page import Chat, ScriptedServer, Wire


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
    expect(page.locator("#connection")).to_contain_text("Reconnecting")
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
    expect(page.locator("#connection")).to_contain_text("Closed")
    assert len(wire.sockets) == 1


def test_a_chat_that_is_gone_is_closed_and_not_offline(chat, page):
    chat.open().say("hello")
    chat.done()
    page.evaluate("fetch(`/sessions/${location.hash.slice(1)}`, { method: 'DELETE' })")
    connection = page.locator("#connection")
    expect(connection).to_have_text("Closed")
    # A reload would take what can still be read.
    expect(connection.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name="New chat").click()
    expect(connection).to_have_text("Connected")


def test_a_refused_message_comes_back_with_its_error(chat, page):
    scripted = ScriptedServer(page)
    scripted.answers["send"] = lambda frame: scripted.answer(
        "error", code="rate_limited", message="Too fast.", retryable=True, ref=frame["id"]
    )
    chat.open()
    chat.say("hello")
    expect(page.get_by_role("alert")).to_contain_text("Too fast.")
    expect(chat.input).to_have_value("hello")
    expect(chat.input).to_be_focused()
    expect(page.locator("article")).to_have_count(0)
    # It may be said again as it is.
    del scripted.answers["send"]
    chat.input.press("Enter")
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("article.user")).to_contain_text("hello")
    # A frame of a turn that nobody has announced does no harm.
    scripted.event("block.started", turn="t_nobody", index=0, kind="text")
    scripted.event("message", ref=scripted.commands("send")[-1]["id"],
                   message={"id": "u1", "parent": None, "siblings": ["u1"], "role": "user", "turn": "t1",
                            "content": [{"kind": "text", "text": "hello"}], "partial": False})
    scripted.start()
    scripted.say("Hello.")
    scripted.end()
    chat.done()
    expect(chat.text).to_have_text("Hello.")
    assert [frame["text"] for frame in scripted.commands("send")] == ["hello", "hello"]


def test_offline_and_back_in_mid_reply(chat, page):
    page.expected_errors = ["WebSocket", "Failed to load resource"]
    wire = Wire(page)
    chat.open()
    chat.say("Write something long")
    chat.wait_for_text(300)
    length = len(chat.reply_text())
    page.context.set_offline(True)
    # Chromium leaves what is open as it is.
    wire.cut(1006)
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    chat.say("and then?")
    expect(page.locator("article.user").last).to_contain_text("Goes out once connected")
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")
    expect(page.locator("article.user").last).not_to_contain_text("Goes out")
    page.wait_for_function("length => document.querySelector('article.assistant').textContent.length > length", arg=length + 100)
    expect(page.locator("article.user")).to_have_count(2)
    page.keyboard.press("Escape")
    chat.done()
    chat.errors.clear()


@pytest.mark.parametrize("way", ["restart", "kill"])
def test_a_server_that_restarts_in_mid_reply(page, start_server, way):
    page.expected_errors = ["WebSocket", "Failed to load resource"]
    server = start_server("--provider", "demo")
    chat = Chat(page, server.url).open()
    chat.say("Write something long")
    chat.wait_for_text(300)
    server.restart() if way == "restart" else (server.kill(), server.start())
    expect(chat.reply.locator(".ending")).to_contain_text("Cut off")
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")
    # What was seen is still there, but for the last second before a crash.
    assert len(chat.reply_text()) > 100
    chat.say("My name is Ada")
    expect(chat.reply.locator(".text")).to_contain_text("Ada")
    chat.done()
    expect(page.locator("article")).to_have_count(4)


def test_two_tabs_that_write_at_once_show_the_same(page, quick):
    chat = Chat(page, quick.url).open()
    other = Chat(page.context.new_page(), quick.url).open(page.url[len(quick.url):])
    for number in range(3):
        chat.say(f"one {number}")
        other.say(f"two {number}")
    shown = []
    for each in (chat, other):
        expect(each.page.locator("article.assistant .measures")).to_have_count(6)
        each.done()
        # Not the inner text: what is out of view has none.
        shown.append(each.page.locator("article .text").all_text_contents())
        assert each.errors == []
    assert shown[0] == shown[1] and len(shown[0]) == 12
    assert sorted(text for text in shown[0] if text[:3] in ("one", "two")) == [f"{tab} {n}" for tab in ("one", "two") for n in range(3)]


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
    expect(page.get_by_role("alert")).to_contain_text("There is no session")
    expect(page.locator(".suggestion").first).to_be_visible()
    expect(page).not_to_have_url(re.compile("s_there_is_none_such"))


def test_earlier_messages_are_fetched(page, chat):
    scripted = ScriptedServer(page)
    chat.open()

    def wire(number):
        return {"id": f"m{number}", "parent": f"m{number - 1}" if number > 1 else None, "role": "user", "turn": f"t{number}",
                "siblings": [f"m{number}"], "content": [{"kind": "text", "text": f"message {number}"}], "partial": False}

    scripted.answers["history"] = lambda frame: scripted.answer("history", ref=frame["id"], messages=[wire(1), wire(2)], more=False)
    scripted.answer("snapshot", messages=[wire(3), wire(4)], queued=[], seq=9, more=True)
    expect(page.locator("article")).to_have_count(2)
    page.get_by_role("button", name="Show earlier messages").click()
    expect(page.locator("article .text")).to_have_text([f"message {number}" for number in (1, 2, 3, 4)])
    expect(page.get_by_role("button", name="Show earlier messages")).to_have_count(0)
    assert scripted.commands("history")[0]["before"] == "m3"


def test_a_stop_of_a_turn_that_waits_is_said_again(page, chat):
    scripted = ScriptedServer(page)
    chat.open()
    scripted.ask(chat)
    scripted.event("turn.queued", turn="t1", parent="u1")
    answers = iter([lambda: None, lambda: scripted.end(status="cancelled")])
    scripted.answers["cancel"] = lambda frame: next(answers)()
    chat.stop.click()
    # `idle`: the turn waits for its place.
    scripted.socket.close(code=1012)
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    expect(chat.stop).to_be_hidden()
    assert [frame["turn"] for frame in scripted.commands("cancel")] == ["t1", "t1"]


def test_offline_is_noticed_at_once_and_what_waits_is_not_thrown_away(chat, page):
    wire = Wire(page)
    chat.open()
    leaves = "dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert page.evaluate(leaves)
    # What the browser says, and what a dead network does.
    wire.rewrite_sent = lambda text: None
    page.evaluate("dispatchEvent(new Event('offline'))")
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    wire.refuses = True
    chat.say("precious words")
    expect(page.locator("article.user")).to_contain_text("Goes out once connected.")
    assert not page.evaluate(leaves)


def test_a_break_before_the_snapshot_asks_for_it_again(chat, page):
    """The place from before is worth nothing once a snapshot was promised: what it was to mend would stay."""
    wire = Wire(page)
    chat.open().say("hi")
    chat.done()
    breaks = iter([True])

    def rewrite(text):
        if '"type":"snapshot"' in text and next(breaks, False):
            wire.cut(1012)
            return None
        return text

    wire.rewrite = rewrite
    headers = {"Content-Type": "application/json"}
    page.evaluate(
        "headers => fetch(`/sessions/${location.hash.slice(1)}/clear`, { method: 'POST', headers, body: '{}' })", headers
    )
    expect(page.locator("article")).to_have_count(0)
    assert wire.commands("open")[-1]["after"] is None


def test_a_chat_that_cannot_be_opened_now_is_tried_again(chat, page):
    scripted = ScriptedServer(page)
    chat.open()
    said, refusals = scripted.said, iter([True])

    def refuse(frame):
        if frame["type"] == "open" and next(refusals, False):
            scripted.answer("error", ref=frame["id"], code="storage", message="It could not be read.", retryable=True)
        else:
            said(frame)

    scripted.said = refuse
    page.evaluate("location.hash = 's_2'")
    expect(page.locator("#notice")).to_have_text("It could not be read.")
    expect(page.locator("#connection")).to_have_attribute("data-state", "waiting")
    chat.say("precious words")
    expect(page.locator("article.user")).to_contain_text("Sending…")
    assert len(scripted.commands("send")) == 1


def test_stop_means_the_turn_that_runs_and_not_one_behind_it(chat, page):
    """A long reply is not in the snapshot, which has those that wait: its own turn comes after them."""
    scripted = ScriptedServer(page)
    chat.open()

    def question(number, parent):
        return {"id": f"u{number}", "parent": parent, "siblings": [f"u{number}"], "role": "user", "turn": f"t{number}",
                "content": [{"kind": "text", "text": f"question {number}"}], "partial": False}

    queued = [{"turn": "t2", "parent": "u2"}]
    scripted.seq = 9
    scripted.answer("snapshot", messages=[question(1, None), question(2, "a1")], queued=queued, seq=9, more=False)
    scripted.start()
    scripted.say("It is long.")
    expect(chat.text).to_have_text("It is long.")
    chat.stop.click()
    expect(page.locator("article")).to_have_count(3)
    page.wait_for_timeout(100)
    assert [frame["turn"] for frame in scripted.commands("cancel")] == ["t1"]


def test_a_reply_is_shown_where_its_question_is_not_in_the_snapshot(chat, page):
    """A long message that waits behind it may have taken the room."""
    scripted = ScriptedServer(page)
    chat.open()
    waits = {"id": "u2", "parent": "a1", "siblings": ["u2"], "role": "user", "turn": "t2", "partial": False,
             "content": [{"kind": "text", "text": "long"}]}
    live = {"turn": "t1", "state": "running", "parent": "u1", "message": "a1", "siblings": ["a1"], "model": "m", "approvals": [],
            "blocks": [{"index": 0, "kind": "text", "text": "It ", "done": False}]}
    scripted.seq = 9
    scripted.answer("snapshot", messages=[waits], live=live, queued=[{"turn": "t2", "parent": "u2"}], seq=9, more=True)
    scripted.event("delta", turn="t1", index=0, text="goes on.")
    expect(chat.text).to_have_text("It goes on.")
    expect(page.locator("article")).to_have_count(2)
