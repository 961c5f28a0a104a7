"""Tools that a client runs: declared in `open`, answered by `tool.result`, awaited over restarts."""

import asyncio
import json

import pytest

from support import sessions, view
from support.chat_client import ChatClient, new_id, new_text

PLACE = {
    "name": "get_place", "description": "Where the user is.",
    "input_schema": {"type": "object", "properties": {"exact": {"type": "boolean", "default": True}}},
}
MODEL = "calls-get_place"
REPLY = "Let me compute that.The result is {}."


async def awaited(client, text="Where am I?"):
    """Sends a text and reads on until the client is to run its tool. Returns the turn and the call."""
    turn = await client.started(await client.send(text))
    started = await client.until("tool.started", turn=turn.id)
    assert (started["name"], started["input"], started["runs"]) == ("get_place", {"exact": True}, "client")
    return turn, started["call"]


async def result(client, call, output, **fields):
    return await client.command("tool.result", **{"id": new_id("t"), "call": call, "output": output} | fields)


async def ended(client, turn):
    """A turn's end, which may have been read already: an error overtakes what lies before it."""
    known = client.transcript.turns[turn.id]
    return known if known.done else await client.done(turn=turn.id)


async def refused(client, call, code, output="elsewhere"):
    error = await client.error(ref=await result(client, call, output))
    assert (error["code"], error["field"]) == (code, "call")


async def test_a_client_runs_its_tool(provider_server, fake_provider):
    server = provider_server(MODEL)
    said = new_text()
    async with ChatClient.opened(server, client_tools=[PLACE], create={"title": "T"}) as client:
        turn, call = await awaited(client, said)
        ref = await result(client, call, "Bremen")
        done = await client.until("tool.done", ref=ref)
        assert (done["output"], done["is_error"]) == ("Bremen", False)
        await client.done(turn=turn.id)
        assert (turn.status, turn.text) == ("completed", REPLY.format("Bremen"))
        view.check(client.transcript, await sessions.latest(server, client.session))
    first, second = fake_provider.requests(said)
    offered = [tool.get("function", tool)["name"] for tool in first["body"]["tools"]]
    assert "get_place" in offered and "calculate" in offered


async def test_turn_after_turn(openai_server):
    server = openai_server(MODEL)
    async with ChatClient.opened(server, client_tools=[PLACE]) as client:
        calls = set()
        for number in range(3):
            turn, call = await awaited(client)
            await result(client, call, f"place {number}", is_error=number == 1)
            assert (await client.done(turn=turn.id)).text == REPLY.format(f"place {number}")
            calls.add(call)
        # The provider uses the same id each time: a late answer would go to another turn's call.
        assert len(calls) == 3
        view.check(client.transcript, await sessions.latest(server, client.session))


async def test_the_first_answer_counts(openai_server):
    server = openai_server(MODEL)
    async with ChatClient.opened(server, client_tools=[PLACE]) as client:
        turn, call = await awaited(client)
        await refused(client, "c_unknown", "not_found")
        async with ChatClient.opened(server, session=client.session, client_tools=[PLACE]) as other:
            assert other.welcome["state"] == "awaiting" and other.snapshot["live"]["state"] == "awaiting"
            assert other.snapshot["live"]["approvals"] == []
            await result(other, call, "Kiel")
            await other.until("tool.done", call=call)
            await refused(client, call, "conflict")
            await ended(client, turn)
            await refused(other, call, "conflict")
        assert turn.text == REPLY.format("Kiel")


async def test_another_connection_answers_where_the_first_is_gone(openai_server):
    server = openai_server(MODEL)
    async with ChatClient.opened(server, client_tools=[PLACE]) as client:
        turn, call = await awaited(client)
        client.socket.transport.abort()
    other_schema = PLACE | {"input_schema": {"type": "object"}}
    for declared in ([], [other_schema]):
        async with ChatClient.opened(server, session=client.session, client_tools=declared) as other:
            await refused(other, call, "not_found")
    described = PLACE | {"description": "Wo man ist."}
    async with ChatClient.opened(server, session=client.session, client_tools=[described]) as other:
        await result(other, call, "Kiel")
        await other.done(turn=turn.id)
    assert view.text(sessions.reply(await sessions.latest(server, client.session), turn.id)) == REPLY.format("Kiel")


