//! Lines about connections: who came in, how the upstream was found, who ended what.

use super::body::remarks;
use super::paint::Style;
use super::said::Said;
use super::{http, time};
use crate::event::{
    Accepted, Attempt, AttemptOutcome, Closed, DialFailure, Direction, Ended, Entered, Manner,
    Protocol, Refusal, Resolved, Rewritten, Stalled, UpstreamFailed, Via, Way,
};
use crate::session::Asking;

pub(super) fn accepted(accepted: &Accepted) -> Said {
    Said::new(Style::Subject, "connected").fact(format!("from {}", accepted.client))
}

pub(super) fn entered(entered: &Entered) -> Said {
    let way = match entered.way {
        Way::Connect => "CONNECT",
        Way::AbsoluteForm => "plain HTTP for",
        Way::ServerName => "TLS for",
        Way::Reverse => "reverse listener for",
        Way::ReverseRewriting => "rewriting reverse listener for",
        Way::Page => "finspect's own page at",
        Way::Imported => "the browser's own record of",
    };
    let looked_into = match (entered.way, entered.intercepted) {
        (Way::Page | Way::Imported, _) => "",
        (_, true) => "looking inside",
        (_, false) => "tunnelled unseen",
    };
    Said::new(Style::Subject, format!("{way} {}", entered.target)).fact(looked_into)
}

pub(super) fn refused(refusal: &Refusal) -> Said {
    let why = match refusal {
        Refusal::HeadTooLarge(bytes) => format!("its first request is larger than {bytes} bytes"),
        Refusal::Unintelligible => "its first bytes are neither HTTP nor TLS".to_owned(),
        Refusal::BadRequest(why) => format!("its first request cannot be served ({why})"),
        Refusal::Silent(seconds) => format!("it sent no whole request in {seconds} s"),
        Refusal::Vanished => "it left before its first request was whole".to_owned(),
        Refusal::Loop(target) => format!("{target} is finspect itself"),
        Refusal::NoServerName => "its TLS handshake names no server".to_owned(),
        Refusal::ForeignHost(host) => format!("it asked for a page under the foreign name {host}"),
        Refusal::OutsideAuthority(host) => {
            format!("finspect's authority may not speak for {host}, which stays unread")
        }
    };
    let advice = match refusal {
        Refusal::OutsideAuthority(host) => Some(format!(
            "to look into it, start `finspect run` with {host} named as well"
        )),
        Refusal::Unintelligible => {
            Some("is this client meant to use an HTTP proxy here?".to_owned())
        }
        Refusal::NoServerName => {
            Some("a client without SNI needs CONNECT: set finspect as its proxy".to_owned())
        }
        Refusal::HeadTooLarge(_)
        | Refusal::BadRequest(_)
        | Refusal::Silent(_)
        | Refusal::Vanished
        | Refusal::Loop(_)
        | Refusal::ForeignHost(_) => None,
    };
    Said::new(Style::Bad, format!("finspect refused the client: {why}")).maybe(advice)
}

pub(super) fn resolved(resolved: &Resolved) -> Said {
    let addresses: Vec<String> = resolved.addresses.iter().map(ToString::to_string).collect();
    let by = if resolved.by_option {
        "by --resolve"
    } else {
        ""
    };
    Said::new(
        Style::Plain,
        format!("{} is {}", resolved.host, addresses.join(", ")),
    )
    .fact(time::duration(resolved.took))
    .fact(by)
}

pub(super) fn attempt(attempt: &Attempt) -> Said {
    let address = attempt.address;
    let via = attempt.via.map(|via| match via {
        Via::Http => "through the upstream proxy (CONNECT)".to_owned(),
        Via::Socks5 => "through the upstream proxy (SOCKS5)".to_owned(),
    });
    let (style, what) = match &attempt.outcome {
        AttemptOutcome::Connected => (Style::Plain, format!("TCP to {address} stands")),
        AttemptOutcome::Failed(why) => (Style::Bad, format!("TCP to {address} failed: {why}")),
        AttemptOutcome::Abandoned => (
            Style::Dim,
            format!("TCP to {address} given up: another address was faster"),
        ),
    };
    Said::new(style, what)
        .fact(time::duration(attempt.took))
        .maybe(via)
}

pub(super) fn upstream_failed(failed: &UpstreamFailed) -> Said {
    let answered = failed
        .answered
        .map(|status| format!("the browser got {status}"));
    Said::new(
        Style::Bad,
        format!("no connection to {}: {}", failed.target, failed.reason),
    )
    .maybe(answered)
    .maybe(dial_advice(&failed.reason, &failed.target.host))
}

