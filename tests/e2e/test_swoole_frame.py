"""Swoole\\WebSocket\\Frame and CloseFrame (contract B.8, WS5): bytes are compared with another implementation's."""

import json
import os
import struct

import pytest
from websocket import ABNF, frame_buffer

from lib.daemon import PHP_CASES, run

SIZES = [0, 1, 125, 126, 65535, 65536, 200001]


@pytest.fixture
def php(daemon):
    d = daemon(start=False)

    def call(code, *lines):
        """What PHP text returns; $in are these byte strings."""
        name = d.write("case.php", "<?php use Swoole\\WebSocket\\{Frame, CloseFrame};\n"
                       "$in = array_map('hex2bin', file(__DIR__ . '/in', FILE_IGNORE_NEW_LINES));\n"
                       "echo json_encode((function ($in) { " + code + " })($in));")
        d.write("in", "".join(x.hex() + "\n" for x in lines))
        r = run(d.binary, "run", name, env=d.environment())
        assert r.returncode == 0 and r.stderr == "", r.stdout[-500:] + r.stderr
        return json.loads(r.stdout)
    return call


def read(data):
    """One frame, by the other implementation; nothing may stand behind it."""
    left = bytearray(data)

    def take(n):
        part = bytes(left[:n])
        del left[:n]
        return part
    f = frame_buffer(take, skip_utf8_validation=True).recv_frame()
    assert not left
    return f


def written(payload, opcode, fin=1, mask=0):
    f = ABNF(fin, 0, 0, 0, opcode, mask, payload)
    return f.format()


def test_classes(daemon):
    """FR1, FR3, and all failures."""
    d = daemon(start=False)
    r = run(d.binary, "run", os.path.join(PHP_CASES, "swoole", "frame", "classes.php"), env=d.environment())
    lines = r.stdout.splitlines()
    assert [x for x in lines if x.startswith("not ok")] == []
    assert r.stderr == "" and lines[-1] == "done" and len(lines) > 40


@pytest.mark.parametrize("masked", [0, 1])
@pytest.mark.parametrize("opcode", [0, 1, 2])
def test_pack(php, opcode, masked):
    """FR2: all lengths of the length, with and without a mask."""
    payloads = [bytes(i * 7 % 251 for i in range(n)) for n in SIZES]
    got = php(f"return array_map(fn($s) => bin2hex(Frame::pack($s, {opcode}, SWOOLE_WEBSOCKET_FLAG_FIN | "
              f"{masked} * SWOOLE_WEBSOCKET_FLAG_MASK)), $in);", *payloads)
    for payload, text in zip(payloads, got):
        f = read(bytes.fromhex(text))
        assert (f.fin, f.opcode, f.mask, f.rsv1) == (1, opcode, masked, 0)
        assert f.data == payload
        if not masked:
            assert bytes.fromhex(text) == written(payload, opcode)


def test_masks_differ(php):
    got = php("return array_map(fn($i) => bin2hex(Frame::pack('', 2, 33)), range(1, 50));")
    assert len(set(got)) == 50 and all(len(x) == 12 for x in got)


@pytest.mark.parametrize("code,first", [
    ("Frame::pack('x')", 0x81), ("Frame::pack('x', 2)", 0x82), ("Frame::pack('x', 1, 0)", 0x01), ("Frame::pack('x', 0, 1)", 0x80),
    ("Frame::pack('x', 9)", 0x89), ("Frame::pack('x', 10)", 0x8a), ("Frame::pack('x', 8)", 0x88), ("Frame::pack('x', 1, true)", 0x81),
    ("Frame::pack('x', 1, SWOOLE_WEBSOCKET_FLAG_FIN | SWOOLE_WEBSOCKET_FLAG_RSV1)", 0xc1),
    ("Frame::pack('x', 1, SWOOLE_WEBSOCKET_FLAG_RSV2 | SWOOLE_WEBSOCKET_FLAG_RSV3)", 0x31),
    ("Frame::pack('x', 1, -1 & ~SWOOLE_WEBSOCKET_FLAG_MASK)", 0xf1),
])
def test_opcodes_and_flags(php, code, first):
    assert php(f"return bin2hex({code});") == bytes([first, 1]).hex() + b"x".hex()


