//! Nobody answers the request for a WebSocket: nginx's 444 closes instead (`finesse.md` 4.3, row 20), a firewall
//! swallows it.

use super::{lost_before, place};
use crate::diagnose::attempt::{Attempt, Stage};
use crate::diagnose::case::Case;
use crate::diagnose::rule::{Confidence, Opinion, Role, Verdict};
use crate::diagnose::unanswered::Wait;
use crate::diagnose::words::count;
use crate::event::Direction;
use crate::session::At;

/// What there is to say of requests without an answer, where none was refused with a status.
pub(super) fn judge(case: &Case<'_>) -> Opinion {
    let attempts = case.incident.attempts();
    let waits: Vec<(&Attempt<'_>, Wait)> = attempts
        .filter_map(|attempt| match attempt.stage {
            Stage::Unanswered(wait) => Some((attempt, wait)),
            _ => None,
        })
        .collect();
    let Some((first, _)) = waits.first().copied() else {
        return Opinion::Silent;
    };
    let place = place(first.connection);
    let dropped = waits.iter().filter(|(_, wait)| *wait == Wait::Dropped);
    let dropped = dropped.count();
    let says = if dropped > 0 {
        format!(
            "{place} closed the connection instead of answering the desktop's request for a WebSocket, as a reverse proxy does by a rule (nginx's 444)"
        )
    } else {
        format!(
            "Nothing answered the desktop's request for a WebSocket to {place}: the server hangs, or a firewall or proxy on the way swallows it"
        )
    };
    let times = count(waits.len() as u64, "request");
    let verdict = |sure| {
        Verdict::new(sure, &*says)
            .because(format!("{times} for a WebSocket got no answer at all"))
            .shown(first.at, "a WebSocket is asked for in vain")
    };
    if lost_before(case, first).is_some() {
        return verdict(Confidence::Possible)
            .because("the desktop had lost its socket before, and this kept it from a new one")
            .only(Role::Consequence)
            .matches();
    }
    match rest_answered(case, first) {
        Some(at) if waits.len() > 1 => verdict(Confidence::Likely)
            .because("REST at the same server was answered meanwhile: it is the WebSocket alone that does not get through")
            .shown(at, "REST is answered")
            .matches(),
        Some(at) => verdict(Confidence::Possible)
            .lacking("it happened once, and nobody said why")
            .shown(at, "REST is answered")
            .matches(),
        None => verdict(Confidence::Possible)
            .lacking("nothing else of this server was answered meanwhile, so it may be down as a whole")
            .matches(),
    }
}

/// When the same host last answered on a connection without a socket while the desktop asked in vain.
fn rest_answered(case: &Case<'_>, first: &Attempt<'_>) -> Option<At> {
    let host = first.connection.target.as_ref().map(|target| &target.host);
    let from = first.connection.opened;
    let others = case.session.connections().filter(|one| {
        let same = one.target.as_ref().map(|target| &target.host) == host;
        one.id != first.connection.id && same && one.socket.is_none()
    });
    let heard = others.filter_map(|one| one.last[Direction::ToClient]);
    let polled = case.session.rest().polls.iter();
    let polled = polled.filter(|one| host.is_some_and(|host| *host == one.host));
    let polled = polled.map(|one| one.at);
    let until = case.until();
    heard
        .chain(polled)
        .filter(|at| *at > from && *at <= until)
        .min()
}

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{Likely, Possible};
    use crate::diagnose::testing::Script;
    use crate::event::Direction::{ToClient, ToServer};
    use crate::event::Manner;

    const NAME: &str = "upgrade-refused";

    fn asks(script: Script) -> Script {
        script
            .connects()
            .asks("GET", "/ws/", &[("Upgrade", "websocket")])
    }

    /// A desktop that asks so many times, is dropped by this end each time, and polls REST in between.
    fn dropped(times: u64, by: crate::event::Direction) -> Script {
        (0..times).fold(Script::new(), |script, _| {
            let script = asks(script).after(0.01);
            let script = script.ends(by, Manner::FinWithoutCloseNotify).gone();
            let script = script
                .after(1.0)
                .rest("GET", "/finesse/api/SystemInfo", 200);
            script.after(4.0)
        })
    }

    #[test]
    fn a_server_that_closes_instead_of_answering_is_told() {
        let report = dropped(4, ToClient).diagnosed();
        assert_eq!(report.incidents.len(), 1);
        let incident = &report.incidents[0];
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), (NAME, Likely));
        assert!(cause.says.contains("444"), "{}", cause.says);
        assert_eq!(incident.back, None);
        assert_eq!(dropped(1, ToClient).cause(), Some((NAME, Possible)));
    }

    #[test]
    fn a_browser_that_gives_up_again_and_again_is_told_and_one_that_leaves_once_is_not() {
        assert_eq!(dropped(4, ToServer).cause(), Some((NAME, Likely)));
        assert_eq!(dropped(1, ToServer).cause(), None);
        assert_eq!(dropped(2, ToServer).logs_in("1001002").cause(), None);
    }

    #[test]
    fn what_still_waits_after_the_clients_patience_is_told_and_before_it_is_not() {
        let waits = |seconds: f64| {
            let script = asks(Script::new()).after(2.0);
            script
                .rest("GET", "/finesse/api/SystemInfo", 200)
                .after(seconds)
        };
        assert_eq!(waits(5.0).cause(), None);
        assert_eq!(waits(15.0).cause(), Some((NAME, Possible)));
        let again = asks(waits(15.0)).after(15.0);
        assert_eq!(again.cause(), Some((NAME, Likely)));
    }

    #[test]
    fn where_nothing_else_answers_either_the_server_may_be_down() {
        let script = (0..4).fold(Script::new(), |script, _| asks(script).after(5.0));
        let report = script.diagnosed();
        let cause = report.incidents[0].cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), (NAME, Possible));
        assert!(cause.lacking[0].contains("as a whole"), "{cause:?}");
    }

    #[test]
    fn an_answer_that_took_its_time_is_none() {
        let script = asks(Script::new()).after(8.0).answers(101);
        assert_eq!(script.signs_in("1001002").pings(3).cause(), None);
    }

    #[test]
    fn after_a_loss_it_follows_from_that() {
        let lost = Script::new().logs_in("1001002").pings(3).after(3.0);
        let lost = lost.stream_error("system-shutdown").after(2.0);
        let report = asks(lost).after(20.0).diagnosed();
        let incident = &report.incidents[0];
        assert_eq!(incident.cause.as_ref().unwrap().rule, "service-restart");
        assert_eq!(incident.consequences[0].rule, NAME);
    }
}
