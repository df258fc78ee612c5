//! `csv`: one row an event, for a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{Terminator, Writer, WriterBuilder};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Export;
use crate::event::{
    AttemptOutcome, DataOpcode, Direction, Event, EventKind, HttpBody, Leg, Micros, SessionStarted,
    StanzaKind, WallClock,
};
use crate::session::Contexts;
use crate::sink::console::{Colour, Format, Renderer};
use crate::sink::filter::purpose;

/// Comma-separated values (RFC 4180), UTF-8, with a header row and CRLF.
#[derive(Debug)]
pub struct Csv<W: Write> {
    rows: Writer<W>,
    renderer: Renderer,
    contexts: Contexts,
    wall: WallClock,
}

impl<W: Write> Csv<W> {
    /// Writes to `output` what `session` is.
    ///
    /// # Errors
    /// Those of the output.
    pub fn new(output: W, session: &SessionStarted) -> io::Result<Self> {
        let mut rows = WriterBuilder::new()
            .terminator(Terminator::CRLF)
            .from_writer(output);
        rows.write_record(COLUMNS)?;
        Ok(Self {
            rows,
            renderer: Renderer::new(Format::Compact, Colour::Never, TimeZone::UTC),
            contexts: Contexts::default(),
            wall: WallClock::starting(session.wall_clock),
        })
    }
}

impl<W: Write> Export for Csv<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        self.wall.take(event);
        let context = self.contexts.take(event);
        let told = self.renderer.tell(event, &context);
        let facts = Facts::of(&event.kind);
        let host = context.target.as_ref();
        let row = [
            event.number.to_string(),
            date_time(self.wall.at(event.time.arrived)),
            seconds(event.time.arrived),
            event
                .connection
                .map_or_else(String::new, |id| id.0.to_string()),
            host.map_or_else(String::new, ToString::to_string),
            direction(event.direction).to_owned(),
            event.kind.name().to_owned(),
            facts.subkind,
            told.words,
            number(facts.size),
            number(event.time.delay().map(|Micros(delay)| delay)),
            number(told.round_trip.map(|Micros(time)| time)),
            number(facts.exchange),
            facts.target,
            number(facts.status.map(u64::from)),
            number(facts.close_code.map(u64::from)),
            facts.stanza_id,
            facts.node,
        ];
        for cell in &row {
            self.rows.write_field(harmless(cell).as_ref())?;
        }
        Ok(self.rows.write_record(None::<&[u8]>)?)
    }

    fn finish(mut self: Box<Self>) -> io::Result<Vec<String>> {
        self.rows.flush()?;
        Ok(Vec::new())
    }
}

/// The names of the columns, in order.
const COLUMNS: [&str; 18] = [
    "number",
    "time",
    "offset_s",
    "connection",
    "host",
    "direction",
    "kind",
    "subkind",
    "summary",
    "size",
    "delay_us",
    "round_trip_us",
    "exchange",
    "target",
    "status",
    "close_code",
    "stanza_id",
    "node",
];

/// What of an event has a column of its own.
#[derive(Debug, Default)]
struct Facts {
    subkind: String,
    size: Option<u64>,
    exchange: Option<u64>,
    target: String,
    status: Option<u16>,
    close_code: Option<u16>,
    stanza_id: String,
    node: String,
}

impl Facts {
    fn of(kind: &EventKind) -> Self {
        match kind {
            EventKind::XmppStanza(stanza) => Self {
                subkind: purpose(&stanza.stanza.kind).to_owned(),
                size: Some(stanza.xml.size),
                stanza_id: stanza.stanza.id.clone().unwrap_or_default(),
                node: node(&stanza.stanza.kind).unwrap_or_default().to_owned(),
                ..Self::default()
            },
            EventKind::HttpRequest(_) | EventKind::HttpResponse(_) | EventKind::HttpBody(_) => {
                Self::of_http(kind)
            }
            EventKind::WebSocketOpened(_)
            | EventKind::WebSocketMessage(_)
            | EventKind::WebSocketPing(_)
            | EventKind::WebSocketPong(_)
            | EventKind::WebSocketClose(_) => Self::of_websocket(kind),
            _ => Self::of_connection(kind),
        }
    }

