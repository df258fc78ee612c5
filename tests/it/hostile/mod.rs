//! Hostile input: each ends in an event of a kind that names it, in a process that stays small and serves the next.

mod door;
mod recording;
mod relayed;
mod vanish;

use rustls::version::TLS13;
use serde_json::Value;

use crate::support::{Layer, Loan, Mode, Wire, client, knock, secure};

/// Waits for an event of this kind with this word in it.
fn expect(loan: &Loan, wire: &Wire, kind: &str, word: &str) {
    let connection = loan.lab.events.connection(wire.caller());
    loan.lab
        .events
        .find(connection, &format!("{kind}: {word}"), |event| {
            is(event, kind, word).then_some(())
        });
}

fn is(event: &Value, kind: &str, word: &str) -> bool {
    let text = event["kind"].to_string();
    text.trim_start_matches('{')
        .starts_with(&format!("\"{kind}\""))
        && text.contains(word)
}

/// A fresh request is served, and the process has never been larger than it may be.
fn still_well(loan: &Loan) {
    loan.strays();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut origin = Wire::new(loan.accept());
            origin
                .start_server(loan.identity.server(&TLS13, &[]))
                .expect("a handshake");
            origin.until(b"\r\n\r\n").expect("a request");
            origin.send(b"HTTP/1.1 204 No Content\r\n\r\n");
            origin.until_end();
        });
        let mut wire = knock(loan, Mode::Connect, Layer::Tls13);
        secure(&mut wire, loan, Mode::Connect, |root| {
            client(root, &TLS13, &[])
        })
        .expect("a handshake");
        wire.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(
            wire.until(b"204 No Content\r\n\r\n").is_some(),
            "a fresh request is served"
        );
    });
    if let Some(peak) = peak_memory(loan.lab.process_id()) {
        assert!(peak <= MOST, "finspect held {peak} KiB");
    }
}

/// The largest resident set so far, in KiB, where the system tells (Linux).
fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What finspect may hold at its largest, over the whole of this table, in KiB. Inflated, the bombs are a GiB each.
const MOST: u64 = 192 * 1024;
