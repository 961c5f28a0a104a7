"""A conversation: what is said, what comes back, and how commands that meet are told apart."""

import re

import pytest

from support.chat_client import ChatClient, new_id, new_text


def tokens(count):
    """What the fake provider says in `tokens-COUNT-…`."""
    return "".join(f"w{index} " for index in range(count))


def types(frames):
    """The frames' types; deltas that follow each other once, since how many there are is the socket's matter."""
    names = [frame["type"] for frame in frames]
    return [name for index, name in enumerate(names) if name != "delta" or names[index - 1] != "delta"]


# The demo model


async def test_a_greeting_is_answered(server):
    async with ChatClient.opened(server) as client:
        assert client.welcome["resume"] == "new"
        assert client.welcome["state"] == "idle"
        assert client.welcome["seq"] == 0
        assert client.welcome["protocol"] == "whinchat.v1"
        assert {tool["name"] for tool in client.welcome["tools"]} == {"calculate", "current_time"}
        turn = await client.said("Hello")
        assert turn.status == "completed"
        assert "Whinchat's built-in demo" in turn.text
        assert types(client.events()) == [
            "message", "turn.started", "block.started", "delta", "block.done", "turn.done",
        ]
        user = client.frames[1]["message"]
        assert user["role"] == "user" and user["content"] == [{"kind": "text", "text": "Hello"}]
        assert user["id"] == turn.parent
        assert turn.done["usage"]["output_tokens"] > 0
        assert turn.done["timing"]["ttft_ms"] <= turn.done["timing"]["duration_ms"]
        # What one command caused carries its id.
        assert {frame.get("ref") for frame in client.events() if frame["type"] in ("message", "turn.started", "turn.done")} \
            == {turn.ref}


@pytest.mark.parametrize("resumed", [False, True])
async def test_what_is_said_behind_an_open_loses_nothing(quick, resumed):
    async with ChatClient.opened(quick) as first:
        await first.said("Hello")
        async with ChatClient.connect(quick) as client:
            target = {"session": first.session} if resumed else {}
            client.together({"type": "open"} | target, {"type": "send", "id": "m1", "text": "In the same segment"})
            await client.until("turn.done")
            names = [name for name in types(client.frames) if name != "snapshot"]
            assert names == ["welcome", "message", "turn.started", "block.started", "delta", "block.done", "turn.done"]
            assert client.frames[0]["seq"] < next(f for f in client.frames if f["type"] == "message")["seq"]


async def test_the_session_remembers(server):
    async with ChatClient.opened(server) as client:
        await client.said("My name is Ada")
        turn = await client.said("What is my name?")
        assert "Ada" in turn.text
    async with ChatClient.opened(server) as other:
        turn = await other.said("What is my name?")
        assert "Ada" not in turn.text, "another session knows it"


