//! XMPP (RFC 6120) in messages of one element each (RFC 7395): the outline of a stanza.
//!
//! One pass over the XML. Elements are told by namespace, never by prefix; text is read only where the
//! outline has a place for it. Nothing in the outline is a secret; the XML beside it is redacted later.

mod fields;
mod namespaces;
mod reader;
mod references;
mod sasl;
mod stanza;
#[cfg(test)]
mod tests;

use crate::event::{Payload, QName, Stanza, StanzaKind};

use super::Limits;

/// The outline of the stanza in a text message.
pub(super) fn outline(xml: &Payload, limits: &Limits) -> Stanza {
    if xml.size == 0 {
        return bare(StanzaKind::Empty);
    }
    let Some(text) = xml.text() else {
        return malformed("the text is not UTF-8");
    };
    if reader::is_blank(text) {
        return bare(StanzaKind::Whitespace);
    }
    let mut stanza = stanza::read(text, limits);
    if xml.cut > 0 {
        let why = format!("longer than the {} bytes that are kept", limits.message);
        stanza.kind = StanzaKind::Malformed { why };
    }
    stanza
}

fn malformed(why: &str) -> Stanza {
    bare(StanzaKind::Malformed {
        why: why.to_owned(),
    })
}

/// A stanza without an element.
fn bare(kind: StanzaKind) -> Stanza {
    Stanza {
        root: QName::default(),
        to: None,
        from: None,
        id: None,
        kind_attribute: None,
        error: None,
        kind,
    }
}
