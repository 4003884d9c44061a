"""The cases, by Autobahn's numbers: case("1.1.1", ...) puts one into CASES. What they mean, not how Autobahn writes them.
NUMBERS has them all in order; build(number) makes one (those of family 9 are too large to lie around).

Where Autobahn waits a second to see that nothing happened, a case here waits for something that only happens then (a
pong), or, inside of a frame where nothing can be asked, stays quiet for a moment."""

from collections import namedtuple
from functools import partial

from .client import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, close_frame, frame

Send = namedtuple("Send", "data chop")      # chop 0: in one piece
Wait = namedtuple("Wait", "event")          # the next event must be this one
Quiet = namedtuple("Quiet", "seconds")      # no event for so long
Case = namedtuple("Case", "number steps expected closer codes lax sends_close timeout")

# closer: who closes. "us": after the expected events, with 1000, unless sends_close: the steps did. "server": it fails the
# connection. codes: which the server's close frame may have, None is one without. lax: events Autobahn calls non-strict.
NORMAL, PROTOCOL, TEXT_WRONG = [1000], [1002], [1007]

CASES = {}      # number -> what makes it


def build(number):
    return CASES[number]()


def case(number, steps, expected=(), *rest, **kw):
    later(number, lambda: (steps, expected), *rest, **kw)


def later(number, make, *rest, **kw):
    """make() -> (steps, expected), when the case is played."""
    assert number not in CASES
    CASES[number] = partial(_build, number, make, *rest, **kw)


def _build(number, make, closer="us", codes=None, lax=(), sends_close=False, timeout=20):
    steps, expected = make()
    steps = [Send(s, 0) if isinstance(s, bytes) else s for s in (steps if isinstance(steps, list) else [steps])]
    codes = codes or (NORMAL if closer == "us" else PROTOCOL)
    return Case(number, steps, list(expected), closer, codes, [list(e) for e in lax], sends_close, timeout)


def chopped(chop, *frames):
    """In pieces of so many bytes; 0: all at once."""
    return [Send(b"".join(frames), chop)]


def framewise(*frames):
    return [Send(f, 0) for f in frames]


def fragments(opcode, payload, size):
    """A message in frames of size bytes."""
    pieces = [payload[at:at + size] for at in range(0, len(payload), size)] or [b""]
    return b"".join(frame(CONTINUATION if i else opcode, piece, fin=i == len(pieces) - 1)
                    for i, piece in enumerate(pieces))


HELLO = b"Hello, world!"
NO_TEXT = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
KOSME = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"     # greek kosme
KINDS = [(1, TEXT, "text", b"*"), (2, BINARY, "binary", b"\xfe")]


# ---- 1 framing ----------------------------------------------------------------------------------------------------------

for minor, opcode, kind, byte in KINDS:
    for i, (size, chop) in enumerate([(0, 0), (125, 0), (126, 0), (127, 0), (128, 0), (65535, 0), (65536, 0), (65536, 997)]):
        case(f"1.{minor}.{i + 1}", chopped(chop, frame(opcode, byte * size)), [(kind, byte * size)])


# ---- 2 pings and pongs --------------------------------------------------------------------------------------------------

PINGS = [b"payload-%d" % i for i in range(10)]
case("2.1", frame(PING), [("pong", b"")])
case("2.2", frame(PING, HELLO), [("pong", HELLO)])
case("2.3", frame(PING, NO_TEXT), [("pong", NO_TEXT)])
case("2.4", frame(PING, b"\xfe" * 125), [("pong", b"\xfe" * 125)])
case("2.5", frame(PING, b"\xfe" * 126), closer="server")
case("2.6", chopped(1, frame(PING, b"\xfe" * 125)), [("pong", b"\xfe" * 125)])
case("2.7", frame(PONG) + close_frame(1000), sends_close=True)
case("2.8", frame(PONG, b"unsolicited pong payload") + close_frame(1000), sends_close=True)
case("2.9", frame(PONG, b"unsolicited pong payload") + frame(PING, b"ping payload"), [("pong", b"ping payload")])
case("2.10", chopped(0, *(frame(PING, p) for p in PINGS)), [("pong", p) for p in PINGS])
case("2.11", chopped(1, *(frame(PING, p) for p in PINGS)), [("pong", p) for p in PINGS])


# ---- 3 reserved bits, 4 reserved opcodes --------------------------------------------------------------------------------