async def test_the_calculator_is_called(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("What is 6×7?")
        assert turn.status == "completed"
        call = next(block for block in turn.blocks.values() if block.kind == "tool_call")
        assert call.name == "calculate"
        assert turn.results[call.call]["output"] == "42"
        assert not turn.results[call.call]["is_error"]
        assert "42" in turn.text
        order = types(client.events())
        assert order.index("tool.started") < order.index("tool.done") < len(order) - 1
        assert order.index("block.done") < order.index("tool.started")


async def test_the_clock_is_called(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("What time is it in Tokyo?")
        call = next(block for block in turn.blocks.values() if block.kind == "tool_call")
        assert (call.name, call.input) == ("current_time", {"time_zone": "Asia/Tokyo"})
        result = turn.results[call.call]
        assert not result["is_error"] and "+09:00" in result["output"], result
        assert result["output"] in turn.text


async def test_a_tool_that_fails_is_an_error_result(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("calculate 1 / 0")
        assert turn.status == "completed"
        assert [result["is_error"] for result in turn.results.values()] == [True]


async def test_thinking_is_a_block_of_its_own(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("Please think")
        assert [block.kind for block in turn.blocks.values()] == ["thinking", "text"]
        assert turn.blocks[0].text


async def test_the_demo_breaks_in_the_middle(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("Please break")
        assert turn.status in ("failed", "truncated")
        assert turn.done["error"]["code"].startswith("upstream_")
        assert turn.text and turn.blocks[0].partial


# Real HTTP


async def test_what_the_provider_sent_is_what_arrives(provider_server):
    async with ChatClient.opened(provider_server("tokens-2000-rate-0")) as client:
        turn = await client.said("go")
        assert turn.status == "completed"
        assert turn.text == tokens(2000)
        assert turn.done["usage"]["output_tokens"] == 2000
        assert turn.done["usage"]["input_tokens"] > 0
        assert not turn.done["usage"]["estimated"]


async def test_tokens_arrive_while_the_provider_speaks(provider_server):
    async with ChatClient.opened(provider_server("stall-after-3")) as client:
        ref = await client.send("go")
        turn = await client.started(ref)
        # The provider is silent from here on, and yet all that it said has come.
        while turn.text != tokens(3):
            await client.until("delta")
        assert turn.status is None


async def test_the_tool_loop_over_http(provider_server, fake_provider):
    async with ChatClient.opened(provider_server("tool-calculate")) as client:
        said = new_text()
        turn = await client.said(said)
        assert turn.status == "completed"
        kinds = [(block.kind, block.text, block.input) for _, block in sorted(turn.blocks.items())]
        assert kinds == [
            ("text", "Let me compute that.", None),
            ("tool_call", '{"expression": "6 * 7"}', {"expression": "6 * 7"}),
            ("text", "The result is 42.", None),
        ]
        assert [result["output"] for result in turn.results.values()] == ["42"]
        # Two calls to the model, 12 tokens each.
        assert turn.done["usage"]["output_tokens"] == 24
        first, second = fake_provider.requests(said)
        assert first["connection"] == second["connection"], "the connection is kept alive between the rounds"
        assert second["body"]["messages"][:len(first["body"]["messages"])] == first["body"]["messages"]


async def test_what_was_said_is_sent_again(provider_server, fake_provider):
    async with ChatClient.opened(provider_server("tokens-3-rate-0")) as client:
        first, second = new_text(), new_text()
        await client.said(first)
        await client.said(second)
        request, = fake_provider.requests(second)
        texts = re.findall(rf"{first}|{second}|w0 w1 w2", str(request["body"]["messages"]))
        assert texts == [first, "w0 w1 w2", second]


async def test_only_settings_that_are_set_are_sent(provider_server, fake_provider):
    async with ChatClient.opened(provider_server("tokens-1-rate-0")) as client:
        plain, warm = new_text(), new_text()
        await client.said(plain)
        await client.said(warm, options={"temperature": 0.5, "max_tokens": 77})
        request = fake_provider.requests(plain)[0]
        assert "temperature" not in request["body"]
        request, = fake_provider.requests(warm)
        assert request["body"]["temperature"] == 0.5
        assert 77 in (request["body"].get("max_tokens"), request["body"].get("max_completion_tokens"))


# Busy


@pytest.fixture
def stalling(openai_server):
    """A model that says three tokens and then nothing, until it is stopped."""
    return openai_server("stall-after-3")


async def test_a_second_send_waits(stalling):
    async with ChatClient.opened(stalling) as client:
        first = await client.started(await client.send("one"))
        ref = await client.send("two")
        queued = await client.until("turn.queued", ref=ref)
        await client.cancel(turn=first.id)
        ended = await client.done(turn=first.id)
        assert ended.status == "cancelled"
        second = await client.started(ref)
        assert second.id == queued["turn"]
        await client.cancel(turn=second.id)
        await client.done(turn=second.id)


async def test_queued_turns_run_in_order(openai_server):
    async with ChatClient.opened(openai_server("tokens-20-rate-200")) as client:
        refs = [await client.send(f"number {number}") for number in range(5)]
        ended = [await client.done() for _ in refs]
        assert [turn.ref for turn in ended] == refs
        assert {(turn.status, turn.text) for turn in ended} == {("completed", tokens(20))}


async def test_a_queue_has_a_bound(stalling):
    async with ChatClient.opened(stalling) as client:
        await client.started(await client.send("running"))
        for number in range(client.welcome["limits"]["queued_turns"]):
            await client.until("turn.queued", ref=await client.send(f"number {number}"))
        ref = await client.send("one too many")
        error = await client.error(ref=ref)
        assert error["code"] == "busy" and error["retryable"]


async def test_interrupt_ends_the_running_turn_first(stalling):
    async with ChatClient.opened(stalling) as client:
        first = await client.started(await client.send("one"))
        await client.until("delta")
        second = await client.started(await client.send("two", on_busy="interrupt"))
        assert first.status == "cancelled", "its end comes before the next one's start"
        assert second.status is None
        await client.cancel()
        await client.done(turn=second.id)


async def test_reject_refuses_while_a_turn_runs(stalling):
    async with ChatClient.opened(stalling) as client:
        first = await client.started(await client.send("one"))
        ref = await client.send("two", on_busy="reject")
        error = await client.error()
        assert (error["ref"], error["code"], error["retryable"]) == (ref, "busy", True)
        await client.cancel(turn=first.id)
        assert (await client.done()).id == first.id
        # It had no effect: the same id can be used now, for another text too.
        third = await client.started(await client.send("three", id=ref, on_busy="reject"))
        await client.cancel(turn=third.id)
        await client.done(turn=third.id)
        assert len(client.turns) == 2


# Regenerate


async def test_regenerate_makes_a_sibling(quick):
    async with ChatClient.opened(quick) as client:
        first = await client.said("Hello")
        ref = await client.regenerate()
        head = await client.until("head", ref=ref)
        second = await client.done(ref=ref)
        assert second.parent == first.parent and second.message != first.message
        assert head["message"] == second.message
        assert head["siblings"][first.message] == [first.message, second.message]
        async with ChatClient.opened(quick, session=client.session) as other:
            assert [message["id"] for message in other.snapshot["messages"]] == [first.parent, second.message]
            assert other.snapshot["messages"][-1]["siblings"] == [first.message, second.message]


async def test_regenerate_names_a_reply(quick):
    async with ChatClient.opened(quick) as client:
        first = await client.said("Hello")
        second = await client.said("My name is Ada")
        again = await client.done(ref=await client.regenerate(message=first.message))
        assert again.parent == first.parent
        # The branch of the second one is still there, only not shown.
        async with ChatClient.opened(quick, session=client.session) as other:
            assert [message["id"] for message in other.snapshot["messages"]] == [first.parent, again.message]
        assert second.status == "completed"


async def test_regenerate_interrupts(stalling):
    async with ChatClient.opened(stalling) as client:
        first = await client.started(await client.send("one"))
        second = await client.started(await client.regenerate())
        assert first.status == "cancelled"
        assert second.parent == first.parent
        await client.cancel()
        await client.done(turn=second.id)


async def test_regenerate_needs_a_reply(quick):
    async with ChatClient.opened(quick) as client:
        ref = await client.regenerate()
        error = await client.error(ref=ref)
        assert error["code"] == "not_found"
        ref = await client.regenerate(message="a_nobody")
        error = await client.error(ref=ref)
        assert (error["code"], error["field"]) == ("not_found", "message")


# The same id twice


async def test_the_same_send_twice_has_one_effect(quick):
    async with ChatClient.opened(quick) as client:
        turn = await client.said("Hello", id="once")
        original = client.events()[0]
        await client.send("Hello", id="once")
        replay = await client.until("message")
        assert replay == original | {"replay": True}
        await client.ping()
        assert client.turns == [turn], "it was answered a second time"


async def test_a_replay_goes_to_one_connection_only(quick):
    async with ChatClient.opened(quick) as client, ChatClient.opened(quick, session=client.session) as other:
        await client.said("Hello", id="once")
        await other.send("Hello", id="once")
        assert (await other.until("message", replay=True))["ref"] == "once"
        await client.ping()
        assert not any(frame.get("replay") for frame in client.frames)


async def test_the_same_regenerate_twice_has_one_effect(quick):
    async with ChatClient.opened(quick) as client:
        await client.said("Hello")
        ref = await client.regenerate()
        head = await client.until("head")
        await client.done(ref=ref)
        await client.regenerate(id=ref)
        assert await client.until("head") == head | {"replay": True}
        await client.ping()
        assert len(client.turns) == 2


@pytest.mark.parametrize("again", [
    {"type": "send", "text": "something else"},
    {"type": "regenerate"},
])
async def test_the_same_id_for_something_else_is_a_conflict(quick, again):
    async with ChatClient.opened(quick) as client:
        await client.said("Hello", id="once")
        await client.command(id="once", **again)
        error = await client.error()
        assert (error["code"], error["ref"], error["field"]) == ("conflict", "once", "id")
        await client.ping()
        assert len(client.turns) == 1


async def test_the_same_open_twice_makes_one_session(quick):
    ref = new_id("o")
    async with ChatClient.opened(quick, id=ref) as client, ChatClient.opened(quick, id=ref) as other:
        assert other.session == client.session
        assert (client.welcome["resume"], other.welcome["resume"]) == ("new", "snapshot")


# Several connections


async def test_two_connections_see_the_same(server):
    async with ChatClient.opened(server) as client, ChatClient.opened(server, session=client.session) as other:
        ref = await client.send("What is 6×7?")
        await client.done(ref=ref)
        await other.done(ref=ref)
        await other.send("Hello")
        await other.done()
        await client.done()

        def seen(connection):
            return [frame for frame in connection.events() if frame["type"] != "delta"]

        assert seen(client) == seen(other)
        assert client.turns == other.turns


async def test_ping_is_answered_before_open_too(quick):
    async with ChatClient.connect(quick) as client:
        pong = await client.ping(t="x")
        assert pong["t"] == "x"
        pong = await client.ping(t=17)
        assert pong["t"] == 17
        pong = await client.ping()
        assert "t" not in pong


async def test_settings_of_a_new_session(provider_server, fake_provider):
    server = provider_server("tokens-1-rate-0")
    said = new_text()
    async with ChatClient.opened(
        server, create={"title": "Birds", "system": "Speak of birds.", "tools": ["calculate"]}
    ) as client:
        assert client.welcome["settings"]["title"] == "Birds"
        assert [tool["name"] for tool in client.welcome["tools"]] == ["calculate"]
        await client.said(said)
    request, = fake_provider.requests(said)
    assert "Speak of birds." in str(request["body"].get("system") or request["body"]["messages"][0])
    assert len(request["body"]["tools"]) == 1


async def test_a_connection_switches_sessions(server):
    async with ChatClient.opened(server) as client:
        first = client.session
        await client.said("My name is Ada")
        await client.open()
        assert client.session != first
        await client.open(session=first)
        assert [message["role"] for message in client.snapshot["messages"]] == ["user", "assistant"]
        turn = await client.said("What is my name?")
        assert "Ada" in turn.text
