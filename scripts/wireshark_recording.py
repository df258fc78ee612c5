"""A recording that holds what `finspect demo` does not; for scripts/check-wireshark."""

import base64

WALL = 1_767_225_600_000_000


def header(session):
    """The first line of a recording."""
    return {
        "format": "finspect-recording",
        "version": "1.0",
        "recording": "00" * 8,
        "part": 1,
        "first-event": 1,
        "began": 0,
        "session": session,
    }


def content(payload):
    """The bytes that a payload keeps."""
    kept = payload["content"]
    return kept["text"].encode() if "text" in kept else base64.b64decode(kept["base64"])


def made_up():
    """Lines of a recording: a header and events."""
    session = {
        "version": "0.0.0",
        "wall-clock": WALL,
        "intercepted": ["finesse.example.com"],
        "redaction": "standard",
        "platform": "none",
    }
    script = Script()
    script.event({"session-started": session})
    bodies(script)
    socket(script)
    elsewhere(script)
    script.event({"host": "suspended"})
    script.event({"gap": {"events": 0, "bytes": 0}})
    script.event({"session-ended": {"events": script.number + 1, "connections": 5}})
    return [header(session), *script.events]


class Script:
    def __init__(self):
        self.events, self.number, self.now = [], 0, 0

    def event(self, kind, id=None, direction=None):
        self.number += 1
        self.now += 1_013
        event = {"number": self.number, "time": {"arrived": self.now}, "kind": kind}
        if id:
            event["connection"] = id
        if direction:
            event["direction"] = direction
        self.events.append(event)

    def connect(self, id, client, server, host="finesse.example.com"):
        self.event({"accepted": {"client": client, "listener": "127.0.0.1:8899"}}, id)
        target = {"host": host, "port": int(server.rsplit(":", 1)[1])}
        self.event({"entered": {"way": "connect", "target": target, "intercepted": True}}, id)
        self.event({"attempt": {"address": server, "outcome": "connected", "took": 9}}, id)

    def request(self, id, exchange, method="GET", target="/x", fields=(), version="1.1"):
        head = {"exchange": exchange, "method": method, "target": target, "version": version}
        head["headers"] = named([("Host", "finesse.example.com"), *fields])
        self.event({"http-request": head}, id, "to-server")

    def response(self, id, exchange, status=200, fields=(), version="1.1"):
        head = {"exchange": exchange, "version": version, "status": status, "reason": "Reason"}
        head["headers"] = named(fields)
        self.event({"http-response": head}, id, "to-client")

    def body(self, id, exchange, text, direction="to-client", framing="length", size=None, **more):
        body = {"exchange": exchange, "framing": framing, "wire-size": size or len(text.encode())}
        self.event({"http-body": {**body, "content": payload(text, size), "complete": True, **more}}, id, direction)

    def end(self, id, manners=("close-notify", "fin")):
        self.event({"ended": {"manner": manners[0], "bytes": 1}}, id, "to-server")
        self.event({"ended": {"manner": manners[1], "bytes": 1}}, id, "to-client")
        self.event({"closed": {"first": "to-server", "to-server": 1, "to-client": 1, "lasted": 1}}, id)


def named(fields):
    return [{"name": name, "value": value} for name, value in fields]


def payload(kept, size=None):
    """A payload, cut off if `size` is larger than what is kept."""
    if isinstance(kept, bytes):
        kept, length = {"base64": base64.b64encode(kept).decode()}, len(kept)
    else:
        kept, length = {"text": kept}, len(kept.encode())
    size = size or length
    return {"content": kept, "size": size, "cut": size - length}


