"""What a connection costs whose session has nothing to do."""

import contextlib
import threading
import time

from .programs import Load, ask
from .report import table

# 20 messages of 500 bytes each: ten of the user, ten replies. 122 tokens "w0 " to "w121 " are 500 bytes.
MESSAGES, TEXT_BYTES, TOKENS = 20, 500, 122
FILLING_CLIENTS = 100
IDLE_AFTER = 2
# The memory counts once it has been the same, to 64 KiB, for so long: sessions are looked after once a second.
STABLE_SECONDS, STABLE_MIB, WAIT_SECONDS = 6, 0.0625, 120


def idle(bench, options):
    rows = []
    count = options.idle_sessions
    with contextlib.ExitStack() as scope:
        data = scope.enter_context(bench.data())
        ids = f"{bench.folder}/sessions"
        fill(bench, data, ids, count)
        for label, data, arguments in [
            ("a WebSocket that has opened no session", None, ["--bare"]),
            ("a new session, nothing said", None, []),
            (f"a session with {MESSAGES} messages of {TEXT_BYTES} bytes on disk", data,
             ["--list", ids, "--messages", MESSAGES]),
        ]:
            rows.append([label, *hold(bench, data, count, arguments)])
    table(
        f"{count:,} idle connections",
        ["each", "resident memory each", "before", "with all", "most meanwhile"],
        rows)


def fill(bench, data, ids, count):
    """Sessions with a history, made as clients make them."""
    with contextlib.ExitStack() as scope:
        provider = scope.enter_context(bench.provider())
        stop = threading.Event()
        scope.callback(stop.set)
        # The provider keeps what it was asked, for tests; here that would be gigabytes.
        threading.Thread(target=forget_often, args=(provider.port, stop), daemon=True).start()
        server = scope.enter_context(
            bench.server(
                f"http://127.0.0.1:{provider.port}", f"tokens-{TOKENS}-rate-0", "--idle-after", IDLE_AFTER, data=data))
        load = Load(
            scope, bench, "busy", "--port", server.port, "--clients", min(FILLING_CLIENTS, count), "--messages", MESSAGES // 2,
            "--sessions", count, "--text-bytes", TEXT_BYTES, "--reply-bytes", TEXT_BYTES, "--list", ids)
        load.run(600)


def forget_often(port, stop):
    while not stop.wait(1):
        with contextlib.suppress(OSError):
            ask(port, "/_reset", method="POST")


def hold(bench, data, count, arguments):
    """Memory with that many connections, once histories have left it."""
    with contextlib.ExitStack() as scope:
        # Nothing is said, so no provider is needed.
        server = scope.enter_context(
            bench.server("http://127.0.0.1:9", "none", "--idle-after", IDLE_AFTER, data=data))
        before = stable(server)
        load = Load(scope, bench, "idle", "--port", server.port, "--clients", count, *arguments)
        after = stable(server)
        peak = server.memory_mib("VmHWM")
        load.run(60)
        return [f"{(after - before) * 1024 / count:.1f} KiB", f"{before:.0f} MiB", f"{after:.0f} MiB", f"{peak:.0f} MiB"]


def stable(server):
    """Its resident memory, in MiB, once that no longer changes."""
    value, since = server.memory_mib("VmRSS"), time.monotonic()
    deadline = since + WAIT_SECONDS
    while time.monotonic() < since + STABLE_SECONDS:
        time.sleep(0.2)
        now = server.memory_mib("VmRSS")
        if abs(now - value) > STABLE_MIB:
            value, since = now, time.monotonic()
        if time.monotonic() > deadline:
            raise SystemExit(f"the memory did not come to rest within {WAIT_SECONDS} s")
    return value