def fails_after_hello(number, bad, send=chopped, *how):
    """A message, something that must not be, a ping: an echo, no pong."""
    case(number, send(*how, frame(TEXT, HELLO), bad, frame(PING)), [("text", HELLO)], "server", lax=[[]])


case("3.1", frame(TEXT, HELLO, rsv=1), closer="server")
fails_after_hello("3.2", frame(TEXT, HELLO, rsv=2), chopped, 0)
fails_after_hello("3.3", frame(TEXT, HELLO, rsv=3), framewise)
fails_after_hello("3.4", frame(TEXT, HELLO, rsv=4), chopped, 1)
case("3.5", frame(BINARY, NO_TEXT, rsv=5), closer="server")
case("3.6", frame(PING, HELLO, rsv=6), closer="server")
case("3.7", frame(CLOSE, rsv=7), closer="server")

for minor, first in (1, 3), (2, 11):
    case(f"4.{minor}.1", frame(first), closer="server")
    case(f"4.{minor}.2", frame(first + 1, b"reserved opcode payload"), closer="server")
    fails_after_hello(f"4.{minor}.3", frame(first + 2), chopped, 0)
    fails_after_hello(f"4.{minor}.4", frame(first + 3, HELLO), chopped, 0)
    fails_after_hello(f"4.{minor}.5", frame(first + 4, HELLO), chopped, 1)


# ---- 5 fragmentation ----------------------------------------------------------------------------------------------------

def in_three_ways(numbers, frames, *rest, **kw):
    """All in one piece, frame by frame, byte by byte."""
    for number, steps in zip(numbers, (chopped(0, *frames), framewise(*frames), chopped(1, *frames))):
        case(number, steps, *rest, **kw)


ONE, TWO = frame(TEXT, b"fragment1", fin=False), frame(CONTINUATION, b"fragment2")
STRAY = b"non-continuation payload"
case("5.1", frame(PING, b"fragment1", fin=False) + TWO, closer="server")
case("5.2", frame(PONG, b"fragment1", fin=False) + TWO, closer="server")
in_three_ways(["5.3", "5.4", "5.5"], [ONE, TWO], [("text", b"fragment1fragment2")])
in_three_ways(["5.6", "5.7", "5.8"], [ONE, frame(PING, b"ping payload"), TWO],
              [("pong", b"ping payload"), ("text", b"fragment1fragment2")])
in_three_ways(["5.9", "5.10", "5.11"], [frame(CONTINUATION, STRAY), frame(TEXT, HELLO)], closer="server")
in_three_ways(["5.12", "5.13", "5.14"], [frame(CONTINUATION, STRAY, fin=False), frame(TEXT, HELLO)], closer="server")
case("5.15", ONE + TWO + frame(CONTINUATION, b"fragment3", fin=False) + frame(TEXT, b"fragment4"),
     [("text", b"fragment1fragment2")], "server", lax=[[]])
for number, fin in ("5.16", False), ("5.17", True):
    case(number, 2 * (frame(CONTINUATION, b"fragment1", fin=fin) + frame(TEXT, b"fragment2", fin=False) +
                      frame(CONTINUATION, b"fragment3")), closer="server")
case("5.18", ONE + frame(TEXT, b"fragment2"), closer="server")
for number, send in ("5.19", lambda *frames: chopped(0, *frames)), ("5.20", framewise):
    case(number,
         [*send(ONE, frame(CONTINUATION, b"fragment2", fin=False), frame(PING, b"pongme 1!")),
          Wait(("pong", b"pongme 1!")),
          *send(frame(CONTINUATION, b"fragment3", fin=False), frame(CONTINUATION, b"fragment4", fin=False),
                frame(PING, b"pongme 2!"), frame(CONTINUATION, b"fragment5"))],
         [("pong", b"pongme 1!"), ("pong", b"pongme 2!"), ("text", b"fragment1fragment2fragment3fragment4fragment5")])


# ---- 6 UTF-8 ------------------------------------------------------------------------------------------------------------

MIDDLE = b"middle frame payload"
case("6.1.1", frame(TEXT), [("text", b"")])
case("6.1.2", frame(TEXT, fin=False) + frame(CONTINUATION, fin=False) + frame(CONTINUATION), [("text", b"")])
case("6.1.3", frame(TEXT, fin=False) + frame(CONTINUATION, MIDDLE, fin=False) + frame(CONTINUATION), [("text", MIDDLE)])

