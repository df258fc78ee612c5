//! Finesse's web application is down while its notification service lives (`finesse.md` 4.3, row 7).

use super::rest;
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::symptom::Symptom;
use crate::diagnose::words::{count, duration};
use crate::event::{ConnectionId, Direction};
use crate::session::{At, Connection};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "web-app-down",
    title: "Finesse's web application was down",
    severity: Severity::Trouble,
    explains: &[
        "cti-failover",
        "finesse-absent",
        "page-closed",
        "server-closed",
        "server-unreachable",
        "upgrade-refused",
        "late-logout",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let gone = case
        .incident
        .symptoms
        .iter()
        .find_map(|symptom| match symptom {
            Symptom::FinesseGone(connection, at) => Some((*connection, *at)),
            _ => None,
        });
    let Some((connection, at)) = gone else {
        return match rest::failing_alone(case) {
            Opinion::Silent => stayed(case),
            told => told,
        };
    };
    if let Some(why) = went_with_it(case, connection, at) {
        return Opinion::RuledOut(why);
    }
    let until = case.until();
    let gone = case.lasted(at).map_or_else(
        || "became unavailable".to_owned(),
        |lasted| format!("was unavailable for {}", duration(lasted)),
    );
    let says = format!(
        "Finesse's web application (Tomcat) went down: the user finesse {gone}, while the notification service lived"
    );
    let verdict = Verdict::new(Confidence::Certain, says)
        .because("the notification service said so: presence unavailable from the user finesse")
        .shown(at, "finesse becomes unavailable");
    let verdict = on_the_socket(verdict, connection, at);
    let verdict = over_rest(verdict, case, connection.id, at, until);
    let earlier = case.incident.symptoms.iter().any(|symptom| {
        matches!(symptom, Symptom::OutOfService(service)
            if at.time.since(service.at.time) > case.seconds(TOGETHER))
    });
    let role = if earlier {
        Role::Contributing
    } else {
        case.role(at)
    };
    verdict.only(role).matches()
}

/// Finesse says that it is out of service, and is there to say so.
fn stayed(case: &Case<'_>) -> Opinion {
    let mut symptoms = case.incident.symptoms.iter();
    let out = symptoms.find_map(|symptom| match symptom {
        Symptom::OutOfService(service) if !service.maintenance => Some(*service),
        _ => None,
    });
    let socket = out.and_then(|service| case.session.get(service.connection)?.socket.as_ref());
    let last = socket.and_then(|socket| socket.stream.finesse.last());
    if last.is_some_and(|presence| presence.available) {
        return Opinion::RuledOut(
            "Finesse itself told of it, and the user finesse stayed available".to_owned(),
        );
    }
    Opinion::Silent
}

/// Why the presence belongs to the end of the notification service itself, if it does.
fn went_with_it(case: &Case<'_>, connection: &Connection, at: At) -> Option<String> {
    let mut losses = case.incident.losses();
    let loss = losses.find(|loss| loss.connection.id == connection.id)?;
    let soon = loss.over >= at && loss.over.time.since(at.time) <= case.seconds(TOGETHER);
    let end = loss.end().map(|end| end.direction);
    if soon && loss.server_error("system-shutdown").is_some() {
        let why = "the user finesse went because the notification service shut down, and said so";
        return Some(why.to_owned());
    }
    let server = end == Some(Direction::ToClient) && !loss.is_voluntary();
    (soon && server).then(|| {
        format!(
            "the notification service itself ended the connection {} after the user finesse went",
            duration(loss.over.time.since(at.time))
        )
    })
}

fn on_the_socket(mut verdict: Verdict, connection: &Connection, at: At) -> Verdict {
    let Some(socket) = &connection.socket else {
        return verdict;
    };
    let pings = socket.stream.pings.to_server.latest();
    let mut later = pings.filter(|ping| ping.sent > at).peekable();
    // A desktop that leaves at once pings no more.
    if later.peek().is_none() {
        return verdict;
    }
    match later.find_map(|ping| ping.answered) {
        Some(answer) => verdict
            .because("the socket lived on: pings were answered after that")
            .shown(answer, "the notification service still answers a ping"),
        None => {
            verdict.confidence = Confidence::Likely;
            verdict.lacking(
                "no ping was answered after that: the notification service may hang as well",
            )
        }
    }
}

