"""A provider whose replies are megabytes that come in few events: what a session says, without what it costs to say it
token by token."""

import json

# A delta of the provider's, in bytes of text; four numbered lines of it tell where one is.
PIECE = 1000


def text(number, pieces):
    """The reply: lines of 50 bytes that say where they are."""
    return "".join(f"{number} {line:08} ".ljust(49, "~") + "\n" for line in range(pieces * PIECE // 50))


def write(folder, name, pieces, number=0):
    """Writes a reply as a recorded stream in OpenAI's dialect: the model `fixture-NAME` says it. Returns its text."""
    folder.mkdir(exist_ok=True)
    whole = text(number, pieces)

    def event(delta, **more):
        chunk = {
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": name,
            "choices": [{"index": 0, "delta": delta, "finish_reason": None} | more],
        }
        return f"data: {json.dumps(chunk)}\n\n"

    events = [event({"role": "assistant", "content": ""})]
    events += [event({"content": whole[begin:begin + PIECE]}) for begin in range(0, len(whole), PIECE)]
    events += [event({}, finish_reason="stop"), "data: [DONE]\n\n"]
    (folder / name).write_text("".join(events))
    return whole
