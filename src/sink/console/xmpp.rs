//! Lines about XMPP: the login as a story, then subscriptions, notifications and pings.

use super::body::payload;
use super::paint::Style;
use super::said::Said;
use super::{time, websocket};
use crate::event::{Carrier, QName, Stanza, StanzaError, StanzaKind, XmppStanza};
use crate::finesse::Update;
use crate::session::{Asked, Context};

pub(super) fn stanza(stanza: &XmppStanza, context: &Context, whole: bool) -> Said {
    let XmppStanza {
        carrier,
        stanza: outline,
        xml,
    } = stanza;
    let text = xml.text().unwrap_or_default();
    let answer = context.answers.as_ref();
    let said = match answer {
        Some((asked, _)) => answered(outline, asked),
        None => purpose(outline, text),
    };
    let said = match (&outline.error, answer) {
        (Some(error), None) => said.fact(reason(error)),
        _ => said,
    };
    let said = said.maybe(answer.map(|(_, took)| format!("round trip {}", time::duration(*took))));
    let Carrier::WebSocket(facts) = carrier;
    let said = said.maybe(websocket::carried(facts));
    let is_ping = |kind: &StanzaKind| matches!(kind, StanzaKind::Ping);
    let one_line = is_ping(&outline.kind) || answer.is_some_and(|(asked, _)| is_ping(&asked.what));
    if whole && !one_line {
        said.below(payload(xml))
    } else {
        said
    }
}

/// What a stanza is for, where it answers nothing that we saw.
fn purpose(outline: &Stanza, text: &str) -> Said {
    let says = |what: &str| Said::new(Style::Subject, what);
    match &outline.kind {
        StanzaKind::Open => says("open").maybe(to(outline)).maybe(from(outline)),
        StanzaKind::Close => says("close: the stream ends in order"),
        StanzaKind::Features {
            mechanisms,
            caps,
            others,
        } => features(mechanisms, caps.as_deref(), others),
        StanzaKind::Auth { mechanism, user } => auth(mechanism, user.as_deref(), text),
        StanzaKind::Challenge => says("challenge").fact(kept(text)),
        StanzaKind::Response => says("response").fact(kept(text)),
        StanzaKind::Success => Said::new(Style::Good, "success: signed in"),
        StanzaKind::SaslFailure(error) => {
            Said::new(Style::Bad, format!("sign-in failed: {}", error.condition))
                .maybe(error.text.clone())
        }
        StanzaKind::Bind { resource, jid } => bind(outline, resource.as_deref(), jid.as_deref()),
        StanzaKind::Session => says("session").maybe(id(outline)),
        StanzaKind::Ping => Said::new(Style::Dim, "ping").maybe(id(outline)),
        StanzaKind::Pubsub {
            action,
            node,
            subscription,
        } => says(action)
            .maybe(node.clone())
            .maybe(subscription.clone())
            .maybe(id(outline)),
        StanzaKind::Notification { node, items } => notification(node.as_deref(), *items, text),
        StanzaKind::Presence { show, priority } => {
            presence(outline, show.as_deref(), priority.as_deref())
        }
        StanzaKind::Message => says("message").maybe(from(outline)).maybe(to(outline)),
        StanzaKind::Iq { child } => iq(outline, child.as_ref()),
        StanzaKind::StreamError(error) => {
            Said::new(Style::Bad, format!("stream error: {}", error.condition))
                .maybe(error.text.clone())
        }
        StanzaKind::Other => {
            says(&format!("element {}", outline.root.name)).fact(outline.root.namespace.clone())
        }
        StanzaKind::Whitespace => Said::new(Style::Dim, "white space: a keep-alive"),
        StanzaKind::Empty => Said::new(Style::Dim, "empty message"),
        StanzaKind::Malformed { why } => Said::new(Style::Bad, format!("malformed XML: {why}")),
    }
}

/// The answer to an iq.
fn answered(outline: &Stanza, asked: &Asked) -> Said {
    let failed = outline.kind_attribute.as_deref() == Some("error");
    let (subject, fact) = subject(&asked.what);
    if failed {
        let why = outline
            .error
            .as_ref()
            .map_or_else(|| "no reason given".to_owned(), reason);
        return Said::new(Style::Bad, format!("{subject} refused: {why}")).fact(fact);
    }
    match &outline.kind {
        StanzaKind::Bind { jid: Some(jid), .. } => {
            Said::new(Style::Good, format!("bound as {jid}"))
        }
        StanzaKind::Pubsub {
            action,
            node,
            subscription,
        } => {
            let what = subscription.as_deref().unwrap_or(action);
            Said::new(Style::Good, what).fact(node.as_deref().unwrap_or(&fact))
        }
        _ if matches!(asked.what, StanzaKind::Ping) => {
            Said::new(Style::Dim, "ping answered").maybe(id(outline))
        }
        _ if matches!(asked.what, StanzaKind::Session) => {
            Said::new(Style::Good, "session established")
        }
        _ => Said::new(Style::Good, format!("{subject} answered"))
            .fact(fact)
            .maybe(id(outline)),
    }
}

