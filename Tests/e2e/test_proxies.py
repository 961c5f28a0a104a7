"""Real proxies in front, with the configurations of deploy/: what a connection through them promises."""

import asyncio
import contextlib
import itertools
import json
import shutil

import pytest
import websockets.exceptions
from playwright.sync_api import expect
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import serve
from websockets.frames import Frame, Opcode

from support.bounds import BOUND
from support.chat_client import ChatClient
from support.proxies import NAME, ORIGIN, Certificate, Front
from support.sessions import tokens

PROXIES = ["nginx", "haproxy"]
ALLOWED = ("--allow-origin", ORIGIN)

# Seconds. Longer than the 20 s between two of our pings by more than a loaded machine is late, and no longer than needed.
SHORT_TIMEOUT = 27


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=PROXIES)
def proxy(request, tmp_path, certificate):
    """Starts one with its file of deploy/ in front of a server: `proxy(server)`. A test that takes it runs once behind each."""
    with fronts(tmp_path, certificate, request.param) as start:
        yield start


@contextlib.contextmanager
def fronts(folder, certificate, kind):
    with contextlib.ExitStack() as stack:
        numbers = itertools.count()

        def start(server, **options):
            front = getattr(Front, kind)(folder / f"{kind}-{next(numbers)}", server, certificate, **options)
            return stack.enter_context(contextlib.closing(front))

        start.kind = kind
        yield start


async def test_an_exchange_passes(proxy, openai_server):
    server = openai_server("tokens-20-rate-0", *ALLOWED)
    front = proxy(server)
    async with ChatClient.opened(front, connecting=front.page()) as client:
        assert client.socket.subprotocol == "whinchat.v1"
        turn = await client.said("hello " * 16_000)
        assert (turn.status, turn.text) == ("completed", tokens(20))
        message = next(iter(client.transcript.messages.values()))
        assert message["content"][0]["text"] == "hello " * 16_000


async def test_who_has_no_cookie_is_nobody(proxy, openai_server):
    front = proxy(openai_server("tokens-20-rate-0", *ALLOWED))
    async with ChatClient.connect(front, **front.options) as client:
        # Not `local`, although the proxy comes from this machine.
        assert await client.closed() == 4401


async def test_a_foreign_origin_is_refused(proxy, openai_server):
    front = proxy(openai_server("tokens-20-rate-0", *ALLOWED))
    for origin in ["https://evil.example", f"{ORIGIN}:8443", "null"]:
        with pytest.raises(websockets.exceptions.InvalidStatus) as refusal:
            async with ChatClient.connect(front, **front.page() | {"origin": origin}):
                pass
        response = refusal.value.response
        assert response.status_code == 403
        assert json.loads(response.body)["detail"].startswith("The Origin header")


async def test_a_proxy_that_does_not_pass_the_upgrade_on_is_told(tmp_path, certificate, openai_server):
    with fronts(tmp_path, certificate, "nginx") as start:
        lost = {"    proxy_set_header Upgrade $http_upgrade;\n": ""}
        front = start(openai_server("tokens-20-rate-0", *ALLOWED), changes=lost)
        with pytest.raises(websockets.exceptions.InvalidStatus) as refusal:
            async with ChatClient.connect(front, **front.page()):
                pass
        assert refusal.value.response.status_code == 426


def test_the_page_comes_with_a_cookie_for_tls_alone(proxy, start_server):
    front = proxy(start_server("--provider", "demo", *ALLOWED))
    response = front.request("/")
    assert response.status == 200
    assert "Secure" in response.getheader("Set-Cookie")
    assert front.request("/", {"Host": "evil.example"}).status == 403


def test_metrics_do_not_pass(proxy, start_server):
    # Whoever may read them by the server's own word: the proxy refuses by itself.
    front = proxy(start_server("--provider", "demo", "--metrics", "on", *ALLOWED))
    for path in ["/metrics", "/metrics/", "//metrics", "/metrics?x=1", "/%6detrics"]:
        response = front.request(path)
        assert response.status == 404 and "whinchat_" not in response.text, path
        assert "Content-Security-Policy" not in response.headers, f"{path} reached the server"


def test_metrics_do_not_pass_a_proxy_that_forgets_them(proxy, start_server):
    lost = {"nginx": {"location ~ ^/metrics": "location ~ ^/lost"}, "haproxy": {"^/+metrics": "^/+lost"}}[proxy.kind]
    front = proxy(start_server("--provider", "demo", *ALLOWED), changes=lost)
    response = front.request("/metrics")
    assert response.status == 403 and "whinchat_" not in response.text


