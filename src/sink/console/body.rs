//! What stands below a head line: XML, headers, text, bytes.

use std::fmt::Write as _;

use super::paint::{Colour, Style, cut, paint};
use super::xml;
use crate::event::{Content, Header, Payload};

/// One line below a head line.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// Steps of indentation.
    pub(super) indent: usize,
    /// Where the bar stands that marks an unfolded payload, in steps of indentation.
    pub(super) bar: Option<usize>,
    pub(super) pieces: Vec<Piece>,
}

/// Text of one style.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    style: Style,
    text: String,
}

impl Piece {
    pub(super) const fn new(style: Style, text: String) -> Self {
        Self { style, text }
    }
}

impl Line {
    fn plain(style: Style, text: String) -> Self {
        Self {
            indent: 0,
            bar: None,
            pieces: vec![Piece::new(style, text)],
        }
    }
}

/// The lines of a payload: XML laid out, other text as it is, bytes in hex.
pub(super) fn payload(payload: &Payload) -> Vec<Line> {
    let mut lines = match &payload.content {
        Content::Text(text) => text_lines(text),
        Content::Base64(bytes) => vec![Line::plain(Style::Dim, hex(bytes))],
    };
    if payload.cut > 0 {
        let note = format!("… {} bytes were not kept", payload.cut);
        lines.push(Line::plain(Style::Warning, note));
    }
    lines
}

fn text_lines(text: &str) -> Vec<Line> {
    if let Some(lines) = xml::lines(text) {
        return lines;
    }
    let plain = |line: &str| Line::plain(Style::Plain, cut(line, LINE_LONGEST));
    text.lines().take(LINES + 1).map(plain).collect()
}

/// Header fields, one a line.
pub(super) fn headers(headers: &[Header]) -> Vec<Line> {
    let line = |header: &Header| Line {
        indent: 0,
        bar: None,
        pieces: vec![
            Piece::new(Style::Name, format!("{}: ", header.name)),
            Piece::new(Style::Plain, cut(&header.value, LINE_LONGEST)),
        ],
    };
    headers.iter().map(line).collect()
}

/// Remarks of our own.
pub(super) fn remarks(texts: impl IntoIterator<Item = String>) -> Vec<Line> {
    let line = |text| Line::plain(Style::Plain, text);
    texts.into_iter().map(line).collect()
}

/// Writes the lines, and how many more there are.
pub(super) fn write(out: &mut String, colour: Colour, lines: &[Line]) {
    for line in lines.iter().take(LINES) {
        out.push_str(MARGIN);
        for step in 0..line.indent {
            if line.bar == Some(step) {
                paint(out, colour, Style::Dim, "│ ");
            } else {
                out.push_str("  ");
            }
        }
        for piece in &line.pieces {
            paint(out, colour, piece.style, &piece.text);
        }
        out.push('\n');
    }
    if let Some(more) = lines.len().checked_sub(LINES).filter(|more| *more > 0) {
        out.push_str(MARGIN);
        paint(out, colour, Style::Dim, &format!("… {more} lines more"));
        out.push('\n');
    }
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in bytes.iter().take(HEX_BYTES) {
        let _ = write!(text, "{byte:02x} ");
    }
    if bytes.len() > HEX_BYTES {
        let _ = write!(text, "… ({} bytes more)", bytes.len() - HEX_BYTES);
    }
    text.trim_end().to_owned()
}

/// Where what is below a head line begins.
const MARGIN: &str = "              ";
/// Lines shown of one event.
const LINES: usize = 120;
/// Characters shown of one line.
const LINE_LONGEST: usize = 1000;
/// Bytes shown of binary content.
const HEX_BYTES: usize = 32;
