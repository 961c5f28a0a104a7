"""What a client would show: the path to the head, put together from snapshot and events."""


def said(message):
    """A message of a snapshot as it is compared: its texts, calls and results."""
    pieces = []
    for block in message["content"]:
        if block["kind"] in ("text", "thinking") and block["text"]:
            pieces.append((block["kind"], block["text"]))
        elif block["kind"] == "tool_call":
            pieces.append(("call", block["call"], block["name"]))
    results = {
        block["call"]: (block["output"], block["is_error"]) for block in message["content"] if block["kind"] == "tool_result"
    }
    return pieces, results


def told(turn):
    """The same of a turn that was assembled from events."""
    pieces = []
    for _, block in sorted(turn.blocks.items()):
        if block.kind in ("text", "thinking") and block.text:
            pieces.append((block.kind, block.text))
        elif block.kind == "tool_call":
            pieces.append(("call", block.call, block.name))
    return pieces, {call: (result["output"], result["is_error"]) for call, result in turn.results.items()}


def text(message):
    return "".join(block["text"] for block in message["content"] if block["kind"] == "text")


def check(transcript, snapshot):
    """Fails unless a client shows what a fresh snapshot of an idle session says."""
    assert transcript.seq == snapshot["seq"], (transcript.seq, snapshot["seq"])
    assert not snapshot["more"], "the test's session is too long for one snapshot"
    messages = snapshot["messages"]
    turns = {turn.message: turn for turn in transcript.turns.values() if turn.message}
    path = [message["id"] for message in messages]
    if transcript.head is not None:
        assert path and transcript.head == path[-1], f"shows {transcript.head} as the head of {path}"
    assert [message["parent"] for message in messages] == [None, *path[:-1]], messages
    newest = [turns[id] for id in path if id in turns and turns[id].started and turns[id].status != "interrupted"]
    if newest and newest[-1].message == path[-1]:
        context = dict(snapshot["context"])
        assert context.pop("parent") == newest[-1].parent
        # A restart while a turn awaits somebody has its prompt estimated again.
        assert context.pop("estimated_tokens") > 0
        assert context.items() <= newest[-1].context.items(), (snapshot["context"], newest[-1])
    for message in messages:
        known = transcript.messages.get(message["id"])
        turn = turns.get(message["id"])
        if known is not None:
            assert said(known) == said(message), (known, message)
            assert (known["parent"], known["role"]) == (message["parent"], message["role"])
            if known["role"] == "user":
                assert known["siblings"] == message["siblings"], (known, message)
        elif turn is not None:
            assert turn.done, f"{turn.id} has no end, but the session is idle"
            assert told(turn) == said(message), (told(turn), message)
            assert turn.started or (message["content"] == [] and message["partial"]), message
            assert (turn.parent, turn.status) == (message["parent"], message["status"]), (turn, message)
            assert turn.done.get("error") == message.get("error"), (turn, message)
            # Of a turn that ended with the server nobody knows how long it took.
            if "timing" in message or (turn.started and message["status"] != "interrupted"):
                assert turn.done["timing"] == message["timing"], (turn, message)
        elif transcript.knows_all:
            assert False, f"nobody told of {message}"
