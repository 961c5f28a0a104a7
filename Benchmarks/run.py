#!/usr/bin/env python3
"""Measures Whinchat: cancel latency, 1,000 streams, saturation, commits, idle connections, streams through proxies,
a long history.

    make bench
    make bench ARGS="--only streams"

Prints Markdown tables. README.md here says what they mean. Everything runs on 127.0.0.1, bounded in count and in time, and
whatever was started is ended, by its process id, also after an error or Ctrl-C.
"""

import argparse
import os
import pathlib
import resource
import signal
import sys

from whinchat_bench.cancel import cancel
from whinchat_bench.commits import commits
from whinchat_bench.history import history
from whinchat_bench.idle import idle
from whinchat_bench.programs import Bench
from whinchat_bench.proxies import proxies
from whinchat_bench.report import print_machine, said_by
from whinchat_bench.streams import saturation, streams

ROOT = pathlib.Path(__file__).resolve().parent.parent
BENCHMARKS = {"cancel": cancel, "streams": streams, "saturation": saturation, "commits": commits, "idle": idle,
              "proxies": proxies, "history": history}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=BENCHMARKS, help="one of them (default: all)")
    parser.add_argument("--alone", action="store_true", help="without the Node relay beside it")
    parser.add_argument("--cancels", type=int, default=100, help="turns to cancel in each case (default: 100)")
    parser.add_argument("--streams", type=int, default=1000, help="streams at 40 tokens/s, at most 5000 (default: 1000)")
    parser.add_argument("--saturation-streams", type=int, default=100, help="streams without a rate (default: 100)")
    parser.add_argument("--idle-sessions", type=int, default=10000, help="idle connections, at most 10000 (default: 10000)")
    parser.add_argument("--proxied-tokens", type=int, default=100, help="tokens 100 ms apart on each way (default: 100)")
    parser.add_argument("--seconds", type=int, default=10, help="how long each load lasts, at most 60 (default: 10)")
    options = parser.parse_args()
    if not (1 <= options.seconds <= 60 and 1 <= options.streams <= 5000 and 1 <= options.saturation_streams <= 1000
            and 2 <= options.proxied_tokens <= 1000 and 1 <= options.cancels <= 10000 and 1 <= options.idle_sessions <= 10000):
        parser.error("a number is out of its bounds")
    return options


def main():
    options = arguments()
    # A server holds two sockets a stream, and one an idle connection.
    needed = max(2 * options.streams, options.idle_sessions if options.only in (None, "idle") else 0) + 200
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard != resource.RLIM_INFINITY and hard < needed:
        sys.exit(f"The limit of open files is {hard}; {needed} are needed (ulimit -Hn).")
    # So that everything is ended also when this is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    bench = Bench(os.environ.get("WHINCHAT_BIN_DIR") or said_by(
        "swift", "build", "-c", "release", "--package-path", str(ROOT), "--show-bin-path"))
    with bench.scope:
        print_machine()
        for name, run in BENCHMARKS.items():
            if options.only in (None, name):
                run(bench, options)


if __name__ == "__main__":
    main()
