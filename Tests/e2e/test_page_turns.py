"""What the page says of a turn: its place in line, attempts, how it ended, what its model was sent."""

import re

import pytest
from playwright.sync_api import expect

from support.page import Chat, ScriptedServer


@pytest.fixture
def scripted(page, chat):
    scripted = ScriptedServer(page)
    chat.open()
    return scripted


def test_its_place_in_line_is_told_until_it_starts(scripted, chat, page):
    scripted.ask(chat)
    scripted.event("turn.queued", turn="t1", parent="u1")
    for position, words in [(2, "Number 2 in line"), (1, "Number 1 in line")]:
        scripted.answer("queue", turn="t1", position=position)
        expect(page.locator("article.user")).to_contain_text(words)
    scripted.answer("queue", turn="t_unknown", position=1)
    scripted.start()
    expect(page.locator("article.user")).not_to_contain_text("in line")
    scripted.say("There.")
    scripted.end()
    chat.done()


def test_a_double_click_on_send_does_not_stop(scripted, chat, page):
    chat.input.fill("hello")
    send = page.locator("#send").bounding_box()
    at = send["x"] + send["width"] / 2, send["y"] + send["height"] / 2
    page.mouse.click(*at)
    expect(chat.stop).to_be_visible()
    page.mouse.down(click_count=2)
    page.mouse.up(click_count=2)
    page.wait_for_timeout(200)
    assert not scripted.commands("cancel")
    chat.stop.click()
    page.wait_for_timeout(200)
    assert len(scripted.commands("cancel")) == 1


def test_a_turn_that_goes_on_after_a_tool_may_have_to_wait_again(scripted, chat):
    scripted.ask(chat)
    scripted.start()
    scripted.say("Let me see.")
    scripted.answer("queue", turn="t1", position=3)
    expect(chat.reply).to_contain_text("Number 3 in line")
    scripted.say("I see.", index=1)
    expect(chat.reply).not_to_contain_text("in line")
    scripted.end()
    chat.done()


def test_attempts_are_told_with_the_reason_the_wait_and_the_fallback(scripted, chat):
    scripted.ask(chat)
    scripted.start()
    retrying = {"turn": "t1", "code": "upstream_overloaded", "message": "The provider is overloaded."}
    scripted.event("turn.retrying", attempt=2, delay_ms=60_000, model="m", **retrying)
    expect(chat.reply).to_contain_text(re.compile(r"The provider is overloaded\. Attempt 2 in (60|5\d) s\."))
    scripted.event("turn.retrying", attempt=3, delay_ms=0, model="other", **retrying)
    expect(chat.reply).to_contain_text("Attempt 3 is under way.")
    expect(chat.reply.locator("h2")).to_have_text("other")
    scripted.say("At last.")
    expect(chat.reply).not_to_contain_text("Attempt")
    scripted.end()
    chat.done()


@pytest.mark.parametrize(
    ("status", "words", "buttons"),
    [
        ("cancelled", "Stopped.", ["Retry"]),
        ("refused", "The model refused to answer. Edit your message, or ask again.", ["Retry"]),
        ("filtered", "content filter", ["Retry"]),
        ("max_tokens", "limit of tokens for one reply. Ask it to go on.", ["Retry"]),
        ("context_exceeded", "no longer fits", ["Retry"]),
        ("tool_limit", "too many rounds", ["Retry"]),
        ("time_limit", "time limit", ["Retry"]),
        ("truncated", "broke off", ["Retry"]),
        ("interrupted", "the server stopped", ["Retry"]),
        ("something_new", "Ended: something_new.", ["Retry"]),
    ],
)
def test_how_it_ended_and_what_to_do(scripted, chat, status, words, buttons):
    scripted.ask(chat)
    scripted.start()
    scripted.say("As far as I")
    scripted.end(status=status)
    ending = chat.reply.locator(".ending")
    expect(ending).to_contain_text(words)
    expect(ending.get_by_role("button")).to_have_text(buttons)
    ending.get_by_role("button").first.click()
    chat.page.wait_for_function("() => document.querySelector('#stop').hidden === false")
    assert scripted.commands("regenerate")[0]["message"] == "a1"


def test_a_failure_says_its_code_and_what_to_do(scripted, chat):
    scripted.ask(chat)
    scripted.start()
    scripted.end(
        status="failed",
        error={"code": "upstream_rate_limited", "message": "Slow down.", "retryable": True, "retry_after_ms": 30_000,
               "upstream_status": 429},
    )
    expect(chat.reply.locator(".ending")).to_contain_text(
        "The reply failed. Slow down. Worth another try in 30 s. (upstream_rate_limited, HTTP 429)"
    )


