//! Why an expression is not understood.

use std::fmt;
use std::ops::Range;

/// Where an expression is not understood, and what would be possible there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// The expression.
    pub(super) text: String,
    /// The part that is not understood, in bytes of the expression.
    pub(super) range: Range<usize>,
    /// What is wrong.
    pub(super) problem: Problem,
}

/// What is wrong with an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A test was expected.
    #[error("a test is missing here")]
    NoTest,
    /// No such field.
    #[error("nothing of this name can be asked for")]
    UnknownField,
    /// A field without a value.
    #[error("a value is missing here")]
    NoValue,
    /// `connection` wants a number.
    #[error("a connection is a number, as after `#` in the output")]
    NoNumber,
    /// `direction` has two values.
    #[error("this is no direction")]
    UnknownDirection,
    /// No kind of event fits.
    #[error("no kind of event has this name")]
    UnknownKind,
    /// Two tests without a word between them.
    #[error("`and` or `or` is missing before this")]
    NoOperator,
    /// A parenthesis too few.
    #[error("a `)` is missing here")]
    NotClosed,
    /// A parenthesis too many.
    #[error("this `)` closes nothing")]
    NotOpened,
    /// A text without its second quote.
    #[error("the quote that opens here is not closed")]
    NoQuote,
    /// Too many levels.
    #[error("the expression is nested too deep")]
    TooDeep,
    /// Too many characters.
    #[error("the expression is too long")]
    TooLong,
}

impl FilterError {
    /// What is wrong.
    #[must_use]
    pub const fn problem(&self) -> Problem {
        self.problem
    }

    /// The column of the part that is not understood, in characters from 1.
    #[must_use]
    pub fn column(&self) -> usize {
        let before = self.text.get(..self.range.start).unwrap_or(&self.text);
        before.chars().count() + 1
    }

    fn possible(&self) -> Option<String> {
        let list = match self.problem {
            Problem::NoTest | Problem::UnknownField => super::parse::FIELDS.join(", ") + ", not, (",
            Problem::UnknownDirection => "to-server, to-client".to_owned(),
            Problem::UnknownKind => crate::event::EventKind::NAMES.join(", "),
            Problem::NoOperator => "and, or".to_owned(),
            Problem::NoValue
            | Problem::NoNumber
            | Problem::NotClosed
            | Problem::NotOpened
            | Problem::NoQuote
            | Problem::TooDeep
            | Problem::TooLong => return None,
        };
        Some(list)
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .text
            .get(self.range.clone())
            .map_or(1, |part| part.chars().count());
        let shown: String = self.text.chars().map(visible).collect();
        writeln!(f, "{} (column {})", self.problem, self.column())?;
        writeln!(f, "  {shown}")?;
        write!(
            f,
            "  {}{}",
            " ".repeat(self.column() - 1),
            "^".repeat(width.max(1))
        )?;
        match self.possible() {
            Some(list) => write!(f, "\npossible here: {list}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for FilterError {}

/// One column for each character.
fn visible(character: char) -> char {
    if character.is_control() {
        ' '
    } else {
        character
    }
}