UMLAUTS = ["Hello-µ@ßöä".encode(), "üàá-UTF-8!!".encode()]
case("6.2.1", frame(TEXT, b"".join(UMLAUTS)), [("text", b"".join(UMLAUTS))])
case("6.2.2", frame(TEXT, UMLAUTS[0], fin=False) + frame(CONTINUATION, UMLAUTS[1]), [("text", b"".join(UMLAUTS))])
case("6.2.3", fragments(TEXT, b"".join(UMLAUTS), 1), [("text", b"".join(UMLAUTS))])
case("6.2.4", fragments(TEXT, KOSME, 1), [("text", KOSME)])

SURROGATE = KOSME + b"\xed\xa0\x80" + b"edited"
case("6.3.1", frame(TEXT, SURROGATE), closer="server", codes=TEXT_WRONG)
case("6.3.2", fragments(TEXT, SURROGATE, 1), closer="server", codes=TEXT_WRONG)

# Fail fast: what makes the text wrong is sent, what follows is not; the server must not wait for it.
BEYOND = KOSME + b"\xf4\x90\x80\x80" + b"edited"            # wrong at its 13th byte
ALIVE = [frame(PING, b"alive?"), Wait(("pong", b"alive?"))]
for number, first, second in ("6.4.1", 11, 15), ("6.4.2", 12, 13):
    case(number, [frame(TEXT, BEYOND[:first], fin=False), *ALIVE, frame(CONTINUATION, BEYOND[first:second], fin=False)],
         [("pong", b"alive?")], "server", TEXT_WRONG)
for number, first, second in ("6.4.3", 11, 15), ("6.4.4", 12, 13):
    whole = frame(TEXT, BEYOND)
    head = len(whole) - len(BEYOND)
    case(number, [whole[:head + first], Quiet(0.2), whole[head + first:head + second]], closer="server", codes=TEXT_WRONG)


def hex_texts(text):
    return [bytes.fromhex(word) for word in text.split()]


# 6.5 to 6.23, after Markus Kuhn's decoder stress test: number -> (is it text?, payloads).
INCOMPLETE = hex_texts("c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf")
WHOLE_PREFIXES = (2, 5, 7, 9, 11)       # lengths at which no character of KOSME is cut
UTF8 = {
    5: [(True, [b"hello$world", "hello¢world".encode(), "hello€world".encode(), "hello\U00024b62world".encode(), KOSME])],
    6: [(n in WHOLE_PREFIXES, [KOSME[:n]]) for n in range(1, len(KOSME) + 1)],
    7: [(True, hex_texts("00 c280 e0a080 f0908080"))],
    8: [(False, hex_texts("f888808080 fc8480808080"))],
    9: [(True, hex_texts("7f dfbf efbfbf f48fbfbf"))],
    10: [(False, hex_texts("f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"))],
    11: [(True, hex_texts("ed9fbf ee8080 efbfbd f48fbfbf")), (False, hex_texts("f4908080"))],
    12: [(False, [*hex_texts("80 bf"), *((b"\x80\xbf" * 3)[:n] for n in range(2, 7)), bytes(range(0x80, 0xbf))])],
    13: [(False, [b"".join(bytes([c]) + b" " for c in range(*r)) for r in
                  [(0xc0, 0xdf), (0xe0, 0xef), (0xf0, 0xf7), (0xf8, 0xfb), (0xfc, 0xfd)]])],
    14: [(False, INCOMPLETE)],
    15: [(False, [b"".join(INCOMPLETE)])],
    16: [(False, hex_texts("fe ff fefeffff"))],
    17: [(False, hex_texts("c0af e080af f08080af f8808080af fc80808080af"))],
    18: [(False, hex_texts("c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"))],
    19: [(False, hex_texts("c080 e08080 f0808080 f880808080 fc8080808080"))],
    20: [(False, hex_texts("eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"))],
    21: [(False, [high + low for high in hex_texts("eda080 edadbf edae80 edafbf") for low in hex_texts("edb080 edbfbf")])],
    22: [(True, [*hex_texts("efbfbe efbfbf"),
                 *(chr(c).encode() for c in sorted(plane << 16 | 0xfffe | odd for plane in range(1, 17) for odd in (0, 1)))])],
    23: [(True, hex_texts("efbfb9 efbfba efbfbb efbfbc efbfbd efbfbe efbfbf"))],
}
for minor, groups in UTF8.items():
    payloads = [(good, payload) for good, some in groups for payload in some]
    for i, (good, payload) in enumerate(payloads):
        if good:
            case(f"6.{minor}.{i + 1}", frame(TEXT, payload), [("text", payload)])
        else:
            case(f"6.{minor}.{i + 1}", frame(TEXT, payload), closer="server", codes=TEXT_WRONG)


