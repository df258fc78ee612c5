//! Lines about HTTP exchanges.

use super::body::{headers, payload};
use super::paint::Style;
use super::said::Said;
use super::time;
use crate::event::{Direction, Header, HttpBody, HttpRequest, HttpResponse, HttpViolation, Micros};
use crate::session::{Asking, Context};

pub(super) fn request(head: &HttpRequest) -> Said {
    let request_id = value(&head.headers, "requestid").map(|id| format!("requestId {id}"));
    let upgrade = value(&head.headers, "upgrade");
    let said = Said::new(Style::Subject, format!("{} {}", head.method, head.target))
        .maybe(upgrade.map(|to| format!("asks to upgrade to {to}")))
        .maybe(request_id);
    match upgrade {
        Some(_) => said.below(headers(&head.headers)),
        None => said,
    }
}

/// The head of a response: a line of its own where it tells something before its body has ended, `None` where one
/// line after the body says it all.
pub(super) fn response(head: &HttpResponse, context: &Context, whole: bool) -> Option<Said> {
    let exchange = context.exchange.as_ref().map(|(exchange, _)| exchange);
    let method = exchange.map_or("", |exchange| exchange.method.as_str());
    let first = exchange
        .and_then(|exchange| exchange.response.as_ref())
        .map(|(_, first)| *first);
    let streams = value(&head.headers, "content-type")
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    if whole && exchange.is_some() && !streams && head.has_body(method) {
        return None;
    }
    let said = status(head)
        .maybe(exchange.map(asked))
        .maybe(first.map(|first| format!("first byte after {}", time::duration(first))));
    Some(if (100..200).contains(&head.status) {
        said.below(headers(&head.headers))
    } else {
        said
    })
}

/// The end of a body; for a response this is the line of the whole exchange.
pub(super) fn body(body: &HttpBody, direction: Option<Direction>, context: &Context) -> Said {
    let size = size(body);
    let whole = |said: Said| {
        if body.complete {
            said
        } else {
            said.fact("CUT OFF in its body")
        }
    };
    let response = match (direction, &context.exchange) {
        (Some(Direction::ToClient), Some((exchange, total))) => exchange
            .response
            .as_ref()
            .map(|(head, first)| (exchange, head, *first, *total)),
        _ => None,
    };
    let Some((exchange, head, first, total)) = response else {
        let said =
            Said::new(Style::Plain, format!("body of {size}")).maybe(body.content_type.clone());
        return whole(said).below(payload(&body.content));
    };
    let said = whole(status(head).fact(asked(exchange)))
        .fact(size)
        .fact(times(first, total));
    if head.status >= 400 && body.content.text().is_some() {
        said.below(payload(&body.content))
    } else {
        said
    }
}

pub(super) fn violation(violation: &HttpViolation) -> Said {
    let why = match violation {
        HttpViolation::MalformedHead(why) => format!("a head that cannot be read ({why})"),
        HttpViolation::HeadTooLarge(bytes) => format!("a head larger than {bytes} bytes"),
        HttpViolation::BadContentLength => {
            "a Content-Length that is no number, or two that differ".to_owned()
        }
        HttpViolation::BadChunk => "a chunk whose size cannot be read".to_owned(),
        HttpViolation::UnaskedResponse => "a response to no request".to_owned(),
        HttpViolation::CutOff => "the connection ended inside a head".to_owned(),
        HttpViolation::UnknownUpgrade(to) => {
            return Said::new(
                Style::Warning,
                format!("switched to {to}, which finspect does not read"),
            )
            .fact("relayed unread from here on");
        }
    };
    Said::new(Style::Bad, format!("HTTP broken: {why}")).fact("relayed unread from here on")
}

/// What is left to say of a response whose body never ended.
pub(super) fn unfinished(exchange: &Asking) -> String {
    let status = exchange.response.as_ref().map(|(head, _)| head.status);
    let status = status.map_or_else(String::new, |status| status.to_string());
    format!("{status} to {}", asked(exchange))
}

fn status(head: &HttpResponse) -> Said {
    let style = match head.status {
        0..400 => Style::Good,
        400..500 => Style::Warning,
        _ => Style::Bad,
    };
    let text = format!("{} {}", head.status, head.reason);
    let said = Said::new(style, text.trim_end());
    let location = value(&head.headers, "location").map(|to| format!("to {to}"));
    let request_id = value(&head.headers, "requestid").map(|id| format!("requestId {id}"));
    said.maybe(location).maybe(request_id)
}

fn asked(exchange: &Asking) -> String {
    format!("{} {}", exchange.method, exchange.target)
}

fn size(body: &HttpBody) -> String {
    let wire = time::bytes(body.wire_size);
    match &body.content_encoding {
        Some(coding) if body.still_encoded => format!("{wire} of {coding}, not decoded"),
        Some(coding) => format!(
            "{wire} of {coding}, {} unpacked",
            time::bytes(body.content.size)
        ),
        None => wire,
    }
}

fn times(first: Micros, total: Micros) -> String {
    format!(
        "first byte {}, total {}",
        time::duration(first),
        time::duration(total)
    )
}

fn value<'a>(headers: &'a [Header], name: &str) -> Option<&'a str> {
    let header = headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name))?;
    Some(&header.value)
}
