"""`whinchat ttft`: streamed replies begin sooner than whole ones come."""

import asyncio
import re
import subprocess

from support.bounds import BOUND
from support.processes import bin_dir, clean_environment


async def ttft(*arguments):
    process = await asyncio.create_subprocess_exec(
        bin_dir() / "whinchat", "ttft", *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    async with asyncio.timeout(BOUND):
        output, error = await process.communicate()
    return process.returncode, output.decode(), error.decode()


async def test_the_comparison(openai_server):
    # Two seconds of reply: whatever the machine does meanwhile, its beginning comes sooner than its end.
    server = openai_server("tokens-40-rate-20")
    status, output, error = await ttft(server.url, "--runs", "1")
    assert status == 0, error
    rows = re.findall(r"^(WebSocket|POST \S+(?: \(SSE\))?) +([\d.]+) ms +([\d.]+) ms$", output, re.MULTILINE)
    assert [row[0] for row in rows] == ["WebSocket", "POST /chat/stream (SSE)", "POST /chat"], output
    (socket_first, _), (stream_first, _), (whole_first, whole) = [(float(first), float(all)) for _, first, all in rows]
    assert socket_first < whole_first and stream_first < whole_first <= whole
    assert "times sooner" in output


async def test_what_cannot_be_measured(openai_server):
    status, _, error = await ttft(openai_server("status-401").url)
    assert status == 1 and "failed" in error
    status, _, error = await ttft("http://127.0.0.1:1")
    assert status == 1 and "whinchat serve" in error
    status, _, error = await ttft("--runs", "0")
    assert status == 64 and "1 to 100" in error
