//! HTTP/1 in every framing, the old and the broken too.

use crate::support::{cases, script};

cases! {
    header_case_order_and_duplicates_stay, Everywhere, |at|
        script()
            .send(format!("GET / HTTP/1.1\r\nX-Mixed-CASE: 1\r\nhOST: {at}\r\nb: 2\r\na:1\r\nb:   3  \r\nCookie: a=1\r\nCookie: b=2\r\n\r\n"))
            .until_end().close()
        => script().head()
            .send("HTTP/1.1 200 fine by me\r\nset-COOKIE: a=1\r\nContent-Length: 2\r\nSet-Cookie: b=2\r\nZ:\r\nA: \tx\r\n\r\nok").close();

    pipelined_requests_get_their_answers_in_order, Everywhere, |at|
        script().send([get(at, "/1"), get(at, "/2"), get(at, "/3")].concat()).take([ok("one"), ok("two"), ok("three")].concat()).close()
        => script().head().head().head().send([ok("one"), ok("two"), ok("three")].concat()).until_end().close();

    an_answer_before_the_request_is_whole_arrives, Everywhere, |at|
        script().send(post(at, 10, "")).send("12345").take(TOO_LARGE).until_end().close()
        => script().head().take("12345").send(TOO_LARGE).close();

    expect_100_continue_accepted_waits_for_the_server, Everywhere, |at|
        script().send(post(at, 4, "Expect: 100-continue\r\n")).take(CONTINUE).send("body").take(ok("thanks")).close()
        => script().head().send(CONTINUE).take("body").send(ok("thanks")).until_end().close();

    expect_100_continue_refused_keeps_the_body_back, Everywhere, |at|
        script().send(post(at, 4, "Expect: 100-continue\r\n")).take(TOO_LARGE).close()
        => script().head().send(TOO_LARGE).until_end().close();

    early_hints_arrive_early, Everywhere, |at|
        script().send(get(at, "/")).take(HINTS).say("hints").take(ok("page")).close()
        => script().head().send(HINTS).hear("hints").send(ok("page")).until_end().close();

    chunks_extensions_and_trailers_stay, Everywhere, |at|
        script().send(chunked_request(at)).take(CHUNKED).close()
        => script().take(chunked_request(at)).send(CHUNKED).until_end().close();

    each_chunk_arrives_when_it_is_sent, Everywhere, |at|
        script().send(get(at, "/events")).head().take("5\r\ndata:\r\n").say("1").take("3\r\n 1\n\r\n").say("2").take("0\r\n\r\n").close()
        => script().head().send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n")
            .send("5\r\ndata:\r\n").hear("1").send("3\r\n 1\n\r\n").hear("2").send("0\r\n\r\n").until_end().close();

    http_1_0_ends_with_the_connection, Everywhere, |at|
        script().send(format!("GET /old HTTP/1.0\r\nHost: {at}\r\n\r\n")).until_end().close()
        => script().head().send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nas it was").close();

    http_1_0_with_keep_alive_goes_on, Everywhere, |at|
        script()
            .send(old(at)).take(OLD_ANSWER).send(old(at)).take(OLD_ANSWER).close()
        => script().head().send(OLD_ANSWER).head().send(OLD_ANSWER).until_end().close();

    a_body_that_ends_with_the_connection_ends_there, Everywhere, |at|
        script().send(get(at, "/")).until("whatever").say("so far").until_end().close()
        => script().head().send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nwhatever").hear("so far").send(" comes").close();

    a_body_that_is_too_short_is_too_short, EveryVersion, |at|
        script().send(get(at, "/")).until_end().close()
        => script().head().send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\ntoo short").close();

    a_head_answer_with_a_length_has_no_body, Everywhere, |at|
        script().send(format!("HEAD / HTTP/1.1\r\nHost: {at}\r\n\r\n")).head().send(get(at, "/")).take(ok("now with body")).close()
        => script().head().send("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n").head().send(ok("now with body")).until_end().close();

    a_204_and_a_304_with_bodies_that_must_not_be_arrive_with_them, Everywhere, |at|
        script().send(get(at, "/")).until("wrong").send(get(at, "/")).until_end().close()
        => script().head().send("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nwrong")
            .head().send("HTTP/1.1 304 Not Modified\r\n\r\nwrong again").close();

    a_length_and_chunks_at_once_are_for_the_client_to_judge, Everywhere, |at|
        script().send(get(at, "/")).until_end().close()
        => script().head().send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").close();

    two_lengths_that_differ_are_for_the_client_to_judge, Everywhere, |at|
        script().send(get(at, "/")).until_end().close()
        => script().head().send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello").close();

    a_broken_chunk_size_is_for_the_client_to_judge, Everywhere, |at|
        script().send(get(at, "/")).until_end().close()
        => script().head().send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n0\r\n\r\n").close();

    an_answer_that_is_no_http_arrives, Everywhere, |at|
        script().send(get(at, "/")).until_end().close()
        => script().head().send(b"SSH-2.0-OpenSSH_9.2\r\n\0\x01\x02\xff").close();

    an_answer_with_bare_line_feeds_and_folded_headers_arrives, Everywhere, |at|
        script().send(get(at, "/")).until_end().close()
        => script().head().send("HTTP/1.1 200\nA: 1\n  folded\nno colon here\n: no name\nB : 2\n\nbody").close();

    an_answer_without_a_head_arrives, Everywhere, |at|
        script().send(get(at, "/")).until_end().close()
        => script().head().send("\r\n\r\n").close();

    an_answer_that_nobody_asked_for_arrives, Everywhere, |at|
        script().send(get(at, "/")).take([ok("one"), ok("two")].concat()).close()
        => script().head().send([ok("one"), ok("two")].concat()).until_end().close();

    a_head_of_200_kib_is_for_the_two_ends_to_judge, Everywhere, |at|
        script().send(get(at, "/")).send(get(at, &"x".repeat(200_000))).take(huge_answer()).close()
        => script().head().head().send(huge_answer()).until_end().close();

    methods_targets_and_versions_that_nobody_knows_arrive, Everywhere, |at|
        script().send(get(at, "/")).take(ok("")).send(format!("M-SEARCH *?<> HTTP/1.1\r\nHost: {at}\r\n\r\n"))
            .take(ok("")).send("PRI * HTTP/7.5\r\n\r\n").until_end().close()
        => script().head().send(ok("")).head().send(ok("")).head().close();

    a_post_of_many_segments_arrives_whole, Everywhere, |at|
        script().send(post(at, 300_000, "")).send(vec![b'a'; 100_000]).send(vec![b'b'; 200_000]).take(ok("thanks")).close()
        => script().head().take(vec![0; 300_000]).send(ok("thanks")).until_end().close();

    a_byte_at_a_time_makes_a_request_and_its_answer, Everywhere, |at|
        script().drip().send(chunked_request(at)).take(CHUNKED).close()
        => script().drip().take(chunked_request(at)).send(CHUNKED).until_end().close();
}

