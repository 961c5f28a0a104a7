"""What goes wrong at the provider's: each failure has its code, and what had arrived stays."""

import contextlib
import socket

import pytest

from support.chat_client import ChatClient

PROVIDER_FAILURES = {
    # Scenario: status, code, retryable, retry_after_ms, upstream_status, text.
    "status-400": ("failed", "upstream_rejected", False, None, 400, ""),
    "status-401": ("failed", "upstream_auth", False, None, 401, ""),
    "status-403": ("failed", "upstream_auth", False, None, 403, ""),
    "status-404": ("failed", "upstream_rejected", False, None, 404, ""),
    "status-429": ("failed", "upstream_rate_limited", True, 1000, 429, ""),
    "status-500": ("failed", "upstream_overloaded", True, None, 500, ""),
    "status-503": ("failed", "upstream_overloaded", True, 1000, 503, ""),
    "status-529": ("failed", "upstream_overloaded", True, 1000, 529, ""),
    "break-after-5": ("truncated", "upstream_truncated", True, None, None, "w0 w1 w2 w3 w4 "),
    "break-after-0": ("truncated", "upstream_truncated", True, None, None, ""),
    "truncate-after-5": ("truncated", "upstream_truncated", True, None, None, "w0 w1 w2 w3 w4 "),
    "truncate-after-0": ("truncated", "upstream_truncated", True, None, None, ""),
    "error-after-5": ("failed", "upstream_overloaded", True, None, None, "w0 w1 w2 w3 w4 "),
}


@pytest.mark.parametrize("scenario", PROVIDER_FAILURES)
async def test_a_failure_has_its_code(provider_server, scenario):
    status, code, retryable, retry_after, upstream_status, text = PROVIDER_FAILURES[scenario]
    async with ChatClient.opened(provider_server(scenario)) as client:
        turn = await client.said("go")
        error = turn.done["error"]
        assert (turn.status, error["code"], error["retryable"]) == (status, code, retryable)
        assert error.get("retry_after_ms") == retry_after
        assert error.get("upstream_status") == upstream_status
        assert error["message"]
        if upstream_status:
            assert error["upstream_request_id"] == "req_fake"
            assert error["message"].rstrip(".").endswith(f"as you asked: {upstream_status}")
        # A RST may overtake what was sent before it.
        assert turn.text == text if not scenario.startswith("break") else text.startswith(turn.text)
        assert all(block.done for block in turn.blocks.values())
        # What had arrived stays, marked as partial, and one may ask again.
        ref = await client.regenerate()
        head = await client.until("head", ref=ref)
        assert head["siblings"][head["message"]] == [turn.message, head["message"]]
        again = await client.done(ref=ref)
        assert (again.status, again.done["error"]["code"]) == (status, code)
        async with ChatClient.opened(client.server, session=client.session) as other:
            user, reply = other.snapshot["messages"]
            assert (user["id"], reply["id"]) == (turn.parent, again.message)
            assert (reply["partial"], reply["status"]) == (True, status)
            assert (reply["error"], reply["timing"]) == (again.done["error"], again.done["timing"])
            assert other.snapshot["context"] == again.context | {"parent": user["id"]}
            assert "".join(block["text"] for block in reply["content"]) == again.text


@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
async def test_a_provider_that_is_not_there(start_server, dialect):
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    # Closed again: nobody listens there.
    server = start_server("--provider", dialect, "--base-url", f"http://127.0.0.1:{port}", "--model", "x")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert (turn.status, turn.done["error"]["code"]) == ("failed", "upstream_unreachable")
        assert turn.done["error"]["retryable"] is True


async def test_a_name_that_does_not_resolve(start_server):
    # .invalid never resolves (RFC 6761 §6.4).
    server = start_server("--provider", "openai", "--base-url", "http://nobody.invalid/v1", "--model", "x")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert (turn.status, turn.done["error"]["code"]) == ("failed", "upstream_unreachable")


async def test_after_a_failure_the_session_goes_on(provider_server):
    async with ChatClient.opened(provider_server("error-after-3")) as client:
        for _ in range(3):
            turn = await client.said("go")
            assert turn.status == "failed"
        async with ChatClient.opened(client.server, session=client.session) as other:
            assert len(other.snapshot["messages"]) == 6


async def test_a_failed_turn_lets_the_queue_go_on(openai_server):
    async with ChatClient.opened(openai_server("truncate-after-300")) as client:
        refs = [await client.send(f"number {number}") for number in range(3)]
        ended = [await client.done() for _ in refs]
        assert [(turn.ref, turn.status) for turn in ended] == [(ref, "truncated") for ref in refs]
