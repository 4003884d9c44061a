"""haproxy as the balancer: PROXY protocol version 2 as it writes it, in front of HTTP/1.1, HTTP/2 and TLS; its health checks."""

import json
import socket
import ssl

import pytest

from lib import fronts, h2, http, tls
from lib.load import Load
from lib.wait import until

pytestmark = pytest.mark.skipif(not fronts.HAPROXY, reason="needs haproxy")

# A client's address, what it asks haproxy at, by family.
FAMILIES = {"ipv4": ("127.0.0.8", "127.0.0.1"), "ipv6": ("::1", "::1")}
# All that haproxy can say behind the addresses.
TLVS = "proxy-v2-options crc32c,unique-id,authority,ssl,cert-cn,cert-key,cert-sig,ssl-cipher"


@pytest.fixture
def balanced(daemon):
    """balanced(sections): a daemon whose listeners take nothing but PROXY headers, and haproxy in front of it. In sections, at(address)
    is an address to bind to, D the daemon; they can be a function of the daemon."""
    made = []

    def make(sections, swoole=None, way="tcp", **rserverd):
        d = daemon.php(start=False)
        d.access = d.path("access.log")
        d.set("rserverd", proxy_protocol="true", trusted_proxies=["127.0.0.1", "unix:"], access_log=d.access,
              access_log_format="'$remote_addr $request_uri $status'", **rserverd)
        d.set("swoole", **(swoole or {}))
        upstream = d.address
        if way == "unix":
            upstream = d.path("run/up.sock")
            d.set("rserverd", listen=[f'"{upstream} proxy_protocol"'])
        d.start(wait=False)
        d.wait_log("generation 1 serves")
        made.append(fronts.Haproxy(lambda service: sections.replace("PORT", str(service.port)).replace(
            "D ", f"d {fronts.at_haproxy(upstream)} ")))
        return d, made[-1]
    yield make
    for h in made:
        h.stop()


def tcp(address="127.0.0.1", bind="", server="send-proxy-v2"):
    return f"""
listen site
    mode tcp
    bind {address}:PORT {bind}
    server D {server}
"""


def asked(c, peer, target="/dump"):
    """Variables of a request over this connection; it comes from its client, and to haproxy."""
    s = c.request(target).json()["server"]
    here, there = c.sock.getsockname(), c.sock.getpeername()
    assert (s["REMOTE_ADDR"], s["REMOTE_PORT"]) == (here[0], str(here[1])), s
    assert (s["SERVER_ADDR"], s["SERVER_PORT"]) == (there[0], str(there[1])), s
    assert here[0] == peer
    return s


