"""What is done to a session as a whole: configure, stats, clear, delete; idle, in mid-turn, and after a restart."""

import json

import pytest

from support import sessions
from support.bounds import until
from support.chat_client import ChatClient, new_text
from support.sessions import tokens


async def configure(client, **settings):
    await client.command("configure", id="c", **settings)
    return (await client.until("session.updated", ref="c"))["settings"]


async def stats(client):
    await client.command("stats", id="st")
    return await client.until("stats", ref="st")


# Configure


async def test_configure_counts_from_the_next_turn_on(openai_server, fake_provider):
    async with ChatClient.opened(openai_server("stall-after-3"), create={"temperature": 0.5}) as client:
        running, waiting, next_one = new_text(), new_text(), new_text()
        first = await client.started(await client.send(running))
        ref = await client.send(waiting)
        await client.until("turn.queued", ref=ref)
        settings = await configure(client, temperature=0.75, system="Speak of birds.", title="Birds")
        assert (settings["temperature"], settings["system"], settings["title"]) == (0.75, "Speak of birds.", "Birds")
        assert first.status is None, "a turn that runs goes on"
        await client.cancel(turn=first.id)
        second = await client.started(ref)
        await fake_provider.request(waiting)
        await client.cancel(turn=second.id)
        third = await client.started(await client.send(next_one))
        await fake_provider.request(next_one)
        await client.cancel(turn=third.id)
        await client.done(turn=third.id)
        asked = [fake_provider.requests(text)[0]["body"]["temperature"] for text in (running, waiting, next_one)]
        assert asked == [0.5, 0.5, 0.75]
        assert "Speak of birds." in str(fake_provider.requests(next_one)[-1]["body"]["messages"][0])


async def test_configure_shows_in_all_tabs(quick):
    async with ChatClient.opened(quick) as client, ChatClient.opened(quick, session=client.session) as other:
        settings = await configure(client, title="Birds", tools=[])
        assert (await other.until("session.updated"))["settings"] == settings
        assert settings["title"] == "Birds" and settings["tools"] == []
        # Only what is there is changed.
        again = await configure(other, system="Speak of birds.")
        assert again == settings | {"system": "Speak of birds."}
        async with ChatClient.opened(quick, session=client.session) as late:
            assert late.welcome["settings"] == again


@pytest.mark.parametrize("settings, field", [
    ({"model": "nobody"}, "model"), ({"temperature": 17}, "temperature"), ({"max_tokens": 0}, "max_tokens"),
    ({"tools": ["nobody"]}, "tools"), ({"title": 7}, "title"),
])
async def test_configure_refuses_what_cannot_be(quick, settings, field):
    async with ChatClient.opened(quick) as client:
        await client.raw(json.dumps({"type": "configure", "id": "c", "title": "no"} | settings))
        error = await client.error(ref="c")
        assert error["code"] == "bad_field" and error["field"].startswith(field), error
        async with ChatClient.opened(quick, session=client.session) as late:
            assert late.welcome["settings"] == client.welcome["settings"], "a part of it took effect"


# Stats


async def test_stats_count_all_branches(quick):
    async with ChatClient.opened(quick) as client:
        first = await client.said("one")
        await client.done(ref=await client.regenerate())
        await client.done(ref=await client.edit(first.parent, "better"))
        counts = await stats(client)
        assert (counts["turn_count"], counts["message_count"]) == (3, 5)
        done = [turn.done["usage"] for turn in client.turns]
        assert counts["output_tokens"] == sum(usage["output_tokens"] for usage in done) == 60
        assert counts["input_tokens"] == sum(usage["input_tokens"] for usage in done)
        assert counts["age_ms"] >= 0 and counts["created_at"] <= counts["last_active_at"]


