//! Clocks that differ: the server's from ours by its `Date`, or ours from before, because it was set (`finesse.md` 4.3,
//! row 27).

use crate::diagnose::attempt::Stage;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Host, Micros, TlsFailure};
use crate::session::At;

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "clock-drift",
    title: "Clocks differ",
    severity: Severity::Notice,
    explains: &["certificate-not-accepted"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let dated = case.incident.attempts().find(|attempt| {
        matches!(
            attempt.stage,
            Stage::Tls(_, TlsFailure::Expired | TlsFailure::BadDate(_))
        )
    });
    if case.loss().is_none() && case.incident.attempts().next().is_none() {
        return Opinion::Silent;
    }
    let Some(Difference { at, by, says }) = jump(case).or_else(|| drift(case)) else {
        return Opinion::Silent;
    };
    let verdict = Verdict::new(Confidence::Likely, says).shown(at, "the clocks differ");
    match dated {
        Some(attempt) if by >= WRONG => verdict
            .because("a certificate was refused because of its dates, which are right by another clock")
            .shown(attempt.at, "a certificate is refused because of its dates")
            .matches(),
        _ => verdict
            .because("durations on the desktop are wrong by as much, and the lifetimes of tokens and certificates are judged wrongly")
            .only(Role::Contributing)
            .matches(),
    }
}

/// Two clocks that differ.
struct Difference {
    at: At,
    by: Micros,
    says: String,
}

/// This machine's wall clock was set during the incident, or shortly before it.
fn jump(case: &Case<'_>) -> Option<Difference> {
    let began = case.began().time;
    let from = Micros(began.0.saturating_sub(case.seconds(60).0));
    let mut jumps = case
        .host(from, case.until().time)
        .filter_map(|(at, host)| match host {
            Host::ClockJumped(jump) => Some((*at, jump.by)),
            _ => None,
        });
    let (at, by) = jumps.find(|(_, by)| by.unsigned_abs() >= NOTEWORTHY.0)?;
    let direction = if by < 0 { "back" } else { "forward" };
    let by = Micros(by.unsigned_abs());
    let says = format!(
        "The wall clock of this machine was set {direction} by {}",
        duration(by)
    );
    Some(Difference { at, by, says })
}

/// The clock of the server is away from this machine's.
fn drift(case: &Case<'_>) -> Option<Difference> {
    let losses = case.incident.losses().map(|loss| loss.connection);
    let attempts = case.incident.attempts().map(|attempt| attempt.connection);
    let target = losses.chain(attempts).find_map(|one| one.target.as_ref())?;
    let until = case.until();
    let readings = case.session.server_clocks().of(&target.host).iter();
    let reading = readings.rev().find(|reading| reading.at <= until)?;
    let by = Micros(reading.ahead.unsigned_abs().saturating_mul(1_000));
    let side = if reading.ahead < 0 {
        "behind"
    } else {
        "ahead of"
    };
    let says = format!(
        "The clock of {} is {} {side} this machine's",
        target.host,
        duration(by)
    );
    let at = reading.at;
    (by >= NOTEWORTHY).then_some(Difference { at, by, says })
}

/// A difference below this is no trouble to anybody.
const NOTEWORTHY: Micros = Micros(5_000_000);
/// From here on certificates are judged wrongly that live for weeks.
const WRONG: Micros = Micros(3_600_000_000);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToClient;
    use crate::event::{ClockJumped, Leg, Manner};

    fn answered(date: &str) -> Script {
        let script = Script::new()
            .connects()
            .asks("GET", "/finesse/api/SystemInfo", &[]);
        script.answers_with(200, &[("Date", date)])
    }

    fn lost(script: Script) -> crate::diagnose::Report {
        let script = script.logs_in("1001002").pings(3).after(3.0);
        script.ends(ToClient, Manner::Reset).gone().diagnosed()
    }

    #[test]
    fn a_server_that_is_two_minutes_ahead_contributes_and_one_second_does_not() {
        let report = lost(answered("Mon, 02 Mar 2026 12:02:00 GMT"));
        let found = &report.incidents[0].contributing[0];
        assert_eq!(
            (found.rule, found.confidence),
            ("clock-drift", Confidence::Likely)
        );
        // `Date` is cut to the second, so the server is 2 min and half a second ahead in the middle.
        assert!(found.says.contains("2 min 01 s ahead"), "{}", found.says);
        let report = lost(answered("Mon, 02 Mar 2026 12:00:01 GMT"));
        assert_eq!(report.incidents[0].contributing, []);
    }

    #[test]
    fn a_clock_that_was_set_by_days_explains_a_certificate_that_is_not_valid() {
        let script = Script::new().at(5.0).host(Host::ClockJumped(ClockJumped {
            by: -86_400_000_000,
            wall_clock: 1_772_366_405_000_000,
        }));
        let script = script.after(2.0).connects_to("finesse1.example.com");
        let expired = script.tls_fails(Leg::Upstream, TlsFailure::Expired, &[]);
        assert_eq!(expired.cause(), Some(("clock-drift", Confidence::Likely)));
    }

    #[test]
    fn a_certificate_that_expired_by_a_right_clock_is_its_own_fault() {
        let script = Script::new().connects_to("finesse1.example.com");
        let expired = script.tls_fails(Leg::Upstream, TlsFailure::Expired, &[]);
        assert_eq!(
            expired.cause(),
            Some(("certificate-not-accepted", Confidence::Certain))
        );
    }
}
