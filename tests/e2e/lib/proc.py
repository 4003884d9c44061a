"""Processes as /proc shows them."""

import ctypes
import os
import re
import signal

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_CHILD_SUBREAPER = 36


def become_subreaper():
    """What a daemon under test leaves behind becomes our child, so that nothing can hide by reparenting."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def read(pid, name):
    try:
        with open(f"/proc/{pid}/{name}", "rb") as f:
            return f.read()
    except OSError:
        return b""


def pids():
    return [int(e) for e in os.listdir("/proc") if e.isdigit()]


def stat_fields(pid):
    """Fields of /proc/PID/stat from the state on; [] when the process is gone."""
    text = read(pid, "stat").decode("latin-1")
    return text[text.rfind(")") + 2:].split() if text else []


def started(pid):
    """When it started, in ticks since the system did: with the pid, its name for good. "" when it is gone."""
    f = stat_fields(pid)
    return f[19] if f else ""


def state(pid):
    f = stat_fields(pid)
    return f[0] if f else ""


def ppid(pid):
    text = read(pid, "stat")
    return int(text[text.rfind(b")") + 4:].split(b" ", 1)[0]) if text else 0


def alive(pid):
    return state(pid) not in ("", "Z", "X")


def title(pid):
    text = read(pid, "cmdline")
    if b"--tool=memcheck" in text or b"/valgrind/" in text:
        text = title_inside(pid) or text
    return text.replace(b"\0", b" ").strip().decode("utf-8", "replace")


VALGRIND_STACK = re.compile(rb"^([0-9a-f]+)-(1fff[0-9a-f]+) rw")


def title_inside(pid):
    """Under valgrind the kernel knows the words of valgrind's own command line. The program has those that it writes on at the top of
    a stack that is made for it: its arguments and environment, then some of the kernel's. b"" before it has written on them."""
    area = [m for line in read(pid, "maps").splitlines() if (m := VALGRIND_STACK.match(line))]
    if not area:
        return b""
    low, high = int(area[-1][1], 16), int(area[-1][2], 16)
    low = max(low, high - (256 << 10))
    try:
        with open(f"/proc/{pid}/mem", "rb") as f:
            f.seek(low)
            found = re.findall(rb"\0([ -~]{4,})\0{64}", f.read(high - low))
    except OSError:
        return b""
    return found[-1] if found else b""


def tree():
    """{pid: its children}, of every process there is."""
    children = {}
    for pid in pids():
        children.setdefault(ppid(pid), []).append(pid)
    return children


def childless():
    """Has this process no child, not even a dead one? Then, as orphans come to it, nothing that it ever started is left."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        return False
    except ChildProcessError:
        return True


def descendants(root, children=None):
    """Every process below root, zombies included; children: of a tree() that is at hand."""
    if root == os.getpid() and childless():
        return []
    children = children or tree()
    found, queue = [], [root]
    while queue:
        for child in children.get(queue.pop(), []):
            found.append(child)
            queue.append(child)
    return found


def status_kb(pid, key):
    m = re.search(rb"^" + key.encode() + rb":\s+(\d+)", read(pid, "status"), re.M)
    return int(m.group(1)) if m else 0


def rss_kb(pid):
    return status_kb(pid, "VmRSS")


def uids(pid):
    """Real, effective, saved and file-system uid."""
    m = re.search(rb"^Uid:\s+(\d+)\s+(\d+)\s+(\d+)\s+(\d+)", read(pid, "status"), re.M)
    return tuple(int(x) for x in m.groups()) if m else ()


def pending(pid, sig):
    """Has it been sent this signal, and not taken it yet?"""
    m = re.search(rb"^ShdPnd:\s+(\w+)", read(pid, "status"), re.M)
    return bool(m) and bool(int(m.group(1), 16) >> (sig - 1) & 1)


def groups(pid):
    m = re.search(rb"^Groups:([ \t\d]*)$", read(pid, "status"), re.M)
    return [int(x) for x in m.group(1).split()] if m else []


def anonymous_dirty_kb(pid):
    """Private dirty anonymous memory: what this process costs beyond what it shares."""
    m = re.search(rb"^Private_Dirty:\s+(\d+)", read(pid, "smaps_rollup"), re.M)
    return int(m.group(1)) if m else 0


def own_kb(pid):
    """Memory that is no file's: private, and this process's part of what it shares. The sum over processes counts all once."""
    return sum(int(kb) for kb in re.findall(rb"^Pss_(?:Anon|Shmem):\s+(\d+)", read(pid, "smaps_rollup"), re.M))


def cpu_ticks(pid):
    f = stat_fields(pid)
    return int(f[11]) + int(f[12]) if f else 0


def fds(pid):
    """{fd: target}, or None when we may not look (a process that is not dumpable, seen by an ordinary user)."""
    out = {}
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                out[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
            except FileNotFoundError:
                pass
    except PermissionError:
        return None
    except FileNotFoundError:
        return {}
    return out


def sanitized(pid):
    """By the compiler, or under valgrind (bin/valgrind)."""
    maps = read(pid, "maps")
    return any(name in maps for name in (b"libasan", b"__asan", b"vgpreload_memcheck"))


def quarantine_kb(pid):
    """What a sanitizer keeps of freed memory, to notice who uses it still: 256 MB with ASan."""
    return 256 << 10 if sanitized(pid) else 0


def uses(pid, marker, folder):
    """Does this process belong to the daemon of a test? By environment, title, working directory or open files."""
    if marker.encode() in read(pid, "environ") or marker.encode() in read(pid, "cmdline"):
        return True
    try:
        if os.readlink(f"/proc/{pid}/cwd").startswith(folder):
            return True
    except OSError:
        pass
    return any(t.startswith(folder) for t in (fds(pid) or {}).values())


def kill(pid, sig=signal.SIGKILL):
    try:
        os.kill(pid, sig)
    except ProcessLookupError:
        pass
