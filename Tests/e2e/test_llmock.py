"""Against `llmock`, a provider written by others that fails as asked: each fault gives the frames that are promised.

Its verdict at the end of a test is on us as its client: that we wait as long as we are told to, ask again only what may
pass, and never take part of a reply for the whole. To ask again after the first word is for the person: `regenerate`.
"""

import json

import pytest

from support.chat_client import ChatClient
from support.processes import ANTHROPIC_KEY, OPENAI_KEY

MODEL = "mock-1"
TEXT = "one two three four five six seven eight"


@pytest.fixture(params=["anthropic", "openai"])
def dialect(request):
    return request.param


@pytest.fixture
def server(llmock, start_server, dialect):
    """Whinchat in front of the mock, with retries."""
    llmock.tool_mode("off")
    yield start_server(
        "--provider", dialect, "--base-url", llmock.base_url(dialect), "--model", MODEL, "--max-retries", "3",
        "--fallback-model", "mock-2", "--stall-timeout", "1",
        environment={"ANTHROPIC_API_KEY": ANTHROPIC_KEY, "OPENAI_API_KEY": OPENAI_KEY}, name=f"whinchat ({dialect})",
    )
    llmock.assert_resilient()


def retries(client):
    return [frame for frame in client.frames if frame["type"] == "turn.retrying"]


def order(client, turn):
    """What was told of a turn, without what repeats."""
    return [frame["type"] for frame in client.frames if frame.get("turn") == turn.id and frame["type"] != "delta"]


async def asked_again(client, failed):
    """Regenerates a reply that failed: a sibling that is whole, beside what there was of the other."""
    ref = await client.regenerate()
    turn = await client.done(ref=ref)
    assert (turn.status, turn.text) == ("completed", TEXT)
    async with ChatClient.opened(client.server, session=client.session) as other:
        _, reply = other.snapshot["messages"]
        assert (reply["id"], reply["siblings"]) == (turn.message, [failed.message, turn.message])
        assert reply["partial"] is False
        head = await other.select(failed.message)
        assert head["message"] == failed.message
        await other.open(session=client.session)
        _, kept = other.snapshot["messages"]
        assert (kept["partial"], kept["status"]) == (True, failed.status)
        assert "".join(block["text"] for block in kept["content"]) == failed.text


async def test_a_reply_without_faults(server, llmock):
    async with ChatClient.opened(server) as client:
        llmock.reply(TEXT)
        turn = await client.said("go")
        assert (turn.status, turn.text, retries(client)) == ("completed", TEXT, [])
        assert turn.done["usage"]["estimated"] is False
        assert turn.done["usage"]["output_tokens"] > 0


# Before the first word


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "upstream_rate_limited"), (500, "upstream_overloaded"), (503, "upstream_overloaded"),
     (529, "upstream_overloaded")],
)
async def test_a_busy_provider_is_asked_again(server, llmock, status, code):
    llmock.fail(status, times=2, retry_after=0.2).reply(TEXT)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        announced = retries(client)
        assert [(frame["attempt"], frame["code"]) for frame in announced] == [(1, code), (2, code)]
        # As long as we were told, and then up to half a second, up to a second.
        assert [200 <= frame["delay_ms"] <= 200 + bound for frame, bound in zip(announced, (500, 1000))] == [True] * 2
        assert all(frame["message"] for frame in announced)
        assert order(client, turn) == [
            "turn.started", "turn.retrying", "turn.retrying", "block.started", "block.done", "turn.done",
        ]
        assert (turn.status, turn.text, turn.model) == ("completed", TEXT, MODEL)


async def test_a_connection_that_breaks_before_the_first_word(server, llmock):
    # The response has begun, no event has come.
    llmock.disconnect(after_chunks=0).reply(TEXT, times=2)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        (frame,) = retries(client)
        assert frame["code"] == "upstream_truncated"
        assert (turn.status, turn.text) == ("completed", TEXT)


async def test_a_response_that_ends_before_the_first_word(server, llmock):
    llmock.truncate(after_chunks=0).reply(TEXT, times=2)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        (frame,) = retries(client)
        assert frame["code"] == "upstream_truncated"
        assert (turn.status, turn.text) == ("completed", TEXT)


async def test_when_the_retries_are_used_up_the_fallback_is_asked(server, llmock):
    llmock.fail(529, times=4, retry_after=0, model=MODEL).reply(TEXT)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        *again, fallback = retries(client)
        assert [frame["model"] for frame in again] == [MODEL] * 3
        assert (fallback["attempt"], fallback["model"], fallback["delay_ms"]) == (4, "mock-2", 0)
        assert (turn.status, turn.text) == ("completed", TEXT)
    assert [request.model for request in llmock.requests] == [MODEL] * 4 + ["mock-2"]


async def test_a_provider_that_stays_down(server, llmock, dialect):
    llmock.outage(status=503)
    async with ChatClient.opened(server) as client:
        ref = await client.send("go")
        # All delays of both models would take half a minute: two are enough.
        await client.until("turn.retrying", attempt=2)
        await client.cancel()
        turn = await client.done(ref=ref)
        assert (turn.status, turn.text) == ("cancelled", "")
        llmock.reset().tool_mode("off").reply(TEXT)
        turn = await client.said("and now?")
        assert (turn.status, turn.text) == ("completed", TEXT)


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "upstream_rejected"), (401, "upstream_auth"), (403, "upstream_auth"), (404, "upstream_rejected"),
     (413, "upstream_rejected"), (422, "upstream_rejected")],
)
async def test_what_would_fail_again_is_not_asked_again(server, llmock, status, code):
    llmock.fail(status).reply(TEXT)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        error = turn.done["error"]
        assert (turn.status, error["code"], error["retryable"]) == ("failed", code, False)
        assert (error["upstream_status"], retries(client)) == (status, [])
        assert len(llmock.requests) == 1