/// What was asked for, and the key fact of the question.
fn subject(asked: &StanzaKind) -> (String, String) {
    match asked {
        StanzaKind::Bind { resource, .. } => {
            ("bind".to_owned(), resource.clone().unwrap_or_default())
        }
        StanzaKind::Pubsub { action, node, .. } => {
            (action.clone(), node.clone().unwrap_or_default())
        }
        StanzaKind::Session => ("session".to_owned(), String::new()),
        StanzaKind::Ping => ("ping".to_owned(), String::new()),
        StanzaKind::Iq { child: Some(child) } => {
            (child.name.to_string(), child.namespace.to_string())
        }
        _ => ("iq".to_owned(), String::new()),
    }
}

fn features(mechanisms: &[String], caps: Option<&str>, others: &[QName]) -> Said {
    let mechanisms =
        (!mechanisms.is_empty()).then(|| format!("sign in by {}", mechanisms.join(", ")));
    let others: Vec<&str> = others.iter().map(|feature| &*feature.name).collect();
    Said::new(Style::Subject, "features")
        .maybe(mechanisms)
        .fact(others.join(", "))
        .maybe(caps.map(|node| format!("server is {node}")))
}

fn auth(mechanism: &str, user: Option<&str>, text: &str) -> Said {
    let user = user.map_or_else(String::new, |user| format!(" as {user}"));
    let password = if text.contains("redacted-") {
        " (password redacted)"
    } else {
        ""
    };
    Said::new(Style::Subject, format!("auth {mechanism}{user}{password}"))
}

/// Whether a SASL payload was replaced.
fn kept(text: &str) -> &'static str {
    if text.contains("redacted-") {
        "payload redacted"
    } else {
        ""
    }
}

fn bind(outline: &Stanza, resource: Option<&str>, jid: Option<&str>) -> Said {
    match jid {
        Some(jid) => Said::new(Style::Good, format!("bound as {jid}")),
        None => Said::new(Style::Subject, "bind")
            .maybe(resource.map(|name| format!("resource {name}")))
            .maybe(id(outline)),
    }
}

fn presence(outline: &Stanza, show: Option<&str>, priority: Option<&str>) -> Said {
    let kind = outline.kind_attribute.as_deref().unwrap_or("available");
    let style = match kind {
        "unavailable" | "error" => Style::Warning,
        _ => Style::Subject,
    };
    Said::new(style, format!("presence {kind}"))
        .maybe(from(outline))
        .maybe(to(outline))
        .maybe(show.map(ToOwned::to_owned))
        .maybe(priority.map(|priority| format!("priority {priority}")))
}

fn notification(node: Option<&str>, items: u32, text: &str) -> Said {
    let said = Said::new(
        Style::Subject,
        format!("notification {}", node.unwrap_or("without a node")),
    );
    let said = match items {
        1 => said,
        count => said.fact(format!("{count} items")),
    };
    let Some(update) = Update::find(text) else {
        return said;
    };
    let object = update.object.unwrap_or_default();
    let change = format!("{} {object}", update.event.unwrap_or_default());
    let other_source = update.source.filter(|source| Some(source.as_str()) != node);
    update
        .facts
        .iter()
        .fold(said.fact(change.trim()), |said, (name, value)| {
            said.fact(format!("{name} {value}"))
        })
        .maybe(other_source)
        .maybe(update.request_id.map(|id| format!("requestId {id}")))
}

fn iq(outline: &Stanza, child: Option<&QName>) -> Said {
    let kind = outline
        .kind_attribute
        .as_deref()
        .unwrap_or("without a type");
    let child = child.map_or_else(String::new, |child| format!(" {}", child.name));
    let style = if kind == "error" {
        Style::Bad
    } else {
        Style::Subject
    };
    Said::new(style, format!("iq {kind}{child}"))
        .maybe(id(outline))
        .maybe(to(outline))
        .maybe(from(outline))
}

fn reason(error: &StanzaError) -> String {
    match &error.text {
        Some(text) => format!("{} ({text})", error.condition),
        None => error.condition.clone(),
    }
}

fn id(outline: &Stanza) -> Option<String> {
    outline.id.as_ref().map(|id| format!("id {id}"))
}

fn to(outline: &Stanza) -> Option<String> {
    outline.to.as_ref().map(|to| format!("to {to}"))
}

fn from(outline: &Stanza) -> Option<String> {
    outline.from.as_ref().map(|from| format!("from {from}"))
}
