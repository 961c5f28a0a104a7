"""What a commit costs: acknowledged messages per second, and how long an acknowledgement takes."""

import contextlib
import pathlib

from .programs import Load, ask
from .report import print_disk, table

# Then a client goes on with a new session: the whole history is sent to the model, and shall stay short.
MESSAGES_A_SESSION = 20
# The shortest reply there is: as many messages as can be. And one of a second: as many as there are sessions, each second.
CASES = [(1, "at once", 1, 0), (100, "at once", 1, 0), (1000, "at once", 1, 0), (100, "1 s", 4, 4), (1000, "1 s", 4, 4)]


def commits(bench, options):
    rows = []
    print_disk(bench.folder)
    for clients, reply, tokens, rate in CASES:
        with contextlib.ExitStack() as scope:
            provider = scope.enter_context(bench.provider())
            server = scope.enter_context(bench.server(f"http://127.0.0.1:{provider.port}", f"tokens-{tokens}-rate-{rate}"))
            load = Load(
                scope, bench, "busy", "--port", server.port, "--clients", clients, "--messages", MESSAGES_A_SESSION,
                "--seconds", options.seconds)
            before, written = server.cpu_seconds(), written_bytes(server)
            result = load.run(options.seconds + 60)
            cpu, count = server.cpu_seconds() - before, result["acknowledged"]
            if (sent := ask(provider.port, "/_stats")["tokens_sent"]) != count * tokens:
                raise SystemExit(f"{count} messages were acknowledged, {sent} tokens of {tokens} each were sent")
            latency = result["latency_ms"]
            rows.append([
                f"{clients:,}", reply, f"{count / result['wall_s']:,.0f}", f"{latency['p50']:.2f} ms", f"{latency['p99']:.2f} ms",
                f"{latency['max']:.1f} ms", f"{cpu * 1e6 / count:.0f} µs", f"{cpu / result['wall_s']:.2f}",
                f"{(written_bytes(server) - written) / count / 1024:.1f} KiB"])
    table(
        f"Commits, {options.seconds} s each",
        ["busy sessions", "reply", "acknowledged messages/s", "acknowledgement, median", "99th percentile", "worst",
         "server CPU a message", "cores busy", "written to disk a message"], rows)


def written_bytes(program):
    """What the process had written to files so far, with sockets left out."""
    fields = dict(line.split(": ") for line in pathlib.Path(f"/proc/{program.process.pid}/io").read_text().splitlines())
    return int(fields["write_bytes"])
