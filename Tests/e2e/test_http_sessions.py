"""One's own sessions over plain HTTP: list, search, change, export, remove."""

import pytest

from support import schema
from support.http_client import HTTPClient
from support.sessions import tokens
from test_handshake import new_cookie


async def test_the_list_in_pages(quick):
    async with HTTPClient(quick, new_cookie(quick)) as client:
        made = [(await client.chat(f"Number {number}"))["session_id"] for number in range(5)]
        found, before = [], {}
        while True:
            page = await client.ask("GET", "/sessions", params={"limit": 2} | before)
            found += page["sessions"]
            if "next" not in page:
                break
            before = {"before": page["next"]}
        assert [one["id"] for one in found] == made[::-1]
        assert found[0]["first_words"] == "Number 4" and found[0]["message_count"] == 2
        problem = await client.ask("GET", "/sessions?before=nonsense", 400)
        assert (problem["code"], problem["field"]) == ("bad_field", "before")
        await client.ask("GET", "/sessions?limit=0", 400)
        await client.ask("GET", "/sessions?limit=201", 400)


async def test_a_list_without_the_empty_ones(quick):
    async with HTTPClient(quick, new_cookie(quick)) as client:
        empty = (await client.ask("POST", "/sessions", 201, json={}))["session"]
        named = (await client.ask("POST", "/sessions", 201, json={"title": "Birds"}))["session"]
        said = (await client.chat("Hello"))["session_id"]

        async def listed(**parameters):
            return [one["id"] for one in (await client.ask("GET", "/sessions", params=parameters))["sessions"]]

        assert await listed() == await listed(empty="true") == [said, named, empty]
        assert await listed(empty="false") == [said, named]
        problem = await client.ask("GET", "/sessions?empty=maybe", 400)
        assert (problem["code"], problem["field"]) == ("bad_field", "empty")


async def test_search(quick):
    async with HTTPClient(quick, new_cookie(quick)) as client:
        birds = (await client.chat("Tell me of Wheatears & whinchats", title="Birds of the moor"))["session_id"]
        bread = (await client.chat("How is bread baked?"))["session_id"]
        await client.chat("And rolls, in a hurry?", session_id=bread)

        async def found(query):
            page = await client.ask("GET", "/sessions", params={"query": query})
            return [one["id"] for one in page["sessions"]]

        assert await found("moor birds") == [birds]
        assert await found("WHINCHATS") == [birds]
        assert await found("bread") == [bread]
        # What was said later, and what is being typed.
        assert await found("hurry rol") == [bread]
        assert await found('"baked? OR * NEAR(') == []
        assert await found("nothing of the kind") == []


async def test_a_session_is_changed_emptied_and_removed(quick):
    async with HTTPClient(quick) as client:
        session = (await client.chat("Hello"))["session_id"]
        path = f"/sessions/{session}"
        updated = await client.ask("PATCH", path, json={"title": "Birds", "context": {"turns": 3}})
        schema.check(updated, "server")
        assert (updated["type"], updated["settings"]["title"]) == ("session.updated", "Birds")
        problem = await client.ask("PATCH", path, 400, json={"temperature": 7})
        assert (problem["code"], problem["field"]) == ("bad_field", "temperature")
        stats = await client.ask("GET", f"{path}/stats")
        schema.check(stats, "server")
        assert (stats["turn_count"], stats["message_count"]) == (1, 2)
        cleared = await client.ask("POST", f"{path}/clear")
        schema.check(cleared, "server")
        assert (await client.ask("GET", f"{path}/stats"))["message_count"] == 0
        await client.ask("DELETE", path, 204)
        await client.ask("DELETE", path, 404)
        await client.ask("GET", f"{path}/stats", 404)


async def test_history(quick):
    async with HTTPClient(quick) as client:
        session = (await client.chat("One"))["session_id"]
        for text in ("Two", "Three"):
            await client.chat(text, session_id=session)
        newest = await client.ask("GET", f"/sessions/{session}/history?limit=2")
        schema.check(newest, "server")
        assert newest["more"] is True
        assert [message["role"] for message in newest["messages"]] == ["user", "assistant"]
        older = await client.ask("GET", f"/sessions/{session}/history?before={newest['messages'][0]['id']}")
        schema.check(older, "server")
        assert (len(older["messages"]), older["more"]) == (4, False)
        await client.ask("GET", f"/sessions/{session}/history?before=u_nobody", 404)
        await client.ask("GET", f"/sessions/{session}/history?limit=501", 400)


async def test_export(quick):
    async with HTTPClient(quick) as client:
        session = (await client.chat("Hello", title="Birds"))["session_id"]
        whole = await client.ask("GET", f"/sessions/{session}/export")
        assert whole["id"] == session and len(whole["messages"]) == 2
        response = await client.http.get(f"/sessions/{session}/export?format=markdown")
        assert response.headers["content-type"] == "text/markdown; charset=utf-8"
        assert response.headers["content-disposition"] == f'attachment; filename="{session}.md"'
        assert response.text.startswith("# Birds\n") and tokens(20).strip() in response.text
        problem = await client.ask("GET", f"/sessions/{session}/export?format=pdf", 400)
        assert problem["field"] == "format"


async def test_sessions_outlive_a_restart(start_server, bring_back):
    server = start_server("--provider", "demo")
    async with HTTPClient(server) as client:
        session = (await client.chat("My name is Ada"))["session_id"]
    await bring_back(server)
    async with HTTPClient(server) as client:
        assert [one["id"] for one in (await client.ask("GET", "/sessions"))["sessions"]] == [session]
        assert "Ada" in (await client.chat("What is my name?", session_id=session))["reply"]


@pytest.mark.parametrize("body, field", [({"temperature": 3}, "temperature"), ({"id": "no id"}, "id")])
async def test_a_session_is_made_only_with_settings_that_can_be(quick, body, field):
    async with HTTPClient(quick) as client:
        problem = await client.ask("POST", "/sessions", 400, json=body)
        assert (problem["code"], problem["field"]) == ("bad_field", field)
