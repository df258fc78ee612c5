//! A day at an agent's desktop, as the tap sees it: pings every 10 s, 1,500 events of 2 kB an hour, for 8 hours.

use finspect::event::{ConnectionId, Direction, Event, EventKind, Micros, Times};
use finspect::redact::Redactor;
use finspect::tap::{Chunk, Limits, Seen, Tap};

use crate::Outcome;

/// The events of so many days on one socket.
pub(crate) fn events(days: u64) -> Outcome<Vec<Event>> {
    let redactor = Redactor::random(finspect::event::Redaction::Standard)?;
    let mut tap = Tap::new(Limits::default());
    let mut seen = Vec::new();
    let mut push = |direction, at: u64, bytes: &[u8]| {
        let chunk = Chunk {
            arrived: Micros(at),
            forwarded: Some(Micros(at + 80)),
            bytes,
        };
        tap.push(direction, chunk, &mut seen);
    };
    push(Direction::ToServer, 0, UPGRADE);
    push(Direction::ToClient, 100, SWITCHED);
    let end = days * HOURS * 3600 * SECOND;
    let (mut ping, mut notification) = (10 * SECOND, NOTIFICATION_EVERY);
    let (mut pings, mut notifications) = (0, 0);
    while ping.min(notification) < end {
        if ping <= notification {
            pings += 1;
            push(Direction::ToServer, ping, &frame(true, &question(pings)));
            push(
                Direction::ToClient,
                ping + 900,
                &frame(false, &answer(pings)),
            );
            ping += 10 * SECOND;
        } else {
            notifications += 1;
            push(
                Direction::ToClient,
                notification,
                &frame(false, &update(notifications)),
            );
            notification += NOTIFICATION_EVERY;
        }
    }
    let numbered = |(index, seen): (usize, Seen)| {
        let mut kind = seen.kind;
        redactor.redact(&mut kind);
        Event {
            number: index as u64 + 1,
            time: Times { ..seen.time },
            connection: Some(ConnectionId(1)),
            direction: Some(seen.direction),
            kind,
        }
    };
    Ok(seen.into_iter().enumerate().map(numbered).collect())
}

/// Mean bytes of a line, for what there is most of.
pub(crate) fn sizes(events: &[Event]) -> Vec<(&'static str, usize)> {
    let of = |name, fits: fn(&str) -> bool| {
        let mut lines = Vec::new();
        let mut count = 0;
        for event in events {
            if let EventKind::XmppStanza(stanza) = &event.kind
                && stanza.xml.text().is_some_and(fits)
            {
                finspect::recording::encode(event, &mut lines);
                count += 1;
            }
        }
        (name, lines.len() / count.max(1))
    };
    vec![
        of("notification of 2,000 bytes", |xml| {
            xml.starts_with("<message")
        }),
        of("ping", |xml| xml.contains("urn:xmpp:ping")),
        of("its answer", |xml| xml.contains("'result'")),
    ]
}

pub(crate) fn question(number: u64) -> String {
    format!(
        "<iq type='get' to='finesse.example.com' id='{number}:ping' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"
    )
}

pub(crate) fn answer(number: u64) -> String {
    format!(
        "<iq type='result' from='finesse.example.com' to='1001002@finesse.example.com/desktop' id='{number}:ping' xmlns='jabber:client'/>"
    )
}

/// A notification of a dialog, as Finesse sends it.
fn update(number: u64) -> String {
    let before = format!(
        "<message xmlns='jabber:client' from='pubsub.finesse.example.com' to='1001002@finesse.example.com' id='/finesse/api/User/1001002/Dialogs__{number}'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/finesse/api/User/1001002/Dialogs'><item id='79c1dd9a-2b8f-4f0b-9b1c-{number:012x}'><notification xmlns='http://jabber.org/protocol/pubsub'>"
    );
    let after = "</notification></item></items></event></message>";
    let dialog = format!(
        "<Update><data><dialog><fromAddress>1001003</fromAddress><id>{}</id><mediaProperties><callType>ACD_IN</callType><callvariables>{}</callvariables></mediaProperties><state>ACTIVE</state><toAddress>1081001</toAddress></dialog></data><event>PUT</event><requestId>{number:08x}-8902-4cc1-beeb-8da1658eec67</requestId><source>/finesse/api/Dialog/{number}</source></Update>",
        16_804_377 + number / 7,
        (1..=10)
            .map(|index| format!(
                "<CallVariable><name>callVariable{index}</name><value>{}</value></CallVariable>",
                (number * index) % 9973
            ))
            .collect::<String>(),
    );
    let dialog = dialog.replace('<', "&lt;").replace('>', "&gt;");
    let used = before.len() + dialog.len() + after.len();
    let padding: String = WORDS
        .chars()
        .cycle()
        .take(EVENT.saturating_sub(used))
        .collect();
    format!("{before}{dialog}{padding}{after}")
}

/// A text frame (RFC 6455 section 5.2); masked with zeros if a client sends it.
pub(crate) fn frame(masked: bool, text: &str) -> Vec<u8> {
    let mask_bit = u8::from(masked) << 7;
    let mut frame = vec![0x81];
    match u8::try_from(text.len()) {
        Ok(length @ 0..126) => frame.push(mask_bit | length),
        _ => {
            frame.push(mask_bit | 126);
            frame.extend((text.len() as u16).to_be_bytes());
        }
    }
    if masked {
        frame.extend([0; 4]);
    }
    frame.extend(text.as_bytes());
    frame
}

pub(crate) const UPGRADE: &[u8] = b"GET /ws/ HTTP/1.1\r\nHost: finesse.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n";
pub(crate) const SWITCHED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n";
const WORDS: &str = "Lunch and a walk around the block ";
const SECOND: u64 = 1_000_000;
const HOURS: u64 = 8;
/// 1,500 an hour.
const NOTIFICATION_EVERY: u64 = 3600 * SECOND / 1500;
/// Bytes of a notification.
const EVENT: usize = 2_000;
