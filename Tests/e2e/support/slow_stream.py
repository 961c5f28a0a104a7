"""A stream over HTTP that is read only when a test says so."""

import contextlib
import http.client
import json
import pathlib
import socket

from .bounds import BOUND


class SlowStream:
    """A connection with a small buffer, that follows a session and reads only when it is told to."""

    def __init__(self, server, session):
        self.server = server
        self.last_id = None
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(BOUND)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(
            f"GET /sessions/{session}/events HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode())
        self.response = http.client.HTTPResponse(self.socket)
        self.response.begin()
        assert self.response.status == 200
        self.until("snapshot")

    def until(self, type):
        frames = []
        for frame in self.frames():
            frames.append(frame)
            if frame["type"] == type:
                return frames
        raise AssertionError("the stream ended")

    def rest(self):
        """All that comes until the connection breaks off."""
        frames = []
        with contextlib.suppress(http.client.HTTPException, ConnectionError):
            for frame in self.frames():
                frames.append(frame)
        return frames

    def frames(self):
        """Whole events, with their ids kept."""
        id = data = None
        while line := self.response.readline():
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                id = value
            elif name == "data":
                data = value
            elif not name and data:
                self.last_id = id or self.last_id
                yield json.loads(data)
                id = data = None

    def is_cut_off(self):
        """Whether the server has closed its side, behind what it could not send."""
        ours, theirs = f"{self.socket.getsockname()[1]:04X}", f"{self.server.port:04X}"
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, state, *_ = line.split()
            if local.endswith(f":{theirs}") and remote.endswith(f":{ours}"):
                return state != "01"
        return True

    def close(self):
        self.response.close()
        self.socket.close()
