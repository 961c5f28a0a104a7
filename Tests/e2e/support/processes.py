"""The project's executables as processes that end with their tests."""

import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import urllib.request

from .bounds import BOUND, until

ROOT = pathlib.Path(__file__).resolve().parents[3]
FIXTURES = ROOT / "Tests" / "ModelsTests" / "Fixtures"

# Put where the project's programs read keys; no output of theirs may hold them.
ANTHROPIC_KEY = "sk-ant-e2e-0123456789abcdef"
OPENAI_KEY = "sk-e2e-fedcba9876543210"


def bin_dir():
    return pathlib.Path(os.environ.get("WHINCHAT_BIN_DIR") or ROOT / ".build" / "debug")


def clean_environment():
    """This environment without what would change a server's settings, or lead it through a proxy."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WHINCHAT_")
        and not name.lower().endswith("_proxy")
        and not re.fullmatch(r"(ANTHROPIC|OPENAI|EMBEDDING)_\w+|OLLAMA_HOST", name)
    }


class Process:
    """A program that says a line when it is ready. Its output, both kinds in one, is kept in a file."""

    running = []

    def __init__(self, name, command, log, ready, environment=None):
        self.name = name
        self.command = [str(word) for word in command]
        self.log = log
        self.ready = re.compile(ready)
        self.environment = clean_environment() | (environment or {})
        self.mark = 0
        self.start()

    def start(self):
        """Starts it and waits until it is ready; `self.match` is then the line's match."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=output, env=self.environment
            )
        matched = threading.Event()
        self.match = None

        def copy():
            # Standard output comes through us, so that the line that says "ready" is an event and not a guess.
            with self.log.open("ab") as output:
                for line in self.process.stdout:
                    output.write(line)
                    output.flush()
                    if self.match is None:
                        self.match = self.ready.search(line.decode(errors="replace"))
                        if self.match:
                            matched.set()
            matched.set()

        self.reader = threading.Thread(target=copy, daemon=True)
        self.reader.start()
        Process.running.append(self)
        matched.wait(BOUND)
        if self.match is None:
            self.stop()
            said = self.log.read_bytes()[begin:].decode(errors="replace")
            raise AssertionError(f"{self.name} did not get ready ({self.process.returncode}):\n{said}")

    def stop(self):
        """Ends it by its id: SIGTERM, and SIGKILL after a bound. Returns its status."""
        if self in Process.running:
            Process.running.remove(self)
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(BOUND)
            except subprocess.TimeoutExpired:
                self.process.kill()
        status = self.process.wait()
        self.reader.join(BOUND)
        return status

    def signal(self, number):
        """Sends a signal to it, by its id."""
        self.process.send_signal(number)

    def wait(self):
        """Waits for its end, which something else has caused. Returns its status."""
        status = self.process.wait(BOUND)
        self.reader.join(BOUND)
        if self in Process.running:
            Process.running.remove(self)
        return status

    def output(self, since=0):
        return self.log.read_bytes()[since:].decode(errors="replace")


# What the server says once it listens.
READY = r"Whinchat is at http://127\.0\.0\.1:(\d+)"

# Tests leave turns running that would never end by themselves: their servers do not wait for those.
DEFAULTS = {
    "WHINCHAT_DRAIN_TIMEOUT": "1",
    # What a provider's failure is told as; the tests of retries turn them on.
    "WHINCHAT_MAX_RETRIES": "0",
    "WHINCHAT_TOOLS": "calculate,current_time",
}


class Server:
    """`whinchat serve` on a free port of loopback."""

    def __init__(self, folder, *arguments, environment=None, name="whinchat", data=None, program="whinchat"):
        self.data = data or folder / "data"
        self.arguments = arguments
        command = [bin_dir() / program, "serve", "--port", "0", "--data", self.data, *arguments]
        self.process = Process(name, command, folder / "log.txt", READY, DEFAULTS | (environment or {}))
        self.port = int(self.process.match[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self.ws_url = f"ws://127.0.0.1:{self.port}/v1/chat"

    @property
    def log(self):
        """All that it has said so far."""
        return self.process.output()

    @property
    def pid(self):
        return self.process.process.pid

    def stop(self):
        return self.process.stop()

    def restart(self):
        """Stops it and starts it again: the same port, the same data."""
        self.stop()
        self.start()

    def terminate(self):
        """SIGTERM, without waiting for what comes of it."""
        self.process.signal(signal.SIGTERM)

    def kill(self):
        """`kill -9`, at once."""
        self.process.signal(signal.SIGKILL)
        self.process.wait()

    def start(self):
        """Starts it again after its end: the same port, the same data."""
        self.process.command[self.process.command.index("--port") + 1] = str(self.port)
        self.process.start()


class FakeProvider:
    """The executable `fake-provider`: what it does, the model's name says."""

    def __init__(self, folder, fixtures=FIXTURES, port=0):
        command = [bin_dir() / "fake-provider", "--fixtures", fixtures, "--port", port]
        self.process = Process("fake-provider", command, folder / "log.txt", r"listening on 127\.0\.0\.1:(\d+)")
        self.port = int(self.process.match[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def stop(self):
        self.process.stop()

    def log(self):
        return self._get("/_log")

    def stats(self):
        return self._get("/_stats")

    def requests(self, text):
        """The requests to a model whose body holds a text, oldest first."""
        return [request for request in self.log()["requests"] if text in json.dumps(request["body"], ensure_ascii=False)]

    async def request(self, text):
        """The first request whose body holds a text, once it has come."""
        return (await until(lambda: self.requests(text), f"a request with {text!r}"))[0]

    async def departure(self, request):
        """How the connection of a request ended, once it has."""

        def look():
            for connection in self.log()["connections"]:
                if connection["id"] == request["connection"]:
                    return connection["closed"]

        return await until(look, f"the end of connection {request['connection']}")

    def _get(self, path):
        # No proxy: what the environment names is not for loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.url + path, timeout=BOUND) as response:
            return json.load(response)
