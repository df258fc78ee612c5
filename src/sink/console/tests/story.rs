//! Events of one connection, easily told.

use std::net::SocketAddr;

use jiff::tz::{Offset, TimeZone};

use crate::event::*;
use crate::session::Contexts;
use crate::sink::console::{Colour, Format, Renderer};

pub(super) const TO_SERVER: Option<Direction> = Some(Direction::ToServer);
pub(super) const TO_CLIENT: Option<Direction> = Some(Direction::ToClient);

/// Events of one connection, with times that a reader can follow.
#[derive(Default)]
pub(super) struct Story {
    pub(super) events: Vec<Event>,
    now: u64,
}

impl Story {
    pub(super) fn new() -> Self {
        let mut story = Self::default();
        story.push(
            0,
            None,
            EventKind::SessionStarted(SessionStarted {
                version: "0.1.0".to_owned(),
                wall_clock: 1_781_000_000_000_000,
                intercepted: vec!["finesse.example.com".to_owned()],
                redaction: Redaction::Standard,
                platform: "linux x86_64".to_owned(),
                ..SessionStarted::default()
            }),
        );
        story
    }

    /// An event, `after` microseconds after the one before.
    pub(super) fn push(
        &mut self,
        after: u64,
        direction: Option<Direction>,
        kind: EventKind,
    ) -> &mut Self {
        self.now += after;
        let number = self.events.len() as u64 + 1;
        self.events.push(Event {
            number,
            time: Times {
                arrived: Micros(self.now),
                first: None,
                forwarded: Some(Micros(self.now + 90)),
            },
            connection: (number > 1).then_some(ConnectionId(3)),
            direction,
            kind,
        });
        self
    }

    pub(super) fn stanza(
        &mut self,
        after: u64,
        direction: Option<Direction>,
        outline: Stanza,
        xml: &str,
    ) -> &mut Self {
        let message = MessageFacts {
            opcode: DataOpcode::Text,
            masked: direction == TO_SERVER,
            compressed: false,
            wire_size: xml.len() as u64,
            frame_count: 1,
            frames: Vec::new(),
        };
        let xml = Payload::whole(xml.as_bytes());
        let carrier = Carrier::WebSocket(message);
        self.push(
            after,
            direction,
            EventKind::XmppStanza(Box::new(XmppStanza {
                carrier,
                stanza: outline,
                xml,
            })),
        )
    }

    pub(super) fn render(&self, format: Format, colour: Colour) -> String {
        let zone = TimeZone::fixed(Offset::constant(2));
        let mut renderer = Renderer::new(format, colour, zone);
        let (mut contexts, mut text) = (Contexts::default(), String::new());
        for event in &self.events {
            let context = contexts.take(event);
            renderer.pass(event);
            renderer.render(event, &context, &mut text);
        }
        text
    }

    pub(super) fn pretty(&self) -> String {
        self.render(Format::Pretty, Colour::Never)
    }

    pub(super) fn compact(&self) -> String {
        self.render(Format::Compact, Colour::Never)
    }
}

pub(super) fn outline(root: &str, kind: StanzaKind) -> Stanza {
    Stanza {
        root: QName::new(root, ""),
        to: None,
        from: None,
        id: None,
        kind_attribute: None,
        error: None,
        kind,
    }
}

pub(super) fn iq(kind_attribute: &str, id: &str, kind: StanzaKind) -> Stanza {
    Stanza {
        id: Some(id.to_owned()),
        kind_attribute: Some(kind_attribute.to_owned()),
        ..outline("iq", kind)
    }
}

pub(super) fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

pub(super) fn request(method: &str, target: &str, headers: Vec<Header>) -> EventKind {
    EventKind::HttpRequest(HttpRequest {
        exchange: 1,
        method: method.to_owned(),
        target: target.to_owned(),
        version: HttpVersion::Http11,
        headers,
    })
}

pub(super) fn response(status: u16, reason: &str, headers: Vec<Header>) -> EventKind {
    EventKind::HttpResponse(HttpResponse {
        exchange: 1,
        version: HttpVersion::Http11,
        status,
        reason: reason.to_owned(),
        headers,
    })
}

pub(super) fn body(text: &str) -> EventKind {
    EventKind::HttpBody(HttpBody {
        exchange: 1,
        framing: BodyFraming::Length,
        wire_size: text.len() as u64,
        content_type: Some("application/xml".to_owned()),
        content_encoding: None,
        content: Payload::whole(text.as_bytes()),
        still_encoded: false,
        trailers: Vec::new(),
        complete: true,
    })
}

pub(super) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}
