//! Prose for a terminal: wrapped, with colour where a person looks, and harmless whatever stands in a recording.

use std::ffi::OsString;

use crate::sink::console::{Colour, Style, paint, visible};

/// A page that is being written.
pub(super) struct Page {
    text: String,
    colour: Colour,
    width: usize,
}

impl Page {
    /// An empty page of so many columns.
    pub(super) const fn new(colour: Colour, width: usize) -> Self {
        Self {
            text: String::new(),
            colour,
            width,
        }
    }

    /// Columns of the page.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// A line of its own that is about what follows; a blank line goes before it.
    pub(super) fn heading(&mut self, indent: usize, style: Style, text: &str) {
        self.blank();
        self.item(indent, "", style, text);
    }

    /// A wrapped paragraph.
    pub(super) fn paragraph(&mut self, indent: usize, text: &str) {
        self.item(indent, "", Style::Plain, text);
    }

    /// A wrapped paragraph behind its lead, such as `- ` or a time.
    pub(super) fn item(&mut self, indent: usize, lead: &str, style: Style, text: &str) {
        let mut lead = harmless(lead);
        let hang = indent + lead.chars().count();
        let room = self.width.saturating_sub(hang).max(NARROWEST);
        for line in wrap(&harmless(text), room) {
            self.spaces(indent);
            paint(&mut self.text, self.colour, Style::Dim, &lead);
            paint(&mut self.text, self.colour, style, line);
            self.text.push('\n');
            lead = " ".repeat(lead.chars().count());
        }
    }

    /// A line as it is.
    pub(super) fn line(&mut self, indent: usize, style: Style, text: &str) {
        self.spaces(indent);
        paint(&mut self.text, self.colour, style, text);
        self.text.push('\n');
    }

    /// A blank line, unless there is one.
    pub(super) fn blank(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// All of it.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    fn spaces(&mut self, count: usize) {
        self.text.extend(std::iter::repeat_n(' ', count));
    }
}

/// How many columns there are: those of `COLUMNS`, or of the terminal, or 100.
pub(super) fn width() -> usize {
    let typed = std::env::var_os("COLUMNS").map(OsString::into_string);
    let typed = typed.and_then(|text| text.ok()?.parse().ok());
    let columns = typed.filter(|columns| *columns > 0).or_else(terminal);
    columns.map_or(DEFAULT, |columns| columns.clamp(MINIMUM, MAXIMUM))
}

#[cfg(unix)]
fn terminal() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(usize::from(size.ws_col))
}

#[cfg(not(unix))]
const fn terminal() -> Option<usize> {
    None
}

/// What stands in a recording must not command the terminal, nor fill it.
fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => {
            visible(&mut safe, text.get(..end).unwrap_or_default());
            safe.push('\u{2026}');
        }
        None => visible(&mut safe, text),
    }
    safe
}

/// Lines of at most so many characters, broken at spaces where there are any.
fn wrap(text: &str, room: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text.trim_end();
    loop {
        let Some((limit, next)) = rest.char_indices().nth(room) else {
            lines.push(rest);
            return lines;
        };
        let head = rest.get(..limit + next.len_utf8()).unwrap_or(rest);
        let space = head.rfind(' ').filter(|space| *space > 0);
        let (line, after) = rest.split_at(space.unwrap_or(limit));
        lines.push(line.trim_end());
        rest = after.trim_start();
    }
}

/// Columns where nobody says how many there are.
const DEFAULT: usize = 100;
/// Columns at the least and at the most: longer lines are hard to read.
const MINIMUM: usize = 60;
const MAXIMUM: usize = 120;
/// Room for a wrapped text, however far it is indented.
const NARROWEST: usize = 20;
/// The longest text, in characters.
const LONGEST: usize = 4_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_broken_at_spaces() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two", 7), ["one two"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(
            wrap("\u{fc}\u{fc}\u{fc}\u{fc} \u{fc}", 4),
            ["\u{fc}\u{fc}\u{fc}\u{fc}", "\u{fc}"]
        );
        assert_eq!(wrap("ab cd\u{b1}ef gh", 5), ["ab", "cd\u{b1}ef", "gh"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn a_lead_hangs_and_nothing_commands_the_terminal() {
        let mut page = Page::new(Colour::Never, 30);
        page.item(2, "- ", Style::Bad, "one two three four five six \u{1b}[2J");
        assert_eq!(
            page.into_text(),
            "  - one two three four five\n    six \\x1b[2J\n"
        );
    }
}
