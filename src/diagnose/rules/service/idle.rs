//! The server ends a session whose client has gone quiet (`finesse.md` 4.3, rows 23 and 24).

use crate::diagnose::case::Case;
use crate::diagnose::loss::{Loss, Word};
use crate::diagnose::rule::{Confidence, Opinion, Rule, Severity, Verdict};
use crate::diagnose::words::{count, duration};
use crate::event::{Direction, Manner};
use crate::session::{At, Pings};

/// The rule.
pub(in crate::diagnose) const RULE: Rule = Rule {
    name: "server-idle-timeout",
    title: "The server ended a session that had gone quiet",
    severity: Severity::Trouble,
    explains: &[
        "server-closed",
        "stream-error",
        "zombie-conflict",
        "late-logout",
    ],
    covers: &[],
    judge,
};

fn judge(case: &Case<'_>) -> Opinion {
    let Some((loss, heard)) = case.loss().and_then(|loss| Some((loss, loss.heard()?))) else {
        return Opinion::Silent;
    };
    let Some(word) = ended(loss) else {
        return mute(case, loss, heard);
    };
    let quiet = loss.over.time.since(heard.time);
    let named = word == Ending::Named;
    let short = quiet < case.seconds_on(loss, SHORTEST);
    if short && (case.clocks.seen || !named) {
        let why = format!(
            "the server speaks of a timeout, but the browser had sent something only {} before",
            duration(quiet)
        );
        return if named {
            Opinion::RuledOut(why)
        } else {
            Opinion::Silent
        };
    }
    let sure = match word {
        // Without pings in the recording nothing tells how long is long for this desktop.
        _ if short => Confidence::Possible,
        Ending::Named => Confidence::Certain,
        Ending::Plain if quiet >= case.seconds_on(loss, PATIENT) => Confidence::Likely,
        Ending::Plain => Confidence::Possible,
    };
    let says = format!(
        "The server ended the session because the desktop had sent nothing for {}: its pings had stopped",
        duration(quiet)
    );
    let first = if named {
        format!("it said so itself, with {}", said(loss))
    } else {
        "the server's end came after a long silence of the browser, and nothing else was wrong"
            .to_owned()
    };
    let mut verdict = Verdict::new(sure, says)
        .because(first)
        .shown(heard, "the last that the browser sent")
        .shown(loss.over, "the server ends the session");
    if sure == Confidence::Possible {
        verdict = verdict
            .lacking("the silence is shorter than the idle times that servers are known for");
    }
    verdict.because = [verdict.because, asked(loss)].concat();
    verdict.matches()
}

/// A long silence that the server's side ended without a word.
fn mute(case: &Case<'_>, loss: &Loss<'_>, heard: At) -> Opinion {
    let quiet = loss.over.time.since(heard.time);
    let end = loss.broken_off(Direction::ToClient);
    let cut = matches!(
        end.map(|end| &end.manner),
        Some(Manner::Fin | Manner::FinWithoutCloseNotify | Manner::Reset)
    );
    if !cut || quiet < case.seconds_on(loss, SHORTEST) {
        return Opinion::Silent;
    }
    Opinion::RuledOut(
        "the server said nothing: Openfire and Jetty announce their idle times with a stream error or a Close".to_owned(),
    )
}

/// What a server's end says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It names a timeout.
    Named,
    /// It names no reason, or that of row 23.
    Plain,
}

/// The server's end of a session, if it may be that of an idle one.
fn ended(loss: &Loss<'_>) -> Option<Ending> {
    match loss.word {
        _ if loss.unanswered.is_some() => None,
        Word::StreamError(Direction::ToClient, "connection-timeout") => Some(Ending::Named),
        // Jetty's error callback comes before its Close (row 23).
        Word::StreamError(Direction::ToClient, "internal-server-error") => {
            let mut closes = loss.socket.closes.iter();
            let named = closes.any(|close| names_timeout(&close.reason));
            Some(if named { Ending::Named } else { Ending::Plain })
        }
        Word::StreamClose => Some(Ending::Plain),
        Word::Close(close) if close.direction == Direction::ToClient => match close.code {
            Some(3008) => Some(Ending::Named),
            _ if names_timeout(&close.reason) => Some(Ending::Named),
            None | Some(1000 | 1001) => Some(Ending::Plain),
            Some(_) => None,
        },
        _ => None,
    }
}

/// The words in which the server names a timeout.
fn said(loss: &Loss<'_>) -> String {
    let mut closes = loss.socket.closes.iter();
    let named = closes.find(|close| names_timeout(&close.reason));
    match (loss.word, named) {
        (Word::StreamError(_, "connection-timeout"), _) => {
            "stream error connection-timeout".to_owned()
        }
        (_, Some(close)) => {
            let code = close
                .code
                .map_or_else(String::new, |code| format!(" {code}"));
            format!("Close{code} {:?}", close.reason)
        }
        _ => "its Close names a timeout".to_owned(),
    }
}

