//! Lines about the session itself.

use super::paint::Style;
use super::said::Said;
use super::time;
use crate::event::{Gap, Listening, Redaction, SessionEnded, SessionStarted};

pub(super) fn started(started: &SessionStarted) -> Said {
    let SessionStarted {
        version,
        intercepted,
        redaction,
        platform,
        ..
    } = started;
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
    Said::new(
        Style::Subject,
        format!("session of finspect {version} on {platform}"),
    )
    .fact(hosts)
    .fact(secrets)
}

pub(super) fn listening(listening: &Listening) -> Said {
    let upstream = listening
        .upstream
        .as_ref()
        .map(|upstream| format!("for {upstream}"));
    Said::new(Style::Plain, format!("listening on {}", listening.address)).maybe(upstream)
}

pub(super) fn gap(gap: &Gap) -> Said {
    Said::new(
        Style::Bad,
        format!("… {} events were lost here", gap.events),
    )
    .fact(format!("about {}", time::bytes(gap.bytes)))
}

pub(super) fn ended(ended: &SessionEnded) -> Said {
    Said::new(Style::Subject, "session ended")
        .fact(format!("{} events", ended.events))
        .fact(format!("{} connections", ended.connections))
}