async def test_stats_in_mid_turn(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        turn = await client.started(await client.send("one"))
        assert (await stats(client))["message_count"] in (1, 2)
        await client.cancel(turn=turn.id)
        await client.done(turn=turn.id)
        counts = await stats(client)
        assert (counts["turn_count"], counts["message_count"]) == (1, 2)


# Clear and delete


async def test_clear_empties_the_history(quick):
    async with ChatClient.opened(quick, create={"title": "Birds"}) as client:
        first = await client.said("one", id="once")
        await client.done(ref=await client.edit(first.parent, "better"))
        last = client.transcript.seq
        await client.command("clear", id="c")
        cleared = await client.until("session.cleared", ref="c")
        assert cleared["seq"] > last and cleared["settings"]["title"] == "Birds"
        snapshot = await sessions.latest(quick, client.session)
        assert (snapshot["messages"], snapshot["more"]) == ([], False)
        assert (await stats(client))["message_count"] == 0
        # What it stood for is gone.
        await client.send("one", id="once")
        assert (await client.error(ref="once"))["code"] == "conflict"
        error = await client.error(ref=await client.regenerate(message=first.message))
        assert error["code"] == "not_found"
        turn = await client.said("two")
        snapshot = await sessions.latest(quick, client.session)
        assert [message["id"] for message in snapshot["messages"]] == [turn.parent, turn.message]
        assert snapshot["messages"][0]["parent"] is None


@pytest.mark.parametrize("command", ["clear", "delete"])
async def test_in_mid_turn_every_turn_ends_first(openai_server, fake_provider, command):
    server = openai_server("stall-after-3")
    async with ChatClient.opened(server) as client, ChatClient.opened(server, session=client.session) as other:
        said = new_text()
        first = await client.started(await client.send(said))
        refs = [await client.send("two"), await client.send("three")]
        for ref in refs:
            await client.until("turn.queued", ref=ref)
        await other.command(command, id="c")
        event = {"clear": "session.cleared", "delete": "session.deleted"}[command]
        for each in (client, other):
            await each.until(event)
            ends = [frame["status"] for frame in each.events() if frame["type"] == "turn.done"]
            assert ends == ["cancelled"] * 3, "each has its end, and before"
            assert each.events()[-1]["type"] == event
        request, = fake_provider.requests(said)
        assert (await fake_provider.departure(request))["by_peer"], "the provider is told to stop"
        assert first.status == "cancelled"
        if command == "clear":
            assert (await sessions.latest(server, client.session))["messages"] == []


async def test_delete_removes_the_session_for_everyone(quick):
    async with ChatClient.opened(quick) as client, ChatClient.opened(quick, session=client.session) as other:
        await client.said("one")
        session = client.session
        await client.command("delete", id="d")
        await client.until("session.deleted", ref="d")
        await other.until("session.deleted")
        for each in (client, other):
            await each.command("open", id="gone", session=session)
            assert (await each.error(ref="gone"))["code"] == "not_found"
            await each.send("anybody there?", id="m")
            assert (await each.error(ref="m"))["code"] == "not_open"
        # The connection is good for another.
        await client.open()
        assert client.session != session
        assert (await client.said("Hello")).text == tokens(20)


async def gone(server, session):
    async with ChatClient.connect(server) as client:
        await client.command("open", id="o", session=session)
        return (await client.error(ref="o"))["code"] == "not_found"


async def test_all_of_it_survives_a_restart(openai_server, bring_back):
    server = openai_server("tokens-20-rate-0")
    async with ChatClient.opened(server) as kept, ChatClient.opened(server) as cleared, \
            ChatClient.opened(server) as deleted:
        for client in (kept, cleared, deleted):
            await client.said("one", id="once")
        settings = await configure(kept, title="Birds", system="Speak of birds.", tools=[], temperature=0.5)
        counts = await stats(kept)
        await cleared.command("clear", id="c")
        await cleared.until("session.cleared")
        await deleted.command("delete", id="d")
        await deleted.until("session.deleted")
    await bring_back(server)
    async with ChatClient.opened(server, session=kept.session) as client:
        assert client.welcome["settings"] == settings
        now = await stats(client)
        volatile = ("age_ms", "ref")
        assert {k: v for k, v in now.items() if k not in volatile} == {k: v for k, v in counts.items() if k not in volatile}
        assert now["age_ms"] >= counts["age_ms"]
    async with ChatClient.opened(server, session=cleared.session) as client:
        assert client.snapshot["messages"] == []
        await client.send("one", id="once")
        assert (await client.error(ref="once"))["code"] == "conflict"
        assert (await client.said("two")).text == tokens(20)
    assert await gone(server, deleted.session)


async def test_deleted_text_leaves_the_folder(openai_server):
    """Within a minute of the delete no file of the server's has the text."""
    server = openai_server("tokens-20-rate-0")
    secret = "a text that nobody shall find: quetzalcoatlus"
    async with ChatClient.opened(server, create={"title": secret, "system": secret}) as client, \
            ChatClient.opened(server) as other:
        await client.said(secret)
        await other.said("I stay")

        def found():
            return [path for path in server.data.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]

        assert found(), "the test looks in the wrong place"
        await client.command("delete", id="d")
        await client.until("session.deleted")
        await until(lambda: not found(), "the text's end", bound=90)
        assert (await other.said("still")).text == tokens(20)
