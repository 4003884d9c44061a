"""Certificates made when a test needs them, and clients that speak TLS."""

import contextlib
import ctypes
import os
import re
import socket
import ssl
import struct
import subprocess

import pytest

from . import http
from .wait import SLOW


def openssl(*words, data=None):
    """openssl(1) to its end: its output; fails with what it says."""
    r = subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60 * SLOW)
    assert r.returncode == 0, r.stderr.decode()
    return r.stdout


class Authority:
    """A root that signs certificates of servers and clients, through an intermediate one if asked."""

    def __init__(self, folder, name="Test Root"):
        self.folder, self.name = str(folder), name
        self.key, self.cert = self.path("root.key"), self.path("root.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                "-keyout", self.key, "-out", self.cert, "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:true", "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def path(self, name):
        return os.path.join(self.folder, name)

    def sign(self, file, subject, extensions, issuer=None, days="30", rsa=False):
        key, cert, request, ext = (self.path(f"{file}.{end}") for end in ("key", "pem", "csr", "ext"))
        kind = ["rsa:2048"] if rsa else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        openssl("req", "-new", "-newkey", *kind, "-nodes", "-keyout", key, "-out", request, "-subj", subject)
        with open(ext, "w") as f:
            f.write("\n".join(extensions) + "\n")
        ca, ca_key = issuer or (self.cert, self.key)
        openssl("x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-days", days, "-out", cert,
                "-extfile", ext)
        return cert, key

    def server(self, *names, file=None, **kw):
        """(certificate, key) for these host names."""
        alt = ",".join(("IP:" if re.fullmatch(r"[\d.]+", n) else "DNS:") + n for n in names)
        return self.sign(file or names[0].replace("*", "wild"), f"/CN={names[0]}",
                         [f"subjectAltName={alt}", "extendedKeyUsage=serverAuth"], **kw)

    def client(self, name, file=None, **kw):
        return self.sign(file or name, f"/O=Test/CN={name}", ["extendedKeyUsage=clientAuth"], **kw)

    def ocsp(self, cert):
        """The path of a response that says: this certificate of ours is good."""
        serial = openssl("x509", "-in", cert, "-noout", "-serial").decode().strip().split("=")[1]
        index, asked, answer = (f"{cert}.{end}" for end in ("index", "asked", "ocsp"))
        with open(index, "w") as f:
            f.write(f"V\t491231235959Z\t\t{serial}\tunknown\t/CN=any\n")
        openssl("ocsp", "-issuer", self.cert, "-cert", cert, "-reqout", asked)
        openssl("ocsp", "-index", index, "-CA", self.cert, "-rsigner", self.cert, "-rkey", self.key, "-reqin", asked, "-respout", answer,
                "-ndays", "7")
        return answer

    def intermediate(self, file="middle"):
        return self.sign(file, "/CN=Test Intermediate", ["basicConstraints=critical,CA:true", "keyUsage=keyCertSign"])

    def context(self, **kw):
        """A client's, that trusts this authority."""
        return client_context(self.cert, **kw)


def client_context(ca=None, cert=None, versions=None, alpn=None, ciphers=None):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca:
        c.load_verify_locations(ca)
    else:
        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
    if cert:
        c.load_cert_chain(*cert)
    if versions:
        c.minimum_version, c.maximum_version = versions
    if alpn:
        c.set_alpn_protocols(alpn)
    if ciphers:
        c.set_ciphers(ciphers)
    return c


class Odd:
    """A client that does with OpenSSL what Python's ssl has no words for. Blocking, verifies nothing; every call is libssl's."""

    KEY_UPDATE_REQUESTED, SET_HOST_NAME, EARLY_DATA_REJECTED = 1, 55, 1

    def __init__(self, address, name=b"localhost", session=None, timeout=20):
        self.ssl = lib = ctypes.CDLL("libssl.so.3")
        for f in ("TLS_client_method", "SSL_CTX_new", "SSL_new", "SSL_get1_session"):
            getattr(lib, f).restype = ctypes.c_void_p
        self.context = ctypes.c_void_p(lib.SSL_CTX_new(ctypes.c_void_p(lib.TLS_client_method())))
        self.s = ctypes.c_void_p(lib.SSL_new(self.context))
        self.sock = socket.create_connection(address, timeout * SLOW)
        self.sock.setblocking(True)
        # its own calls block for so long
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", int(timeout * SLOW), 0))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(timeout * SLOW), 0))
        lib.SSL_set_fd(self.s, self.sock.fileno())
        if name is not None:
            assert lib.SSL_ctrl(self.s, self.SET_HOST_NAME, ctypes.c_long(0), name) == 1
        if session:
            lib.SSL_set_session(self.s, session)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        # as if both had said goodbye: else its session would not be resumed
        self.ssl.SSL_set_shutdown(self.s, 3)
        self.ssl.SSL_free(self.s)
        self.ssl.SSL_CTX_free(self.context)
        self.sock.close()

    def shake(self):
        return self.ssl.SSL_connect(self.s) == 1

    def write(self, data):
        return self.ssl.SSL_write(self.s, data, len(data))

    def read(self, n=65536):
        room = ctypes.create_string_buffer(n)
        got = self.ssl.SSL_read(self.s, room, n)
        return room.raw[:max(0, got)]

    def update_keys(self):
        return self.ssl.SSL_key_update(self.s, self.KEY_UPDATE_REQUESTED) == 1 and self.ssl.SSL_do_handshake(self.s) == 1

    def session(self, early=0):
        s = ctypes.c_void_p(self.ssl.SSL_get1_session(self.s))
        assert self.ssl.SSL_SESSION_set_max_early_data(s, ctypes.c_uint32(early)) == 1
        return s

    def write_early(self, data):
        sent = ctypes.c_size_t()
        return self.ssl.SSL_write_early_data(self.s, data, ctypes.c_size_t(len(data)), ctypes.byref(sent)) == 1

    def early_was_rejected(self):
        return self.ssl.SSL_get_early_data_status(self.s) == self.EARLY_DATA_REJECTED


def hello(name="localhost", **kw):
    """The first bytes of a client: a ClientHello in one record, and the client that has said it (its incoming, outgoing, object)."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    o = client_context(**kw).wrap_bio(incoming, outgoing, server_hostname=name)
    with contextlib.suppress(ssl.SSLWantReadError):
        o.do_handshake()
    return outgoing.read(), incoming, outgoing, o


class Conn(http.Conn):
    """http.Conn inside TLS."""

    def __init__(self, address, context, name="localhost", session=None, **kw):
        super().__init__(address, **kw)
        self.sock = context.wrap_socket(self.sock, server_hostname=name, session=session)


def fetch(address, context, target="/", name="localhost", method="GET", headers=(), body=None, session=None):
    """One request on a connection of its own: the answer, and the socket as it was."""
    with Conn(address, context, name, session) as c:
        r = c.request(target, method, [*headers, ("Connection", "close")], body, name)
        r.session, r.reused, r.alpn = c.sock.session, c.sock.session_reused, c.sock.selected_alpn_protocol()
        r.peer = c.sock.getpeercert()
        assert c.at_end(), "the connection stayed open after Connection: close"
        return r


def s_client(address, *words, send=b"", timeout=20):
    """`openssl s_client`: (exit status, all that it says)."""
    r = subprocess.run(["openssl", "s_client", "-connect", f"{address[0]}:{address[1]}", *words], input=send,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout * SLOW)
    return r.returncode, r.stdout.decode(errors="replace")


def refused(address, *words):
    """Does the handshake fail?"""
    status, text = s_client(address, *words)
    return status != 0 or "Cipher is (NONE)" in text


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A folder with cert.pem and key.pem, self-signed for localhost; others may look into it (tests/e2e/conftest.py has it for everybody)."""
    folder = tmp_path_factory.mktemp("tls")
    os.chmod(folder, 0o755)
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost", "-days", "2",
            "-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    return folder
