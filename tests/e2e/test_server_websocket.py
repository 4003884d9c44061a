"""Swoole\\WebSocket\\Server: what its methods do and refuse (contract B.7 WS1 to WS6, W1, W4, W5, D20 to D23)."""

import json
import socket
import zlib

import pytest
import websocket

from lib import http
from lib.ask import Thrown
from lib.wait import SLOW

CODE = """<?php
set_error_handler(function ($level, $text) { throw new ErrorException($text, 0, $level); });
$server = new swoole_websocket_server('127.0.0.1', (int)getenv('RS_PORT'), SWOOLE_PROCESS);
$server->set(['worker_num' => 1, 'enable_coroutine' => (bool)getenv('COROUTINE')] + (array)json_decode((string)getenv('RS_SETTINGS'), true));
function answer($server, $fd, $code) {
    try {
        return json_encode(['value' => eval($code)]);
    } catch (Throwable $e) {
        return json_encode(['throws' => get_class($e), 'message' => $e->getMessage(), 'code' => $e->getCode(),
            'level' => $e instanceof ErrorException ? $e->getSeverity() : 0]);
    }
}
$server->on('message', function ($server, $frame) {
    echo json_encode([get_class($frame), $frame->opcode, $frame->finish, $frame->opcode === 8 ? [$frame->code, $frame->reason] : $frame->data]) . "\\n";
    if ($frame->opcode === WEBSOCKET_OPCODE_TEXT)
        $server->push($frame->fd, answer($server, $frame->fd, $frame->data));
});
$server->on('open', function ($server, $request) {
    echo "open $request->fd " . json_encode([$server->isEstablished($request->fd), $server->push($request->fd, 'welcome')]) . "\\n";
});
$server->on('connect', fn($server, $fd) => print("connect $fd\\n"));
$server->on('close', fn($server, $fd, $reactor) => print("close $fd $reactor " . json_encode($server->getClientInfo($fd)['websocket_status']) . "\\n"));
$server->on('request', fn($request, $response) => $response->end(answer($server, $request->fd, (string)$request->rawContent())));
eval((string)getenv('RS_MORE'));
$server->start();
"""


class Client:
    def __init__(self, port, welcome="welcome", **kw):
        self.ws = websocket.create_connection(f"ws://127.0.0.1:{port}/", timeout=10 * SLOW, **kw)
        http.close_at_end(self.ws.sock)
        if welcome:
            assert self.ws.recv() == welcome

    def __call__(self, expression):
        self.ws.send(f"return {expression};")
        answer = json.loads(self.ws.recv())
        if "throws" in answer:
            raise Thrown(answer)
        return answer["value"]

    def warns(self, expression, text):
        with pytest.raises(Thrown) as e:
            self(expression)
        assert (e.value.name, e.value.level) == ("ErrorException", 2) and text in e.value.message


@pytest.fixture
def server(server):
    def make(more="", coroutine="", settings="{}"):
        return server(code=CODE, env={"RS_MORE": more, "COROUTINE": coroutine, "RS_SETTINGS": settings})
    return make


@pytest.mark.parametrize("coroutine", ["", "1"])
def test_open_push_close(server, coroutine):
    s = server(coroutine=coroutine)
    c = Client(s.port)
    fd = c("$fd")
    out = s.wait_output(f"open {fd} [true,true]")
    assert out.index(f"connect {fd}") < out.index(f"open {fd}")
    assert c("$server->getClientInfo($fd)['websocket_status']") == 3
    assert c("[$server->isEstablished($fd), $server->exist($fd), $server->isEstablished(99999)]") == [True, True, False]
    c.ws.close()
    s.wait_output(f"close {fd} 0 ")


def test_push(server):
    s = server()
    c = Client(s.port)
    c.ws.send("return [$server->push($fd, ''), $server->push($fd, \"b\\0\", WEBSOCKET_OPCODE_BINARY), "
              "$server->push($fd, 'old style', 1, true), $server->ping($fd, 'are you there')];")
    frame = c.ws.recv_frame()
    assert (frame.opcode, frame.fin, frame.data, frame.mask) == (1, 1, b"", 0)
    frame = c.ws.recv_frame()
    assert (frame.opcode, frame.data) == (2, b"b\0")
    assert c.ws.recv_frame().data == b"old style"
    frame = c.ws.recv_frame()
    assert (frame.opcode, frame.data) == (9, b"are you there")
    assert c.ws.recv() == '{"value":[true,true,true,true]}'
    c.ws.send("$f = new Swoole\\WebSocket\\Frame; $f->data = 'of a frame'; $f->opcode = 2; return $server->push($fd, $f);")
    frame = c.ws.recv_frame()
    assert (frame.opcode, frame.data) == (2, b"of a frame")


