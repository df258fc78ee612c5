//! The file as a whole: whole whatever comes, and honest about what it lacks.

use std::io::{self, Write};

use super::story::*;
use crate::event::*;
use crate::export::har::{EXCHANGES, SOCKETS};
use crate::export::{Export as _, Har};

#[test]
fn the_file_says_that_it_is_not_redacted_and_what_it_lacks() {
    let mut story = Story::new();
    let gap = Gap {
        events: 12,
        ..Gap::default()
    };
    story.session.redaction = Redaction::Off;
    story.on(1, 0, None, EventKind::Gap(gap));
    let (har, _) = story.exported();
    let comment = har["log"]["comment"].as_str().unwrap();
    assert!(comment.starts_with("WARNING: not redacted"), "{comment}");
    assert!(
        comment.ends_with("12 events are missing from the recording, and so from this file"),
        "{comment}"
    );
    assert_eq!(har["log"]["_finspectSession"]["redaction"], "off");
}

#[test]
fn more_open_exchanges_and_sockets_than_are_remembered_are_written_early_and_said() {
    let mut story = Story::new();
    for connection in 0..SOCKETS as u64 + 3 {
        let payload = Payload::whole(b"m");
        story.message(connection, TO_CLIENT, DataOpcode::Text, payload);
    }
    for _ in 0..EXCHANGES + 2 {
        // Its number is that of the last but one; the story's own count would make this quadratic.
        let request = HttpRequest {
            exchange: story.now,
            method: "GET".to_owned(),
            target: "/".to_owned(),
            version: HttpVersion::Http2,
            headers: Vec::new(),
        };
        story.on(1, 1, TO_SERVER, EventKind::HttpRequest(request));
    }
    let (har, remarks) = story.exported();
    let entries = har["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), SOCKETS + 3 + EXCHANGES + 2);
    assert_eq!(
        remarks,
        ["5 entries end before their exchange did: too many were open at once"]
    );
}

#[test]
fn whatever_is_missing_or_out_of_order_the_file_is_whole() {
    let mut story = Story::new();
    story
        .socket(1)
        .message(1, TO_CLIENT, DataOpcode::Text, Payload::whole(b"a"))
        .connected(2)
        .request(2, 0, "POST", "/", &[("Content-Length", "1")])
        .response(2, 0, 1, 302, &[("Location", "/x"), ("Content-Length", "1")])
        .body(2, TO_CLIENT, 1, bytes(&[0xc3]), true)
        .body(2, TO_SERVER, 1, Payload::whole(b"x"), true)
        .ended(2, TO_SERVER, Manner::Fin)
        .ended(1, TO_CLIENT, Manner::Unknown);
    for gone in 0..story.events.len() {
        let mut events = story.events.clone();
        events.remove(gone);
        export(&story.session, &events);
        events.rotate_left(gone);
        export(&story.session, &events);
        events.reverse();
        export(&story.session, &events);
    }
}

#[test]
fn an_output_that_fails_is_an_error() {
    struct Full(usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let session = SessionStarted::default();
    let har = Box::new(Har::new(Full(100), session).unwrap());
    let error = har.finish().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
}
