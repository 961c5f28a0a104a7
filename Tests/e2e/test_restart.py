"""After a restart everything is as it was; what ran is brought to an end, and what waited runs."""

import asyncio

import pytest

from support import sessions, view
from support.chat_client import ChatClient, new_id
from support.sessions import tokens

SETTINGS = {
    "title": "Birds", "system": "Speak of birds.", "temperature": 0.25, "max_tokens": 123, "tools": ["calculate"],
}


async def resumed(server, transcript, **fields):
    """Comes back to where a transcript ends. Returns the welcome's word for it, and what came of it."""
    async with ChatClient.connect(server, resuming=transcript) as client:
        where = {"session": transcript.session, "epoch": transcript.epoch, "after": transcript.seq} | fields
        await client.open(**where)
        await client.ping()
        return client.welcome["resume"], client


async def test_a_session_comes_back_whole(openai_server, bring_back):
    server = openai_server("tool-calculate")
    async with ChatClient.opened(server, create=SETTINGS) as client:
        await client.said("What is 6×7?")
        await client.said("Once more")
        before = await sessions.latest(server, client.session)
    settings = client.transcript.settings
    assert SETTINGS.items() <= settings.items()
    await bring_back(server)
    async with ChatClient.opened(server, session=client.session) as other:
        assert other.welcome["settings"] == settings
        assert other.snapshot == before
        assert [block["kind"] for block in other.snapshot["messages"][1]["content"]] \
            == ["text", "tool_call", "tool_result", "text"]
        assert (await other.said("And again")).status == "completed"


async def test_an_idle_session_goes_on_exactly(openai_server, bring_back):
    server = openai_server("tokens-20-rate-0")
    async with ChatClient.opened(server) as client:
        await client.said("Hello")
        await client.said("Hello again")
    for _ in range(3):
        await bring_back(server)
        async with ChatClient.connect(server, resuming=client.transcript) as client:
            await client.open(
                session=client.session, epoch=client.transcript.epoch, after=client.transcript.seq
            )
            assert client.welcome["resume"] == "exact"
            # The transcript checks that numbers only grow, and the epoch is the same.
            assert (await client.said("Here again")).text == tokens(20)
    view.check(client.transcript, await sessions.latest(server, client.session))


async def test_many_sessions_come_back(openai_server, bring_back):
    server = openai_server("tokens-3-rate-0")
    known = {}
    for number in range(20):
        async with ChatClient.opened(server, create={"title": f"session {number}"}) as client:
            await client.said(f"number {number}")
            known[client.session] = number
    await bring_back(server)
    for session, number in known.items():
        async with ChatClient.opened(server, session=session) as client:
            assert client.welcome["settings"]["title"] == f"session {number}"
            assert sessions.texts(client.snapshot) == [("user", f"number {number}"), ("assistant", tokens(3))]


@pytest.mark.parametrize("change", [{"after": 1 << 40}, {"epoch": "e_other"}, {"epoch": None, "after": None}])
async def test_whoever_cannot_go_on_gets_a_snapshot_after_a_restart_too(openai_server, bring_back, change):
    server = openai_server("tokens-3-rate-0")
    async with ChatClient.opened(server) as client:
        await client.said("Hello")
    await bring_back(server)
    where = {"session": client.session, "epoch": client.transcript.epoch, "after": client.transcript.seq} | change
    async with ChatClient.opened(server, **{name: value for name, value in where.items() if value}) as other:
        assert other.welcome["resume"] == "snapshot"
        assert sessions.texts(other.snapshot) == [("user", "Hello"), ("assistant", tokens(3))]


async def test_a_failed_reply_says_why_after_a_kill_too(openai_server):
    server = openai_server("status-400")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert turn.done["error"]["code"] == "upstream_rejected"
    server.kill()
    server.start()
    snapshot = await sessions.latest(server, client.session)
    reply = sessions.reply(snapshot, turn.id)
    assert (reply["status"], reply["error"], reply["timing"]) == ("failed", turn.done["error"], turn.done["timing"])
    # What the last turn was sent: once, and of the branch that is shown.
    assert snapshot["context"] == turn.context | {"parent": turn.parent}
    assert all("context" not in message for message in snapshot["messages"])


