"""The systemd unit of deploy/: that it starts what is there, and what systemd itself says of it."""

import configparser
import os
import shlex
import shutil
import subprocess

import pytest

from support.processes import READY, ROOT, Process, bin_dir


@pytest.fixture
def unit():
    # systemd's files repeat names; none that is looked at here.
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(ROOT / "deploy" / "whinchat.service")
    return parser


def test_the_service_starts_as_the_unit_says(unit, tmp_path):
    words = shlex.split(unit["Service"]["ExecStart"])
    assert words[:2] == ["/usr/local/lib/whinchat/whinchat", "serve"]
    words[0] = bin_dir() / "whinchat"
    words[words.index("/var/lib/whinchat")] = tmp_path / "data"
    process = Process("whinchat (unit)", [*words, "--port", "0", "--provider", "demo"], tmp_path / "log.txt", READY)
    assert process.stop() == 0


def test_the_service_may_drain_before_it_is_killed(unit):
    words = shlex.split(unit["Service"]["ExecStart"])
    drain = int(words[words.index("--drain-timeout") + 1])
    # 15 s: `ServeCommand.maxShutdown`.
    assert int(unit["Service"]["TimeoutStopSec"]) >= drain + 15


def test_systemd_finds_no_fault_in_the_unit(tmp_path):
    verify = shutil.which("systemd-analyze")
    if not verify:
        pytest.skip("there is no systemd-analyze")
    text = (ROOT / "deploy" / "whinchat.service").read_text()
    # It looks for the program.
    unit = tmp_path / "whinchat.service"
    unit.write_text(text.replace("/usr/local/lib/whinchat/whinchat", str(bin_dir() / "whinchat")))
    result = subprocess.run([verify, "verify", unit], capture_output=True, text=True, env=os.environ | {"LC_ALL": "C"})
    assert (result.returncode, result.stderr) == (0, "")
