"""Bytes on which two servers in a row might disagree about where a request ends, and what is to become of them.

CASES: name -> Case. Each is sent in one piece, followed by END; what is listed are the answers that come back until the server closes,
the one to END among them. `ours`: sent to us. `front`: sent to an nginx in front of us, that reads bodies first and that does not
(None: the same as ours). Where they differ, `why` says why that is no way to smuggle anything (BEHIND_NGINX, at the end). HIDDEN stands where an attacker would hide his request: unless a case is a `plain`
pipeline, nobody may ever answer it.
"""

import collections

Case = collections.namedtuple("Case", "data ours front why plain")
CASES = {}

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"
END = b"GET /end HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
LAST = b"0\r\n\r\n"


def case(name, data, ours, plain=False):
    assert name not in CASES, name
    CASES[name] = Case(data, ours, None, "", plain)


def head(*lines, line=b"POST /echo HTTP/1.1", host=b"Host: a\r\n"):
    return line + b"\r\n" + host + b"".join(lines) + b"\r\n"


def length(data):
    return b"Content-Length: %d\r\n" % len(data)


def chunks(*data):
    return head(CHUNKED) + b"".join(data)


# -- Content-Length and Transfer-Encoding ------------------------------------------------------------------------------

both = LAST + HIDDEN
case("CL.TE", head(length(both), CHUNKED) + both, "400")
case("TE.CL", head(CHUNKED, b"Content-Length: 5\r\n") + both, "400")
case("CL.TE, short length", head(b"Content-Length: 3\r\n", CHUNKED) + both, "400")
case("CL.TE, length zero", head(b"Content-Length: 0\r\n", CHUNKED) + both, "400")
case("CL.TE, honest", head(length(LAST), CHUNKED) + LAST, "400")
case("CL.TE in lower case", head(length(both).lower(), CHUNKED.lower()) + both, "400")
case("CL.TE in 1.0", head(length(both), CHUNKED, line=b"POST /echo HTTP/1.0") + both, "400")
case("TE in 1.0", head(CHUNKED, line=b"POST /echo HTTP/1.0") + both, "400")
case("TE in 1.0, keep-alive", head(CHUNKED, b"Connection: keep-alive\r\n", line=b"POST /echo HTTP/1.0") + both, "400")
case("TE with a GET", head(CHUNKED, line=b"GET /echo HTTP/1.1") + LAST, "200 200")
case("TE hidden by Connection", head(b"Connection: Transfer-Encoding\r\n", CHUNKED) + LAST, "200 200")
case("CL hidden by Connection", head(b"Connection: Content-Length\r\n", b"Content-Length: 3\r\n") + b"abc", "200 200")
case("TE beside CL of another name", head(CHUNKED, b"X-Content-Length: 50\r\n") + LAST, "200 200")

# -- a Transfer-Encoding that one of two may overlook: with a length that tells who did -------------------------------

