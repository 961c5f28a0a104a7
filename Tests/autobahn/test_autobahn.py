"""The Autobahn cases, as kosoku runs them, against websocket-echo.

WHINCHAT_BIN_DIR names the folder of the built executables; without it, what `swift build --show-bin-path` says.
The whole takes about fifteen seconds with a debug build.
"""

import contextlib
import json
import os
import pathlib
import re
import selectors
import shutil
import subprocess
import sys
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Section 9 sends messages of up to 16 MiB.
MAX_MESSAGE_BYTES = 32 << 20

# How many cases kosoku 0.1.0 has in each section: a run of fewer is not the run that we mean.
SECTIONS = {
    "1": 16,
    "2": 11,
    "3": 7,
    "4": 10,
    "5": 20,
    "6": 145,
    "7": 37,
    "9": 54,
    "10": 1,
}

# What the suite itself calls passed. 7.1.6, 7.13.1 and 7.13.2 have no wrong answer and are INFORMATIONAL.
PASSED = {"OK", "INFORMATIONAL"}


def bin_dir():
    named = os.environ.get("WHINCHAT_BIN_DIR")
    if named:
        return pathlib.Path(named)
    built = ROOT / ".build" / "debug"
    if (built / "websocket-echo").exists():
        return built
    shown = subprocess.run(
        ["swift", "build", "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return pathlib.Path(shown.stdout.strip())


def kosoku():
    beside_python = pathlib.Path(sys.executable).with_name("kosoku")
    found = str(beside_python) if beside_python.exists() else shutil.which("kosoku")
    assert found, "kosoku is not installed: pip install kosoku"
    return found


def read_line(process, seconds):
    """The first line of a process's output, within a bound."""
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    line = b""
    deadline = time.monotonic() + seconds
    while not line.endswith(b"\n"):
        left = deadline - time.monotonic()
        assert left > 0 and selector.select(left), f"no line within {seconds} s, only {line!r}"
        byte = os.read(process.stdout.fileno(), 1)
        assert byte, f"ended with {process.poll()} after {line!r}"
        line += byte
    return line.decode().rstrip("\n")


@contextlib.contextmanager
def echo_server():
    command = [
        bin_dir() / "websocket-echo", "--port", "0", "--max-message-bytes", str(MAX_MESSAGE_BYTES),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        line = read_line(process, 30)
        address = re.fullmatch(r"listening on (127\.0\.0\.1:\d+)", line)
        assert address, line
        yield address[1]
        assert process.poll() is None, f"the server died: {process.returncode}"
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


@pytest.fixture(scope="module")
def address():
    with echo_server() as address:
        yield address


@pytest.mark.parametrize("section", SECTIONS)
def test_section(section, address, tmp_path):
    run = subprocess.run(
        [kosoku(), "-m", "fuzzingclient", address, "-i", f"{section}.*", "-o", str(tmp_path)],
        capture_output=True, text=True, timeout=600,
    )
    index = tmp_path / "index.json"
    assert index.exists(), f"no report: {run.stdout}{run.stderr}"
    agents = json.loads(index.read_text())
    cases = {case: result for results in agents.values() for case, result in results.items()}
    failed = {
        case: (result["behavior"], result["behaviorClose"])
        for case, result in cases.items()
        if result["behavior"] not in PASSED or result["behaviorClose"] not in PASSED
    }
    assert not failed, f"{failed}\n{run.stdout}{run.stderr}"
    assert run.returncode == 0, f"{run.stdout}{run.stderr}"
    assert len(cases) >= SECTIONS[section], sorted(cases)
