"""What a session is, asked for anew: its messages as a fresh client gets them."""

import asyncio

from .bounds import BOUND
from .chat_client import ChatClient
from .view import text


async def latest(server, session, **fields):
    """A fresh snapshot of a session."""
    async with ChatClient.opened(server, session=session, **{"history": 500} | fields) as client:
        return client.snapshot


async def idle(server, session):
    """A snapshot once nothing runs or waits any more."""
    async with ChatClient.opened(server, session=session, history=500) as client:
        waiting = {turn["turn"] for turn in client.snapshot["queued"]}
        if client.welcome["state"] != "idle":
            waiting.add(client.welcome["turn"])
        if not waiting:
            return client.snapshot
        while any(not (turn := client.transcript.turns.get(id)) or not turn.done for id in waiting):
            await client.until("turn.done")
    return await idle(server, session)


async def stopped(server, session):
    """Stops what runs and what waits. Returns a snapshot of the session once it is idle."""
    async with asyncio.timeout(BOUND):
        while True:
            async with ChatClient.opened(server, session=session, history=500) as client:
                turns = [turn["turn"] for turn in client.snapshot["queued"]]
                if client.welcome["state"] != "idle":
                    turns.append(client.welcome["turn"])
                if not turns:
                    return client.snapshot
                # The ones that wait first, so that none of them starts.
                for turn in turns:
                    await client.cancel(turn=turn)
                while any(not client.transcript.turns[turn].done for turn in turns if turn in client.transcript.turns):
                    await client.until("turn.done")


def texts(snapshot):
    """Who said what, in order."""
    return [(message["role"], text(message)) for message in snapshot["messages"]]


def reply(snapshot, turn):
    """The reply of a turn."""
    found = [
        message for message in snapshot["messages"] if message["turn"] == turn and message["role"] == "assistant"
    ]
    assert len(found) == 1, f"{len(found)} replies of {turn} in {texts(snapshot)}"
    return found[0]


def tokens(count):
    """What the fake provider says in `tokens-COUNT-…`."""
    return "".join(f"w{index} " for index in range(count))