fn dial_advice(failure: &DialFailure, host: &str) -> Option<String> {
    match failure {
        DialFailure::Unresolved(_) => Some(format!(
            "check the name, or say where it is: --resolve {host}:PORT:ADDRESS"
        )),
        DialFailure::ConnectionRefused => {
            Some("the server is up, but nothing listens on this port".to_owned())
        }
        DialFailure::TimedOut => {
            Some("a firewall may drop the packets, or the server is down".to_owned())
        }
        DialFailure::NetworkUnreachable | DialFailure::HostUnreachable => {
            Some("is a VPN missing?".to_owned())
        }
        DialFailure::ProxyRefused(_) | DialFailure::ProxyUnintelligible(_) => {
            Some("check --upstream-proxy".to_owned())
        }
        DialFailure::Reset | DialFailure::Loop | DialFailure::Other(_) => None,
    }
}

pub(super) fn protocol(protocol: Protocol) -> Said {
    let what = match protocol {
        Protocol::Tls => "TLS inside",
        Protocol::Http => "HTTP in clear inside",
        Protocol::Opaque => "neither TLS nor HTTP inside: relayed untouched and unread",
        Protocol::ServerFirst => "the server spoke first: relayed untouched and unread",
    };
    Said::new(Style::Plain, what)
}

pub(super) fn rewritten(rewritten: &Rewritten) -> Said {
    let Rewritten { field, from, to } = rewritten;
    let what = match (from.as_str(), to.as_str()) {
        (from, "") => format!("rewrote {field}: dropped {from}"),
        ("", to) => format!("rewrote {field}: added {to}"),
        (from, to) => format!("rewrote {field}: {from} became {to}"),
    };
    Said::new(Style::Dim, what)
}

pub(super) fn stalled(stalled: &Stalled, direction: Option<Direction>) -> Said {
    let receiver = receiver(direction);
    let waited = time::duration(stalled.waited);
    Said::new(
        Style::Warning,
        format!("stalled: {receiver} has taken nothing for {waited}"),
    )
    .fact(format!("{} wait in finspect", time::bytes(stalled.waiting)))
}

pub(super) fn ended(ended: &Ended, direction: Option<Direction>) -> Said {
    let who = sender(direction);
    let (style, what) = match &ended.manner {
        Manner::Fin => (Style::Plain, format!("{who} ended its side in order (FIN)")),
        Manner::CloseNotify => (
            Style::Plain,
            format!("{who} ended its side in order (TLS close_notify)"),
        ),
        Manner::FinWithoutCloseNotify => (
            Style::Warning,
            format!("{who} cut its side off (FIN without a TLS close_notify)"),
        ),
        Manner::Reset => (Style::Bad, format!("{who} reset the connection (RST)")),
        Manner::Alert(alert) => (
            Style::Bad,
            format!("{who} broke off with TLS alert {alert}"),
        ),
        Manner::TlsBroken(why) => (Style::Bad, format!("{who} sent broken TLS ({why})")),
        Manner::TimedOut => (Style::Bad, format!("{who} no longer answers (TCP timeout)")),
        Manner::Error(why) => (
            Style::Bad,
            format!("the connection to {who} failed ({why})"),
        ),
        Manner::Stopped => (
            Style::Dim,
            "finspect was told to stop and ended this side".to_owned(),
        ),
        Manner::Unknown => (
            Style::Plain,
            format!("{who} ended its side, nobody saw how"),
        ),
    };
    // Seen with OpenSSL: the alert is its answer to a FIN, and no fault of its own.
    let answers_a_cut = matches!(&ended.manner, Manner::Alert(alert) if alert == "decode_error");
    Said::new(style, what)
        .fact(format!("it had sent {}", time::bytes(ended.bytes)))
        .maybe(answers_a_cut.then(|| "OpenSSL's answer to an end without close_notify".to_owned()))
}

pub(super) fn closed(closed: &Closed, unfinished: &[Asking]) -> Said {
    let open = unfinished.iter().map(http::unfinished);
    let open = remarks(open.map(|what| format!("never finished: {what}")));
    let first = match closed.first {
        Some(direction) => format!("{} moved first", sender(Some(direction))),
        None => String::new(),
    };
    Said::new(
        Style::Subject,
        format!("gone after {}", time::duration(closed.lasted)),
    )
    .fact(first)
    .fact(format!("{} to the server", time::bytes(closed.to_server)))
    .fact(format!("{} to the client", time::bytes(closed.to_client)))
    .below(open)
}

/// Who sends in this direction.
const fn sender(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::ToServer) => "the browser",
        Some(Direction::ToClient) => "the server",
        None => "a peer",
    }
}

/// Who receives in this direction.
fn receiver(direction: Option<Direction>) -> &'static str {
    sender(direction.map(Direction::reverse))
}
