"""Disks that can be filled up.

`Tmpfs`: a small file system of the test's own (ENOSPC); only root may mount one. `Limited`: RLIMIT_FSIZE (systemd's LimitFSIZE): no
file may grow beyond ROOM (EFBIG, and a signal that kills who does not ignore it); anybody can have that one.
"""

import errno
import os
import resource
import shutil
import tempfile

import pytest

from .daemon import run

ROOM = 1 << 20


class Disk:
    """A folder on a disk that can be filled up. Use it before the daemon: it must outlive that."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rs-e2e-disk-")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def pad(self, path, limit=None):
        """Whole lines to the end of a file until no byte fits: what comes next is then lost whole."""
        fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            while limit is None or os.fstat(fd).st_size < limit:
                os.write(fd, b"\n")
        except OSError as e:
            assert e.errno == errno.ENOSPC, e
        finally:
            os.close(fd)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Tmpfs(Disk):
    def __init__(self, inodes=64):
        super().__init__()
        made = run("mount", "-t", "tmpfs", "-o", f"size={ROOM},nr_inodes={inodes},mode=0755", "rs-e2e", self.folder)
        if made.returncode != 0:
            os.rmdir(self.folder)
            pytest.skip("no tmpfs can be mounted: " + made.stderr.strip().split("\n")[0])

    def fill(self, d=None, *files):
        with open(self.path("ballast"), "wb", buffering=0) as f:
            with pytest.raises(OSError) as e:
                while True:
                    f.write(b"\0" * 4096)
            assert e.value.errno == errno.ENOSPC
        for path in files:
            self.pad(path)

    def take_inodes(self):
        """No new file fits either."""
        with pytest.raises(OSError) as e:
            for n in range(1000):
                os.mknod(self.path(f"inode{n}"))
        assert e.value.errno == errno.ENOSPC

    def drain(self, d=None):
        for name in os.listdir(self.folder):
            if name.startswith(("ballast", "inode")):
                os.unlink(self.path(name))

    def start(self, d, *words):
        """Runs `start` to its end, on the disk as it is."""
        return d.ctl("start", *words)

    def close(self):
        done = run("umount", self.folder)
        if done.returncode != 0:
            run("umount", "--lazy", self.folder)
        super().close()
        assert done.returncode == 0, f"somebody still uses the disk: {done.stderr}"


class Limited(Disk):
    def limit(self, d, bytes_or_none):
        for pid in d.everyone():
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard if bytes_or_none is None else bytes_or_none, hard))

    def fill(self, d=None, *files):
        for path in files:
            self.pad(path, ROOM)
        if d:
            self.limit(d, ROOM)

    def drain(self, d=None):
        self.limit(d, None)

    def start(self, d, *words, room=0):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        return run(*d.command("start", *words), preexec_fn=limit, env=d.environment(), cwd=d.folder)


# -- fixtures (tests/e2e/conftest.py has them for everybody) -----------------------------------------------------------------

@pytest.fixture(params=[Tmpfs, Limited], ids=["tmpfs", "rlimit"])
def disk(request):
    """Either kind. Before the daemon, which it must outlive."""
    disk = request.param()
    yield disk
    disk.close()


@pytest.fixture
def tmpfs():
    disk = Tmpfs()
    yield disk
    disk.close()