async def test_the_context_is_that_of_the_branch_that_is_shown(openai_server):
    server = openai_server("tokens-3-rate-0")
    async with ChatClient.opened(server) as client:
        first = await client.said("one")
        second = await client.said("two")
        edited = await client.done(ref=await client.edit(first.parent, "else"))
        assert (await sessions.latest(server, client.session))["context"] == edited.context | {"parent": edited.parent}
        await client.select(second.message)
        assert (await sessions.latest(server, client.session))["context"] == second.context | {"parent": second.parent}
        assert second.context != edited.context


# What ran, and what waited


async def test_a_turn_that_ran_when_the_server_was_killed_is_interrupted(openai_server):
    server = openai_server("stall-after-5")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        while turn.text != tokens(5):
            await client.until("delta")
        server.kill()
        await client.closed()
    server.start()
    resume, again = await resumed(server, client.transcript)
    assert resume == "snapshot" and again.transcript.epoch != client.transcript.epoch
    assert again.welcome["state"] == "idle" and "live" not in again.snapshot
    reply = sessions.reply(again.snapshot, turn.id)
    assert (reply["id"], reply["status"], reply["partial"]) == (turn.message, "interrupted", True)
    # It ended with the server: nobody knows how long it took.
    assert "timing" not in reply and "error" not in reply
    assert tokens(5).startswith(view.text(reply))
    # The numbering of now goes on exactly.
    assert (await resumed(server, again.transcript))[0] == "exact"


async def test_a_turn_that_ran_when_the_server_stopped_is_interrupted(openai_server):
    server = openai_server("stall-after-5", "--drain-timeout", "1")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        while turn.text != tokens(5):
            await client.until("delta")
        server.terminate()
        await client.until("going_away")
        assert (await client.done(turn=turn.id)).status == "interrupted"
        assert turn.blocks[0].partial and turn.text == tokens(5)
        assert await client.closed() == 1012
    assert server.process.wait() == 0
    server.start()
    resume, again = await resumed(server, client.transcript)
    assert resume == "exact", "a clean end keeps the numbering"
    view.check(again.transcript, await sessions.latest(server, client.session))


async def test_turns_that_waited_run_in_order(openai_server, bring_back):
    server = openai_server("tokens-100-rate-100")
    async with ChatClient.opened(server) as client:
        refs = [await client.send(f"number {number}") for number in range(4)]
        for ref in refs:
            await client.until("message", ref=ref)
        await client.until("delta")
        await bring_back(server)
        await client.closed()
    snapshot = await sessions.idle(server, client.session)
    said = sessions.texts(snapshot)
    assert [text for role, text in said if role == "user"] == [f"number {number}" for number in range(4)]
    assert [message["role"] for message in snapshot["messages"]] == ["user", "assistant"] * 4
    statuses = [message["status"] for message in snapshot["messages"] if message["role"] == "assistant"]
    # The stop gives the first one a second: it may just end.
    assert statuses[0] in ("interrupted", "completed") and statuses[1:] == ["completed"] * 3
    assert said[3][1] == said[5][1] == said[7][1] == tokens(100)


# Said twice


async def test_an_id_stands_for_its_command_after_a_restart_too(openai_server, bring_back):
    server = openai_server("tokens-3-rate-0")
    async with ChatClient.opened(server) as client:
        said = await client.said("Hello", id="once")
        await client.done(ref=await client.regenerate(id="again"))
        await client.done(ref=await client.edit(said.parent, "Hello there", id="better"))
        originals = [
            next(f for f in client.events() if f.get("ref") == ref and f["type"] == kind)
            for ref, kind in (("once", "message"), ("again", "head"), ("better", "message"))
        ]
        before = await sessions.latest(server, client.session)
    await bring_back(server)
    async with ChatClient.opened(server, session=client.session) as other:
        await other.send("Hello", id="once")
        first = await other.until("message", ref="once")
        await other.regenerate(id="again")
        second = await other.until("head", ref="again")
        await other.edit(said.parent, "Hello there", id="better")
        third = await other.until("message", ref="better")
        assert [frame["replay"] for frame in (first, second, third)] == [True] * 3
        assert [frame["seq"] for frame in (first, second, third)] == [frame["seq"] for frame in originals]
        assert first["message"]["id"] == said.parent and second["message"] == originals[1]["message"]
        assert third["message"]["id"] == originals[2]["message"]["id"]
        await other.send("something else", id="once")
        assert (await other.error(ref="once"))["code"] == "conflict"
    assert await sessions.latest(server, client.session) == before


