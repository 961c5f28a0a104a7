"""A provider that fails before its first word is asked again; each time is announced, and then there is one end."""

import contextlib
import socket

import pytest

from support.chat_client import ChatClient
from support.processes import FakeProvider


@pytest.fixture
def retrying(fake_provider, start_server):
    """Starts a server that asks the fake provider again where it fails: `retrying(model, times, *flags)`."""

    def start(model, times, *flags):
        return start_server(
            "--provider", "openai", "--base-url", f"{fake_provider.url}/v1", "--model", model,
            "--max-retries", times, *flags, environment={"OPENAI_API_KEY": "x"},
        )

    return start


def retries(client):
    return [frame for frame in client.frames if frame["type"] == "turn.retrying"]


async def test_each_retry_is_announced_and_then_the_turn_ends(retrying):
    async with ChatClient.opened(retrying("status-500", 2)) as client:
        turn = await client.said("go")
        announced = retries(client)
        assert [frame["attempt"] for frame in announced] == [1, 2]
        assert {frame["code"] for frame in announced} == {"upstream_overloaded"}
        assert {frame["turn"] for frame in announced} == {turn.id}
        # The first bound is 0.5 s, the second twice that.
        assert announced[0]["delay_ms"] <= 500 and announced[1]["delay_ms"] <= 1000
        assert (turn.status, turn.done["error"]["code"]) == ("failed", "upstream_overloaded")


async def test_what_the_provider_asks_for_is_waited(retrying):
    async with ChatClient.opened(retrying("status-429", 1)) as client:
        await client.said("go")
        (frame,) = retries(client)
        assert frame["code"] == "upstream_rate_limited"
        assert 1000 <= frame["delay_ms"] <= 1500


@pytest.mark.parametrize("scenario", ["status-400", "status-401"])
async def test_what_would_fail_again_is_not_asked_again(retrying, scenario):
    async with ChatClient.opened(retrying(scenario, 3)) as client:
        turn = await client.said("go")
        assert (turn.status, retries(client)) == ("failed", [])


async def test_after_the_first_word_nothing_is_asked_again(retrying):
    async with ChatClient.opened(retrying("error-after-5", 3)) as client:
        turn = await client.said("go")
        assert (turn.status, turn.text, retries(client)) == ("failed", "w0 w1 w2 w3 w4 ", [])


async def test_a_fallback_is_announced_and_named_in_the_reply(retrying):
    server = retrying("status-500", 0, "--fallback-model", "tokens-5-rate-1000")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        (frame,) = retries(client)
        assert frame["model"] == "tokens-5-rate-1000"
        assert turn.status == "completed"
        async with ChatClient.opened(server, session=client.session) as other:
            assert other.snapshot["messages"][-1]["model"] == "tokens-5-rate-1000"


async def test_stop_works_while_a_retry_waits(retrying):
    async with ChatClient.opened(retrying("status-429", 5)) as client:
        ref = await client.send("go")
        await client.until("turn.retrying")
        await client.cancel()
        turn = await client.done(ref=ref)
        assert turn.status == "cancelled"


async def test_a_provider_that_falls_silent(retrying):
    async with ChatClient.opened(retrying("stall-after-3", 0, "--stall-timeout", "1")) as client:
        turn = await client.said("go")
        assert (turn.status, turn.done["error"]["code"]) == ("failed", "upstream_stalled")
        assert turn.text.startswith("w0 ")


async def test_a_provider_that_is_not_there_yet(start_server, tmp_path):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    # Closed again: nobody listens there.
    server = start_server(
        "--provider", "openai", "--base-url", f"http://127.0.0.1:{port}/v1", "--model", "tokens-5-rate-0",
        "--max-retries", "10", environment={"OPENAI_API_KEY": "x"},
    )
    async with ChatClient.opened(server) as client:
        ref = await client.send("go")
        frame = await client.until("turn.retrying")
        assert (frame["attempt"], frame["code"]) == (1, "upstream_unreachable")
        provider = FakeProvider(tmp_path, port=port)
        try:
            turn = await client.done(ref=ref)
        finally:
            provider.stop()
        assert (turn.status, turn.text) == ("completed", "w0 w1 w2 w3 w4 ")
