"""Why a model stopped: each reason has a status of its own, and what it said stays."""

import pytest

from support.chat_client import ChatClient

TEXT = "w0 w1 w2 "

STOPS = [
    ("anthropic", "end_turn", "completed"),
    ("anthropic", "stop_sequence", "completed"),
    ("anthropic", "max_tokens", "max_tokens"),
    ("anthropic", "refusal", "refused"),
    ("anthropic", "model_context_window_exceeded", "context_exceeded"),
    ("anthropic", "a_reason_of_tomorrow", "completed"),
    ("openai", "stop", "completed"),
    ("openai", "length", "max_tokens"),
    ("openai", "content_filter", "filtered"),
    ("openai", "model_length", "context_exceeded"),
]


@pytest.mark.parametrize(("dialect", "reason", "status"), STOPS)
async def test_a_reason_has_its_status(request, dialect, reason, status):
    server = request.getfixturevalue(f"{dialect}_server")(f"stops-{reason}", "--max-retries", "3")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert (turn.status, turn.done["stop_reason"], turn.text) == (status, reason, TEXT)
        assert "error" not in turn.done
        # The blocks are whole, the provider said so; and its word is no failure that is tried again.
        assert not any(block.partial for block in turn.blocks.values())
        assert "turn.retrying" not in [frame["type"] for frame in client.frames]
        async with ChatClient.opened(server, session=client.session) as other:
            reply = other.snapshot["messages"][-1]
            assert (reply["status"], reply["partial"]) == (status, status != "completed")
        # One may say something else, or ask again.
        again = await client.done(ref=await client.regenerate())
        assert (again.status, again.text) == (status, TEXT)
        assert (await client.said("and now?")).status == status


async def test_a_pause_is_gone_on_from(anthropic_server, fake_provider):
    async with ChatClient.opened(anthropic_server("pauses-once")) as client:
        turn = await client.said("pause, and go on")
        assert (turn.status, turn.done["stop_reason"], turn.text) == ("completed", "end_turn", TEXT * 2)
        assert turn.done["usage"]["output_tokens"] == 6
    _, second = fake_provider.requests("pause, and go on")
    assert second["body"]["messages"][-1] == {"role": "assistant", "content": [{"type": "text", "text": TEXT}]}


async def test_pauses_have_an_end(anthropic_server, fake_provider):
    async with ChatClient.opened(anthropic_server("stops-pause_turn")) as client:
        turn = await client.said("pause for ever")
        assert (turn.status, turn.done["stop_reason"], turn.text) == ("tool_limit", "pause_turn", TEXT * 10)
    assert len(fake_provider.requests("pause for ever")) == 10