def test_push_failures(server):
    s = server(settings='{"output_buffer_size": 65536}')
    c = Client(s.port)
    c.warns("$server->push(99999, 'x')", "session#99999 does not exists")
    c.warns("$server->push($fd, 'x', 11)", "the maximum value of opcode is 10")
    c.warns("$server->disconnect($fd, 1000, str_repeat('x', 126))", "the max length of close reason is 125")
    c.warns("$server->disconnect(99999)", "session#99999 does not exists")
    assert c("[$server->push($fd, str_repeat('x', 65537)), $server->getLastError()]") == [False, 1203]
    http = s.conn()
    r = http.request("/", "POST", body=b"return [$server->isEstablished($fd), $server->exist($fd), $server->push($fd, 'x')];")
    assert '"throws":"ErrorException"' in r.text and "is not a websocket client or closed" in r.text
    r = http.request("/", "POST", body=b"return [$server->isEstablished($fd), $server->exist($fd), $server->getLastError()];")
    assert r.json() == {"value": [False, True, 8503]}


def test_disconnect(server):
    s = server()
    c, other = Client(s.port), Client(s.port)
    fd = c("$fd")
    assert other(f"[$server->disconnect({fd}, 4001, 'because'), $server->isEstablished({fd}), $server->exist({fd}), $server->push({fd}, 'x')]") == \
        [True, False, False, False]
    opcode, data = c.ws.recv_data()
    assert (opcode, data) == (8, b"\x0f\xa1because")
    s.wait_output(f"close {fd} -1")


def test_control_frames_for_the_application(server):
    s = server(settings='{"open_websocket_ping_frame": true, "open_websocket_close_frame": true}')
    c = Client(s.port)
    c.ws.ping("p")
    s.wait_output('["Swoole\\\\WebSocket\\\\Frame",9,true,"p"]')
    c.ws.send_close(4002, b"bye")
    s.wait_output('["Swoole\\\\WebSocket\\\\CloseFrame",8,true,[4002,"bye"]]')
    s.wait_output("close ")


def test_own_handshake(server):
    s = server(more="""$server->on('handshake', function ($request, $response) use ($server) {
            $key = base64_encode(sha1($request->header['sec-websocket-key'] . '258EAFA5-E914-47DA-95CA-C5AB0DC85B11', true));
            foreach (['Upgrade' => 'websocket', 'Connection' => 'Upgrade', 'Sec-WebSocket-Accept' => $key, 'X-Own' => 'yes'] as $k => $v)
                $response->header($k, $v);
            $response->status(101);
            $response->end();
            $server->defer(fn() => $server->push($request->fd, 'from defer'));
        });""")
    c = Client(s.port, welcome="from defer")
    assert c.ws.getheaders()["x-own"] == "yes" and c("1") == 1
    assert "open" not in s.output()


def test_refused_handshake(server):
    s = server(more="$server->on('handshake', function ($request, $response) { $response->status(403); $response->end('no'); });")
    with pytest.raises(websocket.WebSocketBadStatusException) as e:
        Client(s.port)
    assert e.value.status_code == 403


def test_before_handshake(server):
    s = server(more="$server->on('beforeHandshakeResponse', fn($server, $request, $response) => $response->header('X-More', $request->server['request_uri']));")
    c = Client(s.port)
    assert c.ws.getheaders()["x-more"] == "/" and c("1") == 1


def test_subprotocol(server):
    s = server(settings='{"websocket_subprotocol": "chat"}')
    c = Client(s.port, subprotocols=["chat"])
    assert c.ws.getsubprotocol() == "chat"


def test_disconnect_event_instead_of_close(server):
    s = server(more="$server->on('disconnect', fn($server, $fd) => print(\"disconnect $fd\\n\"));")
    with s.conn() as c:
        fd = c.request("/", "POST", body=b"return $fd;").json()["value"]
    s.wait_output(f"disconnect {fd}")
    assert f"close {fd}" not in s.output()


def test_pack_and_unpack(server):
    s = server()
    c = Client(s.port)
    assert c("(array)Swoole\\WebSocket\\Server::unpack(Swoole\\WebSocket\\Server::pack('text'))") == {
        "fd": 0, "data": "text", "opcode": 1, "flags": 1, "finish": True}
    assert c("Swoole\\WebSocket\\Server::unpack('x')") is False


# ---- permessage-deflate (W10, C75) --------------------------------------------------------------------------------------


