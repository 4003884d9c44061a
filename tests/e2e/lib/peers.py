"""Servers for clients to meet: one thread a listener, one a connection, each of a simple habit. Peers() starts them all and
describes them in .where, which scripts get as JSON; close() ends them and fails with what any of them died of."""

import hashlib
import os
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading

MUCH = 60   # seconds after which a peer gives up: nothing a test waits for


def certificates(folder):
    """A CA, certificates it signed for names (peer: ten.example and 127.0.0.1; client), a self-signed one, an expired one."""
    def make(*words):
        subprocess.run(["openssl", *words], check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=Test CA")
    for name, san in (("peer", "DNS:ten.example,DNS:*.wild.example,IP:127.0.0.1"), ("client", "DNS:client.example"),
                      ("other", "DNS:other.example")):
        with open(os.path.join(folder, name + ".ext"), "w") as f:
            f.write("subjectAltName=" + san)
        make("req", "-new", *key, "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
        make("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "3650",
             "-extfile", name + ".ext", "-out", name + ".pem")
    make("ec", "-in", "client.key", "-out", "locked.key", "-aes128", "-passout", "pass:secret")
    make("req", "-x509", *key, "-keyout", "self.key", "-out", "self.pem", "-days", "3650", "-subj", "/CN=ten.example",
         "-addext", "subjectAltName=DNS:ten.example")
    with open(os.path.join(folder, "expired.ext"), "w") as f:
        f.write("subjectAltName=DNS:ten.example")
    make("req", "-new", *key, "-keyout", "expired.key", "-out", "expired.csr", "-subj", "/CN=ten.example")
    make("x509", "-req", "-in", "expired.csr", "-signkey", "expired.key", "-days", "-1", "-extfile", "expired.ext",
         "-out", "expired.pem")


def exactly(c, n):
    data = b""
    while len(data) < n:
        more = c.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def line(c):
    data = b""
    while not data.endswith(b"\n"):
        more = c.recv(1)
        if not more:
            raise EOFError
        data += more
    return data.decode().strip()


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Peers:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="rs-e2e-peers-")
        os.chmod(self.folder, 0o755)
        self.open, self.died, self.ending = [], [], False
        self.lock, self.ended = threading.Lock(), threading.Event()
        self.where = {"folder": self.folder}
        certificates(self.folder)
        for name in ("echo", "silent", "deaf", "closes", "hello", "resets", "says", "sinks", "numbers", "starttls", "socks5", "http_proxy"):
            self.listen(name, getattr(self, name))
        for name, options in {
            "tls": {}, "tls_self": {"cert": "self"}, "tls_expired": {"cert": "expired"}, "tls_other": {"cert": "other"},
            "tls_client": {"ask": True}, "tls_1_2": {"only": ssl.TLSVersion.TLSv1_2},
        }.items():
            self.listen(name, self.tls(**options))
        self.listen("tls_numbers", self.tls(then=self.numbers))
        self.listen("echo6", self.echo, socket.AF_INET6, ("::1", 0))
        self.listen("unix", self.echo, socket.AF_UNIX, os.path.join(self.folder, "stream.sock"))
        self.datagrams("udp", socket.AF_INET, ("127.0.0.1", 0))
        self.datagrams("udp6", socket.AF_INET6, ("::1", 0))
        self.datagrams("unixgram", socket.AF_UNIX, os.path.join(self.folder, "dgram.sock"))
        self.nobody("refused", socket.SOCK_STREAM)
        self.nobody("udp_refused", socket.SOCK_DGRAM)
        self.full("full")

    # -- machinery -----------------------------------------------------------------------------

    def keep(self, s):
        with self.lock:
            self.open.append(s)
        return s

    def note(self, name, s):
        self.where[name] = s.getsockname()[1] if s.family != socket.AF_UNIX else s.getsockname()

    def thread(self, name, body, *args):
        def run():
            try:
                body(*args)
            except (EOFError, OSError):
                pass            # the client is gone, or we are
            except BaseException as e:  # noqa: BLE001 - told at the end
                self.died.append(f"peer {name}: {type(e).__name__}: {e}")
        threading.Thread(target=run, daemon=True).start()

    def listen(self, name, habit, family=socket.AF_INET, address=("127.0.0.1", 0)):
        s = self.keep(socket.socket(family))
        s.bind(address)
        s.listen(64)
        self.note(name, s)

        def serve():
            number = 0
            while not self.ending:
                c, _ = s.accept()
                c.settimeout(MUCH)
                number += 1
                self.thread(name, self.one, habit, c, number)
        self.thread(name, serve)

    @staticmethod
    def one(habit, c, number):
        with c:
            habit(c, number)

    def datagrams(self, name, family, address):
        """Sends each back; "close" is answered by nothing, "big N" by N bytes, "twice X" by two datagrams, one from elsewhere."""
        s = self.keep(socket.socket(family, socket.SOCK_DGRAM))
        s.bind(address)
        self.note(name, s)
        stranger = self.keep(socket.socket(family, socket.SOCK_DGRAM))
        if family != socket.AF_UNIX:
            stranger.bind((address[0], 0))
            self.note(name + "_stranger", stranger)

        def serve():
            while not self.ending:
                data, sender = s.recvfrom(65536)
                if data.startswith(b"big "):
                    s.sendto(b"x" * int(data[4:]), sender)
                elif data.startswith(b"twice "):
                    stranger.sendto(b"stranger", sender)
                    s.sendto(data, sender)
                elif data == b"empty":
                    s.sendto(b"", sender)
                elif data != b"silence" and sender:
                    s.sendto(data, sender)
        self.thread(name, serve)

    def nobody(self, name, kind):
        """A port that is held and refuses."""
        s = self.keep(socket.socket(socket.AF_INET, kind))
        s.bind(("127.0.0.1", 0))
        self.note(name, s)
        if kind == socket.SOCK_DGRAM:
            s.connect(("127.0.0.1", self.where["udp"]))

    def full(self, name):
        """A listener whose backlog is taken: whoever connects hears nothing."""
        s = self.keep(socket.socket())
        s.bind(("127.0.0.1", 0))
        s.listen(0)
        for _ in range(4):
            c = self.keep(socket.socket())
            c.setblocking(False)
            c.connect_ex(s.getsockname())
        self.note(name, s)

    def close(self):
        self.ending = True
        self.ended.set()
        for s in self.open:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        assert not self.died, "\n".join(self.died)

    # -- habits --------------------------------------------------------------------------------

    def echo(self, c, number):
        while data := c.recv(65536):
            c.sendall(data)

    def silent(self, c, number):
        while c.recv(65536):
            pass

    def deaf(self, c, number):
        """Reads nothing as long as we live."""
        self.ended.wait(MUCH)

    def closes(self, c, number):
        c.shutdown(socket.SHUT_RDWR)

    def hello(self, c, number):
        c.sendall(b"hello")

    def resets(self, c, number):
        """Upon the first byte."""
        c.recv(1)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def says(self, c, number):
        """For each line "STEP HEX": those bytes, STEP of them a segment. "end": closes. "oob HEX": urgent."""
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while (word := line(c).split(" "))[0] != "end":
            data = bytes.fromhex(word[1])
            if word[0] == "oob":
                c.send(data, socket.MSG_OOB)
                continue
            for at in range(0, len(data), int(word[0])):
                c.sendall(data[at:at + int(word[0])])

    def sinks(self, c, number):
        """Reads in small pieces at first; after the end says how much it was, and its digest."""
        digest, n, piece = hashlib.md5(), 0, 512
        while data := c.recv(piece):
            digest.update(data)
            n += len(data)
            piece = min(piece * 2, 65536)
        c.sendall(f"{n} {digest.hexdigest()}".encode())

    def numbers(self, c, number):
        """Each line is answered with the number of the connection; "end" closes, which is confirmed first."""
        while (word := line(c)) != "end":
            c.sendall(f"{number} {word}\n".encode())
        c.sendall(b"ending\n")

    def starttls(self, c, number):
        """Plain lines until "tls"; "inject": says something plain behind "go"."""
        while (word := line(c)) not in ("tls", "inject"):
            c.sendall(f"plain {word}\n".encode())
        c.sendall(b"go\n" + (b"injected\n" if word == "inject" else b""))
        if word == "inject":
            assert line(c) == "now"
        self.tls()(c, number)

    def tls(self, cert="peer", ask=False, only=None, then=None):
        """First what it knows of the client: SNI, version, subject of its certificate; then echo."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, cert + ".pem"), os.path.join(self.folder, cert + ".key"))
        if ask:
            context.load_verify_locations(os.path.join(self.folder, "ca.pem"))
            context.verify_mode = ssl.CERT_REQUIRED
        if only:
            context.minimum_version = context.maximum_version = only

        def habit(c, number):
            seen = {}

            def hear(s, name, _):
                seen["name"] = name
            context.sni_callback = hear
            try:
                t = context.wrap_socket(c, server_side=True)
            except (ssl.SSLError, OSError):
                return
            with t:
                if then:
                    return then(t, number)
                peer = (t.getpeercert() or {}).get("subject", ((("", "none"),),)) if ask else ((("", "none"),),)
                t.sendall(f"{seen.get('name')} {t.version()} {peer[0][0][1]}\n".encode())
                self.echo(t, number)
        return habit

    def socks5(self, c, number):
        """With user "us" and password "secret" if the client offers that; the name elsewhere.example is 127.0.0.1."""
        n = exactly(c, 2)[1]
        methods = exactly(c, n)
        if 2 in methods:
            c.sendall(b"\5\2")
            user = exactly(c, exactly(c, 2)[1])
            password = exactly(c, exactly(c, 1)[0])
            c.sendall(b"\1\0" if (user, password) == (b"us", b"secret") else b"\1\1")
            if (user, password) != (b"us", b"secret"):
                return
        else:
            c.sendall(b"\5\0")
        kind = exactly(c, 4)[3]
        host = exactly(c, 4) if kind == 1 else exactly(c, exactly(c, 1)[0])
        assert host in (b"\x7f\0\0\1", b"elsewhere.example"), host
        port = struct.unpack(">H", exactly(c, 2))[0]
        try:
            there = socket.create_connection(("127.0.0.1", port))
        except OSError:
            c.sendall(b"\5\5\0\1\0\0\0\0\0\0")
            return
        with there:
            c.sendall(b"\5\0\0\1\x7f\0\0\1" + struct.pack(">H", port))
            self.thread("socks5", pump, there, c)
            pump(c, there)

    def http_proxy(self, c, number):
        head = []
        while text := line(c):
            head.append(text)
        method, target, _ = head[0].split(" ")
        assert method == "CONNECT"
        if "Proxy-Authorization: Basic dXM6c2VjcmV0" not in head:
            c.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", int(target.split(":")[1]))) as there:
            c.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self.thread("http_proxy", pump, there, c)
            pump(c, there)