ODD_CODINGS = {
    "unknown": b"Transfer-Encoding: xchunked",
    "cow": b"Transfer-Encoding: cow",
    "cow, chunked": b"Transfer-Encoding: cow, chunked",
    "gzip, chunked": b"Transfer-Encoding: gzip, chunked",
    "chunked, gzip": b"Transfer-Encoding: chunked, gzip",
    "identity": b"Transfer-Encoding: identity",
    "identity, chunked": b"Transfer-Encoding: identity, chunked",
    "chunked, identity": b"Transfer-Encoding: chunked, identity",
    "chunked, chunked": b"Transfer-Encoding: chunked, chunked",
    "two lines": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "two lines, cow last": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow",
    "two lines, cow first": b"Transfer-Encoding: cow\r\nTransfer-Encoding: chunked",
    "two lines, identity first": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "comma behind": b"Transfer-Encoding: chunked,",
    "comma in front": b"Transfer-Encoding: ,chunked",
    "empty": b"Transfer-Encoding:",
    "empty, then chunked": b"Transfer-Encoding:\r\nTransfer-Encoding: chunked",
    "quoted": b'Transfer-Encoding: "chunked"',
    "single quotes": b"Transfer-Encoding: 'chunked'",
    "with a parameter": b"Transfer-Encoding: chunked;a=b",
    "blank inside": b"Transfer-Encoding: chu nked",
    "upper case": b"Transfer-Encoding: CHUNKED",
    "mixed case": b"tRANSFER-eNCODING: cHuNkEd",
    "tab in front": b"Transfer-Encoding:\tchunked",
    "no blank": b"Transfer-Encoding:chunked",
    "blanks behind": b"Transfer-Encoding: chunked \t ",
    "vertical tab in front": b"Transfer-Encoding: \x0bchunked",
    "form feed behind": b"Transfer-Encoding: chunked\x0c",
    "NUL in front": b"Transfer-Encoding: \0chunked",
    "NUL behind": b"Transfer-Encoding: chunked\0",
    "byte 255 in front": b"Transfer-Encoding: \xffchunked",
    "no-break space": b"Transfer-Encoding: \xc2\xa0chunked",
    "CR in front": b"Transfer-Encoding: \rchunked",
    "CR behind": b"Transfer-Encoding: chunked\r",
    "folded": b"Transfer-Encoding:\r\n chunked",
    "folded behind": b"Transfer-Encoding: chunked\r\n ,cow",
    "fold of another": b"X: y\r\n Transfer-Encoding: chunked",
    "behind a bare LF": b"X: y\nTransfer-Encoding: chunked",
    "behind a bare CR": b"X: y\rTransfer-Encoding: chunked",
    "blank before the colon": b"Transfer-Encoding : chunked",
    "tab before the colon": b"Transfer-Encoding\t: chunked",
    "LF before the colon": b"Transfer-Encoding\n: chunked",
    "CR before the colon": b"Transfer-Encoding\r: chunked",
    "NUL before the colon": b"Transfer-Encoding\0: chunked",
    "vertical tab before the colon": b"Transfer-Encoding\x0b: chunked",
    "semicolon before the colon": b"Transfer-Encoding;: chunked",
    "colon doubled": b"Transfer-Encoding:: chunked",
    "colon in front": b":Transfer-Encoding: chunked",
    "NUL before the name": b"\0Transfer-Encoding: chunked",
    "byte 255 before the name": b"\xffTransfer-Encoding: chunked",
    "underscore": b"Transfer_Encoding: chunked",
    "no hyphen": b"TransferEncoding: chunked",
    "Kelvin sign": "Transfer-Encoding: chun\u212aed".encode(),
    "dotted i in the name": "Transfer-Encod\u0131ng: chunked".encode(),
}
# Codings that we do not know are refused before the length beside them is looked at.
UNKNOWN_CODINGS = {"unknown", "cow", "cow, chunked", "gzip, chunked", "identity", "identity, chunked", "two lines, cow first",
                   "two lines, identity first", "single quotes"}
# Not that header at all, for anybody: the length holds.
OTHER_NAMES = {"underscore", "no hyphen"}
for name, line in ODD_CODINGS.items():
    case(f"coding {name}", head(length(both), line + b"\r\n") + both,
         "501" if name in UNKNOWN_CODINGS else "200 200" if name in OTHER_NAMES else "400")

# -- lengths -----------------------------------------------------------------------------------------------------------

