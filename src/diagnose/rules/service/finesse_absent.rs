//! The user `finesse` never appears after a login that went well (`finesse.md` 4.3, row 18).

use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::Micros;
use crate::session::{At, Connection, Session};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "finesse-absent",
    title: "The desktop signed in, but the user finesse never appeared",
    severity: Severity::Trouble,
    explains: &["page-closed", "late-logout"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let mut attempts = case.incident.attempts();
    let Some(attempt) = attempts.find(|attempt| attempt.stage == Stage::NoFinesse) else {
        return Opinion::Silent;
    };
    let until = end(case.session, attempt.connection, attempt.at);
    let waited = until.time.since(attempt.at.time);
    if is_silent(attempt.connection, until, case.clocks.patience) {
        return Opinion::RuledOut(
            "nothing else came on that socket either: pings stayed without an answer".to_owned(),
        );
    }
    let says = format!(
        "The desktop signed in and waited {} for the user finesse, which never appeared: without it a desktop stays connecting",
        duration(waited)
    );
    let missing = case.misses(attempt.at.time, until.time);
    let socket = attempt.connection.socket.as_ref();
    let told = socket.and_then(|socket| socket.stream.finesse.first());
    let sure = match told {
        Some(_) => Confidence::Certain,
        None if missing => Confidence::Possible,
        None => Confidence::Likely,
    };
    let mut verdict = Verdict::new(sure, says)
        .because("the login went well, and no presence from finesse@ followed: the web application is down, or not signed in to its own notification service")
        .shown(attempt.at, "the desktop is available, and nobody tells it that finesse is");
    if let Some(told) = told {
        verdict = verdict
            .because("the notification service said so itself: the user finesse is unavailable")
            .shown(told.at, "finesse is unavailable from the start");
    } else if missing {
        verdict =
            verdict.lacking("events are missing in that time: the presence may be among them");
    }
    if let Some((connection, at)) = case.index.present(attempt.connection.id) {
        verdict = verdict
            .because(format!("on connection {} it did appear", connection.id))
            .shown(at, "finesse is available on another socket");
    }
    let role = match case.role(attempt.at) {
        Role::Cause => Role::Cause,
        _ => Role::Contributing,
    };
    verdict.only(role).matches()
}

fn end(session: &Session, connection: &Connection, from: At) -> At {
    let last = session.span().map(|(_, last)| last);
    let end = connection.first_end().map(|end| end.at);
    end.or(last).unwrap_or(from)
}

/// Whether the server answered nothing at all.
fn is_silent(connection: &Connection, until: At, patience: Micros) -> bool {
    let Some(socket) = &connection.socket else {
        return false;
    };
    let pings = &socket.stream.pings.to_server;
    let waited = pings.outstanding(until.time);
    pings.answered == 0 && waited.is_some_and(|waited| waited.0 >= patience.0 / 10 * 9)
}

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely};
    use crate::diagnose::testing::Script;

    fn present() -> Script {
        Script::new()
            .connects()
            .opens_socket()
            .binds("1001002")
            .says("<presence xmlns='jabber:client'/>")
    }

    #[test]
    fn finesse_that_never_appears_is_likely() {
        assert_eq!(present().pings(4).cause(), Some(("finesse-absent", Likely)));
    }

    #[test]
    fn finesse_that_is_said_to_be_unavailable_is_certain() {
        let script = present().finesse(false).pings(4);
        assert_eq!(script.cause(), Some(("finesse-absent", Certain)));
    }

    #[test]
    fn a_desktop_that_tries_again_without_finesse_has_no_service_yet() {
        let report = present().pings(4).says_goodbye();
        let report = report.connects().opens_socket().binds("1001002");
        let report = report.says("<presence xmlns='jabber:client'/>").pings(4);
        let report = report.diagnosed();
        assert_eq!(report.incidents.len(), 1);
        assert_eq!(report.incidents[0].back, None);
    }

    #[test]
    fn finesse_that_appears_late_is_no_incident() {
        assert_eq!(present().pings(2).finesse(true).pings(2).cause(), None);
    }

    #[test]
    fn a_presence_of_cuic_is_as_good() {
        let cuic = "<presence xmlns='jabber:client' from='cuic.node1@finesse1.example.com/x'/>";
        assert_eq!(present().hears(cuic).pings(4).cause(), None);
    }

    #[test]
    fn a_server_that_answers_nothing_is_not_merely_without_finesse() {
        let script = present().after(10.0).ping().after(10.0).ping().after(3.0);
        assert_ne!(script.cause().unwrap().0, "finesse-absent");
    }
}
