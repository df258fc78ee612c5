//! The manner of death is traffic too: what ends a connection on one side ends it in the same way on the other.

use crate::support::websocket::{CLOSE, FIN, TEXT, browser, frame, masked, server, status};
use crate::support::{cases, script};

cases! {
    a_server_that_hangs_up_without_a_close_hangs_up_without_one, EveryVersion, |at|
        browser(at).take(frame(FIN | TEXT, "hello")).until_end().fin()
        => server().send(frame(FIN | TEXT, "hello")).fin();

    a_client_that_hangs_up_without_a_close_hangs_up_without_one, EveryVersion, |at|
        browser(at).send(masked(FIN | TEXT, "hello")).fin()
        => server().take(masked(FIN | TEXT, "hello")).until_end().fin();

    a_reset_by_the_server_is_a_reset, EveryVersion, |at|
        browser(at).take(frame(FIN | TEXT, "hello")).say("got it")
        => server().send(frame(FIN | TEXT, "hello")).hear("got it").reset();

    a_reset_by_the_client_is_a_reset, EveryVersion, |at|
        browser(at).send(masked(FIN | TEXT, "hello")).hear("got it").reset()
        => server().take(masked(FIN | TEXT, "hello")).say("got it");

    a_reset_in_the_middle_of_a_head_is_a_reset, Tls, |_at|
        script().send("G").hear("got it").reset()
        => script().take("G").say("got it");

    a_reset_in_the_middle_of_a_head_in_a_plain_tunnel_is_a_reset, PlainTunnel, |_at|
        script().send("G").hear("got it").reset()
        => script().take("G").say("got it");

    a_reset_by_the_server_before_anybody_spoke_is_a_reset, PlainTunnel, |_at|
        script()
        => script().reset();

    a_reset_by_the_client_before_anybody_spoke_is_a_reset, PlainTunnel, |_at|
        script().hear("here").reset()
        => script().say("here");

    a_close_that_is_answered_ends_in_order, EveryVersion, |at|
        browser(at)
            .take(frame(FIN | CLOSE, status(1000, "bye")))
            .send(masked(FIN | CLOSE, status(1000, "bye")))
            .until_end()
            .close()
        => server()
            .send(frame(FIN | CLOSE, status(1000, "bye")))
            .take(masked(FIN | CLOSE, status(1000, "bye")))
            .close();

    a_client_that_has_finished_sending_still_gets_its_answer, EveryVersion, |at|
        script().send(post(at)).fin()
        => script().until_end().send("HTTP/1.1 200 OK\r\n\r\nlate, and whole").fin();

    a_server_that_has_finished_sending_still_gets_the_rest, EveryVersion, |at|
        browser(at).until_end().send(masked(FIN | TEXT, "are you there?")).fin()
        => server().fin().take(masked(FIN | TEXT, "are you there?"));

    a_server_that_has_said_close_notify_still_gets_the_rest, Tls, |at|
        browser(at).until_close_notify().send(masked(FIN | TEXT, "one more")).close()
        => server().close_notify().take(masked(FIN | TEXT, "one more")).until_end().fin();

    a_client_that_has_said_close_notify_still_gets_its_answer, Tls, |at|
        script().send(post(at)).close_notify().head().until_end().fin()
        => script().until_close_notify().send("HTTP/1.1 200 OK\r\n\r\nlate").close();

    a_close_notify_of_the_server_arrives_before_its_fin, Tls, |at|
        browser(at).until_close_notify().say("seen").until_end().close()
        => server().close_notify().hear("seen").fin();

    a_close_notify_of_the_client_arrives_before_its_fin, Tls, |at|
        browser(at).close_notify().hear("seen").fin()
        => server().until_close_notify().say("seen").until_end().close();

    a_fin_without_close_notify_stays_without_it_on_both_sides, Tls, |at|
        browser(at).until_end().fin()
        => server().fin();

    an_orderly_end_on_one_side_and_a_truncated_one_on_the_other, Tls, |at|
        browser(at).until_end().close()
        => server().fin();

    a_reset_after_close_notify_is_both, Tls, |at|
        browser(at).until_close_notify().say("seen")
        => server().close_notify().hear("seen").reset();

    a_reset_after_a_half_close_is_a_reset, EveryVersion, |at|
        browser(at).fin()
        => server().until_end().reset();

    a_client_that_is_gone_is_gone_for_the_server, EveryVersion, |at|
        browser(at).vanish()
        => server().until_end().send_until_gone().vanish();

    a_server_that_is_gone_is_gone_for_the_client, EveryVersion, |at|
        browser(at).until_end().send_until_gone().vanish()
        => server().vanish();

    a_server_that_dies_in_the_middle_of_a_head_dies_there, EveryVersion, |at|
        script().send(post(at)).until_end().fin()
        => script().head().send("HTTP/1.1 200 OK\r\nContent-Le").fin();

    a_server_that_dies_in_the_middle_of_a_body_dies_there, EveryVersion, |at|
        script().send(post(at)).until("\r\n\r\n1234").say("got it")
        => script().head().send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234").hear("got it").reset();

    a_server_that_dies_in_the_middle_of_a_frame_dies_there, EveryVersion, |at|
        browser(at).until_end().fin()
        => server().send([0x81, 0x7e, 0x01]).fin();

    a_client_that_dies_in_the_middle_of_a_frame_dies_there, EveryVersion, |at|
        browser(at).send([0x81, 0xfe, 0x01, 0x00, 1, 2, 3]).hear("got it").reset()
        => server().take([0; 7]).say("got it");
}

fn post(at: &str) -> String {
    format!("POST /x HTTP/1.1\r\nHost: {at}\r\nContent-Length: 0\r\n\r\n")
}
