"""What the README shows of the terminal client, typed into a terminal; and its own client in Python, run."""

import asyncio
import os
import pty
import re
import signal
import subprocess
import sys

import pytest

from support.bounds import BOUND
from support.processes import ROOT, bin_dir, clean_environment

# Where the client waits for a line.
PROMPT = re.compile(r"(^|\n)> $|\[y/n\] $")


def dialogues():
    """The README's blocks with a dialogue, from the first prompt on."""
    blocks = re.findall(r"^(`{3,})console\n(.*?)\n\1$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    return [block[block.index("\n> ") + 1:] for _, block in blocks if "\n> " in block]


class Terminal:
    """The client in a terminal of its own; what the terminal shows is `shown`, what was typed included."""

    def __init__(self, address):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            program = str(bin_dir() / "whinchat")
            os.execve(program, [program, "chat", address], clean_environment())
        self.shown = ""

    async def until_prompt(self):
        async with asyncio.timeout(BOUND):
            while not PROMPT.search(self.shown):
                piece = await asyncio.to_thread(os.read, self.terminal, 65536)
                self.shown = (self.shown + piece.decode()).replace("\r\n", "\n")

    async def type(self, line):
        # The prompt that is there is answered: the next one is waited for behind it.
        before, self.shown = self.shown, ""
        os.write(self.terminal, f"{line}\n".encode())
        await self.until_prompt()
        self.shown = before + self.shown

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)


@pytest.mark.parametrize("dialogue", dialogues())
async def test_a_dialogue_goes_as_the_readme_shows_it(start_server, dialogue):
    # What a new user has: no setting at all.
    server = start_server("--provider", "demo", environment={"WHINCHAT_TOOLS": ""})
    terminal = Terminal(server.url)
    try:
        await terminal.until_prompt()
        greeting = terminal.shown
        for line in re.findall(r"^> (.+)$|\[y/n\] (.+)$", dialogue, re.MULTILINE):
            await terminal.type("".join(line))
        shown = terminal.shown.removeprefix(greeting.removesuffix("> "))
    finally:
        await asyncio.to_thread(terminal.close)
    # A point of omission stands for what is another thing each time.
    pattern = ".*".join(re.escape(piece) for piece in dialogue.split("…"))
    assert re.fullmatch(pattern, shown.rstrip()), shown
    emails = list(server.data.glob("outbox/*.eml"))
    assert len(emails) == dialogue.count("[y/n] y")


def test_the_readme_has_dialogues():
    assert len(dialogues()) == 2


@pytest.mark.parametrize("page", ["README.md", "docs/protocol.md"])
def test_the_client_in_python_shows_a_reply(server, page):
    blocks = re.findall(r"^```python\n(.*?)\n```$", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)
    program = blocks[0].replace("ws://127.0.0.1:8080/v1/chat", server.ws_url)
    assert server.ws_url in program
    run = subprocess.run(
        [sys.executable, "-c", program, "What is 6*7?"], env=clean_environment(), capture_output=True, text=True,
        timeout=BOUND,
    )
    # The text before the tool and the one after it stand on lines of their own.
    assert re.fullmatch(r"[^\n]+\n6\*7 is 42\.\n\[completed\] \n", run.stdout), run.stdout + run.stderr
