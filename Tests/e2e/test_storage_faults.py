"""When the disk fails: a clear word, what is in memory is still served, and no crash or silent loss."""

import os
import shutil
import sqlite3
import stat
import subprocess

import pytest

from support import sessions
from support.bounds import BOUND
from support.chat_client import ChatClient
from support.processes import OPENAI_KEY, bin_dir, clean_environment
from support.sessions import tokens
from support.small_disk import small_disk


def refused(data):
    """Starts a server on a folder that it cannot use. Returns its status and what it said."""
    ended = subprocess.run(
        [bin_dir() / "whinchat", "serve", "--port", "0", "--data", data, "--provider", "demo"], env=clean_environment(),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BOUND, check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def check_refused(data, *words):
    status, said = refused(data)
    assert status > 0, f"no status of its own: {status}\n{said}"
    assert str(data) in said, f"it does not say which folder:\n{said}"
    assert any(word in said.lower() for word in words), f"it does not say why:\n{said}"
    assert "Whinchat is at" not in said and "Fatal error" not in said
    assert len(said.splitlines()) < 10, f"it says too much:\n{said}"


def database(server):
    """The file that sessions are in."""
    files = [path for path in server.data.rglob("*") if path.is_file()]
    for path in files:
        with path.open("rb") as file:
            if file.read(15) == b"SQLite format 3":
                return path
    raise AssertionError(f"no database among {files}")


@pytest.fixture
def full(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, 8) as disk:
        yield disk


# A full disk


@pytest.fixture
def server_on_disk(full, fake_provider, start_server):
    def start(model):
        return start_server(
            "--provider", "openai", "--base-url", f"{fake_provider.url}/v1", "--model", model,
            environment={"OPENAI_API_KEY": OPENAI_KEY}, data=full.folder / "data",
        )

    return start


async def refusal(client, ref):
    """The error that a send gets. Small writes may fit a while longer into what the file has."""
    frame = await client.next()
    while not (frame["type"] in ("error", "turn.done") and frame.get("ref") == ref):
        frame = await client.next()
    return frame if frame["type"] == "error" else None


async def test_a_full_disk(full, server_on_disk):
    server = server_on_disk("tokens-20-rate-0")
    async with ChatClient.opened(server) as client:
        await client.said("before")
        full.fill()
        error = None
        accepted = ["before"]
        for number in range(200):
            text = f"number {number} " + "x" * 2000
            ref = await client.send(text, id=f"m{number}")
            error = await refusal(client, ref)
            if error:
                break
            accepted.append(text)
        assert error and (error["code"], error["retryable"]) == ("storage", True), error
        assert not any(frame["type"] == "message" and frame["ref"] == ref for frame in client.frames)
        # What is there is served still, to others too; and it is no more than what was acknowledged.
        snapshot = await sessions.latest(server, client.session)
        assert [text for role, text in sessions.texts(snapshot) if role == "user"] == accepted
        assert (await client.error(ref=await client.send("still full", id="full")))["code"] == "storage"
        full.free()
        # The refused id is free, and does what it says now.
        await client.send(text, id=ref)
        await client.until("message", ref=ref)
        assert (await client.done(ref=ref)).text == tokens(20)
    final = await sessions.idle(server, client.session)
    server.restart()
    assert await sessions.latest(server, client.session) == final
    users = [said for role, said in sessions.texts(final) if role == "user"]
    assert users == [*accepted, text], "nothing that was acknowledged is missing, and nothing is there twice"


async def test_the_disk_fills_up_in_the_middle_of_a_reply(full, server_on_disk):
    server = server_on_disk("tokens-900-rate-300")
    async with ChatClient.opened(server) as client:
        turn = await client.started(await client.send("go"))
        await client.until("delta")
        full.fill()
        # It goes on, is seen, and comes to one end; whether that could be saved, its status says.
        await client.done(turn=turn.id)
        assert turn.status in ("completed", "failed"), turn.done
        if turn.status == "failed":
            assert turn.done["error"]["code"] == "storage"
        full.free()
        again = await client.done(ref=await client.send("again"))
        assert (again.status, again.text) == ("completed", tokens(900))
    final = await sessions.idle(server, client.session)
    server.restart()
    snapshot = await sessions.latest(server, client.session)
    assert snapshot["messages"] == final["messages"]
    reply = sessions.reply(snapshot, turn.id)
    assert tokens(900).startswith(sessions.texts({"messages": [reply]})[0][1])


async def test_a_kill_while_the_disk_is_full(full, server_on_disk):
    server = server_on_disk("tokens-20-rate-0")
    async with ChatClient.opened(server) as client:
        for number in range(5):
            await client.said(f"number {number}")
        full.fill()
        await client.send("x" * 20_000)
        await client.error(code="storage")
        server.kill()
    full.free()
    server.start()
    snapshot = await sessions.latest(server, client.session)
    assert [text for role, text in sessions.texts(snapshot) if role == "user"] == [f"number {n}" for n in range(5)]
    async with ChatClient.opened(server, session=client.session) as other:
        assert (await other.said("again")).text == tokens(20)


# A folder that is no good


def test_a_read_only_folder_is_refused(full):
    data = full.folder / "data"
    data.mkdir()
    full.read_only()
    check_refused(data, "read-only", "readonly", "written", "write", "permission")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    check_refused(tmp_path / "file" / "data", "directory", "folder")


def test_a_file_in_the_folders_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    check_refused(tmp_path / "file", "directory", "folder")


def test_the_folder_is_for_its_owner_alone(start_server):
    server = start_server("--provider", "demo")
    assert stat.S_IMODE(server.data.stat().st_mode) == 0o700
    for path in server.data.rglob("*"):
        assert not path.is_file() or stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_a_second_server_on_the_same_folder_is_refused(openai_server):
    server = openai_server("tokens-20-rate-0")
    async with ChatClient.opened(server) as client:
        await client.said("Hello")
        check_refused(server.data, "another", "in use", "lock", "already")
        # The first one has not noticed.
        assert (await client.said("Hello again")).text == tokens(20)
    # Neither a kill nor its own end leaves a lock behind.
    server.kill()
    server.start()
    async with ChatClient.opened(server, session=client.session) as client:
        assert len(client.snapshot["messages"]) == 4


# A damaged file


async def filled(server, count=40):
    async with ChatClient.opened(server) as client:
        for number in range(count):
            await client.said(f"number {number} " + "x" * 2000)
    return client.session


async def damaged(openai_server, tmp_path, damage):
    """A copy of a server's folder whose database was damaged."""
    server = openai_server("tokens-20-rate-0")
    session = await filled(server)
    server.restart()
    path = database(server)
    copy = tmp_path / "copy"
    server.process.stop()
    shutil.copytree(server.data, copy)
    server.start()
    damage(copy / path.relative_to(server.data))
    return session, copy


async def test_a_file_that_is_no_database_is_refused(openai_server, tmp_path):
    def damage(path):
        path.write_bytes(os.urandom(path.stat().st_size))

    _, copy = await damaged(openai_server, tmp_path, damage)
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file() and path.suffix not in ("", ".lock")}
    check_refused(copy, "database", "damaged", "malformed")
    assert {path: path.read_bytes() for path in before} == before, "what was there is left for a repair"


