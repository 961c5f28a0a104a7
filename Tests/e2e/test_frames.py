"""What breaks the rules: a bad command gets an error and the connection goes on, a broken transport ends."""

import json

import pytest

from support.chat_client import ChatClient, frame

CONTINUATION, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9

SEND = {"type": "send", "id": "m1", "text": "hello"}
OPEN = {"type": "open", "id": "m1"}


# What is sent, and the error's code, field and ref.
BAD = {
    "no JSON": ("{", "bad_json", None, None),
    "nothing": ("", "bad_json", None, None),
    "something behind the object": ('{"type":"ping"} x', "bad_json", None, None),
    "a bare word": ("hello", "bad_json", None, None),
    "an array": ("[]", "bad_json", None, None),
    "a string": ('"ping"', "bad_json", None, None),
    "a deep nest": ("[" * 100_000, "bad_json", None, None),
    "no type": ({"id": "m1"}, "bad_field", "type", "m1"),
    "a type that is null": ({"type": None}, "bad_field", "type", None),
    "a type that is a number": ({"type": 7}, "bad_field", "type", None),
    "an unknown type": ({"type": "shout", "id": "m1"}, "unknown_type", "type", "m1"),
    "no id": ({"type": "send", "text": "hello"}, "bad_field", "id", None),
    "no id to regenerate": ({"type": "regenerate"}, "bad_field", "id", None),
    "an id that is a number": (SEND | {"id": 1}, "bad_field", "id", None),
    "an empty id": (SEND | {"id": ""}, "bad_field", "id", None),
    "an id that is too long": (SEND | {"id": "x" * 65}, "bad_field", "id", None),
    "an id of other characters": (SEND | {"id": "a.b"}, "bad_field", "id", None),
    "no text": ({"type": "send", "id": "m1"}, "bad_field", "text", "m1"),
    "a text that is null": (SEND | {"text": None}, "bad_field", "text", "m1"),
    "a text that is a number": (SEND | {"text": 7}, "bad_field", "text", "m1"),
    "an empty text": (SEND | {"text": ""}, "bad_field", "text", "m1"),
    "a text of white space": (SEND | {"text": " \n\t "}, "bad_field", "text", "m1"),
    "content that is no array": ({"type": "send", "id": "m1", "content": "x"}, "bad_field", "content", "m1"),
    "content of another kind": (
        {"type": "send", "id": "m1", "content": [{"kind": "image"}]}, "bad_field", "content", "m1"),
    "a text that is too long": (SEND | {"text": "x" * 100_001}, "message_too_long", "text", "m1"),
    "a text of too many bytes": (SEND | {"text": "€" * 70_000}, "message_too_long", "text", "m1"),
    "an unknown on_busy": (SEND | {"on_busy": "shout"}, "bad_field", "on_busy", "m1"),
    "options that are no object": (SEND | {"options": []}, "bad_field", "options", "m1"),
    "a temperature out of bounds": (
        SEND | {"options": {"temperature": 2.5}}, "bad_field", "options.temperature", "m1"),
    "a temperature that is a string": (
        SEND | {"options": {"temperature": "hot"}}, "bad_field", "options.temperature", "m1"),
    "too few tokens": (SEND | {"options": {"max_tokens": 0}}, "bad_field", "options.max_tokens", "m1"),
    "a part of a token": (SEND | {"options": {"max_tokens": 1.5}}, "bad_field", "options.max_tokens", "m1"),
    "an unknown model": (SEND | {"options": {"model": "nobody"}}, "bad_field", "options.model", "m1"),
    "a turn that is a number": ({"type": "cancel", "id": "m1", "turn": 7}, "bad_field", "turn", "m1"),
    "a negative after": (OPEN | {"after": -1}, "bad_field", "after", "m1"),
    "an after that is too large": (OPEN | {"after": 1 << 53}, "bad_field", "after", "m1"),
    "an after with a fraction": (OPEN | {"after": 0.5}, "bad_field", "after", "m1"),
    "too much history": (OPEN | {"history": 501}, "bad_field", "history", "m1"),
    "settings that are no object": (OPEN | {"create": 7}, "bad_field", "create", "m1"),
    "an unknown tool": (OPEN | {"create": {"tools": ["nobody"]}}, "bad_field", "create.tools", "m1"),
    "an unknown model for a session": (OPEN | {"create": {"model": "nobody"}}, "bad_field", "create.model", "m1"),
    "an unknown policy": (
        OPEN | {"create": {"context": {"policy": "nobody"}}}, "bad_field", "create.context.policy", "m1"),
    "too few turns of context": (
        OPEN | {"create": {"context": {"turns": 0}}}, "bad_field", "create.context.turns", "m1"),
    "a title of control characters": (OPEN | {"create": {"title": "a\u0007b"}}, "bad_field", "create.title", "m1"),
    "a title that is too long": (OPEN | {"create": {"title": "x" * 201}}, "bad_field", "create.title", "m1"),
    "a session of nobody": (OPEN | {"session": "s_nobody"}, "not_found", "session", "m1"),
    "a session that is no id": (OPEN | {"session": "../x"}, "bad_field", "session", "m1"),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_command_is_refused_and_the_connection_goes_on(quick, name):
    sent, code, field, ref = BAD[name]
    async with ChatClient.opened(quick) as client:
        session = client.session
        await client.raw(sent if isinstance(sent, str) else json.dumps(sent))
        error = await client.next()
        assert (error["type"], error["code"], error.get("field"), error.get("ref")) == ("error", code, field, ref)
        assert error["retryable"] is False
        assert not field or field.rsplit(".")[-1] in error["message"] or code == "not_found"
        assert len(error["message"]) < 1000
        turn = await client.said("Hello")
        assert turn.status == "completed"
        assert client.session == session
        assert len(client.turns) == 1, "the refused command had an effect"


@pytest.mark.parametrize("command", [SEND, {"type": "cancel"}, {"type": "regenerate", "id": "m1"}])
async def test_a_command_before_open_is_refused(quick, command):
    async with ChatClient.connect(quick) as client:
        await client.command(**command)
        assert (await client.error())["code"] == "not_open"
        await client.open()
        assert (await client.said("Hello")).status == "completed"


async def test_unknown_fields_are_ignored_and_null_is_as_absent(quick):
    async with ChatClient.connect(quick) as client:
        await client.raw(json.dumps({"type": "open", "session": None, "after": None, "later": {"x": [1]}}))
        await client.until("welcome")
        await client.raw(json.dumps(SEND | {"options": {"temperature": None}, "on_busy": None, "mood": "good"}))
        assert (await client.done()).status == "completed"


@pytest.mark.parametrize("text", [
    "x" * 100_000,
    "é" * 100_000,
    "\u0000\u0001\u001f\u007f\\\"/ \u2028\u2029",
    "👩‍👩‍👧‍👦 e\u0301 \U0010ffff \ufeff مرحبا",
    "a" + "\u0301" * 50_000,
])
@pytest.mark.parametrize("ascii", [True, False])
async def test_texts_come_back_as_they_were_sent(quick, text, ascii):
    async with ChatClient.opened(quick) as client:
        await client.raw(json.dumps(SEND | {"text": text}, ensure_ascii=ascii))
        message = await client.until("message")
        assert message["message"]["content"] == [{"kind": "text", "text": text}]
        assert (await client.done()).status == "completed"
        async with ChatClient.opened(quick, session=client.session) as other:
            said, _ = other.snapshot["messages"]
            # A text that is longer than what is left of a snapshot is cut, and said to be.
            assert said.get("cut", False) is (len(text.encode()) > 190_000)
            shown = said["content"][0]["text"]
            assert text.startswith(shown) if said.get("cut") else text == shown
            assert len(shown) > 10 or not said.get("cut")
            assert other.snapshot["more"] is False


async def test_a_message_in_fragments_is_one_command(quick):
    async with ChatClient.opened(quick) as client:
        text = "Hello 👋"
        whole = json.dumps(SEND | {"text": text}, ensure_ascii=False).encode()
        parts = [whole[start:start + 1] for start in range(len(whole))]

        frames = [
            frame(part, CONTINUATION if index else TEXT, fin=index == len(parts) - 1) for index, part in enumerate(parts)
        ]
        # A control frame may come between them.
        frames.insert(5, frame(b"between", PING))
        client.together(*frames)
        assert (await client.until("message"))["message"]["content"][0]["text"] == text
        assert (await client.done()).status == "completed"


# The transport


@pytest.mark.parametrize("bytes_, code", [
    (frame(b"{}", BINARY), 1003),
    (frame(b'{"type":"ping","t":"\xff"}'), 1007),
    # A surrogate and an overlong form, which a careless decoder takes.
    (frame(b"\xed\xa0\x80"), 1007),
    (frame(b"\xc0\xaf"), 1007),
    (frame(b" " * (1024 * 1024 + 1)), 1009),
    (frame(b'{"type":"ping"}', mask=False), 1002),
    # A reserved opcode, a reserved bit, a ping of 126 bytes, a continuation of nothing.
    (bytes([0x83, 0x80, 0, 0, 0, 0]), 1002),
    (bytes([0xC1, 0x80, 0, 0, 0, 0]), 1002),
    (frame(b"x" * 126, PING), 1002),
    (frame(b"x", CONTINUATION), 1002),
    # A close frame with half a code, and with one that nobody may send.
    (frame(b"\x03", CLOSE), 1002),
    (frame(b"\x03\xed", CLOSE), 1002),
], ids=lambda value: str(value) if isinstance(value, int) else "")
async def test_a_broken_transport_closes(quick, bytes_, code):
    async with ChatClient.opened(quick) as client:
        client.together(bytes_)
        assert await client.closed() == code
    async with ChatClient.opened(quick, session=client.session) as client:
        assert (await client.said("Hello")).status == "completed"


async def test_the_size_is_refused_before_the_message_has_come(quick):
    """Only the header of a frame of 2^62 bytes: what it announces is enough."""
    async with ChatClient.opened(quick) as client:
        client.together(bytes([0x81, 0xFF]) + (1 << 62).to_bytes(8) + bytes(4))
        assert await client.closed() == 1009


async def test_a_message_of_exactly_the_largest_size_passes(quick):
    async with ChatClient.opened(quick) as client:
        limit = client.welcome["limits"]["frame_bytes"]
        client.together(frame(b'{"type":"ping"}'.ljust(limit)))
        await client.until("pong")


async def test_a_flood_is_closed(quick):
    async with ChatClient.opened(quick) as client:
        client.together(*[{"type": "ping"}] * 5000)
        assert await client.closed() == 1008


async def test_closing_is_answered_with_the_same_code(quick):
    async with ChatClient.opened(quick) as client:
        await client.socket.close(4000, "bye")
        assert client.socket.close_code == 4000
        assert client.socket.protocol.close_rcvd.code == 4000
