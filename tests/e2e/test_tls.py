"""TLS of the main port: what testssl.sh would ask, certificates by name, clients' certificates, reload, hostile clients."""

import contextlib
import hashlib
import json
import os
import pwd
import re
import signal
import socket
import ssl
import subprocess
import threading

import pytest

from lib import proc, tls
from lib.daemon import OTHERS_MAY
from lib.http import Closed, Conn, build
from lib.wait import SLOW, until

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3

VARIABLES = """<?php
return fn () => print json_encode(array_filter($_SERVER, fn ($k) => preg_match('/^(SSL_(?!CERT_)|HTTPS$|REQUEST_SCHEME$|SERVER_PORT$)/', $k),
    ARRAY_FILTER_USE_KEY));
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    ca = tls.Authority(tmp_path_factory.mktemp("ca"))
    ca.localhost = ca.server("localhost", "127.0.0.1")
    return ca


@pytest.fixture
def secure(daemon, authority):
    """secure(swoole={...}, ...): a daemon whose main port speaks TLS."""
    def make(kind="fake", cert=None, swoole=None, code=None, **kw):
        cert, key = cert or authority.localhost
        ini = {"swoole": {"ssl_cert_file": cert, "ssl_key_file": key, "log_level": 0, **(swoole or {})}, **kw.pop("ini", {})}
        return daemon.callable(code, ini=ini, **kw) if code else daemon(kind, ini=ini, **kw)
    return make


# ---- what a scanner asks --------------------------------------------------------------------------------------------------


def test_protocols_ciphers_and_curves(secure, authority):
    d = secure()
    a = d.address
    for old in ("-tls1", "-tls1_1"):
        assert tls.refused(a, old, "-cipher", "ALL:@SECLEVEL=0"), old
    for now, name in (("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")):
        status, text = tls.s_client(a, now, "-CAfile", authority.cert, "-verify_return_error", send=b"Q\n")
        assert status == 0 and f"New, {name}" in text and "Verify return code: 0 (ok)" in text, text
        assert "Compression: NONE" in text
    for weak in ("AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA256", "aNULL", "eNULL", "3DES", "DHE-RSA-AES128-GCM-SHA256"):
        assert tls.refused(a, "-tls1_2", "-cipher", weak + ":@SECLEVEL=0"), weak
    _, text = tls.s_client(a, "-tls1_2", send=b"Q\n")
    assert "Secure Renegotiation IS supported" in text and "ECDHE-ECDSA-" in text
    assert "X25519" in text and not tls.refused(a, "-groups", "P-384") and tls.refused(a, "-groups", "P-521")


def test_renegotiation_is_refused(secure):
    d = secure()
    _, text = tls.s_client(d.address, "-tls1_2", send=b"R\n")
    assert "no renegotiation" in text, text


def test_options_of_protocols_and_ciphers(secure):
    d = secure(swoole={"ssl_protocols": "TLSv1.2", "ssl_ciphers": "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384",
                       "ssl_prefer_server_ciphers": True, "ssl_ecdh_curve": "P-256"})
    assert tls.refused(d.address, "-tls1_3")
    _, text = tls.s_client(d.address, "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305", send=b"Q\n")
    assert re.search(r"Cipher is ECDHE-ECDSA-AES256-GCM-SHA384|Cipher is ECDHE-ECDSA-CHACHA20-POLY1305", text)
    assert "P-256" in text or "prime256v1" in text


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("tickets", [True, False])
def test_sessions_are_resumed(secure, authority, version, tickets):
    d = secure(swoole={"ssl_session_tickets": tickets})
    context = authority.context(versions=(version, version))
    if not tickets and version == V12:
        context.options |= ssl.OP_NO_TICKET
    first = tls.fetch(d.address, context)
    assert not first.reused
    assert tls.fetch(d.address, context, session=first.session).reused
    # over a reload too, and with another certificate
    assert d.ctl("reload", "--wait").returncode == 0
    again = tls.fetch(d.address, context, session=first.session)
    assert again.reused == tickets or not tickets


def test_alpn(secure, authority):
    d = secure()
    assert tls.fetch(d.address, authority.context(alpn=["http/1.1"])).alpn == "http/1.1"
    assert tls.fetch(d.address, authority.context()).alpn is None
    with pytest.raises(ssl.SSLError, match="(?i)no.application.protocol"):
        tls.fetch(d.address, authority.context(alpn=["smtp"]))


# ---- certificates ---------------------------------------------------------------------------------------------------------


def test_chain_is_sent(secure, authority):
    middle = authority.intermediate()
    cert, key = authority.server("localhost", file="chained", issuer=middle)
    with open(cert, "a") as f, open(middle[0]) as m:
        f.write(m.read())
    d = secure(cert=(cert, key))
    assert tls.fetch(d.address, authority.context()).status == 200
    _, text = tls.s_client(d.address, "-showcerts", send=b"Q\n")
    assert text.count("BEGIN CERTIFICATE") == 2


def test_certificates_by_name(secure, authority):
    shop, wild, named = authority.server("shop.test"), authority.server("*.wild.test"), authority.server("inner.test", file="named", rsa=True)
    d = secure(ini={"ssl.shop": {"cert_file": shop[0], "key_file": shop[1]}, "ssl.wild": {"cert_file": wild[0], "key_file": wild[1]},
                    "ssl.named": {"cert_file": named[0], "key_file": named[1], "server_name": ["a.wild.test", "*.other.test"]}})

    def subject(name):
        words = ["-servername", name] if name else ["-noservername"]
        return re.search(r"subject=CN ?= ?(\S+)", tls.s_client(d.address, *words, send=b"Q\n")[1])[1]
    assert [subject(n) for n in ("shop.test", "SHOP.test", "b.wild.test", "a.wild.test", "x.other.test")] == \
        ["shop.test", "shop.test", "*.wild.test", "inner.test", "inner.test"]
    assert [subject(n) for n in (None, "localhost", "unknown.test", "inner.test", "other.test", "127.0.0.1")] == ["localhost"] * 6
    assert tls.fetch(d.address, authority.context(), name="shop.test").status == 200


def test_ocsp_responses_are_stapled(secure, authority):
    cert, key = authority.localhost
    shop = authority.server("shop.test", file="stapled")
    d = secure(swoole={"ssl_stapling_file": authority.ocsp(cert)},
               ini={"ssl.shop": {"cert_file": shop[0], "key_file": shop[1]}})

    def status(*words):
        return tls.s_client(d.address, "-status", "-CAfile", authority.cert, *words, send=b"Q\n")[1]
    for version in ("-tls1_2", "-tls1_3"):
        text = status(version, "-servername", "localhost")
        assert "OCSP Response Status: successful" in text and "Cert Status: good" in text, text
        serial = tls.openssl("x509", "-in", cert, "-noout", "-serial").decode().strip().split("=")[1]
        assert f"Serial Number: {serial}" in text
        # another certificate has none, and who does not ask gets none
        assert "OCSP response: no response sent" in status(version, "-servername", "shop.test")
    assert "OCSP" not in tls.s_client(d.address, send=b"Q\n")[1]
    # its own for the other one; a reload takes it over
    d.set("ssl.shop", cert_file=shop[0], key_file=shop[1], stapling_file=authority.ocsp(shop[0]))
    assert d.ctl("reload", "--wait").returncode == 0
    until(lambda: "Cert Status: good" in status("-servername", "shop.test"), message="the response of the other certificate")


def test_stapling_file_that_is_no_response(secure, authority):
    r = secure(swoole={"ssl_stapling_file": authority.localhost[0]}, start=False).ctl("start", "-t")
    assert r.returncode == 1 and "localhost.pem: no OCSP response in DER form in it" in r.stdout + r.stderr


@pytest.mark.parametrize("wrong, said", [
    ("missing", "cert_file .*nowhere.pem: No such file"), ("key of another", "not the key of the certificate in .*localhost.pem"),
    ("no pem", "no certificate in PEM form"), ("encrypted", "the key is encrypted"), ("directory", "not a file"),
    ("empty", "the file is empty"), ("weak", "key too small|ee key too small"),
])
def test_start_and_check_refuse_what_cannot_serve(secure, authority, tmp_path, wrong, said):
    cert, key = authority.localhost
    text, locked = tmp_path / "text.pem", tmp_path / "locked.key"
    text.write_text("no certificate\n")
    if wrong == "missing":
        cert = str(tmp_path / "nowhere.pem")
    elif wrong == "key of another":
        key = authority.server("other.test")[1]
    elif wrong == "no pem":
        cert = str(text)
    elif wrong == "encrypted":
        tls.openssl("pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", str(locked))
        key = str(locked)
    elif wrong == "directory":
        cert = str(tmp_path)
    elif wrong == "empty":
        text.write_text("")
        cert = str(text)
    elif wrong == "weak":
        cert, key = str(tmp_path / "weak.pem"), str(tmp_path / "weak.key")
        tls.openssl("req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=weak")
    d = secure(cert=(cert, key), start=False)
    for words in (["start", "-t"], ["start"]):
        r = d.ctl(*words)
        assert r.returncode == 1 and re.search(said, r.stdout + r.stderr), (words, r.stdout, r.stderr)


@pytest.mark.parametrize("swoole, said", [
    ({"ssl_protocols": "SSLv3"}, "SSLv3. is no protocol"), ({"ssl_ciphers": "NONSENSE"}, "ssl_ciphers .NONSENSE."),
    ({"ssl_ecdh_curve": "P-1"}, "ssl_ecdh_curve .P-1."), ({"ssl_key_file": ""}, "a certificate needs its key"),
    ({"ssl_verify_client": "on"}, "cannot be checked without it"), ({"ssl_verify_client": "maybe"}, "off, optional, on|off"),
])
def test_wrong_options_are_named(secure, swoole, said):
    r = secure(swoole=swoole, start=False).ctl("start", "-t")
    assert r.returncode == 1 and re.search(said, r.stdout + r.stderr), r.stdout + r.stderr


# ---- what PHP sees --------------------------------------------------------------------------------------------------------


def test_server_variables(secure, authority):
    d = secure(code=VARIABLES)
    r = tls.fetch(d.address, authority.context(versions=(V12, V12)), headers=[("SSL-CLIENT-VERIFY", "SUCCESS"), ("Https", "off")])
    seen = json.loads(r.body)
    assert seen.pop("SSL_CIPHER").startswith("ECDHE-ECDSA-")
    assert seen == {"HTTPS": "on", "REQUEST_SCHEME": "https", "SERVER_PORT": str(d.port), "SSL_PROTOCOL": "TLSv1.2",
                    "SSL_TLS_SNI": "localhost", "SSL_SESSION_RESUMED": "Initial", "SSL_CLIENT_VERIFY": "NONE"}


def test_certificates_of_clients(secure, authority):
    swoole = {"ssl_verify_client": "optional", "ssl_client_cert_file": authority.cert}
    d = secure(code=VARIABLES, swoole=swoole)
    alice = authority.client("alice")
    seen = json.loads(tls.fetch(d.address, authority.context(cert=alice)).body)
    with open(alice[0]) as f:
        assert seen["SSL_CLIENT_CERT"] == f.read()
    assert (seen["SSL_CLIENT_VERIFY"], seen["SSL_CLIENT_S_DN"], seen["SSL_CLIENT_S_DN_CN"], seen["SSL_CLIENT_I_DN"]) == \
        ("SUCCESS", "CN=alice,O=Test", "alice", "CN=Test Root")
    serial = tls.openssl("x509", "-in", alice[0], "-noout", "-serial").decode().strip().split("=")[1]
    assert seen["SSL_CLIENT_M_SERIAL"] == serial
    assert json.loads(tls.fetch(d.address, authority.context()).body)["SSL_CLIENT_VERIFY"] == "NONE"
    # a resumed session is still hers
    context = authority.context(cert=alice)
    first = tls.fetch(d.address, context)
    again = tls.fetch(d.address, context, session=first.session)
    assert again.reused and json.loads(again.body)["SSL_CLIENT_S_DN_CN"] == "alice"


def test_clients_without_a_good_certificate(secure, authority, tmp_path):
    stranger = tls.Authority(tmp_path, "Stranger").client("mallory")
    d = secure(swoole={"ssl_verify_peer": True, "ssl_client_cert_file": authority.cert})
    for cert in (None, stranger):
        with pytest.raises((ssl.SSLError, Closed, ConnectionError, OSError)):
            tls.fetch(d.address, authority.context(cert=cert))
    assert tls.fetch(d.address, authority.context(cert=authority.client("bob"))).status == 200
    _, text = tls.s_client(d.address, send=b"Q\n")
    assert "Acceptable client certificate CA names" in text and "Test Root" in text


# ---- plain, slow and hostile clients -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_plain_http_is_told(secure, method):
    d = secure()
    with d.conn() as c:
        r = c.request("/", method)
        assert r.status == 400 and b"The plain HTTP request was sent to HTTPS port" in r.body
        assert c.at_end()


def test_slow_handshakes_are_bounded(secure, authority):
    d = secure(swoole={"ssl_handshake_timeout": 1})
    silent, half = d.conn(), d.conn()
    half.send(b"\x16\x03\x01\x02\x00\x01\x00")
    trickle = d.conn()

    def feed():
        try:
            for b in b"\x16\x03\x01\x02\x00" + b"\0" * 1000:
                trickle.send(bytes([b]))
                if stop.wait(0.05):
                    return
        except OSError:
            pass
    stop = threading.Event()
    t = threading.Thread(target=feed)
    t.start()
    try:
        assert silent.at_end() and half.at_end()
        until(lambda: d.status()["connections"] == 0, message="the trickling client is gone")
    finally:
        stop.set()
        t.join()
    assert tls.fetch(d.address, authority.context()).status == 200


def test_garbage_is_no_warning(secure, authority):
    d = secure()
    hello = b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + os.urandom(200)
    for junk in (b"\x16\x03\x01\xff\xff" + os.urandom(5000), hello, b"\x80\x2e\x01\x03\x01" + os.urandom(60), b"\0" * 1000,
                 b"\x15\x03\x01\x00\x02\x02\x28", os.urandom(20000), b"\x16"):
        with d.conn() as c:
            try:
                c.send(junk)
                c.shutdown_write()
                while c.fill():
                    pass
            except (Closed, OSError):
                pass
    assert tls.fetch(d.address, authority.context()).status == 200
    assert not re.search(r"\[(warn|error|alert)\] reactor", d.log())


def test_reset_in_the_middle_of_a_handshake(secure, authority):
    d = secure()
    for _ in range(20):
        c = d.conn()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        o = authority.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            o.do_handshake()
        c.send(outgoing.read())
        c.reset()
    assert tls.fetch(d.address, authority.context()).status == 200
    until(lambda: d.status()["connections"] == 0, message="nobody is left")


# ---- bodies ---------------------------------------------------------------------------------------------------------------


def test_keep_alive_and_pipelining(secure, authority):
    d = secure()
    with tls.Conn(d.address, authority.context()) as c:
        c.send(build("/echo", "POST", (), b"x" * 5000) * 50)
        for _ in range(50):
            assert c.response("POST").body == b"x" * 5000
        # a request in many records, and many records in one piece
        for b in build("/echo", "POST", (), b"hello"):
            c.send(bytes([b]))
        assert c.response("POST").body == b"hello"


def test_big_bodies_arrive_whole(secure, authority):
    d = secure(swoole={"package_max_length": "64M"})
    body = os.urandom(24 << 20)
    with tls.Conn(d.address, authority.context()) as c:
        r = c.request("/echo", "POST", (), body)
        assert hashlib.sha256(r.body).digest() == hashlib.sha256(body).digest()
        assert c.request("/echo", "POST", (), b"again").body == b"again"


def test_files_arrive_whole(secure, authority):
    d = secure(ini={"laravels": {"handle_static": True}}, start=False)
    content = os.urandom(20 << 20)
    d.write("public/file.bin", content)
    d.start()
    with tls.Conn(d.address, authority.context()) as c:
        assert c.request("/file.bin").body == content
        r = c.request("/file.bin", headers=[("Range", "bytes=100000-8300000")])
        assert r.status == 206 and r.body == content[100000:8300001]


def test_slow_readers_cost_little_memory(secure, authority):
    d = secure(ini={"laravels": {"handle_static": True}}, swoole={"buffer_output_size": "1M"}, start=False)
    d.write("public/file.bin", os.urandom(16 << 20))
    d.start()
    reactor = d.pid("reactor")
    before = proc.rss_kb(reactor)
    readers = []
    for i in range(30):
        c = tls.Conn(d.address, authority.context(), rcvbuf=16384)
        c.send(build("/file.bin" if i else "/big?n=16777216"))
        c.head()
        readers.append(c)
    until(lambda: d.status()["connections"] == 30, message="all are there")
    # files are not read ahead, and of an answer at most buffer_output_size waits
    assert proc.rss_kb(reactor) - before < (8 << 10) + proc.quarantine_kb(reactor)
    for c in readers:
        c.close()


def test_close_notify_at_the_end(secure, authority):
    d = secure()
    context = authority.context()
    with tls.Conn(d.address, context) as c:
        r = c.request("/", headers=[("Connection", "close")])
        assert r.status == 200
        # without close_notify this would raise: OpenSSL cannot tell it from a cut
        assert c.sock.recv(1) == b""


# ---- reload, crashes --------------------------------------------------------------------------------------------------------


def serial_of(d):
    pem = ssl.get_server_certificate(d.address)
    return tls.openssl("x509", "-noout", "-serial", data=pem.encode())


def swap(place, pair):
    for to, source in zip(place, pair):
        with open(source, "rb") as f, open(to, "wb") as t:
            t.write(f.read())


def test_reload_takes_new_certificates_and_drops_nobody(secure, authority, tmp_path):
    place = (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    swap(place, authority.localhost)
    d = secure(cert=place)
    kept = tls.Conn(d.address, authority.context())
    assert kept.request("/").status == 200
    old = serial_of(d)
    wrong, stop = [], threading.Event()

    def load():
        context = authority.context()
        while not stop.is_set():
            try:
                if tls.fetch(d.address, context).status != 200:
                    wrong.append("status")
            except Exception as e:  # noqa: BLE001 - every failure counts
                wrong.append(repr(e))
    threads = [threading.Thread(target=load) for _ in range(4)]
    for t in threads:
        t.start()
    try:
        for i in range(3):
            swap(place, authority.server("localhost", "127.0.0.1", file=f"renewed{i}"))
            assert d.ctl("reload", "--wait").returncode == 0
            until(lambda: serial_of(d) != old, message="the new certificate")
            old = serial_of(d)
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert not wrong, wrong[:5]
    assert kept.request("/echo", "POST", (), b"still here").body == b"still here"


def test_broken_certificate_at_reload_is_reported_and_the_old_one_stays(secure, authority, tmp_path):
    place = (str(tmp_path / "cert.pem"), str(tmp_path / "key.pem"))
    swap(place, authority.localhost)
    d = secure(cert=place)
    d.allow_log.append("TLS: ")
    old = serial_of(d)
    with open(place[1], "w") as f:
        f.write("broken\n")
    r = d.ctl("reload", "--wait")
    assert r.returncode != 0 and "key.pem: no private key in PEM form" in r.stdout + r.stderr, r
    assert serial_of(d) == old
    # what was checked is what is served, also by a new reactor
    reactor = d.pid("reactor")
    os.kill(reactor, signal.SIGKILL)
    until(lambda: d.settled_without(reactor), message="a new reactor")
    assert serial_of(d) == old and tls.fetch(d.address, authority.context()).status == 200
    manager = d.pid("manager")
    os.kill(manager, signal.SIGKILL)
    until(lambda: d.settled_without(manager), 20, message="a new manager, though the files are broken")
    assert serial_of(d) == old


def test_turning_it_off_needs_a_restart(secure, authority):
    d = secure()
    d.set("swoole", ssl_cert_file="", ssl_key_file="")
    assert d.ctl("reload", "--wait").returncode == 0
    d.wait_log("needs a restart")
    assert tls.fetch(d.address, authority.context()).status == 200


def test_info_shows_https(secure):
    d = secure()
    assert f"https://127.0.0.1:{d.port}" in d.ctl("info").stdout
    d.wait_log(r"listening on 127.0.0.1:\d+: HTTPS")
    d.wait_log(r"TLS certificate .*localhost.pem: localhost,.* until ")


def has_in_memory(pid, wanted):
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            m = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw.p", line)
            size = int(m[2], 16) - int(m[1], 16) if m else 0
            if not 0 < size < 1 << 30:      # a sanitizer's tables are terabytes of address space
                continue
            mem.seek(int(m[1], 16))
            try:
                if wanted in mem.read(size):
                    return True
            except OSError:
                pass
    return False


@pytest.mark.skipif(os.getuid() != 0 or not OTHERS_MAY, reason="needs root, and a clone that others may look into")
def test_keys_are_roots_and_nobody_elses(secure, authority):
    """User www-data, who runs PHP, cannot read the file; and no process but the reactor has ever had the key in its memory."""
    cert, key = authority.localhost
    os.chmod(authority.folder, 0o755)
    os.chmod(key, 0o600)
    code = """<?php return function () {
        $fds = array_map(fn ($f) => (string) @readlink("/proc/self/fd/$f"), scandir('/proc/self/fd'));
        echo json_encode([posix_getuid(), @file_get_contents($_GET['key']), array_values(preg_grep('/memfd:rserverd-tls/', $fds))]);
    };"""
    d = secure(code=code, start=False, ini={"rserverd": {"engine": "php", "user": "www-data"}})
    subprocess.run(["chown", "-R", "www-data", d.app], check=True)
    d.start()
    r = tls.fetch(d.address, authority.context(), f"/?key={key}")
    assert json.loads(r.body) == [pwd.getpwnam("www-data").pw_uid, False, []]
    text = tls.openssl("pkey", "-in", key, "-noout", "-text").decode()
    secret = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"priv:((?:\s+[0-9a-f:]+)+)", text)[1]))[-32:]
    with open(key) as f:
        lines = [line.encode() for line in f.read().splitlines()[1:-1]]
    for p in d.status()["processes"]:
        if p["role"] != "reactor":
            for wanted in (secret, secret[::-1], *lines):
                assert not has_in_memory(p["pid"], wanted), p
    # numbers lie with their lowest byte first there
    reactor = d.pid("reactor")
    assert has_in_memory(reactor, secret[::-1]) or has_in_memory(reactor, secret), "the search finds what is there"


@pytest.mark.skipif(os.getuid() != 0 or not OTHERS_MAY, reason="needs root, and a clone that others may look into")
def test_files_that_the_application_names_are_read_with_its_rights(hosted, authority):
    d = hosted(timer=False, processes=False, start=False)
    cert, key = d.path("cert.pem"), d.path("key.pem")
    swap((cert, key), authority.localhost)
    os.chmod(key, 0o600)
    d.config_php(f"$c['swoole']['ssl_cert_file'] = '{cert}'; $c['swoole']['ssl_key_file'] = '{key}';")
    d.ini["rserverd"]["user"] = "www-data"
    d.write_ini()
    subprocess.run(["chown", "-R", "www-data", d.app], check=True)
    r = d.ctl("start")
    assert r.returncode == 1 and re.search(r"key_file .*: Permission denied \(read as user www-data", r.stderr), r.stderr


# ---- applications and scripts -----------------------------------------------------------------------------------------------


def test_laravels_configuration(hosted, authority):
    """config/laravels.php as people have it: certificate, ssl_sni_certs, and extra ports with SWOOLE_SSL."""
    from websocket import create_connection
    cert, key = authority.localhost
    shop = authority.server("shop.test")
    d = hosted(timer=False, processes=False, start=False)
    d.config_php(f"""
        $c['swoole']['ssl_cert_file'] = '{cert}';
        $c['swoole']['ssl_key_file'] = '{key}';
        $c['swoole']['ssl_sni_certs'] = ['shop.test' => ['ssl_cert_file' => '{shop[0]}', 'ssl_key_file' => '{shop[1]}']];
        foreach ($c['sockets'] as &$socket) {{
            if (in_array($socket['port'], [{d.ports['EOF']}, {d.ports['HTTP']}, {d.ports['WS']}])) {{
                $socket['type'] |= SWOOLE_SSL;
            }}
            if ($socket['port'] == {d.ports['HTTP']}) {{
                $socket['settings'] = ['ssl_cert_file' => '{shop[0]}', 'ssl_key_file' => '{shop[1]}'] + ($socket['settings'] ?? []);
            }}
        }}
        unset($socket);""")
    d.start()
    main = ("127.0.0.1", d.port)
    assert tls.fetch(main, authority.context()).peer["subject"][0][0][1] == "localhost"
    assert tls.fetch(main, authority.context(), name="shop.test").peer["subject"][0][0][1] == "shop.test"
    with tls.Conn(("127.0.0.1", d.ports["EOF"]), authority.context()) as c:
        assert c.line() == b"Welcome to LaravelS."
        c.send(b"hello\r\n")
        assert c.line() == b"LaravelS: hello"
    own = tls.fetch(("127.0.0.1", d.ports["HTTP"]), authority.context(), name="shop.test")
    assert own.peer["subject"][0][0][1] == "shop.test"
    for url in (f"wss://localhost:{d.ports['WS']}/", f"wss://localhost:{d.port}/ws-session"):
        ws = create_connection(url, timeout=20 * SLOW, sslopt={"ca_certs": authority.cert})
        assert ws.recv()
        ws.close()
    info = d.ctl("info").stdout
    assert f"https://127.0.0.1:{d.port}" in info and f"wss://127.0.0.1:{d.port}" in info and " TCP TLS " in info


SCRIPT = """<?php
$server = new Swoole\\WebSocket\\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS, SWOOLE_SOCK_TCP | SWOOLE_SSL);
$server->set(json_decode(getenv('RS_SSL'), true) + ['worker_num' => 1, 'log_level' => SWOOLE_LOG_NOTICE]);
$server->on('request', fn ($request, $response) => $response->end('secure ' . json_encode([$server->ssl, $server->ports[1]->ssl])));
$server->on('message', fn ($server, $frame) => $server->push($frame->fd, "echo $frame->data"));
$stream = $server->listen('127.0.0.1', (int) getenv('RS_PORT2'), SWOOLE_SOCK_TCP | SWOOLE_SSL);
$stream->set(json_decode(getenv('RS_SSL'), true) + ['open_websocket_protocol' => false, 'open_http_protocol' => false]);
$stream->on('connect', fn ($server, $fd) => $server->send($fd, "welcome\n"));
$stream->on('receive', fn ($server, $fd, $reactor, $data) => $data === 'file' ? $server->sendfile($fd, __FILE__) : $server->send($fd, strtoupper($data)));
$server->start();
"""


def script_settings(authority, **more):
    return {"RS_SSL": json.dumps({"ssl_cert_file": authority.localhost[0], "ssl_key_file": authority.localhost[1], **more})}


def test_script_with_tls_ports(server, authority):
    from websocket import create_connection
    shop = authority.server("shop.test")
    s = server(code=SCRIPT, ports=2, env=script_settings(
        authority, ssl_sni_certs={"shop.test": {"ssl_cert_file": shop[0], "ssl_key_file": shop[1]}}, ssl_protocols=32 | 64))
    main, stream = [("127.0.0.1", p) for p in s.ports]
    assert tls.fetch(main, authority.context()).body == b"secure [true,true]"
    assert tls.fetch(main, authority.context(), name="shop.test").peer["subject"][0][0][1] == "shop.test"
    ws = create_connection(f"wss://localhost:{s.port}/", timeout=20 * SLOW, sslopt={"ca_certs": authority.cert})
    ws.send("x" * 100000)
    assert ws.recv() == "echo " + "x" * 100000
    ws.close()
    with tls.Conn(stream, authority.context()) as c:
        assert c.exactly(8) == b"welcome\n"
        c.send(b"hello")
        assert c.exactly(5) == b"HELLO"
        c.send(b"file")
        assert c.exactly(len(SCRIPT)) == SCRIPT.encode()
    # onConnect comes after the handshake: who never makes one is nobody
    with socket.create_connection(stream, 10 * SLOW) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert plain.recv(100) == b""


FILES = """<?php
$server = new Swoole\\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS, SWOOLE_SOCK_TCP | (getenv('RS_SSL') ? SWOOLE_SSL : 0));
$server->set((json_decode(getenv('RS_SSL') ?: '[]', true)) + ['worker_num' => 1, 'log_level' => SWOOLE_LOG_NOTICE]);
$server->on('receive', function ($server, $fd, $reactor, $data) {
    [$path, $how] = explode(' ', $data);
    $server->send($fd, 'first,');
    $server->sendfile($fd, $path);
    if ($how === 'mixed') {
        $server->send($fd, ',between,');
        $server->sendfile($fd, $path, 5, 7);
        $server->sendfile($fd, $path, 100000);
        $server->send($fd, ',last');
    }
});
$server->start();
"""


@pytest.fixture(params=["TLS", "plain"])
def sender(request, server, authority, tmp_path):
    """(server, a function that connects to it, the path of a file of 12 MB, its content): a script that sends files to who asks for them."""
    s = server(code=FILES, env=script_settings(authority) if request.param == "TLS" else {})
    content = os.urandom(12 << 20)
    (tmp_path / "file").write_bytes(content)

    def connect(**kw):
        address = ("127.0.0.1", s.port)
        return tls.Conn(address, authority.context(), **kw) if request.param == "TLS" else Conn(address, **kw)
    return s, connect, str(tmp_path / "file"), content


def test_script_sends_files_in_order(sender):
    _, connect, path, content = sender
    with connect(rcvbuf=16384) as c:
        c.send(f"{path} mixed".encode())
        want = b"first," + content + b",between," + content[5:12] + content[100000:] + b",last"
        assert hashlib.sha256(c.exactly(len(want))).digest() == hashlib.sha256(want).digest()
        # and it is as before
        c.send(f"{path} once".encode())
        assert c.exactly(6 + len(content)) == b"first," + content


def test_file_that_is_cut_while_it_is_sent_ends_the_connection_only(sender):
    s, connect, path, content = sender
    before = set(s.everyone())
    with connect(rcvbuf=16384) as c, connect() as other:
        c.send(f"{path} mixed".encode())
        # more than there will be: the server has begun with all of it
        assert c.exactly(6 + (2 << 20)) == b"first," + content[:2 << 20]
        os.truncate(path, 1 << 20)
        c.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        with contextlib.suppress(ConnectionError, Closed, ssl.SSLError):
            while c.fill():
                pass
        # what had left before is not recalled; of a plain socket's queue the kernel may have emptied the pages that are gone
        assert len(c.buf) < len(content) - (2 << 20)
        other.send(f"{path} once".encode())
        assert other.exactly(6 + (1 << 20)) == b"first," + content[:1 << 20]
    assert before == set(s.everyone()), "nobody has died"


def test_script_asks_clients_for_certificates(server, authority):
    s = server(code=SCRIPT, ports=2, env=script_settings(authority, ssl_verify_peer=True, ssl_client_cert_file=authority.cert))
    with pytest.raises((ssl.SSLError, Closed, OSError)):
        tls.fetch(("127.0.0.1", s.port), authority.context())
    assert tls.fetch(("127.0.0.1", s.port), authority.context(cert=authority.client("carol"))).status == 200


INFO = """<?php
$server = new Swoole\\WebSocket\\Server('127.0.0.1', (int) getenv('RS_PORT'), SWOOLE_PROCESS, SWOOLE_SOCK_TCP | SWOOLE_SSL);
$server->set(json_decode(getenv('RS_SSL'), true) + ['worker_num' => 2, 'task_worker_num' => 1, 'log_level' => SWOOLE_LOG_NOTICE]);
$server->on('request', fn ($request, $response) => $response->end($server->taskwait($request->fd, 10)));
$server->on('task', fn ($server, $task, $from, $fd) => json_encode($server->getClientInfo($fd)));
$server->on('message', fn ($server, $frame) => $server->push($frame->fd, $server->getClientInfo($frame->fd)['ssl_client_cert'] ?? 'none'));
$stream = $server->listen('127.0.0.1', (int) getenv('RS_PORT2'), SWOOLE_SOCK_TCP | SWOOLE_SSL);
$stream->set(json_decode(getenv('RS_SSL'), true) + ['open_websocket_protocol' => false, 'open_http_protocol' => false]);
$stream->on('receive', fn ($server, $fd, $reactor, $data) => $server->send($fd, $server->getClientInfo($fd)['ssl_client_cert'] . '.'));
$server->start();
"""


def test_client_info_has_the_certificate_of_the_client(server, authority):
    """In every process, on every kind of port; and not of who came before."""
    s = server(code=INFO, ports=2, env=script_settings(authority, ssl_verify_peer=True, ssl_client_cert_file=authority.cert))
    for name in ("dora", "emil"):
        pair = authority.client(name)
        with open(pair[0]) as f:
            pem = f.read()
        with tls.Conn(("127.0.0.1", s.ports[1]), authority.context(cert=pair)) as c:
            c.send(b"who am I?")
            assert c.exactly(len(pem) + 1).decode() == pem + "."
        assert json.loads(tls.fetch(("127.0.0.1", s.port), authority.context(cert=pair)).body)["ssl_client_cert"] == pem
    s = server(code=INFO, ports=2, env=script_settings(authority))
    assert "ssl_client_cert" not in json.loads(tls.fetch(("127.0.0.1", s.port), authority.context()).body)


@pytest.mark.parametrize("settings, said", [
    ({}, "SSL certificate and private key must be set"),
    ({"ssl_cert_file": "/nowhere.pem", "ssl_key_file": "/nowhere.key"}, "cert_file /nowhere.pem: No such file"),
])
def test_script_without_a_certificate_does_not_start(server, settings, said):
    s = server(code=SCRIPT, ports=2, env={"RS_SSL": json.dumps(settings)}, wait=False)
    s.expect_exit = None
    s.child.wait(30 * SLOW)
    assert said in s.output()
    s.finished = True


def test_other_addresses_choose_for_themselves(secure, authority):
    from lib.ports import free_port
    plain, more = free_port(), free_port()
    d = secure(ini={"rserverd": {"engine": "fake", "listen": [f"127.0.0.1:{plain}", f'"127.0.0.1:{more} ssl"']}})
    from lib import http
    assert http.fetch(("127.0.0.1", plain)).status == 200
    assert tls.fetch(("127.0.0.1", more), authority.context()).status == 200