ODD_LENGTHS = {
    "plus": b"Content-Length: +3", "minus": b"Content-Length: -3", "minus zero": b"Content-Length: -0", "hex": b"Content-Length: 0x3",
    "blank inside": b"Content-Length: 3 5", "empty": b"Content-Length:", "blank": b"Content-Length:  ", "2^63": b"Content-Length: 9223372036854775808",
    "2^64 and 3": b"Content-Length: 18446744073709551619", "2^32 and 3, signed": b"Content-Length: -4294967293",
    "list of equals": b"Content-Length: 3, 3", "list": b"Content-Length: 3, 5", "comma behind": b"Content-Length: 3,",
    "two equal": b"Content-Length: 3\r\nContent-Length: 3", "two": b"Content-Length: 3\r\nContent-Length: 50",
    "two, the first short": b"Content-Length: 0\r\nContent-Length: 3", "two, one empty": b"Content-Length: 3\r\nContent-Length:",
    "two spellings": b"Content-Length: 3\r\ncontent-length: 5", "semicolon": b"Content-Length: 3;", "quoted": b'Content-Length: "3"',
    "fraction": b"Content-Length: 3.0", "exponent": b"Content-Length: 3e0", "letters": b"Content-Length: 3a", "NUL behind": b"Content-Length: 3\0",
    "NUL and more": b"Content-Length: 3\x000", "CR inside": b"Content-Length: 3\r0", "folded": b"Content-Length:\r\n 3", "folded digits": b"Content-Length: 3\r\n 0",
    "blank before the colon": b"Content-Length : 3", "tab before the colon": b"Content-Length\t: 3", "vertical tab": b"Content-Length: \x0b3",
    "full-width digit": "Content-Length: \uff13".encode(), "Arabic digit": "Content-Length: \u0663".encode(),
    "behind a bare LF": b"X: y\nContent-Length: 3",
}
for name, line in ODD_LENGTHS.items():
    case(f"length {name}", head(line + b"\r\n") + b"abc" + HIDDEN, "400")
case("length with zeros", head(b"Content-Length: 0003\r\n") + b"abc", "200 200")
case("length with blanks around", head(b"Content-Length: \t 3 \t\r\n") + b"abc", "200 200")
case("length with an underscore", head(b"Content_Length: 3\r\n"), "200 200")
case("length of a GET", head(b"Content-Length: 3\r\n", line=b"GET /echo HTTP/1.1") + b"abc", "200 200")
case("length of a DELETE", head(b"Content-Length: 3\r\n", line=b"DELETE /echo HTTP/1.1") + b"abc", "200 200")
case("length of a request in a body", head(length(HIDDEN)) + HIDDEN, "200 200")
case("no length", head() + HIDDEN, "200 200 200", plain=True)
case("length too small", head(b"Content-Length: 0\r\n") + HIDDEN, "200 200 200", plain=True)
case("length too large", head(b"Content-Length: 1000\r\n") + b"abc" + HIDDEN, "408")
case("length above the limit", head(b"Content-Length: 99999999\r\n") + HIDDEN, "413")

# -- chunks ------------------------------------------------------------------------------------------------------------

