"""A client of the protocol for tests: sends commands, checks every frame that comes."""

import asyncio
import contextlib
import itertools
import json

import websockets.asyncio.client

from . import schema
from .bounds import BOUND
from .transcript import Transcript

SUBPROTOCOL = "whinchat.v1"

_ids = itertools.count(1)


class ChatClient:
    """One connection. Its frames are taken, checked and kept by the waits below."""

    def __init__(self, server, socket, transcript):
        self.server = server
        self.socket = socket
        self.transcript = transcript
        self.frames = []
        self.welcome = None
        self.snapshot = None

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, server, *, subprotocols=(SUBPROTOCOL,), origin=None, headers=None, resuming=None,
                      slow=False, **options):
        """A connection to a server.

        `resuming`: the transcript of an earlier one that this one goes on with. `slow`: the socket is read only while a
        wait takes frames; such a connection cannot be closed before all has been read. `options`: those of `websockets`.
        """
        async with websockets.asyncio.client.connect(
            server.ws_url, subprotocols=list(subprotocols) or None, origin=origin, additional_headers=headers,
            compression=None, proxy=None, open_timeout=BOUND, close_timeout=BOUND, max_size=256 * 1024,
            max_queue=1 if slow else None, **options,
        ) as socket:
            yield cls(server, socket, resuming.copy() if resuming else Transcript())

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, server, *, connecting=None, **fields):
        """A connection that follows a session: a new one, if none is named."""
        async with cls.connect(server, **(connecting or {})) as client:
            await client.open(**fields)
            yield client

    # Commands

    async def raw(self, message):
        """Sends anything at all: text as `str`, binary as `bytes`."""
        await self.socket.send(message)

    def together(self, *messages):
        """Sends messages in one write, so that they arrive in one segment: objects as text frames, `bytes` as they are."""
        written = b""
        for message in messages:
            if not isinstance(message, bytes):
                message = frame(json.dumps(message).encode())
            written += message
        self.socket.transport.write(written)

    async def command(self, type, **fields):
        """Sends a command that the schema allows, and returns its id."""
        frame = {"type": type} | fields
        schema.check(frame, "client")
        await self.raw(json.dumps(frame))
        return fields.get("id")

    async def open(self, **fields):
        """Opens, and waits for the welcome, with the snapshot where one comes. Returns the welcome."""
        await self.command("open", **fields)
        self.welcome = await self.until("welcome")
        self.snapshot = await self.until("snapshot") if self.welcome["resume"] == "snapshot" else None
        return self.welcome

    async def send(self, text, **fields):
        return await self.command("send", **{"id": new_id("m"), "text": text} | fields)

    async def cancel(self, **fields):
        return await self.command("cancel", **fields)

    async def regenerate(self, **fields):
        return await self.command("regenerate", **{"id": new_id("r")} | fields)

    async def edit(self, message, text, **fields):
        return await self.command("edit", **{"id": new_id("e"), "message": message, "text": text} | fields)

    async def select(self, message, **fields):
        """Selects a branch, and waits until it is shown. Returns the event."""
        ref = await self.command("select", **{"id": new_id("s"), "message": message} | fields)
        return await self.until("head", ref=ref)

    async def ping(self, **fields):
        """Sends a ping and waits for its pong: whatever the server said before has come by then."""
        fields = {"id": new_id("p")} | fields
        await self.command("ping", **fields)
        return await self.until("pong", ref=fields["id"])

    # Frames

    async def next(self):
        async with asyncio.timeout(BOUND):
            return self.take(await self.socket.recv())

    def take(self, message):
        """Checks a message and keeps it. Returns it as a frame."""
        assert isinstance(message, str), "a binary message from the server"
        assert len(message.encode()) <= 256 * 1024, "no server frame is larger than 256 KiB"
        frame = json.loads(message)
        schema.check(frame, "server")
        self.transcript.take(frame)
        self.frames.append(frame)
        return frame

    async def until(self, type, **match):
        """Reads on until a frame of a type comes whose members are these."""
        try:
            while True:
                frame = await self.next()
                if frame["type"] == type and match.items() <= frame.items():
                    return frame
        except TimeoutError:
            raise AssertionError(f"waited {BOUND} s for {type} {match}; the last that came: {self.frames[-5:]}") from None

    async def done(self, ref=None, turn=None):
        """Reads on until a turn has ended: the one of a command's id, the one named, or the next. Returns it."""
        while True:
            frame = await self.until("turn.done")
            ended = self.transcript.turns[frame["turn"]]
            if (ref is None or ref == ended.ref) and (turn is None or turn == ended.id):
                return ended

    async def said(self, text, **fields):
        """Sends a text and reads the reply to its end. Returns the turn."""
        return await self.done(ref=await self.send(text, **fields))

    async def started(self, ref):
        """Reads on until the turn of a command has started. Returns it."""
        return self.transcript.turns[(await self.until("turn.started", ref=ref))["turn"]]

    async def error(self, **match):
        return await self.until("error", **match)

    async def closed(self):
        """Reads on until the server has closed the connection. Returns the code."""
        with contextlib.suppress(websockets.exceptions.ConnectionClosed):
            while True:
                await self.next()
        return self.socket.close_code

    # What is known

    @property
    def session(self):
        return self.transcript.session

    @property
    def turns(self):
        return list(self.transcript.turns.values())

    def events(self):
        """The frames of the log, replays excepted."""
        return [
            frame for frame in self.frames
            if "seq" in frame and frame["type"] not in ("welcome", "snapshot") and not frame.get("replay")
        ]


def frame(payload, opcode=1, *, fin=True, mask=True):
    """A frame as bytes (RFC 6455 §5.2), those too that no client may send. `opcode`: 1 is text."""
    length = len(payload)
    if length < 126:
        announced = bytes([length])
    elif length < 1 << 16:
        announced = b"\x7e" + length.to_bytes(2)
    else:
        announced = b"\x7f" + length.to_bytes(8)
    first = bytes([(0x80 if fin else 0) | opcode])
    if not mask:
        return first + announced + payload
    # A key of zeros masks with nothing, which keeps large payloads cheap; the `websockets` package uses random ones.
    return first + bytes([announced[0] | 0x80]) + announced[1:] + bytes(4) + payload


def new_id(prefix="c"):
    """An id that no other command of this process has."""
    return f"{prefix}{next(_ids)}"


def new_text(text="hello"):
    """A text that no other test says: the fake provider's log is searched for it."""
    return f"{text} #{next(_ids)}"
