"""Who asks, behind proxies: real_ip_header, PROXY protocol listeners, Unix socket upstreams."""

import json
import shutil
import socket
import ssl
import struct
import subprocess

import pytest

from lib import h2, http, tls
from lib.ports import free_port
from lib.wait import SLOW, until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"


def server(d, headers, **kw):
    return d.get("/dump", headers, **kw).json()["server"]


def logged(d, n=1):
    def lines():
        with open(d.access) as f:
            return f.read().splitlines()
    until(lambda: len(lines()) >= n, message=f"{n} lines in the access log")
    return lines()


def behind(daemon, header, start=True, **ini):
    d = daemon.php(start=False)
    d.access = d.path("access.log")
    d.set("rserverd", real_ip_header=header, access_log=d.access,
          access_log_format="'$remote_addr $scheme $status'", **ini)
    return d.start() if start else d


# ---- X-Forwarded-For and Forwarded ----------------------------------------------------------------------

XFF = [
    ("192.0.2.1", False, "192.0.2.1"),
    ("192.0.2.1:5000", False, "192.0.2.1"),
    ("[2001:db8::1]:5000", False, "2001:db8::1"),
    ("2001:DB8::1", False, "2001:db8::1"),
    ("::ffff:192.0.2.1", False, "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1", False, "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1, 127.0.0.2", True, "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1, 127.0.0.2", False, "127.0.0.2"),
    ("127.0.0.3, 127.0.0.2", True, "127.0.0.3"),
    ("6.6.6.6, unknown, 127.0.0.2", True, "127.0.0.2"),
    ("6.6.6.6, _hidden", True, "127.0.0.1"),
    ("6.6.6.6, unix:", True, "127.0.0.1"),
    ("6.6.6.6,", True, "127.0.0.1"),
    ("1.2.3.4.5", True, "127.0.0.1"),
    ("' OR 1=1 --", True, "127.0.0.1"),
    ("a" * 5000, True, "127.0.0.1"),
    (", ".join(["127.0.0.9"] * 2000), True, "127.0.0.9"),
]


def test_x_forwarded_for(daemon):
    d = behind(daemon, "X-Forwarded-For")
    for recursive in (False, True):
        d.set("rserverd", real_ip_recursive=str(recursive).lower())
        d.write_ini()
        assert d.ctl("reload", "--wait").returncode == 0
        for value, wanted, address in XFF:
            if wanted != recursive:
                continue
            s = server(d, [("X-Forwarded-For", value)])
            assert (s["REMOTE_ADDR"], s["HTTP_X_FORWARDED_FOR"]) == (address, value.strip()), value
            assert s["REMOTE_PORT"].isdigit()
    assert {line.split()[0] for line in logged(d, len(XFF))} == {row[2] for row in XFF}, "the access log names the same"


def test_scheme_host_and_port(daemon):
    d = behind(daemon, "X-Forwarded-For")
    said = [("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-Proto", "https")]
    s = server(d, said)
    assert (s["HTTPS"], s["REQUEST_SCHEME"], s["SERVER_PORT"]) == ("on", "https", "443")
    s = server(d, said + [("X-Forwarded-Host", "shop.test:8443")])
    assert (s["SERVER_NAME"], s["SERVER_PORT"], s["HTTP_HOST"]) == ("shop.test", "8443", "localhost")
    s = server(d, said + [("X-Forwarded-Host", "shop.test"), ("X-Forwarded-Port", "4443")])
    assert (s["SERVER_NAME"], s["SERVER_PORT"]) == ("shop.test", "4443")
    s = server(d, [("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Host", "a b/"), ("X-Forwarded-Port", "99999")])
    assert (s["REQUEST_SCHEME"], s["SERVER_NAME"], s["SERVER_PORT"]) == ("http", "localhost", str(d.port)) and "HTTPS" not in s
    s = server(d, [("X-Real-IP", "6.6.6.6"), ("Scheme", "https"), ("Server-Name", "evil")])
    assert s["REMOTE_ADDR"] == "127.0.0.1" and "HTTPS" not in s and s["SERVER_NAME"] == "localhost", "one dialect at a time"
    assert logged(d)[0] == "192.0.2.1 https 200"


