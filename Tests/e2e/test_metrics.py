"""GET /metrics after known exchanges: what was counted is what happened, by Prometheus' own parser."""

import asyncio
import re
import time
import urllib.error

import pytest

from support.chat_client import ChatClient, new_text
from support.http_client import HTTPClient
from support.metrics import Metrics, request, scrape, scraped
from support.processes import OPENAI_KEY, ROOT
from support.sessions import tokens
from support.small_disk import small_disk

TURNS = "whinchat_turns_ended_total"
CLOSED = "whinchat_websocket_connections_closed_total"


@pytest.fixture
def dialect(request):
    """The one that a test with `provider_server` runs through."""
    return request.node.callspec.params["provider_server"]


def is_closed(count):
    return lambda metrics: metrics.total(CLOSED) == count


async def test_an_exchange_is_counted_exactly(provider_server, dialect):
    server = provider_server("tokens-20-rate-0")
    started = time.time()
    async with ChatClient.opened(server) as client:
        turns = [await client.said(new_text()) for _ in range(3)]
        open_now = scrape(server)
        assert open_now.value("whinchat_websocket_connections") == 1
        assert open_now.of("whinchat_sessions") == {("loaded",): 1, ("resting",): 0}
        frames = len(client.frames)
    metrics = await scraped(server, is_closed(1), "the connection's end")

    assert metrics.value("whinchat_websocket_connections") == 0
    assert metrics.value("whinchat_websocket_connections_opened_total") == 1
    assert metrics.value(CLOSED, code="1000", by="peer") == 1
    assert metrics.value("whinchat_relayed_frames_total") == frames
    assert metrics.value("whinchat_relayed_bytes_total") > sum(len(turn.text) for turn in turns)

    assert metrics.value(TURNS, status="completed") == metrics.total(TURNS) == 3
    assert metrics.of("whinchat_turns") == {("running",): 0, ("awaiting",): 0, ("waiting",): 0}
    assert metrics.total("whinchat_turn_errors_total") == 0
    for name in ["whinchat_turn_duration_seconds", "whinchat_time_to_first_token_seconds"]:
        assert metrics.value(f"{name}_count") == 3
        told = sum(turn.done["timing"]["duration_ms" if "duration" in name else "ttft_ms"] for turn in turns)
        assert abs(metrics.value(f"{name}_sum") - told / 1000) < 0.01
    assert metrics.value("whinchat_reply_bytes_total") == sum(len(turn.text) for turn in turns) == 3 * len(tokens(20))

    usage = [turn.done["usage"] for turn in turns]
    for kind in ["input", "output", "cache_read", "cache_write"]:
        used = sum(one.get(f"{kind}_tokens", 0) for one in usage)
        assert metrics.value("whinchat_tokens_total", model="tokens-20-rate-0", kind=kind) == used
    assert metrics.total("whinchat_tokens_total") > 0

    assert metrics.of("whinchat_provider_calls_total") == {(dialect,): 3}
    assert metrics.total("whinchat_provider_errors_total") == metrics.total("whinchat_provider_retries_total") == 0

    commits = metrics.value("whinchat_commit_duration_seconds_count")
    # Its making, and for each turn its acceptance and its end; a checkpoint may come on top.
    assert commits >= 7 and metrics.value("whinchat_commit_group_size_sum") == commits
    assert metrics.value("whinchat_commits_failed_total") == metrics.value("whinchat_sessions_owing") == 0

    assert started - 60 < metrics.value("process_start_time_seconds") < time.time() + 1
    assert 1 << 20 < metrics.value("process_resident_memory_bytes") < 1 << 32
    assert 0 < metrics.value("process_cpu_seconds_total") < 600
    assert 3 < metrics.value("process_open_fds") < metrics.value("process_max_fds")


