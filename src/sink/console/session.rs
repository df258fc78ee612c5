//! Lines about the session itself.

use jiff::tz::TimeZone;

use super::paint::Style;
use super::said::Said;
use super::time;
use crate::event::{
    ClockJumped, DefaultRoute, Gap, Host, Interface, Listening, Micros, Recorder, Redaction,
    SessionEnded, SessionStarted, Slept, Source, Starved,
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

pub(super) fn host(host: &Host, zone: &TimeZone) -> Said {
    let warning = |what: String| Said::new(Style::Warning, what);
    match host {
        Host::Slept(slept) => {
            warning(words_of_sleep(slept, zone)).fact(time::duration(slept.asleep))
        }
        Host::ClockJumped(ClockJumped { by, .. }) => {
            let way = if *by < 0 { "back" } else { "forward" };
            let by = time::duration(Micros(by.unsigned_abs()));
            warning(format!("this machine's clock went {way} by {by}"))
                .fact("times of day are the new clock's from here on")
        }
        Host::Starved(Starved { late, .. }) => warning(format!(
            "finspect itself was starved or stopped for {}",
            time::duration(*late)
        ))
        .fact("do not trust times around here"),
        Host::Interface(interface) => words_of_interface(interface),
        Host::RouteCame(route) => warning(format!("default route {} came", via(route))),
        Host::RouteGone(route) => warning(format!("default route {} is gone", via(route))),
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

fn words_of_sleep(slept: &Slept, zone: &TimeZone) -> String {
    let (from, to) = (
        time::second_of_day(slept.from, zone),
        time::second_of_day(slept.to, zone),
    );
    if slept.counted {
        format!("this machine slept from {from} to {to}")
    } else {
        format!("this machine slept, or finspect was stopped, from {from} to {to}")
    }
}

fn words_of_interface(interface: &Interface) -> Said {
    let Interface { name, was, is } = interface;
    let what = match (was, is) {
        (None, Some(_)) => format!("network interface {name} came"),
        (_, None) => format!("network interface {name} is gone"),
        (Some(_), Some(is)) => format!("network interface {name} is {is}"),
    };
    let said = Said::new(Style::Warning, what);
    match (was, is) {
        (None, Some(is)) => said.fact(is),
        (Some(was), _) => said.fact(format!("was {was}")),
        (None, None) => said,
    }
}

fn via(route: &DefaultRoute) -> String {
    let DefaultRoute { interface, gateway } = route;
    if gateway.is_unspecified() {
        let family = if gateway.is_ipv4() { "IPv4" } else { "IPv6" };
        format!("on {interface} ({family})")
    } else {
        format!("via {gateway} on {interface}")
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
