//! The only way onto the terminal: every piece of text goes through here, and none brings control characters along.

use std::fmt::Write as _;

/// Whether to colour; the caller knows about `NO_COLOR` and about the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Colour {
    /// ANSI colours.
    Always,
    /// Plain text.
    #[default]
    Never,
}

/// What a piece of text is, for the eye.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// Nothing special.
    #[default]
    Plain,
    /// What a line is about.
    Subject,
    /// It went well.
    Good,
    /// Worth a look.
    Warning,
    /// It failed.
    Bad,
    /// Context.
    Dim,
    /// To the server.
    ToServer,
    /// To the client.
    ToClient,
    /// Markup of XML.
    Tag,
    /// The name of an attribute or a header.
    Name,
    /// The value of an attribute.
    Value,
}

/// Appends `text` in `style`.
pub(crate) fn paint(out: &mut String, colour: Colour, style: Style, text: &str) {
    let code = match (colour, code(style)) {
        (Colour::Always, Some(code)) if !text.is_empty() => code,
        _ => return visible(out, text),
    };
    let _ = write!(out, "\x1b[{code}m");
    visible(out, text);
    out.push_str("\x1b[0m");
}

/// Appends `text` with everything that a terminal would obey, or that would reorder a line, in readable form.
pub fn visible(out: &mut String, text: &str) {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        out.push_str(text);
        return;
    }
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x1f' | '\x7f'..='\u{9f}' => {
                let _ = write!(out, "\\x{:02x}", u32::from(character));
            }
            '\u{200e}'
            | '\u{200f}'
            | '\u{061c}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(character));
            }
            character => out.push(character),
        }
    }
}

/// `text`, or its beginning and how much more there is.
pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some((at, _)) => {
            let kept = text.get(..at).unwrap_or_default();
            let more = text.len() - at;
            format!("{kept}… ({more} bytes more)")
        }
    }
}

const fn code(style: Style) -> Option<&'static str> {
    match style {
        Style::Plain => None,
        Style::Subject => Some("1"),
        Style::Good => Some("1;32"),
        Style::Warning => Some("1;33"),
        Style::Bad => Some("1;31"),
        Style::Dim => Some("2"),
        Style::ToServer => Some("36"),
        Style::ToClient => Some("35"),
        Style::Tag => Some("34"),
        Style::Name => Some("36"),
        Style::Value => Some("32"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_cannot_command_the_terminal() {
        let mut out = String::new();
        paint(
            &mut out,
            Colour::Never,
            Style::Bad,
            "a\x1b]0;x\x07\u{9b}2J\x7f\u{202e}\r\né",
        );
        assert_eq!(out, "a\\x1b]0;x\\x07\\x9b2J\\x7f\\u{202e}\\r\\né");
    }
}