ODD_CHUNKS = {
    "plus": b"+3\r\nabc\r\n", "minus": b"-3\r\nabc\r\n", "0x": b"0x3\r\nabc\r\n", "blank in front": b" 3\r\nabc\r\n", "blank behind": b"3 \r\nabc\r\n",
    "tab behind": b"3\t\r\nabc\r\n", "empty size": b"\r\nabc\r\n", "letter": b"g\r\nabc\r\n", "NUL": b"3\0\r\nabc\r\n", "comma": b"3,\r\nabc\r\n",
    "17 digits": b"00000000000000003\r\nabc\r\n", "2^64 and 3": b"10000000000000003\r\nabc\r\n", "2^63": b"8000000000000000\r\nabc\r\n",
    "16 f": b"ffffffffffffffff\r\nabc\r\n", "LF": b"3\nabc\r\n", "LF behind data": b"3\r\nabc\n", "CR": b"3\rabc\r\n", "CR CR LF": b"3\r\r\nabc\r\n",
    "CR X LF": b"3\rX\nabc\r\n", "data too long": b"3\r\nabcd\r\n", "data too short": b"3\r\nab\r\n", "no CRLF behind data": b"3\r\nabc",
    "two bytes instead of CRLF": b"3\r\nabcXX", "quoted size": b'"3"\r\nabc\r\n', "full-width digit": "\uff13\r\nabc\r\n".encode(),
    "ext with LF": b"3;\nabc\r\n", "ext with LF inside": b"3;a\nGET /hidden HTTP/1.1\r\nabc\r\n", "ext with CR inside": b"3;a\rb\r\nabc\r\n",
    "ext with NUL": b"3;a=\0\r\nabc\r\n", "ext with vertical tab": b"3;a\x0bb\r\nabc\r\n", "ext with DEL": b"3;a\x7f\r\nabc\r\n",
    "blank before ext": b"3 ;a=b\r\nabc\r\n", "ext across lines": b'3;a="\r\nabc\r\n"\r\n', "ext of 5000 bytes": b"3;" + b"a" * 5000 + b"\r\nabc\r\n",
    "ext without a semicolon": b"3 a=b\r\nabc\r\n", "ext that looks like a size": b"3\r;5\r\nabc\r\n",
}
for name, data in ODD_CHUNKS.items():
    case(f"chunk {name}", chunks(data, LAST, HIDDEN), "400")
GOOD_CHUNKS = {
    "one": b"3\r\nabc\r\n0\r\n\r\n", "none": LAST, "upper case": b"A\r\n0123456789\r\n0\r\n\r\n", "zeros": b"003\r\nabc\r\n000\r\n\r\n",
    "ext empty": b"3;\r\nabc\r\n0\r\n\r\n", "ext": b"3;a\r\nabc\r\n0\r\n\r\n", "ext with value": b'3;a=b;c="d e"\r\nabc\r\n0;x\r\n\r\n',
    "blank in ext": b"3; a = b\r\nabc\r\n0\r\n\r\n", "bytes above 127 in ext": b"3;\xff\r\nabc\r\n0\r\n\r\n", "ext that is a request": b"3;GET /hidden HTTP/1.1\r\nabc\r\n0\r\n\r\n",
    "that hold a request": b"%x\r\n%s\r\n0\r\n\r\n" % (len(HIDDEN), HIDDEN), "that hold an end": b"5\r\n0\r\n\r\n\r\n0\r\n\r\n",
    "trailer": b"0\r\nX: y\r\n\r\n", "trailer Content-Length": b"0\r\nContent-Length: 50\r\n\r\n", "trailer Transfer-Encoding": b"0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "trailer Host": b"0\r\nHost: evil\r\n\r\n", "trailer with a blank value": b"0\r\nX:\r\n\r\n", "trailer Authorization": b"0\r\nAuthorization: x\r\n\r\n",
}
for name, data in GOOD_CHUNKS.items():
    case(f"chunks {name}", chunks(data), "200 200")
ODD_ENDS = {
    "blank behind zero": b"0 \r\n\r\n", "LF behind zero": b"0\n\r\n", "LF at the end": b"0\r\n\n", "LF twice": b"0\n\n", "CR at the end": b"0\r\n\rX",
    "CR CR LF": b"0\r\n\r\r\n", "zero with plus": b"+0\r\n\r\n", "minus zero": b"-0\r\n\r\n", "zero with x": b"0x0\r\n\r\n",
    "trailer without a colon": b"0\r\nabc\r\n\r\n", "trailer with a blank before the colon": b"0\r\nX : y\r\n\r\n", "trailer that folds": b"0\r\nX: y\r\n z\r\n\r\n",
    "trailer first folds": b"0\r\n X: y\r\n\r\n", "trailer with LF": b"0\r\nX: y\n\r\n", "trailer with NUL": b"0\r\nX: \0\r\n\r\n", "trailer without a name": b"0\r\n: y\r\n\r\n",
    "trailer with CR": b"0\r\nX: a\rb\r\n\r\n", "trailer that is a request": b"0\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n", "trailers without end": b"0\r\n" + b"X: y\r\n" * 3000 + b"\r\n",
}
for name, data in ODD_ENDS.items():
    case(f"last chunk {name}", chunks(b"3\r\nabc\r\n", data, HIDDEN), "400")