pub(super) fn names_timeout(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    ["idle", "timeout", "timed out"]
        .iter()
        .any(|word| reason.contains(word))
}

/// What the server asked meanwhile without an answer.
fn asked(loss: &Loss<'_>) -> Vec<String> {
    let socket = loss.socket;
    let waiting = |pings: &Pings| pings.unanswered().count() as u64;
    let stanzas = waiting(&socket.stream.pings.to_client);
    let frames = waiting(&socket.frame_pings.to_client);
    let mut reasons = Vec::new();
    if frames > 0 {
        reasons.push(format!(
            "{} of the server got no pong, which a browser that runs sends by itself: it was frozen or out of reach",
            count(frames, "ping frame")
        ));
    }
    if stanzas > 0 {
        reasons.push(format!(
            "{} of the server got no answer, as desktops have none for it",
            count(stanzas, "XMPP ping")
        ));
    }
    reasons
}

/// Seconds of silence from which on a desktop that pings every 10 s is quiet.
const SHORTEST: u64 = 50;
/// Seconds after which the most impatient server that was measured gives up (120 s), less a margin.
const PATIENT: u64 = 110;

#[cfg(test)]
mod tests {
    use crate::diagnose::rule::Confidence::{self, Certain, Likely, Possible};
    use crate::diagnose::testing::Script;
    use crate::event::Direction::ToClient;
    use crate::event::Manner;

    fn quiet(seconds: f64) -> Script {
        Script::new().logs_in("1001002").pings(4).after(seconds)
    }

    fn idle(sure: Confidence) -> Option<(&'static str, Confidence)> {
        Some(("server-idle-timeout", sure))
    }

    #[test]
    fn an_end_that_names_a_timeout_after_a_silence_is_certain() {
        let jetty = quiet(300.0).closes(ToClient, Some(1001), "Idle Timeout");
        assert_eq!(jetty.cause(), idle(Certain));
        let openfire = quiet(360.0).stream_error("connection-timeout");
        assert_eq!(openfire.cause(), idle(Certain));
        let first = quiet(300.0).stream_error("internal-server-error");
        let first = first.closes(ToClient, Some(1001), "Idle Timeout");
        let cause = first.diagnosed().incidents[0].cause.clone().unwrap();
        assert_eq!(Some((cause.rule, cause.confidence)), idle(Certain));
        let said = "it said so itself, with Close 1001 \"Idle Timeout\"";
        assert_eq!(cause.because[0], said);
    }

    #[test]
    fn a_plain_close_after_a_long_silence_is_likely() {
        let ejabberd = quiet(120.0).closes(ToClient, Some(1000), "");
        assert_eq!(ejabberd.cause(), idle(Likely));
    }

    #[test]
    fn a_plain_close_after_a_short_silence_is_but_possible_and_an_error_says_more() {
        let close = quiet(60.0).closes(ToClient, Some(1000), "");
        assert_eq!(close.cause(), idle(Possible));
        let error = quiet(60.0).stream_error("internal-server-error");
        assert_eq!(error.cause(), Some(("stream-error", Certain)));
    }

    #[test]
    fn a_timeout_of_a_client_that_was_not_silent_is_ruled_out() {
        let report = quiet(3.0)
            .closes(ToClient, Some(1001), "Idle Timeout")
            .diagnosed();
        let incident = &report.incidents[0];
        let cause = incident.cause.as_ref().unwrap();
        assert_eq!((cause.rule, cause.confidence), ("server-closed", Certain));
        assert_eq!(incident.alternatives[0].rule, "server-idle-timeout");
        assert_ne!(cause.confidence, Possible);
    }

    #[test]
    fn a_timeout_in_a_recording_without_pings_is_but_possible() {
        let script = Script::new().logs_in("1001002").after(8.0);
        let script = script.stream_error("internal-server-error");
        let script = script.closes(ToClient, Some(1001), "Idle Timeout");
        assert_eq!(script.cause(), idle(Possible));
    }

    #[test]
    fn what_the_browser_says_after_the_end_does_not_break_the_silence() {
        let script = quiet(300.0).closes(ToClient, Some(1001), "Idle Timeout");
        let script = script.says_goodbye();
        assert_eq!(script.cause(), idle(Certain));
    }

    #[test]
    fn a_cut_without_a_word_after_a_long_silence_was_not_the_servers_own_limit() {
        let cut = |seconds| {
            quiet(seconds)
                .ends(ToClient, Manner::Fin)
                .gone()
                .ruled_out()
        };
        assert_eq!(cut(300.0)[0].0, "server-idle-timeout");
        assert_eq!(cut(30.0), []);
    }
}
