"""The programs that are measured and those that load them: each is started for a run and ended after it."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

CLIENTS = pathlib.Path(__file__).resolve().parent.parent / "clients"
RELAY = pathlib.Path(__file__).resolve().parent.parent / "node-relay.js"
# What the servers get: nothing of the caller's settings, keys or proxies.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "ANTHROPIC_API_KEY": "x"}
START_SECONDS = 30
END_SECONDS = 20
TICKS = os.sysconf("SC_CLK_TCK")


class Program:
    """A server that was started, and the port that it said it listens on."""

    def __init__(self, scope, folder, name, command, environment=None):
        self.name = name
        self.errors = pathlib.Path(folder, f"{name}.stderr")
        self.output = pathlib.Path(folder, f"{name}.stdout")
        with open(self.errors, "wb") as errors, open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=folder,
                env=ENVIRONMENT | (environment or {}))
        scope.callback(self.end)
        deadline = time.monotonic() + START_SECONDS
        while not (match := re.search(r"127\.0\.0\.1:(\d+)", self.output.read_text())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{name} did not start:\n{self.errors.read_text()[-2000:]}")
            time.sleep(0.02)
        self.port = int(match[1])

    def end(self):
        """Asks it to end, and kills it if it does not within 20 s."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def cpu_seconds(self):
        """User and system time of the whole process so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_mib(self, field):
        """`VmRSS`, what it has now, or `VmHWM`, the most it had."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) / 1024


class Load:
    """A load from `clients`, ready to begin."""

    def __init__(self, scope, bench, name, *arguments):
        self.name = name
        self.process = subprocess.Popen(
            [bench.program(name), *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        scope.callback(self.end)
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit(f"the load {name} did not get ready")

    def run(self, seconds):
        """Lets it go on to its end; returns what it says."""
        result, _ = self.process.communicate("go\n", timeout=seconds)
        if self.process.returncode != 0:
            raise SystemExit(f"the load {self.name} failed: {result}")
        return json.loads(result)

    def end(self):
        self.process.kill()
        self.process.wait()


class Bench:
    """Where the programs are, and how they are started."""

    def __init__(self, binaries):
        self.binaries = pathlib.Path(binaries)
        self.scope = contextlib.ExitStack()
        self.folder = self.scope.enter_context(tempfile.TemporaryDirectory(prefix="whinchat-bench-"))

    def program(self, name):
        """The load `name`, compiled."""
        program = pathlib.Path(self.folder, name)
        if not program.exists():
            subprocess.run(
                ["cc", "-O2", "-o", program, CLIENTS / f"{name}.c", CLIENTS / "client.c"], check=True)
        return program

    def data(self):
        """A folder for a server's data; it lives as long as the context."""
        return tempfile.TemporaryDirectory(dir=self.folder)

    @contextlib.contextmanager
    def provider(self, tls=False):
        with contextlib.ExitStack() as scope:
            command = [self.binaries / "fake-provider"] + (["--tls"] if tls else [])
            yield Program(scope, self.folder, "fake-provider", command)

    @contextlib.contextmanager
    def server(self, base_url, model, *flags, data=None, environment=None):
        """A fresh Whinchat in front of the provider, which answers with `model` alone."""
        with contextlib.ExitStack() as scope:
            data = data or scope.enter_context(self.data())
            command = [
                self.binaries / "whinchat", "serve", "--provider", "anthropic", "--base-url", base_url, "--model", model,
                # More streams than run at once by default would wait, and that is not what is measured.
                "--data", data, "--port", 0, "--max-turns", 10_000, "--turn-tokens", 1_000_000, *flags]
            yield Program(scope, self.folder, "Whinchat", command, environment)

    @contextlib.contextmanager
    def relay(self, base_url, model):
        """A fresh Node relay in front of the provider."""
        with contextlib.ExitStack() as scope:
            yield Program(scope, self.folder, "Node", ["node", RELAY, "--upstream", base_url, "--model", model])


def ask(port, path, certificate=None, method="GET"):
    """What the fake provider says about itself."""
    if certificate:
        import ssl

        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=10, context=ssl.create_default_context(cafile=certificate))
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request(method, path)
        return json.load(connection.getresponse())