def test_forwarded(daemon):
    d = behind(daemon, "Forwarded", real_ip_recursive="true")
    s = server(d, [("Forwarded", 'for=6.6.6.6, for="[2001:db8::17]:4711";proto=https;host="shop.test:8443", for=127.0.0.2;proto=http')])
    assert (s["REMOTE_ADDR"], s["REMOTE_PORT"], s["HTTPS"]) == ("2001:db8::17", "4711", "on")
    assert (s["SERVER_NAME"], s["SERVER_PORT"]) == ("shop.test", "8443")
    for rubbish in ("for=_hidden", "for=unknown;proto=x", "192.0.2.1", 'for="192.0.2.1', "for=6.6.6.6;for=7.7.7.7", ";,;=,"):
        s = server(d, [("Forwarded", rubbish), ("X-Forwarded-For", "6.6.6.6")])
        assert s["REMOTE_ADDR"] == "127.0.0.1" and "HTTPS" not in s, rubbish


FORGED = [("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "evil"), ("X-Forwarded-Port", "1"),
          ("Forwarded", "for=6.6.6.6;proto=https;host=evil"), ("X-Real-IP", "6.6.6.6"), ("CF-Connecting-IP", "6.6.6.6")]


@pytest.mark.parametrize("header", ["X-Real-IP", "X-Forwarded-For", "Forwarded", "CF-Connecting-IP", "off"])
def test_a_stranger_is_who_it_is(daemon, header):
    d = behind(daemon, header, trusted_proxies=["10.0.0.0/8"])
    s = server(d, FORGED)
    assert (s["REMOTE_ADDR"], s["SERVER_NAME"], s["SERVER_PORT"]) == ("127.0.0.1", "localhost", str(d.port)) and "HTTPS" not in s
    assert s["HTTP_X_FORWARDED_FOR"] == "6.6.6.6", "fields stay what they are: TrustProxies decides by its own list"
    assert logged(d) == ["127.0.0.1 http 200"]


def test_other_header_and_none(daemon):
    d = behind(daemon, "CF-Connecting-IP")
    assert server(d, FORGED)["REMOTE_ADDR"] == "6.6.6.6"
    d.set("rserverd", real_ip_header="off")
    d.write_ini()
    assert d.ctl("reload", "--wait").returncode == 0
    s = server(d, FORGED)
    assert s["REMOTE_ADDR"] == "127.0.0.1" and "HTTPS" not in s


# ---- PROXY protocol -----------------------------------------------------------------------------------------

def balanced(daemon, swoole=None, **ini):
    d = behind(daemon, "X-Real-IP", start=False, proxy_protocol="true", **ini)
    d.set("swoole", **(swoole or {}))
    d.start(wait=False)
    d.wait_log("generation 1 serves")
    return d


def v1(source="192.0.2.1", destination="198.51.100.2", ports=(5000, 443), family="TCP4"):
    return f"PROXY {family} {source} {destination} {ports[0]} {ports[1]}\r\n".encode()


def v2(command=1, family=0x11, addresses=None, tlvs=b""):
    if addresses is None:
        addresses = socket.inet_aton("192.0.2.1") + socket.inet_aton("198.51.100.2") + struct.pack("!HH", 5000, 443)
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family, len(addresses) + len(tlvs)) + addresses + tlvs


V6 = socket.inet_pton(socket.AF_INET6, "2001:db8::1") + socket.inet_pton(socket.AF_INET6, "2001:db8::2") + struct.pack("!HH", 7, 8)
HEADERS = [
    (v1(), "192.0.2.1", "5000", "198.51.100.2", "443"),
    (v1("2001:db8::1", "2001:db8::2", (7, 8), "TCP6"), "2001:db8::1", "7", "2001:db8::2", "8"),
    (v2(), "192.0.2.1", "5000", "198.51.100.2", "443"),
    (v2(tlvs=b"\x01\x00\x02h2" + b"\x04\x03\xe8" + b"\0" * 1000), "192.0.2.1", "5000", "198.51.100.2", "443"),
    (v2(family=0x21, addresses=V6), "2001:db8::1", "7", "2001:db8::2", "8"),
]
OWN = [b"PROXY UNKNOWN\r\n", b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", v2(command=0), v2(command=0, family=0, addresses=b""),
       v2(family=0, addresses=b"")]


