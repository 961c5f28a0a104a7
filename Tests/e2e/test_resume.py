"""Coming back: a session is a log, and a connection a place in it."""

import pytest

from support.bounds import until
from support.chat_client import ChatClient


def tokens(count):
    return "".join(f"w{index} " for index in range(count))


async def test_a_connection_that_breaks_goes_on_where_it_was(provider_server):
    server = provider_server("tokens-300-rate-300")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        await client.until("delta")
        # Broken off, not closed.
        client.socket.transport.abort()
    transcript = client.transcript
    for _ in range(4):
        async with ChatClient.connect(server, resuming=transcript) as client:
            welcome = await client.open(session=transcript.session, epoch=transcript.epoch, after=transcript.seq)
            assert welcome["resume"] == "exact"
            await client.next()
            client.socket.transport.abort()
        transcript = client.transcript
    async with ChatClient.connect(server, resuming=transcript) as client:
        await client.open(session=transcript.session, epoch=transcript.epoch, after=transcript.seq)
        turn = client.transcript.turns[turn.id]
        if turn.status is None:
            await client.done(turn=turn.id)
        assert turn.status == "completed"
        assert turn.text == tokens(300)


async def test_every_place_in_the_log_can_be_gone_on_from(server):
    async with ChatClient.opened(server) as client:
        await client.said("Hello")
        whole = await client.said("What is 6×7?")
        events = client.events()
        for event in events:
            earlier = ChatClient(server, None, client.transcript.__class__())
            earlier.transcript.take(client.welcome)
            for seen in events[:events.index(event) + 1]:
                earlier.transcript.take(seen)
            async with ChatClient.connect(server, resuming=earlier.transcript) as other:
                welcome = await other.open(session=client.session, epoch=client.transcript.epoch, after=event["seq"])
                assert (welcome["resume"], welcome["seq"]) == ("exact", events[-1]["seq"])
                await other.ping()
                assert other.transcript.seq == events[-1]["seq"]
                assert other.transcript.turns[whole.id].done == whole.done
                assert other.transcript.turns[whole.id].text == whole.text
                assert other.transcript.messages == client.transcript.messages


@pytest.mark.parametrize("change", [
    {"epoch": "e_other"},
    {"epoch": None},
    {"after": None},
    {"after": 1 << 40},
])
async def test_whoever_cannot_go_on_gets_a_snapshot(quick, change):
    async with ChatClient.opened(quick, create={"title": "T"}) as client:
        turn = await client.said("Hello")
        last = client.transcript.seq
        where = {"session": client.session, "epoch": client.transcript.epoch, "after": last} | change
        where = {name: value for name, value in where.items() if value is not None}
        async with ChatClient.opened(quick, **where) as other:
            assert other.welcome["resume"] == "snapshot"
            assert other.welcome["epoch"] == client.transcript.epoch
            assert other.snapshot["seq"] == last
            assert "live" not in other.snapshot and other.snapshot["more"] is False
            user, reply = other.snapshot["messages"]
            assert (user["id"], reply["id"]) == (turn.parent, turn.message)
            assert reply["content"] == [{"kind": "text", "text": turn.text}]
            assert (reply["status"], reply["usage"]) == ("completed", turn.done["usage"])
            # What comes next comes to both.
            ref = await other.send("Hello again")
            await other.done(ref=ref)
            await client.done(ref=ref)


