"""How much a test does: enough for `make test`, or, with WHINCHAT_LONG=1, what takes longer than a test may."""

import os

LONG = bool(os.environ.get("WHINCHAT_LONG"))


def rounds(short, long):
    return long if LONG else short


def seed(default):
    """The seed of a random test: WHINCHAT_SEED, else a fixed one, so that a run can be had again."""
    return int(os.environ.get("WHINCHAT_SEED") or default)
