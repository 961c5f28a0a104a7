#!/usr/bin/env python3
"""Measures Whinchat: cancel latency, 1,000 streams, saturation; a Node relay beside it in the same run.

    make bench
    make bench ARGS="--only streams"

Prints Markdown tables. README.md here says what they mean. Everything runs on 127.0.0.1, bounded in count and in time, and
whatever was started is ended, by its process id, also after an error or Ctrl-C.
"""

import argparse
import contextlib
import datetime
import http.client
import json
import os
import pathlib
import platform
import re
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# What the servers get: nothing of the caller's settings, keys or proxies.
ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "ANTHROPIC_API_KEY": "x"}
START_SECONDS = 30
LOAD_SECONDS = 180
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
            self.process.wait(20)
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


class Bench:
    """Where the programs are, and how they are started."""

    def __init__(self, binaries):
        self.binaries = pathlib.Path(binaries)
        self.scope = contextlib.ExitStack()
        self.folder = self.scope.enter_context(tempfile.TemporaryDirectory(prefix="whinchat-bench-"))
        self.load = pathlib.Path(self.folder, "load")
        subprocess.run(["cc", "-O2", "-o", self.load, HERE / "load.c"], check=True)

    @contextlib.contextmanager
    def provider(self, tls=False):
        with contextlib.ExitStack() as scope:
            command = [self.binaries / "fake-provider"] + (["--tls"] if tls else [])
            yield Program(scope, self.folder, "fake-provider", command)

    @contextlib.contextmanager
    def server(self, kind, base_url, model, environment=None):
        """A fresh server in front of the provider, which answers with `model` alone."""
        with contextlib.ExitStack() as scope:
            data = scope.enter_context(tempfile.TemporaryDirectory(dir=self.folder))
            commands = {
                "Whinchat": [
                    self.binaries / "whinchat", "serve", "--provider", "anthropic", "--base-url", base_url, "--model", model,
                    "--data", data, "--port", 0],
                "Node, `ws`": ["node", HERE / "node-relay.js", "--upstream", base_url, "--model", model],
            }
            yield Program(scope, self.folder, re.sub(r"\W", "", kind), commands[kind], environment)

    def run_load(self, kind, model, streams):
        """One load against a fresh server and a fresh provider; returns what both sides say of it."""
        word, count = model.split("-")[:2]
        with self.provider() as provider, self.server(kind, f"http://127.0.0.1:{provider.port}", model) as server:
            idle = server.memory_mib("VmRSS")
            load = subprocess.Popen(
                [self.load, "--port", str(server.port), "--streams", str(streams), f"--{word}", count,
                 "--timeout", str(LOAD_SECONDS)],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            try:
                if load.stdout.readline() != "ready\n":
                    raise SystemExit(f"the load on {kind} did not get ready")
                opened, before, provider_before = server.memory_mib("VmRSS"), server.cpu_seconds(), provider.cpu_seconds()
                result, _ = load.communicate("go\n", timeout=LOAD_SECONDS + 30)
            finally:
                load.kill()
                load.wait()
            if load.returncode != 0:
                raise SystemExit(f"{kind}: the load failed: {result}\n{server.errors.read_text()[-2000:]}")
            result = json.loads(result)
            # The provider's own count: what it wrote is what the clients read, and what they read was compared.
            sent = ask(provider.port, "/_stats")["tokens_sent"]
            if not sent == result["tokens"] == streams * int(count):
                raise SystemExit(f"{kind}: {sent} tokens were sent, {result['tokens']} arrived")
            cpu = server.cpu_seconds() - before
            return result | {
                "cpu_us": cpu * 1e6 / sent, "cores": cpu / result["wall_s"], "idle_mib": idle, "opened_mib": opened,
                "peak_mib": server.memory_mib("VmHWM"),
                "provider_us": (provider.cpu_seconds() - provider_before) * 1e6 / sent}


KINDS = ["Whinchat", "Node, `ws`"]


def ask(port, path, certificate=None):
    """What the fake provider says about itself."""
    if certificate:
        import ssl

        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=10, context=ssl.create_default_context(cafile=certificate))
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return json.load(connection.getresponse())


