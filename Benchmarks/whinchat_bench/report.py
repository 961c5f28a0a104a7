"""What is printed: Markdown."""

import datetime
import os
import pathlib
import platform
import re
import statistics
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent


def table(title, head, rows):
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


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


def print_disk(folder):
    """What one write through to the disk costs there, without a database: 4 KiB, 200 times."""
    times = []
    path = pathlib.Path(folder, "disk-probe")
    with open(path, "wb", buffering=0) as file:
        for _ in range(200):
            begin = time.perf_counter_ns()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            times.append((time.perf_counter_ns() - begin) / 1e6)
    path.unlink()
    times.sort()
    kind = said_by("stat", "-f", "-c", "%T", str(folder))
    print(
        f"\nThe disk ({kind}): 4 KiB written through in {statistics.median(times):.2f} ms, "
        f"99th percentile {times[int(len(times) * 0.99)]:.2f} ms.", flush=True)
