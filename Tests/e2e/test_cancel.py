"""Stop: at any moment from the command on, and the provider sees it."""

import json

import pytest

from support.bounds import until
from support.chat_client import ChatClient, new_id, new_text


async def gone(fake_provider, request):
    """Waits until the provider has seen a request's connection closed, by us."""
    departure = await fake_provider.departure(request)
    assert departure["by_peer"], departure
    return departure


async def test_cancel_in_the_middle_of_a_reply(provider_server, fake_provider):
    async with ChatClient.opened(provider_server("tokens-100000-rate-100")) as client:
        said = new_text()
        turn = await client.started(await client.send(said))
        await client.until("delta")
        await client.cancel(turn=turn.id)
        await client.done(turn=turn.id)
        assert turn.status == "cancelled"
        assert turn.blocks[0].partial, "the open block ends before the turn"
        assert turn.text.startswith("w0 ")
        assert turn.done["usage"]["estimated"] and turn.done["usage"]["output_tokens"] > 0
        request, = fake_provider.requests(said)
        await gone(fake_provider, request)
        # What had arrived stays, and is part of the conversation.
        async with ChatClient.opened(client.server, session=client.session) as other:
            reply = other.snapshot["messages"][-1]
            assert (reply["id"], reply["partial"], reply["status"]) == (turn.message, True, "cancelled")
            assert reply["content"] == [{"kind": "text", "text": turn.text}]


async def test_cancel_while_the_provider_is_silent_in_the_middle(provider_server, fake_provider):
    async with ChatClient.opened(provider_server("stall-after-5")) as client:
        said = new_text()
        turn = await client.started(await client.send(said))
        while turn.text != "w0 w1 w2 w3 w4 ":
            await client.until("delta")
        await client.cancel()
        await client.done(turn=turn.id)
        assert turn.status == "cancelled"
        await gone(fake_provider, fake_provider.requests(said)[0])


async def test_cancel_while_the_provider_is_silent_before_its_headers(provider_server, fake_provider):
    async with ChatClient.opened(provider_server("silent")) as client:
        said = new_text()
        turn = await client.started(await client.send(said))
        request = await fake_provider.request(said)
        await client.cancel(turn=turn.id)
        await client.done(turn=turn.id)
        assert (turn.status, turn.blocks) == ("cancelled", {})
        assert "ttft_ms" not in turn.done["timing"]
        await gone(fake_provider, request)


@pytest.mark.parametrize("by_turn", [False, True])
async def test_cancel_right_behind_the_send(provider_server, by_turn):
    """Both in one segment: the server reads them with one read."""
    async with ChatClient.opened(provider_server("tokens-100000-rate-100")) as client:
        ref = new_id("m")
        cancel = {"type": "cancel"} | ({"send": ref} if by_turn else {})
        client.together({"type": "send", "id": ref, "text": "go"}, cancel)
        await client.until("message", ref=ref)
        turn = await client.done()
        assert turn.ref == ref and turn.status == "cancelled"
        # The session is as good as before.
        turn = await client.started(await client.send("again"))
        await client.cancel(turn=turn.id)
        assert (await client.done(turn=turn.id)).status == "cancelled"


async def test_cancel_twice_has_one_effect(provider_server):
    async with ChatClient.opened(provider_server("stall-after-3")) as client:
        turn = await client.started(await client.send("go"))
        await client.cancel(turn=turn.id)
        await client.cancel(turn=turn.id)
        await client.done(turn=turn.id)
        # A second end that is no replay would fail in the transcript.
        await client.ping()
        assert not [frame for frame in client.frames if frame["type"] == "error"]


async def test_cancel_of_a_turn_that_has_ended(quick):
    async with ChatClient.opened(quick) as client:
        turn = await client.said("Hello")
        await client.cancel(turn=turn.id, id="late")
        again = await client.until("turn.done")
        assert again == turn.done | {"replay": True, "ref": "late"}
        await client.ping()
        assert turn.status == "completed"


async def test_cancel_where_nothing_runs(server):
    async with ChatClient.opened(server, create={"title": "T"}) as client:
        await client.said("Hello")
        before = len(client.frames)
        await client.cancel()
        await client.ping()
        assert len(client.frames) == before + 1, client.frames[before:]
        assert (await client.said("What is 6×7?")).status == "completed"


async def test_cancel_of_a_turn_that_never_was(quick):
    async with ChatClient.opened(quick) as client:
        await client.cancel(turn="t_nobody", id="c")
        error = await client.error(ref="c")
        assert (error["code"], error["field"]) == ("not_found", "turn")


async def test_cancel_without_a_name_leaves_the_queue(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        ref = await client.send("two")
        await client.until("turn.queued", ref=ref)
        await client.cancel()
        await client.done(turn=first.id)
        second = await client.started(ref)
        assert second.status is None
        await client.cancel()
        await client.done(turn=second.id)


async def test_cancel_of_a_turn_that_waits(openai_server, fake_provider):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        said = new_text()
        ref = await client.send(said)
        queued = await client.until("turn.queued", ref=ref)
        await client.cancel(send=ref)
        second = await client.done(turn=queued["turn"])
        assert (second.status, second.started) == ("cancelled", False)
        assert first.status is None, "the running one goes on"
        await client.cancel()
        await client.done(turn=first.id)
        await client.ping()
        assert not fake_provider.requests(said)


async def test_a_connection_that_goes_stops_nothing(openai_server, fake_provider):
    server = openai_server("tokens-100-rate-200")
    said = new_text()
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send(said))
    async with ChatClient.opened(server, session=client.session) as other:
        if turn.id in other.transcript.turns:
            assert (await other.done(turn=turn.id)).status == "completed"
        reply = (await latest(server, client.session))["messages"][-1]
        assert reply["status"] == "completed"
        assert reply["content"] == [{"kind": "text", "text": "".join(f"w{index} " for index in range(100))}]


async def latest(server, session):
    async with ChatClient.opened(server, session=session) as client:
        return client.snapshot


async def test_many_cancels_leave_no_connection_behind(anthropic_server, fake_provider):
    async with ChatClient.opened(anthropic_server("tokens-100000-rate-100")) as client:
        said = new_text()
        for _ in range(20):
            turn = await client.started(await client.send(said))
            await client.cancel(turn=turn.id)
            assert (await client.done(turn=turn.id)).status == "cancelled"
        requests = fake_provider.requests(said)
        log = {connection["id"]: connection for connection in fake_provider.log()["connections"]}
        for request in requests:
            await gone(fake_provider, request)
        assert {request["connection"] for request in requests} <= set(log)
        await until(lambda: fake_provider.stats()["active_streams"] == 0, "the streams' ends")


async def test_the_model_is_asked_nothing_more_after_a_cancel_of_its_tools(server):
    """The demo's reply to a sum has two rounds; after a cancel in the first there is no second."""
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("What is 6×7?"))
        await client.until("block.started", kind="tool_call")
        await client.cancel(turn=turn.id)
        await client.done(turn=turn.id)
        assert turn.status == "cancelled"
        assert not turn.results
        turn = await client.said("What is 6×7?")
        assert turn.status == "completed" and "42" in turn.text
        assert json.dumps(client.events()).count('"turn.done"') == 2
