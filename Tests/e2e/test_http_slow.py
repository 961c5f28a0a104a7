"""Who reads a stream over HTTP slowly, or not at all."""

import asyncio

from support.bounds import BOUND, until
from support.chat_client import ChatClient
from support.http_client import HTTPClient, reply_text
from support.slow_stream import SlowStream
from test_slow_clients import MIB, PIECES, long_reply, resident_bytes, talkative  # noqa: F401


async def test_a_slow_reader_costs_no_memory_and_gets_the_same_text(talkative, long_reply):  # noqa: F811
    _, whole = long_reply
    async with HTTPClient(talkative) as client:
        session = await client.made()
        readers = [await asyncio.to_thread(SlowStream, talkative, session) for _ in range(20)]
        before = resident_bytes(talkative)
        await client.said(session, "Hello")
        async with ChatClient.opened(talkative, session=session) as other:
            if other.welcome["state"] == "running":
                await other.done()
        grown = resident_bytes(talkative) - before
        # 3 MB for each of them would be 60.
        assert grown < 40 * MIB, f"{grown / MIB:.0f} MiB more"
        frames = await asyncio.to_thread(readers[0].until, "turn.done")
        assert reply_text(frames) == whole
        assert len(frames) < PIECES, "what waited was not merged"
        for reader in readers:
            reader.close()


async def test_who_takes_nothing_is_cut_off_and_goes_on_later(talkative, long_reply):  # noqa: F811
    _, whole = long_reply
    async with HTTPClient(talkative) as client:
        session = await client.made()
        reader = await asyncio.to_thread(SlowStream, talkative, session)
        await client.said(session, "Hello")
        # Twice the 20 s that the protocol has, as it is looked at that often.
        await until(reader.is_cut_off, "the end of the connection", bound=2 * BOUND)
        frames = await asyncio.to_thread(reader.rest)
        assert "turn.done" not in [frame["type"] for frame in frames]
        reader.close()
        async with client.events(f"/sessions/{session}/events", headers={"Last-Event-ID": reader.last_id}) as stream:
            assert (await stream.until("welcome")).frame["resume"] == "exact"
            async for event in stream:
                frames.append(event.frame)
                if event.type == "turn.done":
                    break
        seqs = [frame["seq"] for frame in frames]
        assert seqs == sorted(set(seqs)) and reply_text(frames) == whole
