"""Tools on the page: calls as they are written, a person's word, and what the browser runs."""

import json

import pytest
from playwright.sync_api import expect

from support.page import Chat, ScriptedServer, Wire

ASK = "send an email to ada@example.org: The engine works."


@pytest.fixture
def server(start_server):
    return start_server("--provider", "demo", environment={"WHINCHAT_TOOLS": "all"})


def outbox(server):
    return [file.read_text() for file in (server.data / "outbox").glob("*.eml")] if (server.data / "outbox").exists() else []


def asked(chat):
    """Has the model ask for `send_email`, and returns its card."""
    chat.open().say(ASK)
    card = chat.page.get_by_role("region", name="Tool send_email")
    expect(card.get_by_role("button", name="Allow")).to_be_visible()
    return card


def press(card, name):
    card.get_by_role("button", name=name, exact=True).click()


def test_an_allowed_call_runs(chat, server):
    card = asked(chat)
    expect(card).to_contain_text("Waits for your word")
    expect(card.locator(".tool-input")).to_contain_text("ada@example.org")
    assert outbox(server) == []
    press(card, "Allow")
    expect(card.locator(".tool-state")).to_contain_text("Done")
    chat.done()
    expect(card.get_by_role("button")).to_have_count(0)
    assert len(outbox(server)) == 1


def test_a_denied_call_does_not(chat, server):
    card = asked(chat)
    card.get_by_role("button", name="Deny").press("Enter")
    expect(card.locator(".tool-state")).to_have_text("Denied")
    # Its button is gone.
    expect(chat.page.get_by_role("main")).to_be_focused()
    chat.done()
    assert outbox(server) == []


def test_an_edited_input_is_checked_and_runs_instead(chat, page, server):
    wire = Wire(page)
    card = asked(chat)
    press(card, "Edit the input")
    dialog = page.get_by_role("dialog", name="Input, as JSON")
    field = dialog.get_by_role("textbox")
    assert json.loads(field.input_value())["to"] == ["ada@example.org"]
    for wrong, why in [('{"to":', "JSON"), ("[]", "has to be an object")]:
        field.fill(wrong)
        press(dialog, "Allow this")
        expect(dialog.get_by_role("alert")).to_contain_text(why)
        expect(field).to_have_value(wrong)
    assert wire.commands("tool.approve") == []
    # Valid JSON, but not what the tool takes: the server says so, and the call waits on.
    field.fill('{"to": 5}')
    press(dialog, "Allow this")
    expect(card.get_by_role("alert")).to_contain_text("to")
    expect(card.get_by_role("button", name="Allow", exact=True)).to_be_visible()
    press(card, "Edit the input")
    # What was refused can be mended.
    expect(field).to_have_value('{"to": 5}')
    press(dialog, "Cancel")
    expect(card.get_by_role("button", name="Edit the input")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).to_be_focused()
    field.fill('{"to": ["bob@example.org"], "subject": "Tea", "body": "At four?"}')
    press(dialog, "Allow this")
    expect(card.locator(".tool-state")).to_contain_text("Done")
    expect(card.locator(".tool-input")).to_contain_text("bob@example.org")
    chat.done()
    (file,) = outbox(server)
    assert "bob@example.org" in file and "ada" not in file


def test_a_reload_asks_again_and_another_tab_may_answer(chat, page, server):
    card = asked(chat)
    page.reload()
    expect(card.get_by_role("button", name="Allow", exact=True)).to_be_visible()
    expect(card.locator(".tool-input")).to_contain_text("ada@example.org")
    other = Chat(page.context.new_page(), chat.url).open(page.url[len(chat.url):])
    press(other.page.get_by_role("region", name="Tool send_email"), "Allow")
    expect(card.locator(".tool-state")).to_contain_text("Done")
    chat.done()
    assert len(outbox(server)) == 1 and other.errors == []


def test_a_question_outlives_the_server(page, server):
    page.expected_errors.append("ERR_CONNECTION_REFUSED")
    chat = Chat(page, server.url)
    card = asked(chat)
    server.kill()
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    press(card, "Allow")
    expect(card).to_contain_text("Sending your word")
    server.start()
    chat.done()
    assert len(outbox(server)) == 1


def test_stop_ends_a_turn_that_asks(chat, page, server):
    card = asked(chat)
    page.keyboard.press("Escape")
    chat.done()
    expect(card.get_by_role("button")).to_have_count(0)
    expect(card.locator(".tool-state")).to_have_text("Not finished")
    assert outbox(server) == []


def test_an_input_is_seen_while_it_is_written(chat, page):
    chat.open()
    page.evaluate(
        """() => {
            window.seen = new Set();
            new MutationObserver(() => seen.add(document.querySelector(".tool-input")?.textContent))
                .observe(document.body, { subtree: true, childList: true, characterData: true });
        }"""
    )
    chat.say(ASK)
    expect(page.get_by_role("button", name="Allow", exact=True)).to_be_visible()
    lengths = page.evaluate("[...seen].filter((text) => text).map((text) => text.length)")
    assert len(lengths) > 3, lengths
    page.keyboard.press("Escape")
    chat.done()


