//! The time axis: which column a moment is in, and what stands above it.

use crate::event::Micros;

/// A stretch of time over so many columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Axis {
    from: Micros,
    to: Micros,
    /// The moment that is called 0.
    zero: Micros,
    columns: usize,
}

impl Axis {
    pub(super) fn new(from: Micros, to: Micros, zero: Micros, columns: usize) -> Self {
        let from = Micros(from.0.min(u64::MAX - SHORTEST));
        let to = to.max(Micros(from.0 + SHORTEST));
        Self {
            from,
            to,
            zero: zero.clamp(from, to),
            columns: columns.max(1),
        }
    }

    pub(super) const fn columns(&self) -> usize {
        self.columns
    }

    pub(super) const fn from(&self) -> Micros {
        self.from
    }

    pub(super) const fn to(&self) -> Micros {
        self.to
    }

    /// The column of a moment; `None` for one outside.
    pub(super) fn column(&self, at: Micros) -> Option<usize> {
        (self.from <= at && at <= self.to).then(|| self.clamped(at))
    }

    /// The column of a moment, the first or the last one for those outside.
    pub(super) fn clamped(&self, at: Micros) -> usize {
        let span = u128::from(self.to.since(self.from).0);
        let since = u128::from(at.since(self.from).0).min(span);
        let column = since.saturating_mul(self.columns as u128) / span;
        usize::try_from(column).map_or(0, |column| column.min(self.columns - 1))
    }

    /// What a column stands for.
    pub(super) const fn step(&self) -> Micros {
        Micros(self.to.since(self.from).0 / self.columns as u64)
    }

    /// The line of labels, and the line of ticks below it.
    pub(super) fn lines(&self) -> [String; 2] {
        let mut labels = vec![' '; self.columns];
        let mut ticks = vec!['-'; self.columns];
        let every = self.every();
        let before = self.zero.since(self.from).0 / every;
        let after = self.to.since(self.zero).0 / every;
        let moments = (0..=before)
            .rev()
            .map(|n| (Micros(self.zero.0.saturating_sub(n * every)), n, '-'))
            .chain((1..=after).map(|n| (Micros(self.zero.0.saturating_add(n * every)), n, '+')));
        for (at, n, sign) in moments {
            let Some(column) = self.column(at) else {
                continue;
            };
            if let Some(tick) = ticks.get_mut(column) {
                *tick = '|';
            }
            write(&mut labels, column, &label(n, every, sign));
        }
        [labels, ticks].map(|line| line.into_iter().collect())
    }

    /// Microseconds from one tick to the next: a round number, with room for the label.
    fn every(&self) -> u64 {
        let room = self.step().0.saturating_mul(ROOM).max(1);
        let steps = STEPS.iter().copied();
        steps.clone().find(|step| *step >= room).unwrap_or(room)
    }
}

fn label(n: u64, every: u64, sign: char) -> String {
    if n == 0 {
        return "0".to_owned();
    }
    let micros = n.saturating_mul(every);
    let seconds = micros / 1_000_000;
    match every {
        0..1_000 => format!("{sign}{micros} us"),
        1_000..100_000 => format!("{sign}{} ms", micros / 1_000),
        100_000..1_000_000 => format!("{sign}{seconds}.{} s", micros / 100_000 % 10),
        1_000_000..60_000_000 => format!("{sign}{seconds} s"),
        60_000_000..3_600_000_000 => format!("{sign}{} min", seconds / 60),
        _ => format!("{sign}{} h", seconds / 3_600),
    }
}

/// Writes a text where it fits without touching another one.
pub(super) fn write(line: &mut [char], column: usize, text: &str) -> bool {
    let length = text.chars().count();
    let before = column.checked_sub(1).and_then(|before| line.get(before));
    if before.is_some_and(|cell| *cell != ' ') {
        return false;
    }
    let Some(place) = line.get_mut(column..column.saturating_add(length)) else {
        return false;
    };
    if place.iter().any(|cell| *cell != ' ') {
        return false;
    }
    for (cell, character) in place.iter_mut().zip(text.chars()) {
        *cell = character;
    }
    true
}

/// The shortest stretch, in microseconds.
const SHORTEST: u64 = 1_000;
/// Columns from one label to the next, at the least.
const ROOM: u64 = 10;
/// Times between ticks, in microseconds.
const STEPS: [u64; 22] = [
    1_000,
    5_000,
    10_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    30_000_000,
    60_000_000,
    120_000_000,
    300_000_000,
    600_000_000,
    1_800_000_000,
    3_600_000_000,
    7_200_000_000,
    21_600_000_000,
    86_400_000_000,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_where_it_began() {
        let axis = Axis::new(Micros(0), Micros(60_000_000), Micros(20_000_000), 60);
        let [labels, ticks] = axis.lines();
        assert_eq!(
            labels.trim_end(),
            "-20 s     -10 s     0         +10 s     +20 s     +30 s"
        );
        assert_eq!(ticks.find('|'), Some(0));
        assert_eq!(axis.column(Micros(20_000_000)), Some(20));
        assert_eq!(axis.column(Micros(60_000_000)), Some(59));
        assert_eq!(axis.column(Micros(60_000_001)), None);
    }

    #[test]
    fn impossible_stretches_have_an_axis_too() {
        for (from, to) in [(0, 0), (5, 1), (0, u64::MAX), (u64::MAX, u64::MAX)] {
            let axis = Axis::new(Micros(from), Micros(to), Micros(from), 64);
            let [labels, ticks] = axis.lines();
            assert_eq!((labels.len(), ticks.len()), (64, 64), "{from} {to}");
        }
    }
}
