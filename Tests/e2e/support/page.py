"""The page as a person uses it, and a hand on its WebSocket (Playwright's sync API)."""

import json
import pathlib
import re

from playwright.sync_api import Page, expect

WEB = pathlib.Path(__file__).parents[3] / "web"
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


class Wire:
    """The page's WebSocket, with a hand on it."""

    def __init__(self, page: Page):
        self.sent, self.sockets, self.rewrite, self.refuses = [], [], lambda text: text, False
        self.rewrite_sent = lambda text: text
        page.route_web_socket(re.compile("/v1/chat$"), self.opened)

    def opened(self, socket):
        if self.refuses:
            socket.close(code=1013)
            return
        upstream = socket.connect_to_server()
        self.sockets.append((socket, upstream))

        def said(text):
            text = self.rewrite_sent(text)
            if text is not None:
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


class ScriptedServer:
    """Takes the server's place on the page's WebSocket, for what a server says seldom."""

    def __init__(self, page: Page):
        self.sent, self.seq, self.answers = [], 0, {}
        self.settings = {"title": "", "system": "", "model": "m", "tools": [], "context": {"policy": "sliding_window"}}
        page.route_web_socket(re.compile("/v1/chat$"), self.opened)

    def opened(self, socket):
        self.socket = socket
        socket.on_message(lambda text: self.said(json.loads(text)))

    def said(self, frame):
        self.sent.append(frame)
        if frame["type"] == "open":
            self.answer(
                "welcome", ref=frame["id"], protocol="whinchat.v1", session="s_1", epoch="e_1", seq=self.seq,
                resume="exact" if "after" in frame else "new", state="idle", settings=self.settings, models=["m", "other"],
                tools=[], limits={}, ping_interval_ms=20_000,
            )
        elif frame["type"] in self.answers:
            self.answers[frame["type"]](frame)

    def answer(self, kind, /, **members):
        self.socket.send(json.dumps({"type": kind, **members}))

    def event(self, kind, /, **members):
        self.seq += 1
        self.answer(kind, seq=self.seq, **members)

    def commands(self, kind):
        return [frame for frame in self.sent if frame["type"] == kind]

    def ask(self, chat, number=1, parent=None):
        """Has the person say something, and accepts it as the turn `t<number>` with the question `u<number>`."""
        chat.say(f"question {number}")
        chat.page.wait_for_function("number => [...document.querySelectorAll('article.user')].length >= number", arg=number)
        self.event(
            "message", ref=self.commands("send")[-1]["id"],
            message={"id": f"u{number}", "parent": parent, "siblings": [f"u{number}"], "role": "user", "turn": f"t{number}",
                     "content": [{"kind": "text", "text": f"question {number}"}], "partial": False},
        )

    def start(self, number=1, **context):
        self.event(
            "turn.started", turn=f"t{number}", parent=f"u{number}", message=f"a{number}", model="m",
            context={"policy": "sliding_window", "sent_messages": 1, "dropped_messages": 0, "summarised_messages": 0,
                     "recalled_messages": 0, "estimated_tokens": 10, "budget_tokens": 50_000} | context,
        )

    def say(self, text, number=1, index=0):
        self.event("block.started", turn=f"t{number}", index=index, kind="text")
        self.event("delta", turn=f"t{number}", index=index, text=text)
        self.event("block.done", turn=f"t{number}", index=index)

    def end(self, number=1, status="completed", **members):
        self.event(
            "turn.done", turn=f"t{number}", status=status, timing={"duration_ms": 1},
            usage={"input_tokens": 1, "output_tokens": 1, "cache_read_tokens": 0, "cache_write_tokens": 0, "estimated": False},
            **members,
        )
