"""HTTP as no client should speak it: raw requests, by what is wrong with them and by what becomes of them."""

from tests.protocols.http.exchanges import A_QUERY, body

QUERY = body(query=A_QUERY)
LENGTH = f"Content-Length: {len(QUERY)}"
TYPE = "Content-Type: application/json"
TOO_LARGE = 300 * 1024


def post(*fields: str | bytes, content: bytes = QUERY, target: str = "/graphql") -> bytes:
    """Exactly these fields beside Host."""
    lines = [f"POST {target} HTTP/1.1".encode(), b"Host: x"]
    lines += [field.encode() if isinstance(field, str) else field for field in fields]
    return b"\r\n".join([*lines, b"", b""]) + content


def chunks(*pieces: bytes) -> bytes:
    return post(TYPE, "Transfer-Encoding: chunked", content=b"".join(pieces))


def get(target: bytes, *fields: str) -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\n" + "".join(f"{field}\r\n" for field in ("Host: x", *fields, "")).encode()


REQUEST_LINES = {
    "no HTTP": b"GARBAGE\r\n\r\n",
    "zeros": b"\0\0\0\0\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + b"x" * 64 + b"\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no version": b"GET /graphql HTTP/\r\nHost: x\r\n\r\n",
    "other version": b"GET /graphql HTTP/9.9\r\nHost: x\r\n\r\n",
    "other protocol": b"GET /graphql HTTQ/1.1\r\nHost: x\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: x\r\n\r\n",
    "lower case": b"get /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "unknown method": b"NONSENSE /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "space before the method": b" GET /graphql HTTP/1.1\r\nHost: x\r\n\r\n",
    "text after the version": b"GET /graphql HTTP/1.1 x\r\nHost: x\r\n\r\n",
    "control character in the target": b"GET /gra\x01phql HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw bytes in the target": get(b"/\xff\xfe"),
    "raw bytes in the query": get(b"/graphql?query=\xff"),
    "NUL in the target": b"GET /graphql\0 HTTP/1.1\r\nHost: x\r\n\r\n",
    "websocket bytes": b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\r\n\r\n",
    "JSON": QUERY + b"\r\n\r\n",
}

HEADERS = {
    "no colon": post(TYPE, LENGTH, "garbage"),
    "no name": post(TYPE, LENGTH, ": x"),
    "space before the colon": post(TYPE, "Content-Length : 10"),
    "space in a name": post(TYPE, LENGTH, "X Y: z"),
    "NUL in a value": post(TYPE, LENGTH, b"X: a\0b"),
    "NUL in a name": post(TYPE, LENGTH, b"X\0: a"),
    "control character in a name": post(TYPE, LENGTH, b"X\x01: a"),
    "bare CR": post(TYPE, LENGTH, b"X: a\rY: b"),
    "letters for a name": post(TYPE, LENGTH, "ü: x"),
    "brackets in a name": post(TYPE, LENGTH, "(x): y"),
    "both lengths": post(TYPE, LENGTH, "Transfer-Encoding: chunked", content=b"0\r\n\r\n" + QUERY),
    "two lengths": post(TYPE, LENGTH, "Content-Length: 1"),
    "length below zero": post(TYPE, "Content-Length: -1"),
    "length with a sign": post(TYPE, f"Content-Length: +{len(QUERY)}"),
    "length in hexadecimals": post(TYPE, "Content-Length: 0x1e"),
    "length in words": post(TYPE, "Content-Length: all"),
    "length of a fraction": post(TYPE, "Content-Length: 30.0"),
    "list of lengths": post(TYPE, f"Content-Length: {len(QUERY)}, {len(QUERY)}"),
    "length beyond all numbers": post(TYPE, "Content-Length: 99999999999999999999999999"),
    "chunks of another coding": post(TYPE, "Transfer-Encoding: chunked, gzip", content=b"0\r\n\r\n"),
}

BODIES = {
    "chunk of no size": chunks(b"x\r\n" + QUERY + b"\r\n0\r\n\r\n"),
    "chunk below zero": chunks(b"-1\r\n\r\n0\r\n\r\n"),
    "chunk beyond all numbers": chunks(b"f" * 40 + b"\r\n"),
    "chunk longer than it says": chunks(b"1\r\n" + QUERY + b"\r\n0\r\n\r\n"),
    "chunk without an end of line": chunks(b"1\r\n{x\r\n0\r\n\r\n"),
    "trailer that is none": chunks(b"1\r\n{\r\n0\r\ngarbage\r\n\r\n"),
}
"""Whose heads were good: the connection is closed."""

# Not answered but closed, however far they come.
HALVES = {
    "nothing": b"",
    "half a method": b"PO",
    "half a request line": b"POST /graphq",
    "half a head": b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Ty",
    "half an end of the head": b"POST /graphql HTTP/1.1\r\nHost: x\r\n\r",
    "no body": post(TYPE, LENGTH, content=b""),
    "half a body": post(TYPE, LENGTH, content=QUERY[:10]),
    "all but a byte": post(TYPE, LENGTH, content=QUERY[:-1]),
    "half a size": chunks(b"1"),
    "half a chunk": chunks(b"10\r\n{"),
    "no last chunk": chunks(b"%x\r\n%s\r\n" % (len(QUERY), QUERY)),
    "no end of trailers": chunks(b"%x\r\n%s\r\n0\r\n" % (len(QUERY), QUERY)),
}

UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")
KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
VERSION = "Sec-WebSocket-Version: 13"

UPGRADES = {
    "no key": get(b"/graphql", *UPGRADE, VERSION),
    "short key": get(b"/graphql", *UPGRADE, VERSION, "Sec-WebSocket-Key: x"),
    "two keys": get(b"/graphql", *UPGRADE, VERSION, KEY, KEY),
    "no version": get(b"/graphql", *UPGRADE, KEY),
    "old version": get(b"/graphql", *UPGRADE, KEY, "Sec-WebSocket-Version: 8"),
    "version in words": get(b"/graphql", *UPGRADE, KEY, "Sec-WebSocket-Version: newest"),
    "nothing but the wish": get(b"/graphql", *UPGRADE),
    "another address": get(b"/nothing", *UPGRADE, KEY, VERSION),
    "foreign page": get(b"/graphql", *UPGRADE, KEY, VERSION, "Origin: https://evil.example"),
}
"""Sockets that are refused before they are any: with a 4xx, in words of HTTP."""

ANSWERED: dict[str, tuple[bytes, int]] = {
    "HTTP/0.9": (b"GET /graphql\r\n\r\n", 400),
    "neither length nor body": (post(TYPE, content=b""), 400),
    "length of nothing": (post(TYPE, "Content-Length: 0", content=b""), 400),
    "length shorter than the body": (post(TYPE, "Content-Length: 5", "Connection: close"), 400),
    "expects what nobody knows": (post(TYPE, "Content-Length: 1", "Expect: nothing", content=b"{"), 400),
    "expects to go on": (post(TYPE, "Content-Length: 1", "Expect: 100-continue", content=b"{"), 400),
    "too large, and asks before": (
        post(TYPE, f"Content-Length: {TOO_LARGE}", "Expect: 100-continue", content=b""),
        413,
    ),
    "too large by its length": (post(TYPE, "Content-Length: 99999999999", content=b""), 413),
    "too large in pieces": (chunks(b"%x\r\n" % TOO_LARGE + b" " * TOO_LARGE), 413),
    "pieces of nothing": (chunks(b"0\r\n\r\n"), 400),
    "trailers": (chunks(b"1\r\n{\r\n0\r\nContent-Type: text/plain\r\n\r\n"), 400),
    "no type": (post(LENGTH), 415),
    "blank type": (post("Content-Type:", LENGTH), 415),
    "type in other letters": (post("Content-Type: äpplication/json", LENGTH), 415),
    "type that is no text": (post(b"Content-Type: \xff\xfe", LENGTH), 415),
    "no charset": (post("Content-Type: application/json; charset=", LENGTH), 415),
    "charset in other letters": (post(b"Content-Type: application/json; charset=\xff", LENGTH), 415),
    "coding that is no text": (post(TYPE, LENGTH, b"Content-Encoding: \xff"), 415),
    "accept that is no text": (post(TYPE, LENGTH, b"Accept: \xff\xfe"), 406),
    "accept without end": (post(TYPE, LENGTH, "Accept: " + "a/b;q=0.1," * 1_000), 406),
    "weights without end": (post(TYPE, LENGTH, "Accept: a/b;q=0." + "1" * 5_000), 406),
    "path beside": (get(b"/graphq"), 404),
    "path that is no text": (get(b"/%ff%fe"), 404),
    "path of NUL": (get(b"/%00"), 404),
    "path of dots": (get(b"/../../etc/passwd"), 404),
    "static path of dots": (get(b"/static/graphiql/../../../pyproject.toml"), 404),
    "encoded path of dots": (get(b"/static/graphiql/..%2f..%2f..%2fpyproject.toml"), 404),
    "path of slashes": (get(b"//graphql"), 404),
    "long path": (get(b"/" + b"x" * 5_000), 404),
    "address of another": (get(b"http://elsewhere.example/nothing"), 404),
    "query that is no text": (get(b"/graphql?query=%ff"), 200),
    "half an escape": (get(b"/graphql?query=%"), 200),
    "fragment": (get(b"/graphql?query=1#2"), 200),
    "no parameters": (get(b"/graphql"), 400),
    "parameters without values": (get(b"/graphql?query&variables"), 200),
    "all of an address": (b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 404),
    "token that is no text": (post(TYPE, b"Authorization: Bearer \xff\xfe", "Content-Length: 1", content=b"{"), 400),
    "id that is no text": (post(TYPE, b"X-Request-ID: \xff\xfe", "Content-Length: 1", content=b"{"), 400),
    "two hosts": (post(TYPE, "Host: y", "Content-Length: 1", content=b"{"), 400),
    "no host": (b"POST /graphql HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{", 400),
    "old protocol": (b"POST /graphql HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{", 400),
    "wish for HTTP/2": (post(TYPE, "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 1", content=b"{"), 400),
    "socket by POST": (post(TYPE, *UPGRADE, KEY, VERSION, "Content-Length: 1", content=b"{"), 400),
    "many fields": (post(TYPE, *(f"X-{number}: y" for number in range(500)), "Content-Length: 1", content=b"{"), 431),
    "large head": (post(TYPE, *(f"X: {'y' * 1_000}" for _ in range(100)), LENGTH), 431),
    "large field": (post(TYPE, f"X: {'y' * 100_000}", LENGTH), 431),
    "large target": (get(b"/graphql?query=" + b"x" * 100_000), 431),
}
"""The status; 200 is of an answer that has nothing but errors."""
