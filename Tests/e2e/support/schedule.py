"""A random schedule of what people and machines do to a server, and the check of what must be so after it."""

import asyncio
import itertools
import random

from . import sessions, view
from .chat_client import ChatClient
from .follower import Follower
from .ledger import Ledger

# How often each happens.
WEIGHTS = {
    "send": 24, "connect": 16, "look": 10, "disconnect": 8, "cancel": 8, "pause": 6, "repeat": 6, "regenerate": 5,
    "resume": 5, "edit": 5, "select": 4, "idle": 3, "switch": 2, "restart": 2, "kill": 3,
}


class Schedule:
    """Some followers on fewer sessions of one server, and a source of chance."""

    def __init__(self, server, seed, is_reply):
        self.server = server
        self.random = random.Random(seed)
        self.seed = seed
        self.is_reply = is_reply
        self.ledger = Ledger()
        self.followers = []
        self.sessions = []
        self.trace = []
        self.ids = itertools.count(1)

    async def run(self, steps):
        """Fails with the seed and the last steps in its note."""
        try:
            await self._begin()
            for _ in range(steps):
                await self._step()
            await self._settle()
        except BaseException as error:
            error.add_note(f"WHINCHAT_SEED={self.seed}; the last steps:\n" + "\n".join(self.trace[-30:]))
            raise
        finally:
            for follower in self.followers:
                await follower.disconnect()

    async def _begin(self):
        for number in range(self.random.randint(1, 3)):
            follower = await self._add(None)
            self.sessions.append(follower.session)
        while len(self.followers) < max(2, len(self.sessions)) or (len(self.followers) < 5 and self.random.random() < 0.5):
            await self._add(self.random.choice(self.sessions))

    async def _add(self, session):
        follower = Follower(f"client {len(self.followers)}", self.server, self.ledger, session)
        self.followers.append(follower)
        await follower.connect()
        await follower.opened()
        return follower

    # Steps

    async def _step(self):
        name, = self.random.choices(list(WEIGHTS), WEIGHTS.values())
        follower = self.random.choice(self.followers)
        self.trace.append(f"{name}: {follower.name} of {follower.session}")
        await getattr(self, f"_do_{name}")(follower)
        for each in self.followers:
            if each.failure:
                raise each.failure

    def _note(self, what):
        self.trace[-1] += f": {what}"

    async def _do_connect(self, follower):
        if follower.connected:
            return
        where = self.random.choice([{}, {}, {}, {"epoch": None}, {"epoch": "e_other"}, {"after": 1 << 40}])
        self._note(where)
        await follower.connect(**where)

    async def _do_disconnect(self, follower):
        await follower.disconnect(abort=self.random.random() < 0.7)

    async def _do_send(self, follower):
        await self._say(follower, type="send", text=self._text(), on_busy=self._on_busy())

    async def _do_edit(self, follower):
        users = [message["id"] for message in follower.transcript.messages.values() if message["role"] == "user"]
        if users:
            await self._say(
                follower, type="edit", message=self.random.choice(users), text=self._text(), on_busy=self._on_busy()
            )

    async def _do_regenerate(self, follower):
        replies = [turn.message for turn in follower.transcript.turns.values() if turn.message]
        named = {"message": self.random.choice(replies)} if replies and self.random.random() < 0.5 else {}
        await self._say(follower, type="regenerate", on_busy=self._on_busy(), **named)

    async def _do_select(self, follower):
        known = [id for message in follower.transcript.messages.values() for id in message["siblings"]]
        if known:
            await self._say(follower, type="select", message=self.random.choice(known))

    async def _do_cancel(self, follower):
        turns = [turn.id for turn in follower.transcript.turns.values() if not turn.done]
        meant = self.random.choice([{}, *({"turn": turn} for turn in turns), *({"send": id} for id in follower.pending)])
        self._note(meant)
        await follower.say(type="cancel", **meant)

    async def _do_repeat(self, follower):
        """An id that was used already, with the same content: it has no further effect."""
        used = [one for (session, _), one in self.ledger.accepted.items() if session == follower.session]
        if used:
            command = self.random.choice(used).command
            self._note(command["id"])
            await follower.say(**command)

    async def _do_pause(self, follower):
        follower.pause()

    async def _do_resume(self, follower):
        follower.resume()

    async def _do_look(self, follower):
        """Goes on once the next frame has come, or in a moment where none comes."""
        follower.news.clear()
        try:
            await asyncio.wait_for(follower.news.wait(), self.random.random() * 0.1)
        except TimeoutError:
            pass

    async def _do_idle(self, follower):
        """Goes on once nothing is under way that this client knows of, or is stopped by itself."""
        if not follower.connected:
            return
        follower.resume()

        def is_idle():
            return not follower.connected or all(turn.done for turn in follower.transcript.turns.values())

        try:
            async with asyncio.timeout(1):
                await follower.until(is_idle, "the turns' ends")
        except TimeoutError:
            self._note("still busy")

    async def _do_switch(self, follower):
        """Follows another session, as one that has never seen it."""
        if follower.pending or len(self.sessions) < 2:
            return
        await follower.disconnect()
        other = self.random.choice([session for session in self.sessions if session != follower.session])
        self.followers.remove(follower)
        self._note(f"to {other}")
        self.followers.append(Follower(follower.name, self.server, self.ledger, other))

    async def _do_restart(self, follower):
        self.server.terminate()
        await asyncio.to_thread(self._ended)
        await self._back()

    def _ended(self):
        status = self.server.process.wait()
        assert status == 0, f"the server ended with {status}"

    async def _do_kill(self, follower):
        await asyncio.sleep(self.random.random() * 0.2)
        self.server.kill()
        await self._back()

    async def _back(self):
        for each in self.followers:
            await each.gone()
        await asyncio.to_thread(self.server.start)

    async def _say(self, follower, **command):
        command["id"] = f"{command['type']}{next(self.ids)}"
        self._note({name: value for name, value in command.items() if name != "type"})
        await follower.say(**command)

    def _text(self):
        return f"number {next(self.ids)}" + " é" * self.random.choice([0, 0, 3])

    def _on_busy(self):
        return self.random.choice(["queue", "queue", "queue", "interrupt", "reject"])

    # The end

    async def _settle(self):
        self.trace.append("settle")
        finals = {}
        for follower in self.followers:
            follower.resume()
            if not follower.connected:
                await follower.connect()
            await follower.opened()
            await self._answered(follower)
        for session in self.sessions:
            finals[session] = await sessions.stopped(self.server, session)
            for follower in self.followers:
                if follower.session == session:
                    await self._caught_up(follower, finals[session])
                    view.check(follower.transcript, finals[session])
            self.ledger.check_session(session, finals[session], self.is_reply)
            self.ledger.check_order(session)
            await self._repeated(session, finals[session])
        self.ledger.check_spans()

    async def _answered(self, follower):
        """Waits until nothing that a follower said is open. Who was too slow is sent away, and comes back."""
        while follower.pending:
            await follower.until(lambda: not follower.pending or not follower.connected, "the answers to its commands")
            if follower.pending:
                await follower.connect()

    async def _caught_up(self, follower, final):
        while follower.transcript.seq < final["seq"]:
            await follower.until(
                lambda: follower.transcript.seq >= final["seq"] or not follower.connected, "the log's end"
            )
            if not follower.connected:
                await follower.connect()
                await follower.opened()

    async def _repeated(self, session, final):
        """Every command that was acknowledged is known still, and its message the same; and turns whose replies are not
        on the path have an end, as the path to them says."""
        known = {message["id"] for message in final["messages"]}
        async with ChatClient.opened(self.server, session=session, history=0) as client:
            for (owner, id), accepted in self.ledger.accepted.items():
                if owner != session:
                    continue
                await client.command(**accepted.command)
                kind = accepted.frame["type"]
                frame = await client.next()
                assert (frame["type"], frame.get("ref"), frame.get("replay")) == (kind, id, True), (accepted.command, frame)
                message = frame["message"]["id"] if kind == "message" else frame["message"]
                assert message == accepted.message, (accepted.frame, frame)
                known.add(message)
            off_path = set(self.ledger.unfinished(session, final))
            if off_path:
                await self._find(client, off_path)

    async def _find(self, client, turns):
        """Looks for the ends of turns on other branches, by going there."""
        for turn in sorted(turns):
            reply = self.ledger.events[self.ledger.started[turn]]["message"]
            await client.select(reply)
            async with ChatClient.opened(self.server, session=client.session, history=500) as other:
                message = next(each for each in other.snapshot["messages"] if each["id"] == reply)
                assert message["turn"] == turn and message["status"], message
