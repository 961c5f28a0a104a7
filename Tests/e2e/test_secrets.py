"""Keys stay where they are: in no frame, in no line of output, in no file."""

import base64
import http.server
import json
import signal
import threading

import pytest

from support.bounds import until
from support.chat_client import ChatClient
from support.processes import ANTHROPIC_KEY, OPENAI_KEY


class Tattler(http.server.BaseHTTPRequestHandler):
    """A provider that repeats the key in its error, as some do."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        key = self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")
        self.server.keys.append(key)
        error = {"type": self.server.type, "message": f"Incorrect API key provided: {key}. Bearer {key}"}
        body = json.dumps({"type": "error", "error": error}).encode()
        self.send_response(self.server.status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def tattler():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tattler)
    server.daemon_threads = True
    server.keys = []
    server.status, server.type = 401, "authentication_error"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def check(client, server):
    everything = [json.dumps(client.frames), server.log]
    # The key that signs cookies is in its own file only: not as bytes, nor as numbers or digits.
    key = (server.data / "identity.key").read_bytes()
    for text in everything:
        for form in (key.hex(), base64.b64encode(key).decode(), str(list(key))[1:-1]):
            assert form[:20] not in text.lower() and form[:20] not in text
    everything += [
        file.read_bytes().decode(errors="replace") for file in server.data.rglob("*") if file.is_file()
    ]
    for text in everything:
        for key in (ANTHROPIC_KEY, OPENAI_KEY):
            # Nor a large part of one.
            assert key not in text and key[4:] not in text and key[:-4] not in text


@pytest.mark.parametrize("dialect, key", [("anthropic", ANTHROPIC_KEY), ("openai", OPENAI_KEY)])
async def test_a_key_that_the_provider_repeats_goes_nowhere(start_server, tattler, dialect, key):
    server = start_server(
        "--provider", dialect, "--base-url", f"http://127.0.0.1:{tattler.server_port}/v1", "--model", "x",
        "--log-level", "trace", environment={"ANTHROPIC_API_KEY": ANTHROPIC_KEY, "OPENAI_API_KEY": OPENAI_KEY},
    )
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert turn.done["error"]["code"] == "upstream_auth"
        assert "Incorrect API key provided" in turn.done["error"]["message"]
        await client.open(session=client.session)
    assert tattler.keys == [key], "the provider's own key, and no other's"
    check(client, server)


@pytest.mark.parametrize("dialect, key", [("anthropic", ANTHROPIC_KEY), ("openai", OPENAI_KEY)])
async def test_no_retry_and_no_fallback_tells_it(start_server, tattler, dialect, key):
    tattler.status, tattler.type = 529, f"overloaded_error {key}"
    server = start_server(
        "--provider", dialect, "--base-url", f"http://127.0.0.1:{tattler.server_port}/v1", "--model", "x",
        "--fallback-model", "y", "--max-retries", "1", "--log-level", "trace",
        environment={"ANTHROPIC_API_KEY": ANTHROPIC_KEY, "OPENAI_API_KEY": OPENAI_KEY},
    )
    async with ChatClient.opened(server) as client:
        turn = await client.said("go")
        assert turn.done["error"]["code"] == "upstream_overloaded"
        announced = [frame for frame in client.frames if frame["type"] == "turn.retrying"]
        assert [frame["model"] for frame in announced] == ["x", "y", "y"]
        assert all("Incorrect API key provided" in frame["message"] for frame in announced)
        await client.open(session=client.session)
    assert tattler.keys == [key] * 4
    check(client, server)


@pytest.mark.parametrize("scenario", ["tokens-5-rate-0", "status-500", "break-after-2", "tool-calculate"])
async def test_keys_and_texts_are_in_no_line_of_the_log(provider_server, fake_provider, scenario):
    server = provider_server(scenario, "--log-level", "trace")
    async with ChatClient.opened(server) as client:
        await client.said("the text of nobody's business")
        await client.open(session=client.session)
    check(client, server)
    assert "nobody's business" not in server.log
    request = fake_provider.requests("nobody's business")[-1]
    assert (ANTHROPIC_KEY in str(request["headers"])) != (OPENAI_KEY in str(request["headers"]))


async def test_a_crash_report_holds_no_key(start_server, fake_provider):
    server = start_server(
        "--provider", "openai", "--base-url", f"{fake_provider.url}/v1", "--model", "tokens-100000-rate-1000",
        "--log-level", "trace",
        # As `make run` has it: a report shows the bytes that registers point to, where it is not told otherwise.
        environment={"OPENAI_API_KEY": OPENAI_KEY, "SWIFT_BACKTRACE": "enable=yes,interactive=no,registers=none"},
    )
    async with ChatClient.opened(server) as client:
        # The key is in memory, and so is the request that carried it.
        await client.send("go")
        await client.until("delta")
        server.process.signal(signal.SIGSEGV)
        await until(lambda: "Backtrace took" in server.log, "the crash report")
        assert "Program crashed" in server.log and "Registers" not in server.log
        check(client, server)
    # A signal from outside does not come again by itself; and the test's end wants a server that ends well.
    server.kill()
    server.start()


@pytest.mark.parametrize("variable, sent", [("EMBEDDING_API_KEY", OPENAI_KEY), ("OPENAI_API_KEY", "")])
async def test_the_embedding_model_gets_its_own_key_alone(start_server, tattler, variable, sent):
    server = start_server(
        "--provider", "demo", "--embedding-model", "x", "--embedding-base-url",
        f"http://127.0.0.1:{tattler.server_port}/v1", "--log-level", "trace", environment={variable: OPENAI_KEY},
    )
    async with ChatClient.opened(server, create={"context": {"policy": "retrieve", "turns": 1}}) as client:
        await client.said("first")
        await client.said("second")
        await until(lambda: "the embedding model does not answer" in server.log, "the failure in the log")
    assert set(tattler.keys) == {sent}
    check(client, server)
