"""docs/openapi.yaml against the running server: schemathesis makes requests that it allows and some that it does not."""

import asyncio
import os
import sys

import pytest

from support.processes import ROOT, clean_environment

# Random requests for each operation, beside those that the schema gives by itself. The whole takes about a minute.
EXAMPLES = "20"
# The same ones each time, unless somebody wants others.
SEED = os.environ.get("WHINCHAT_SEED", "7")


@pytest.mark.bound(300)
async def test_the_server_does_what_the_description_says(quick, tmp_path):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "docs" / "openapi.yaml"), "--url", quick.url,
        # What is sent may be refused though the schema allows it: a model that there is not, a turn while the server stops.
        "--checks", "all", "--exclude-checks", "positive_data_acceptance",
        # Not `stateful`: a stream of a session that is there has no end. Where one is met it is read until the timeout.
        "--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--seed", SEED, "--no-color",
        "--request-timeout", "10",
        cwd=tmp_path, env=clean_environment() | {"PYTHONWARNINGS": "ignore"},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-10_000:]
