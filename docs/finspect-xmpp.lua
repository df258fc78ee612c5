-- Shows what a WebSocket of subprotocol "xmpp" (RFC 7395) carries as XMPP. For Wireshark 4.0 and later.
DissectorTable.get("ws.protocol"):add("xmpp", Dissector.get("xmpp"))
