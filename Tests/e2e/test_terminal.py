"""`whinchat chat`: the same protocol in a terminal."""

import asyncio
import subprocess

from support.bounds import BOUND
from support.processes import bin_dir, clean_environment


async def chat(address, said, seconds=BOUND):
    """Runs the terminal client with an input. Returns its status, output and error output."""
    process = await asyncio.create_subprocess_exec(
        bin_dir() / "whinchat", "chat", address, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=clean_environment(),
    )
    try:
        async with asyncio.timeout(seconds):
            output, error = await process.communicate(said.encode())
    except TimeoutError:
        process.kill()
        output, error = await process.communicate()
        raise AssertionError(f"no end within {seconds} s: {output!r} {error!r}") from None
    return process.returncode, output.decode(), error.decode()


async def test_a_reply_goes_to_standard_output(server):
    status, output, error = await chat(server.url, "hi\n")
    assert status == 0, error
    assert output.startswith("Hello! I am Whinchat's built-in demo.")
    assert output.endswith("\n")


async def test_a_last_line_without_a_line_feed_counts(server):
    status, output, _ = await chat(server.url, "hi")
    assert (status, output[:6]) == (0, "Hello!")


async def test_lines_are_sent_one_after_the_other(server):
    status, output, error = await chat(server.url, "My name is Ada\nWhat is my name?\n")
    assert status == 0, error
    assert output.index("Pleased to meet you, Ada") < output.index("your name is Ada.", output.index("\n"))


async def test_tools_run(server):
    status, output, error = await chat(server.url, "What is 6×7?\n")
    assert status == 0, error
    assert "42" in output


async def test_the_whole_text_is_there(openai_server):
    server = openai_server("tokens-1000-rate-0")
    status, output, _ = await chat(server.url, "go\n")
    assert status == 0
    assert "".join(f"w{index} " for index in range(1000)).strip() in output


async def test_a_reply_that_fails_is_status_1(anthropic_server):
    status, output, error = await chat(anthropic_server("error-after-3").url, "go\n")
    assert status == 1
    assert "w0 w1 w2" in output
    assert "Overloaded" in error


async def test_nobody_there_is_status_1():
    status, output, error = await chat("http://127.0.0.1:1", "hi\n")
    assert (status, output) == (1, "")
    assert error.startswith("Error: ")


async def test_an_address_that_is_none_is_a_usage_error():
    status, _, error = await chat("nonsense", "hi\n")
    assert status == 64
    assert "nonsense" in error
