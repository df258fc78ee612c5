//! A line of the chart: its name, and what is in each column.

use super::axis::{Axis, write};
use super::mark::Mark;
use crate::event::Micros;

/// A line of signs.
#[derive(Debug)]
pub(super) struct Lane {
    name: String,
    axis: Axis,
    cells: Vec<Option<Mark>>,
}

impl Lane {
    pub(super) fn new(name: impl Into<String>, axis: &Axis) -> Self {
        Self {
            name: name.into(),
            axis: *axis,
            cells: vec![None; axis.columns()],
        }
    }

    /// Draws a sign where nothing graver stands. Outside the chart it is not seen.
    pub(super) fn put(&mut self, at: Micros, mark: Mark) {
        let column = self.axis.column(at);
        if let Some(cell) = column.and_then(|column| self.cells.get_mut(column)) {
            *cell = Some(cell.map_or(mark, |there| there.max(mark)));
        }
    }

    /// Draws a sign over a stretch of time.
    pub(super) fn fill(&mut self, from: Micros, to: Micros, mark: Mark) {
        if from > self.axis.to() || to < self.axis.from() {
            return;
        }
        let columns = self.axis.clamped(from)..=self.axis.clamped(to);
        for cell in self.cells.get_mut(columns).unwrap_or_default() {
            *cell = Some(cell.map_or(mark, |there| there.max(mark)));
        }
    }

    pub(super) fn marks(&self) -> impl Iterator<Item = Mark> {
        self.cells.iter().filter_map(|cell| *cell)
    }

    /// The line; `None` where nothing is in it.
    pub(super) fn line(&self) -> Option<String> {
        self.marks().next()?;
        let cells = self.cells.iter();
        let cells: String = cells.map(|cell| cell.map_or(' ', Mark::symbol)).collect();
        Some(named(&self.name, &cells))
    }
}

/// Lines of words, each beginning in the column of its moment; words that do not fit go to the next line.
#[derive(Debug)]
pub(super) struct Words {
    name: String,
    axis: Axis,
    lines: Vec<Vec<char>>,
    /// Words that found no place.
    left_out: usize,
}

impl Words {
    pub(super) fn new(name: impl Into<String>, axis: &Axis) -> Self {
        Self {
            name: name.into(),
            axis: *axis,
            lines: Vec::new(),
            left_out: 0,
        }
    }

    /// Writes a word at a moment, to the left of it where there is no room to the right; one before the chart at its
    /// beginning.
    pub(super) fn put(&mut self, at: Micros, word: &str) {
        if at > self.axis.to() {
            return;
        }
        let word: String = word.chars().map(ascii).take(LONGEST).collect();
        let column = self.axis.clamped(at);
        let (column, word) = if column + word.len() < self.axis.columns() {
            (column, format!("|{word}"))
        } else {
            (column.saturating_sub(word.len()), format!("{word}|"))
        };
        let free = self.lines.iter_mut().any(|line| write(line, column, &word));
        if free {
            return;
        }
        let mut line = vec![' '; self.axis.columns()];
        if self.lines.len() < LINES && write(&mut line, column, &word) {
            self.lines.push(line);
        } else {
            self.left_out += 1;
        }
    }

    pub(super) fn lines(self) -> Vec<String> {
        let mut names = std::iter::once(self.name.as_str()).chain(std::iter::repeat(""));
        let lines = self.lines.iter().map(|line| {
            let line: String = line.iter().collect();
            named(names.next().unwrap_or_default(), &line)
        });
        let mut lines: Vec<String> = lines.collect();
        if self.left_out > 0 {
            let more = format!("(and {} more)", self.left_out);
            lines.push(named("", &more));
        }
        lines
    }
}

/// A line of the chart with its name before it.
pub(super) fn named(name: &str, cells: &str) -> String {
    let name: String = name.chars().map(ascii).take(GUTTER - 1).collect();
    let line = format!("{name:<GUTTER$}{cells}");
    line.trim_end().to_owned()
}

/// The chart has one column a character, on every terminal.
const fn ascii(character: char) -> char {
    match character {
        ' '..='~' => character,
        _ => '?',
    }
}

/// Columns before the axis.
pub(super) const GUTTER: usize = 17;
/// The longest word.
const LONGEST: usize = 32;
/// Lines of words of one name.
const LINES: usize = 4;
