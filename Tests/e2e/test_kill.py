"""`kill -9` at random moments under load: nothing acknowledged is missing, and of a running reply about a second at most.

WHINCHAT_SEED sets the moments; WHINCHAT_LONG=1 kills a thousand times.
"""

import asyncio
import random
import time

import pytest

from support import long, sessions, view
from support.bounds import until
from support.chat_client import ChatClient, new_text
from support.follower import Follower
from support.ledger import Ledger

KILLS = long.rounds(20, 1000)
# Kills in the life of one set of sessions: their whole history fits a snapshot, which the checks read.
KILLS_OF_A_SET = 10
SESSIONS = 4
# Turns of a session that run or wait.
OUTSTANDING = 3

# Three seconds each: longer than what may be lost of one.
TOKENS = 300
MODEL = f"tokens-{TOKENS}-rate-100"

# Seconds. A checkpoint is written about once a second; what it and the client's reading take comes on top.
LOSS = 1.5


class Load:
    """Sessions that talk all the time, and one that is silent after a turn."""

    def __init__(self, server, chance):
        self.server = server
        self.random = chance
        self.ledger = Ledger()
        self.talkers = []
        self.silent = None
        self.numbers = iter(range(1_000_000))
        # By turn that ran: when it was cut off.
        self.killed_at = {}

    async def begin(self):
        self.talkers = [Follower(f"client {number}", self.server, self.ledger) for number in range(SESSIONS)]
        self.silent = Follower("the silent client", self.server, self.ledger)
        for follower in [*self.talkers, self.silent]:
            await follower.connect()
            await follower.opened()
        await self.say(self.silent)
        await self.silent.until(lambda: self.silent.transcript.turns, "the turn's start")
        turn, = self.silent.transcript.turns
        await self.silent.say(type="cancel", turn=turn)
        await self.silent.until(lambda: self.silent.transcript.turns[turn].done, "the turn's end")

    async def say(self, follower):
        number = next(self.numbers)
        await follower.say(type="send", id=f"m{number}", text=f"number {number}")

    async def talk(self, seconds):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            follower = self.random.choice(self.talkers)
            open_turns = sum(not turn.done for turn in follower.transcript.turns.values())
            if len(follower.pending) + open_turns < OUTSTANDING:
                await self.say(follower)
            await asyncio.sleep(self.random.random() * 0.05)

    async def kill(self):
        # One that is under way, whether it arrives or not.
        await self.say(self.random.choice(self.talkers))
        moment = await kill(self.server)
        for follower in [*self.talkers, self.silent]:
            await follower.gone()
        for follower in self.talkers:
            for turn in follower.transcript.turns.values():
                if turn.started and not turn.done:
                    self.killed_at[turn.id] = moment
        await asyncio.to_thread(self.server.start)
        for follower in [*self.talkers, self.silent]:
            epoch = follower.transcript.epoch
            await follower.connect()
            await follower.opened()
            if follower is self.silent:
                resume = follower.client.welcome["resume"]
                assert (resume, follower.transcript.epoch) == ("exact", epoch), "its numbering surely goes on"

    async def check(self):
        for follower in self.talkers:
            await follower.until(lambda: not follower.pending, "the answers to what was said")
            final = await sessions.stopped(self.server, follower.session)
            await follower.until(lambda: follower.transcript.seq >= final["seq"], "the log's end")
            view.check(follower.transcript, final)
            self.ledger.check_session(follower.session, final, sessions.tokens(TOKENS).startswith)
            self.ledger.check_order(follower.session)
            self._check_acknowledged(follower.session, final)
            self._check_loss(final)
        self.ledger.check_spans()
        for follower in [*self.talkers, self.silent]:
            await follower.disconnect()

    def _check_acknowledged(self, session, final):
        """What is there is what was acknowledged, each once."""
        said = sorted(view.text(message) for message in final["messages"] if message["role"] == "user")
        accepted = sorted(one.command["text"] for (owner, _), one in self.ledger.accepted.items() if owner == session)
        assert said == accepted

    def _check_loss(self, final):
        for message in final["messages"]:
            text = view.text(message)
            if message.get("status") == "completed":
                assert text == sessions.tokens(TOKENS)
            killed = self.killed_at.get(message["turn"])
            if message.get("status") != "interrupted" or killed is None:
                continue
            shown = self.ledger.shown_until(message["turn"], killed - LOSS)
            assert len(text) >= shown, f"{shown} characters were seen {LOSS} s before the end, {len(text)} are left"


