"""Messages form a tree: edit and regenerate branch, select goes back, history follows parents."""

import pytest

from support import sessions, view
from support.chat_client import ChatClient, new_text
from support.sessions import tokens

REPLY = tokens(20)


def ids(snapshot):
    return [message["id"] for message in snapshot["messages"]]


async def shown(client):
    """The path that a fresh client gets, after checking that this one shows the same."""
    await client.ping()
    snapshot = await sessions.latest(client.server, client.session)
    view.check(client.transcript, snapshot)
    return snapshot


# Edit


async def test_edit_makes_a_sibling_and_a_reply_to_it(quick):
    async with ChatClient.opened(quick) as client:
        first = await client.said("one")
        second = await client.said("two")
        ref = await client.edit(second.parent, "two, but better")
        message = (await client.until("message", ref=ref))["message"]
        assert message["parent"] == first.message and message["siblings"] == [second.parent, message["id"]]
        head = await client.until("head", ref=ref)
        assert head["siblings"][second.parent] == head["siblings"][message["id"]] == message["siblings"]
        better = await client.done(ref=ref)
        assert (better.parent, better.message, better.text) == (message["id"], head["message"], REPLY)
        snapshot = await shown(client)
        assert ids(snapshot) == [first.parent, first.message, better.parent, better.message]
        assert snapshot["messages"][2]["siblings"] == [second.parent, better.parent]


async def test_edit_of_the_first_message_has_no_parent(quick):
    async with ChatClient.opened(quick) as client:
        first = await client.said("one")
        await client.said("two")
        better = await client.done(ref=await client.edit(first.parent, "one, but better"))
        snapshot = await shown(client)
        assert ids(snapshot) == [better.parent, better.message]
        assert snapshot["messages"][0]["parent"] is None
        assert snapshot["messages"][0]["siblings"] == [first.parent, better.parent]


async def test_the_model_gets_the_path_to_the_head(openai_server, fake_provider):
    async with ChatClient.opened(openai_server("tokens-3-rate-0")) as client:
        kept, old, new, last = (new_text(name) for name in ("kept", "old", "new", "last"))
        await client.said(kept)
        turn = await client.said(old)
        await client.done(ref=await client.edit(turn.parent, new))
        await client.said(last)
        request, = fake_provider.requests(last)
        said = [message["content"] for message in request["body"]["messages"] if message["role"] == "user"]
        assert said == [kept, new, last]
        # And back.
        await client.select(turn.message)
        again = new_text("again")
        await client.said(again)
        request, = fake_provider.requests(again)
        said = [message["content"] for message in request["body"]["messages"] if message["role"] == "user"]
        assert said == [kept, old, again]


@pytest.mark.parametrize("which", ["nobody", "reply"])
async def test_edit_needs_a_user_message(quick, which):
    async with ChatClient.opened(quick) as client:
        turn = await client.said("one")
        error = await client.error(ref=await client.edit(turn.message if which == "reply" else "u_nobody", "better"))
        assert (error["code"], error["field"]) == ("not_found", "message")


async def test_the_same_edit_twice_has_one_effect(quick):
    async with ChatClient.opened(quick) as client:
        turn = await client.said("one")
        ref = await client.edit(turn.parent, "better")
        original = await client.until("message", ref=ref)
        await client.done(ref=ref)
        await client.edit(turn.parent, "better", id=ref)
        assert await client.until("message", ref=ref) == original | {"replay": True}
        await client.edit(turn.parent, "best", id=ref)
        assert (await client.error(ref=ref))["code"] == "conflict"
        assert len((await shown(client))["messages"][0]["siblings"]) == 2


# In mid-turn


