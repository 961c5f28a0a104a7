"""A real model without a key: llama.cpp's own server and a small model, through both dialects.

The first run installs 127 MB into .local-model; a run without network and without that folder cannot pass.
"""

import os
import re
import subprocess

import pytest

from support.chat_client import ChatClient
from support.processes import ROOT, Process, bin_dir

# Seconds: the installation loads 127 MB.
INSTALL_BOUND = 600

MODEL = "smollm2-135m"


@pytest.fixture(scope="module")
def installed():
    run = subprocess.run(
        [ROOT / "scripts" / "run-local.sh", "--setup-only"], capture_output=True, text=True, timeout=INSTALL_BOUND
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="module")
def model(installed, tmp_path_factory):
    """The model's server: its address."""
    process = Process(
        "local-model", [ROOT / ".local-model" / "bin" / "python", ROOT / "scripts" / "local-model.py"],
        tmp_path_factory.mktemp("local-model") / "log.txt", r"listening on (127\.0\.0\.1:\d+)",
    )
    yield f"http://{process.match[1]}"
    assert process.stop() == 0


@pytest.mark.parametrize("dialect, path", [("openai", "/v1"), ("anthropic", "")])
async def test_a_real_model_answers(model, start_server, dialect, path):
    server = start_server("--provider", dialect, "--base-url", model + path, "--model", MODEL, "--max-tokens", "24")
    # Without tools: their descriptions take so small a model longer to read than the question.
    async with ChatClient.opened(server, create={"tools": []}) as client:
        turn = await client.said("What is the capital of France? Answer in one short sentence.")
        # Either word: how long the answer is, is the model's.
        assert turn.status in ("completed", "max_tokens"), turn.done
        assert turn.text.strip()
        assert turn.deltas > 1, "the reply came in one piece"
        usage = turn.done["usage"]
        assert not usage["estimated"]
        assert usage["input_tokens"] + usage["cache_read_tokens"] > 10
        assert 0 < usage["output_tokens"] <= 24
        assert turn.done["timing"]["ttft_ms"] > 0


async def test_a_real_model_stops(model, start_server):
    server = start_server("--provider", "openai", "--base-url", f"{model}/v1", "--model", MODEL)
    async with ChatClient.opened(server, create={"tools": []}) as client:
        turn = await client.started(await client.send("Tell me a very long story about birds.", options={"max_tokens": 2000}))
        await client.until("delta")
        await client.cancel(turn=turn.id)
        assert (await client.done(turn=turn.id)).status == "cancelled"
        assert turn.text


async def test_run_local_serves_it(installed, tmp_path):
    """The script that `make run-local` runs, with the tools as a person has them."""
    process = Process(
        "run-local", [ROOT / "scripts" / "run-local.sh", "--port", "0", "--data", tmp_path / "data", "--max-tokens", "8"],
        tmp_path / "log.txt", r"Whinchat is at (http://127\.0\.0\.1:\d+)", {"WHINCHAT_BIN_DIR": str(bin_dir())},
    )
    try:
        server = type("Address", (), {"ws_url": process.match[1].replace("http", "ws") + "/v1/chat"})
        async with ChatClient.opened(server) as client:
            assert client.welcome["models"] == [MODEL]
            turn = await client.said("Hello")
            assert turn.status in ("completed", "max_tokens"), turn.done
            assert turn.text.strip() or turn.results
        children = subprocess.run(
            ["ps", "--no-headers", "-o", "pid,args", "--ppid", str(process.process.pid)], capture_output=True, text=True
        ).stdout
        pids = [int(pid) for pid in re.findall(r"^\s*(\d+)", children, re.MULTILINE)]
        assert len(pids) == 2, children
    finally:
        process.stop()
    left = [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    assert not left, f"left behind: {left}"