async def test_tool_calls_and_results_stand_in_the_snapshot(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("What is 6×7?")
        async with ChatClient.opened(server, session=client.session) as other:
            content = other.snapshot["messages"][-1]["content"]
            assert [block["kind"] for block in content] == ["text", "tool_call", "tool_result", "text"]
            assert content[1]["input"] == turn.blocks[1].input
            assert (content[1]["call"], content[2]["output"]) == (content[2]["call"], "42")


async def test_who_joins_late_has_the_same_text_in_the_end(provider_server):
    server = provider_server("tokens-400-rate-400")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        await client.until("delta")
        async with ChatClient.opened(server, session=client.session) as late:
            live = late.snapshot["live"]
            assert (late.welcome["state"], late.welcome["turn"], live["turn"]) == ("running", turn.id, turn.id)
            assert (live["parent"], live["message"]) == (turn.parent, turn.message)
            block, = live["blocks"]
            assert tokens(400).startswith(block["text"]) and not block["done"]
            assert (await late.done(turn=turn.id)).text == tokens(400)
        assert (await client.done(turn=turn.id)).text == tokens(400)


async def test_who_joins_before_the_first_token_sees_all(provider_server):
    server = provider_server("silent")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        async with ChatClient.opened(server, session=client.session) as late:
            assert late.snapshot["live"]["turn"] == turn.id
            assert late.snapshot["live"]["blocks"] == []
            await late.cancel(turn=turn.id)
            assert (await late.done(turn=turn.id)).status == "cancelled"
        assert (await client.done(turn=turn.id)).status == "cancelled"


async def test_who_joins_sees_what_waits(openai_server):
    server = openai_server("stall-after-3")
    async with ChatClient.opened(server) as client:
        first = await client.started(await client.send("one"))
        ref = await client.send("two")
        queued = await client.until("turn.queued", ref=ref)
        async with ChatClient.opened(server, session=client.session) as late:
            assert [(waiting["turn"], waiting["parent"]) for waiting in late.snapshot["queued"]] \
                == [(queued["turn"], queued["parent"])]
            await late.cancel(turn=first.id)
            second = late.transcript.turns[(await late.until("turn.started"))["turn"]]
            assert second.id == queued["turn"]
            await late.cancel(turn=second.id)
            await late.done(turn=second.id)


async def test_a_snapshot_has_as_many_messages_as_were_asked_for(quick):
    async with ChatClient.opened(quick) as client:
        for number in range(4):
            await client.said(f"My name is Ada {number}")
        for history in (0, 1, 3, 8, 50):
            await client.open(session=client.session, history=history)
            assert len(client.snapshot["messages"]) == min(history, 8)
            assert client.snapshot["more"] is (history < 8)


async def test_a_long_session_fits_a_snapshot(quick):
    """8 messages of 75 KB as JSON are more than a frame may hold; the client checks each frame's size."""
    async with ChatClient.opened(quick) as client:
        for number in range(8):
            last = await client.said(f"{number} " + "é\"" * 15_000)
        await client.open(session=client.session, history=500)
        assert client.snapshot["more"] is True
        assert 0 < len(client.snapshot["messages"]) < 16
        assert client.snapshot["messages"][-1]["id"] == last.message


async def test_a_slow_reader_gets_fewer_frames_and_the_same_text(openai_server, fake_provider):
    count = 20_000
    server = openai_server(f"tokens-{count}-rate-0")
    async with ChatClient.opened(server, connecting={"slow": True}) as client:
        before = fake_provider.stats()["tokens_sent"]
        ref = await client.send("go")
        # Nothing is read until the provider has said it all.
        await until(lambda: fake_provider.stats()["tokens_sent"] - before == count, "the reply's end")
        turn = await client.done(ref=ref)
        assert turn.status == "completed"
        assert turn.text == tokens(count)
        assert turn.deltas < count / 4, f"{turn.deltas} frames for {count} tokens"


async def test_a_restart_is_announced(start_server):
    server = start_server("--provider", "demo")
    async with ChatClient.opened(server) as client:
        server.process.process.terminate()
        going = await client.until("going_away")
        assert going["reconnect_after_ms"] > 0
        assert await client.closed() == 1012


async def test_a_restart_ends_running_turns_in_bounded_time(openai_server):
    server = openai_server("tokens-100000-rate-100")
    async with ChatClient.opened(server) as client:
        await client.started(await client.send("go"))
        server.process.process.terminate()
        assert await client.closed() == 1012
    # The fixture asks for the status: 0 says that it ended by itself.
