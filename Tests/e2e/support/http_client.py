"""A client of the protocol over plain HTTP: httpx for whole answers, and streams as they come."""

import contextlib
import json

import httpx2 as httpx

from . import schema
from .bounds import BOUND


class HTTPClient:
    """One identity: a program of this machine, or a browser with a cookie."""

    def __init__(self, server, cookie=None):
        headers = {"Cookie": cookie, "Origin": server.url} if cookie else {}
        self.server = server
        self.http = httpx.AsyncClient(base_url=server.url, headers=headers, timeout=BOUND, trust_env=False)

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.http.aclose()

    async def ask(self, method, path, status=200, **arguments):
        """One request, and the JSON of its answer."""
        response = await self.http.request(method, path, **arguments)
        assert response.status_code == status, f"{response.status_code}: {response.text[:1000]}"
        if status >= 400:
            check_problem(response)
        return response.json() if response.content else None

    async def chat(self, message, status=200, **body):
        return await self.ask("POST", "/chat", status, json={"message": message} | body)

    async def made(self, **settings):
        """A new session. Returns its id."""
        welcome = await self.ask("POST", "/sessions", 201, json=settings)
        schema.check(welcome, "server")
        return welcome["session"]

    async def said(self, session, text, **fields):
        """Says something by a frame, and does not wait for the reply."""
        frame = {"type": "send", "id": "m1", "text": text} | fields
        assert await self.ask("POST", f"/sessions/{session}/frames", json=frame) == []

    async def poll(self, session, status=200, **query):
        frames = await self.ask("GET", f"/sessions/{session}/events", status, params={"wait": 25_000} | query)
        for frame in frames if status == 200 else []:
            schema.check(frame, "server")
        return frames

    @contextlib.asynccontextmanager
    async def events(self, path, method="GET", **arguments):
        """Server-sent events, as an iterator of `Event`s; `stream.response` is the response."""
        async with self.http.stream(method, path, **arguments) as response:
            assert response.status_code == 200, (await response.aread())[:1000]
            assert response.headers["content-type"] == "text/event-stream"
            yield EventStream(response)


class Event:
    def __init__(self, type, id, data):
        self.type, self.id, self.frame = type, id, json.loads(data)
        assert self.frame["type"] == type
        schema.check(self.frame, "server")


class EventStream:
    """As a browser's EventSource reads them, of what the server sends."""

    def __init__(self, response):
        self.response = response
        self.lines = response.aiter_lines()
        self.last_id = None
        self.comments = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        fields = {}
        async for line in self.lines:
            name, _, value = line.partition(":")
            if line == "":
                if "data" in fields:
                    return Event(fields["event"], fields.get("id"), fields["data"])
                fields = {}
            elif name == "":
                self.comments += 1
            else:
                assert name not in fields, f"two {name} in one event"
                fields[name] = value.removeprefix(" ")
                self.last_id = fields.get("id", self.last_id)
        raise StopAsyncIteration

    async def until(self, type):
        async for event in self:
            if event.type == type:
                return event
        raise AssertionError(f"the stream ended without {type}")

    async def rest(self):
        return [event async for event in self]


def check_problem(response):
    """RFC 9457, with one of the protocol's codes."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["title"] and problem["detail"]
    if response.status_code in (429, 503):
        assert int(response.headers["retry-after"]) >= 0


def reply_text(events):
    """The text of a turn's text blocks, from its frames."""
    texts, kinds = [], set()
    for frame in events:
        if frame["type"] == "block.started" and frame["kind"] == "text":
            kinds.add(frame["index"])
        if frame["type"] == "delta" and frame["index"] in kinds:
            texts.append(frame["text"])
    return "".join(texts)