def over(d, header, target="/dump", headers=(), cut=None):
    with http.Conn(d.address) as c:
        request = header + http.build(target, headers=headers)
        if cut is None:
            c.send(request)
        else:
            for i in range(cut):
                c.send(request[i:i + 1])
            c.send(request[cut:])
        return c.response()


def test_proxy_protocol_names_the_client(daemon):
    d = balanced(daemon)
    for header, remote, port, local, local_port in HEADERS:
        for cut in (None, len(header) - 1, len(header) + 3):
            if cut and cut > 200:
                continue
            s = over(d, header, cut=cut).json()["server"]
            assert (s["REMOTE_ADDR"], s["REMOTE_PORT"], s["SERVER_ADDR"], s["SERVER_PORT"]) == (remote, port, local, local_port)
    assert "192.0.2.1 http 200" in logged(d)


def test_proxy_protocol_without_a_client(daemon):
    d = balanced(daemon)
    for header in OWN:
        assert over(d, header).json()["server"]["REMOTE_ADDR"] == "127.0.0.1"


def test_what_follows_is_the_clients_word(daemon):
    """The balancer is trusted, who speaks through it is not; but another proxy of ours, through it, is."""
    d = balanced(daemon)
    forged = [("X-Real-IP", "6.6.6.6"), ("Scheme", "https"), ("X-Request-Id", "forged")]
    for header in (v1(), b"PROXY UNKNOWN\r\n"):
        s = over(d, header, headers=forged).json()["server"]
        assert s["REMOTE_ADDR"] != "6.6.6.6" and "HTTPS" not in s and s["REQUEST_ID"] != "forged"
    s = over(d, v1("127.0.0.5"), headers=forged).json()["server"]
    assert (s["REMOTE_ADDR"], s["HTTPS"], s["REQUEST_ID"]) == ("6.6.6.6", "on", "forged")


def test_keepalive_behind_the_header(daemon):
    d = balanced(daemon)
    with http.Conn(d.address) as c:
        c.send(v2() + http.build("/dump") + http.build("/dump"))
        for _ in range(2):
            assert c.response().json()["server"]["REMOTE_ADDR"] == "192.0.2.1"
        assert c.request("/dump").json()["server"]["REMOTE_ADDR"] == "192.0.2.1"


@pytest.mark.parametrize("bytes_", [
    http.build("/"), b"PROXY TCP4 1.2.3.4\r\n" + http.build("/"), b"PROXY " + b"x" * 200, SIGNATURE + b"\x31\x11\x00\x00",
    SIGNATURE + b"\x21\x11\xff\xff", SIGNATURE + b"\x21\x11\x00\x04abcd", b"\x16\x03\x01\x02\x00\x01", v1() [:-2] + b"\n"],
    ids=["none", "short", "long", "version", "large", "small", "tls", "lf"])
def test_a_bad_header_ends_the_connection(daemon, bytes_):
    d = balanced(daemon)
    with http.Conn(d.address) as c:
        c.send(bytes_)
        assert c.at_end(), "nothing is answered"
    d.wait_log("client 127.0.0.1: PROXY protocol: .*connection closed")
    assert over(d, v1()).status == 200


def test_only_trusted_proxies_may_say_it(daemon):
    d = balanced(daemon, trusted_proxies=["10.0.0.0/8"])
    with http.Conn(d.address) as c:
        try:
            c.send(v1() + http.build("/"))
            assert c.at_end()
        except ConnectionError:
            pass
    d.wait_log("PROXY protocol: not in trusted_proxies")


def test_a_header_that_does_not_come(daemon):
    d = balanced(daemon, header_timeout="300ms")
    for start in (b"", b"PROXY TC", SIGNATURE):
        with http.Conn(d.address) as c:
            c.send(start)
            assert c.at_end()
    d.wait_log("no header within header_timeout")


