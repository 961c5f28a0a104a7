"""Who reads slowly costs the server no memory, holds up nobody, and gets the same text."""

import contextlib
import pathlib

import pytest

from support import long_replies
from support.chat_client import ChatClient, new_id
from support.processes import OPENAI_KEY, FakeProvider
from support.raw_client import RawClient
from support.view import text

MIB = 1024 * 1024

# 3 MB: less than the longest reply there may be.
PIECES = 3000


@pytest.fixture(scope="module")
def long_reply(tmp_path_factory):
    """A provider and what its model `fixture-long` says."""
    folder = tmp_path_factory.mktemp("long-replies")
    whole = long_replies.write(folder / "fixtures", "long", PIECES)
    provider = FakeProvider(folder, fixtures=folder / "fixtures")
    yield provider, whole
    provider.stop()


@pytest.fixture
def talkative(long_reply, start_server):
    provider, _ = long_reply
    # In pieces of 16 KiB, as a socket would bring them.
    return start_server(
        "--provider", "openai", "--base-url", f"{provider.url}/v1", "--model", "fixture-long-split-16384",
        "--turn-tokens", "1000000",
        environment={"OPENAI_API_KEY": OPENAI_KEY}, name="whinchat (long replies)",
    )


def resident_bytes(server):
    for line in pathlib.Path(f"/proc/{server.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


@contextlib.asynccontextmanager
async def slow_clients(server, session, count):
    """Connections that have opened a session and read nothing from then on."""
    async with contextlib.AsyncExitStack() as stack:
        clients = []
        for _ in range(count):
            client = await stack.enter_async_context(await RawClient.connect(server))
            await client.open(session=session, history=0)
            clients.append(client)
        yield clients


async def say(client, on_busy="queue"):
    """Has the model say its long reply once more, as a sibling: the history stays short."""
    if client.transcript.messages:
        ref = new_id("r")
        await client.command("regenerate", id=ref, on_busy=on_busy)
    else:
        ref = new_id("m")
        await client.command("send", id=ref, text="Talk.")
    await client.until("turn.done", ref=ref)
    turn = next(turn for turn in client.transcript.turns.values() if turn.ref == ref)
    assert turn.status == "completed", turn.done
    return turn


async def test_slow_clients_cost_no_memory_and_hold_up_nobody(talkative, long_reply):
    """20 that read nothing while the session says 12 MB: 240 MB, if what they do not take were kept for each."""
    server, (_, whole) = talkative, long_reply
    replies, count = 4, 20
    async with await RawClient.connect(server, buffer=1 << 20) as client:
        await client.open()
        # What the first reply takes, it takes without slow clients too.
        await say(client)
        async with slow_clients(server, client.transcript.session, count):
            before = resident_bytes(server)
            for _ in range(replies):
                turn = await say(client)
                assert turn.text == whole
            grown = resident_bytes(server) - before
    # The replies themselves, in the history and in the log, and what their collection takes: not a share for each client.
    print(f"{grown / MIB:.0f} MiB more with {count} slow clients")
    assert grown < 100 * MIB, f"{grown / MIB:.0f} MiB more"


async def test_a_slow_client_gets_the_merged_rest(talkative, long_reply):
    server, (_, whole) = talkative, long_reply
    async with await RawClient.connect(server, buffer=1 << 20) as client:
        await client.open()
        async with slow_clients(server, client.transcript.session, 1) as (slow,):
            turn = await say(client)
            await slow.until("turn.done", turn=turn.id)
            late = slow.transcript.turns[turn.id]
            assert late.text == whole == turn.text
            # At most 16 KiB each: the provider's pieces had 1,000 bytes.
            assert late.deltas < PIECES / 4, f"{late.deltas} deltas"


async def test_who_falls_behind_the_log_is_sent_away_and_resumes(talkative, long_reply):
    server, (_, whole) = talkative, long_reply
    async with await RawClient.connect(server, buffer=1 << 20) as client:
        await client.open()
        async with slow_clients(server, client.transcript.session, 1) as (slow,):
            for _ in range(4):
                turn = await say(client)
            # What the sockets held still comes, in order; the transcript checks it. Then the server ends the connection.
            assert await slow.rest() in (1008, None)
            seen = slow.transcript
        async with ChatClient.connect(server, resuming=seen) as again:
            welcome = await again.open(session=seen.session, epoch=seen.epoch, after=seen.seq)
            assert welcome["resume"] == "snapshot"
            reply = again.snapshot["messages"][-1]
            assert reply["id"] == turn.message
            # A snapshot fits a frame: of a long reply it has the beginning.
            assert reply["cut"] and whole.startswith(text(reply)) and text(reply)


async def test_a_slow_client_is_not_held_against_the_session(openai_server):
    """Its own connection answers once it reads again, and what it says meanwhile is done."""
    async with ChatClient.opened(openai_server("tokens-20-rate-0")) as client:
        async with slow_clients(client.server, client.session, 1) as (slow,):
            ref = new_id("m")
            await slow.command("send", id=ref, text="I do not listen")
            await client.done(ref=ref)
            await slow.until("turn.done", ref=ref)
            await slow.command("ping", id="p")
            await slow.until("pong", ref="p")
