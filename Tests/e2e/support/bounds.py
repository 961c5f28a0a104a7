"""The one bound of all waits, and waiting for what sends no event."""

import asyncio
import time

# Seconds. Nothing here takes one; a loaded machine must not fail a test.
BOUND = 30

# Seconds between two looks at something that sends no event, such as the fake provider's log.
LOOK = 0.01


async def until(look, what, bound=BOUND):
    """The first true value of `look()`, which may block."""
    deadline = time.monotonic() + bound
    while True:
        found = await asyncio.to_thread(look)
        if found:
            return found
        assert time.monotonic() < deadline, f"waited {bound} s for {what}"
        await asyncio.sleep(LOOK)
