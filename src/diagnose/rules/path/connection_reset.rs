//! The connection was reset from the server's side: by a firewall, or by the server's kernel for a process that is gone
//! (`finesse.md` 4.3, rows 6 and 9).

use super::mid_flow;
use crate::diagnose::case::Case;
use crate::diagnose::loss::Word;
use crate::diagnose::rule::{Confidence, Opinion, Role, Rule, Severity, Verdict};
use crate::diagnose::words::duration;
use crate::event::{Direction, Manner};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "connection-reset",
    title: "The connection was reset from the server's side",
    severity: Severity::Trouble,
    explains: &["late-logout", "zombie-conflict"],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some(loss) = case.loss() else {
        return Opinion::Silent;
    };
    let Word::End(end) = loss.word else {
        return Opinion::Silent;
    };
    if (end.direction, &end.manner) != (Direction::ToClient, &Manner::Reset) {
        return Opinion::Silent;
    }
    if let Some(waited) = loss.waited() {
        let says = format!(
            "The dead connection was reset from the server's side {} after the ping that had no answer",
            duration(waited)
        );
        return Verdict::new(Confidence::Likely, says)
            .shown(end.at, "RST from the server's side")
            .only(Role::Consequence)
            .matches();
    }
    let says = "The connection was reset from the server's side in mid flow: by a firewall or another box on the way, or because the process that held it is gone";
    let verdict = Verdict::new(Confidence::Likely, says)
        .because(
            "RST came from the server's side, and neither XMPP nor WebSocket said a word before",
        )
        .shown(end.at, "RST from the server's side");
    mid_flow::weighed(case, loss, end, verdict).matches()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::testing::Script;
    use Confidence::{Certain, Likely};
    use Direction::{ToClient, ToServer};

    fn healthy() -> Script {
        Script::new().logs_in("1001002").pings(5).after(4.0)
    }

    #[test]
    fn an_rst_from_the_servers_side_is_a_reset() {
        let script = healthy().ends(ToClient, Manner::Reset).gone();
        let script = script.after(3.0).logs_in("1001002").pings(3);
        assert_eq!(script.cause(), Some(("connection-reset", Likely)));
    }

    #[test]
    fn without_a_login_right_after_it_the_service_may_have_crashed() {
        let script = healthy().ends(ToClient, Manner::Reset).gone().after(90.0);
        assert_eq!(
            script.cause(),
            Some(("connection-reset", Confidence::Possible))
        );
    }

    #[test]
    fn an_rst_from_the_browsers_side_is_none() {
        let script = healthy().ends(ToServer, Manner::Reset).gone();
        assert_ne!(script.cause().unwrap().0, "connection-reset");
    }

    #[test]
    fn an_rst_on_a_path_that_was_dead_before_follows_from_it() {
        let script = healthy().after(6.0).ping().after(8.0).server_silent();
        let script = script.after(4.0).ends(ToClient, Manner::Reset).gone();
        let report = script.diagnosed();
        let incident = report.incidents.first().unwrap();
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("path-black-hole", Certain));
        assert_eq!(
            incident.consequences.first().unwrap().rule,
            "connection-reset"
        );
    }
}
