"""Chatting over plain HTTP: one whole reply, or the turn as it comes."""

import asyncio
import json

import pytest

from support import schema
from support.bounds import BOUND
from support.chat_client import ChatClient, new_id
from support.http_client import HTTPClient, check_problem, reply_text
from support.sessions import tokens

REPLY = tokens(20)


async def curl(*arguments):
    """Runs curl as a script would. Returns its standard output."""
    process = await asyncio.create_subprocess_exec(
        "curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(BOUND), *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


# POST /chat


async def test_a_whole_reply(quick):
    async with HTTPClient(quick) as client:
        first = await client.chat("Hello")
        assert (first["reply"], first["status"], first["turn_count"]) == (REPLY, "completed", 1)
        assert first["usage"]["output_tokens"] > 0
        second = await client.chat("Again", session_id=first["session_id"], temperature=0.5)
        assert (second["session_id"], second["turn_count"]) == (first["session_id"], 2)
        assert second["turn"] != first["turn"]
    # The same session over the WebSocket.
    async with ChatClient.opened(quick, session=first["session_id"], history=10) as other:
        assert len(other.snapshot["messages"]) == 4


async def test_settings_are_a_new_sessions(quick):
    async with HTTPClient(quick) as client:
        made = await client.chat("Hello", title="Birds", system="Be brief.", context={"policy": "full"})
        session = made["session_id"]
        async with ChatClient.opened(quick, session=session) as other:
            assert other.welcome["settings"]["title"] == "Birds"
            assert other.welcome["settings"]["system"] == "Be brief."
        problem = await client.chat("Hello", 400, session_id=session, system="Other.")
        assert (problem["code"], problem["field"]) == ("bad_field", "system")


async def test_the_same_id_again_is_the_same_request(quick):
    async with HTTPClient(quick) as client:
        id = new_id("http")
        first = await client.chat("Hello", id=id)
        assert await client.chat("Hello", id=id) == first
        problem = await client.chat("Something else", 409, id=id)
        assert problem["code"] == "conflict"
        # The stream of what is over has its acknowledgement, and ends.
        async with client.events("/chat/stream/new", "POST", json={"message": "Hello", "id": id}) as stream:
            types = [event.type for event in await stream.rest()]
        assert types == ["welcome", "message"]


async def test_a_request_again_while_the_first_one_runs_gets_the_same_reply(openai_server):
    server = openai_server("tokens-40-rate-20")
    async with HTTPClient(server) as client:
        id = new_id("http")
        first, second = await asyncio.gather(client.chat("Hello", id=id), client.chat("Hello", id=id))
        assert first == second and first["reply"] == tokens(40)


async def test_a_turn_that_failed_is_an_answer(openai_server):
    async with HTTPClient(openai_server("status-401")) as client:
        answer = await client.chat("Hello")
        assert (answer["status"], answer["error"]["code"], answer["reply"]) == ("failed", "upstream_auth", "")


@pytest.mark.parametrize("body, status, code, field", [
    ({}, 400, "bad_field", "message"),
    ({"message": 7}, 400, "bad_field", "message"),
    ({"message": "  "}, 400, "bad_field", "message"),
    ({"message": "x" * 100_001}, 413, "message_too_long", "message"),
    ({"message": "Hi", "temperature": 3}, 400, "bad_field", "temperature"),
    ({"message": "Hi", "model": "nobody"}, 400, "bad_field", "model"),
    ({"message": "Hi", "id": "no id"}, 400, "bad_field", "id"),
    ({"message": "Hi", "on_busy": "wait"}, 400, "bad_field", "on_busy"),
    ({"message": "Hi", "session_id": 7}, 400, "bad_field", "session_id"),
    ({"message": "Hi", "session_id": "s_nobody"}, 404, "not_found", "session"),
    ({"message": "Hi", "session_id": "../etc"}, 404, "not_found", "session"),
])
async def test_what_is_refused(quick, body, status, code, field):
    async with HTTPClient(quick) as client:
        problem = await client.ask("POST", "/chat", status, json=body)
        assert (problem["code"], problem["field"]) == (code, field)
        if "session_id" not in body:
            assert await client.ask("POST", "/chat/stream/new", status, json=body) == problem


async def test_a_days_bound_is_429(openai_server):
    async with HTTPClient(openai_server("tokens-20-rate-0", "--user-tokens-per-day", "1")) as client:
        await client.chat("Hello")
        for path in ("/chat", "/chat/stream/new"):
            response = await client.http.post(path, json={"message": "Hello"})
            check_problem(response)
            assert (response.status_code, response.json()["code"]) == (429, "quota_exceeded")
            assert 0 < int(response.headers["retry-after"]) <= 24 * 3600


# POST /chat/stream


async def test_a_turn_as_events(quick):
    async with HTTPClient(quick) as client:
        async with client.events("/chat/stream/new", "POST", json={"message": "Hello"}) as stream:
            events = await stream.rest()
            headers = stream.response.headers
        frames = [event.frame for event in events]
        assert [frame["type"] for frame in frames][:3] == ["welcome", "message", "turn.started"]
        assert frames[-1]["type"] == "turn.done" and frames[-1]["status"] == "completed"
        assert reply_text(frames) == REPLY
        assert headers["whinchat-session"] == frames[0]["session"]
        assert headers["x-accel-buffering"] == "no" and headers["cache-control"] == "no-store"
        epoch = frames[0]["epoch"]
        assert [event.id for event in events] == [f"{epoch}:{frame['seq']}" for frame in frames]


async def test_events_of_other_turns_are_not_in_a_turns_stream(openai_server):
    async with HTTPClient(openai_server("tokens-30-rate-20")) as client:
        session = await client.made()
        await client.said(session, "First")
        async with client.events(f"/chat/stream/{session}", "POST", json={"message": "Second"}) as stream:
            frames = [event.frame for event in await stream.rest()]
        turn = frames[1]["message"]["turn"]
        assert [frame["type"] for frame in frames[:4]] == ["welcome", "message", "turn.queued", "turn.started"]
        assert all(frame.get("turn", turn) == turn for frame in frames[1:])
        assert reply_text(frames) == tokens(30)


async def test_a_turn_as_lines(quick):
    async with HTTPClient(quick) as client:
        response = await client.http.post(
            "/chat/stream/new", json={"message": "Hello"}, headers={"Accept": "application/x-ndjson"})
        assert response.headers["content-type"] == "application/x-ndjson"
        frames = [json.loads(line) for line in response.text.splitlines() if line]
        for frame in frames:
            schema.check(frame, "server")
        assert frames[0]["type"] == "welcome" and frames[-1]["type"] == "turn.done"
        assert reply_text(frames) == REPLY


async def test_a_turn_as_text_says_how_it_ended_if_not_well(quick, openai_server):
    async with HTTPClient(quick) as client:
        text = {"Accept": "text/plain"}
        response = await client.http.post("/chat/stream/new", json={"message": "Hello"}, headers=text)
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        assert response.text == REPLY and response.headers["whinchat-session"]
    async with HTTPClient(openai_server("truncate-after-5")) as client:
        response = await client.http.post("/chat/stream/new", json={"message": "Hello"}, headers=text)
        assert response.text.startswith(tokens(5) + "\n[truncated] ")


async def test_a_tool_and_the_reply_behind_it(openai_server):
    async with HTTPClient(openai_server("tool-calculate")) as client:
        answer = await client.chat("What is 6×7?")
        assert answer["status"] == "completed"
        text = (await client.http.post(
            f"/chat/stream/{answer['session_id']}", json={"message": "Again?"}, headers={"Accept": "text/plain"})).text
        assert text == answer["reply"]


async def test_nothing_else_is_to_be_had(quick):
    async with HTTPClient(quick) as client:
        response = await client.http.post(
            "/chat/stream/new", json={"message": "Hello"}, headers={"Accept": "image/png"})
        assert response.status_code == 406
        check_problem(response)


async def test_a_client_that_leaves_does_not_stop_the_turn(openai_server):
    async with HTTPClient(openai_server("tokens-40-rate-20")) as client:
        async with client.events("/chat/stream/new", "POST", json={"message": "Hello"}) as stream:
            session = stream.response.headers["whinchat-session"]
            await stream.until("delta")
        async with ChatClient.opened(client.server, session=session) as other:
            turn = await other.done()
            assert (turn.status, turn.text) == ("completed", tokens(40))


async def test_cancel_stops_it(openai_server):
    async with HTTPClient(openai_server("tokens-1000-rate-20")) as client:
        async with client.events("/chat/stream/new", "POST", json={"message": "Hello"}) as stream:
            session = stream.response.headers["whinchat-session"]
            await stream.until("delta")
            done = await client.ask("POST", f"/sessions/{session}/cancel", json={"id": "x1"})
            schema.check(done, "server")
            assert (done["status"], done["ref"]) == ("cancelled", "x1")
            assert (await stream.rest())[-1].frame == done
        # Again, when it is over: its end once more. And where nothing runs: nothing.
        again = await client.ask("POST", f"/sessions/{session}/cancel", json={"turn": done["turn"]})
        assert again["turn"] == done["turn"] and again["replay"] is True
        await client.ask("POST", f"/sessions/{session}/cancel", 204)
        problem = await client.ask("POST", f"/sessions/{session}/cancel", 404, json={"turn": "t_nobody"})
        assert problem["code"] == "not_found"


# curl, as people have it


async def test_curl_chats_and_streams(quick):
    json_type = ("-H", "Content-Type: application/json")
    answer = json.loads(await curl(f"{quick.url}/chat", *json_type, "-d", '{"message":"Hello"}'))
    assert answer["reply"] == REPLY
    stream = await curl("-N", f"{quick.url}/chat/stream/{answer['session_id']}", *json_type, "-d", '{"message":"Hi"}')
    assert "event: turn.done\n" in stream and stream.endswith("\n\n")
    text = await curl(
        "-N", f"{quick.url}/chat/stream/new", *json_type, "-H", "Accept: text/plain", "-d", '{"message":"Hi"}')
    assert text == REPLY
    # Without the header curl says that it sends a form.
    refused = json.loads(await curl(f"{quick.url}/chat", "-d", '{"message":"Hello"}'))
    assert refused["status"] == 415 and "application/json" in refused["detail"]