def test_a_card_says_where_its_call_is_and_how_long_it_took(page, server):
    scripted, chat = ScriptedServer(page), Chat(page, server.url)
    chat.open()
    scripted.ask(chat)
    scripted.start()
    card = page.get_by_role("region", name="Tool look_up")
    state = card.locator(".tool-state")
    this = {"turn": "t1", "index": 0, "call": "c1"}
    scripted.event("block.started", **this, kind="tool_call", name="look_up")
    scripted.event("delta", turn="t1", index=0, text='{"query": "a')
    expect(state).to_have_text("Writing its input…")
    expect(card.locator(".tool-input")).to_have_text('{"query": "a')
    scripted.event("block.done", turn="t1", index=0, input={"query": "a" * 80})
    expect(state).to_have_text("Called")
    scripted.event("tool.started", turn="t1", call="c1", name="look_up", input={"query": "a" * 80}, runs="server")
    expect(state).to_have_text("Running…")
    output = "\n".join(f"line {number}: <b>{'w' * 300}</b>" for number in range(2_000))
    scripted.event("tool.done", turn="t1", call="c1", output=output, is_error=True, duration_ms=1_250)
    expect(state).to_have_text("Failed in 1.3 s")
    expect(card).to_have_attribute("data-state", "error")
    # A long result scrolls in itself, by the keyboard as well.
    result = card.get_by_label("Result")
    assert result.evaluate("({ clientHeight, scrollHeight }) => clientHeight < 300 && scrollHeight > 2_000")
    assert result.evaluate("({ clientWidth, scrollWidth }) => scrollWidth <= clientWidth")
    result.focus()
    page.keyboard.press("End")
    page.wait_for_function("() => document.querySelector('.tool-output').scrollTop > 1_000")
    scripted.end()
    chat.done()


# In the browser


def browser_tool(page, openai_server, tool):
    chat = Chat(page, openai_server(f"calls-{tool}").url)
    wire = Wire(page)
    return chat, wire, page.get_by_role("region", name=f"Tool {tool}")


HERE = """navigator.geolocation.getCurrentPosition = (found) =>
    found({ coords: { latitude: 53.08, longitude: 8.8, accuracy: 30.4 } })"""


def test_the_page_tells_where_it_is(page, openai_server):
    chat, wire, card = browser_tool(page, openai_server, "get_location")
    # The browser's answer: what there is to ask, a header of the server decides.
    page.add_init_script(HERE)
    chat.open().say("Where am I?")
    expect(card.locator(".tool-output")).to_have_text('{"latitude":53.08,"longitude":8.8,"accuracy":30.4}')
    chat.done()
    declared = {tool["name"] for tool in wire.commands("open")[0]["client_tools"]}
    assert declared == {"get_location", "set_theme"}
    assert len(wire.commands("tool.result")) == 1


def test_a_refused_location_is_an_error_result(page, openai_server):
    chat, wire, card = browser_tool(page, openai_server, "get_location")
    page.add_init_script("navigator.geolocation.getCurrentPosition = (found, failed) => failed({ code: 1, message: 'User denied Geolocation' })")
    chat.open().say("Where am I?")
    expect(card.locator(".tool-output")).to_contain_text("User denied")
    expect(card.locator(".tool-state")).to_contain_text("Failed")
    chat.done()
    assert wire.commands("tool.result")[0]["is_error"] is True


def test_the_page_changes_its_theme(page, openai_server):
    chat, wire, card = browser_tool(page, openai_server, "set_theme")
    page.emulate_media(color_scheme="light")
    chat.open().say("Make it dark")
    expect(card.locator(".tool-output")).to_have_text("The page is dark now.")
    chat.done()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_result_goes_to_the_next_connection(page, openai_server):
    chat, wire, card = browser_tool(page, openai_server, "set_theme")
    chat.open()
    wire.rewrite_sent = lambda text: None if '"tool.result"' in text else text
    chat.say("Make it dark")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    wire.rewrite_sent = lambda text: text
    wire.cut(1012)
    expect(card.locator(".tool-output")).to_have_text("The page is dark now.")
    chat.done()


def test_a_result_that_comes_too_late_is_no_error(page, chat):
    """Its turn was stopped, and another one runs by now: what the server says to that concerns nobody."""
    scripted = ScriptedServer(page)
    page.add_init_script("navigator.geolocation.getCurrentPosition = (found) => (window.found = () => found({ coords: {} }))")
    chat.open()

    def too_late(frame):
        scripted.say("Another reply.", number=2)
        scripted.answer("error", ref=frame["id"], code="conflict", message="It has its answer.", retryable=False)
        scripted.end(2)

    scripted.answers["tool.result"] = too_late
    scripted.ask(chat)
    scripted.start()
    scripted.event("block.started", turn="t1", index=0, call="c1", kind="tool_call", name="get_location")
    scripted.event("block.done", turn="t1", index=0, input={})
    scripted.event("tool.started", turn="t1", call="c1", name="get_location", input={}, runs="client")
    page.wait_for_function("() => window.found")
    scripted.end(status="cancelled")
    scripted.ask(chat, 2, "a1")
    scripted.start(2)
    page.evaluate("found()")
    expect(chat.text).to_have_text("Another reply.")
    chat.done()
    expect(page.locator("#notice")).to_be_hidden()


def test_a_server_with_a_tool_of_that_name_is_opened_without_ours(page, server):
    scripted = ScriptedServer(page)

    def said(frame, accept=scripted.said):
        if frame["type"] == "open" and frame["client_tools"]:
            scripted.sent.append(frame)
            scripted.answer(
                "error", ref=frame["id"], code="bad_field", field="client_tools", message="set_theme is there.", retryable=False
            )
        else:
            accept(frame)

    scripted.said = said
    Chat(page, server.url).open()
    assert [len(frame["client_tools"]) for frame in scripted.commands("open")] == [2, 0]
