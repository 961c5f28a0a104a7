"""What a provider was sent, in the same form for both dialects."""

import dataclasses
import re

# What the server puts in front of a user's text, and that text.
NOTES = re.compile(r"<(summary|recalled)>.*</\1>", re.DOTALL)


@dataclasses.dataclass
class Prompt:
    """A request's prompt. `texts` are those of the conversation itself: (role, text)."""

    system: str
    roles: list
    texts: list
    summary: str | None
    recalled: str | None
    # Whether each of the two stands where it is to stand.
    in_place: bool
    marks: int

    @classmethod
    def of(cls, body):
        system = body.get("system") or ""
        messages = body["messages"]
        if not isinstance(system, str):
            system = "".join(block["text"] for block in system)
        if messages[0]["role"] == "system":
            system, messages = messages[0]["content"], messages[1:]
        pieces = [
            (message["role"], piece.strip()) for message in messages for piece in cls._pieces(message["content"])
        ]
        summaries = [place for place, (_, text) in enumerate(pieces) if text.startswith("<summary>")]
        recalled = [place for place, (_, text) in enumerate(pieces) if text.startswith("<recalled>")]
        return cls(
            system=system, roles=[message["role"] for message in messages],
            texts=[piece for place, piece in enumerate(pieces) if place not in summaries + recalled],
            summary=pieces[summaries[0]][1] if summaries else None,
            recalled=pieces[recalled[0]][1] if recalled else None,
            in_place=summaries in ([], [0]) and recalled in ([], [len(pieces) - 2]),
            marks=_marks(body),
        )

    @staticmethod
    def _pieces(content):
        if not isinstance(content, str):
            return [block["text"] for block in content]
        # In OpenAI's dialect what stands together is one text.
        pieces = []
        while match := NOTES.search(content):
            pieces += [content[: match.start()], match[0]]
            content = content[match.end():]
        return [piece for piece in [*pieces, content] if piece.strip()]


def _marks(value):
    if isinstance(value, dict):
        return ("cache_control" in value) + sum(map(_marks, value.values()))
    return sum(map(_marks, value)) if isinstance(value, list) else 0
