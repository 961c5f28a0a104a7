"""Following a session over plain HTTP: streams that are resumed, long polling, a server that ends."""

import asyncio

import pytest

from support.bounds import BOUND
from support.http_client import HTTPClient, reply_text
from support.sessions import tokens


async def test_a_session_as_events(quick):
    async with HTTPClient(quick) as client:
        session = await client.made(title="Birds")
        async with client.events(f"/sessions/{session}/events") as stream:
            assert stream.response.headers["whinchat-session"] == session
            welcome = await stream.until("welcome")
            assert welcome.frame["settings"]["title"] == "Birds" and welcome.id is None
            snapshot = await stream.until("snapshot")
            assert snapshot.id == f"{welcome.frame['epoch']}:{snapshot.frame['seq']}"
            await client.said(session, "Hello")
            frames = [(await stream.until("message")).frame]
            async for event in stream:
                frames.append(event.frame)
                assert event.id == f"{welcome.frame['epoch']}:{event.frame['seq']}"
                if event.type == "turn.done":
                    break
            assert reply_text(frames) == tokens(20)
            await client.ask("DELETE", f"/sessions/{session}", 204)
            assert [event.type for event in await stream.rest()] == ["session.deleted"]


async def test_each_event_once_over_broken_connections(openai_server):
    async with HTTPClient(openai_server("tokens-120-rate-40")) as client:
        session = await client.made()
        poll = await client.poll(session, wait=0)
        last, frames, broken = f"{poll[0]['epoch']}:{poll[1]['seq']}", [], 0
        await client.said(session, "Hello")
        while not frames or frames[-1]["type"] != "turn.done":
            # The address is that of the first time, as a browser's is.
            async with client.events(
                f"/sessions/{session}/events?epoch={poll[0]['epoch']}&after=0", headers={"Last-Event-ID": last}
            ) as stream:
                welcome = await stream.until("welcome")
                assert welcome.frame["resume"] == "exact"
                async for event in stream:
                    last = event.id
                    frames.append(event.frame)
                    if event.type == "turn.done" or len(frames) % 15 == 0:
                        break
            broken += 1
        assert broken > 3
        seqs = [frame["seq"] for frame in frames]
        assert seqs == sorted(set(seqs))
        assert frames[0]["type"] == "message" and reply_text(frames) == tokens(120)


async def test_an_unknown_place_gets_a_snapshot(quick):
    async with HTTPClient(quick) as client:
        session = (await client.chat("Hello"))["session_id"]
        for last in ["e_other:3", "nonsense", "e_other:x"]:
            async with client.events(f"/sessions/{session}/events", headers={"Last-Event-ID": last}) as stream:
                assert (await stream.until("welcome")).frame["resume"] == "snapshot"
                assert len((await stream.until("snapshot")).frame["messages"]) == 2
        async with client.events(f"/sessions/{session}/events?history=1") as stream:
            assert len((await stream.until("snapshot")).frame["messages"]) == 1


@pytest.mark.parametrize("query", ["after=x", "after=-1", "epoch=a b", "history=501", "wait=60001", "wait=soon"])
async def test_a_bad_query_is_refused(quick, query):
    async with HTTPClient(quick) as client:
        session = await client.made()
        problem = await client.ask("GET", f"/sessions/{session}/events?{query}", 400)
        assert (problem["code"], problem["field"]) == ("bad_field", query.split("=")[0])


# Long polling


async def test_a_poll_wakes_on_an_event_and_on_the_time(quick):
    async with HTTPClient(quick) as client:
        session = await client.made(title="T")
        welcome, snapshot = await client.poll(session)
        assert (welcome["type"], snapshot["type"]) == ("welcome", "snapshot")
        place = {"epoch": welcome["epoch"], "after": snapshot["seq"]}
        assert await client.poll(session, **place, wait=0) == []
        assert await client.poll(session, **place, wait=50) == []
        waiting = asyncio.create_task(client.poll(session, **place))
        # It surely waits by the time that another has been answered, or gets the event at once: both are right.
        await client.poll(session, **place, wait=0)
        await client.said(session, "Hello")
        frames = await waiting
        assert frames[0]["type"] == "message"
        while frames[-1]["type"] != "turn.done":
            frames += await client.poll(session, epoch=place["epoch"], after=frames[-1]["seq"])
        assert reply_text(frames) == tokens(20)
        seqs = [frame["seq"] for frame in frames]
        assert seqs == sorted(set(seqs))


