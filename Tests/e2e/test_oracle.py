"""The vendors' own SDKs as oracles: from the same bytes they assemble what Whinchat assembles.

The bytes are the recorded streams of Tests/ModelsTests/Fixtures and the fake provider's scenarios, whole and in pieces of
seven bytes.
"""

import json

import anthropic
import openai
import pytest

from support.chat_client import ChatClient, new_text

SPLITS = ["", "-split-7"]

ANTHROPIC = ["anthropic-basic", "anthropic-tool-use", "anthropic-web-search", "anthropic-refusal"]
OPENAI = [
    "openai-text", "openai-tool-calls", "openai-refusal", "deepseek-reasoning", "openrouter-text", "ollama-tool-call",
    "llama-cpp-text",
]
# Whose stream ends with an error, and with which text before it.
ERRORS = {"anthropic-overloaded": "anthropic", "llama-cpp-error": "openai", "openrouter-error": "openai"}

STATUS_OF = {
    "end_turn": "completed", "stop": "completed", "refusal": "refused", "max_tokens": "max_tokens", "length": "max_tokens",
    # The recorded calls are of tools that this server does not have: the model is told so, and the recording asks again.
    "tool_use": "tool_limit", "tool_calls": "tool_limit",
}


def fixture(name, split=""):
    return f"fixture-{name}.sse{split}"


def anthropic_oracle(fake_provider, model):
    """The message that Anthropic's SDK assembles from a stream."""
    client = anthropic.Anthropic(api_key="x", base_url=fake_provider.url, max_retries=0)
    with client.messages.stream(
        model=model, max_tokens=100, messages=[{"role": "user", "content": new_text()}]
    ) as stream:
        return stream.get_final_message()


def anthropic_events(fake_provider, model):
    client = anthropic.Anthropic(api_key="x", base_url=fake_provider.url, max_retries=0)
    return client.messages.create(
        model=model, max_tokens=100, messages=[{"role": "user", "content": new_text()}], stream=True
    )


def openai_chunks(fake_provider, model):
    client = openai.OpenAI(api_key="x", base_url=f"{fake_provider.url}/v1", max_retries=0)
    return client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": new_text()}], stream=True,
        stream_options={"include_usage": True},
    )


def openai_oracle(fake_provider, model):
    """What OpenAI's SDK makes of a stream: its chunks, and the completion that it assembles from them."""
    from openai.lib.streaming.chat import ChatCompletionStreamState

    state = ChatCompletionStreamState()
    chunks = []
    for chunk in openai_chunks(fake_provider, model):
        chunks.append(chunk)
        state.handle_chunk(chunk)
    # Not its final form, which is refused for a reply that was cut off.
    return chunks, state.current_completion_snapshot


async def whinchat(server):
    """The turn's blocks of the first call to the model, and how many calls there were."""
    async with ChatClient.opened(server) as client:
        turn = await client.said(new_text())
        starts = [frame for frame in client.events() if frame["type"] in ("block.started", "tool.done")]
        first = []
        for frame in starts:
            if frame["type"] == "tool.done":
                break
            first.append(turn.blocks[frame["index"]])
        return turn, first, len(turn.blocks) // max(1, len(first))


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", ANTHROPIC)
async def test_anthropics_sdk_reads_the_same(fake_provider, anthropic_server, name, split):
    message = anthropic_oracle(fake_provider, fixture(name, split))
    turn, blocks, calls = await whinchat(anthropic_server(fixture(name, split)))
    expected = []
    for block in message.content:
        if block.type == "text":
            expected.append(("text", block.text, None, None, None))
        elif block.type == "thinking":
            expected.append(("thinking", block.thinking, None, None, None))
        elif block.type == "tool_use":
            expected.append(("tool_call", None, block.id, block.name, block.input))
        else:
            expected.append(("opaque", "", None, None, None))
    assert [
        (block.kind, None if block.kind == "tool_call" else block.text, block.call, block.name, block.input)
        for block in blocks
    ] == expected
    for block in blocks:
        if block.kind == "tool_call" and block.text:
            assert json.loads(block.text) == block.input
    assert turn.done["stop_reason"] == message.stop_reason
    assert turn.status == STATUS_OF[message.stop_reason]
    usage = turn.done["usage"]
    assert usage == {
        "input_tokens": message.usage.input_tokens * calls,
        "output_tokens": message.usage.output_tokens * calls,
        "cache_read_tokens": (message.usage.cache_read_input_tokens or 0) * calls,
        "cache_write_tokens": (message.usage.cache_creation_input_tokens or 0) * calls,
        "estimated": False,
    }