# ---- 7 closing ----------------------------------------------------------------------------------------------------------

BYE = close_frame(1000)
LONG = (b"BAsd7&jh23" * 26215)[:256 << 10]
case("7.1.1", frame(TEXT, b"Hello World!"), [("text", b"Hello World!")])
case("7.1.2", BYE + close_frame(), sends_close=True)
case("7.1.3", BYE + frame(PING), sends_close=True)
case("7.1.4", BYE + frame(TEXT, b"Hello World!"), sends_close=True)
case("7.1.5", ONE + BYE + TWO, sends_close=True)
# Autobahn only watches this one: a server may answer the close before the messages.
case("7.1.6", frame(TEXT, LONG) + frame(TEXT, b"Hello World!") + BYE + frame(PING),
     [("text", LONG), ("text", b"Hello World!")], lax=[[("text", LONG)], []], sends_close=True)

case("7.3.1", close_frame(), sends_close=True, codes=[None, 1000])
case("7.3.2", frame(CLOSE, b"a"), closer="server")
case("7.3.3", BYE, sends_close=True)
case("7.3.4", close_frame(1000, b"Hello World!"), sends_close=True)
case("7.3.5", close_frame(1000, b"*" * 123), sends_close=True)
case("7.3.6", close_frame(1000, b"*" * 124), closer="server")
case("7.5.1", close_frame(1000, SURROGATE), closer="server", codes=PROTOCOL + TEXT_WRONG)

for i, code in enumerate([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999]):
    case(f"7.7.{i + 1}", close_frame(code), sends_close=True, codes=[1000, code])
for i, code in enumerate([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999]):
    case(f"7.9.{i + 1}", close_frame(code), closer="server")
# Autobahn only watches these two; no code above 4999 can mean anything.
case("7.13.1", close_frame(5000), closer="server")
case("7.13.2", close_frame(65535), closer="server")


# ---- 9 sizes and numbers ------------------------------------------------------------------------------------------------

def repeated(text, size):
    return (text * (size // len(text) + 1))[:size]


def large(number, opcode, kind, pattern, size, send):
    """A message that comes back; send makes its steps."""
    def make():
        message = repeated(pattern, size)
        return send(opcode, message), [(kind, message)]
    later(number, make, timeout=100)


def whole(chop, opcode, message):
    return chopped(chop, frame(opcode, message))


def in_fragments(size, opcode, message):
    return fragments(opcode, message, size)


def round_trips(opcode, kind, message, n):
    return [frame(opcode, message), Wait((kind, message))] * n, [(kind, message)] * n


for minor, opcode, kind, byte in KINDS:
    pattern = b"BAsd7&jh23" if opcode == TEXT else b"\x00\xfe\x23\xfa\xf0"
    for i, size in enumerate([64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20]):
        large(f"9.{minor}.{i + 1}", opcode, kind, pattern, size, partial(whole, 0))
    for i, size in enumerate([64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20]):
        large(f"9.{minor + 2}.{i + 1}", opcode, kind, byte, 4 << 20, partial(in_fragments, size))
    for i, chop in enumerate([64, 128, 256, 512, 1024, 2048]):
        large(f"9.{minor + 4}.{i + 1}", opcode, kind, pattern, 1 << 20, partial(whole, chop))
    for i, size in enumerate([0, 16, 64, 256, 1 << 10, 4 << 10]):
        later(f"9.{minor + 6}.{i + 1}", partial(round_trips, opcode, kind, byte * size, 1000), timeout=100)


# ---- 10 fragments made by a library -------------------------------------------------------------------------------------

case("10.1.1", fragments(TEXT, b"*" * 65536, 1300), [("text", b"*" * 65536)])


NUMBERS = sorted(CASES, key=lambda number: [int(part) for part in number.split(".")])