def test_what_a_failed_reply_says_and_took_is_there_after_a_reload(scripted, chat, page):
    error = {"code": "upstream_overloaded", "message": "The provider is overloaded.", "retryable": True, "upstream_status": 529}
    said = {"text": "As far as I know"}
    end = {"status": "failed", "error": error, "timing": {"ttft_ms": 210, "duration_ms": 1_480, "tokens_per_second": 9.4},
           "usage": {"input_tokens": 1, "output_tokens": 12, "cache_read_tokens": 0, "cache_write_tokens": 0, "estimated": True}}
    scripted.ask(chat)
    scripted.start()
    scripted.say(said["text"])
    scripted.event("turn.done", turn="t1", **end)
    measures = chat.reply.locator(".measures")
    expect(measures).to_have_text("about 12 tokens · first after 210 ms · 9.4 tokens/s")
    expect(chat.reply.locator(".ending")).to_contain_text("The reply failed. The provider is overloaded. (upstream_overloaded, HTTP 529)")
    shown = chat.reply.inner_text()

    def opened_again(frame, accept=scripted.said):
        accept(frame)
        if frame["type"] == "open":
            message = {"parent": None, "turn": "t1", "partial": False}
            question = {"id": "u1", "siblings": ["u1"], "role": "user", "content": [{"kind": "text", "text": "question 1"}]}
            reply = {"id": "a1", "parent": "u1", "siblings": ["a1"], "role": "assistant", "content": [{"kind": "text", **said}],
                     "partial": True, "model": "m"}
            scripted.answer("snapshot", seq=scripted.seq, messages=[message | question, message | reply | end], more=False)

    scripted.said = opened_again
    page.reload()
    expect(measures).to_have_text("about 12 tokens · first after 210 ms · 9.4 tokens/s")
    assert chat.reply.inner_text() == shown
    expect(chat.reply.locator(".ending").get_by_role("button")).to_have_text(["Retry"])


def test_thinking_is_folded_and_stays_as_the_reader_has_it(scripted, chat, page):
    scripted.ask(chat)
    scripted.start()
    scripted.event("block.started", turn="t1", index=0, kind="thinking")
    scripted.event("delta", turn="t1", index=0, text="First **this")
    thought = chat.reply.locator("details")
    expect(thought.locator("summary")).to_have_text("Thinking…")
    expect(thought.get_by_text("First")).to_be_hidden()
    thought.locator("summary").click()
    scripted.event("delta", turn="t1", index=0, text="**, then that.")
    expect(thought.get_by_text("then that.")).to_be_visible()
    scripted.event("block.done", turn="t1", index=0)
    expect(thought.locator("summary")).to_have_text("Thought about it")
    expect(thought.locator("strong")).to_be_visible()
    thought.locator("summary").click()
    scripted.say("So it is.", index=1)
    expect(thought.get_by_text("then that.")).to_be_hidden()
    scripted.end()
    chat.done()
    # What was thought is not what was said.
    expect(page.locator("[aria-live=polite]")).to_contain_text("So it is.")
    expect(page.locator("[aria-live=polite]")).not_to_contain_text("then that")


def test_a_screen_reader_hears_sentences_but_no_code(scripted, chat, page):
    scripted.ask(chat)
    scripted.start()
    region = page.locator("[aria-live=polite]")
    scripted.event("block.started", turn="t1", index=0, kind="text")

    def say(text):
        scripted.event("delta", turn="t1", index=0, text=text)

    say("One **whole** sentence. And a half")
    expect(region).to_contain_text("One whole sentence.")
    expect(region).not_to_contain_text("half")
    say(" is now whole.\n\n```swift\nlet secret = 1\n```\n\n| Name | Age |\n|---|---|\n| Ada | 36 |\n\nThe end")
    expect(region).to_contain_text("And a half is now whole.")
    expect(region).to_contain_text("swift")
    expect(region).not_to_contain_text("The end")
    scripted.event("block.done", turn="t1", index=0)
    scripted.end()
    expect(region).to_contain_text("The end")
    expect(region).to_contain_text("The reply is complete.")
    expect(region).not_to_contain_text("secret")
    # The cells of a row are words of their own.
    expect(region).not_to_contain_text("Ada36")
    expect(region).to_contain_text("Ada")


def test_a_real_providers_failure_is_told(page, openai_server):
    server = openai_server("status-529", "--max-retries", "0")
    chat = Chat(page, server.url).open()
    chat.say("hello")
    expect(chat.reply.locator(".ending")).to_contain_text("(upstream_overloaded, HTTP 529)")
    chat.done()


