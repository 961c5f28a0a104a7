"""A session of tens of thousands of messages, written into the data folder of a server that does not run: turns by the
protocol would take minutes."""

import contextlib
import json
import sqlite3

QUESTION = "Message {number}: what about the wheatear and its nest, and how far does it fly in a year? " + "It is so. " * 8
ANSWER = "Answer {number}: **the wheatear** flies far. " + "It crosses the desert and the sea, and rests little. " * 12


def extend(data, session, messages):
    """Continues a session behind its head with so many messages, half of them replies. They are not in the search index."""
    with contextlib.closing(sqlite3.connect(data / "whinchat.sqlite")) as database, database:
        # Names of columns, so that a later migration's defaults are taken.
        key, settings, head, seq, now = database.execute(
            "SELECT key, settings, head, last_seq, last_active_at FROM sessions WHERE id = ?", (session,)
        ).fetchone()
        for number in range(messages // 2):
            turn, ref, user, reply = (f"{kind}_long{number}" for kind in "trua")
            seq += 10
            database.execute(
                "INSERT INTO turns (session, id, kind, ref, parent, reply, seq, settings, state)"
                " VALUES (?, ?, 'send', ?, ?, ?, ?, ?, 'ended')",
                (key, turn, ref, user, reply, seq, settings),
            )
            insert = (
                "INSERT INTO messages (session, id, parent, role, content, created_at, turn, partial, status, model,"
                " input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, usage_is_estimated, record)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)"
            )
            record = {
                "ttft_ms": 210, "duration_ms": 1480, "tokens_per_second": 90.4,
                "context": {
                    "policy": "sliding_window", "sent_messages": 20, "dropped_messages": number, "summarised_messages": 0,
                    "recalled_messages": 0, "estimated_tokens": 4000, "budget_tokens": 50000,
                },
            }
            database.execute(
                insert,
                (key, user, head, "user", content(QUESTION, number), now + 2 * number, turn, *[None] * 8),
            )
            database.execute(
                insert,
                (key, reply, user, "assistant", content(ANSWER, number), now + 2 * number + 1, turn, "completed", "m",
                 4000, 130, 0, 0, 0, json.dumps(record)),
            )
            head = reply
        database.execute(
            "UPDATE sessions SET head = ?, last_seq = ?, last_active_at = ? WHERE key = ?",
            (head, seq, now + messages, key),
        )


def content(text, number):
    return json.dumps([{"kind": "text", "text": text.format(number=number)}])