def bodies(script):
    """HTTP in each framing, on port 443, which Wireshark expects TLS at."""
    id, xml = 1, ("Content-Type", "application/xml")
    script.connect(id, "127.0.0.1:50001", "10.1.2.3:443")
    script.request(id, 1, target="/gzip")
    script.response(id, 1, fields=[xml, ("Content-Encoding", "gzip"), ("Content-Length", "40")])
    script.body(id, 1, "<a>gzip</a>", size=None, **{"content-encoding": "gzip", "wire-size": 40})
    script.request(id, 2, target="/chunked")
    script.response(id, 2, fields=[xml, ("Transfer-Encoding", "chunked")])
    script.body(id, 2, "<a>chunked</a>", framing="chunked", trailers=named([("Digest", "x")]))
    script.request(id, 3, "POST", "/late", [xml, ("Content-Length", "11")])
    script.event({"host": "resumed"})
    script.body(id, 3, "<a>late</a>", "to-server")
    script.response(id, 3, 100)
    script.response(id, 3, 202, [("Content-Length", "0")])
    script.request(id, 4, "HEAD", "/head")
    script.response(id, 4, 200, [xml, ("Content-Length", "500")])
    script.request(id, 5, target="/304")
    script.response(id, 5, 304, [("Content-Length", "500")])
    script.request(id, 6, target="/cut")
    script.response(id, 6, fields=[xml, ("Content-Length", "700000")])
    script.body(id, 6, "<a>" + "c" * 262_141, size=700_000)
    script.request(id, 7, target="/lost-body")
    script.response(id, 7, fields=[("Content-Length", "5")])
    script.request(id, 8, target="/until-close")
    script.response(id, 8, fields=[("Content-Type", "text/plain")])
    script.event({"host": "resumed"})
    script.body(id, 8, "until close, ü", framing="until-close")
    script.end(id)


def socket(script):
    """WebSocket messages of every length and opcode, between addresses of two families."""
    id = 2
    script.connect(id, "[::1]:50002", "10.1.2.3:8445")
    upgrade = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13")]
    key, xmpp = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "xmpp")
    deflate = ("Sec-WebSocket-Extensions", "permessage-deflate")
    script.request(id, 1, target="/ws/", fields=[*upgrade, key, xmpp, deflate])
    accept = ("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    script.response(id, 1, 101, [*upgrade[:2], accept, xmpp, deflate])
    script.event({"web-socket-opened": {"exchange": 1, "target": "/ws/", "subprotocol": "xmpp"}}, id, "to-client")
    stanza(script, id, "to-server", "<iq xmlns='jabber:client' type='get' id='é1'/>", "iq", "é1")
    for length in (125, 126, 65_495, 65_535, 65_536, 200_000):
        text = f"<message xmlns='jabber:client' id='m{length}'><body>"
        text += "x" * (length - len(text) - len("</body></message>")) + "</body></message>"
        stanza(script, id, "to-client", text, "message", f"m{length}")
    stanza(script, id, "to-server", "<presence xmlns='jabber:client' id='p'/>", "presence", "p")
    facts = {"opcode": "binary", "masked": True, "wire-size": 4, "frame-count": 1}
    script.event({"web-socket-message": {"message": facts, "payload": payload(b"\xff\0\1\2")}}, id, "to-server")
    script.event({"web-socket-ping": payload("hi")}, id, "to-client")
    script.event({"web-socket-pong": {"payload": payload("hi")}}, id, "to-server")
    script.event({"web-socket-close": {"code": 1001, "reason": "Idle Timeout"}}, id, "to-client")
    script.end(id, ("fin-without-close-notify", "reset"))


def stanza(script, id, direction, xml, root, name):
    facts = {"opcode": "text", "masked": direction == "to-server", "compressed": True, "wire-size": 9, "frame-count": 3}
    outline = {"root": {"name": root, "namespace": "jabber:client"}, "id": name, "kind": "message"}
    carried = {"carrier": {"web-socket": facts}, "stanza": outline, "xml": payload(xml)}
    script.event({"xmpp-stanza": carried}, id, direction)


def elsewhere(script):
    """A connection that times out, one that failed, and one of a browser's own record, with interleaved exchanges."""
    script.connect(3, "127.0.0.1:50003", "[2001:db8::1]:8443")
    script.request(3, 1, target="/v6")
    script.end(3, ("unknown", "timed-out"))
    script.event({"accepted": {"client": "127.0.0.1:50004", "listener": "127.0.0.1:8899"}}, 4)
    failed = {"address": "10.1.2.3:8443", "outcome": {"failed": "connection-refused"}, "took": 9}
    script.event({"attempt": failed}, 4)
    target = {"host": "finesse.example.com", "port": 8445}
    script.event({"entered": {"way": "imported", "target": target, "intercepted": True}}, 5)
    for exchange in (1, 2):
        script.request(5, exchange, target=f"/h2/{exchange}", fields=[(":path", "/h2")], version="2")
    for exchange in (2, 1):
        script.response(5, exchange, version="2", fields=[("content-type", "text/plain")])
    for exchange in (1, 2):
        script.body(5, exchange, f"exchange {exchange}", framing="unknown")
    script.end(5, ("unknown", "unknown"))
