"""Who may use the routes of plain HTTP, and what they refuse before any session is asked."""

import pytest

from support.chat_client import new_text
from support.http_client import HTTPClient, check_problem
from test_handshake import new_cookie


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
