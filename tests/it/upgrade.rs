//! The upgrade: the server's own answer, agreed or refused, and whatever came in the same breath.

use crate::support::websocket::{
    FIN, PING, TEXT, browser, frame, masked, server, upgrade_answer, upgrade_answer_with,
    upgrade_request, upgrade_request_with,
};
use crate::support::{cases, script};

cases! {
    the_subprotocol_that_the_server_chose_is_the_one_the_client_gets, Everywhere, |at|
        script().send(upgrade_request_with(at, OFFER)).take(upgrade_answer()).close()
        => server().until_end().close();

    a_server_that_chooses_no_subprotocol_is_seen_to_choose_none, Everywhere, |at|
        script().send(upgrade_request_with(at, OFFER)).head().close()
        => script().head().send(upgrade_answer_with("")).until_end().close();

    own_headers_and_cookies_on_the_101_arrive, Everywhere, |at|
        script().send(upgrade_request(at)).head().close()
        => script().head().send(upgrade_answer_with(EXTRAS)).until_end().close();

    a_403_on_upgrade_is_a_403_with_its_body, Everywhere, |at|
        script().send(upgrade_request(at)).take(FORBIDDEN).close()
        => script().head().send(FORBIDDEN).until_end().close();

    a_503_on_upgrade_is_a_503_with_its_body, Everywhere, |at|
        script().send(upgrade_request(at)).until_end().close()
        => script().head().send(UNAVAILABLE).close();

    a_request_after_a_refused_upgrade_is_answered, Everywhere, |at|
        script()
            .send(upgrade_request(at))
            .take(FORBIDDEN)
            .send(upgrade_request(at))
            .take(upgrade_answer())
            .send(masked(FIN | TEXT, "in after all"))
            .close()
        => script().head().send(FORBIDDEN).and(server()).until_end().close();

    a_redirect_on_upgrade_is_a_redirect, Everywhere, |at|
        script().send(upgrade_request(at)).until_end().close()
        => script().head().send("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n").close();

    a_wrong_accept_key_is_for_the_client_to_judge, Everywhere, |at|
        script().send(upgrade_request(at)).head().close()
        => script().head().send("HTTP/1.1 101 Maybe\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
            Sec-WebSocket-Accept: bm90IHRoZSByaWdodCBvbmU=\r\n\r\n").until_end().close();

    bytes_behind_the_101_in_the_same_segment_arrive, Everywhere, |at|
        browser(at).take(frame(FIN | TEXT, "first")).take(frame(FIN | PING, "x")).close()
        => script().head().send([upgrade_answer().into_bytes(), frame(FIN | TEXT, "first"), frame(FIN | PING, "x")].concat())
            .until_end().close();

    bytes_behind_the_get_in_the_same_segment_arrive, Everywhere, |at|
        script().send([upgrade_request(at).into_bytes(), masked(FIN | TEXT, "impatient")].concat())
            .take(upgrade_answer())
            .close()
        => script().head().take(masked(FIN | TEXT, "impatient")).send(upgrade_answer()).until_end().close();

    an_upgrade_to_something_else_carries_anything, Everywhere, |at|
        script()
            .send(format!("GET /x HTTP/1.1\r\nHost: {at}\r\nConnection: Upgrade\r\nUpgrade: smoke-signals\r\n\r\n"))
            .head()
            .send([0, 1, 2, 0xff, 0x16, 3, 3])
            .take([9; 5])
            .close()
        => script()
            .head()
            .send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: smoke-signals\r\n\r\n")
            .take([0; 7])
            .send([9, 8, 0, 0xff, 0x80])
            .until_end()
            .close();

    a_103_before_the_101_arrives, Everywhere, |at|
        script().send(upgrade_request(at)).head().head().close()
        => script().head().send("HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n").send(upgrade_answer()).until_end().close();
}

/// Three subprotocols, over two lines.
const OFFER: &str = "Sec-WebSocket-Protocol: xmpp, chat\r\nsec-websocket-protocol: other\r\n";
/// What a server and the balancers before it may add.
const EXTRAS: &str = "Set-Cookie: JSESSIONID=A; Path=/; Secure\r\nSet-Cookie: route=b\r\nX-Mixed-CASE: \
                      yes\r\nServer: Openfire\r\nsec-websocket-protocol: xmpp\r\n";
const FORBIDDEN: &str =
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nnot today";
const UNAVAILABLE: &str = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Type: text/html\r\n\r\n\
                           <h1>out of service</h1>";