def test_plain_http_is_sent_to_tls(proxy, start_server):
    front = proxy(start_server("--provider", "demo", *ALLOWED))
    response = front.request("/healthz", tls=False)
    assert (response.status, response.getheader("Location")) == (301, f"{ORIGIN}/healthz")
    assert json.loads(front.request("/healthz").text) == {"status": "ok"}
    assert front.request("/v1/chat").status == 426, "what docs/proxies.md says to look at"


async def test_a_reply_goes_on_over_a_reload(proxy, openai_server):
    front = proxy(openai_server("tokens-400-rate-100", *ALLOWED))
    async with ChatClient.opened(front, connecting=front.page()) as client:
        turn = await client.started(await client.send("go"))
        await client.until("delta")
        await front.proxy.reload()
        # The old worker keeps what it has; the new one takes what comes.
        async with ChatClient.opened(front, connecting=front.page()) as other:
            assert not turn.done
            await client.done(turn=turn.id)
            assert (turn.status, turn.text) == ("completed", tokens(400))
            assert (await other.ping())["type"] == "pong"


async def test_who_is_cut_off_by_a_reload_goes_on_exactly(proxy, openai_server):
    bounded = {
        "nginx": {"main": "worker_shutdown_timeout 1s;"},
        "haproxy": {"changes": {"hard-stop-after 10m": "hard-stop-after 1s"}},
    }
    front = proxy(openai_server("tokens-400-rate-100", *ALLOWED), **bounded[proxy.kind])
    page = front.page()
    async with ChatClient.opened(front, connecting=page) as client:
        turn = await client.started(await client.send("go"))
        await client.until("delta")
        await front.proxy.reload()
        assert await client.closed() == 1006
        assert not turn.done
    transcript = client.transcript
    async with ChatClient.connect(front, resuming=transcript, **page) as client:
        welcome = await client.open(session=transcript.session, epoch=transcript.epoch, after=transcript.seq)
        assert welcome["resume"] == "exact"
        turn = client.transcript.turns[turn.id]
        if turn.status is None:
            await client.done(turn=turn.id)
        assert (turn.status, turn.text) == ("completed", tokens(400))


async def test_a_server_that_stops_says_so_through_the_proxy(proxy, openai_server):
    server = openai_server("tokens-100-rate-100", *ALLOWED, "--drain-timeout", "30")
    front = proxy(server)
    page = front.page()
    async with ChatClient.opened(front, connecting=page) as client:
        turn = await client.started(await client.send("go"))
        await client.until("delta")
        server.terminate()
        await client.until("going_away")
        assert (await client.done(turn=turn.id)).text == tokens(100)
        assert await client.closed() == 1012
    server.process.wait()
    with pytest.raises(websockets.exceptions.InvalidStatus) as refusal:
        async with ChatClient.connect(front, **page):
            pass
    assert refusal.value.response.status_code in (502, 503)
    server.start()
    transcript = client.transcript
    async with ChatClient.connect(front, resuming=transcript, **page) as client:
        welcome = await client.open(session=transcript.session, epoch=transcript.epoch, after=transcript.seq)
        assert welcome["resume"] == "exact"


@pytest.mark.parametrize("path", ["/chat/stream/s_1", "/sessions/s_1/events"])
async def test_events_over_http_are_not_kept_back(proxy, path):
    over = asyncio.Event()

    async def answer(reader, writer):
        # Without chunks, and without an end: what nginx would keep longest.
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n")
        await over.wait()
        writer.close()

    def first_line(front):
        with front.response(path, {"Accept-Encoding": "gzip"}) as response:
            assert response.getheader("Content-Encoding") is None
            return response.readline()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        front = await asyncio.to_thread(proxy, Listening(server))
        try:
            assert await asyncio.to_thread(first_line, front) == b"data: 1\n"
        finally:
            over.set()


def test_our_events_over_http_come_before_the_end(proxy, openai_server):
    front = proxy(openai_server("stall-after-3", *ALLOWED))
    page = front.page()
    headers = {
        "Accept-Encoding": "gzip", "Content-Type": "application/json", "Cookie": page["headers"]["Cookie"], "Origin": ORIGIN,
    }
    with front.response("/chat/stream/new", headers, method="POST", body='{"message": "Go on."}') as response:
        assert response.status == 200
        # The reply has no end: it is read up to its last token.
        lines = iter(response.readline, b"")
        assert any(b'w2 "' in line for line in lines)