class Raw:
    """A client of its own: frames as they are, compressed or not."""

    def __init__(self, port, offer=None):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=10 * SLOW)
        line = f"Sec-WebSocket-Extensions: {offer}\r\n" if offer else ""
        self.sock.sendall(f"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{line}\r\n".encode())
        self.file = self.sock.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.file.readline()
        fields = dict(x.split(": ", 1) for x in head.decode().split("\r\n")[1:] if x)
        self.extensions = fields.get("Sec-WebSocket-Extensions")

    def frame(self, payload, opcode=1, rsv1=False, fin=True):
        n = len(payload)
        size = bytes([0x80 | n]) if n < 126 else bytes([0xfe]) + n.to_bytes(2, "big") if n < 65536 else bytes([0xff]) + n.to_bytes(8, "big")
        self.sock.sendall(bytes([(0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode]) + size + b"\0\0\0\0" + payload)

    def read(self):
        """(first byte, payload)"""
        first, n = self.file.read(2)
        n = int.from_bytes(self.file.read(2 if n == 126 else 8), "big") if n > 125 else n
        return first, self.file.read(n)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.sock.close()


def deflate(data, bits=15):
    c = zlib.compressobj(9, zlib.DEFLATED, -bits)
    packed = c.compress(data) + c.flush(zlib.Z_SYNC_FLUSH)
    assert packed.endswith(b"\0\0\xff\xff")
    return packed[:-4]


def inflate(data, bits=15):
    return zlib.decompressobj(-bits).decompress(data + b"\0\0\xff\xff")


DEFLATE = json.dumps({"websocket_compression": True, "package_max_length": 100000})
AGREED = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
ECHO = """$server->on('message', function ($server, $frame) {
    echo json_encode([strlen($frame->data), $frame->opcode, $frame->flags, $frame->finish]) . "\\n";
    if (($frame->data)[0] === '{')
        extract(json_decode($frame->data, true));
    $server->push($frame->fd, $text ?? $frame->data, $frame->opcode, SWOOLE_WEBSOCKET_FLAG_FIN | SWOOLE_WEBSOCKET_FLAG_COMPRESS);
});"""


@pytest.mark.parametrize("offer,agreed", [
    ("permessage-deflate", AGREED),
    ("permessage-deflate; client_max_window_bits", AGREED),
    ("permessage-deflate; client_max_window_bits=9; server_max_window_bits=10", AGREED + "; server_max_window_bits=10"),
    ("permessage-deflate; server_max_window_bits=8, permessage-deflate", AGREED),
    ("x-webkit-deflate-frame, permessage-deflate; unknown", None),
    (None, None),
], ids=["plain", "bits", "our-bits", "second", "unknown", "nothing"])
def test_compression_is_agreed_on(server, offer, agreed):
    s = server(more=ECHO, settings=DEFLATE)
    bits = 10 if offer and "=10" in offer else 15
    with Raw(s.port, offer) as c:
        assert c.extensions == agreed
        assert c.read() == (0x81, b"welcome")     # nobody asked for it
        text = b"so so so so so so " * 100
        c.frame(deflate(text, 9) if agreed else text, rsv1=bool(agreed))
        first, payload = c.read()
        assert first == (0xc1 if agreed else 0x81)
        assert (inflate(payload, bits) if agreed else payload) == text and (not agreed or len(payload) < 200)
        s.wait_output(json.dumps([len(text), 1, 33, True], separators=(",", ":")))
        # in fragments, and not compressed, and binary, and empty
        if agreed:
            packed = deflate(text)
            c.frame(packed[:5], rsv1=True, fin=False)
            c.frame(packed[5:], opcode=0)
            assert inflate(c.read()[1], bits) == text
            c.frame(deflate(b"\xff\xfe", 15), opcode=2, rsv1=True)
            first, payload = c.read()
            assert first == 0xc2 and inflate(payload, bits) == b"\xff\xfe"
        c.frame(b"plain")
        first, payload = c.read()
        assert (inflate(payload, bits) if agreed else payload) == b"plain"


def test_compression_only_where_it_is_set(server):
    s = server(more=ECHO)
    with Raw(s.port, "permessage-deflate") as c:
        assert c.extensions is None and c.read() == (0x81, b"welcome")
        c.frame(deflate(b"x"), rsv1=True)
        assert c.read() == (0x88, (1002).to_bytes(2, "big"))


@pytest.mark.parametrize("payload,opcode,code", [
    (b"\xff\xff\xff no deflate", 2, 1007), (deflate(b"\xff\xfe"), 1, 1007), (deflate(b"x" * 100001), 2, 1009), (deflate(b"x" * 50000000), 1, 1009),
], ids=["garbage", "no-text", "too-long", "bomb"])
def test_bad_compressed_messages_end_their_connection(server, payload, opcode, code):
    s = server(more=ECHO, settings=DEFLATE)
    with Raw(s.port, "permessage-deflate") as c, Raw(s.port, "permessage-deflate") as other:
        assert c.read() == other.read() == (0x81, b"welcome")
        c.frame(payload, opcode, rsv1=True)
        assert c.read() == (0x88, code.to_bytes(2, "big"))
        s.wait_output("close 2 -1 ")
        other.frame(deflate(b"y" * 100000), rsv1=True)     # the most that is allowed
        assert inflate(other.read()[1]) == b"y" * 100000


def test_compression_with_a_handshake_of_the_application(server):
    s = server(settings=DEFLATE, more=ECHO + """$server->on('beforeHandshakeResponse', fn($server, $request, $response) => $response->header('X-Added', '1'));""")
    with Raw(s.port, "permessage-deflate") as c:
        assert c.extensions == AGREED
        c.read()
        c.frame(deflate(b"abc"), rsv1=True)
        assert inflate(c.read()[1]) == b"abc"