async def test_every_metric_is_described(openai_server):
    server = openai_server("status-400")
    async with ChatClient.opened(server) as client:
        await client.said("go")
    metrics = await scraped(server, is_closed(1), "the connection's end")
    page = (ROOT / "docs" / "operations.md").read_text()
    for name, family in metrics.families.items():
        assert family.documentation and family.type != "unknown", name
        full = f"{name}_total" if family.type == "counter" else name
        assert f"`{full}`" in page, f"docs/operations.md lacks {full}"
    # And nothing is described that there is not.
    known = {line.split()[2] for line in metrics.text.splitlines() if line.startswith("# TYPE")}
    source = (ROOT / "Sources/ChatServer/Metrics/MetricFamily+Whinchat.swift").read_text()
    declared = set(re.findall(r'"((?:whinchat|process)_\w+)"', source))
    tables = set(re.findall(r"`((?:whinchat|process)_\w+)`", page.split("## What to alert on")[0]))
    assert known <= declared == tables


async def test_a_failed_turn_is_counted_with_its_code(provider_server, dialect):
    server = provider_server("status-529", "--max-retries", "1")
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
    metrics = scrape(server)
    assert turn.status == "failed"
    assert metrics.value(TURNS, status="failed") == metrics.total(TURNS) == 1
    assert metrics.of("whinchat_turn_errors_total") == {("upstream_overloaded",): 1}
    assert metrics.of("whinchat_provider_errors_total") == {("upstream_overloaded", dialect): 2}
    assert metrics.of("whinchat_provider_calls_total") == {(dialect,): 2}
    assert metrics.of("whinchat_provider_retries_total") == {(dialect,): 1}
    assert metrics.value("whinchat_time_to_first_token_seconds_count") == 0


async def test_what_fails_in_the_middle_is_counted_once(provider_server):
    server = provider_server("error-after-5")
    async with ChatClient.opened(server) as client:
        await client.said("go")
    metrics = scrape(server)
    assert metrics.value(TURNS, status="failed") == metrics.total("whinchat_provider_errors_total") == 1
    assert metrics.total("whinchat_provider_retries_total") == 0
    assert metrics.value("whinchat_time_to_first_token_seconds_count") == 1


async def test_turns_are_seen_in_each_state(openai_server):
    server = openai_server("stall-after-3", "--max-turns", "1")
    async with ChatClient.opened(server) as one, ChatClient.opened(server) as other:
        await one.started(await one.send("go"))
        await one.until("delta")
        await other.send("go")
        await other.until("turn.queued")
        # Behind another turn of the same session.
        await one.send("and then")
        await one.until("turn.queued")
        assert scrape(server).of("whinchat_turns") == {("running",): 1, ("awaiting",): 0, ("waiting",): 2}
        for client in [one, other]:
            for turn in [turn for turn in reversed(client.turns) if not turn.done]:
                await client.cancel(turn=turn.id)
                await client.done(turn=turn.id)
        metrics = scrape(server)
        assert metrics.total("whinchat_turns") == 0
        assert metrics.value(TURNS, status="cancelled") == metrics.total(TURNS) == 3
        # Those that never began took no time.
        assert metrics.value("whinchat_turn_duration_seconds_count") in (1, 2)


async def test_turns_that_clear_takes_away_are_counted(openai_server):
    server = openai_server("stall-after-3")
    async with ChatClient.opened(server) as client:
        await client.started(await client.send("go"))
        await client.until("delta")
        await client.send("and then")
        await client.until("turn.queued")
        await client.command("clear", id="c")
        await client.until("session.cleared")
        assert scrape(server).value(TURNS, status="cancelled") == 2


