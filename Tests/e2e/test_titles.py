"""A session gets a title after its first exchange; a person's own is never replaced."""

import pytest

from support import sessions
from support.chat_client import ChatClient
from support.http_client import HTTPClient

MODEL = "tokens-3-rate-0"
QUESTION = "How do I **cook** rice? And what goes with it?"
TITLE = "How do I cook rice?"


async def retitled(client):
    """The title that the server tells."""
    frame = await client.until("session.updated")
    assert "ref" not in frame
    return frame["settings"]["title"]


async def title(server, session):
    async with ChatClient.opened(server, session=session) as client:
        return client.welcome["settings"]["title"]


async def test_everybody_is_told_and_it_stays(openai_server, bring_back):
    server = openai_server(MODEL)
    async with ChatClient.opened(server) as client, ChatClient.opened(server, session=client.session) as other:
        await client.said(QUESTION)
        assert await retitled(client) == await retitled(other) == TITLE
        await client.said("And noodles?")
        await client.ping()
        assert len([frame for frame in client.frames if frame["type"] == "session.updated"]) == 1
    await bring_back(server)
    assert await title(server, client.session) == TITLE
    # What the server made goes with what it was made of.
    async with ChatClient.opened(server, session=client.session) as client:
        await client.command("clear")
        assert (await client.until("session.cleared"))["settings"]["title"] == ""
        await client.said("What is a violin?")
        assert await retitled(client) == "What is a violin?"


async def test_a_list_has_it(openai_server):
    server = openai_server(MODEL)
    async with HTTPClient(server) as http:
        session = (await http.chat(QUESTION))["session_id"]
        listed, = [one for one in (await http.ask("GET", "/sessions"))["sessions"] if one["id"] == session]
        assert listed["title"] == TITLE


@pytest.mark.parametrize("when", ["at first", "later"])
async def test_a_persons_own_is_kept(openai_server, when):
    server = openai_server(MODEL)
    async with ChatClient.opened(server, create={"title": "Mine"} if when == "at first" else {}) as client:
        await client.said(QUESTION)
        if when == "later":
            assert await retitled(client) == TITLE
            await client.command("configure", id="c", title="Mine")
            await client.until("session.updated", ref="c")
        await client.said("And noodles?")
        await client.command("clear")
        await client.until("session.cleared")
        await client.said("What is a violin?")
        await client.ping()
        assert client.transcript.settings["title"] == "Mine"


async def test_a_model_makes_it(openai_server, fake_provider):
    server = openai_server(MODEL, "--summary-model", "tokens-4-rate-0")
    async with ChatClient.opened(server) as client:
        await client.said(QUESTION)
        assert await retitled(client) == sessions.tokens(4).strip()
        asked = [each["body"] for each in fake_provider.requests(QUESTION) if each["body"]["model"] == "tokens-4-rate-0"]
        assert len(asked) == 1 and sessions.tokens(3).strip() in asked[0]["messages"][-1]["content"]


async def test_where_the_model_fails_the_first_words_do(openai_server):
    server = openai_server(MODEL, "--summary-model", "status-400")
    async with ChatClient.opened(server) as client:
        await client.said(QUESTION)
        assert await retitled(client) == TITLE
