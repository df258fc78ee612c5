//! One direction of a WebSocket: frames, and the messages that they make up.

use crate::event::{
    Carrier, DataOpcode, Direction, EventKind, Micros, Pong, WebSocketMessage, WebSocketOpened,
    WebSocketViolation as Violation, XmppStanza,
};
use crate::tap::{Kept, Limits, Output, xmpp};

use super::control::closing;
use super::frame::{FrameHeader, HeaderReader};
use super::inflate::{Inflater, Lost};
use super::mask::unmask;
use super::message::Message;
use super::pings::Pings;
use super::reported::Reported;

/// The frames of one sender.
#[derive(Debug)]
pub(super) struct Decoder {
    sender: Sender,
    limits: Limits,
    header: HeaderReader,
    frame: Option<Frame>,
    /// When the first byte of the frame at hand arrived.
    began: Micros,
    /// The data message that is open, if one is.
    message: Option<Message>,
    inflater: Option<Box<Inflater>>,
    reported: Reported,
    /// Whether a Close came.
    is_closed: bool,
    /// Whether framing is lost.
    is_quiet: bool,
}

/// What is fixed about a sender from the 101 on.
#[derive(Debug, Clone, Copy)]
struct Sender {
    direction: Direction,
    /// Whether its text messages are stanzas.
    is_xmpp: bool,
    /// Whether an extension that we do not know may give the reserved bits a meaning.
    is_extended: bool,
}

/// The frame at hand.
#[derive(Debug)]
struct Frame {
    header: FrameHeader,
    /// Bytes of the payload that came.
    have: u64,
    sink: Sink,
}

/// Where a frame's payload goes.
#[derive(Debug)]
enum Sink {
    Control(Kept),
    Message,
    Nowhere,
}

impl Decoder {
    pub(super) fn new(direction: Direction, opened: &WebSocketOpened, limits: Limits) -> Self {
        let is_fresh = opened.deflate.map(|deflate| match direction {
            Direction::ToServer => deflate.client_no_context_takeover,
            Direction::ToClient => deflate.server_no_context_takeover,
        });
        let inflater = is_fresh.map(|fresh| Inflater::new(fresh, limits.skipped_inflate));
        let subprotocol = opened.subprotocol.as_deref();
        Self {
            sender: Sender {
                direction,
                is_xmpp: subprotocol.is_some_and(|name| name.eq_ignore_ascii_case("xmpp")),
                is_extended: !opened.unknown_extensions.is_empty(),
            },
            limits,
            header: HeaderReader::default(),
            frame: None,
            began: Micros(0),
            message: None,
            inflater: inflater.map(Box::new),
            reported: Reported::default(),
            is_closed: false,
            is_quiet: false,
        }
    }

    /// Reads no more.
    pub(super) fn silence(&mut self) {
        self.is_quiet = true;
        self.frame = None;
        self.message = None;
        self.inflater = None;
    }

    /// Reads on; `own` are this sender's pings, `others` those of its peer.
    pub(super) fn push(
        &mut self,
        mut bytes: &[u8],
        own: &mut Pings,
        others: &mut Pings,
        out: &mut Output<'_>,
    ) {
        while !self.is_quiet {
            if self.frame.is_none() {
                if self.header.is_empty() {
                    self.began = out.now();
                }
                let Some(header) = self.header.take(&mut bytes) else {
                    return;
                };
                self.begin(&header, out);
            }
            let Some(frame) = &mut self.frame else {
                return;
            };
            let left = frame.header.length - frame.have;
            let length = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
            let (part, rest) = bytes.split_at(length);
            bytes = rest;
            self.payload(part, out);
            if length as u64 != left {
                return;
            }
            self.finish(own, others, out);
        }
    }

