"""An application with a tool of its own: the example of docs/tools.md, which sees only what is public."""

import subprocess

import pytest

from support.bounds import BOUND
from support.chat_client import ChatClient
from support.processes import ROOT, bin_dir, clean_environment


@pytest.fixture
def example(start_server):
    def start(*arguments):
        return start_server(*arguments, program="roll-dice", name="roll-dice")

    return start


def test_the_documents_have_it_word_for_word():
    code = (ROOT / "Examples" / "RollDice" / "RollDice.swift").read_text()
    assert f"```swift\n{code}```" in (ROOT / "docs" / "tools.md").read_text()


async def test_it_is_there_beside_those_that_are_picked(example):
    async with ChatClient.opened(example("--provider", "demo", "--tools", "calculate")) as client:
        tools = {tool["name"]: tool["description"] for tool in client.welcome["tools"]}
        assert sorted(tools) == ["calculate", "roll_dice"]
        assert tools["roll_dice"].startswith("Rolls a die.")


async def test_a_model_calls_it(example):
    async with ChatClient.opened(example("--provider", "demo")) as client:
        turn = await client.said('call roll_dice {"sides": 6}')
        (result,) = turn.results.values()
        assert not result["is_error"] and 1 <= int(result["output"]) <= 6
        assert (turn.status, turn.text.endswith(f"The tool roll_dice says: {result['output']}")) == ("completed", True)


@pytest.mark.parametrize(
    ("input", "said"),
    [('{"sides": 1}', "input.sides must be at least 2, but is 1"), ('{"sides": 6', "is not valid JSON"),
     ("{}", "sides")],
)
async def test_what_it_does_not_take_never_reaches_it(example, input, said):
    async with ChatClient.opened(example("--provider", "demo")) as client:
        turn = await client.said(f"call roll_dice {input}")
        (result,) = turn.results.values()
        assert result["is_error"] and said in result["output"]
        assert turn.status == "completed"


def test_its_command_line_is_the_programs():
    def run(program, *arguments):
        return subprocess.run(
            [bin_dir() / program, *arguments], capture_output=True, text=True, timeout=BOUND, env=clean_environment()
        )

    for arguments in (["--help"], ["serve", "--help"], ["serve", "--port", "none"], ["nonsense"]):
        ours, theirs = run("roll-dice", *arguments), run("whinchat", *arguments)
        assert (ours.returncode, ours.stdout, ours.stderr) == (theirs.returncode, theirs.stdout, theirs.stderr)
    assert run("whinchat", "serve", "--port", "none").returncode == 64
