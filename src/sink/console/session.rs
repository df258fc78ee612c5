//! Lines about the session itself.

use super::paint::Style;
use super::said::Said;
use super::time;
use crate::event::{
    Gap, Host, Listening, Recorder, Redaction, SessionEnded, SessionStarted, Source,
};

pub(super) fn started(started: &SessionStarted) -> Said {
    let SessionStarted {
        version,
        source,
        intercepted,
        options,
        redaction,
        platform,
        ..
    } = started;
    let what = match source {
        Source::Live => format!("session of finspect {version} on {platform}"),
        Source::Har(by) => format!("session from a HAR file of {by}, read by finspect {version}"),
        Source::Netlog(by) => {
            format!("session from a network log of {by}, read by finspect {version}")
        }
    };
    let hosts = if intercepted.is_empty() {
        "looking into no host: everything is tunnelled unseen".to_owned()
    } else {
        format!("looking into {}", intercepted.join(", "))
    };
    let secrets = match redaction {
        Redaction::Off => "SECRETS ARE NOT REDACTED",
        Redaction::Standard => "secrets redacted",
        Redaction::Strict => "secrets and personal data redacted",
    };
    Said::new(Style::Subject, what)
        .fact(hosts)
        .fact(secrets)
        .fact(options.join(" "))
}

pub(super) fn listening(listening: &Listening) -> Said {
    let upstream = listening
        .upstream
        .as_ref()
        .map(|upstream| format!("for {upstream}"));
    Said::new(Style::Plain, format!("listening on {}", listening.address)).maybe(upstream)
}

pub(super) fn host(host: &Host) -> Said {
    match host {
        Host::Suspended => Said::new(Style::Warning, "this machine goes to sleep"),
        Host::Resumed => Said::new(Style::Warning, "this machine woke up"),
        Host::NetworkChanged(what) => {
            Said::new(Style::Warning, "this machine's network changed").fact(what)
        }
        Host::ProxyChanged(to) => {
            Said::new(Style::Warning, "this machine's proxy settings changed").fact(to)
        }
    }
}

pub(super) fn recorder(recorder: &Recorder) -> Said {
    match recorder {
        Recorder::Interrupted(why) => Said::new(Style::Bad, "RECORDING INTERRUPTED").fact(why),
        Recorder::Resumed(gap) if gap.events == 0 => {
            Said::new(Style::Good, "recording again").fact("nothing was lost")
        }
        Recorder::Resumed(gap) => lost(Said::new(Style::Bad, "recording again"), gap),
        Recorder::Lost(gap) => lost(
            Said::new(Style::Bad, "RECORDING INCOMPLETE, the disk was too slow"),
            gap,
        ),
    }
}

pub(super) fn gap(gap: &Gap) -> Said {
    Said::new(
        Style::Bad,
        format!("… {} events were lost here", gap.events),
    )
    .fact(format!("about {}", time::bytes(gap.bytes)))
    .fact(kinds(gap))
}

fn lost(said: Said, gap: &Gap) -> Said {
    said.fact(format!("{} events lost", gap.events))
        .fact(format!("about {}", time::bytes(gap.bytes)))
        .fact(kinds(gap))
}

/// Which kinds, the most frequent first.
fn kinds(gap: &Gap) -> String {
    let mut kinds: Vec<_> = gap.kinds.iter().collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let kinds: Vec<String> = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    kinds.join(", ")
}

pub(super) fn ended(ended: &SessionEnded) -> Said {
    Said::new(Style::Subject, "session ended")
        .fact(format!("{} events", ended.events))
        .fact(format!("{} connections", ended.connections))
}
