//! A session whose events are easily told, and the file that it becomes.

use bytes::Bytes;
use serde_json::Value;

use crate::event::*;
use crate::export::{Export as _, Har};

pub(super) const TO_SERVER: Option<Direction> = Some(Direction::ToServer);
pub(super) const TO_CLIENT: Option<Direction> = Some(Direction::ToClient);

/// A session whose events are easily told.
pub(super) struct Story {
    pub(super) session: SessionStarted,
    pub(super) events: Vec<Event>,
    pub(super) now: u64,
}

impl Story {
    pub(super) fn new() -> Self {
        let session = SessionStarted {
            wall_clock: 1_781_000_000_000_000,
            ..SessionStarted::default()
        };
        Self {
            session,
            events: Vec::new(),
            now: 0,
        }
    }

    /// An event `after` microseconds after the one before, handed on 7 microseconds later.
    pub(super) fn on(
        &mut self,
        connection: u64,
        after: u64,
        direction: Option<Direction>,
        kind: EventKind,
    ) -> &mut Self {
        self.now += after;
        self.events.push(Event {
            number: self.events.len() as u64 + 1,
            time: Times {
                arrived: Micros(self.now),
                first: None,
                forwarded: direction.map(|_| Micros(self.now + 7)),
            },
            connection: Some(ConnectionId(connection)),
            direction,
            kind,
        });
        self
    }

    /// A connection with TLS that is ready after 10 ms: 1 look-up, 2 dial, 3 handshake, 4 of our own.
    pub(super) fn connected(&mut self, connection: u64) -> &mut Self {
        self.entered(connection, true);
        let resolved = Resolved {
            host: "f.test".to_owned(),
            addresses: vec!["192.0.2.1".parse().unwrap()],
            took: Micros(1_000),
            by_option: false,
        };
        let attempt = Attempt {
            address: "192.0.2.1:8445".parse().unwrap(),
            local: None,
            outcome: AttemptOutcome::Connected,
            took: Micros(2_000),
            via: None,
        };
        let established = TlsEstablished {
            leg: Leg::Upstream,
            version: "TLSv1.3".to_owned(),
            cipher_suite: "TLS_AES_256_GCM_SHA384".to_owned(),
            alpn: None,
            chain: Vec::new(),
            verified: None,
            took: Micros(3_000),
        };
        self.on(connection, 1_000, None, EventKind::Resolved(resolved))
            .on(connection, 2_000, None, EventKind::Attempt(attempt))
            .on(
                connection,
                7_000,
                None,
                EventKind::TlsEstablished(established),
            )
    }

    pub(super) fn entered(&mut self, connection: u64, intercepted: bool) -> &mut Self {
        let accepted = Accepted {
            client: "127.0.0.1:50000".parse().unwrap(),
            listener: "127.0.0.1:8899".parse().unwrap(),
        };
        let entered = Entered {
            way: Way::Connect,
            target: authority(),
            intercepted,
        };
        self.on(connection, 0, None, EventKind::Accepted(accepted))
            .on(connection, 0, None, EventKind::Entered(entered))
    }

    pub(super) fn request(
        &mut self,
        connection: u64,
        after: u64,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
    ) -> &mut Self {
        let asked = |event: &&Event| {
            event.connection == Some(ConnectionId(connection))
                && matches!(event.kind, EventKind::HttpRequest(_))
        };
        let request = HttpRequest {
            exchange: self.events.iter().filter(asked).count() as u64 + 1,
            method: method.to_owned(),
            target: target.to_owned(),
            version: HttpVersion::Http11,
            headers: fields(headers),
        };
        self.on(
            connection,
            after,
            TO_SERVER,
            EventKind::HttpRequest(request),
        )
    }

    pub(super) fn response(
        &mut self,
        connection: u64,
        after: u64,
        exchange: u64,
        status: u16,
        headers: &[(&str, &str)],
    ) -> &mut Self {
        let response = HttpResponse {
            exchange,
            version: HttpVersion::Http11,
            status,
            reason: "Reason".to_owned(),
            headers: fields(headers),
        };
        self.on(
            connection,
            after,
            TO_CLIENT,
            EventKind::HttpResponse(response),
        )
    }

    pub(super) fn body(
        &mut self,
        connection: u64,
        direction: Option<Direction>,
        exchange: u64,
        content: Payload,
        complete: bool,
    ) -> &mut Self {
        let body = HttpBody {
            exchange,
            framing: BodyFraming::Length,
            wire_size: content.size,
            content_type: None,
            content_encoding: None,
            content,
            still_encoded: false,
            trailers: Vec::new(),
            complete,
        };
        self.on(connection, 500, direction, EventKind::HttpBody(body))
    }

    /// A WebSocket, from the connection on.
    pub(super) fn socket(&mut self, connection: u64) -> &mut Self {
        let upgrade = [("Upgrade", "websocket")];
        let opened = WebSocketOpened {
            exchange: 1,
            target: "/ws/".to_owned(),
            subprotocol: None,
            deflate: None,
            unknown_extensions: Vec::new(),
        };
        self.connected(connection)
            .request(connection, 0, "GET", "/ws/", &upgrade)
            .response(connection, 100, 1, 101, &upgrade)
            .on(connection, 0, TO_CLIENT, EventKind::WebSocketOpened(opened))
    }

    pub(super) fn message(
        &mut self,
        connection: u64,
        direction: Option<Direction>,
        opcode: DataOpcode,
        payload: Payload,
    ) -> &mut Self {
        let message = MessageFacts {
            opcode,
            masked: direction == TO_SERVER,
            compressed: false,
            wire_size: payload.size,
            frame_count: 1,
            frames: Vec::new(),
        };
        self.on(
            connection,
            1_000,
            direction,
            EventKind::WebSocketMessage(WebSocketMessage { message, payload }),
        )
    }

    pub(super) fn ended(
        &mut self,
        connection: u64,
        direction: Option<Direction>,
        manner: Manner,
    ) -> &mut Self {
        let closed = Closed {
            first: direction,
            to_server: 0,
            to_client: 0,
            lasted: Micros(0),
        };
        let ended = Ended { manner, bytes: 0 };
        self.on(connection, 1_000, direction, EventKind::Ended(ended))
            .on(connection, 0, None, EventKind::Closed(closed))
    }

    /// The file, and the remarks.
    pub(super) fn exported(&self) -> (Value, Vec<String>) {
        export(&self.session, &self.events)
    }

    pub(super) fn entries(&self) -> Vec<Value> {
        self.exported().0["log"]["entries"]
            .as_array()
            .unwrap()
            .clone()
    }
}

pub(super) fn export(session: &SessionStarted, events: &[Event]) -> (Value, Vec<String>) {
    let mut output = Vec::new();
    let mut har = Box::new(Har::new(&mut output, session.clone()).unwrap());
    for event in events {
        har.event(event).unwrap();
    }
    let remarks = har.finish().unwrap();
    (serde_json::from_slice(&output).unwrap(), remarks)
}

pub(super) fn authority() -> Authority {
    Authority {
        host: "f.test".to_owned(),
        port: 8445,
    }
}

pub(super) fn fields(headers: &[(&str, &str)]) -> Vec<Header> {
    let field = |(name, value): &(&str, &str)| Header {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    headers.iter().map(field).collect()
}

pub(super) fn bytes(bytes: &'static [u8]) -> Payload {
    Payload {
        content: Content::Base64(Bytes::from_static(bytes)),
        size: bytes.len() as u64,
        cut: 0,
    }
}
