"""Many replies at once: at the pace of a model, and as fast as the sockets take them. A Node relay beside it."""

import contextlib

from .programs import Load, ask
from .report import table

LOAD_SECONDS = 180
KINDS = ["Whinchat", "Node, `ws`"]


def run_load(bench, kind, model, streams):
    """One load against a fresh server and a fresh provider; returns what both sides say of it."""
    word, count = model.split("-")[:2]
    with contextlib.ExitStack() as scope:
        provider = scope.enter_context(bench.provider())
        start = bench.server if kind == "Whinchat" else bench.relay
        server = scope.enter_context(start(f"http://127.0.0.1:{provider.port}", model))
        idle = server.memory_mib("VmRSS")
        load = Load(
            scope, bench, "streams", "--port", server.port, "--streams", streams, f"--{word}", count,
            "--timeout", LOAD_SECONDS)
        opened, before, provider_before = server.memory_mib("VmRSS"), server.cpu_seconds(), provider.cpu_seconds()
        result = load.run(LOAD_SECONDS + 30)
        # The provider's own count: what it wrote is what the clients read, and what they read was compared.
        sent = ask(provider.port, "/_stats")["tokens_sent"]
        if not sent == result["tokens"] == streams * int(count):
            raise SystemExit(f"{kind}: {sent} tokens were sent, {result['tokens']} arrived")
        cpu = server.cpu_seconds() - before
        return result | {
            "cpu_us": cpu * 1e6 / sent, "cores": cpu / result["wall_s"], "idle_mib": idle, "opened_mib": opened,
            "peak_mib": server.memory_mib("VmHWM"),
            "provider_us": (provider.cpu_seconds() - provider_before) * 1e6 / sent}


def streams(bench, options):
    rows = []
    count, tokens = options.streams, 40 * options.seconds
    for kind in kinds(options):
        text = run_load(bench, kind, f"tokens-{tokens}-rate-40", count)
        stamps = run_load(bench, kind, f"stamps-{tokens}-rate-40", count)
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
    for kind in kinds(options):
        # Enough tokens to keep it busy for the time asked for, as far as a short run can tell.
        probe = run_load(bench, kind, "tokens-1000-rate-0", count)
        tokens = round(1000 * options.seconds / probe["wall_s"])
        # A session keeps 1 MiB of its log for those who follow it; 100,000 tokens are less.
        result = run_load(bench, kind, f"tokens-{min(max(tokens, 1000), 100000)}-rate-0", count)
        rows.append([
            kind, f"{result['tokens'] / result['wall_s']:,.0f}", f"{result['cpu_us']:.2f} µs", f"{result['cores']:.2f}",
            f"{result['wall_s']:.1f} s", f"{result['peak_mib']:.0f} MiB", f"{result['delta_frames'] / result['tokens']:.3f}"])
    table(
        f"Saturation, {count} streams as fast as the sockets take them",
        ["", "tokens/s", "CPU a token", "cores busy", "time", "peak memory", "frames a token"], rows)


def kinds(options):
    return KINDS[:1] if options.alone else KINDS
