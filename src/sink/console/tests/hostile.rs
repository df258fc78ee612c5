//! Bytes that a terminal must not obey.

use super::story::*;
use crate::event::*;
use crate::sink::console::{Colour, Format};

#[test]
fn json_is_the_event_and_nothing_a_terminal_obeys() {
    let mut story = Story::new();
    story.push(
        0,
        TO_CLIENT,
        EventKind::WebSocketClose(Closing {
            code: Some(1000),
            reason: "\u{9b}2J\x7f\n".to_owned(),
        }),
    );
    let text = story.render(Format::Json, Colour::Always);
    assert!(!text.contains(['\u{9b}', '\x7f']), "{text}");
    let events: Vec<Event> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events, story.events);
}

#[test]
fn hostile_xml_is_shown_and_harmless() {
    let deep = "<a>".repeat(100_000);
    let mut story = Story::new();
    let malformed = || {
        outline(
            "",
            StanzaKind::Malformed {
                why: "cut".to_owned(),
            },
        )
    };
    let balanced = format!("{deep}{}", "</a>".repeat(100_000));
    for xml in [
        deep.as_str(),
        &balanced,
        "<a \x1b]0;x\x07='1'>\u{9b}</a>",
        "<a><b></a></b>",
        "a<",
        "<a b='>",
        "&lt;",
        "<!--",
        "<a>&lt;b&gt;</a>",
    ] {
        story.stanza(0, TO_CLIENT, malformed(), xml);
    }
    let text = story.pretty();
    assert!(text.len() < 200_000, "{}", text.len());
    assert!(!text.contains(|character: char| character.is_control() && character != '\n'));
    assert!(
        text.contains("<a><b></a></b>") && text.contains("\\x1b]0;x\\x07"),
        "{text}"
    );
}
