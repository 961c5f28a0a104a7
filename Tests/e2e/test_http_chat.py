"""Chatting over plain HTTP: one whole reply, or the turn as it comes."""

import asyncio
import json

import pytest

from support import schema
from support.bounds import BOUND
from support.chat_client import ChatClient, new_id, new_text
from support.http_client import HTTPClient, check_problem, reply_text
from support.sessions import tokens
from test_handshake import new_cookie

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


# The door


async def test_identities_do_not_see_each_others_sessions(quick):
    async with HTTPClient(quick, new_cookie(quick)) as ada, HTTPClient(quick, new_cookie(quick)) as bob:
        session = (await ada.chat(new_text("secret")))["session_id"]
        assert [one["id"] for one in (await ada.ask("GET", "/sessions"))["sessions"]] == [session]
        assert (await bob.ask("GET", "/sessions"))["sessions"] == []
        for method, path in [
            ("GET", "history"), ("GET", "stats"), ("GET", "export"), ("GET", "events"), ("GET", "events?wait=0"),
            ("POST", "clear"), ("POST", "cancel"),
        ]:
            problem = await bob.ask(method, f"/sessions/{session}/{path}", 404)
            nobodys = await bob.ask(method, f"/sessions/s_nobody/{path}", 404)
            assert problem == nobodys | {"detail": nobodys["detail"].replace("s_nobody", session)}
        await bob.ask("DELETE", f"/sessions/{session}", 404)
        await bob.ask("PATCH", f"/sessions/{session}", 404, json={"title": "Mine"})
        await bob.chat("Hello", 404, session_id=session)
        await bob.ask("POST", f"/chat/stream/{session}", 404, json={"message": "Hello"})
        await bob.ask("POST", f"/sessions/{session}/frames", 404, json={"type": "stats"})
        assert (await ada.ask("GET", f"/sessions/{session}/stats"))["turn_count"] == 1


async def test_nobody_is_unauthorised(quick):
    async with HTTPClient(quick) as client:
        for headers in [
            {"Origin": quick.url}, {"Cookie": "whinchat_0=forged"}, {"Authorization": "Bearer nobody"},
            {"X-Forwarded-For": "192.0.2.1"},
        ]:
            response = await client.http.get("/sessions", headers=headers)
            assert response.status_code == 401 and response.json()["code"] == "unauthorised"
            assert response.headers["www-authenticate"]
            check_problem(response)


async def test_a_foreign_page_is_refused(quick):
    async with HTTPClient(quick, new_cookie(quick)) as client:
        response = await client.http.post("/chat", json={"message": "Hi"}, headers={"Origin": "https://evil.example"})
        assert response.status_code == 403
        assert not [name for name in response.headers if name.startswith("access-control")]
        assert (await client.ask("GET", "/sessions"))["sessions"] == []


async def test_an_allowed_origin_may_read_the_answers(start_server):
    server = start_server("--provider", "demo", "--allow-origin", "https://chat.example")
    page = {"Origin": "https://chat.example"}
    async with HTTPClient(server, new_cookie(server)) as client:
        preflight = await client.http.options("/chat", headers=page | {
            "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
        assert preflight.status_code == 204
        assert preflight.headers["access-control-allow-origin"] == "https://chat.example"
        assert preflight.headers["access-control-allow-credentials"] == "true"
        assert "POST" in preflight.headers["access-control-allow-methods"]
        assert "content-type" in preflight.headers["access-control-allow-headers"].lower()
        answer = await client.http.get("/sessions", headers=page)
        assert answer.status_code == 200 and answer.headers["vary"] == "Origin"
        assert answer.headers["access-control-allow-origin"] == "https://chat.example"
        # Errors are to be read too.
        problem = await client.http.get("/sessions/s_nobody/stats", headers=page)
        assert problem.status_code == 404 and problem.headers["access-control-allow-origin"]
        own = await client.http.get("/sessions")
        assert own.status_code == 200 and own.headers["vary"] == "Origin"
        assert "access-control-allow-origin" not in own.headers
        other = await client.http.options("/chat", headers={
            "Origin": "https://evil.example", "Access-Control-Request-Method": "POST"})
        assert other.status_code == 403 and "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("path, allowed", [
    ("/chat", "POST, OPTIONS"), ("/sessions", "GET, HEAD, POST, OPTIONS"), ("/sessions/s_1", "PATCH, DELETE, OPTIONS"),
    ("/sessions/s_1/events", "GET, HEAD, OPTIONS"), ("/healthz", "GET, HEAD, OPTIONS"),
])
async def test_another_method_is_405(quick, path, allowed):
    async with HTTPClient(quick) as client:
        response = await client.http.put(path, json={})
        assert (response.status_code, response.headers["allow"]) == (405, allowed)
        check_problem(response)
        options = await client.http.options(path)
        assert (options.status_code, options.headers["allow"]) == (204, allowed)


async def test_head_is_get_without_its_body(quick):
    async with HTTPClient(quick) as client:
        session = await client.made()
        for path in ["/healthz", "/readyz", "/sessions", f"/sessions/{session}/stats", f"/sessions/{session}/events"]:
            response = await client.http.head(path)
            assert response.status_code == 200 and response.content == b"", path
        assert (await client.http.head("/sessions/s_nobody/events")).status_code == 404


async def test_a_body_has_a_bound(quick):
    async with HTTPClient(quick) as client:
        large = b'{"message":"' + b" " * 1_048_577 + b'"}'
        headers = {"Content-Type": "application/json"}

        async def chunks():
            for start in range(0, len(large), 65536):
                yield large[start:start + 65536]

        for content in (large, chunks()):
            response = await client.http.post("/chat", content=content, headers=headers)
            assert response.status_code == 413 and response.json()["code"] == "too_large"
        for content, code in [(b"{", "bad_json"), (b"[]", "bad_json"), (b"\xff", "bad_json")]:
            response = await client.http.post("/chat", content=content, headers=headers)
            assert response.status_code == 400 and response.json()["code"] == code
        response = await client.http.post("/chat", content=b"{}", headers={"Content-Type": "text/plain"})
        assert response.status_code == 415
        check_problem(response)
        # The connection goes on.
        assert (await client.chat("Hello"))["status"] == "completed"


async def test_readiness(quick):
    async with HTTPClient(quick) as client:
        assert await client.ask("GET", "/readyz") == {"status": "ready"}