@pytest.mark.parametrize("tools", [
    [PLACE | {"name": "calculate"}], [PLACE, PLACE], [PLACE | {"input_schema": {"type": "string"}}],
    [PLACE | {"name": "a b"}], [PLACE | {"name": f"t{number}"} for number in range(33)],
])
async def test_declarations_that_are_refused(server, tools):
    async with ChatClient.connect(server) as client:
        # Not by `command`: the schema would refuse most of them too.
        await client.raw(json.dumps({"type": "open", "id": "o", "client_tools": tools}))
        error = await client.error(ref="o")
        assert (error["code"], error["field"]) == ("bad_field", "client_tools")
        await client.open(client_tools=[PLACE])


async def test_cancel_while_a_client_is_awaited(openai_server):
    server = openai_server(MODEL)
    async with ChatClient.opened(server, client_tools=[PLACE]) as client:
        turn, call = await awaited(client)
        waiting = await client.send("and then?")
        await client.until("turn.queued", ref=waiting)
        await client.cancel(turn=turn.id)
        assert (await client.done(turn=turn.id)).status == "cancelled"
        await refused(client, call, "conflict")
        # The next turn's call may have come before the refusal.
        calls = [frame for frame in client.frames if frame["type"] == "tool.started" and frame["call"] != call]
        started = calls[0] if calls else await client.until("tool.started")
        await result(client, started["call"], "Bremen")
        assert (await client.done(ref=waiting)).status == "completed"


async def test_a_turn_awaits_over_restarts(provider_server, bring_back):
    server = provider_server(MODEL)
    async with ChatClient.opened(server, client_tools=[PLACE], create={"title": "T"}) as client:
        turn, call = await awaited(client)
        await client.ping()
        await bring_back(server)
        await client.closed()
    assert not turn.done, "a turn that awaits is not interrupted"
    # Twice: what was read back is as good as what was written.
    await bring_back(server)
    async with ChatClient.connect(server, resuming=client.transcript) as again:
        await again.open(
            session=client.session, epoch=client.transcript.epoch, after=client.transcript.seq, client_tools=[PLACE]
        )
        assert (again.welcome["resume"], again.welcome["state"]) == ("exact", "awaiting")
        assert again.welcome["turn"] == turn.id
        async with ChatClient.opened(server, session=client.session) as other:
            live = other.snapshot["live"]
            assert (live["turn"], live["state"]) == (turn.id, "awaiting")
            assert [block["kind"] for block in live["blocks"]] == ["text", "tool_call"]
            assert live["blocks"][1]["input"] == {"exact": True} and "result" not in live["blocks"][1]
            await result(again, call, "Bremen")
            ended = await other.done(turn=turn.id)
            assert (ended.status, ended.text) == ("completed", REPLY.format("Bremen"))
        assert (await again.done(turn=turn.id)).text == REPLY.format("Bremen")
        snapshot = await sessions.latest(server, client.session)
        view.check(again.transcript, snapshot)
        assert [block["kind"] for block in snapshot["messages"][1]["content"]] \
            == ["text", "tool_call", "tool_result", "text"]
        following, call = await awaited(again)
        await result(again, call, "Kiel")
        assert (await again.done(turn=following.id)).status == "completed"


async def test_the_server_does_not_wait_for_a_client(openai_server):
    # Longer than any wait of these tests.
    server = openai_server(MODEL, "--drain-timeout", "600")
    async with ChatClient.opened(server, client_tools=[PLACE]) as client:
        turn, call = await awaited(client)
        server.terminate()
        await client.until("going_away")
        assert await client.closed() == 1012
        assert not turn.done
    assert server.process.wait() == 0
    await asyncio.to_thread(server.start)
    async with ChatClient.opened(server, session=client.session, client_tools=[PLACE]) as other:
        await result(other, call, "Bremen")
        assert (await other.done(turn=turn.id)).status == "completed"


async def test_what_was_queued_runs_after_a_turn_that_awaited_over_a_kill(openai_server):
    server = openai_server(MODEL)
    async with ChatClient.opened(server, client_tools=[PLACE]) as client:
        turn, call = await awaited(client)
        waiting = await client.send("and then?")
        queued = await client.until("turn.queued", ref=waiting)
        await asyncio.to_thread(server.kill)
    await asyncio.to_thread(server.start)
    async with ChatClient.opened(server, session=client.session, client_tools=[PLACE]) as other:
        assert [entry["turn"] for entry in other.snapshot["queued"]] == [queued["turn"]]
        assert other.snapshot["live"]["turn"] == turn.id
        await result(other, call, "Bremen")
        await other.done(turn=turn.id)
        started = await other.until("tool.started", turn=queued["turn"])
        await result(other, started["call"], "Kiel")
        assert (await other.done(turn=queued["turn"])).text == REPLY.format("Kiel")
