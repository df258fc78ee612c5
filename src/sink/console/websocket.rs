//! Lines about WebSocket.

use super::body::payload;
use super::paint::Style;
use super::said::Said;
use super::time;
use crate::event::{
    Closing, DataOpcode, Deflate, MessageFacts, Payload, Pong, WebSocketMessage, WebSocketOpened,
    WebSocketViolation,
};

pub(super) fn opened(opened: &WebSocketOpened) -> Said {
    let subprotocol = opened.subprotocol.as_ref().map_or_else(
        || "no subprotocol".to_owned(),
        |name| format!("subprotocol {name}"),
    );
    let compression = opened
        .deflate
        .as_ref()
        .map_or_else(|| "no compression".to_owned(), deflate);
    let unknown = &opened.unknown_extensions;
    let unknown = (!unknown.is_empty()).then(|| {
        format!(
            "extensions that finspect cannot undo: {}",
            unknown.join(", ")
        )
    });
    Said::new(Style::Good, format!("WebSocket open on {}", opened.target))
        .fact(subprotocol)
        .fact(compression)
        .maybe(unknown)
}

pub(super) fn message(message: &WebSocketMessage, whole: bool) -> Said {
    let kind = match message.message.opcode {
        DataOpcode::Text => "text message",
        DataOpcode::Binary => "binary message",
    };
    let said = Said::new(Style::Subject, kind)
        .fact(time::bytes(message.payload.size))
        .maybe(carried(&message.message));
    if whole {
        said.below(payload(&message.payload))
    } else {
        said
    }
}

pub(super) fn ping(payload: &Payload) -> Said {
    Said::new(Style::Plain, "ping frame").maybe(control(payload))
}

pub(super) fn pong(pong: &Pong) -> Said {
    let pairing = pong.round_trip.map_or_else(
        || "answers no ping".to_owned(),
        |time| format!("round trip {}", time::duration(time)),
    );
    Said::new(Style::Plain, "pong frame")
        .fact(pairing)
        .maybe(control(&pong.payload))
}

pub(super) fn close(closing: &Closing) -> Said {
    let what = match closing.code {
        None => "Close frame, empty (a page sees 1005)".to_owned(),
        Some(code) => match meaning(code) {
            Some(meaning) => format!("Close frame {code} ({meaning})"),
            None => format!("Close frame {code}"),
        },
    };
    let reason = (!closing.reason.is_empty()).then(|| format!("reason: {}", closing.reason));
    let style = match closing.code {
        None | Some(1000 | 1001) => Style::Subject,
        Some(_) => Style::Warning,
    };
    Said::new(style, what).maybe(reason)
}

pub(super) fn violation(violation: &WebSocketViolation) -> Said {
    let why = match violation {
        WebSocketViolation::ReservedBits(bits) => {
            format!("reserved bits {bits:03b} that nobody agreed on")
        }
        WebSocketViolation::UnknownOpcode(opcode) => {
            format!("opcode {opcode}, which does not exist")
        }
        WebSocketViolation::UnmaskedClientFrame => "a client's frame without a mask".to_owned(),
        WebSocketViolation::MaskedServerFrame => "a server's frame with a mask".to_owned(),
        WebSocketViolation::FragmentedControl => "a control frame in fragments".to_owned(),
        WebSocketViolation::OversizedControl(bytes) => format!("a control frame of {bytes} bytes"),
        WebSocketViolation::LengthNotMinimal => "a length not in its shortest form".to_owned(),
        WebSocketViolation::LengthOverflow => "a length beyond 63 bits".to_owned(),
        WebSocketViolation::UnexpectedContinuation => {
            "a continuation where no message is open".to_owned()
        }
        WebSocketViolation::ExpectedContinuation => "a new message inside another".to_owned(),
        WebSocketViolation::InvalidUtf8 => "text that is no UTF-8".to_owned(),
        WebSocketViolation::TruncatedClose => "a Close frame of one byte".to_owned(),
        WebSocketViolation::BadCloseCode(code) => {
            format!("close code {code}, which must not be sent")
        }
        WebSocketViolation::DataAfterClose => "frames after a Close".to_owned(),
        WebSocketViolation::LostSync(why) => {
            format!("compressed data that does not inflate ({why}); messages stay unread")
        }
        WebSocketViolation::InflatedOverLimit(bytes) => {
            format!("a message that inflates beyond {bytes} bytes; its tail was skipped")
        }
        WebSocketViolation::CutOff => "the connection ended inside a message".to_owned(),
    };
    Said::new(Style::Bad, format!("WebSocket broken: {why}"))
}

/// How a message travelled, where that was not one plain frame.
pub(super) fn carried(facts: &MessageFacts) -> Option<String> {
    let mut parts = Vec::new();
    if facts.frame_count != 1 {
        parts.push(format!("{} frames", facts.frame_count));
    }
    if facts.compressed {
        parts.push(format!("{} compressed", time::bytes(facts.wire_size)));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn deflate(deflate: &Deflate) -> String {
    let takeover = match (
        deflate.client_no_context_takeover,
        deflate.server_no_context_takeover,
    ) {
        (false, false) => "",
        (true, false) => ", client without context takeover",
        (false, true) => ", server without context takeover",
        (true, true) => ", no context takeover",
    };
    let (client, server) = (
        deflate.client_max_window_bits,
        deflate.server_max_window_bits,
    );
    let windows = if (client, server) == (15, 15) {
        String::new()
    } else {
        format!(", windows of {client} and {server} bits")
    };
    format!("permessage-deflate{takeover}{windows}")
}

fn control(payload: &Payload) -> Option<String> {
    let text = payload.text().filter(|text| !text.is_empty());
    let text = text.map(|text| format!("payload {text:?}"));
    text.or_else(|| (payload.size > 0).then(|| time::bytes(payload.size)))
}

/// Close codes by RFC 6455 section 7.4.1 and the IANA registry.
const fn meaning(code: u16) -> Option<&'static str> {
    Some(match code {
        1000 => "normal",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "invalid data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "extension missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        3000..=3999 => "a registered code",
        4000..=4999 => "a private code",
        _ => return None,
    })
}