async def test_a_whole_reply_may_take_longer_than_a_silence(proxy):
    timeouts = {
        "nginx": {"proxy_read_timeout 60s": "proxy_read_timeout 1s"},
        "haproxy": {f"timeout {which} 60s": f"timeout {which} 1s" for which in ["client", "server"]},
    }[proxy.kind]
    asked, may_answer, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def answer(reader, writer):
        request = await reader.readuntil(b"\r\n\r\n")
        if request.startswith(b"GET /chat "):
            asked.set()
            await may_answer.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nwhole")
        else:
            await over.wait()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        front = await asyncio.to_thread(proxy, Listening(server), changes=timeouts)
        try:
            async with asyncio.TaskGroup() as group:
                whole = group.create_task(asyncio.to_thread(front.request, "/chat"))
                await asked.wait()
                # Its end tells that the timeout is over.
                other = await asyncio.to_thread(front.request, "/sessions")
                assert other.status == 504
                may_answer.set()
            assert (whole.result().status, whole.result().text) == (200, "whole")
        finally:
            over.set()


class CountingConnection(ClientConnection):
    """Counts the pings that it answers."""

    pings = 0

    def process_event(self, event):
        if isinstance(event, Frame) and event.opcode is Opcode.PING:
            self.pings += 1
        super().process_event(event)


class Listening:
    """What a proxy is put in front of, where that is not Whinchat."""

    def __init__(self, server):
        self.port = server.sockets[0].getsockname()[1]


async def test_pings_keep_a_silent_connection_open(start_server, tmp_path, certificate):
    # Both at once: it takes the timeout.
    server = start_server("--provider", "demo", *ALLOWED)
    async with asyncio.TaskGroup() as group:
        for kind in PROXIES:
            group.create_task(silence(kind, server, tmp_path, certificate))


async def silence(kind, server, folder, certificate):
    timeouts = {
        "nginx": {"proxy_read_timeout 60s": f"proxy_read_timeout {SHORT_TIMEOUT}s"},
        "haproxy": {f"timeout {which} 60s": f"timeout {which} {SHORT_TIMEOUT}s" for which in ["client", "server", "tunnel"]},
    }[kind]
    # Beside ours one that never pings: its end tells that the timeout is over, and that there is one.
    async with serve(lambda socket: socket.wait_closed(), "127.0.0.1", 0, ping_interval=None) as silent:
        with fronts(folder, certificate, kind) as start:
            ours = await asyncio.to_thread(start, server, changes=timeouts)
            other = await asyncio.to_thread(start, Listening(silent), changes=timeouts)
            page = await asyncio.to_thread(ours.page)
            async with ChatClient.opened(ours, connecting=page | {"create_connection": CountingConnection}) as client:
                assert client.welcome["ping_interval_ms"] < SHORT_TIMEOUT * 1000
                async with ChatClient.connect(other, subprotocols=(), ping_interval=None, **other.options) as control:
                    async with asyncio.timeout(SHORT_TIMEOUT + BOUND):
                        await control.socket.wait_closed()
                assert client.socket.pings > 0
                assert (await client.said("Hello")).status == "completed"


@pytest.mark.parametrize("kind", PROXIES)
def test_the_page_in_a_browser(kind, browser, start_server, tmp_path, certificate):
    server = start_server("--provider", "demo", *ALLOWED)
    with fronts(tmp_path, certificate, kind) as start:
        front = start(server)
        rules = f"MAP {NAME}:80 127.0.0.1:{front.plain_port}, MAP {NAME}:443 127.0.0.1:{front.port}"
        named = browser.browser_type.launch(
            executable_path=shutil.which("chromium") or shutil.which("chromium-browser"), headless=True,
            args=["--no-sandbox", "--disable-dev-shm-usage", f"--host-resolver-rules={rules}"])
        with contextlib.closing(named):
            page = named.new_page(ignore_https_errors=True)
            page.set_default_timeout(BOUND * 1000)
            sockets = []
            page.on("websocket", lambda socket: sockets.append(socket.url))
            # As it is typed: the proxy leads to TLS.
            page.goto(f"http://{NAME}/")
            assert page.url.startswith(f"{ORIGIN}/")
            expect(page.locator("#connection")).to_have_attribute("data-state", "online", timeout=BOUND * 1000)
            page.get_by_label("Message", exact=True).fill("Hello")
            page.keyboard.press("Enter")
            reply = page.locator("article.assistant").last
            expect(reply).to_contain_text("built-in demo", timeout=BOUND * 1000)
            expect(reply).to_have_attribute("aria-busy", "false", timeout=BOUND * 1000)
            assert sockets == [f"wss://{NAME}/v1/chat"]
