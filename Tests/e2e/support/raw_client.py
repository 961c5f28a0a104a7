"""A connection that reads only when it is told to, with a small receive buffer: what a phone in a tunnel looks like."""

import asyncio
import base64
import json
import os
import socket

from .bounds import BOUND
from .chat_client import frame
from .transcript import Transcript

# Bytes that the kernel keeps for us. The smallest there is: what the server has sent beyond them waits on its side.
RECEIVE_BUFFER = 4096


class RawClient:
    """Frames are read from the socket only in `next`; nothing reads in the background."""

    def __init__(self, server, transcript=None):
        self.server = server
        self.transcript = transcript or Transcript()
        self.buffer = b""
        self.frames = 0
        self.close_code = None
        self.close_reason = ""

    @classmethod
    async def connect(cls, server, transcript=None, buffer=RECEIVE_BUFFER):
        client = cls(server, transcript)
        client.socket = socket.socket()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        client.socket.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client.socket, ("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        request = (
            f"GET /v1/chat HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: whinchat.v1\r\n\r\n"
        )
        await loop.sock_sendall(client.socket, request.encode())
        while b"\r\n\r\n" not in client.buffer:
            await client._receive()
        head, _, client.buffer = client.buffer.partition(b"\r\n\r\n")
        assert b" 101 " in head.split(b"\r\n")[0], head
        return client

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.socket.close()

    async def command(self, type, **fields):
        await self._write(frame(json.dumps({"type": type} | fields).encode()))

    async def open(self, **fields):
        """Opens, and reads up to the welcome, or the snapshot where one comes. Returns the welcome."""
        await self.command("open", **fields)
        welcome = await self.until("welcome")
        if welcome["resume"] == "snapshot":
            await self.until("snapshot")
        return welcome

    async def next(self):
        """The next frame; None once the server has closed the connection."""
        while True:
            opcode, payload = await self._message()
            if opcode == 1:
                message = json.loads(payload)
                self.transcript.take(message)
                self.frames += 1
                return message
            if opcode == 9:
                await self._write(frame(payload, 10))
            elif opcode == 8 or opcode is None:
                self.close_code = int.from_bytes(payload[:2]) if payload else self.close_code
                self.close_reason = payload[2:].decode()
                return None

    async def until(self, type, **match):
        while True:
            message = await self.next()
            assert message, f"closed with {self.close_code} {self.close_reason!r} while waiting for {type} {match}"
            if message["type"] == type and match.items() <= message.items():
                return message

    async def rest(self):
        """Reads on until the server has closed the connection. Returns the code; None where there was none."""
        while await self.next():
            pass
        return self.close_code

    async def _message(self):
        while True:
            if len(self.buffer) >= 2:
                length, head = self.buffer[1] & 0x7F, 2
                if length == 126:
                    length, head = int.from_bytes(self.buffer[2:4]), 4
                elif length == 127:
                    length, head = int.from_bytes(self.buffer[2:10]), 10
                if len(self.buffer) >= head + length:
                    opcode, payload = self.buffer[0] & 15, self.buffer[head:head + length]
                    self.buffer = self.buffer[head + length:]
                    return opcode, payload
            if not await self._receive():
                return None, b""

    async def _receive(self):
        async with asyncio.timeout(BOUND):
            try:
                received = await asyncio.get_running_loop().sock_recv(self.socket, 1 << 18)
            except ConnectionError:
                received = b""
        self.buffer += received
        return bool(received)

    async def _write(self, data):
        async with asyncio.timeout(BOUND):
            await asyncio.get_running_loop().sock_sendall(self.socket, data)
