//! An event becomes text. Pure: what it remembers is in [`Fold`], what it writes goes to a `String`.

use jiff::tz::TimeZone;

use super::body;
use super::fold::{Context, Fold};
use super::paint::{Colour, Style, cut, paint};
use super::remark::Remark;
use super::said::Said;
use super::{connection, http, session, tcp, time, tls, websocket, xmpp};
use crate::bus::Loss;
use crate::event::{Direction, Event, EventKind, Micros};
use crate::recording::encode;

/// How events are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// A head line and what belongs below it.
    #[default]
    Pretty,
    /// One line an event.
    Compact,
    /// The event as JSON, one a line, as in a recording.
    Json,
}

/// What there is to tell about one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What it is, and the key facts, on one line.
    pub words: String,
    /// From a question to this answer: of a pong, an iq, or the head of a response.
    pub round_trip: Option<Micros>,
}

/// Writes events as text, in the session's order.
#[derive(Debug)]
pub struct Renderer {
    format: Format,
    colour: Colour,
    zone: TimeZone,
    fold: Fold,
    /// An event in JSON.
    line: Vec<u8>,
}

impl Renderer {
    /// A renderer that shows times of day in `zone`.
    #[must_use]
    pub fn new(format: Format, colour: Colour, zone: TimeZone) -> Self {
        Self {
            format,
            colour,
            zone,
            fold: Fold::default(),
            line: Vec::new(),
        }
    }

    /// Knows the wall clock at the session's start before its first event says it, in microseconds since the Unix epoch.
    #[must_use]
    pub const fn begun_at(mut self, wall_clock: i64) -> Self {
        self.fold.wall_at_start = Some(wall_clock);
        self
    }

    /// Appends what is to be seen of the event; that may be nothing, where there is nothing wrong to
    /// tell, or with `Pretty`, where a later line says it all.
    pub fn render(&mut self, event: &Event, out: &mut String) {
        if self.format != Format::Json && is_calm(event) {
            return;
        }
        let context = self.take(event);
        match self.format {
            Format::Json => self.json(event, out),
            Format::Pretty | Format::Compact => {
                if let Some(said) = say(event, &context, &self.zone, self.format == Format::Pretty)
                {
                    self.write(event, &context, &said, out);
                }
            }
        }
    }

    /// The words of the event's compact line, for a form that has times and directions in places of their own.
    pub fn tell(&mut self, event: &Event) -> Told {
        let context = self.take(event);
        let mut told = Told {
            words: String::new(),
            round_trip: context.round_trip(event),
        };
        if let Some(said) = say(event, &context, &self.zone, false) {
            words(&mut told.words, Colour::Never, &said, None);
        }
        told
    }

    /// Remembers an event that is not to be seen, so that times and pairings stay right.
    pub fn pass(&mut self, event: &Event) {
        self.take(event);
    }

    fn take(&mut self, event: &Event) -> Context {
        self.fold.take(event)
    }

    /// Appends a line that says that events are missing here; in JSON a `gap` with the number of the first of them.
    pub fn skipped(&mut self, loss: &Loss, out: &mut String) {
        if self.format == Format::Json {
            return self.json(&loss.event(), out);
        }
        let text = format!(
            "… {} events were not shown: this terminal was too slow",
            loss.gap.events
        );
        paint(out, self.colour, Style::Warning, &text);
        out.push('\n');
    }

    /// Appends what an onlooker says between two events: with `Json` as one plain line, for another place than the events.
    pub fn remark(&self, remark: &Remark, out: &mut String) {
        let said = remark.said();
        let colour = match self.format {
            Format::Json => Colour::Never,
            Format::Pretty | Format::Compact => self.colour,
        };
        let clock = time::of_day(self.fold.wall_at_start, remark.at, &self.zone);
        paint(out, colour, Style::Dim, &clock);
        out.push_str(NO_TIMES);
        paint(out, colour, said.style, "■ ");
        words(out, colour, &said, None);
        out.push('\n');
        if self.format == Format::Pretty {
            body::write(out, colour, &said.body);
        }
    }

    /// The event on one line, as in a recording.
    fn json(&mut self, event: &Event, out: &mut String) {
        self.line.clear();
        self.line.shrink_to(LINE_KEPT);
        encode(event, &mut self.line);
        out.push_str(&String::from_utf8_lossy(&self.line));
    }

    fn write(&self, event: &Event, context: &Context, said: &Said, out: &mut String) {
        let colour = self.colour;
        let clock = time::of_day(self.fold.wall_at_start, event.time.arrived, &self.zone);
        paint(out, colour, Style::Dim, &clock);
        let since = context
            .since
            .map_or_else(String::new, |since| format!("+{}", time::duration(since)));
        paint(out, colour, Style::Dim, &format!(" {since:>12} "));
        let connection = event
            .connection
            .map_or_else(String::new, |id| id.to_string());
        paint(out, colour, Style::Dim, &format!("{connection:>4} "));
        let (arrow, style) = arrow(event.direction);
        paint(out, colour, style, arrow);
        out.push(' ');
        words(out, colour, said, delay(event).as_ref());
        out.push('\n');
        if self.format == Format::Pretty {
            body::write(out, colour, &said.body);
        }
    }
}