async def test_a_wait_that_nobody_has_patience_for(server, llmock):
    # More than a minute: the other model is asked, at once.
    llmock.fail(429, retry_after=3600, model=MODEL).reply(TEXT)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        (frame,) = retries(client)
        assert (frame["code"], frame["model"], frame["delay_ms"]) == ("upstream_rate_limited", "mock-2", 0)
        assert (turn.status, turn.text) == ("completed", TEXT)


async def test_a_prompt_that_is_too_long_for_the_model(server, llmock):
    llmock.context_overflow()
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert (turn.done["error"]["code"], retries(client)) == ("upstream_rejected", [])
        assert "maximum context length" in turn.done["error"]["message"]


# After the first word

BROKEN = {
    # Fault: status, code.
    "disconnect": ("truncated", "upstream_truncated"),
    "truncate": ("truncated", "upstream_truncated"),
    "corrupt": ("failed", "upstream_malformed"),
    "stall": ("failed", "upstream_stalled"),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_after_the_first_word_what_has_come_stays_and_one_may_ask_again(server, llmock, fault):
    status, code = BROKEN[fault]
    # Some words: what comes before them is one event for OpenAI, three for Anthropic.
    getattr(llmock, fault)(after_chunks=5).reply(TEXT, times=2)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        error = turn.done["error"]
        assert (turn.status, error["code"], retries(client)) == (status, code, [])
        assert error["retryable"] is (fault != "corrupt")
        assert error["message"]
        # A RST may overtake what was sent before it.
        assert TEXT.startswith(turn.text) and turn.text != TEXT and (turn.text or fault == "disconnect")
        assert all(block.done and block.partial for block in turn.blocks.values())
        assert order(client, turn)[-2:] == ["block.done", "turn.done"]
        await asked_again(client, turn)


async def test_faults_come_one_after_the_other(server, llmock):
    llmock.rate_limit(retry_after=0.1).disconnect(after_chunks=0).truncate(after_chunks=6).reply(TEXT, times=3)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert [frame["code"] for frame in retries(client)] == ["upstream_rate_limited", "upstream_truncated"]
        assert (turn.status, turn.done["error"]["code"]) == ("truncated", "upstream_truncated")
        assert turn.text and TEXT.startswith(turn.text)
        await asked_again(client, turn)


# Tools


async def test_a_tool_runs_and_its_result_goes_back(server, llmock):
    llmock.call_tool("calculate", {"expression": "6 * 7"}).reply("It is 42.")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        (result,) = turn.results.values()
        assert (result["output"], result["is_error"]) == ("42", False)
        assert (turn.status, turn.text) == ("completed", "It is 42.")
    assert "42" in json.dumps(llmock.last_request.body["messages"][-1])


@pytest.mark.parametrize(
    ("kind", "said"), [("malformed_arguments", "valid JSON"), ("unknown_tool", "There is no tool named")]
)
async def test_a_call_that_cannot_be_run_is_an_error_that_the_model_reads(server, llmock, kind, said):
    llmock.tool_mode("auto").break_tool_call(kind)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go: calculate")
        (result,) = turn.results.values()
        assert result["is_error"] and said in result["output"]
        assert turn.status == "completed" and turn.text
    assert said in json.dumps(llmock.last_request.body["messages"])


async def test_a_call_that_is_cut_off_is_not_run(server, llmock):
    llmock.call_tool("calculate", {"expression": "6 * 7 + 123456789"}).disconnect(after_chunks=4)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert turn.status == "truncated"
        assert "tool.started" not in order(client, turn)
        llmock.reply("Well then.")
        turn = await client.said("and now?")
        assert (turn.status, turn.text) == ("completed", "Well then.")


async def test_a_fault_between_two_rounds(server, llmock):
    # The second call of a turn has said nothing either: it is made again, and the tool has run once.
    llmock.stall(after_chunks=0, seconds=0).disconnect(after_chunks=0)
    llmock.call_tool("calculate", {"expression": "6 * 7"}).reply("It is 42.", times=2)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        (frame,) = retries(client)
        assert frame["code"] == "upstream_truncated"
        assert order(client, turn).count("tool.started") == 1
        assert (turn.status, turn.text) == ("completed", "It is 42.")


async def test_a_turn_stays_with_its_fallback(server, llmock):
    llmock.fail(529, times=4, retry_after=0, model=MODEL)
    llmock.call_tool("calculate", {"expression": "6 * 7"}).reply("It is 42.")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert (turn.status, turn.text, len(retries(client))) == ("completed", "It is 42.", 4)
        # The next turn begins with the session's own model again.
        llmock.reply("Hello.")
        await client.said("and now?")
    assert [request.model for request in llmock.requests] == [MODEL] * 4 + ["mock-2"] * 2 + [MODEL]


async def test_a_model_that_calls_tools_for_ever_is_stopped(server, llmock):
    llmock.call_tool("calculate", {"expression": "6 * 7"}, times=None)
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert turn.status == "tool_limit"
        assert [result["output"] for result in turn.results.values()] == ["42"] * 9
        assert len(llmock.requests) == 10
        # The last call has no result and is left out; the conversation goes on.
        llmock.reset().tool_mode("off").reply("Enough.")
        turn = await client.said("and now?")
        assert (turn.status, turn.text) == ("completed", "Enough.")
        messages = json.dumps(llmock.last_request.body["messages"])
        assert calls(messages) == results(messages) == 9


def calls(messages):
    """How many calls a request repeats, in either dialect."""
    return messages.count('"type": "tool_use"') + messages.count('"type": "function"')


def results(messages):
    return messages.count('"type": "tool_result"') + messages.count('"role": "tool"')
