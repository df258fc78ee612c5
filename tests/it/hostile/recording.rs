//! Recordings that nobody's finspect wrote: `finspect diagnose` of them stays small.

use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use finspect::event::{
    Attempt, AttemptOutcome, Authority, Closing, ConnectionId, DialFailure, Direction, Ended,
    Entered, Event, EventKind, HttpRequest, HttpVersion, Manner, Micros, Refusal, SessionStarted,
    Times, Way, WebSocketOpened,
};
use finspect::recording::{Header, Writer};

use super::peak_memory;
use crate::show::finspect;

#[test]
fn a_recording_full_of_long_texts_is_diagnosed_in_little_memory() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("a.jsonl");
    let size = write(&path, &long_texts());
    assert!(size > 140_000_000, "{size}");
    let peak = diagnosed(&path);
    assert!(peak.is_none_or(|peak| peak <= MOST), "{peak:?} KiB");
}

#[test]
fn a_recording_of_very_many_connections_is_diagnosed_in_little_memory() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("a.jsonl");
    write(&path, &many_connections());
    let peak = diagnosed(&path);
    assert!(peak.is_none_or(|peak| peak <= MOST), "{peak:?} KiB");
}

/// Some thousand connections, each with texts of some ten thousand bytes in all that is remembered of it.
fn long_texts() -> Vec<(u64, EventKind)> {
    let long = |number: u64| format!("{number}{}", "x".repeat(14_000));
    let each = |connection: u64| {
        let kinds = [
            EventKind::Entered(Entered {
                way: Way::Connect,
                target: Authority {
                    host: long(connection),
                    port: 8445,
                },
                intercepted: true,
            }),
            EventKind::Attempt(Attempt {
                address: ([10, 0, 0, 7], 8445).into(),
                local: None,
                outcome: AttemptOutcome::Failed(DialFailure::Other(long(connection))),
                took: Micros(1),
                via: None,
            }),
            EventKind::HttpRequest(request(connection, long(connection))),
            EventKind::WebSocketOpened(WebSocketOpened {
                target: format!("/ws/{}", long(connection)),
                ..opened(connection)
            }),
            EventKind::WebSocketClose(Closing {
                code: Some(1006),
                reason: long(connection),
            }),
            EventKind::Ended(Ended {
                manner: Manner::Error(long(connection)),
                bytes: 1,
            }),
        ];
        kinds.map(|kind| (connection, kind))
    };
    (1..=1_800).flat_map(each).collect()
}

/// As many as the projection remembers and more, each with hundreds of short facts, until it is too heavy.
fn many_connections() -> Vec<(u64, EventKind)> {
    let each = |connection: u64| {
        let opened = EventKind::WebSocketOpened(opened(connection));
        let refused = EventKind::Refused(Refusal::BadRequest("?".repeat(200)));
        let requests = (0..5).map(move |number| {
            let target = format!("/{number}{}", "y".repeat(250));
            EventKind::HttpRequest(request(number, target))
        });
        let ended = EventKind::Ended(Ended {
            manner: Manner::Reset,
            bytes: 1,
        });
        let all = [refused, opened].into_iter().chain(requests).chain([ended]);
        all.map(move |kind| (connection, kind))
    };
    (1..=10_000).flat_map(each).collect()
}

fn request(exchange: u64, target: String) -> HttpRequest {
    HttpRequest {
        exchange,
        method: "GET".to_owned(),
        target,
        version: HttpVersion::Http11,
        headers: Vec::new(),
    }
}

fn opened(exchange: u64) -> WebSocketOpened {
    WebSocketOpened {
        exchange,
        target: "/ws/".to_owned(),
        subprotocol: Some("xmpp".to_owned()),
        deflate: None,
        unknown_extensions: Vec::new(),
    }
}

/// Writes a recording; returns its size.
fn write(path: &Path, kinds: &[(u64, EventKind)]) -> u64 {
    let file = BufWriter::new(File::create(path).unwrap());
    let header = Header::new("c0ffee".to_owned(), SessionStarted::default());
    let mut writer = Writer::new(file, &header).unwrap();
    for (number, (connection, kind)) in (1..).zip(kinds) {
        let event = Event {
            number,
            time: Times::at(Micros(number * 10_000)),
            connection: Some(ConnectionId(*connection)),
            direction: Some(Direction::ToClient),
            kind: kind.clone(),
        };
        writer.event(&event).unwrap();
    }
    let mut file = writer.finish().unwrap();
    file.flush().unwrap();
    path.metadata().unwrap().len()
}

/// Lets it be diagnosed; returns the largest resident set until all of the report was there, in KiB.
fn diagnosed(path: &Path) -> Option<u64> {
    let mut command = finspect();
    command
        .arg("diagnose")
        .arg(path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut process = command.spawn().unwrap();
    let mut output = process.stdout.take().unwrap();
    // Nothing is written before all of it is there.
    output.read_exact(&mut [0]).unwrap();
    let peak = peak_memory(process.id());
    std::io::copy(&mut output, &mut std::io::sink()).unwrap();
    let status = process.wait().unwrap();
    assert_eq!(status.code(), Some(1), "trouble was found");
    peak
}

/// What it may hold at its largest, in KiB: what the projection may weigh, the report and the program.
const MOST: u64 = 128 * 1024;
