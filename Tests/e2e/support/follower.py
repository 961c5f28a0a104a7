"""A person's device: comes and goes, remembers what it saw, and says again what nobody acknowledged."""

import asyncio
import contextlib

import websockets.exceptions

from .bounds import BOUND
from .chat_client import ChatClient
from .transcript import Transcript

# Commands that are safe to repeat, and what acknowledges them.
ACKNOWLEDGED_BY = {"send": "message", "edit": "message", "regenerate": "head"}


class Follower:
    """Follows one session over many connections. It reads by itself, except while it is paused."""

    def __init__(self, name, server, ledger, session=None):
        self.name = name
        self.server = server
        self.ledger = ledger
        self.session = session
        self.transcript = Transcript()
        self.client = None
        self.pending = {}
        self.failure = None
        self.news = asyncio.Event()
        self.reading = asyncio.Event()
        self.reading.set()
        self.pump = None

    @property
    def connected(self):
        return self.client is not None

    # Coming and going

    async def connect(self, **where):
        """Connects and opens the session where it left off; `where` says otherwise. What was not acknowledged is said
        again behind it. Where the server goes away meanwhile it stays disconnected."""
        known = {"session": self.session, "epoch": self.transcript.epoch, "after": self.transcript.seq, "history": 500}
        where = {name: value for name, value in (known | where).items() if value is not None}
        if "epoch" not in where:
            where.pop("after", None)
        if self.session is None:
            where = {"create": where["create"]} if "create" in where else {}
        stack = contextlib.AsyncExitStack()
        try:
            client = await stack.enter_async_context(
                ChatClient.connect(self.server, resuming=self.transcript, slow=True)
            )
            self.transcript = client.transcript
            await client.command("open", **where)
            for frame in self.pending.values():
                await client.command(**frame)
        except (OSError, websockets.exceptions.WebSocketException):
            await stack.aclose()
            return
        self.client = client
        self.reading.set()
        self.pump = asyncio.create_task(self._read(client, stack))

    async def opened(self):
        """Waits for the welcome of the connection, and its snapshot."""
        await self.until(lambda: not self.connected or self.client.welcome, "the welcome")
        self.session = self.session or self.transcript.session

    async def disconnect(self, abort=True):
        if not self.connected:
            return
        if abort:
            self.client.socket.transport.abort()
        else:
            self.reading.set()
            with contextlib.suppress(websockets.exceptions.WebSocketException):
                await self.client.socket.close()
        await self.gone()

    async def gone(self):
        """Waits until the connection has ended."""
        self.reading.set()
        if self.pump:
            async with asyncio.timeout(BOUND):
                await self.pump
        self._check()

    def pause(self):
        self.reading.clear()

    def resume(self):
        self.reading.set()

    async def _read(self, client, stack):
        self.ledger.connected(self, client)
        try:
            while True:
                await self.reading.wait()
                self._take(client, client.take(await client.socket.recv()))
                self.news.set()
        except websockets.exceptions.ConnectionClosed:
            pass
        except BaseException as error:
            self.failure = error
        finally:
            self.client = None
            self.news.set()
            with contextlib.suppress(Exception):
                await stack.aclose()

    def _take(self, client, frame):
        kind = frame["type"]
        if kind == "welcome":
            client.welcome = frame
            self.session = frame["session"]
        command = self.pending.get(frame.get("ref"))
        if command:
            if kind == "error":
                self.ledger.refused(self, command, frame)
                del self.pending[frame["ref"]]
            elif kind == ACKNOWLEDGED_BY[command["type"]]:
                self.ledger.acknowledged(self, command, frame)
                del self.pending[frame["ref"]]
        self.ledger.saw(self, client, frame)

    # Saying

    async def say(self, **command):
        """Sends a command. One that is safe to repeat is pending until it is acknowledged or refused."""
        if command["type"] in ACKNOWLEDGED_BY:
            self.pending[command["id"]] = command
        if self.connected:
            with contextlib.suppress(websockets.exceptions.WebSocketException, OSError):
                await self.client.command(**command)

    # Waiting

    async def until(self, look, what):
        """Waits until something is so, looking again at each frame."""
        try:
            async with asyncio.timeout(BOUND):
                while not look():
                    self._check()
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            last = self.client.frames[-5:] if self.client else "disconnected"
            raise AssertionError(f"{self.name} waited {BOUND} s for {what}; the last that came: {last}") from None
        self._check()

    def _check(self):
        if self.failure:
            raise self.failure