    /// Ends the direction.
    pub(super) fn end(&mut self, out: &mut Output<'_>) {
        let is_inside = self.frame.is_some() || !self.header.is_empty() || self.message.is_some();
        if is_inside && !self.is_quiet {
            let began = self
                .message
                .as_ref()
                .map_or(self.began, |message| message.began);
            out.emit(began, EventKind::WebSocketViolation(Violation::CutOff));
        }
        self.silence();
    }

    /// Decides from its header what a frame is.
    fn begin(&mut self, header: &FrameHeader, out: &mut Output<'_>) {
        self.check(header, out);
        if header.length >> 63 != 0 {
            self.report(Violation::LengthOverflow, out);
            self.silence();
            return;
        }
        let sink = match header.opcode {
            0 if self.message.is_some() => Sink::Message,
            0 => {
                self.report(Violation::UnexpectedContinuation, out);
                Sink::Nowhere
            }
            1 => self.open(DataOpcode::Text, header, out),
            2 => self.open(DataOpcode::Binary, header, out),
            8..=10 => Sink::Control(Kept::new(CONTROL)),
            opcode => {
                self.report(Violation::UnknownOpcode(opcode), out);
                Sink::Nowhere
            }
        };
        self.frame = Some(Frame {
            header: *header,
            have: 0,
            sink,
        });
    }

    fn open(&mut self, opcode: DataOpcode, header: &FrameHeader, out: &mut Output<'_>) -> Sink {
        if self.message.is_some() {
            self.report(Violation::ExpectedContinuation, out);
        }
        let compressed = self.inflater.is_some() && header.reserved & RSV1 != 0;
        let cap = self.limits.message;
        let message = Message::new(opcode, header, compressed, self.began, cap);
        self.message = Some(message);
        Sink::Message
    }

    /// Names what is wrong with a header while the frame can still be told from the next.
    fn check(&mut self, header: &FrameHeader, out: &mut Output<'_>) {
        let may_be_compressed = self.inflater.is_some() && matches!(header.opcode, 1 | 2);
        let agreed = if may_be_compressed { RSV1 } else { 0 };
        if header.reserved & !agreed != 0 && !self.sender.is_extended {
            self.report(Violation::ReservedBits(header.reserved), out);
        }
        match (self.sender.direction, header.mask) {
            (Direction::ToServer, None) => self.report(Violation::UnmaskedClientFrame, out),
            (Direction::ToClient, Some(_)) => self.report(Violation::MaskedServerFrame, out),
            _ => {}
        }
        if !header.minimal {
            self.report(Violation::LengthNotMinimal, out);
        }
        if header.is_control() && !header.fin {
            self.report(Violation::FragmentedControl, out);
        }
        if header.is_control() && header.length > CONTROL as u64 {
            self.report(Violation::OversizedControl(header.length), out);
        }
        if self.is_closed {
            self.report(Violation::DataAfterClose, out);
        }
    }

    /// The next bytes of the payload at hand.
    fn payload(&mut self, part: &[u8], out: &mut Output<'_>) {
        let Some(Frame { header, have, sink }) = &mut self.frame else {
            return;
        };
        let (mask, offset) = (header.mask, *have);
        *have += part.len() as u64;
        let take_off = |bytes: &mut [u8]| {
            if let Some(mask) = mask {
                unmask(bytes, mask, offset);
            }
        };
        match (sink, &mut self.message, &mut self.inflater) {
            (Sink::Control(kept), _, _) => kept.push_with(part, take_off),
            (Sink::Message, Some(message), Some(inflater)) if message.compressed => {
                if inflater.is_in_sync()
                    && let Err(why) = inflate(inflater, &mut message.content, part, mask, offset)
                {
                    self.report(Violation::LostSync(why.to_string()), out);
                }
            }
            (Sink::Message, Some(message), _) => message.content.push_with(part, take_off),
            _ => {}
        }
    }

