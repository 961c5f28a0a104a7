"""Random schedules against the real binary: whatever happens in whatever order, the protocol's promises hold.

WHINCHAT_SEED repeats a schedule, as far as chance in the processes lets it; WHINCHAT_LONG=1 runs thousands of steps.
"""

import pytest

from support import long
from support.schedule import Schedule

# What replies are like: at once, over some time, without an end, with a tool, broken off.
MODELS = [
    "tokens-20-rate-0", "tokens-60-rate-300", "tokens-600-rate-300", "stall-after-5", "tool-calculate", "break-after-4",
]

STEPS = long.rounds(100, 200)
SCHEDULES = long.rounds(1, 12)

TOKENS = "".join(f"w{index} " for index in range(1000))


def is_reply(text):
    """Whether it is a beginning of what the fake provider says, or the calculator's reply."""
    return TOKENS.startswith(text) or "Let me compute that.The result is 42.".startswith(text)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("number", range(SCHEDULES))
@pytest.mark.bound(long.rounds(120, 600))
async def test_whatever_happens(openai_server, model, number):
    server = openai_server(model, "--idle-after", "1")
    schedule = Schedule(server, f"{long.seed(1)}-{model}-{number}", is_reply=is_reply)
    await schedule.run(STEPS)
