"""Main states of the page, each reached from a fresh one by `state(chat, scripted)`, with a scripted server."""

import re

from playwright.sync_api import expect

WIDE = {"width": 1200, "height": 800}
PHONE = {"width": 390, "height": 844}

MARKDOWN = """# A title

Some **strong**, *leaning*, `code` and [a link](https://example.org/) in it.

## A part

- one
- two
  1. deeper

> said by another

| name | value |
|------|------:|
| a    | 1     |

```swift
let answer = 42  // of course
```
"""


def first_visit(chat, scripted):
    expect(chat.page.locator(".suggestion")).to_have_count(4)


def streaming(chat, scripted):
    scripted.ask(chat)
    scripted.start()
    scripted.event("block.started", turn="t1", index=0, kind="thinking")
    scripted.event("delta", turn="t1", index=0, text="Let me think.")
    scripted.event("block.started", turn="t1", index=1, kind="text")
    scripted.event("delta", turn="t1", index=1, text=MARKDOWN)
    expect(chat.reply).to_contain_text("of course")


def asking(chat, scripted):
    scripted.ask(chat)
    scripted.start()
    call = {"turn": "t1", "call": "c1", "name": "send_email"}
    scripted.event("block.started", index=0, kind="tool_call", **call)
    scripted.event("delta", turn="t1", index=0, text='{"to": "ada@example.org"}')
    scripted.event("block.done", turn="t1", index=0, input={"to": "ada@example.org"})
    scripted.event("tool.approval", input={"to": "ada@example.org"}, expires_at="2999-01-01T00:00:00.000Z", expires_in_ms=3_600_000,
                   **call)
    expect(chat.page.get_by_role("button", name="Allow", exact=True)).to_be_visible()


def editing_a_call(chat, scripted):
    asking(chat, scripted)
    chat.page.get_by_role("button", name="Edit the input").click()
    chat.page.get_by_role("textbox", name="Input, as JSON").fill("{")
    chat.page.get_by_role("button", name="Allow this").click()
    expect(chat.page.get_by_role("alert").filter(has_text="JSON")).to_be_visible()


def failed(chat, scripted):
    scripted.ask(chat)
    scripted.start()
    for index, is_error in enumerate([False, True]):
        call = {"turn": "t1", "call": f"c{index}"}
        scripted.event("block.started", index=index, kind="tool_call", name="look", **call)
        scripted.event("block.done", turn="t1", index=index, input={"at": "it"})
        scripted.event("tool.started", name="look", input={"at": "it"}, runs="server", **call)
        scripted.event("tool.done", output="seen" if index else "", is_error=is_error, duration_ms=5, **call)
    scripted.end(status="failed", error={"code": "upstream_overloaded", "message": "The provider is overloaded.", "retryable": True})
    expect(chat.reply.get_by_role("button", name="Retry")).to_be_visible()


def versions(chat, scripted):
    def wire(id, parent, role, text, siblings):
        return {"id": id, "parent": parent, "role": role, "turn": "t", "siblings": siblings, "partial": False,
                "model": "m", "usage": {"input_tokens": 1, "output_tokens": 20, "estimated": False}, "status": "completed",
                "content": [{"kind": "text", "text": text}]}

    scripted.seq += 1
    scripted.answer("snapshot", seq=scripted.seq, queued=[], more=True, messages=[
        wire("u0", None, "user", "Once more", ["u0", "v0"]), wire("a0", "u0", "assistant", MARKDOWN, ["x0", "a0", "y0"]),
        wire("u2", "a0", "user", "Thanks", ["u2"]), wire("a2", "u2", "assistant", "You are welcome.", ["a2"])])
    expect(chat.page.get_by_role("group", name="Versions").first).to_be_visible()
    expect(chat.page.get_by_role("button", name="Show earlier messages")).to_be_visible()


def editing(chat, scripted):
    versions(chat, scripted)
    chat.page.get_by_role("button", name="Edit this message").last.click()
    expect(chat.page.get_by_role("textbox", name="Your message")).to_be_focused()


def settings(chat, scripted):
    chat.page.get_by_role("button", name="Settings").click()
    expect(chat.page.get_by_role("dialog", name="Settings")).to_be_visible()


def offline(chat, scripted):
    scripted.ask(chat)
    scripted.start()
    scripted.say("Before the end.")
    scripted.end()
    chat.page.route_web_socket(re.compile("/v1/chat$"), lambda socket: socket.close(code=1013))
    scripted.socket.close(code=1013)
    expect(chat.page.locator("#connection")).to_have_attribute("data-state", "waiting")
    chat.say("Said offline")
    expect(chat.page.locator("article.user").last).to_contain_text("Goes out once connected.")


CHATS = [
    {"id": f"s_{number}", "title": title, "first_words": "First words", "message_count": 2, "turn_count": 1,
     "created_at": "2026-01-01T00:00:00.000Z", "last_active_at": "2026-01-01T00:00:00.000Z"}
    for number, title in enumerate(["Birds of Europe", "A chat with a very long name that does not fit into the sidebar", ""], 1)
]


def sidebar(chat, scripted):
    chat.page.route(re.compile("/sessions"), lambda route: route.fulfill(json={"sessions": CHATS, "next": "x"}))
    chat.page.reload()
    nav = chat.page.get_by_role("navigation", name="Chats")
    expect(nav.get_by_role("link")).to_have_count(3)
    return nav


def renaming(chat, scripted):
    nav = sidebar(chat, scripted)
    nav.get_by_role("button", name="Delete First words").focus()
    chat.page.keyboard.press("Enter")
    expect(nav.get_by_role("button", name="Undo")).to_be_visible()
    nav.get_by_role("button", name="Rename Birds of Europe").focus()
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("textbox", name="Name of this chat")).to_be_focused()


def nothing_found(chat, scripted):
    sidebar(chat, scripted)
    chat.page.unroute(re.compile("/sessions"))
    chat.page.route(re.compile("/sessions"), lambda route: route.fulfill(json={"sessions": []}))
    chat.page.get_by_role("searchbox").fill("zebra")
    expect(chat.page.get_by_role("navigation")).to_contain_text("Nothing found.")


def long_offline(chat, scripted):
    chat.page.clock.install()
    chat.page.reload()
    chat.page.route_web_socket(re.compile("/v1/chat$"), lambda socket: socket.close(code=1013))
    scripted.socket.close(code=1013)
    for _ in range(15):
        chat.page.clock.run_for(1_000)
    expect(chat.page.get_by_role("alert").filter(has_text="What you write goes out")).to_be_visible()


STATES = [first_visit, streaming, asking, editing_a_call, failed, versions, editing, settings, offline, sidebar, renaming,
          nothing_found, long_offline]
