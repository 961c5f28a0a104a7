"""Only so many turns run at once, in an order that is fair; and a day has its bounds."""

import contextlib
import http.cookies
import urllib.request

from support import sessions
from support.bounds import until
from support.chat_client import ChatClient, new_text
from support.sessions import tokens

# What the scenario `tokens-20-rate-0` costs: its 20 tokens, and the prompt's.
PRICES = ("--price", "tokens-20-rate-0=1000/1000")


PLACE = {"name": "get_place", "description": "Where the user is.", "input_schema": {"type": "object", "properties": {}}}


def browser(server):
    """How another browser connects: with the cookie that its page came with."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(server.url + "/") as response:
        cookie = http.cookies.SimpleCookie(response.headers["Set-Cookie"])
    (name, morsel), = cookie.items()
    return {"origin": server.url, "headers": {"Cookie": f"{name}={morsel.value}"}}


@contextlib.asynccontextmanager
async def clients(server, count, connecting=None, **fields):
    """Connections of one user, each with a session of its own."""
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(ChatClient.opened(server, connecting=connecting, **fields))
            for _ in range(count)
        ]


async def stop(*clients):
    """Cancels what these connections know to run or wait: the last ones first, so that nothing begins in between."""
    for client in reversed(clients):
        for turn in [turn for turn in client.turns if not turn.done]:
            await client.cancel(turn=turn.id)
            await client.done(turn=turn.id)


async def test_so_many_run_at_once_and_the_rest_are_told_where_they_stand(openai_server, fake_provider):
    server = openai_server("stall-after-3", "--max-turns", "2")
    async with clients(server, 4) as everyone:
        text = new_text()
        refs = []
        for client in everyone[:2]:
            refs.append(await client.send(text))
            await client.started(refs[-1])
        for position, client in enumerate(everyone[2:], 1):
            refs.append(await client.send(text))
            queued = await client.until("turn.queued", ref=refs[-1])
            told = await client.until("queue")
            assert (told["turn"], told["position"]) == (queued["turn"], position)
        await until(lambda: len(fake_provider.requests(text)) >= 2, "two calls to the provider")
        assert len(fake_provider.requests(text)) == 2
        # Whoever comes to it now is shown that it waits.
        async with ChatClient.opened(server, session=everyone[3].session) as other:
            assert other.welcome["state"] == "idle"
            assert [turn["turn"] for turn in other.snapshot["queued"]] == [told["turn"]]
            assert (await other.until("queue"))["position"] == 2
        await everyone[0].cancel(send=refs[0])
        await everyone[2].started(refs[2])
        assert (await everyone[3].until("queue"))["position"] == 1
        await everyone[3].cancel(send=refs[3])
        assert (await everyone[3].done(ref=refs[3])).status == "cancelled"
        assert len(fake_provider.requests(text)) == 3
        for client in everyone:
            await sessions.stopped(server, client.session)


async def test_many_questions_of_one_user_do_not_stand_before_one_of_another(openai_server):
    server = openai_server("stall-after-3", "--max-turns", "1")
    async with clients(server, 4, browser(server)) as many, clients(server, 1, browser(server)) as (one,):
        refs = [await client.send("go") for client in many[:1]]
        await many[0].started(refs[0])
        for client in many[1:]:
            refs.append(await client.send("go"))
            await client.until("queue")
        ref = await one.send("go")
        assert (await one.until("queue"))["position"] == 2
        await many[0].cancel(send=refs[0])
        await many[1].started(refs[1])
        await many[1].cancel(send=refs[1])
        await one.started(ref)
        await stop(one, *many)


async def test_a_user_has_no_more_than_their_share(openai_server):
    server = openai_server("stall-after-3", "--max-turns-per-user", "1")
    async with clients(server, 2, browser(server)) as (first, second), clients(server, 1, browser(server)) as (other,):
        ref = await first.send("go")
        await first.started(ref)
        waiting = await second.send("go")
        await second.until("queue")
        await other.started(await other.send("go"))
        await first.cancel(send=ref)
        await second.started(waiting)
        await stop(second, other)


async def test_where_too_many_wait_one_more_is_refused(openai_server):
    server = openai_server("stall-after-3", "--max-turns", "1", "--max-waiting-turns", "1")
    async with clients(server, 3) as (first, second, third):
        ref = await first.send("go")
        await first.started(ref)
        await second.send("go")
        await second.until("queue")
        error = await third.error(ref=await third.send("go"))
        assert (error["code"], error["retryable"]) == ("overloaded", True)
        await first.cancel(send=ref)
        for client in [first, second]:
            await sessions.stopped(server, client.session)
        await third.started(await third.send("go"))
        await sessions.stopped(server, third.session)


async def test_a_turn_that_awaits_a_person_leaves_its_place_to_another(openai_server):
    server = openai_server("calls-get_place", "--max-turns", "1")
    async with clients(server, 2, client_tools=[PLACE]) as (first, second):
        await first.send("go")
        asked = await first.until("tool.started", runs="client")
        await second.send("go")
        await second.until("tool.started", runs="client")
        await first.command("tool.result", call=asked["call"], output="Bremen")
        assert (await first.done()).status == "completed"
        await stop(second)


async def test_waiting_turns_run_after_a_restart_as_many_at_once(openai_server, bring_back, fake_provider):
    server = openai_server("stall-after-3", "--max-turns", "1")
    text = new_text()
    async with clients(server, 3) as everyone:
        for client in everyone:
            ref = await client.send(text)
            await client.until("message", ref=ref)
    await until(lambda: fake_provider.requests(text), "the first call")
    server.kill()
    server.start()
    await until(lambda: len(fake_provider.requests(text)) == 2, "the call of one that waited")
    states = []
    for client in everyone:
        async with ChatClient.opened(server, session=client.session) as other:
            states.append((other.welcome["state"], len(other.snapshot["queued"])))
    assert sorted(states) == [("idle", 0), ("idle", 1), ("running", 0)]
    for client in everyone:
        await sessions.stopped(server, client.session)
    assert len(fake_provider.requests(text)) <= 3


# A day's bounds


async def refused(client, text="one more"):
    error = await client.error(ref=await client.send(text))
    assert (error["code"], error["retryable"]) == ("quota_exceeded", True)
    assert 0 < error["retry_after_ms"] <= 86_400_000
    return error["message"]


async def test_a_session_has_so_many_tokens_a_day(openai_server, bring_back):
    server = openai_server("tokens-20-rate-0", "--session-tokens-per-day", "20")
    async with ChatClient.opened(server) as client, ChatClient.opened(server) as other:
        turn = await client.said("go")
        used = turn.done["usage"]["input_tokens"] + 20
        assert f"{used} of the 20 tokens that this session has" in await refused(client)
        assert (await other.said("go")).text == tokens(20)
    await bring_back(server)
    async with ChatClient.opened(server, session=client.session) as client:
        assert f"{used} of the 20 tokens" in await refused(client)
        await client.command("clear")
        await client.until("session.cleared")
        assert f"{used} of the 20 tokens" in await refused(client)


async def test_a_user_has_so_many_tokens_a_day_whatever_is_deleted(openai_server, bring_back):
    server = openai_server("tokens-20-rate-0", "--user-tokens-per-day", "20")
    mine = browser(server)
    async with ChatClient.opened(server, connecting=mine) as client:
        await client.said("go")
        await client.command("delete")
        await client.until("session.deleted")
        await client.open()
        assert "tokens that you have" in await refused(client)
    await bring_back(server)
    async with ChatClient.opened(server, connecting=mine) as client:
        assert "user_tokens_per_day" in await refused(client)
    async with ChatClient.opened(server, connecting=browser(server)) as other:
        assert (await other.said("go")).status == "completed"


async def test_what_a_session_cost_is_told_and_bounded(openai_server):
    server = openai_server("tokens-20-rate-0", *PRICES, "--user-cost-per-day", "0.03")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        usage = turn.done["usage"]
        await client.command("stats", id="s1")
        stats = await client.until("stats", ref="s1")
        expected = (usage["input_tokens"] + usage["output_tokens"]) / 1000
        assert abs(stats["cost"] - expected) < 1e-9
        while expected < 0.03:
            usage = (await client.said("go")).done["usage"]
            expected += (usage["input_tokens"] + usage["output_tokens"]) / 1000
        assert "of the $0.03 that you have" in await refused(client)


async def test_the_turn_that_runs_may_end_and_those_that_wait_are_told(openai_server):
    server = openai_server("tokens-200-rate-100", "--user-tokens-per-day", "1")
    async with ChatClient.opened(server) as client:
        refs = [await client.send(f"number {number}") for number in range(3)]
        first, *others = [await client.done(ref=ref) for ref in refs]
        assert (first.status, first.text) == ("completed", tokens(200))
        for turn in others:
            assert (turn.status, turn.done["error"]["code"], turn.text) == ("failed", "quota_exceeded", "")
        await refused(client)


async def test_a_turn_has_a_bound_in_time(openai_server):
    server = openai_server("stall-after-3", "--turn-time", "1")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert (turn.status, turn.text) == ("time_limit", tokens(3))


async def test_a_turn_has_a_bound_in_tokens(openai_server):
    server = openai_server("tokens-100000-rate-2000", "--turn-tokens", "100")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert turn.status == "max_tokens"
        assert 0 < len(turn.text) < len(tokens(50_000))
