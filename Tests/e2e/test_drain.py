"""The server stops: turns may end, nobody begins another, and a second signal waits for nothing."""

import time

from support import sessions, view
from support.chat_client import ChatClient
from support.sessions import tokens


async def test_a_turn_ends_within_the_drain_timeout(openai_server):
    server = openai_server("tokens-300-rate-200", "--drain-timeout", "30")
    async with ChatClient.opened(server) as client, ChatClient.opened(server) as idle:
        turn = await client.started(await client.send("go"))
        await client.until("delta")
        server.terminate()
        going = await client.until("going_away")
        assert going["reconnect_after_ms"] >= 0 and going["reason"]
        assert (await client.done(turn=turn.id)).status == "completed"
        assert turn.text == tokens(300)
        assert await client.closed() == 1012
        await idle.until("going_away")
        assert await idle.closed() == 1012
    assert server.process.wait() == 0
    server.start()
    reply = sessions.reply(await sessions.latest(server, client.session), turn.id)
    assert (reply["status"], view.text(reply)) == ("completed", tokens(300))


async def test_nothing_new_begins_while_the_server_drains(openai_server):
    server = openai_server("stall-after-3", "--drain-timeout", "30")
    async with ChatClient.opened(server) as client:
        first = await client.started(await client.send("one"))
        waiting = await client.send("two")
        await client.until("turn.queued", ref=waiting)
        server.terminate()
        await client.until("going_away")
        refused = await client.send("three")
        error = await client.error(ref=refused)
        assert (error["code"], error["retryable"]) == ("overloaded", True)
        error = await client.error(ref=await client.regenerate())
        assert error["code"] == "overloaded"
        error = await client.error(ref=await client.edit(first.parent, "one, but better"))
        assert error["code"] == "overloaded"
        # What is no turn works still.
        await client.cancel(turn=first.id)
        assert (await client.done(turn=first.id)).status == "cancelled"
        # The one that waited keeps its place, and nothing is left to wait for.
        assert await client.closed() == 1012
        assert not any(frame["type"] == "turn.started" and frame.get("ref") == waiting for frame in client.frames)
    assert server.process.wait() == 0
    server.start()
    async with ChatClient.opened(server, session=client.session) as other:
        texts = [text for role, text in sessions.texts(other.snapshot) if role == "user"]
        assert texts == ["one", "two"]
        # It was refused, and so its id is free.
        await other.send("three", id=refused)
        await other.until("message", ref=refused)
        queued = next(frame["turn"] for frame in client.events() if frame["type"] == "turn.queued")
        assert other.welcome["turn"] == queued, "what waited runs"
    await sessions.stopped(server, client.session)


async def test_a_turn_that_does_not_end_in_time_is_interrupted(openai_server):
    server = openai_server("stall-after-3", "--drain-timeout", "2")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        while turn.text != tokens(3):
            await client.until("delta")
        began = time.monotonic()
        server.terminate()
        assert (await client.done(turn=turn.id)).status == "interrupted"
        # It was given its time: a clock that says more is no failure, one that says less is.
        assert time.monotonic() - began > 1.9
        assert await client.closed() == 1012
    assert server.process.wait() == 0
    server.start()
    reply = sessions.reply(await sessions.latest(server, client.session), turn.id)
    assert (reply["status"], view.text(reply)) == ("interrupted", tokens(3))


async def test_a_second_signal_ends_at_once(openai_server):
    # Longer than any wait of these tests: only the second signal can end it.
    server = openai_server("stall-after-3", "--drain-timeout", "600")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("one"))
        waiting = await client.send("two")
        await client.until("turn.queued", ref=waiting)
        while turn.text != tokens(3):
            await client.until("delta")
        server.terminate()
        await client.until("going_away")
        server.terminate()
        await client.closed()
    # By itself: no fault, and not ended by somebody else's signal.
    assert server.process.wait() >= 0
    server.start()
    snapshot = (await sessions.latest(server, client.session))["messages"]
    assert [view.text(message) for message in snapshot if message["role"] == "user"] == ["one", "two"]
    reply = next(message for message in snapshot if message["id"] == turn.message)
    assert reply["status"] == "interrupted" and tokens(3).startswith(view.text(reply))
    await sessions.stopped(server, client.session)
