"""From a client's `cancel` to the provider seeing its connection closed."""

import json
import re
import statistics
import time

from .programs import ask
from .report import table


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
            with bench.server(url, model, environment=environment) as server:
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
