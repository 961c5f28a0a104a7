"""A session of 50,000 messages: opened, paged through, and continued."""

from support import sessions
from support.chat_client import ChatClient
from support.long_history import lengthen

MESSAGES = 50_000


async def test_fifty_thousand_messages(openai_server):
    server = openai_server("tokens-3-rate-0")
    async with ChatClient.opened(server) as client:
        first = await client.said("Hello")
    server.stop()
    lengthen(server.data, client.session, MESSAGES + 2)
    server.start()
    async with ChatClient.opened(server, session=client.session, history=200) as client:
        messages = client.snapshot["messages"]
        assert len(messages) == 200 and client.snapshot["more"]
        assert messages[-1]["id"] == f"a_long{MESSAGES + 2}"
        # Further back, without a gap.
        await client.command("history", id="h", before=messages[0]["id"], limit=200)
        page = await client.until("history", ref="h")
        assert len(page["messages"]) == 200 and page["more"]
        assert page["messages"][-1]["id"] == messages[0]["parent"]
        await client.command("history", id="first", before="u_long5", limit=300)
        page = await client.until("history", ref="first")
        assert [message["id"] for message in page["messages"]] == [first.parent, first.message, "u_long3", "a_long4"]
        assert not page["more"]
        # It goes on, with all that is left out counted.
        turn = await client.said("And now?")
        assert turn.status == "completed"
        context = turn.context
        assert context["sent_messages"] + context["dropped_messages"] == MESSAGES + 3
        assert 0 < context["sent_messages"] < 2_000 and context["estimated_tokens"] <= context["budget_tokens"]
        await client.command("stats", id="s")
        assert (await client.until("stats", ref="s"))["message_count"] == MESSAGES + 4
    snapshot = await sessions.latest(server, client.session, history=2)
    assert [message["id"] for message in snapshot["messages"]] == [turn.parent, turn.message]
    assert snapshot["context"]["parent"] == turn.parent


async def test_a_large_budget_sends_what_was_not_looked_at_first(openai_server):
    server = openai_server("tokens-3-rate-0")
    settings = {"context": {"policy": "sliding_window", "budget_tokens": 10_000_000}}
    async with ChatClient.opened(server, create=settings) as client:
        await client.said("Hello")
    server.stop()
    lengthen(server.data, client.session, 6_002)
    server.start()
    async with ChatClient.opened(server, session=client.session) as client:
        turn = await client.said("And now?")
        assert (turn.context["sent_messages"], turn.context["dropped_messages"]) == (6_003, 0)
