//! The tap and the redaction alone, in this process: what looking costs, without the relaying.

use std::hint::black_box;

use finspect::event::{Direction, Micros, Redaction};
use finspect::redact::Redactor;
use finspect::tap::{Chunk, Limits, Seen, Tap};

use crate::Outcome;
use crate::machine::now;
use crate::peer::{ANSWER, UPGRADE};
use crate::script::{Cursor, Script};

/// Microseconds for each of `count` notifications about this topic: in the tap, and in redaction behind it, at each level.
pub(crate) fn looking(topic: &str, count: u32) -> Outcome<[f64; 3]> {
    let script = Script::notifications(topic)?;
    let redactor = |level| Redactor::new(level, &[7; 32].into());
    let levels = [Redaction::Standard, Redaction::Strict].map(redactor);
    let mut tap = Tap::new(Limits::default());
    let mut seen = Vec::new();
    push(&mut tap, Direction::ToServer, UPGRADE, &mut seen);
    push(&mut tap, Direction::ToClient, ANSWER, &mut seen);
    seen.clear();
    let (mut decoding, mut redacting) = (0.0, [0.0; 2]);
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
        decoding += began.elapsed().as_secs_f64();
        for (redactor, redacting) in levels.iter().zip(&mut redacting) {
            let mut copy = seen.clone();
            let began = now();
            for one in &mut copy {
                redactor.redact(&mut one.kind);
            }
            *redacting += began.elapsed().as_secs_f64();
            black_box(&copy);
        }
        if black_box(&seen).len() != BATCH as usize {
            return Err("the tap did not see every message".into());
        }
        seen.clear();
    }
    let [standard, strict] = redacting;
    Ok([decoding, standard, strict].map(|seconds| seconds * 1e6 / f64::from(count)))
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
