"""What all clients of a server saw, held against each other and against what the sessions say in the end."""

import collections
import time

from . import view


class Accepted:
    """A command that was acknowledged."""

    def __init__(self, command, session, frame, place):
        self.command = command
        self.session = session
        self.frame = frame
        self.message = frame["message"]["id"] if frame["type"] == "message" else frame["message"]
        self.turn = frame["message"]["turn"] if frame["type"] == "message" else None
        # Its epoch, as a number, and its seq; None where nobody saw the event itself.
        self.place = place


class Ledger:
    def __init__(self):
        # By session, epoch and seq: what the event was. Deltas are not in it: they come merged.
        self.events = {}
        self.epochs = collections.defaultdict(list)
        # By session and id.
        self.accepted = {}
        self.refusals = collections.Counter()
        # By turn: the place of its end and its turn.done; the longest text that anybody saw of it.
        self.ends = {}
        self.shown = {}
        # By turn: when that text had which length.
        self.growth = collections.defaultdict(list)
        self.started = {}
        # For each connection and numbering: where it began, where it is, and the events that it saw.
        self.spans = []

    # What clients report

    def connected(self, follower, client):
        client.span = None

    def saw(self, follower, client, frame):
        kind, transcript = frame["type"], follower.transcript
        if kind == "welcome":
            if frame["epoch"] not in self.epochs[frame["session"]]:
                self.epochs[frame["session"]].append(frame["epoch"])
            self._begin(follower, client, transcript.seq)
        elif kind == "snapshot":
            self._begin(follower, client, frame["seq"])
        elif "seq" in frame:
            key = (transcript.session, transcript.epoch, frame["seq"])
            if frame.get("replay"):
                # What it says was checked when it was acknowledged; its `seq` may be of an earlier epoch.
                return
            self._check_gap(follower, client, frame)
            if kind == "delta":
                turn = transcript.turns[frame["turn"]]
                if len(turn.text) > len(self.shown.get(turn.id, "")):
                    self.shown[turn.id] = turn.text
                    self.growth[turn.id].append((time.monotonic(), len(turn.text)))
                return
            client.span["seen"].add(frame["seq"])
            known = self.events.setdefault(key, frame)
            assert known == frame, f"two clients saw different events: {known} and {frame}"
            if kind == "turn.started":
                self.started.setdefault(frame["turn"], key)
            elif kind == "turn.done":
                place, _ = self.ends.setdefault(frame["turn"], (key, frame))
                assert place == key, f"a second end, at {key}; the first one was at {place}"

    def _begin(self, follower, client, seq):
        transcript = follower.transcript
        client.span = {
            "by": follower.name, "session": transcript.session, "epoch": transcript.epoch, "from": seq, "to": seq,
            "seen": set(),
        }
        self.spans.append(client.span)

    def _check_gap(self, follower, client, frame):
        span = client.span
        if frame["seq"] != span["to"] + 1:
            assert frame["type"] == "delta", f"{follower.name} saw nothing between {span['to']} and {frame}"
        span["to"] = frame["seq"]

    def acknowledged(self, follower, command, frame):
        session, epoch = follower.transcript.session, follower.transcript.epoch
        key = (session, command["id"])
        if key in self.accepted:
            # Said again: it must be the same one.
            before = self.accepted[key].frame
            same = before["message"] if command["type"] == "regenerate" else before["message"]["id"]
            now = frame["message"] if command["type"] == "regenerate" else frame["message"]["id"]
            assert same == now, f"accepted twice: {before} and {frame}"
            return
        # Where it was said again the place is that of the first time, in an epoch that we do not know.
        place = None if frame.get("replay") else (self.epochs[session].index(epoch), frame["seq"])
        self.accepted[key] = Accepted(command, session, frame, place)

    def refused(self, follower, command, frame):
        self.refusals[frame["code"]] += 1

    # What must be so in the end

    def check_spans(self):
        """No connection was passed over: what anybody saw, everybody saw who followed at that place."""
        by_log = collections.defaultdict(set)
        for session, epoch, seq in self.events:
            by_log[session, epoch].add(seq)
        for span in self.spans:
            there = {seq for seq in by_log[span["session"], span["epoch"]] if span["from"] < seq <= span["to"]}
            missed = there - span["seen"]
            assert not missed, f"{span['by']} did not see {sorted(missed)} of {span['session']}"

    def check_session(self, session, snapshot, is_reply):
        """Of an idle session: what was acknowledged is there once, and what was seen is what it says."""
        messages = {message["id"]: message for message in snapshot["messages"]}
        assert len(messages) == len(snapshot["messages"]), "a message is there twice"
        replies = {message["turn"]: message for message in snapshot["messages"] if message["role"] == "assistant"}
        refs = collections.Counter()
        for (owner, id), accepted in self.accepted.items():
            message = messages.get(accepted.message)
            if owner != session or message is None or accepted.turn is None:
                continue
            refs[view.text(message)] += 1
            assert view.text(message) == accepted.command["text"], (accepted.command, message)
        doubled = [text for text, count in refs.items() if count > 1]
        assert not doubled, f"there more than once: {doubled}"
        for turn, message in replies.items():
            assert message["status"], f"a reply without an end: {message}"
            _, end = self.ends.get(turn, (None, None))
            if end:
                assert end["status"] == message["status"], (end, message)
            text, shown = view.text(message), self.shown.get(turn, "")
            if message["status"] == "interrupted":
                assert text.startswith(shown) or shown.startswith(text), (shown[-200:], text[-200:])
            else:
                assert text.startswith(shown), (shown[-200:], text[-200:])
            assert is_reply(text), f"no text of the model's: {text!r}"

    def check_order(self, session):
        """Turns start in the order in which they were accepted."""
        accepted = sorted(
            (one for (owner, _), one in self.accepted.items() if owner == session and one.turn and one.place),
            key=lambda one: one.place,
        )
        keys = [self.started[one.turn] for one in accepted if one.turn in self.started]
        started = [(self.epochs[session].index(epoch), seq) for _, epoch, seq in keys]
        assert started == sorted(started), f"the turns of {session} did not start in the order of their messages"

    def shown_until(self, turn, moment):
        """How much of a reply's text somebody had seen at a moment of the monotonic clock."""
        return max((length for when, length in self.growth[turn] if when <= moment), default=0)

    def unfinished(self, session, snapshot):
        """Turns that somebody saw start and nobody saw end, and whose reply is not among a snapshot's."""
        there = {message["turn"] for message in snapshot["messages"] if message["role"] == "assistant"}
        return [
            turn for turn, key in self.started.items() if key[0] == session and turn not in self.ends and turn not in there
        ]
