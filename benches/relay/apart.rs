//! The tap and the redaction alone, in this process: what looking costs, without the relaying.

use std::hint::black_box;

use finspect::event::{Direction, Micros, Redaction};
use finspect::redact::Redactor;
use finspect::tap::{Chunk, Limits, Seen, Tap};

use crate::Outcome;
use crate::machine::now;
use crate::peer::{ANSWER, UPGRADE};
use crate::script::{Cursor, Script};

/// Microseconds for each of `count` notifications about this topic: in the tap, and in redaction behind it.
pub(crate) fn looking(topic: &str, count: u32) -> Outcome<[f64; 2]> {
    let script = Script::notifications(topic)?;
    let redactor = Redactor::new(Redaction::Standard, &[7; 32].into());
    let mut tap = Tap::new(Limits::default());
    let mut seen = Vec::new();
    push(&mut tap, Direction::ToServer, UPGRADE, &mut seen);
    push(&mut tap, Direction::ToClient, ANSWER, &mut seen);
    seen.clear();
    let (mut decoding, mut redacting) = (0.0, 0.0);
    let mut cursor = Cursor::default();
    for _ in 0..count / BATCH {
        let began = now();
        for _ in 0..BATCH {
            push(
                &mut tap,
                Direction::ToClient,
                script.next(&mut cursor),
                &mut seen,
            );
        }
        let decoded = now();
        for one in &mut seen {
            redactor.redact(&mut one.kind);
        }
        redacting += decoded.elapsed().as_secs_f64();
        decoding += (decoded - began).as_secs_f64();
        if black_box(&seen).len() != BATCH as usize {
            return Err("the tap did not see every message".into());
        }
        seen.clear();
    }
    Ok([decoding, redacting].map(|seconds| seconds * 1e6 / f64::from(count)))
}

fn push(tap: &mut Tap, direction: Direction, bytes: &[u8], seen: &mut Vec<Seen>) {
    let chunk = Chunk {
        arrived: Micros(1),
        forwarded: Some(Micros(2)),
        bytes,
    };
    tap.push(direction, chunk, seen);
}

/// Messages between two looks at the clock.
const BATCH: u32 = 50;