@pytest.mark.parametrize("way", ["tcp", "unix"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_client_is_known(balanced, family, way):
    source, there = FAMILIES[family]
    d, h = balanced(tcp(there), way=way)
    with http.Conn((there, h.port), source=source) as c:
        for _ in range(2):
            assert "HTTPS" not in asked(c, source)
        assert len(c.request("/dump", "POST", body=b"a=" + b"x" * 100000).json()["server"]["CONTENT_LENGTH"]) == 6


@pytest.mark.parametrize("family", FAMILIES)
def test_tls_passes_through(balanced, tmp_path, family):
    source, there = FAMILIES[family]
    ca = tls.Authority(tmp_path)
    cert, key = ca.server("localhost")
    d, h = balanced(tcp(there), {"ssl_cert_file": cert, "ssl_key_file": key, "open_http2_protocol": "true"})
    with tls.Conn((there, h.port), ca.context(), source=source) as c:
        for _ in range(2):
            s = asked(c, source)
            assert (s["HTTPS"], s["SSL_PROTOCOL"]) == ("on", "TLSv1.3")
    raw = socket.create_connection((there, h.port), timeout=20, source_address=(source, 0))
    sock = ca.context(alpn=["h2"]).wrap_socket(raw, server_hostname="localhost")
    assert sock.selected_alpn_protocol() == "h2"
    with h2.Client(d, sock=sock) as c:
        s = json.loads(c.get("/dump").body)["server"]
        assert (s["SERVER_PROTOCOL"], s["REMOTE_ADDR"], s["HTTPS"]) == ("HTTP/2", source, "on")


@pytest.mark.parametrize("server", ["send-proxy-v2", "send-proxy-v2-ssl", "send-proxy-v2-ssl-cn", "send-proxy-v2 " + TLVS])
@pytest.mark.parametrize("certificate", [False, True], ids=["anonymous", "certified"])
def test_tls_ends_at_the_balancer(balanced, tmp_path, server, certificate):
    """What it says of TLS makes HTTPS, and whatever it says else is passed over. Without it, nobody can know."""
    ca = tls.Authority(tmp_path)
    cert, key = ca.server("localhost")
    pem = tmp_path / "both.pem"
    pem.write_text(open(cert).read() + open(key).read())
    d, h = balanced(tcp(bind=f"ssl crt {pem} ca-file {ca.cert} verify optional", server=server))
    context = ca.context(cert=ca.client("alice") if certificate else None)
    with tls.Conn(h.address, context, source="127.0.0.8") as c:
        for _ in range(2):
            s = asked(c, "127.0.0.8")
            assert (s.get("HTTPS"), s["REQUEST_SCHEME"]) == ((None, "http") if server == "send-proxy-v2" else ("on", "https"))
            assert not [name for name in s if name.startswith(("SSL_CLIENT_", "SSL_PROTOCOL", "SSL_CIPHER"))], "the handshake was not ours"


def test_plain_clients_beside_tls(balanced):
    """The same header, from a frontend without TLS, says that there is none."""
    d, h = balanced(tcp(server="send-proxy-v2-ssl-cn"))
    with http.Conn(h.address, source="127.0.0.8") as c:
        assert "HTTPS" not in asked(c, "127.0.0.8")


@pytest.mark.parametrize("passing", [True, False], ids=["tcp", "http"])
def test_http2_behind_the_header(balanced, passing):
    """Passed through; and spoken by haproxy itself, which keeps its connections for their clients."""
    http_mode = """
listen site
    mode http
    bind 127.0.0.1:PORT proto h2
    server D proto h2 send-proxy-v2
"""
    d, h = balanced(tcp() if passing else http_mode, {"open_http2_protocol": "true"})
    clients = []
    for source in ("127.0.0.8", "127.0.0.9"):
        sock = socket.create_connection(h.address, timeout=20, source_address=(source, 0))
        clients.append((source, h2.Client(d, sock=sock)))
    for _ in range(3):
        for source, c in clients:
            s = json.loads(c.get("/dump").body)["server"]
            assert (s["SERVER_PROTOCOL"], s["REMOTE_ADDR"]) == ("HTTP/2", source)
    for _, c in clients:
        c.sock.close()


@pytest.mark.parametrize("check, status", [("", "L4OK"), ("option httpchk GET /dump", "L7OK"), ("option tcp-check", "L4OK")])
def test_health_checks_are_answered_and_not_complained_about(balanced, check, status):
    """LOCAL: haproxy speaks for itself, and may leave without a word."""
    d, h = balanced(tcp(server="check inter 50ms send-proxy-v2") + f"    {check}\n")
    until(lambda: (s := h.servers()["d"])["status"] == "UP" and s["check_status"] == status, message="the check has passed")
    with Load(h.address, "/dump", threads=2) as load:
        until(lambda: load.count > 50, message="answers among checks")
        assert d.ctl("reload", "--wait").returncode == 0
        done = load.count
        until(lambda: load.count > done + 50, message="answers of the next generation")
    load.ok()
    s = h.servers()["d"]
    assert (s["status"], s["chkfail"], s["chkdown"]) == ("UP", "0", "0")
    assert "PROXY protocol" not in d.log(), "nothing to complain about"
    if status == "L7OK":
        with open(d.access) as f:
            assert "127.0.0.1 /dump 200" in f.read(), "it is itself"


def test_a_server_that_goes_is_noticed(balanced):
    d, h = balanced(tcp(server="check inter 50ms fall 1 rise 1 send-proxy-v2"))
    until(lambda: h.servers()["d"]["status"] == "UP", message="up")
    assert d.stop() == 0
    until(lambda: h.servers()["d"]["status"] == "DOWN", message="down")


def test_without_the_header_nothing_is_answered(balanced):
    d, h = balanced(tcp(server=""))
    with http.Conn(h.address) as c:
        c.send(http.build("/dump"))
        assert c.at_end()
    d.wait_log("PROXY protocol: not a PROXY protocol header")


def test_of_limits_each_client_has_its_own(balanced):
    d, h = balanced(tcp(), limit_req="1r/m", limit_req_burst=1)
    for source in ("127.0.0.8", "127.0.0.9"):
        with http.Conn(h.address, source=source) as c:
            assert [c.request("/dump").status for _ in range(3)] == [200, 200, 503]
