"""When tokens arrive that tell when they were sent: server-sent events over HTTP, long polling, and the WebSocket.

The fake provider's model `stamps-N-rate-R` says N tokens, each the monotonic time in ns at which it was sent.
"""

import contextlib
import dataclasses
import gzip as compression
import http.client
import json
import re
import socket
import time
import zlib

from websockets.sync.client import connect

from .bounds import BOUND

# What holds a text in an event, be it the provider's or ours, which may have several tokens: words with a space after each.
TEXT = re.compile(rb'"(?:content|text)":"((?:\w+ )+)"')


@dataclasses.dataclass(frozen=True)
class StreamRequest:
    """A request that is answered with server-sent events."""

    path: str
    body: dict
    headers: dict = dataclasses.field(default_factory=dict)


def of_provider(model):
    """To the fake provider itself."""
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Go on."}]}
    return StreamRequest("/v1/chat/completions", body, {"Authorization": "Bearer x"})


def of_chat():
    """To Whinchat: the reply in a new session."""
    return StreamRequest("/chat/stream/new", {"message": "Go on."})


@dataclasses.dataclass
class Arrivals:
    """`tokens`: each, and when it was there, in ns."""

    tokens: list = dataclasses.field(default_factory=list)

    def took(self, texts):
        now = time.monotonic_ns()
        self.tokens += [(word, now) for text in texts for word in text.split()]

    @property
    def words(self):
        return [word for word, _ in self.tokens]

    @property
    def first_arrived(self):
        return self.tokens[0][1]

    @property
    def last_sent(self):
        return int(self.tokens[-1][0])

    @property
    def lateness_ms(self):
        return [(there - int(sent)) / 1e6 for sent, there in self.tokens]

    @property
    def waits_ms(self):
        """From the first token's sending to its arrival, and from each arrival to the next."""
        times = [int(self.tokens[0][0]), *(there for _, there in self.tokens)]
        return [(later - earlier) / 1e6 for earlier, later in zip(times, times[1:])]

    @property
    def count(self):
        """How many times something came: what comes within 10 ms comes together."""
        return 1 + sum(wait > 10 for wait in self.waits_ms[1:])


def by_events(port, request, count, gzip=False):
    """Reads a stream until it ends, or until `count` tokens are there."""
    arrivals, rest = Arrivals(), b""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND)) as connection:
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"} | request.headers
        if gzip:
            # As every browser does.
            headers["Accept-Encoding"] = "gzip"
        connection.request("POST", request.path, json.dumps(request.body), headers)
        response = connection.getresponse()
        assert response.status == 200, response.read()
        inflater = None
        if gzip:
            assert response.getheader("Content-Encoding") == "gzip"
            inflater = zlib.decompressobj(wbits=31)
        while len(arrivals.tokens) < count and (data := response.read1(65_536)):
            whole, _, rest = (rest + (inflater.decompress(data) if inflater else data)).rpartition(b"\n\n")
            arrivals.took(text.decode() for text in TEXT.findall(whole))
    return arrivals


# Seconds that a page waits between two polls: web/js/polling.js.
PAUSE = 0.1


def by_polling(port, count):
    """Says something in a new session, and polls as the page does, until the reply ends or `count` tokens are there."""
    arrivals = Arrivals()
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=BOUND)) as connection:

        def ask(method, path, body=None):
            headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
            connection.request(method, f"/sessions{path}", body and json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read()
            assert response.status < 300, data
            return json.loads(compression.decompress(data) if response.getheader("Content-Encoding") == "gzip" else data)

        session = ask("POST", "")["session"]
        welcome, snapshot = ask("GET", f"/{session}/events?wait=0")
        after, is_over = snapshot["seq"], False
        ask("POST", f"/{session}/frames", {"type": "send", "id": "m1", "text": "Go on."})
        while len(arrivals.tokens) < count and not is_over:
            frames = ask("GET", f"/{session}/events?epoch={welcome['epoch']}&after={after}&wait=25000")
            arrivals.took(frame["text"] for frame in frames if frame["type"] == "delta")
            after = max([after, *(frame["seq"] for frame in frames if "seq" in frame)])
            is_over = any(frame["type"] == "turn.done" for frame in frames)
            # The page's own pace is what is looked at; it waits for nothing here.
            time.sleep(PAUSE)
        # Not more of it, where the reply has no end.
        ask("POST", f"/{session}/frames", {"type": "cancel", "send": "m1"})
    return arrivals


def by_websocket(url, count, **options):
    """Says something in a new session, and reads the reply until it ends, or until `count` tokens are there."""
    arrivals = Arrivals()
    with connect(url, subprotocols=["whinchat.v1"], compression=None, proxy=None, open_timeout=BOUND, **options) as chat:
        chat.send(json.dumps({"type": "open"}))
        chat.send(json.dumps({"type": "send", "id": "m1", "text": "Go on."}))
        while len(arrivals.tokens) < count:
            frame = json.loads(chat.recv(timeout=BOUND))
            assert frame["type"] != "error", frame
            if frame["type"] == "delta":
                arrivals.took([frame["text"]])
            if frame["type"] == "turn.done":
                break
        # Not more of it, where the reply has no end.
        chat.send(json.dumps({"type": "cancel", "send": "m1"}))
    return arrivals


def connected(port):
    """A socket for `by_websocket`, where the address of its URL is not where the connection goes."""
    return socket.create_connection(("127.0.0.1", port), BOUND)