/// What it is, and the key facts, with one more if there is one.
fn words(out: &mut String, colour: Colour, said: &Said, more: Option<&String>) {
    paint(out, colour, said.style, &cut(&said.what, WORDS_LONGEST));
    for (index, fact) in said.facts.iter().chain(more).enumerate() {
        let separator = if index == 0 { "  " } else { " · " };
        paint(out, colour, Style::Dim, separator);
        paint(out, colour, Style::Plain, &cut(fact, WORDS_LONGEST));
    }
}

/// What there is to say about the event; `whole` adds what stands below the head line, and leaves out what a later
/// line will say better.
#[deny(
    clippy::wildcard_enum_match_arm,
    clippy::match_wildcard_for_single_variants
)]
fn say(event: &Event, context: &Context, zone: &TimeZone, whole: bool) -> Option<Said> {
    Some(match &event.kind {
        EventKind::SessionStarted(started) => session::started(started),
        EventKind::Listening(listening) => session::listening(listening),
        EventKind::Accepted(accepted) => connection::accepted(accepted),
        EventKind::Entered(entered) => connection::entered(entered),
        EventKind::Refused(refusal) => connection::refused(refusal),
        EventKind::Resolved(resolved) => connection::resolved(resolved),
        EventKind::Attempt(attempt) => connection::attempt(attempt),
        EventKind::UpstreamFailed(failed) => connection::upstream_failed(failed),
        EventKind::Protocol(protocol) => connection::protocol(*protocol),
        EventKind::ClientHello(hello) => tls::client_hello(hello),
        EventKind::Minted(minted) => tls::minted(minted),
        EventKind::TlsEstablished(established) => tls::established(established),
        EventKind::TlsFailed(failed) => tls::failed(failed),
        EventKind::Rewritten(rewritten) => connection::rewritten(rewritten),
        EventKind::HttpRequest(head) => http::request(head),
        EventKind::HttpResponse(head) => return http::response(head, context, whole),
        EventKind::HttpBody(body) => http::body(body, event.direction, context),
        EventKind::HttpViolation(violation) => http::violation(violation),
        EventKind::WebSocketOpened(opened) => websocket::opened(opened),
        EventKind::WebSocketMessage(message) => websocket::message(message, whole),
        EventKind::WebSocketPing(payload) => websocket::ping(payload),
        EventKind::WebSocketPong(pong) => websocket::pong(pong),
        EventKind::WebSocketClose(closing) => websocket::close(closing),
        EventKind::WebSocketViolation(violation) => websocket::violation(violation),
        EventKind::XmppStanza(stanza) => xmpp::stanza(stanza, context, whole),
        EventKind::Stalled(stalled) => connection::stalled(stalled, event.direction),
        EventKind::TcpInfo(sample) => tcp::sample(sample),
        EventKind::Ended(ended) => connection::ended(ended, event.direction),
        EventKind::Closed(closed) => connection::closed(closed, &context.unfinished),
        EventKind::Host(host) => session::host(host, zone),
        EventKind::Recorder(recorder) => session::recorder(recorder),
        EventKind::Gap(gap) => session::gap(gap),
        EventKind::SessionEnded(ended) => session::ended(ended),
    })
}

/// Whether the event is kept for the record and says nothing to somebody who looks on.
fn is_calm(event: &Event) -> bool {
    matches!(&event.kind, EventKind::TcpInfo(sample) if tcp::is_calm(sample))
}

const fn arrow(direction: Option<Direction>) -> (&'static str, Style) {
    match direction {
        Some(Direction::ToServer) => ("→", Style::ToServer),
        Some(Direction::ToClient) => ("←", Style::ToClient),
        None => ("·", Style::Dim),
    }
}

/// finspect's own delay, where it is worth a word.
fn delay(event: &Event) -> Option<String> {
    let delay = event
        .time
        .delay()
        .filter(|delay| *delay > DELAY_WORTH_A_WORD)?;
    Some(format!("held by finspect for {}", time::duration(delay)))
}

/// The place of the time since the event before and of the connection.
const NO_TIMES: &str = "                   ";
/// A shorter delay of our own is not mentioned.
const DELAY_WORTH_A_WORD: Micros = Micros(5_000);
/// Memory kept from one line of JSON to the next, in bytes.
const LINE_KEPT: usize = 64 * 1024;
/// Characters shown of one fact in a head line.
const WORDS_LONGEST: usize = 300;