async def test_tool_calls_are_counted_by_what_came_of_them(start_server):
    server = start_server("--provider", "demo", environment={"WHINCHAT_TOOLS": "all"})
    async with ChatClient.opened(server) as client:
        await client.said("calculate 6*7")
        await client.said("calculate 1/0")
        ref = await client.send("send an email to ada@example.org: Hello.")
        approval = await client.until("tool.approval")
        assert scrape(server).of("whinchat_turns") == {("running",): 0, ("awaiting",): 1, ("waiting",): 0}
        await client.command("tool.approve", call=approval["call"], decision="deny")
        await client.done(ref=ref)
        await client.said('call calculate {"expression": "6 *')
        assert scrape(server).of("whinchat_tool_calls_total") == {
            ("ok", "calculate"): 1, ("error", "calculate"): 1, ("denied", "send_email"): 1, ("invalid", "calculate"): 1}


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 8) as disk:
        yield disk


async def test_what_could_not_be_saved_shows_until_it_is(disk, fake_provider, start_server):
    server = start_server(
        "--provider", "openai", "--base-url", f"{fake_provider.url}/v1", "--model", "tokens-9000-rate-3000",
        environment={"OPENAI_API_KEY": OPENAI_KEY}, data=disk.folder / "data")
    async with ChatClient.opened(server) as client:
        ref = await client.send("go")
        await client.until("delta")
        assert scrape(server).value("whinchat_commits_failed_total") == 0
        disk.fill()
        turn = await client.done(ref=ref)
        assert (turn.status, turn.done["error"]["code"]) == ("failed", "storage")
        metrics = scrape(server)
        assert metrics.value("whinchat_commits_failed_total") >= 1 and metrics.value("whinchat_sessions_owing") == 1
        assert metrics.of("whinchat_turn_errors_total") == {("storage",): 1}
        assert metrics.value(TURNS, status="failed") == metrics.total(TURNS) == 1
        disk.free()
        await scraped(server, lambda metrics: metrics.value("whinchat_sessions_owing") == 0, "what was owed")


async def test_scrapes_at_once_are_each_whole(openai_server):
    server = openai_server("tokens-400-rate-200")
    async with ChatClient.opened(server) as client, HTTPClient(server) as http:
        ref = await client.send("go")
        await client.until("delta")
        responses = await asyncio.gather(*[http.http.get("/metrics") for _ in range(50)])
        for response in responses:
            assert response.status_code == 200
            assert Metrics(response.text).value("whinchat_turns", state="running") == 1
        turn = await client.done(ref=ref)
        assert (turn.status, turn.text) == ("completed", tokens(400))
    # Each is counted once it is answered; this one is not yet.
    metrics = scrape(server)
    assert metrics.value("whinchat_http_requests_total", route="/metrics", method="GET", status="200") == 50


async def test_requests_are_counted_by_their_route(quick):
    async with HTTPClient(quick) as client:
        labels = {"route": "/sessions/{session}/stats", "method": "GET"}

        def counts(metrics):
            return [metrics.value("whinchat_http_requests_total", **labels, status=s) for s in ("200", "404")]

        before = counts(scrape(quick))
        for _ in range(2):
            await client.ask("GET", f"/sessions/{await client.made()}/stats")
        await client.ask("GET", "/sessions/s_nobody/stats", 404)
        after = counts(scrape(quick))
        assert [b - a for a, b in zip(before, after)] == [2, 1]
        assert "s_nobody" not in scrape(quick).text


def test_head_is_get_without_its_body(quick):
    with request(quick, "HEAD") as head:
        assert head.status == 200 and head.read() == b""
        assert head.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert int(head.headers["Content-Length"]) > 1_000


def test_who_comes_through_a_proxy_reads_nothing(quick, start_server):
    forwarded = {"X-Forwarded-For": "192.0.2.1"}
    with pytest.raises(urllib.error.HTTPError) as refusal:
        request(quick, headers=forwarded)
    assert refusal.value.code == 403
    assert b"whinchat_" not in refusal.value.read()
    with request(start_server("--provider", "demo", "--metrics", "on"), headers=forwarded) as response:
        assert response.status == 200
    with pytest.raises(urllib.error.HTTPError) as nothing:
        request(start_server("--provider", "demo", "--metrics", "off"))
    assert nothing.value.code == 404