async def test_damaged_pages_are_an_error_and_no_crash(openai_server, start_server, tmp_path):
    def damage(path):
        pages = bytearray(path.read_bytes())
        # All but the beginning, which says what the tables are.
        middle = max(16384, len(pages) // 4)
        pages[middle:] = b"\xa5" * (len(pages) - middle)
        path.write_bytes(pages)

    session, copy = await damaged(openai_server, tmp_path, damage)
    try:
        server = start_server("--provider", "demo", data=copy)
    except AssertionError:
        check_refused(copy, "damaged", "malformed", "corrupt")
        return
    # It started: then the damage is found where it is read, and said.
    async with ChatClient.connect(server) as client:
        await client.command("open", id="o", session=session)
        frame = await client.next()
        if frame["type"] == "error":
            assert frame["code"] in ("storage", "internal"), frame
        await client.ping()
    async with ChatClient.connect(server) as client:
        await client.ping()


# A locked file


async def test_a_file_that_somebody_locks(openai_server):
    """A backup program that takes its time: sends wait or are refused, and work again afterwards."""
    server = openai_server("tokens-20-rate-0")
    async with ChatClient.opened(server) as client:
        await client.said("before")
        other = sqlite3.connect(database(server), isolation_level=None, timeout=0.1)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            # The server lets nobody else in: so nobody can lock it out.
            other.close()
            assert (await client.said("after")).text == tokens(20)
            return
        ref = await client.send("while it is locked", id="locked")
        await client.ping()
        assert len((await sessions.latest(server, client.session))["messages"]) >= 2, "what is there is served"
        other.execute("COMMIT")
        other.close()
        frame = await client.next()
        while not (frame["type"] in ("message", "error") and frame.get("ref") == ref):
            frame = await client.next()
        if frame["type"] == "error":
            assert (frame["code"], frame["retryable"]) == ("storage", True)
            await client.send("while it is locked", id="locked")
            await client.until("message", ref=ref)
        assert (await client.done(ref=ref)).text == tokens(20)
        assert (await client.said("after")).text == tokens(20)
    final = await sessions.idle(server, client.session)
    users = [text for role, text in sessions.texts(final) if role == "user"]
    assert users == ["before", "while it is locked", "after"]