def table(title, head, rows):
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


# MARK: Cancel


def cancel_once(socket, provider_log, waits_for_deltas):
    """One turn, cancelled; returns the ns from the frame's sending to the provider seeing its connection closed."""

    def frames(kind):
        while True:
            frame = json.loads(socket.recv(timeout=30))
            if frame["type"] == "error":
                raise SystemExit(f"cancel: {frame}")
            if frame["type"] == kind:
                return frame

    socket.send(json.dumps({"type": "open"}))
    frames("welcome")
    socket.send(json.dumps({"type": "send", "id": "m1", "text": "Go on."}))
    turn = frames("turn.started")["turn"]
    if waits_for_deltas:
        for _ in range(3):
            frames("delta")
    else:
        # Nothing will come from a silent provider: the request's arrival is the moment to cancel from.
        while not provider_log()["requests"]:
            time.sleep(0.005)
    sent = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    socket.send(json.dumps({"type": "cancel", "turn": turn}))
    if (status := frames("turn.done")["status"]) != "cancelled":
        raise SystemExit(f"cancel: the turn ended as {status}")
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        log = provider_log()
        connection = log["requests"][-1]["connection"]
        closed = next((c["closed"] for c in log["connections"] if c["id"] == connection), None)
        if closed:
            return closed["at"]["monotonic_ns"] - sent
        time.sleep(0.002)
    raise SystemExit("cancel: the provider's connection is still open after 30 s")


def cancel(bench, options):
    from websockets.sync.client import connect

    rows = []
    for label, model, tls in [
        ("in the middle of a reply, plain", "tokens-100000-rate-40", False),
        ("in the middle of a reply, TLS", "tokens-100000-rate-40", True),
        ("silent, before its headers, plain", "silent", False),
        ("silent, before its headers, TLS", "silent", True),
    ]:
        with bench.provider(tls) as provider:
            certificate = re.search(r"^certificate (.+)$", provider.output.read_text(), re.M) if tls else None
            certificate = certificate and certificate[1]
            url = f"http{'s' if tls else ''}://127.0.0.1:{provider.port}"
            environment = {"SSL_CERT_FILE": certificate} if tls else {}
            with bench.server("Whinchat", url, model, environment) as server:
                with connect(
                    f"ws://127.0.0.1:{server.port}/v1/chat", subprotocols=["whinchat.v1"], compression=None, proxy=None
                ) as socket:
                    times = []
                    for _ in range(options.cancels):
                        ask(provider.port, "/_reset", certificate)
                        times.append(
                            cancel_once(socket, lambda: ask(provider.port, "/_log", certificate), model != "silent"))
        rows.append([label, f"{statistics.median(times) / 1e6:.2f} ms", f"{max(times) / 1e6:.2f} ms"])
    table(f"Cancel, {options.cancels} times each", ["provider", "median", "worst"], rows)


# MARK: Load


def streams(bench, options):
    rows = []
    count, tokens = options.streams, 40 * options.seconds
    for kind in KINDS:
        text = bench.run_load(kind, f"tokens-{tokens}-rate-40", count)
        stamps = bench.run_load(kind, f"stamps-{tokens}-rate-40", count)
        latency = stamps["latency_ms"]
        rows.append([
            kind, "0", f"{text['wall_s']:.1f} s", f"{text['cpu_us']:.1f} µs", f"{text['cores']:.2f}", f"{latency['p50']:.1f} ms",
            f"{latency['p99']:.1f} ms", f"{latency['max']:.1f} ms", f"{text['peak_mib']:.0f} MiB",
            f"{(text['peak_mib'] - text['idle_mib']) * 1024 / count:.0f} KiB",
            f"{text['delta_frames'] / text['tokens']:.3f}"])
    table(
        f"{count} streams at 40 tokens a second for {options.seconds} s",
        ["", "tokens lost", "time", "CPU a token", "cores busy", "added latency, median", "99th percentile", "worst", "peak memory",
         "memory a stream", "frames a token"], rows)