def test_an_object_brings_its_own(php):
    """FR2: opcode and flags of the object count, its finish over its flags."""
    got = php("""$make = function (array $p) { $f = new Frame(); foreach ($p as $k => $v) $f->$k = $v; return $f; };
        return array_map('bin2hex', [
            Frame::pack($make(['data' => 'x']), 2, 0), (string)$make(['data' => 'x', 'opcode' => 2]),
            (string)$make(['data' => 'x', 'finish' => false]), (string)$make(['data' => 'x', 'flags' => 0, 'finish' => true]),
            (string)$make(['data' => 'x', 'flags' => 0]), (string)$make(['data' => 5]), (string)$make(['data' => null]),
        ]);""")
    assert got == ["810178", "820178", "010178", "810178", "010178", "810135", "8100"]


def test_close_frames(php):
    """FR3: code and reason are the payload; a reason is cut at a character, not in one."""
    got = php("""$out = [(string)new CloseFrame()];
        foreach ([[1001, 'bye'], [4999, ''], [1005, 'ignored'], [1000, str_repeat("\\u{e9}", 62)], [1000, str_repeat('r', 124)]]
                as [$code, $reason]) {
            $f = new CloseFrame();
            [$f->code, $f->reason] = [$code, $reason];
            $out[] = Frame::pack($f);
        }
        return array_map('bin2hex', $out);""")
    frames = [read(bytes.fromhex(x)) for x in got]
    assert all(f.opcode == 8 and f.fin for f in frames)
    assert [f.data for f in frames] == [
        struct.pack(">H", 1000), struct.pack(">H", 1001) + b"bye", struct.pack(">H", 4999), b"",
        struct.pack(">H", 1000) + "\u00e9".encode() * 61, struct.pack(">H", 1000) + b"r" * 123]


def test_unpack(php):
    """FR2: what another implementation writes, masked or not, and that bytes behind a frame are not its."""
    payloads = [bytes(i * 11 % 256 for i in range(n)) for n in SIZES]
    frames, expected = [], []
    for payload in payloads:
        for opcode, fin, mask in ((1, 1, 0), (2, 1, 1), (0, 0, 1), (1, 0, 0)):
            frames.append(written(payload, opcode, fin, mask))
            expected.append([0, payload.hex(), opcode, fin | 32 * mask, bool(fin)])
    frames.append(written(b"ping", 9) + b"behind")
    expected.append([0, b"ping".hex(), 9, 1, True])
    got = php("return array_map(function ($s) { $f = Frame::unpack($s); return [$f->fd, bin2hex($f->data), $f->opcode,"
              " $f->flags, $f->finish]; }, $in);", *frames)
    assert got == expected


def test_unpack_close_frames(php):
    payloads = [b"", struct.pack(">H", 1000), struct.pack(">H", 1001) + b"away", struct.pack(">H", 4000) + "\u00e9".encode()]
    got = php("return array_map(function ($s) { $f = Frame::unpack($s); return [get_class($f), $f->opcode, $f->flags,"
              " $f->code, $f->reason]; }, $in);", *(written(p, 8, mask=1) for p in payloads))
    assert got == [["Swoole\\WebSocket\\CloseFrame", 8, 33, code, reason] for code, reason in
                   ((1000, ""), (1000, ""), (1001, "away"), (4000, "\u00e9"))]


def test_round_trip(php):
    """What pack() makes of an unpacked frame is the frame again, but for the mask, which is new."""
    frames = [written(b"x" * n, op, fin) for n in (0, 5, 300) for op, fin in ((1, 1), (2, 0), (0, 1))]
    frames += [written(struct.pack(">H", 1000) + b"r", 8), written(b"p", 10)]
    assert php("return array_map(fn($s) => bin2hex((string)Frame::unpack($s)), $in);", *frames) == [f.hex() for f in frames]
