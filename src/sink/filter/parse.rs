//! Reads expressions: `or` binds weakest, then `and`, then `not`.

use std::ops::Range;

use super::error::{FilterError, Problem};
use super::pattern::{Pattern, Text};
use super::{Expression, Test};
use crate::event::{ConnectionId, Direction, EventKind};

pub(super) fn expression(text: &str) -> Result<Expression, FilterError> {
    let mut parser = Parser {
        text,
        tokens: Vec::new(),
        at: 0,
        depth: 0,
    };
    if text.len() > LONGEST {
        return Err(parser.error(0..0, Problem::TooLong));
    }
    parser.tokens = tokens(text).map_err(|(range, problem)| parser.error(range, problem))?;
    let expression = parser.any()?;
    match parser.peek() {
        None => Ok(expression),
        Some(Token {
            mark: Mark::Close,
            range,
        }) => Err(parser.error(range.clone(), Problem::NotOpened)),
        Some(token) => Err(parser.error(token.range.clone(), Problem::NoOperator)),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    Open,
    Close,
    Equals,
    Differs,
    Word(String),
    Quoted(String),
}

#[derive(Debug, Clone)]
struct Token {
    mark: Mark,
    range: Range<usize>,
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Expression, FilterError> {
        let mut parts = vec![self.all()?];
        while self.word("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    fn all(&mut self) -> Result<Expression, FilterError> {
        let mut parts = vec![self.one()?];
        while self.word("and") {
            parts.push(self.one()?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn one(&mut self) -> Result<Expression, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(self.here(), Problem::TooDeep));
        }
        let expression = if self.word("not") {
            Expression::Not(Box::new(self.one()?))
        } else if self.mark(&Mark::Open) {
            let inner = self.any()?;
            if !self.mark(&Mark::Close) {
                let problem = self
                    .peek()
                    .map_or(Problem::NotClosed, |_| Problem::NoOperator);
                return Err(self.error(self.here(), problem));
            }
            inner
        } else {
            self.test()?
        };
        self.depth -= 1;
        Ok(expression)
    }

    /// `field value`, `field = value` or `field != value`.
    fn test(&mut self) -> Result<Expression, FilterError> {
        let here = self.here();
        let field = match self.next() {
            Some(Token {
                mark: Mark::Word(field),
                ..
            }) => field.to_ascii_lowercase(),
            _ => return Err(self.error(here, Problem::NoTest)),
        };
        if let Some(number) = field.strip_prefix('#') {
            let id = number
                .parse()
                .map_err(|_| self.error(here, Problem::NoNumber))?;
            return Ok(Expression::Test(Test::Connection(ConnectionId(id))));
        }
        let field = match field.as_str() {
            "conn" => "connection",
            other => other,
        };
        if !FIELDS.contains(&field) {
            return Err(self.error(here, Problem::UnknownField));
        }
        let differs = self.mark(&Mark::Differs);
        if !differs {
            self.mark(&Mark::Equals);
        }
        let here = self.here();
        let (value, quoted) = match self.next().map(|token| token.mark) {
            Some(Mark::Word(value)) => (value, false),
            Some(Mark::Quoted(value)) => (value, true),
            _ => return Err(self.error(here, Problem::NoValue)),
        };
        if !quoted && OPERATORS.contains(&value.as_str()) {
            return Err(self.error(here, Problem::NoValue));
        }
        let test = test(field, &value).map_err(|problem| self.error(here, problem))?;
        let test = Expression::Test(test);
        Ok(if differs {
            Expression::Not(Box::new(test))
        } else {
            test
        })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += usize::from(token.is_some());
        token
    }

    fn mark(&mut self, mark: &Mark) -> bool {
        let fits = self.peek().is_some_and(|token| token.mark == *mark);
        self.at += usize::from(fits);
        fits
    }

    fn word(&mut self, word: &str) -> bool {
        let fits = matches!(self.peek(), Some(Token { mark: Mark::Word(other), .. }) if other.eq_ignore_ascii_case(word));
        self.at += usize::from(fits);
        fits
    }

    /// Where the next token stands, or the end.
    fn here(&self) -> Range<usize> {
        let end = self.text.len();
        self.peek().map_or(end..end, |token| token.range.clone())
    }

    fn error(&self, range: Range<usize>, problem: Problem) -> FilterError {
        FilterError {
            text: self.text.chars().take(LONGEST).collect(),
            range,
            problem,
        }
    }
}

fn test(field: &str, value: &str) -> Result<Test, Problem> {
    let pattern = Pattern::new(value);
    Ok(match field {
        "connection" => {
            let number = value.strip_prefix('#').unwrap_or(value);
            Test::Connection(ConnectionId(number.parse().map_err(|_| Problem::NoNumber)?))
        }
        "direction" => Test::Direction(match value.to_ascii_lowercase().as_str() {
            "to-server" | "→" => Direction::ToServer,
            "to-client" | "←" => Direction::ToClient,
            _ => return Err(Problem::UnknownDirection),
        }),
        "kind" if !EventKind::NAMES.iter().any(|kind| pattern.fits(kind)) => {
            return Err(Problem::UnknownKind);
        }
        "kind" => Test::Kind(pattern),
        "host" => Test::Host(pattern),
        "stanza" => Test::Stanza(pattern),
        "node" => Test::Node(pattern),
        "status" => Test::Status(pattern),
        _ => Test::Text(Text::new(value)),
    })
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            many(parts)
        }
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, (Range<usize>, Problem)> {
    let mut tokens = Vec::new();
    let mut characters = text.char_indices().peekable();
    while let Some((start, character)) = characters.next() {
        let mark = match character {
            character if character.is_whitespace() => continue,
            '(' => Mark::Open,
            ')' => Mark::Close,
            '=' => Mark::Equals,
            '!' if characters.next_if(|(_, next)| *next == '=').is_some() => Mark::Differs,
            quote @ ('"' | '\'') => Mark::Quoted(
                quoted(&mut characters, quote).ok_or((start..text.len(), Problem::NoQuote))?,
            ),
            first => {
                let mut word = String::from(first);
                while let Some((_, next)) = characters.next_if(|(_, next)| in_word(*next)) {
                    word.push(next);
                }
                Mark::Word(word)
            }
        };
        let end = characters.peek().map_or(text.len(), |(end, _)| *end);
        tokens.push(Token {
            mark,
            range: start..end,
        });
    }
    Ok(tokens)
}

/// The text up to the closing quote; a backslash takes the next character as it is.
fn quoted(characters: &mut impl Iterator<Item = (usize, char)>, quote: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match characters.next()?.1 {
            '\\' => text.push(characters.next()?.1),
            character if character == quote => return Some(text),
            character => text.push(character),
        }
    }
}

const fn in_word(character: char) -> bool {
    !character.is_whitespace() && !matches!(character, '(' | ')' | '=' | '!' | '"' | '\'')
}

/// What can be asked for.
pub(super) const FIELDS: &[&str] = &[
    "connection",
    "host",
    "direction",
    "kind",
    "stanza",
    "node",
    "status",
    "text",
];
const OPERATORS: &[&str] = &["and", "or", "not"];
/// Longer expressions are refused, in bytes.
const LONGEST: usize = 4096;
/// Deeper expressions are refused.
const DEEPEST: usize = 64;
