//! Events and texts with a secret in them, and what is left of them.

mod harmless;
mod secrets;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::event::{
    Carrier, DataOpcode, HttpRequest, HttpVersion, MessageFacts, QName, Stanza, StanzaKind,
    WebSocketMessage, XmppStanza,
};

const SECRET: &str = "S3cr!t9z";

fn redactor() -> Redactor {
    Redactor::new(Redaction::Standard, &[7; 32].into())
}

fn pseudonym(class: &str) -> String {
    let text = redactor().redact_text("password=S3cr!t9z").into_owned();
    text.replace("password=redacted-password", &format!("redacted-{class}"))
}

fn facts() -> MessageFacts {
    MessageFacts {
        opcode: DataOpcode::Text,
        masked: true,
        compressed: false,
        wire_size: 1,
        frame_count: 1,
        frames: Vec::new(),
    }
}

fn message(text: &[u8]) -> EventKind {
    EventKind::WebSocketMessage(WebSocketMessage {
        message: facts(),
        payload: Payload::whole(text),
    })
}

fn stanza(xml: &str) -> EventKind {
    EventKind::XmppStanza(Box::new(XmppStanza {
        carrier: Carrier::WebSocket(facts()),
        stanza: Stanza {
            root: QName::default(),
            to: None,
            from: None,
            id: None,
            kind_attribute: None,
            error: None,
            kind: StanzaKind::Malformed {
                why: xml.to_owned(),
            },
        },
        xml: Payload::whole(xml.as_bytes()),
    }))
}

fn request(target: &str, name: &str, value: &str) -> EventKind {
    EventKind::HttpRequest(HttpRequest {
        exchange: 1,
        method: "GET".to_owned(),
        target: target.to_owned(),
        version: HttpVersion::Http11,
        headers: vec![Header {
            name: name.to_owned(),
            value: value.to_owned(),
        }],
    })
}

/// The secret as it is, and every way to write it that a reader could undo.
fn forms(secret: &str) -> Vec<String> {
    let percent: String = secret.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let mut forms = vec![
        secret.to_owned(),
        secret.replace('!', "%21"),
        percent,
        STANDARD.encode(secret),
    ];
    // Base64 of something that ends with the secret, at each of the three alignments.
    for padding in ["", "x", "xx"] {
        let whole = STANDARD.encode(format!("{padding}{secret}"));
        forms.push(whole.get(4..10).unwrap().to_owned());
    }
    forms
}

fn assert_clean(mut kind: EventKind, what: &str) -> String {
    let before = serde_json::to_string(&kind).unwrap();
    let redactor = redactor();
    redactor.redact(&mut kind);
    let after = serde_json::to_string(&kind).unwrap();
    assert_ne!(before, after, "{what}: nothing was redacted");
    for form in forms(SECRET) {
        assert!(!after.contains(&form), "{what}: {form} is left in {after}");
    }
    assert!(after.contains("redacted-"), "{what}: {after}");
    redactor.redact(&mut kind);
    assert_eq!(
        serde_json::to_string(&kind).unwrap(),
        after,
        "{what}: not idempotent"
    );
    after
}
