"""What a client knows of a session, put together from frames, and the protocol's promises checked on each."""

import copy
import dataclasses


@dataclasses.dataclass
class Block:
    kind: str
    text: str = ""
    call: str | None = None
    name: str | None = None
    input: object = None
    done: bool = False
    partial: bool = False
    result: dict | None = None


@dataclasses.dataclass
class Turn:
    """A reply as it was assembled, block by block."""

    id: str
    ref: str | None = None
    parent: str | None = None
    message: str | None = None
    model: str | None = None
    # As `turn.started` had it; of a turn that was met in a snapshot, as that one's `live` had it.
    context: dict | None = None
    queued: bool = False
    started: bool = False
    blocks: dict[int, Block] = dataclasses.field(default_factory=dict)
    done: dict | None = None
    deltas: int = 0

    @property
    def text(self):
        """All text blocks, one after the other."""
        return "".join(block.text for _, block in sorted(self.blocks.items()) if block.kind == "text")

    @property
    def results(self):
        """The tools' results as `tool.done` had them, by the calls' ids."""
        return {block.call: block.result for block in self.blocks.values() if block.result}

    @property
    def status(self):
        return self.done and self.done["status"]


class Transcript:
    """Takes frames in the order in which they came; fails on one that breaks the protocol."""

    def __init__(self):
        self.session = None
        self.epoch = None
        self.seq = 0
        self.messages = {}
        self.turns = {}
        self.head = None
        # Where a snapshot was the beginning, it had one branch only: others may be unknown.
        self.knows_all = True
        self.settings = None
        self.deleted = False
        self.has_opened = False

    def copy(self):
        return copy.deepcopy(self)

    def take(self, frame):
        kind = frame["type"]
        if "seq" in frame and kind not in ("welcome", "snapshot"):
            assert self.has_opened, f"an event before the welcome: {frame}"
            if frame.get("replay"):
                # It may overtake events that lie before it, and then the original is to come still.
                return
            assert frame["seq"] > self.seq, f"seq {frame['seq']} after {self.seq}: {frame}"
            self.seq = frame["seq"]
        handler = getattr(self, "on_" + kind.replace(".", "_"), None)
        if handler:
            handler(frame)

    def on_welcome(self, frame):
        self.has_opened = True
        self.settings = frame["settings"]
        if frame["resume"] != "exact":
            self.messages, self.turns, self.head = {}, {}, None
            self.knows_all = frame["resume"] == "new"
            # After `new` every event is still to come; after `snapshot` that frame says where it stands.
            self.seq = 0
        else:
            assert (frame["session"], frame["epoch"]) == (self.session, self.epoch), frame
            assert frame["seq"] >= self.seq, frame
        self.session, self.epoch = frame["session"], frame["epoch"]

    def on_snapshot(self, frame):
        self.seq = frame["seq"]
        for message in frame["messages"]:
            self.messages[message["id"]] = message
        for queued in frame["queued"]:
            self.turns[queued["turn"]] = Turn(queued["turn"], parent=queued["parent"], queued=True)
        live = frame.get("live")
        if live:
            turn = Turn(live["turn"], parent=live["parent"], message=live["message"], model=live["model"], started=True)
            assert live["message"] in live["siblings"], live
            turn.context = live["context"]
            for block in live["blocks"]:
                turn.blocks[block["index"]] = Block(
                    block["kind"], block.get("text", block.get("input_so_far", "")), block.get("call"), block.get("name"),
                    block.get("input"), block["done"], result=block.get("result"),
                )
            self.turns[turn.id] = turn
        self.head = frame["messages"][-1]["id"] if frame["messages"] else None
        if live and live["parent"] == self.head:
            self.head = live["message"]

    def on_message(self, frame):
        message = frame["message"]
        assert message["id"] in message["siblings"], frame
        assert message["id"] not in self.messages, f"a message came twice: {frame}"
        self.messages[message["id"]] = message
        self.head = message["id"]
        self._regroup({message["id"]: message["siblings"]})

    def on_head(self, frame):
        self.head = frame["message"]
        self._regroup(frame["siblings"])

    def on_session_updated(self, frame):
        self.settings = frame["settings"]

    def on_session_cleared(self, frame):
        self.messages, self.head = {}, None

    def on_session_deleted(self, frame):
        self.deleted = True

    def on_turn_queued(self, frame):
        assert frame["turn"] not in self.turns, frame
        self.turns[frame["turn"]] = Turn(frame["turn"], frame.get("ref"), frame["parent"], queued=True)

    def on_turn_started(self, frame):
        others = [turn.id for turn in self.turns.values() if turn.started and not turn.done]
        assert not others, f"{others} runs still: {frame}"
        turn = self.turns.setdefault(frame["turn"], Turn(frame["turn"]))
        assert not turn.started and not turn.done, frame
        turn.started, turn.ref, turn.parent = True, frame.get("ref"), frame["parent"]
        turn.message, turn.model, turn.context = frame["message"], frame["model"], frame["context"]
        if turn.parent == self.head:
            # A reply becomes the head without an event of its own.
            self.head = turn.message

    def on_block_started(self, frame):
        turn = self._running(frame)
        assert frame["index"] == len(turn.blocks), f"indices have no gaps: {frame}"
        turn.blocks[frame["index"]] = Block(frame["kind"], call=frame.get("call"), name=frame.get("name"))

    def on_delta(self, frame):
        turn = self._running(frame)
        block = turn.blocks[frame["index"]]
        assert not block.done, f"a delta after its block's end: {frame}"
        assert len(frame["text"].encode()) <= 16 * 1024, "a delta is longer than 16 KiB"
        block.text += frame["text"]
        turn.deltas += 1

    def on_block_done(self, frame):
        block = self._running(frame).blocks[frame["index"]]
        assert not block.done, frame
        block.done, block.partial, block.input = True, frame.get("partial", False), frame.get("input")

    def on_tool_started(self, frame):
        assert self._unanswered(frame).done, frame

    def on_tool_done(self, frame):
        self._unanswered(frame).result = frame

    def on_turn_done(self, frame):
        turn = self.turns.get(frame["turn"])
        assert turn, f"the end of a turn that nobody knows: {frame}"
        assert not turn.done, f"a second end: {frame}"
        open_blocks = [index for index, block in turn.blocks.items() if not block.done]
        assert not open_blocks, f"{open_blocks} are open still: {frame}"
        assert turn.message in (None, frame["message"]), frame
        # Of a turn that was stopped in the queue nothing else names the reply, which becomes the head as any other.
        turn.message = frame["message"]
        if turn.parent == self.head:
            self.head = turn.message
        turn.done = frame

    def _regroup(self, siblings):
        """What an event says of siblings goes for all of them."""
        for group in list(siblings.values()):
            for one in group:
                if one in self.messages:
                    # A copy: frames are kept as they came.
                    self.messages[one] = self.messages[one] | {"siblings": group}

    def _unanswered(self, frame):
        # Providers may use an id again in the next round.
        calls = [block for block in self._running(frame).blocks.values() if block.call == frame["call"] and not block.result]
        assert len(calls) == 1, f"{len(calls)} calls wait for it: {frame}"
        return calls[0]

    def _running(self, frame):
        turn = self.turns.get(frame["turn"])
        assert turn and turn.started, f"of a turn that has not started: {frame}"
        assert not turn.done, f"of a turn that has ended: {frame}"
        return turn