def saturation(bench, options):
    rows = []
    count = options.saturation_streams
    for kind in KINDS:
        # Enough tokens to keep it busy for the time asked for, as far as a short run can tell.
        probe = bench.run_load(kind, "tokens-1000-rate-0", count)
        tokens = round(1000 * options.seconds / probe["wall_s"])
        # A session keeps 1 MiB of its log for those who follow it; 100,000 tokens are less.
        result = bench.run_load(kind, f"tokens-{min(max(tokens, 1000), 100000)}-rate-0", count)
        rows.append([
            kind, f"{result['tokens'] / result['wall_s']:,.0f}", f"{result['cpu_us']:.2f} µs", f"{result['cores']:.2f}",
            f"{result['wall_s']:.1f} s", f"{result['peak_mib']:.0f} MiB", f"{result['delta_frames'] / result['tokens']:.3f}"])
    table(
        f"Saturation, {count} streams as fast as the sockets take them",
        ["", "tokens/s", "CPU a token", "cores busy", "time", "peak memory", "frames a token"], rows)


# MARK: The machine


def said_by(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout.strip()
    except OSError:
        return "?"


def print_machine():
    cpu = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) / 2**20
    swift = re.search(r"Swift version \S+", said_by("swift", "--version"))
    ws = said_by("node", "-p", "require('ws/package.json').version") or said_by(
        "node", "-p", "require('/usr/share/nodejs/ws/package.json').version")
    curl = said_by("curl-config", "--version") or said_by("pkg-config", "--modversion", "libcurl")
    commit = said_by("git", "-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=10")
    print(
        f"{len(os.sched_getaffinity(0))} cores ({cpu[1] if cpu else platform.machine()}), {memory:.0f} GiB, "
        f"Linux {platform.release()}; {swift[0] if swift else 'Swift ?'}, {curl.removeprefix('libcurl ')} libcurl, "
        f"Node {said_by('node', '--version')} with ws {ws}; {datetime.date.today()}, commit {commit}; load average before: "
        f"{os.getloadavg()[0]:.1f}", flush=True)


def main():
    benchmarks = {"cancel": cancel, "streams": streams, "saturation": saturation}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=benchmarks, help="one of them (default: all)")
    parser.add_argument("--cancels", type=int, default=100, help="turns to cancel in each case (default: 100)")
    parser.add_argument("--streams", type=int, default=1000, help="streams at 40 tokens/s, at most 5000 (default: 1000)")
    parser.add_argument("--saturation-streams", type=int, default=100, help="streams without a rate (default: 100)")
    parser.add_argument("--seconds", type=int, default=10, help="how long each load lasts, at most 60 (default: 10)")
    options = parser.parse_args()
    if not (1 <= options.seconds <= 60 and 1 <= options.streams <= 5000 and 1 <= options.saturation_streams <= 1000
            and 1 <= options.cancels <= 10000):
        parser.error("a number is out of its bounds")

    # A server holds two sockets a stream.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < 2 * options.streams + 200:
        sys.exit(f"The limit of open files is {hard}; {2 * options.streams + 200} are needed (ulimit -Hn).")
    # So that everything is ended also when this is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    binaries = os.environ.get("WHINCHAT_BIN_DIR") or said_by(
        "swift", "build", "-c", "release", "--package-path", str(HERE.parent), "--show-bin-path")
    bench = Bench(binaries)
    with bench.scope:
        print_machine()
        for name, run in benchmarks.items():
            if options.only in (None, name):
                run(bench, options)


if __name__ == "__main__":
    main()
