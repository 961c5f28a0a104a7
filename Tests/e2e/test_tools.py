"""The tools that come with the server, called by the demo model; with a person's yes and no."""

import email
import email.policy

import pytest

from support.chat_client import ChatClient

ALL = {"WHINCHAT_TOOLS": "all"}


@pytest.fixture
def server(start_server):
    return start_server("--provider", "demo", environment=ALL)


def outbox(server):
    folder = server.data / "outbox"
    return sorted(folder.glob("*.eml")) if folder.exists() else []


async def test_the_sample_database_answers(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("select count(*) as customers from customers")
        (result,) = turn.results.values()
        assert not result["is_error"], result
        assert "customers" in result["output"]
        assert turn.status == "completed"


async def test_the_sample_database_is_read_only(server):
    async with ChatClient.opened(server) as client:
        turn = await client.said("select * from sqlite_master; drop table customers")
        (result,) = turn.results.values()
        assert result["is_error"]
        again = await client.said("select count(*) from customers")
        (result,) = again.results.values()
        assert not result["is_error"]


async def test_an_email_waits_for_a_yes(server):
    async with ChatClient.opened(server) as client:
        ref = await client.send("send an email to ada@example.org: The engine works.")
        approval = await client.until("tool.approval")
        assert approval["name"] == "send_email"
        assert outbox(server) == []
        await client.command("tool.approve", call=approval["call"], decision="allow")
        turn = await client.done(ref=ref)
        assert turn.status == "completed"
        (file,) = outbox(server)
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert message["to"] == "ada@example.org"
        assert "The engine works." in message.get_content()
        assert file.stat().st_mode & 0o077 == 0


async def test_a_no_sends_nothing_and_the_reply_goes_on(server):
    async with ChatClient.opened(server) as client:
        ref = await client.send("send an email to ada@example.org: The engine works.")
        approval = await client.until("tool.approval")
        await client.command("tool.approve", call=approval["call"], decision="deny", reason="not now")
        turn = await client.done(ref=ref)
        (result,) = turn.results.values()
        assert result["is_error"] and "not now" in result["output"]
        assert (turn.status, outbox(server)) == ("completed", [])


async def test_two_tabs_approve_and_the_first_counts(server):
    async with ChatClient.opened(server) as client:
        async with ChatClient.opened(server, session=client.session) as other:
            ref = await client.send("send an email to ada@example.org: The engine works.")
            approval = await client.until("tool.approval")
            await other.until("tool.approval")
            await client.command("tool.approve", call=approval["call"], decision="deny")
            await client.until("tool.approved")
            await other.command("tool.approve", id="late", call=approval["call"], decision="allow")
            assert (await other.error(ref="late"))["code"] == "conflict"
            assert (await client.done(ref=ref)).status == "completed"
            assert outbox(server) == []


async def test_an_approval_outlives_the_server(server):
    async with ChatClient.opened(server) as client:
        ref = await client.send("send an email to ada@example.org: The engine works.")
        approval = await client.until("tool.approval")
        session = client.session
    server.kill()
    server.start()
    async with ChatClient.opened(server, session=session) as client:
        (waiting,) = client.snapshot["live"]["approvals"]
        assert waiting["call"] == approval["call"]
        await client.command("tool.approve", call=approval["call"], decision="allow")
        done = await client.until("turn.done", ref=ref)
        assert done["status"] == "completed"
        assert len(outbox(server)) == 1


@pytest.mark.parametrize(
    ("said", "name", "input"),
    [("Where am I?", "get_location", {}), ("use the dark theme", "set_theme", {"theme": "dark"})],
)
async def test_the_demo_calls_what_a_page_brings(server, said, name, input):
    tool = {"name": name, "description": "The page's.", "input_schema": {"type": "object"}}
    async with ChatClient.opened(server, client_tools=[tool]) as client:
        ref = await client.send(said)
        started = await client.until("tool.started")
        assert (started["name"], started["input"], started["runs"]) == (name, input, "client")
        await client.command("tool.result", call=started["call"], output="as you wish")
        turn = await client.done(ref=ref)
        assert turn.status == "completed" and "as you wish" in turn.text


@pytest.mark.parametrize(("tools", "names"), [("none", []), ("calculate", ["calculate"])])
async def test_the_flag_picks(start_server, tools, names):
    server = start_server("--provider", "demo", "--tools", tools)
    async with ChatClient.opened(server) as client:
        assert [tool["name"] for tool in client.welcome["tools"]] == names