def test_the_context_is_shown_on_a_gauge_and_where_it_begins(scripted, chat, page):
    parent = None
    for number in (1, 2, 3):
        scripted.ask(chat, number, parent)
        seen = {} if number < 3 else {"sent_messages": 1, "dropped_messages": 1, "summarised_messages": 3, "recalled_messages": 0}
        scripted.start(number, estimated_tokens=1_000 * number, budget_tokens=4_000, **seen)
        scripted.say(f"answer {number}", number)
        scripted.end(number)
        expect(chat.replies).to_have_count(number)
        parent = f"a{number}"
        if number < 3:
            expect(page.locator(".left-out")).to_have_count(0)
    gauge = page.get_by_role("meter", name="About 3,000 of 4,000 tokens of conversation sent")
    expect(gauge).to_have_attribute("value", "3000")
    line = page.locator(".left-out")
    expect(line).to_have_text("Messages above: 1 left out, 3 summarised")
    assert line.evaluate("element => element.nextElementSibling.textContent").startswith("Youquestion 3")


def test_a_context_beyond_its_budget_is_told_as_that(scripted, chat, page):
    scripted.ask(chat)
    scripted.start(estimated_tokens=1_367, budget_tokens=300)
    scripted.end()
    expect(page.get_by_role("meter")).to_have_accessible_name("About 1,367 of 300 tokens of conversation sent")


def test_the_policy_changes_in_the_middle(chat, page):
    chat.open()
    for text in ("My name is Ada", "What is my name?"):
        chat.say(text)
        chat.done()
    expect(chat.text).to_contain_text("Ada")
    page.get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_label("What the model is sent").select_option("none")
    dialog.get_by_label("Budget in tokens").fill("2000")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    chat.say("What is my name?")
    expect(chat.replies).to_have_count(3)
    chat.done()
    expect(chat.text).to_contain_text("You have not told me")
    expect(page.locator(".left-out")).to_contain_text("4 left out")
    page.get_by_role("button", name="Settings").click()
    expect(dialog.get_by_label("What the model is sent")).to_have_value("none")
    expect(dialog.get_by_label("Budget in tokens")).to_have_value("2000")


def test_settings_that_are_refused_say_why(scripted, chat, page):
    scripted.answers["configure"] = lambda frame: scripted.answer(
        "error", ref=frame["id"], code="bad_field", message="context.policy: no such policy.", field="context.policy", retryable=False
    )
    page.get_by_role("button", name="Settings").click()
    dialog = page.get_by_role("dialog", name="Settings")
    dialog.get_by_label("What the model is sent").select_option("retrieve")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("no such policy")
    assert scripted.commands("configure")[0]["context"] == {"policy": "retrieve"}


# Branches


def test_an_edited_message_is_a_version_of_its_own(chat, page):
    chat.open()
    for text in ("My name is Ada", "What is my name?"):
        chat.say(text)
        chat.done()
    first = page.locator("article.user").first
    first.get_by_role("button", name="Edit this message").click()
    dialog = page.get_by_role("dialog", name="Your message")
    field = dialog.get_by_role("textbox")
    expect(field).to_have_value("My name is Ada")
    field.fill("My name is Bob")
    dialog.get_by_role("button", name="Send").click()
    expect(chat.text).to_contain_text("Pleased to meet you, Bob")
    chat.done()
    expect(page.locator("article")).to_have_count(2)
    versions = first.get_by_role("group", name="Versions")
    expect(versions).to_contain_text("2/2")
    versions.get_by_role("button", name="The version before").click()
    expect(page.locator("article")).to_have_count(4)
    expect(chat.text).to_contain_text("Ada")
    expect(versions).to_contain_text("1/2")
    page.reload()
    expect(versions).to_contain_text("1/2")
    # Messages of the other branch are fetched.
    versions.get_by_role("button", name="The next version").click()
    expect(chat.text).to_contain_text("Bob")


def test_who_edits_has_the_focus_back(chat, page):
    chat.open().say("My name is Ada")
    chat.done()
    edit = page.get_by_role("button", name="Edit this message")
    dialog = page.get_by_role("dialog", name="Your message")
    field = dialog.get_by_role("textbox")
    cancel = dialog.get_by_role("button", name="Cancel")
    for leave in (lambda: field.press("Escape"), lambda: cancel.press("Enter"), lambda: cancel.click()):
        edit.press("Enter")
        expect(field).to_be_focused()
        leave()
        expect(dialog).to_be_hidden()
        expect(edit).to_be_focused()
    edit.press("Enter")
    field.fill("My name is Bob")
    dialog.get_by_role("button", name="Send").press("Enter")
    # Its button goes away with its version.
    expect(page.get_by_role("group", name="Versions")).to_contain_text("2/2")
    chat.done()


def test_another_reply_is_a_version_too(chat):
    chat.open().say("hello")
    chat.done()
    chat.reply.get_by_role("button", name="Ask for another reply").click()
    versions = chat.reply.get_by_role("group", name="Versions")
    expect(versions).to_contain_text("2/2")
    chat.done()
    versions.get_by_role("button", name="The version before").click()
    expect(versions).to_contain_text("1/2")
    expect(chat.replies).to_have_count(1)