/// What has no HTTP to it travels in a tunnel.
pub(crate) mod opaque {
    use super::{cases, script};

    cases! {
        a_server_that_speaks_first_is_heard_first, PlainTunnel, |_at|
            script().take("220 mail.finesse.test ESMTP\r\n").send("EHLO me\r\n").take("250 ok\r\n").close()
            => script().send("220 mail.finesse.test ESMTP\r\n").take("EHLO me\r\n").send("250 ok\r\n").until_end().close();

        bytes_of_no_known_protocol_arrive, PlainTunnel, |_at|
            script().send([0, 1, 2, 3, 0xff, 0x80, 0]).take([0xfe; 3]).close()
            => script().take([0; 7]).send([0xfe, 0, 0x16]).until_end().close();

        one_byte_of_no_known_protocol_arrives_at_once, PlainTunnel, |_at|
            script().send([4]).take([5]).close()
            => script().take([4]).send([5]).until_end().close();

        something_that_begins_like_tls_and_is_not_arrives, PlainTunnel, |_at|
            script().send([0x16, 0x47, 0x45, 0x54, 0x20, 0x2f, 0, 0, 0]).take([1; 3]).close()
            => script().take([0; 9]).send([1, 2, 3]).until_end().close();

        a_client_that_only_listens_hears_the_server, PlainTunnel, |_at|
            script().fin().take("goodbye").until_end()
            => script().until_end().send("goodbye").fin();

        a_tunnel_that_is_opened_and_closed_is_opened_and_closed, PlainTunnel, |_at|
            script().close() => script().until_end().close();
    }
}

fn get(at: &str, target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: {at}\r\n\r\n")
}

fn post(at: &str, length: usize, lines: &str) -> String {
    format!("POST /x HTTP/1.1\r\nHost: {at}\r\nContent-Length: {length}\r\n{lines}\r\n")
}

fn old(at: &str) -> String {
    format!("GET /old HTTP/1.0\r\nHost: {at}\r\nConnection: keep-alive\r\n\r\n")
}

fn chunked_request(at: &str) -> String {
    format!(
        "PUT /x HTTP/1.1\r\nHost: {at}\r\nTransfer-Encoding: chunked\r\n\r\n00004;why\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn huge_answer() -> String {
    format!(
        "HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n",
        "y".repeat(200_000)
    )
}

const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
const TOO_LARGE: &str =
    "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!";
const OLD_ANSWER: &str =
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nold";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: Chunked\r\n\r\n\
                       5;name=\"v;1\" ;x\r\nhello\r\n0A\r\n, and more.\r\n000;last\r\nX-Sum: 17\r\nx-sum: 18\r\n\r\n";
