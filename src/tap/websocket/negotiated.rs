//! What a 101 settled: subprotocol and extensions.

use crate::event::{Deflate, Header, WebSocketOpened};
use crate::tap::http1::{elements, values};

/// The agreement in the header fields of a 101, which answered this exchange for this target.
pub(in crate::tap) fn agreed(
    question: Option<(u64, String)>,
    headers: &[Header],
) -> WebSocketOpened {
    let (exchange, target) = question.unwrap_or_default();
    let mut opened = WebSocketOpened {
        exchange,
        target,
        subprotocol: values(headers, "sec-websocket-protocol")
            .next()
            .map(str::to_owned),
        deflate: None,
        unknown_extensions: Vec::new(),
    };
    for extension in elements(headers, "sec-websocket-extensions") {
        let name = extension.split(';').next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("permessage-deflate") && opened.deflate.is_none() {
            opened.deflate = Some(deflate(extension));
        } else {
            opened.unknown_extensions.push(extension.to_owned());
        }
    }
    opened
}

/// The parameters of permessage-deflate (RFC 7692 section 7.1); what is out of range counts as absent.
fn deflate(extension: &str) -> Deflate {
    let mut deflate = Deflate {
        server_no_context_takeover: false,
        client_no_context_takeover: false,
        server_max_window_bits: 15,
        client_max_window_bits: 15,
    };
    for parameter in extension.split(';').skip(1) {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        let bits = value.trim().trim_matches('"').parse().ok();
        let bits = bits.filter(|bits| (8..=15).contains(bits)).unwrap_or(15);
        match name.trim().to_ascii_lowercase().as_str() {
            "server_no_context_takeover" => deflate.server_no_context_takeover = true,
            "client_no_context_takeover" => deflate.client_no_context_takeover = true,
            "server_max_window_bits" => deflate.server_max_window_bits = bits,
            "client_max_window_bits" => deflate.client_max_window_bits = bits,
            _ => {}
        }
    }
    deflate
}
