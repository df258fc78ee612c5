//! An event becomes text. Pure: all that it remembers is the wall clock, what it writes goes to a `String`.

use jiff::tz::TimeZone;

use super::body;
use super::paint::{Colour, Style, cut, paint};
use super::remark::Remark;
use super::said::Said;
use super::{connection, http, session, tcp, time, tls, websocket, xmpp};
use crate::bus::Loss;
use crate::event::{Direction, Event, EventKind, Micros, WallClock};
use crate::recording::encode;
use crate::session::Context;

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
    /// Once the session's start was seen.
    wall: Option<WallClock>,
}

impl Renderer {
    /// A renderer that shows times of day in `zone`.
    #[must_use]
    pub fn new(format: Format, colour: Colour, zone: TimeZone) -> Self {
        Self {
            format,
            colour,
            zone,
            wall: None,
        }
    }

    /// Knows the wall clock at the session's start before its first event says it, in microseconds since the Unix epoch.
    #[must_use]
    pub fn begun_at(mut self, wall_clock: i64) -> Self {
        self.wall = Some(WallClock::starting(wall_clock));
        self
    }

    /// Appends what is to be seen of the event; that may be nothing, where there is nothing wrong to
    /// tell, or with `Pretty`, where a later line says it all. [`Renderer::pass`] has to see every event before it.
    pub fn render(&self, event: &Event, context: &Context, out: &mut String) {
        match self.format {
            Format::Json => json(event, out),
            Format::Pretty | Format::Compact if is_calm(event) => {}
            Format::Pretty | Format::Compact => {
                let whole = self.format == Format::Pretty;
                if let Some(said) = say(event, context, &self.zone, whole) {
                    self.write(event, context, &said, out);
                }
            }
        }
    }

    /// The words of the event's compact line, for a form that has times and directions in places of their own.
    #[must_use]
    pub fn tell(&self, event: &Event, context: &Context) -> Told {
        let mut told = Told {
            words: String::new(),
            round_trip: context.round_trip(event),
        };
        if let Some(said) = say(event, context, &self.zone, false) {
            words(&mut told.words, Colour::Never, &said, None);
        }
        told
    }

    /// Sees an event pass: the clock may have been moved.
    pub fn pass(&mut self, event: &Event) {
        if let EventKind::SessionStarted(started) = &event.kind {
            self.wall = Some(WallClock::starting(started.wall_clock));
        } else if let Some(wall) = &mut self.wall {
            wall.take(event);
        }
    }

    /// Appends a line that says that events are missing here; in JSON a `gap` with the number of the first of them.
    pub fn skipped(&self, loss: &Loss, out: &mut String) {
        if self.format == Format::Json {
            return json(&loss.event(), out);
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
        let wall = self.wall.as_ref().map(|wall| wall.at(remark.at));
        let clock = time::of_day(wall, remark.at, &self.zone);
        paint(out, colour, Style::Dim, &clock);
        out.push_str(NO_TIMES);
        paint(out, colour, said.style, "■ ");
        words(out, colour, &said, None);
        out.push('\n');
        if self.format == Format::Pretty {
            body::write(out, colour, &said.body);
        }
    }

    fn write(&self, event: &Event, context: &Context, said: &Said, out: &mut String) {
        let colour = self.colour;
        let at = event.time.arrived;
        let wall = self.wall.as_ref().map(|wall| wall.at(at));
        let clock = time::of_day(wall, at, &self.zone);
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

/// The event on one line, as in a recording.
fn json(event: &Event, out: &mut String) {
    let mut line = Vec::new();
    encode(event, &mut line);
    out.push_str(&String::from_utf8_lossy(&line));
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
/// Characters shown of one fact in a head line.
const WORDS_LONGEST: usize = 300;