async def test_the_same_open_finds_its_session_after_a_restart_too(openai_server, bring_back):
    server = openai_server("tokens-3-rate-0")
    ref = new_id("o")
    async with ChatClient.opened(server, id=ref) as client:
        await client.said("Hello")
    await bring_back(server)
    async with ChatClient.opened(server, id=ref) as other:
        assert (other.session, other.welcome["resume"]) == (client.session, "snapshot")


@pytest.mark.parametrize("how", ["connection", "server"])
async def test_a_send_that_nobody_acknowledged_is_there_once(openai_server, how):
    server = openai_server("tokens-3-rate-0")
    async with ChatClient.opened(server) as client:
        await client.said("Hello")
    for number in range(8):
        async with ChatClient.opened(server, session=client.session) as other:
            await other.send(f"number {number}", id=f"m{number}")
            if how == "connection":
                other.socket.transport.abort()
            else:
                server.kill()
        if how == "server":
            server.start()
        async with ChatClient.opened(server, session=client.session) as other:
            await other.send(f"number {number}", id=f"m{number}")
            await other.until("message", ref=f"m{number}")
    said = sessions.texts(await sessions.idle(server, client.session))
    assert [text for role, text in said if role == "user"] == ["Hello", *(f"number {number}" for number in range(8))]


# Another provider


async def test_a_session_goes_on_with_the_model_that_is_there(start_server, openai_server):
    demo = start_server("--provider", "demo")
    async with ChatClient.opened(demo) as client:
        assert client.welcome["settings"]["model"] == "demo"
        await client.said("Hello")
        await client.started(await client.send("Write something long"))
        await client.send("waits")
        await client.until("turn.queued")
        demo.kill()
        await client.closed()
    server = openai_server("tokens-3-rate-0", data=demo.data)
    said = sessions.texts(await sessions.idle(server, client.session))
    assert said[-2:] == [("user", "waits"), ("assistant", tokens(3))]
    async with ChatClient.opened(server, session=client.session) as other:
        assert other.welcome["models"] == ["tokens-3-rate-0"]
        assert other.welcome["settings"]["model"] == "tokens-3-rate-0"
        turn = await other.said("Hello again")
        assert (turn.status, turn.text) == ("completed", tokens(3))
    server.stop()
    # Where its own is there again, it is the session's again.
    demo.start()
    async with ChatClient.opened(demo, session=client.session) as back:
        assert back.welcome["settings"]["model"] == "demo"
        assert (await back.said("Hello")).status == "completed"


# Turns and their connections


async def test_a_turn_outlives_its_connections(openai_server, bring_back):
    server = openai_server("tokens-100-rate-100")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        client.socket.transport.abort()
    snapshot = await sessions.idle(server, client.session)
    assert view.text(sessions.reply(snapshot, turn.id)) == tokens(100)
    await bring_back(server)
    assert await sessions.latest(server, client.session) == snapshot
    resume, again = await resumed(server, client.transcript)
    if resume == "snapshot":
        assert again.snapshot["messages"] == snapshot["messages"]
    else:
        assert again.transcript.turns[turn.id].text == tokens(100)


async def test_two_restarts_in_a_row(openai_server):
    """Killed while it comes back: nothing runs twice."""
    server = openai_server("tokens-50-rate-50")
    async with ChatClient.opened(server) as client:
        refs = [await client.send(f"number {number}") for number in range(3)]
        for ref in refs:
            await client.until("message", ref=ref)
        for _ in range(3):
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
    snapshot = await sessions.idle(server, client.session)
    said = sessions.texts(snapshot)
    assert [text for role, text in said if role == "user"] == [f"number {number}" for number in range(3)]
    replies = [message for message in snapshot["messages"] if message["role"] == "assistant"]
    assert len(replies) == 3
    assert {reply["status"] for reply in replies} <= {"interrupted", "completed"}