async def kill(server):
    """Returns when, on the monotonic clock: not after it, however busy this process is."""

    def now():
        moment = time.monotonic()
        server.kill()
        return moment

    # In a thread: this one goes on reading until the moment itself.
    return await asyncio.to_thread(now)


@pytest.mark.parametrize("number", range(KILLS // KILLS_OF_A_SET))
async def test_a_kill_at_any_moment(openai_server, number):
    chance = random.Random(f"{long.seed(1)}-{number}")
    load = Load(openai_server(MODEL), chance)
    try:
        await load.begin()
        for _ in range(KILLS_OF_A_SET):
            await load.talk(chance.random() * 2.4)
            await load.kill()
        await load.check()
    except BaseException as error:
        error.add_note(f"WHINCHAT_SEED={long.seed(1)}")
        raise


async def test_an_interrupted_reply_keeps_what_was_seen_a_second_before(openai_server):
    server = openai_server("tokens-2000-rate-200")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        begun = time.monotonic()
        seen = []
        while time.monotonic() < begun + 4:
            await client.until("delta")
            seen.append((time.monotonic(), turn.text))
        killed = await kill(server)
    server.start()
    snapshot = await sessions.idle(server, client.session)
    reply = sessions.reply(snapshot, turn.id)
    assert (reply["id"], reply["status"], reply["partial"]) == (turn.message, "interrupted", True)
    text = view.text(reply)
    assert sessions.tokens(2000).startswith(text)
    early = [shown for when, shown in seen if when <= killed - LOSS]
    assert text.startswith(early[-1]), f"{len(early[-1])} characters were seen {LOSS} s before, {len(text)} are left"


@pytest.mark.parametrize("moment", ["tool.started", "tool.done", "block.done"])
async def test_a_tool_is_not_run_again(openai_server, fake_provider, moment):
    """Killed about when the tool runs: its result is the one that was seen, or an error; and nobody is asked again."""
    server = openai_server("tool-calculate")
    said = new_text()
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send(said))
        if moment == "block.done":
            await client.until("block.started", kind="tool_call")
        await client.until(moment)
        server.kill()
        await client.closed()
    asked = len(fake_provider.requests(said))
    server.start()
    snapshot = await sessions.idle(server, client.session)
    reply = sessions.reply(snapshot, turn.id)
    calls = [block for block in reply["content"] if block["kind"] == "tool_call"]
    results = [block for block in reply["content"] if block["kind"] == "tool_result"]
    ended = turn.status
    assert reply["status"] in ({ended} if ended else {"interrupted", "completed"}), reply
    started = any(frame["type"] == "tool.started" for frame in client.frames)
    if started:
        assert len(calls) == 1 and len(results) == 1, reply["content"]
    for result in results:
        assert result["is_error"] or result["output"] == "42", result
        if turn.results:
            assert not result["is_error"], "it had ended, and everybody had seen it"
    # The turn is over: what was cut off is not taken up again.
    await until(lambda: fake_provider.stats()["active_streams"] == 0, "the provider's rest")
    assert len(fake_provider.requests(said)) <= max(asked, 2)
    assert (await said_again(server, client.session)).status == "completed"


async def said_again(server, session):
    """The session is as good as before."""
    async with ChatClient.opened(server, session=session) as client:
        return await client.said("and now?")
