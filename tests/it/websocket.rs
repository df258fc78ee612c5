//! Frames travel as they are: their cut, their masks, their order, their time, and their mistakes.

use crate::support::websocket::{
    BINARY, CLOSE, FIN, MORE, PING, PONG, RSV1, RSV23, TEXT, browser, deflate, frame, long_form,
    masked, server, status, upgrade_answer, upgrade_answer_with, upgrade_request,
    upgrade_request_with,
};
use crate::support::{Script, cases, script};

cases! {
    // Each fragment is sent only after the one before it was seen at the other end: nothing may wait for the message.
    three_fragments_with_a_ping_between_arrive_one_by_one, EveryVersion, |at|
        browser(at)
            .take(frame(TEXT, "one ")).say("1")
            .take(frame(MORE, "two ")).say("2")
            .take(frame(FIN | PING, "alive?")).say("3")
            .take(frame(FIN | MORE, "three")).say("4")
            .close()
        => server()
            .send(frame(TEXT, "one ")).hear("1")
            .send(frame(MORE, "two ")).hear("2")
            .send(frame(FIN | PING, "alive?")).hear("3")
            .send(frame(FIN | MORE, "three")).hear("4")
            .until_end().close();

    three_fragments_of_the_client_arrive_one_by_one, Everywhere, |at|
        browser(at)
            .send(masked(TEXT, "one ")).hear("1")
            .send(masked(FIN | PONG, "")).hear("2")
            .send(masked(MORE, "")).hear("3")
            .send(masked(FIN | MORE, "three")).hear("4")
            .close()
        => server()
            .take(masked(TEXT, "one ")).say("1")
            .take(masked(FIN | PONG, "")).say("2")
            .take(masked(MORE, "")).say("3")
            .take(masked(FIN | MORE, "three")).say("4")
            .until_end().close();

    half_a_frame_arrives_before_its_other_half, Everywhere, |at|
        browser(at).take([0x81]).say("1").take([5, b'h']).say("2").take("ello").close()
        => server().send([0x81]).hear("1").send([5, b'h']).hear("2").send("ello").until_end().close();

    close_4000_with_a_reason_is_close_4000_with_that_reason, Everywhere, |at|
        closing_client(at, &status(4000, "agent kicked"))
        => closing_server(&status(4000, "agent kicked"));

    close_1016_which_nobody_may_send_is_close_1016, Everywhere, |at|
        closing_client(at, &status(1016, "")) => closing_server(&status(1016, ""));

    close_1006_which_nobody_may_send_is_close_1006, Everywhere, |at|
        closing_client(at, &status(1006, "")) => closing_server(&status(1006, ""));

    an_empty_close_is_an_empty_close, Everywhere, |at|
        closing_client(at, b"") => closing_server(b"");

    a_close_of_one_byte_is_a_close_of_one_byte, Everywhere, |at|
        closing_client(at, b"\x03") => closing_server(b"\x03");

    a_close_whose_reason_is_no_text_stays_so, Everywhere, |at|
        closing_client(at, b"\x03\xe8\xff\xfe") => closing_server(b"\x03\xe8\xff\xfe");

    a_client_that_closes_waits_for_the_servers_close, Everywhere, |at|
        browser(at)
            .send(masked(FIN | CLOSE, status(1001, "going away")))
            .take(frame(FIN | TEXT, "still talking"))
            .take(frame(FIN | CLOSE, status(1001, "going away")))
            .close()
        => server()
            .take(masked(FIN | CLOSE, status(1001, "going away")))
            .send(frame(FIN | TEXT, "still talking"))
            .send(frame(FIN | CLOSE, status(1001, "going away")))
            .until_end().close();

    data_after_a_close_arrives, Everywhere, |at|
        browser(at).take(frame(FIN | CLOSE, status(1000, ""))).take(frame(FIN | TEXT, "and another thing")).close()
        => server().send(frame(FIN | CLOSE, status(1000, ""))).send(frame(FIN | TEXT, "and another thing")).until_end().close();

    compressed_messages_with_context_takeover_arrive_compressed, Everywhere, |at|
        script()
            .send(upgrade_request_with(at, DEFLATE_OFFER)).take(upgrade_answer_with(DEFLATE))
            .send(compressed(masked)).take(compressed(frame)).close()
        => script()
            .head().send(upgrade_answer_with(DEFLATE))
            .take(compressed(masked)).send(compressed(frame)).until_end().close();

    broken_compression_arrives_broken, Everywhere, |at|
        script()
            .send(upgrade_request_with(at, DEFLATE_OFFER)).take(upgrade_answer_with(DEFLATE))
            .take(frame(FIN | RSV1 | TEXT, [0xff; 40])).take(frame(FIN | TEXT, "after it")).close()
        => script()
            .head().send(upgrade_answer_with(DEFLATE))
            .send(frame(FIN | RSV1 | TEXT, [0xff; 40])).send(frame(FIN | TEXT, "after it")).until_end().close();

    reserved_bits_stay, Everywhere, |at|
        browser(at)
            .take(frame(FIN | RSV1 | RSV23 | TEXT, "what for?"))
            .send(masked(FIN | RSV23 | BINARY, "no idea")).close()
        => server()
            .send(frame(FIN | RSV1 | RSV23 | TEXT, "what for?"))
            .take(masked(FIN | RSV23 | BINARY, "no idea")).until_end().close();

    unknown_opcodes_stay, Everywhere, |at|
        browser(at).take(frame(FIN | 0x5, "data?")).take(frame(FIN | 0xb, "control?")).take(frame(FIN | TEXT, "text")).close()
        => server().send(frame(FIN | 0x5, "data?")).send(frame(FIN | 0xb, "control?")).send(frame(FIN | TEXT, "text")).until_end().close();

    an_unmasked_client_frame_is_for_the_server_to_judge, Everywhere, |at|
        browser(at).send(frame(FIN | TEXT, "no mask")).take(frame(FIN | CLOSE, status(1002, "mask!"))).close()
        => server().take(frame(FIN | TEXT, "no mask")).send(frame(FIN | CLOSE, status(1002, "mask!"))).until_end().close();

    a_masked_server_frame_is_for_the_client_to_judge, Everywhere, |at|
        browser(at).take(masked(FIN | TEXT, "masked")).take(frame(FIN | TEXT, "plain")).close()
        => server().send(masked(FIN | TEXT, "masked")).send(frame(FIN | TEXT, "plain")).until_end().close();

    a_64_bit_length_stays_one_even_where_it_is_not_needed, Everywhere, |at|
        browser(at).take(long_form(FIN | TEXT, "short")).take(frame(FIN | BINARY, vec![7; 70_000])).close()
        => server().send(long_form(FIN | TEXT, "short")).send(frame(FIN | BINARY, vec![7; 70_000])).until_end().close();

    a_length_with_its_highest_bit_set_is_for_the_client_to_judge, Everywhere, |at|
        browser(at).take([0; 10]).take(frame(FIN | TEXT, "lost")).close()
        => server().send([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
            .send(frame(FIN | TEXT, "lost")).until_end().close();

    a_message_of_16_mib_arrives_whole, Everywhere, |at|
        browser(at).take(frame(FIN | BINARY, sixteen_mib())).send(masked(FIN | TEXT, "thanks")).close()
        => server().send(frame(FIN | BINARY, sixteen_mib())).take(masked(FIN | TEXT, "thanks")).until_end().close();

    a_peer_that_sends_a_byte_at_a_time_is_understood, Everywhere, |at|
        script().drip().send(upgrade_request(at)).head()
            .send(masked(FIN | TEXT, "hello")).take(frame(FIN | TEXT, "hello yourself")).close()
        => script().drip().head().send(upgrade_answer())
            .take(masked(FIN | TEXT, "hello")).send(frame(FIN | TEXT, "hello yourself")).until_end().close();

    // The answer to the second message comes after all that the ping may have caused on its way.
    a_ping_to_a_silent_server_gets_no_pong_from_anybody, EveryVersion, |at|
        browser(at)
            .send(masked(FIN | PING, "still there?")).hear("ping")
            .send(masked(FIN | TEXT, "hello?")).take(frame(FIN | TEXT, "hello")).close()
        => server()
            .take(masked(FIN | PING, "still there?")).say("ping")
            .take(masked(FIN | TEXT, "hello?")).send(frame(FIN | TEXT, "hello")).until_end().close();

    a_ping_to_a_silent_client_gets_no_pong_from_anybody, Everywhere, |at|
        browser(at)
            .take(frame(FIN | PING, "10s")).say("ping")
            .take(frame(FIN | TEXT, "hello?")).send(masked(FIN | TEXT, "hello")).close()
        => server()
            .send(frame(FIN | PING, "10s")).hear("ping")
            .send(frame(FIN | TEXT, "hello?")).take(masked(FIN | TEXT, "hello")).until_end().close();

    pongs_arrive_asked_for_or_not, Everywhere, |at|
        browser(at).send(masked(FIN | PONG, "unasked")).take(frame(FIN | PONG, "too")).close()
        => server().take(masked(FIN | PONG, "unasked")).send(frame(FIN | PONG, "too")).until_end().close();

    text_that_is_no_utf8_arrives_as_it_is, Everywhere, |at|
        browser(at).take(frame(FIN | TEXT, [0xc3, 0x28, 0xff])).take(frame(FIN | TEXT, "<iq/>")).close()
        => server().send(frame(FIN | TEXT, [0xc3, 0x28, 0xff])).send(frame(FIN | TEXT, "<iq/>")).until_end().close();

    a_control_frame_in_fragments_and_one_too_long_arrive, Everywhere, |at|
        browser(at).take(frame(PING, "a")).take(frame(FIN | PING, [b'x'; 300])).take(frame(FIN | MORE, "b")).close()
        => server().send(frame(PING, "a")).send(frame(FIN | PING, [b'x'; 300])).send(frame(FIN | MORE, "b")).until_end().close();

    empty_frames_and_white_space_pings_arrive, Everywhere, |at|
        browser(at).send(masked(FIN | TEXT, " ")).send(masked(FIN | TEXT, "")).take(frame(FIN | TEXT, "\n")).close()
        => server().take(masked(FIN | TEXT, " ")).take(masked(FIN | TEXT, "")).send(frame(FIN | TEXT, "\n")).until_end().close();
}

/// A client that is told to go, answers in kind, and goes.
fn closing_client(at: &str, payload: &[u8]) -> Script {
    browser(at)
        .take(frame(FIN | CLOSE, payload))
        .send(masked(FIN | CLOSE, payload))
        .until_end()
        .close()
}

/// A server that says Close, waits for the answer, and hangs up.
fn closing_server(payload: &[u8]) -> Script {
    server()
        .send(frame(FIN | CLOSE, payload))
        .take(masked(FIN | CLOSE, payload))
        .close()
}

/// Three messages that only make sense with the window of the ones before.
fn compressed(framed: fn(u8, Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    let text = "<message from='finesse@finesse.test'><event>the same again</event></message>";
    let messages = deflate(&[text, text, text]);
    assert!(
        messages[1].len() * 2 < messages[0].len(),
        "the window is used"
    );
    let frames = messages.into_iter().map(|m| framed(FIN | RSV1 | TEXT, m));
    frames.flatten().collect()
}

/// Sixteen MiB that repeat at no power of two.
fn sixteen_mib() -> Vec<u8> {
    (0..=250u8).cycle().take(16 << 20).collect()
}

const DEFLATE_OFFER: &str =
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
