"""A session with a history that nobody would write in a test: rows beside those that a server has written itself."""

import json
import sqlite3
import time

WORDS = "The log only grows, and whoever comes back reads on from where they were. ".split()
CODE = "\n\n```swift\nlet answer = 42  // of course\nfor number in 0..<10 { print(number * answer) }\n```\n\n- one\n- two **bold** and `code`"


def lengthen(data, session, count):
    """Continues a session until it has so many messages. The server must not be running. Returns the last message's text."""
    database = sqlite3.connect(data / "whinchat.sqlite")
    database.row_factory = sqlite3.Row
    # What the index of words asks for: see Schema+Words.swift.
    database.create_function("search_text", 1, lambda content: " ".join(block.get("text", "") for block in json.loads(content)),
                             deterministic=True)

    def copy(table, row):
        names = row.keys()
        database.execute(f"INSERT INTO {table} ({','.join(names)}) VALUES ({','.join('?' * len(names))})", tuple(row.values()))

    with database:
        its = dict(database.execute("SELECT * FROM sessions WHERE id = ?", [session]).fetchone())
        messages = [dict(row) for row in database.execute("SELECT * FROM messages WHERE session = ? ORDER BY key", [its["key"]])]
        turn = dict(database.execute("SELECT * FROM turns WHERE session = ? ORDER BY key DESC", [its["key"]]).fetchone())
        question, reply = messages[-2:]
        last_key, parent, text = reply["key"], reply["id"], ""
        now = int(time.time() * 1000)
        for number in range(len(messages) + 1, count, 2):
            ids = {"turn": f"t_long{number}", "question": f"u_long{number}", "reply": f"a_long{number + 1}"}
            copy("turns", turn | {"key": None, "id": ids["turn"], "ref": f"long{number}", "parent": ids["question"], "reply": ids["reply"],
                                  "seq": its["last_seq"] + number})
            said = [{"kind": "text", "text": f"Question {number}: {' '.join(WORDS[: number % 14])}?"}]
            copy("messages", question | {"key": None, "id": ids["question"], "parent": parent, "content": json.dumps(said),
                                         "turn": ids["turn"], "created_at": now + number})
            text = f"Reply {number + 1}. {' '.join(WORDS * (1 + number % 5))}{CODE if number % 20 == 1 else ''}"
            copy("messages", reply | {"key": None, "id": ids["reply"], "parent": ids["question"], "turn": ids["turn"],
                                      "content": json.dumps([{"kind": "text", "text": text}]), "created_at": now + number})
            parent = ids["reply"]
        database.execute("UPDATE sessions SET head = ?, last_seq = last_seq + ? WHERE key = ?", [parent, 2 * count, its["key"]])
        database.execute("INSERT INTO message_words (rowid, owner, session, text) SELECT key, owner, session, text FROM message_texts "
                         "WHERE key > ?", [last_key])
    database.close()
    return text