async def test_everything_a_page_needs_by_polling_alone(openai_server):
    async with HTTPClient(openai_server("tokens-1000-rate-20")) as client:
        session = await client.made()
        welcome, snapshot = await client.poll(session)
        place = {"epoch": welcome["epoch"], "after": snapshot["seq"]}
        await client.said(session, "Hello", id="m7")
        frames = []
        while not any(frame["type"] == "delta" for frame in frames):
            frames += await client.poll(session, **place)
            place["after"] = frames[-1]["seq"]
        assert frames[0]["ref"] == "m7"
        # Said again, as after an answer that was lost: acknowledged, and not said twice.
        again, = await client.ask(
            "POST", f"/sessions/{session}/frames", json={"type": "send", "id": "m7", "text": "Hello"})
        assert again == frames[0] | {"replay": True}
        assert await client.ask("POST", f"/sessions/{session}/frames", json={"type": "cancel", "id": "x"}) == []
        while frames[-1]["type"] != "turn.done":
            frames += await client.poll(session, **place)
            place["after"] = frames[-1]["seq"]
        assert (frames[-1]["status"], frames[-1]["ref"]) == ("cancelled", "x")
        pong, = await client.ask("POST", f"/sessions/{session}/frames", json={"type": "ping", "t": 7})
        assert (pong["type"], pong["t"]) == ("pong", 7)
        stats, = await client.ask("POST", f"/sessions/{session}/frames", json={"type": "stats", "id": "s"})
        assert (stats["turn_count"], stats["ref"]) == (1, "s")


async def test_a_turns_place_does_not_wake_a_poll_again_and_again(openai_server):
    server = openai_server("stall-after-3", "--max-turns", "1")
    async with HTTPClient(server) as client:
        first, second = await client.made(), await client.made()
        async with client.events(f"/sessions/{first}/events") as stream:
            await client.said(first, "Hello")
            await stream.until("delta")
        await client.said(second, "Hello")
        welcome, snapshot, *told = await client.poll(second)
        assert told == [{"type": "queue", "turn": snapshot["queued"][0]["turn"], "position": 1}]
        place = {"epoch": welcome["epoch"], "after": snapshot["seq"]}
        # Nothing has changed: the time passes.
        assert await client.poll(second, **place, wait=0) == told
        waiting = asyncio.create_task(client.poll(second, **place))
        await client.poll(second, **place, wait=0)
        await client.ask("POST", f"/sessions/{first}/cancel")
        frames = await waiting
        assert "turn.started" in [frame["type"] for frame in frames]
        await client.ask("POST", f"/sessions/{second}/cancel")


@pytest.mark.parametrize("frame, status, code", [
    ({"type": "send", "text": "Hi"}, 400, "bad_field"),
    ({"type": "sing"}, 400, "unknown_type"),
    ({"text": "Hi"}, 400, "bad_field"),
    ({"type": "open"}, 400, "unknown_type"),
    ({"type": "select", "message": "u_nobody"}, 404, "not_found"),
    ({"type": "tool.result", "call": "c_nobody", "output": "x"}, 404, "not_found"),
])
async def test_a_frame_that_is_refused(quick, frame, status, code):
    async with HTTPClient(quick) as client:
        session = await client.made()
        problem = await client.ask("POST", f"/sessions/{session}/frames", status, json=frame)
        assert problem["code"] == code


# Who is still there?


async def test_a_stream_with_nothing_to_say_sends_comments(quick):
    async with HTTPClient(quick) as client:
        session = await client.made()
        async with client.events(f"/sessions/{session}/events") as stream:
            welcome = await stream.until("welcome")
            assert welcome.frame["ping_interval_ms"] <= BOUND * 1000
            await stream.until("snapshot")
            async for line in stream.lines:
                if line.startswith(":"):
                    break
            else:
                raise AssertionError("the stream ended")


# The server's end


async def test_a_restart_in_between(start_server):
    server = start_server("--provider", "demo", environment={"WHINCHAT_DRAIN_TIMEOUT": "10"})
    async with HTTPClient(server) as client:
        session = (await client.chat("Hello"))["session_id"]
        async with client.events(f"/sessions/{session}/events") as stream:
            last = (await stream.until("snapshot")).id
            polling = asyncio.create_task(client.poll(
                session, epoch=last.partition(":")[0], after=last.partition(":")[2]))
            await client.poll(session, wait=0)
            server.terminate()
            assert [event.type for event in await stream.rest()] == ["going_away"]
        assert [frame["type"] for frame in await polling] == ["going_away"]
        await asyncio.to_thread(server.process.wait)
        await asyncio.to_thread(server.start)
    async with HTTPClient(server) as client:
        # It goes on where it was: the numbering is the same after a clean end.
        async with client.events(f"/sessions/{session}/events", headers={"Last-Event-ID": last}) as stream:
            assert (await stream.until("welcome")).frame["resume"] == "exact"
            await client.said(session, "Again", id="m2")
            assert (await stream.until("message")).frame["ref"] == "m2"


async def test_a_reply_is_seen_to_its_end_when_the_server_stops(openai_server):
    server = openai_server("tokens-60-rate-20", "--drain-timeout", "20")
    async with HTTPClient(server) as client:
        async with client.events("/chat/stream/new", "POST", json={"message": "Hello"}) as stream:
            await stream.until("delta")
            server.terminate()
            types = [event.type for event in await stream.rest()]
        assert "going_away" in types and types[-1] == "turn.done"
    assert await asyncio.to_thread(server.process.wait) == 0
    server.start()
