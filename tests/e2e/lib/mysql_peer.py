"""A MySQL server for swoole_mysql to meet, well behaved and not. Users have the password "secret":

native   mysql_native_password          sha2   caching_sha2_password, remembered
full     the same, forgotten: the password itself, under the server's key
switch   greeted with one, asked for the other     old   asked for what nobody has today
mute     never admitted nor refused

What a query says is what comes: see answer().
"""

import hashlib
import os
import socket
import struct
import subprocess
import tempfile
import threading

SALT = bytes(range(1, 21))
NATIVE, SHA2 = b"mysql_native_password", b"caching_sha2_password"
MORE = 8


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def proof(plugin, password, salt):
    if plugin == NATIVE:
        once = hashlib.sha1(password).digest()
        return xor(once, hashlib.sha1(salt + hashlib.sha1(once).digest()).digest())
    once = hashlib.sha256(password).digest()
    return xor(once, hashlib.sha256(hashlib.sha256(once).digest() + salt).digest())


def text(value):
    if value is None:
        return b"\xfb"
    value = value if isinstance(value, bytes) else str(value).encode()
    n = len(value)
    if n < 251:
        return bytes([n]) + value
    return (b"\xfc" + struct.pack("<H", n) if n < 1 << 16 else b"\xfe" + struct.pack("<Q", n)) + value


def column(name, kind=253, flags=0):
    return b"".join(text(x) for x in ("def", "db", "t", "t", name, name)) + b"\x0c" + struct.pack("<HIBHB", 45, 255, kind, flags, 0) + b"\0\0"


def end(status=2):
    return b"\xfe" + struct.pack("<HH", 0, status)


def done(affected=0, insert=0, status=2):
    return b"\x00" + bytes([affected, insert]) + struct.pack("<HH", status, 0)


def error(code, words, state=b"42000"):
    return b"\xff" + struct.pack("<H", code) + b"#" + state + words.encode()


class MysqlPeer:
    def __init__(self, path=None):
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(path or ("127.0.0.1", 0))
        self.listener.listen(50)
        self.port = 0 if path else self.listener.getsockname()[1]
        self.queries, self.quits = [], 0
        self.folder = tempfile.mkdtemp(prefix="rs-mysql-")
        self.openssl("genrsa", "-out", "key", "2048")
        self.key = self.openssl("rsa", "-in", "key", "-pubout")
        threading.Thread(target=self.accept, daemon=True).start()

    def close(self):
        self.listener.close()
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        os.rmdir(self.folder)

    def accept(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(Wire(c),), daemon=True).start()

    def serve(self, wire):
        try:
            if self.admit(wire):
                while self.answer(wire, wire.command()):
                    pass
        except (EOFError, OSError):
            pass
        wire.c.close()

    # ---- logging in

    def openssl(self, *words, given=None):
        return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True, cwd=self.folder).stdout

    def admit(self, wire):
        wire.put(b"\x0a8.0.33-peer\0" + struct.pack("<I", 7) + SALT[:8] + b"\0" + struct.pack("<HBHH", 0xfffe, 45, 2, 0x00ff)
                 + bytes([21]) + bytes(10) + SALT[8:] + b"\0" + SHA2 + b"\0")
        packet = wire.get()
        user, rest = packet[32:].split(b"\0", 1)
        answer, rest = rest[1:1 + rest[0]], rest[1 + rest[0]:]
        self.database, plugin = rest.split(b"\0")[:2]
        user = user.decode()
        if user == "mute":
            wire.get()
        if user == "old":
            wire.put(b"\xfe")
            wire.get()
        if user in ("native", "switch"):
            plugin, salt = NATIVE, SALT[::-1]
            wire.put(b"\xfe" + NATIVE + b"\0" + salt + b"\0")
            good = wire.get() == proof(NATIVE, b"secret", salt)
        elif user == "full":
            wire.put(b"\x01\x04")
            said = wire.get()
            if said == b"\x02":
                wire.put(b"\x01" + self.key)
                said = xor(self.openssl("pkeyutl", "-decrypt", "-inkey", "key", "-pkeyopt", "rsa_padding_mode:oaep", given=wire.get()), SALT * 9)
            good = said == b"secret\0"
        else:
            good = user == "sha2" and plugin == SHA2 and answer == proof(SHA2, b"secret", SALT)
            if good:
                wire.put(b"\x01\x03")
        wire.put(done() if good else error(1045, f"Access denied for user '{user}'", b"28000"))
        return good

    # ---- queries

    def answer(self, wire, packet):
        """false: the connection ends."""
        if packet == b"\x01":
            self.quits += 1
            return False
        sql = packet[1:].decode()
        self.queries.append(sql)
        word, _, rest = sql.partition(" ")
        if word == "rows":
            wire.put(b"\x01", column("n", 3), end(), *(text(i) for i in range(int(rest))), end())
        elif word == "types":
            wire.put(b"\x06", column("i", 3), column("big", 8, 0x20), column("f", 5), column("s"), column("none"), column("empty"), end(),
                     b"".join(text(x) for x in (-5, 18446744073709551615, "2.5", "текст", None, "")), end())
        elif word == "long":
            wire.put(b"\x01", column("s"), end(), text("x" * int(rest)), end())
        elif word == "none":
            wire.put(b"\x01", column("n"), end(), end())
        elif word in ("UPDATE", "START", "COMMIT", "ROLLBACK"):
            wire.put(done(3, 7) if word == "UPDATE" else done())
        elif word == "call":
            wire.put(b"\x01", column("a"), end(), text("first"), end(2 | MORE), b"\x01", column("b"), end(), text("second"), end(2 | MORE), done())
        elif word == "fails":
            wire.put(error(1064, "You have an error in your SQL syntax"))
        elif word == "breaks":
            wire.put(b"\x01", column("a"), end(), text("first"), error(1317, "Query execution was interrupted", b"70100"))
        elif word == "strict":
            wire.put(done(status=2 | 0x200))
        elif word == "hex":
            wire.put(*(bytes.fromhex(x) for x in rest.split(",")))
        elif word == "order":
            wire.sequence = 9
            wire.put(done())
        elif word == "never":
            wire.get()
        elif word == "leave":
            return False
        elif word == "late-leave":
            wire.put(done())
            return False
        else:
            wire.put(b"\x01", column("sql"), end(), text(sql), end())
        return True


class Wire:
    def __init__(self, c):
        self.c, self.data, self.sequence = c, b"", 0

    def exactly(self, n):
        while len(self.data) < n:
            piece = self.c.recv(65536)
            if not piece:
                raise EOFError
            self.data += piece
        got, self.data = self.data[:n], self.data[n:]
        return got

    def get(self):
        whole = b""
        while True:
            n, self.sequence = struct.unpack("<I", self.exactly(3) + b"\0")[0], self.exactly(1)[0] + 1
            whole += self.exactly(n)
            if n < 0xffffff:
                return whole

    def command(self):
        self.sequence = 0
        return self.get()

    def put(self, *payloads):
        out = b""
        for payload in payloads:
            while True:
                piece, payload = payload[:0xffffff], payload[0xffffff:]
                out += struct.pack("<I", len(piece))[:3] + bytes([self.sequence & 0xff]) + piece
                self.sequence += 1
                if len(piece) < 0xffffff:
                    break
        self.c.sendall(out)