fn over_rest(
    mut verdict: Verdict,
    case: &Case<'_>,
    socket: ConnectionId,
    at: At,
    until: At,
) -> Verdict {
    let failed = case.rest_failures(at, until);
    let failed: Vec<At> = failed
        .filter(|(id, failure)| failure.status >= 500 && case.is_same_server(*id, socket))
        .map(|(_, failure)| failure.at)
        .collect();
    if let Some(first) = failed.first() {
        let calls = count(failed.len() as u64, "REST call");
        return verdict
            .because(format!("{calls} failed meanwhile with a server error"))
            .shown(*first, "REST answers with a server error");
    }
    let mut polls = case.session.rest().polls.iter();
    let lives = polls.find(|poll| {
        let within = at < poll.at && poll.at < until;
        within && poll.status == 200 && case.is_same_server(poll.connection, socket)
    });
    if let Some(poll) = lives {
        verdict.confidence = Confidence::Likely;
        verdict = verdict
            .lacking("SystemInfo was answered meanwhile: perhaps only the web application's own link to the notification service was down")
            .shown(poll.at, "SystemInfo is answered with 200");
    }
    verdict
}

/// Seconds within which two things happen together.
const TOGETHER: u64 = 20;

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Certain, Likely};
    use crate::diagnose::testing::Script;
    use crate::event::{Direction, EventKind, Gap, Manner};

    fn gone() -> Script {
        let script = Script::new().logs_in("1001002").pings(4).after(3.0);
        script.finesse(false)
    }

    #[test]
    fn finesse_unavailable_on_a_socket_that_lives_is_certain() {
        let script = gone()
            .after(2.0)
            .rest("GET", "/finesse/api/User/1001002", 503)
            .pings(3)
            .finesse(true)
            .pings(2);
        assert_eq!(script.cause(), Some(("web-app-down", Certain)));
    }

    #[test]
    fn finesse_unavailable_while_rest_answers_is_but_likely() {
        let script = gone()
            .after(2.0)
            .rest("GET", "/finesse/api/SystemInfo", 200)
            .pings(3)
            .finesse(true)
            .pings(2);
        assert_eq!(script.cause(), Some(("web-app-down", Likely)));
    }

    #[test]
    fn finesse_unavailable_while_pings_stay_without_an_answer_is_but_likely() {
        let script = gone().after(5.0).ping().after(6.0).finesse(true);
        assert_eq!(script.cause(), Some(("web-app-down", Likely)));
    }

    #[test]
    fn finesse_unavailable_right_before_a_shutdown_belongs_to_the_restart() {
        let report = gone()
            .after(0.1)
            .stream_error("system-shutdown")
            .diagnosed();
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "service-restart");
        assert_eq!(incident.alternatives[0].rule, "web-app-down");
        assert_eq!(report.incidents.len(), 1);
    }

    #[test]
    fn finesse_unavailable_right_before_a_reset_is_no_healthy_notification_service() {
        let script = gone().after(0.5).ends(Direction::ToClient, Manner::Reset);
        assert_ne!(script.cause().unwrap().0, "web-app-down");
    }

    #[test]
    fn finesse_that_goes_and_was_not_seen_to_come_was_there() {
        let lost = || {
            EventKind::Gap(Gap {
                events: 3,
                ..Gap::default()
            })
        };
        let began = || Script::new().connects().opens_socket().binds("1001002");
        let script = began().says("<presence xmlns='jabber:client'/>");
        let report = script.event(lost()).pings(4).finesse(false).pings(3);
        let cause = report.diagnosed().incidents[0].cause.clone().unwrap();
        assert_eq!(cause.rule, "web-app-down");
        // The recording begins late.
        let script = Script::new().connects().pings(3).finesse(false).pings(3);
        assert_eq!(script.cause().unwrap().0, "web-app-down");
    }

    #[test]
    fn a_desktop_that_goes_to_the_other_node_is_a_consequence() {
        let script = gone()
            .after(4.0)
            .says_goodbye()
            .after(2.0)
            .logs_in("1001002")
            .pings(2);
        assert_eq!(script.cause(), Some(("web-app-down", Certain)));
    }
}