case("last chunk missing", chunks(b"3\r\nabc\r\n"), "400")
case("last chunk cut", chunks(b"3\r\nabc\r\n0\r\n"), "400")

# -- lines -------------------------------------------------------------------------------------------------------------

ODD_LINES = {
    "bare LF in the request line": b"GET / HTTP/1.1\nHost: a\r\n\r\n", "bare LF behind a field": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "bare LF at the end": b"GET / HTTP/1.1\r\nHost: a\r\n\n", "bare LF everywhere": b"GET / HTTP/1.1\nHost: a\n\n", "LF CR LF": b"GET / HTTP/1.1\r\nHost: a\n\r\n",
    "bare CR in the request line": b"GET / HTTP/1.1\rHost: a\r\n\r\n", "bare CR behind a field": b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "bare CR at the end": b"GET / HTTP/1.1\r\nHost: a\r\n\rGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n", "CR CR LF": b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
    "CR CR LF behind a field": b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", "NUL in a value": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    "NUL in a name": b"GET / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n", "NUL between lines": b"GET / HTTP/1.1\r\nHost: a\r\n\0\r\n\r\n",
    "byte 1 in a value": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n", "DEL in a value": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n",
    "fold": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", "fold with a tab": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n",
    "fold of nothing": b"GET / HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n", "fold that is blank": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n \r\n\r\n",
    "blank before the colon": b"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", "no colon": b"GET / HTTP/1.1\r\nHost: a\r\nNonsense\r\n\r\n",
    "no name": b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "slash in a name": b"GET / HTTP/1.1\r\nHost: a\r\nA/B: b\r\n\r\n",
    "bytes above 127 in a name": b"GET / HTTP/1.1\r\nHost: a\r\nX\xe9: b\r\n\r\n", "bracket in a name": b"GET / HTTP/1.1\r\nHost: a\r\n[X]: b\r\n\r\n",
    "three empty lines first": b"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "LF first": b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "blank first": b" GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "NUL first": b"\0GET / HTTP/1.1\r\nHost: a\r\n\r\n", "byte-order mark first": b"\xef\xbb\xbfGET / HTTP/1.1\r\nHost: a\r\n\r\n", "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}
for name, data in ODD_LINES.items():
    case(f"line: {name}", data, "400")
case("line: empty ones first", b"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "200 200")
case("line: bytes above 127 in a value", head(b"X: \xc3\xa9\xff\r\n", line=b"GET / HTTP/1.1"), "200 200")
case("line: tab in a value", head(b"X: a\tb\r\n", line=b"GET / HTTP/1.1"), "200 200")

# -- request line and Host -----------------------------------------------------------------------------------------------

ODD_STARTS = {
    "no version": (b"GET /\r\n", "400"), "no version, fields": (b"GET /\r\nHost: a\r\n\r\n", "400"), "two blanks": (b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "two blanks before the version": (b"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "400"), "tab": (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "vertical tab": (b"GET /\x0bHTTP/1.1\r\nHost: a\r\n\r\n", "400"), "blank behind": (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "400"),
    "blank in the target": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "400"), "a request in the target": (b"GET / HTTP/1.1 GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "NUL in the target": (b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", "400"), "DEL in the target": (b"GET /a\x7fb HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "fragment": (b"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", "400"), "no slash": (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", "400"), "star": (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "lower-case protocol": (b"GET / http/1.1\r\nHost: a\r\n\r\n", "400"), "other protocol": (b"GET / ICY/1.1\r\nHost: a\r\n\r\n", "400"),
    "HTTP/1.10": (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", "400"), "HTTP/01.1": (b"GET / HTTP/01.1\r\nHost: a\r\n\r\n", "400"), "HTTP/1": (b"GET / HTTP/1\r\nHost: a\r\n\r\n", "400"),
    "HTTP/1,1": (b"GET / HTTP/1,1\r\nHost: a\r\n\r\n", "400"), "HTTP/0.9": (b"GET / HTTP/0.9\r\nHost: a\r\n\r\n", "505"), "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505"),
    "bad method": (b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"), "method with NUL": (b"GE\0T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"),
    "long method": (b"A" * 40 + b" / HTTP/1.1\r\nHost: a\r\n\r\n", "501"), "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "501"),
    "CONNECT with a path": (b"CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n", "501"),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "200 200"), "HTTP/1.9 chunked": (b"POST /echo HTTP/1.9\r\nHost: a\r\n" + CHUNKED + b"\r\n" + LAST, "200 200"),
    "method in lower case": (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", "200 200"), "unknown method": (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "200 200"),
    "TRACE": (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", "200 200"), "OPTIONS star": (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "200 200"),
}
for name, (data, ours) in ODD_STARTS.items():
    case(f"start: {name}", data, ours)

HOSTS = {
    "none": (b"", "400"), "two": (b"Host: a\r\nHost: b\r\n", "400"), "two equal": (b"Host: a\r\nHost: a\r\n", "400"), "two, one empty": (b"Host: a\r\nHost:\r\n", "400"),
    "two spellings": (b"Host: a\r\nhOST: b\r\n", "400"), "empty": (b"Host:\r\n", "400"), "list": (b"Host: a, b\r\n", "400"), "user": (b"Host: u@a\r\n", "400"),
    "path": (b"Host: a/b\r\n", "400"), "backslash": (b"Host: a\\b\r\n", "400"), "blank": (b"Host: a b\r\n", "400"), "blank before the colon": (b"Host : a\r\n", "400"),
    "folded": (b"Host:\r\n a\r\n", "400"), "NUL": (b"Host: a\0b\r\n", "400"), "bad port": (b"Host: a:b\r\n", "400"), "large port": (b"Host: a:65536\r\n", "400"),
    "two ports": (b"Host: a:1:2\r\n", "400"), "two dots": (b"Host: a..b\r\n", "400"), "fragment": (b"Host: a#b\r\n", "400"), "query": (b"Host: a?b\r\n", "400"),
    "percent": (b"Host: a%00\r\n", "400"), "bracket": (b"Host: [::1\r\n", "400"), "bad IPv6": (b"Host: [1:2]\r\n", "400"), "bytes above 127": (b"Host: \xc3\xa9\r\n", "400"),
    "with X-Host": (b"X-Host: b\r\nHost: a\r\n", "200 200"), "IPv6": (b"Host: [::1]:80\r\n", "200 200"), "empty port": (b"Host: a:\r\n", "400"),
}
for name, (lines, ours) in HOSTS.items():
    case(f"Host {name}", head(line=b"GET / HTTP/1.1", host=lines), ours)
case("Host two in 1.0", head(line=b"GET / HTTP/1.0", host=b"Host: a\r\nHost: b\r\n"), "400")
case("absolute form", b"GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "200 200")
case("absolute form, another Host", b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "200 200")
case("absolute form, no Host", b"GET http://a/ HTTP/1.1\r\n\r\n", "400")
case("absolute form, two Hosts", b"GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400")
case("absolute form, empty authority", b"GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n", "400")
case("absolute form, user", b"GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400")
case("absolute form, no path", b"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", "200 200")
case("absolute form, query alone", b"GET http://a?b HTTP/1.1\r\nHost: a\r\n\r\n", "200 200")
case("absolute form, other scheme", b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", "400")
case("absolute form, a target behind", b"GET http://a/http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "200 200")

# -- more than one request, expectations, upgrades -----------------------------------------------------------------------

BAD = b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
case("pipeline of three", head(line=b"GET / HTTP/1.1") + HIDDEN, "200 200 200", plain=True)
case("pipeline behind a body", head(b"Content-Length: 3\r\n") + b"abc" + HIDDEN, "200 200 200", plain=True)
case("pipeline behind chunks", chunks(b"3\r\nabc\r\n", LAST, HIDDEN), "200 200 200", plain=True)
case("pipeline behind 404", head(line=b"GET /status?code=404 HTTP/1.1") + HIDDEN, "404 200 200", plain=True)
case("pipeline behind 204", head(line=b"GET /status?code=204 HTTP/1.1") + HIDDEN, "204 200 200", plain=True)
case("pipeline behind an error", BAD + HIDDEN, "400")
case("pipeline with an error behind", head(line=b"GET / HTTP/1.1") + BAD + HIDDEN, "200 400")
case("pipeline behind close", head(b"Connection: close\r\n", line=b"GET / HTTP/1.1") + HIDDEN, "200")
case("pipeline behind 1.0", head(line=b"GET / HTTP/1.0") + HIDDEN, "200")
case("pipeline behind CRLF", head(b"Content-Length: 3\r\n") + b"abc\r\n" + HIDDEN, "200 200 200", plain=True)
case("pipeline behind LF", head(b"Content-Length: 3\r\n") + b"abc\n" + HIDDEN, "200 400")
case("a body behind a GET without a length", head(line=b"GET / HTTP/1.1") + b"x=1&y=2\r\n\r\n" + HIDDEN, "200 400")
case("too large by chunks", chunks(b"%x\r\n" % 0x20000, HIDDEN, b"x" * (0x20000 - len(HIDDEN)), b"\r\n", LAST), "413")
case("Expect with the body", head(b"Expect: 100-continue\r\n", b"Content-Length: 3\r\n") + b"abc", "200 200")
case("Expect without a body", head(b"Expect: 100-continue\r\n", line=b"GET / HTTP/1.1"), "200 200")
case("Expect twice", head(b"Expect: 100-continue\r\n", b"Expect: 100-continue\r\n", b"Content-Length: 3\r\n") + b"abc", "200 200")
case("Expect a miracle", head(b"Expect: miracle\r\n", b"Content-Length: 3\r\n") + b"abc", "417")
case("Expect with both framings", head(b"Expect: 100-continue\r\n", b"Content-Length: 3\r\n", CHUNKED) + both, "400")
case("Upgrade with a body", head(b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n", length(HIDDEN)) + HIDDEN, "200 200")
case("Upgrade with chunks", head(b"Upgrade: websocket\r\n", b"Connection: Upgrade\r\n", CHUNKED) + b"3\r\nabc\r\n" + LAST, "200 200")
case("Upgrade to h2c", head(b"Upgrade: h2c\r\n", b"Connection: Upgrade, HTTP2-Settings\r\n", b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n", line=b"GET / HTTP/1.1"), "200 200")
case("Upgrade that nobody named", head(b"Upgrade: websocket\r\n", line=b"GET / HTTP/1.1"), "200 200")
case("a method by header", head(b"X-HTTP-Method-Override: CONNECT\r\n", b"Content-Length: 0\r\n"), "200 200")
case("a target by header", head(b"X-Original-URL: /hidden\r\n", line=b"GET / HTTP/1.1"), "200 200")

# -- the same behind nginx ---------------------------------------------------------------------------------------------------
# What nginx passes on it has written itself: CRLF, one Host, one Content-Length or chunks of its own. So what it understood is what
# we are told, however lenient it was; and what it refuses we never see.

LENIENT = "nginx takes it for what it most likely means, and sends it to us in its own words: one request for both"
DROPS = "nginx drops a header with such a name, and the length that it goes by is the one that it sends to us"
REFUSES = "nginx refuses it before we see it"
OTHER_STATUS = "both refuse it and close; the statuses differ"
WE_REFUSE = "nginx passes it on and we refuse it: its connection to us ends, the client's does not, and each request has its answer"
HTTP_0_9 = "nginx takes it for HTTP/0.9, passes it on without a Host, and sends our page without a head"
WAITS = "nginx waits for the rest of the body and then closes without an answer"

BEHIND_NGINX = {}


def behind_nginx(front, why, *names):
    for name in names:
        assert name not in BEHIND_NGINX and name in CASES, name
        BEHIND_NGINX[name] = why
        CASES[name] = CASES[name]._replace(front=front if isinstance(front, tuple) else (front, front), why=why)


behind_nginx("501", OTHER_STATUS, *(f"coding {n}" for n in (
    "chunked, gzip", "chunked, identity", "chunked, chunked", "comma behind", "comma in front", "empty", "quoted", "with a parameter",
    "blank inside", "tab in front", "blanks behind", "vertical tab in front", "form feed behind", "byte 255 in front", "no-break space",
    "colon doubled", "Kelvin sign")))
behind_nginx("400", OTHER_STATUS, "coding two lines, cow first", "coding two lines, identity first", "start: HTTP/0.9", "start: CONNECT")
behind_nginx("405", OTHER_STATUS, "start: CONNECT with a path")
behind_nginx("400", REFUSES, "length with blanks around", "start: method in lower case", "start: OPTIONS star", "Expect twice")
behind_nginx("405", REFUSES, "start: TRACE")
behind_nginx("200 200", DROPS, *(f"coding {n}" for n in ("semicolon before the colon", "byte 255 before the name", "dotted i in the name")))
behind_nginx("200 200", DROPS, *(f"line: {n}" for n in ("no colon", "slash in a name", "bytes above 127 in a name", "bracket in a name")))
behind_nginx("200 200 200", LENIENT, "length behind a bare LF", *(f"chunk {n}" for n in (
    "blank behind", "tab behind", "17 digits", "LF", "LF behind data", "data too short", "ext with LF", "ext with NUL",
    "ext with vertical tab", "ext with DEL", "blank before ext", "ext of 5000 bytes", "ext without a semicolon")))
behind_nginx("200 200 200", LENIENT, "pipeline behind LF", *(f"last chunk {n}" for n in (
    "blank behind zero", "LF behind zero", "LF at the end", "LF twice", "trailer without a colon", "trailer with a blank before the colon",
    "trailer that folds", "trailer first folds", "trailer with LF", "trailer with NUL", "trailer without a name",
    "trailer that is a request", "trailers without end")))
behind_nginx("200", "nginx takes what follows for trailers, up to the empty line, and drops them", "last chunk cut")
behind_nginx("200 200", LENIENT, *(f"line: {n}" for n in (
    "bare LF in the request line", "bare LF behind a field", "bare LF at the end", "bare LF everywhere", "LF CR LF",
    "CR CR LF behind a field", "three empty lines first", "LF first")))
behind_nginx("200 200", LENIENT, "start: two blanks", "start: two blanks before the version", "start: blank behind", "start: HTTP/1.10",
             "absolute form, other scheme", "Expect a miracle")
behind_nginx("400 200", WE_REFUSE, "line: byte 1 in a value", "line: DEL in a value", "start: fragment", *(f"Host {n}" for n in (
    "user", "backslash", "bad port", "large port", "two ports", "fragment", "query", "percent", "bracket", "bad IPv6", "bytes above 127",
    "empty port")))
behind_nginx("501 200", WE_REFUSE, "start: long method")
behind_nginx("413 200", WE_REFUSE, "too large by chunks")
behind_nginx("0.9", HTTP_0_9, "start: no version", "start: no version, fields")
behind_nginx("", WAITS, "length too large")
behind_nginx(("", "413"), WAITS + "; unless it passes it on as it comes: then we refuse it", "length above the limit")