    fn of_http(kind: &EventKind) -> Self {
        match kind {
            EventKind::HttpRequest(head) => Self {
                subkind: head.method.clone(),
                exchange: Some(head.exchange),
                target: head.target.clone(),
                ..Self::default()
            },
            EventKind::HttpResponse(head) => Self {
                subkind: head.status.to_string(),
                exchange: Some(head.exchange),
                status: Some(head.status),
                ..Self::default()
            },
            EventKind::HttpBody(HttpBody {
                exchange,
                content_type,
                content,
                ..
            }) => Self {
                subkind: content_type.clone().unwrap_or_default(),
                size: Some(content.size),
                exchange: Some(*exchange),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn of_websocket(kind: &EventKind) -> Self {
        let sized = |subkind: &str, size| Self {
            subkind: subkind.to_owned(),
            size: Some(size),
            ..Self::default()
        };
        match kind {
            EventKind::WebSocketOpened(opened) => Self {
                subkind: opened.subprotocol.clone().unwrap_or_default(),
                exchange: Some(opened.exchange),
                target: opened.target.clone(),
                ..Self::default()
            },
            EventKind::WebSocketMessage(message) => sized(
                match message.message.opcode {
                    DataOpcode::Text => "text",
                    DataOpcode::Binary => "binary",
                },
                message.payload.size,
            ),
            EventKind::WebSocketPing(payload) => sized("ping", payload.size),
            EventKind::WebSocketPong(pong) => sized("pong", pong.payload.size),
            EventKind::WebSocketClose(closing) => Self {
                subkind: "close".to_owned(),
                close_code: closing.code,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn of_connection(kind: &EventKind) -> Self {
        let named = |subkind: &str| Self {
            subkind: subkind.to_owned(),
            ..Self::default()
        };
        match kind {
            EventKind::Entered(entered) => Self {
                target: entered.target.to_string(),
                ..named(if entered.intercepted {
                    "intercepted"
                } else {
                    "tunnelled"
                })
            },
            EventKind::Attempt(attempt) => Self {
                target: attempt.address.to_string(),
                ..named(match attempt.outcome {
                    AttemptOutcome::Connected => "connected",
                    AttemptOutcome::Failed(_) => "failed",
                    AttemptOutcome::Abandoned => "abandoned",
                })
            },
            EventKind::UpstreamFailed(failed) => Self {
                target: failed.target.to_string(),
                status: failed.answered,
                ..Self::default()
            },
            EventKind::TlsEstablished(established) => named(leg(established.leg)),
            EventKind::TlsFailed(failed) => named(leg(failed.leg)),
            EventKind::Stalled(stalled) => Self {
                size: Some(stalled.waiting),
                ..Self::default()
            },
            EventKind::Ended(ended) => Self {
                size: Some(ended.bytes),
                ..Self::default()
            },
            EventKind::Closed(closed) => Self {
                size: Some(closed.to_server.saturating_add(closed.to_client)),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

/// The pubsub node of a stanza.
fn node(kind: &StanzaKind) -> Option<&str> {
    match kind {
        StanzaKind::Pubsub { node, .. } | StanzaKind::Notification { node, .. } => node.as_deref(),
        _ => None,
    }
}

const fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::Client => "client",
        Leg::Upstream => "upstream",
    }
}

const fn direction(direction: Option<Direction>) -> &'static str {
    match direction {
        Some(Direction::ToServer) => "to-server",
        Some(Direction::ToClient) => "to-client",
        None => "",
    }
}

fn number(number: Option<u64>) -> String {
    number.map_or_else(String::new, |number| number.to_string())
}

/// RFC 3339 in UTC, to the microsecond; empty where no calendar has that time.
fn date_time(wall: i64) -> String {
    Timestamp::from_microsecond(wall).map_or_else(
        |_| String::new(),
        |time| time.strftime("%Y-%m-%dT%H:%M:%S%.6fZ").to_string(),
    )
}

fn seconds(Micros(micros): Micros) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

/// A cell that a spreadsheet takes for text and never for a formula, and that commands no terminal: control characters
/// are escaped, and what could begin a formula gets an apostrophe before it.
fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.contains(char::is_control) {
        let mut escaped = String::with_capacity(cell.len());
        for character in cell.chars() {
            if character.is_control() {
                escaped.extend(character.escape_default());
            } else {
                escaped.push(character);
            }
        }
        return harmless(&escaped).into_owned().into();
    }
    if cell.starts_with(['=', '+', '-', '@']) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{
        Authority, Closing, ConnectionId, Entered, Header, HttpRequest, HttpVersion, Payload, Pong,
        Times, Way,
    };

    fn rows(events: &[Event]) -> Vec<String> {
        let session = SessionStarted {
            wall_clock: 1_781_000_000_000_000,
            ..SessionStarted::default()
        };
        let mut output = Vec::new();
        let mut csv = Box::new(Csv::new(&mut output, &session).unwrap());
        for event in events {
            csv.event(event).unwrap();
        }
        assert!(csv.finish().unwrap().is_empty());
        let text = String::from_utf8(output).unwrap();
        let rows = text.strip_suffix("\r\n").unwrap().split("\r\n");
        rows.skip(1).map(ToOwned::to_owned).collect()
    }

    fn event(number: u64, direction: Option<Direction>, kind: EventKind) -> Event {
        Event {
            number,
            time: Times {
                arrived: Micros(1_000_000 * number),
                first: None,
                forwarded: Some(Micros(1_000_000 * number + 70)),
            },
            connection: Some(ConnectionId(4)),
            direction,
            kind,
        }
    }

    #[test]
    fn an_event_is_a_row_with_its_facts_in_columns_of_their_own() {
        let target = Authority {
            host: "f.test".to_owned(),
            port: 8445,
        };
        let entered = Entered {
            way: Way::Connect,
            target,
            intercepted: true,
        };
        let pong = Pong {
            payload: Payload::whole(b"tick"),
            round_trip: Some(Micros(412)),
        };
        let close = Closing {
            code: Some(1001),
            reason: "Idle, \"Timeout\"".to_owned(),
        };
        let to_client = Some(Direction::ToClient);
        assert_eq!(
            rows(&[
                event(1, None, EventKind::Entered(entered)),
                event(2, to_client, EventKind::WebSocketPong(pong)),
                event(3, to_client, EventKind::WebSocketClose(close)),
            ]),
            [
                "1,2026-06-09T10:13:21.000000Z,1.000000,4,f.test:8445,,entered,intercepted,CONNECT f.test:8445  looking inside,,70,,,f.test:8445,,,,",
                "2,2026-06-09T10:13:22.000000Z,2.000000,4,f.test:8445,to-client,web-socket-pong,pong,\"pong frame  round trip 0.4 ms · payload \"\"tick\"\"\",4,70,412,,,,,,",
                "3,2026-06-09T10:13:23.000000Z,3.000000,4,f.test:8445,to-client,web-socket-close,close,\"Close frame 1001 (going away)  reason: Idle, \"\"Timeout\"\"\",,70,,,,,1001,,",
            ],
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        let request = HttpRequest {
            exchange: 1,
            method: "=HYPERLINK(\"http://evil.test\")".to_owned(),
            target: "\t+1\u{1b}[2J".to_owned(),
            version: HttpVersion::Http11,
            headers: vec![Header {
                name: "a".to_owned(),
                value: "b".to_owned(),
            }],
        };
        let rows = rows(&[event(
            1,
            Some(Direction::ToServer),
            EventKind::HttpRequest(request),
        )]);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(rows[0].as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!(&row[7], "'=HYPERLINK(\"http://evil.test\")");
        assert!(row[8].starts_with("'=HYPERLINK("), "{}", &row[8]);
        assert_eq!(&row[13], "\\t+1\\u{1b}[2J");
    }
}