def test_a_word_behind_an_address(daemon):
    """One listener with, one without."""
    port = free_port()
    d = behind(daemon, "off", listen=[f"127.0.0.1:{port} proxy_protocol"])
    assert server(d, [])["REMOTE_ADDR"] == "127.0.0.1"
    with http.Conn(("127.0.0.1", port)) as c:
        c.send(v1() + http.build("/dump"))
        assert c.response().json()["server"]["REMOTE_ADDR"] == "192.0.2.1"


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_curl_speaks_it(daemon):
    d = balanced(daemon)
    out = subprocess.run(["curl", "-sS", "--haproxy-protocol", f"http://127.0.0.1:{d.port}/dump", f"http://127.0.0.1:{d.port}/dump"],
                         capture_output=True, timeout=20 * SLOW)
    assert out.returncode == 0 and out.stdout.count(b'"REMOTE_ADDR":"127.0.0.1"') == 2, out


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_tls_behind_the_header(daemon, tmp_path, version):
    """Both in one: what is behind the header is a handshake, in HTTP/2 too the variables are those of the connection."""
    ca = tls.Authority(tmp_path)
    cert, key = ca.server("localhost", "127.0.0.1")
    d = balanced(daemon, {"ssl_cert_file": cert, "ssl_key_file": key, "open_http2_protocol": "true"})
    out = subprocess.run(["curl", "-sS", version, "--cacert", ca.cert, "--haproxy-protocol", f"https://127.0.0.1:{d.address[1]}/dump"],
                         stdout=subprocess.PIPE, timeout=30 * SLOW, check=True).stdout
    s = json.loads(out)["server"]
    assert s["SERVER_PROTOCOL"] == ("HTTP/2" if version == "--http2" else "HTTP/1.1")
    assert s["HTTPS"] == "on" and s["SSL_PROTOCOL"] == "TLSv1.3" and s["REMOTE_ADDR"] == "127.0.0.1"
    hello, answer = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ca.context().wrap_bio(answer, hello, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    with socket.create_connection(d.address) as c:
        c.sendall(v2() + hello.read())     # in one piece
        answer.write(c.recv(65536))
        until(lambda: shaken(client, answer, c), message="the handshake")
        client.write(http.build("/dump", headers=[("Connection", "close")]))
        c.sendall(hello.read())
        got = b""
        while b'"REMOTE_ADDR"' not in got:
            answer.write(c.recv(65536))
            try:
                got += client.read(65536)
            except ssl.SSLWantReadError:
                pass
    assert b'"REMOTE_ADDR":"192.0.2.1"' in got.replace(b" ", b"")


def shaken(client, answer, c):
    try:
        client.do_handshake()
        return True
    except ssl.SSLWantReadError:
        answer.write(c.recv(65536))
        return False


def test_limits_count_clients_behind_the_balancer(daemon):
    """limit_conn: one client has its share, another one is not touched."""
    d = balanced(daemon, limit_conn="2")
    held = []
    for _ in range(2):
        c = http.Conn(d.address)
        c.send(v1() + http.build("/dump"))
        assert c.response().status == 200
        held.append(c)
    with http.Conn(d.address) as c:
        c.send(v1() + http.build("/dump"))
        assert c.response().status in (429, 503)
    assert over(d, v1("192.0.2.77")).status == 200
    for c in held:
        c.close()


def test_limit_req_counts_clients_behind_the_balancer(daemon):
    """However many connections it has; behind another proxy of ours, the client that that one names."""
    d = balanced(daemon, limit_req="1r/m", limit_req_burst="1")
    assert [over(d, v1()).status for _ in range(3)] == [200, 200, 503]
    assert over(d, v2()).status == 503, "the same client"
    assert over(d, v1("192.0.2.77")).status == 200
    said = [("X-Real-IP", "192.0.2.1")]
    assert over(d, v1("192.0.2.78"), headers=said).status == 200, "what a client says of itself is nothing"
    assert over(d, v1("127.0.0.5"), headers=said).status == 503
    assert over(d, v1("127.0.0.5"), headers=[("X-Real-IP", "192.0.2.79")]).status == 200


def test_http2_of_nobody_is_not_trusted(daemon):
    """PROXY UNKNOWN: nobody knows who it is, in HTTP/2 either."""
    d = balanced(daemon, {"open_http2_protocol": "true"})
    for header, address in ((b"PROXY UNKNOWN\r\n", "127.0.0.1"), (v1(), "192.0.2.1"), (v1("127.0.0.5"), "6.6.6.6")):
        sock = socket.create_connection(d.address, timeout=20)
        sock.sendall(header)
        with h2.Client(d, sock=sock) as c:
            s = json.loads(c.get("/dump", headers=[("x-real-ip", "6.6.6.6")]).body)["server"]
            assert s["REMOTE_ADDR"] == address, header
