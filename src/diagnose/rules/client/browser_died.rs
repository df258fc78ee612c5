//! The browser was killed or crashed: its system ends the connections, and nobody says a word (`finesse.md` 4.3, row 13;
//! 8b).

use crate::diagnose::case::Case;
use crate::diagnose::loss::Loss;
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{self, count, duration};
use crate::event::{Direction, Manner};
use crate::session::{At, Connection, End};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "browser-died",
    title: "The browser was killed or crashed",
    severity: Severity::Trouble,
    explains: &["late-logout", "zombie-conflict"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let Some(end) = loss.broken_off(Direction::ToServer) else {
        return Opinion::Silent;
    };
    let abrupt = matches!(
        end.manner,
        Manner::Fin | Manner::FinWithoutCloseNotify | Manner::Reset | Manner::CloseNotify
    );
    if !abrupt {
        return Opinion::Silent;
    }
    let (with, without) = others(case, loss, end);
    let says = "The browser was killed or crashed: its side ended the connection without a word of XMPP or WebSocket";
    let mut verdict = Verdict::new(Confidence::Likely, says)
        .because(format!(
            "{} came from the browser's side, with neither a goodbye nor a Close before it",
            words::manner(&end.manner)
        ))
        .shown(end.at, words::manner(&end.manner));
    if let Some(at) = with.first() {
        verdict = verdict
            .because(format!(
                "{} of the same browser ended in the same moment",
                count(with.len() as u64, "other connection")
            ))
            .shown(*at, "another connection of the browser ends");
    }
    if let Some(alert) = answer(loss, end) {
        verdict = verdict.shown(
            alert,
            "the server's alert decode_error only answers the missing close_notify",
        );
    }
    if let Some(at) = without {
        verdict.confidence = Confidence::Possible;
        verdict = verdict
            .lacking("another connection from the same address went on: only this one was ended, and not the browser")
            .shown(at, "another connection from there goes on");
    } else if !case.is_local(loss.connection) && with.is_empty() {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking("the browser is on another machine: something between it and finspect may have ended the connection as well");
    } else if end.manner == Manner::CloseNotify {
        verdict.confidence = Confidence::Possible;
        verdict = verdict.lacking("a close_notify came: whoever ended TLS did so on purpose");
    }
    match case.bound_after(loss) {
        Some(bound) => verdict.shown(
            bound,
            format!(
                "the agent is back after {}",
                duration(bound.time.since(end.at.time))
            ),
        ),
        None => verdict,
    }
    .matches()
}

/// Other connections from the same address: when those ended that ended together with this one, and when one went on.
fn others(case: &Case<'_>, loss: &Loss<'_>, end: &End) -> (Vec<At>, Option<At>) {
    let near = case.seconds(TOGETHER);
    let address = |one: &Connection| one.client.map(|client| client.ip());
    let recent = case.index.alive(end.at.time.since(near), end.at.time);
    let same = recent.filter(|one| {
        one.id != loss.connection.id
            && one.opened < end.at
            && address(one) == address(loss.connection)
    });
    let mut with = Vec::new();
    let mut without = None;
    for other in same {
        let first = other.first_end().map(|end| end.at);
        match first {
            Some(at) if at.time.0.abs_diff(end.at.time.0) <= near.0 => with.push(at),
            Some(at) if at < end.at => {}
            _ => {
                // Only what the browser itself said later shows that it lives.
                let spoke = other.last[Direction::ToServer];
                let late = spoke.filter(|at| at.time.since(end.at.time) > near);
                without = without.or(late);
            }
        }
    }
    (with, without)
}

/// The alert with which OpenSSL answers a stream that ends without a close_notify.
fn answer(loss: &Loss<'_>, end: &End) -> Option<At> {
    let mut ends = loss.connection.ends.iter();
    let alert = ends.find(|other| {
        other.direction == Direction::ToClient
            && matches!(&other.manner, Manner::Alert(name) if name == "decode_error")
    })?;
    (end.manner == Manner::FinWithoutCloseNotify).then_some(alert.at)
}

/// Seconds within which connections end together.
const TOGETHER: u64 = 2;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use Confidence::{Likely, Possible};
    use Direction::{ToClient, ToServer};

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(5).after(4.0)
    }

    #[test]
    fn a_bare_fin_from_the_browser_is_its_death() {
        for manner in [Manner::FinWithoutCloseNotify, Manner::Reset] {
            let script = healthy().ends(ToServer, manner).gone();
            assert_eq!(script.cause(), Some(("browser-died", Likely)));
        }
    }

    #[test]
    fn the_servers_alert_that_answers_it_changes_nothing() {
        let script = healthy().ends(ToServer, Manner::FinWithoutCloseNotify);
        let script = script
            .ends(ToClient, Manner::Alert("decode_error".to_owned()))
            .gone();
        assert_eq!(script.cause(), Some(("browser-died", Likely)));
    }

    #[test]
    fn it_is_only_possible_where_the_browser_goes_on_elsewhere() {
        let script = healthy()
            .connects()
            .asks("GET", "/desktop/", &[])
            .answers(200);
        let script = script
            .on(1)
            .ends(ToServer, Manner::FinWithoutCloseNotify)
            .gone();
        let script = script.on(2).after(9.0).asks("GET", "/desktop/", &[]);
        assert_eq!(script.cause(), Some(("browser-died", Possible)));
    }

    #[test]
    fn a_goodbye_or_a_close_before_it_is_none() {
        let left = healthy().says_goodbye().ends(ToServer, Manner::Fin).gone();
        assert_ne!(left.cause().unwrap().0, "browser-died");
        let closed = healthy()
            .closes(ToServer, Some(1001), "")
            .ends(ToServer, Manner::Fin);
        assert_ne!(closed.gone().cause().unwrap().0, "browser-died");
    }

    #[test]
    fn a_fin_from_the_servers_side_is_none() {
        let script = healthy().ends(ToClient, Manner::FinWithoutCloseNotify);
        let script = script.ends(ToServer, Manner::FinWithoutCloseNotify).gone();
        assert_eq!(script.cause().unwrap().0, "connection-cut");
    }
}
