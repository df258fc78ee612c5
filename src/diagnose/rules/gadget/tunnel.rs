//! A gadget has lost its tunnel to CUIC or CCX, or never got one of use, while the desktop's own socket lived on.

use super::application;
use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Direction, Manner};
use crate::session::Connection;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "gadget-tunnel",
    title: "A gadget's tunnel was lost, and not the desktop",
    severity: Severity::Notice,
    explains: &[],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    if let Some(loss) = case.incident.losses().next() {
        let says = format!(
            "A gadget lost its tunnel to {}: {}",
            place(loss.connection),
            how(loss)
        );
        let verdict =
            verdict(loss.connection, says).shown(loss.at, "the tunnel is of no use any more");
        if loss.is_voluntary() {
            return verdict.no_worse_than(Severity::Info).matches();
        }
        return verdict.matches();
    }
    let Some(attempt) = case.incident.attempts().next() else {
        return Opinion::Silent;
    };
    let says = format!(
        "A gadget's tunnel to {} was never of use",
        place(attempt.connection)
    );
    verdict(attempt.connection, says)
        .shown(attempt.at, "the tunnel waits in vain")
        .matches()
}

/// What is known of the tunnel: whose it is by the users that are there, or by its server.
fn verdict(connection: &Connection, says: String) -> Verdict {
    let alone = "the desktop's own socket lived on";
    let gadgets = connection.socket.iter().flat_map(|one| &one.stream.gadgets);
    match gadgets.clone().find(|one| one.available) {
        Some(there) => Verdict::new(Confidence::Certain, says)
            .because(format!(
                "it is a tunnel to {}: the user {} was there on it, and the user finesse was not",
                application(&there.user),
                there.user
            ))
            .because(alone)
            .shown(there.at, format!("{} is available on the tunnel", there.user)),
        None => Verdict::new(Confidence::Likely, says)
            .because("it is a second socket of the agent to another server, and the user finesse was not there on it")
            .because(alone),
    }
}

/// How it ended.
fn how(loss: &Loss<'_>) -> String {
    let ended = match loss.word {
        Word::Goodbye => "the page said goodbye".to_owned(),
        Word::StreamError(Direction::ToClient, condition) => {
            format!("the server ended it with the stream error {condition}")
        }
        Word::StreamError(Direction::ToServer, condition) => {
            format!("the page ended it with the stream error {condition}")
        }
        Word::StreamClose => "the server closed the stream".to_owned(),
        Word::Close(close) => format!("{} closed it", side(close.direction)),
        Word::End(end) if end.manner == Manner::Reset => {
            format!("{} reset it", side(end.direction))
        }
        Word::End(end) => format!("{} ended it without a word", side(end.direction)),
        Word::Gone => "what ended it was not seen".to_owned(),
        Word::Open => "nobody has ended it".to_owned(),
    };
    match loss.waited() {
        Some(waited) => format!(
            "a ping waited {} for its answer, and {ended}",
            duration(waited)
        ),
        None => ended,
    }
}

const fn side(direction: Direction) -> &'static str {
    match direction {
        Direction::ToServer => "the browser",
        Direction::ToClient => "the server's side",
    }
}

fn place(connection: &Connection) -> String {
    let target = connection.target.as_ref();
    target.map_or_else(|| "another server".to_owned(), ToString::to_string)
}