    /// The frame at hand is whole.
    fn finish(&mut self, own: &mut Pings, others: &mut Pings, out: &mut Output<'_>) {
        let Some(Frame { header, sink, .. }) = self.frame.take() else {
            return;
        };
        match sink {
            Sink::Control(kept) => self.control(header.opcode, kept, own, others, out),
            Sink::Nowhere => {}
            Sink::Message => {
                if let Some(message) = &mut self.message {
                    message.frame(&header, out.now());
                }
                if header.fin
                    && let Some(message) = self.message.take()
                {
                    self.message(message, out);
                }
            }
        }
    }

    fn control(
        &mut self,
        opcode: u8,
        kept: Kept,
        own: &mut Pings,
        others: &mut Pings,
        out: &mut Output<'_>,
    ) {
        let kind = match opcode {
            9 => {
                own.sent(kept.bytes(), out.now());
                EventKind::WebSocketPing(kept.into_payload().0)
            }
            10 => EventKind::WebSocketPong(Pong {
                round_trip: others.answered(kept.bytes(), out.now()),
                payload: kept.into_payload().0,
            }),
            _ => {
                self.is_closed = true;
                let (closing, violations) = closing(kept.bytes());
                for violation in violations {
                    self.report(violation, out);
                }
                EventKind::WebSocketClose(closing)
            }
        };
        out.emit(self.began, kind);
    }

    /// A message is whole.
    fn message(&mut self, mut message: Message, out: &mut Output<'_>) {
        if message.compressed
            && let Some(inflater) = &mut self.inflater
        {
            if !inflater.is_in_sync() {
                out.emit(message.began, message.unread());
                return;
            }
            if let Err(why) = inflater.finish(&mut message.content) {
                self.report(Violation::LostSync(why.to_string()), out);
                out.emit(message.began, message.unread());
                return;
            }
            if !message.content.is_whole() {
                let violation = Violation::InflatedOverLimit(self.limits.message as u64);
                out.emit(message.began, EventKind::WebSocketViolation(violation));
            }
        }
        let began = message.began;
        let is_stanza = message.is_text() && self.sender.is_xmpp;
        let is_text = message.is_text();
        let (facts, content) = message.into_parts();
        let (payload, is_utf8) = content.into_payload();
        if is_text && !is_utf8 {
            self.report(Violation::InvalidUtf8, out);
        }
        let kind = if is_stanza {
            EventKind::XmppStanza(Box::new(XmppStanza {
                carrier: Carrier::WebSocket(facts),
                stanza: xmpp::outline(&payload, &self.limits),
                xml: payload,
            }))
        } else {
            EventKind::WebSocketMessage(WebSocketMessage {
                message: facts,
                payload,
            })
        };
        out.emit(began, kind);
    }

    /// Reports a violation, each kind once.
    fn report(&mut self, violation: Violation, out: &mut Output<'_>) {
        if self.reported.is_first(&violation) {
            out.emit(self.began, EventKind::WebSocketViolation(violation));
        }
    }
}

/// Inflates bytes of a frame's payload, which are `offset` bytes into it.
fn inflate(
    inflater: &mut Inflater,
    content: &mut Kept,
    part: &[u8],
    mask: Option<[u8; 4]>,
    mut offset: u64,
) -> Result<(), Lost> {
    let Some(mask) = mask else {
        return inflater.push(part, content);
    };
    let mut clear = [0; PIECE];
    for piece in part.chunks(PIECE) {
        let Some(clear) = clear.get_mut(..piece.len()) else {
            continue;
        };
        clear.copy_from_slice(piece);
        unmask(clear, mask, offset);
        offset += piece.len() as u64;
        inflater.push(clear, content)?;
    }
    Ok(())
}

/// RSV1 among the reserved bits: the message is compressed (RFC 7692 section 6).
const RSV1: u8 = 4;

/// The longest payload of a control frame (RFC 6455 section 5.5).
const CONTROL: usize = 125;

/// Bytes unmasked at a time where they go into the inflater.
const PIECE: usize = 4096;