@pytest.mark.parametrize("split", SPLITS)
async def test_anthropics_sdk_reads_the_same_thinking(fake_provider, anthropic_server, split):
    """By the SDK's events: the documentation's stream has no usage at its end, on which the SDK's assembling breaks."""
    model = fixture("anthropic-thinking", split)
    deltas = [event.delta for event in anthropic_events(fake_provider, model) if event.type == "content_block_delta"]
    turn, blocks, _ = await whinchat(anthropic_server(model))
    assert [(block.kind, block.text) for block in blocks] == [
        ("thinking", "".join(delta.thinking for delta in deltas if delta.type == "thinking_delta")),
        ("text", "".join(delta.text for delta in deltas if delta.type == "text_delta")),
    ]
    assert (turn.status, turn.done["stop_reason"]) == ("completed", "end_turn")


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", OPENAI)
async def test_openais_sdk_reads_the_same(fake_provider, openai_server, name, split):
    chunks, completion = openai_oracle(fake_provider, fixture(name, split))
    turn, blocks, calls = await whinchat(openai_server(fixture(name, split)))
    choice = completion.choices[0]
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    # The SDK keeps what it does not know as extras.
    reasoning = "".join(
        getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None) or "" for delta in deltas
    )
    assert "".join(block.text for block in blocks if block.kind == "thinking") == reasoning
    said = (choice.message.content or "") + (choice.message.refusal or "")
    assert "".join(block.text for block in blocks if block.kind == "text") == said
    assert [
        (block.call, block.name, block.text) for block in blocks if block.kind == "tool_call"
    ] == [
        (call.id, call.function.name, call.function.arguments) for call in choice.message.tool_calls or []
    ]
    for block in blocks:
        if block.kind == "tool_call":
            assert block.input == json.loads(block.text)
    assert turn.done["stop_reason"] == choice.finish_reason
    if choice.message.refusal:
        assert turn.status == "refused"
    elif choice.message.tool_calls:
        assert turn.status == "tool_limit"
    else:
        assert turn.status == STATUS_OF[choice.finish_reason]
    usage = turn.done["usage"]
    if completion.usage is None:
        assert usage["estimated"] and usage["output_tokens"] > 0
        return
    cached = (completion.usage.prompt_tokens_details and completion.usage.prompt_tokens_details.cached_tokens) or 0
    # DeepSeek's own name for it.
    cached = cached or getattr(completion.usage, "prompt_cache_hit_tokens", 0) or 0
    assert usage["input_tokens"] + usage["cache_read_tokens"] == completion.usage.prompt_tokens * calls
    assert usage["cache_read_tokens"] == cached * calls
    assert usage["output_tokens"] == completion.usage.completion_tokens * calls
    assert not usage["estimated"]


@pytest.mark.parametrize("name", ERRORS)
async def test_the_sdks_see_the_same_error(request, fake_provider, name):
    dialect = ERRORS[name]
    text = ""
    if dialect == "anthropic":
        with pytest.raises(anthropic.APIStatusError) as error:
            for event in anthropic_events(fake_provider, fixture(name)):
                if event.type == "content_block_delta":
                    text += event.delta.text
        words = error.value.body["error"]["message"]
    else:
        with pytest.raises(openai.APIError) as error:
            for chunk in openai_chunks(fake_provider, fixture(name)):
                text += chunk.choices[0].delta.content or ""
        words = error.value.message
    server = request.getfixturevalue(f"{dialect}_server")(fixture(name))
    turn, _, _ = await whinchat(server)
    assert turn.status == "failed"
    assert turn.text == text
    assert words in turn.done["error"]["message"]
    assert turn.done["error"]["code"].startswith("upstream_")


@pytest.mark.parametrize("scenario", ["tokens-500-rate-0", "tokens-0-rate-0"])
async def test_both_sdks_read_the_scenarios_the_same(fake_provider, anthropic_server, openai_server, scenario):
    message = anthropic_oracle(fake_provider, scenario)
    turn, _, _ = await whinchat(anthropic_server(scenario))
    assert turn.text == "".join(block.text for block in message.content)
    assert turn.done["stop_reason"] == message.stop_reason
    assert turn.done["usage"]["output_tokens"] == message.usage.output_tokens
    _, completion = openai_oracle(fake_provider, scenario)
    turn, _, _ = await whinchat(openai_server(scenario))
    assert turn.text == (completion.choices[0].message.content or "")
    assert turn.done["stop_reason"] == completion.choices[0].finish_reason
    assert turn.done["usage"]["output_tokens"] == completion.usage.completion_tokens
