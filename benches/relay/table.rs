//! Figures of several rounds, and the table of their medians.

use std::io::{self, Write as _};

use crate::Outcome;

/// What is measured.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    name: &'static str,
    unit: &'static str,
    /// Whether the ratio to the bare relay is shown.
    compared: bool,
}

/// The figures of one scenario.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
    remarks: Vec<String>,
}

#[derive(Debug)]
struct Row {
    name: String,
    /// For each column what each round brought.
    rounds: Vec<Vec<f64>>,
}

impl Column {
    pub(crate) const fn new(name: &'static str, unit: &'static str) -> Self {
        Self {
            name,
            unit,
            compared: false,
        }
    }

    /// The same, with the ratio to the bare relay.
    pub(crate) const fn compared(mut self) -> Self {
        self.compared = true;
        self
    }
}

impl Table {
    pub(crate) fn new(title: &str, columns: Vec<Column>) -> Self {
        Self {
            title: title.to_owned(),
            columns,
            rows: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// The figures of one round; those that the system does not give are none.
    pub(crate) fn add<const N: usize>(&mut self, name: &str, figures: [Option<f64>; N]) {
        if !self.rows.iter().any(|row| row.name == name) {
            self.rows.push(Row {
                name: name.to_owned(),
                rounds: vec![Vec::new(); self.columns.len()],
            });
        }
        let Some(row) = self.rows.iter_mut().find(|row| row.name == name) else {
            return;
        };
        for (rounds, figure) in row.rounds.iter_mut().zip(figures) {
            rounds.extend(figure);
        }
    }

    /// Says something below the table, once.
    pub(crate) fn remark(&mut self, remark: &str) {
        if !self.remarks.iter().any(|other| other == remark) {
            self.remarks.push(remark.to_owned());
        }
    }

    /// Prints the medians, their spread, and their ratio to the bare relay's.
    pub(crate) fn print(&self) -> Outcome<()> {
        let mut out = io::stdout().lock();
        writeln!(out, "\n{}", self.title)?;
        write!(out, "{:28}", "")?;
        for column in &self.columns {
            let head = format!("{}, {}", column.name, column.unit);
            write!(out, "{head:>36}")?;
        }
        writeln!(out)?;
        let bare = self.rows.iter().find(|row| row.name == BARE);
        for row in &self.rows {
            write!(out, "{:28}", row.name)?;
            for (at, column) in self.columns.iter().enumerate() {
                let bare = bare.filter(|_| column.compared && row.name != BARE);
                write!(out, "{:>36}", row.cell(at, bare))?;
            }
            writeln!(out)?;
        }
        for remark in &self.remarks {
            writeln!(out, "{remark}")?;
        }
        Ok(())
    }
}

impl Row {
    fn cell(&self, column: usize, bare: Option<&Self>) -> String {
        let Some((median, lowest, highest)) = self.figure(column) else {
            return "not available here".to_owned();
        };
        let spread = format!("{median:.2} ({lowest:.2} to {highest:.2})");
        match bare.and_then(|bare| bare.figure(column)) {
            Some((bare, ..)) if bare > 0.0 => format!("{spread}  × {:.2}", median / bare),
            _ => spread,
        }
    }

    /// Median, lowest and highest of the rounds.
    fn figure(&self, column: usize) -> Option<(f64, f64, f64)> {
        let mut rounds = self.rounds.get(column)?.clone();
        rounds.sort_unstable_by(f64::total_cmp);
        let median = *rounds.get(rounds.len() / 2)?;
        Some((median, *rounds.first()?, *rounds.last()?))
    }
}

/// The row that the others are compared with.
const BARE: &str = "bare relay";
