"""Many connections to one session: each gets every event once, in order."""

import asyncio
import contextlib

from support.chat_client import ChatClient
from support.sessions import tokens

TABS = 8


@contextlib.asynccontextmanager
async def tabs(server, count=TABS):
    """Connections to one new session, all there from its beginning."""
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(ChatClient.opened(server))
        others = [
            await stack.enter_async_context(ChatClient.opened(server, session=first.session)) for _ in range(count - 1)
        ]
        yield [first, *others]


def seen(client):
    """All but deltas, which come merged as each socket takes them."""
    return [frame for frame in client.events() if frame["type"] != "delta"]


async def test_each_gets_every_event_once_and_in_order(openai_server):
    async with tabs(openai_server("tokens-200-rate-400")) as clients:
        refs = [await client.send(f"from tab {number}") for number, client in enumerate(clients)]
        for client in clients:
            assert {(await client.until("turn.done"))["ref"] for _ in refs} == set(refs)
        first = seen(clients[0])
        # The transcript has checked that each `seq` is greater than the one before.
        assert len({frame["seq"] for frame in first}) == len(first)
        for client in clients:
            assert seen(client) == first
            assert [turn.text for turn in client.turns] == [tokens(200)] * TABS


async def test_a_send_in_one_shows_in_all(quick):
    async with tabs(quick) as clients:
        for sender in clients:
            ref = await sender.send("hello from here")
            for client in clients:
                message = await client.until("message", ref=ref)
                assert message["message"]["content"] == [{"kind": "text", "text": "hello from here"}]
            for client in clients:
                assert (await client.done(ref=ref)).text == tokens(20)


async def test_two_that_send_at_once_are_served_in_one_order(quick):
    async with tabs(quick) as clients:
        for _ in range(5):
            refs = await asyncio.gather(*(client.send("at once") for client in clients))
            orders = []
            for client in clients:
                ended = [(await client.until("turn.done"))["ref"] for _ in refs]
                orders.append(ended)
            assert sorted(orders[0]) == sorted(refs), "each is served once"
            assert orders == [orders[0]] * TABS
        accepted = [frame["ref"] for frame in seen(clients[0]) if frame["type"] == "message"]
        started = [frame["ref"] for frame in seen(clients[0]) if frame["type"] == "turn.started"]
        assert started == accepted, "turns start in the order in which they were accepted"


async def test_a_late_joiners_live_is_exactly_at_its_seq(openai_server):
    """At many moments of a stream: what the snapshot has, and the deltas after it, are the whole text; no more, no less."""
    count = 600
    server = openai_server(f"tokens-{count}-rate-300")
    async with ChatClient.opened(server) as first:
        turn = await first.started(await first.send("go"))
        joined = []

        async def join():
            async with ChatClient.opened(server, session=first.session) as late:
                live = late.snapshot.get("live")
                begun = live["blocks"][0]["text"] if live and live["blocks"] else ""
                joined.append((late.snapshot["seq"], begun))
                if not live:
                    # It came before the start, or after the end.
                    assert late.welcome["state"] == "idle"
                    return
                if len(joined) % 10 == 0:
                    assert (await late.done(turn=turn.id)).text == tokens(count)
                else:
                    # What comes right behind the snapshot goes on where it ends.
                    while (await late.next())["type"] not in ("delta", "turn.done"):
                        pass
                    assert tokens(count).startswith(late.transcript.turns[turn.id].text)

        joiners = []
        while turn.status is None:
            # The joiners share this process: a few at a time, so that they come at moments that differ.
            if (await first.next())["type"] == "delta" and sum(not joiner.done() for joiner in joiners) < 3:
                joiners.append(asyncio.create_task(join()))
        await asyncio.gather(*joiners)
        assert turn.text == tokens(count)
    assert len({seq for seq, _ in joined}) > 10, "they joined at too few moments"
    # Each delta is one token, as the provider sent it: what stands at a `seq` follows from it.
    begin = next(frame["seq"] for frame in first.events() if frame["type"] == "block.started")
    for seq, text in joined:
        assert text == tokens(min(max(seq - begin, 0), count)), (seq, begin, text)


async def test_a_tab_that_goes_changes_nothing_for_the_others(openai_server):
    async with tabs(openai_server("tokens-200-rate-400"), 4) as clients:
        turn = await clients[0].started(await clients[0].send("go"))
        await clients[1].until("delta")
        clients[1].socket.transport.abort()
        clients[0].socket.transport.abort()
        for client in clients[2:]:
            ended = await client.done(turn=turn.id)
            assert (ended.status, ended.text) == ("completed", tokens(200))
        assert seen(clients[2]) == seen(clients[3])


async def test_a_cancel_in_one_stops_it_in_all(openai_server):
    async with tabs(openai_server("stall-after-3"), 4) as clients:
        ref = await clients[0].send("go")
        turn = await clients[3].started(ref)
        await clients[3].cancel(turn=turn.id)
        ends = [(await client.done(turn=turn.id)).done for client in clients]
        assert ends == [ends[0]] * 4 and ends[0]["status"] == "cancelled"