async def test_edit_interrupts(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        ref = await client.edit(first.parent, "better")
        second = await client.started(ref)
        assert first.status == "cancelled", "its end comes before the next one's start"
        await client.cancel(turn=second.id)
        await client.done(turn=second.id)
        assert ids(await shown(client)) == [second.parent, second.message]


async def test_edit_waits_where_it_is_told_to(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        ref = await client.edit(first.parent, "better", on_busy="queue")
        queued = await client.until("turn.queued", ref=ref)
        # The running one goes on, on its own branch.
        assert first.status is None
        async with ChatClient.opened(client.server, session=client.session) as late:
            assert late.welcome["turn"] == first.id
            assert [turn["turn"] for turn in late.snapshot["queued"]] == [queued["turn"]]
            await client.cancel(turn=first.id)
            second = await client.started(ref)
            assert second.id == queued["turn"]
            await client.cancel(turn=second.id)
            await client.done(turn=second.id)
            await late.done(turn=second.id)
            view.check(late.transcript, await shown(client))


async def test_edit_is_refused_where_it_would_not_wait(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        error = await client.error(ref=await client.edit(first.parent, "better", on_busy="reject"))
        assert error["code"] == "busy" and first.status is None
        await client.cancel(turn=first.id)
        await client.done(turn=first.id)
        assert (await shown(client))["messages"][0]["siblings"] == [first.parent]


async def test_select_is_refused_while_a_turn_runs_or_waits(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        await client.command("select", id="s1", message=first.parent)
        assert (await client.error(ref="s1"))["code"] == "busy"
        await client.cancel(turn=first.id)
        await client.done(turn=first.id)
        assert (await client.select(first.parent, id="s2"))["message"] == first.message


async def test_regenerate_of_another_branch_in_mid_turn(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        second = await client.started(await client.edit(first.parent, "better"))
        # A reply that is off the path, while the path's own runs.
        third = await client.started(await client.regenerate(message=first.message))
        assert (second.status, third.parent) == ("cancelled", first.parent)
        await client.cancel(turn=third.id)
        await client.done(turn=third.id)
        snapshot = await shown(client)
        assert ids(snapshot) == [first.parent, third.message]
        assert snapshot["messages"][1]["siblings"] == [first.message, third.message]


# Select


async def test_select_goes_back_and_forth(quick):
    async with ChatClient.opened(quick) as client, ChatClient.opened(quick, session=client.session) as other:
        first = await client.said("one")
        second = await client.said("two")
        better = await client.done(ref=await client.edit(first.parent, "one, but better"))
        # The newest leaf below the message that is named.
        head = await client.select(first.parent)
        assert head["message"] == second.message
        assert ids(await shown(client)) == [first.parent, first.message, second.parent, second.message]
        await other.until("head", ref=head["ref"])
        assert (await client.select(better.message))["message"] == better.message
        assert ids(await shown(client)) == [better.parent, better.message]
        third = await client.said("three")
        assert ids(await shown(client)) == [better.parent, better.message, third.parent, third.message]
        await other.done(turn=third.id)
        view.check(other.transcript, await shown(client))


async def test_select_of_nobody(quick):
    async with ChatClient.opened(quick) as client:
        await client.said("one")
        await client.command("select", id="s", message="u_nobody")
        error = await client.error(ref="s")
        assert (error["code"], error["field"]) == ("not_found", "message")


# History


async def history(client, before, **fields):
    await client.command("history", id="h", before=before, **fields)
    return await client.until("history", ref="h")


async def test_history_is_paged(quick):
    async with ChatClient.opened(quick) as client:
        for number in range(5):
            await client.said(f"number {number}")
        everything = (await shown(client))["messages"]
        await client.open(session=client.session, history=3)
        pages, more = client.snapshot["messages"], client.snapshot["more"]
        while more:
            page = await history(client, pages[0]["id"], limit=3)
            assert 0 < len(page["messages"]) <= 3
            pages, more = page["messages"] + pages, page["more"]
        assert pages == everything
        page = await history(client, everything[0]["id"])
        assert (page["messages"], page["more"]) == ([], False)


async def test_history_follows_the_messages_own_branch(quick):
    async with ChatClient.opened(quick) as client:
        first = await client.said("one")
        second = await client.said("two")
        await client.done(ref=await client.edit(first.parent, "one, but better"))
        page = await history(client, second.message)
        assert ids(page) == [first.parent, first.message, second.parent] and page["more"] is False
        page = await history(client, second.parent, limit=1)
        assert ids(page) == [first.message] and page["more"] is True


async def test_history_in_mid_turn(openai_server):
    async with ChatClient.opened(openai_server("stall-after-3")) as client:
        first = await client.started(await client.send("one"))
        await client.cancel(turn=first.id)
        await client.done(turn=first.id)
        second = await client.started(await client.send("two"))
        assert ids(await history(client, second.parent)) == [first.parent, first.message]
        assert ids(await history(client, second.message)) == [first.parent, first.message, second.parent]
        await client.cancel(turn=second.id)


async def test_history_of_nobody(quick):
    async with ChatClient.opened(quick) as client:
        await client.command("history", id="h", before="u_nobody")
        assert (await client.error(ref="h"))["code"] == "not_found"


# Afterwards


async def test_the_tree_survives_a_restart(openai_server, bring_back):
    server = openai_server("tokens-20-rate-0")
    async with ChatClient.opened(server) as client:
        first = await client.said("one")
        second = await client.said("two")
        await client.done(ref=await client.edit(first.parent, "one, but better"))
        again = await client.done(ref=await client.regenerate())
        before = await shown(client)
    await bring_back(server)
    assert await sessions.latest(server, client.session) == before
    async with ChatClient.opened(server, session=client.session) as other:
        assert before["messages"][-1]["id"] == again.message
        assert len(before["messages"][-1]["siblings"]) == 2
        await other.select(first.parent)
        path = [first.parent, first.message, second.parent, second.message]
        assert ids(await sessions.latest(server, client.session)) == path
        page = await history(other, again.message)
        assert ids(page) == ids(before)[:-1]
        await bring_back(server)
        await other.closed()
    # The selection too.
    assert ids(await sessions.latest(server, client.session)) == path
