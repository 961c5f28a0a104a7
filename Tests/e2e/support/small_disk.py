"""A file system of a few megabytes in memory: one that can be filled up."""

import contextlib
import os
import subprocess

import pytest


class SmallDisk:
    def __init__(self, folder):
        self.folder = folder
        self.filler = folder / "filler"

    def fill(self):
        """Takes all the space that there is."""
        with self.filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self):
        self.filler.unlink()

    def read_only(self):
        _run("mount", "-o", "remount,ro", self.folder)


@contextlib.contextmanager
def small_disk(folder, megabytes):
    """Mounts one on a folder; skips the test where nobody lets us."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "whinchat-test", folder)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"a small disk cannot be mounted here: {error.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        # Lazily: a process that a failed test left behind must not keep it.
        _run("umount", "-l", folder)


def _run(*command):
    subprocess.run(command, check=True, capture_output=True, text=True)
