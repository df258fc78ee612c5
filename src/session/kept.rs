//! Lists that cannot outgrow their memory, and the one place where text is cut to what is kept of it.

use std::ops::Deref;

/// Facts of one sort in one place, in order: at most `MOST` of them, and at most 256 KiB. The oldest is let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T, const MOST: usize = 512> {
    list: Vec<T>,
    /// Bytes of the texts in it.
    texts: usize,
}

/// What is kept in lists: it says where text stands in it.
pub(super) trait Texts {
    /// Shows each text that it holds.
    fn texts(&mut self, each: &mut dyn FnMut(&mut String));
}

impl<T, const MOST: usize> Default for Kept<T, MOST> {
    fn default() -> Self {
        Self {
            list: Vec::new(),
            texts: 0,
        }
    }
}

impl<T, const MOST: usize> Deref for Kept<T, MOST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.list
    }
}

impl<'a, T, const MOST: usize> IntoIterator for &'a Kept<T, MOST> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

#[expect(
    private_bounds,
    reason = "others read such lists, and the projection alone fills them"
)]
impl<T: Texts, const MOST: usize> Kept<T, MOST> {
    /// Remembers one more, its texts cut.
    pub(super) fn keep(&mut self, mut one: T) {
        self.texts += cut(&mut one);
        self.list.push(one);
        while self.list.len() > MOST || (self.weight() > HEAVIEST && self.list.len() > 1) {
            self.remove(0);
        }
    }

    /// Forgets the one in that place.
    pub(super) fn remove(&mut self, place: usize) {
        if place < self.list.len() {
            let mut gone = self.list.remove(place);
            self.texts = self.texts.saturating_sub(weigh(&mut gone));
        }
    }

    /// Forgets those that do not fit.
    pub(super) fn retain(&mut self, fits: impl FnMut(&T) -> bool) {
        self.list.retain(fits);
        self.texts = self.list.iter_mut().map(weigh).sum();
    }

    /// Changes the one in that place.
    pub(super) fn change(&mut self, place: usize, change: impl FnOnce(&mut T)) {
        if let Some(one) = self.list.get_mut(place) {
            let before = weigh(one);
            change(one);
            self.texts = self.texts.saturating_sub(before) + cut(one);
        }
    }

    /// Roughly the bytes that it holds on the heap.
    pub(super) const fn weight(&self) -> usize {
        self.list.capacity() * size_of::<T>() + self.texts
    }
}

/// What is kept of a text.
pub(super) fn clip(text: &str) -> &str {
    text.get(..text.floor_char_boundary(LONGEST))
        .unwrap_or(text)
}

/// Cuts each text to what is kept of it; returns the bytes that they hold then.
pub(super) fn cut(one: &mut impl Texts) -> usize {
    one.texts(&mut |text| {
        if text.len() > LONGEST {
            *text = clip(text).to_owned();
        }
    });
    weigh(one)
}

/// Bytes of its texts.
pub(super) fn weigh(one: &mut impl Texts) -> usize {
    let mut bytes = 0;
    one.texts(&mut |text| bytes += text.capacity() + OVERHEAD);
    bytes
}

/// Bytes that are kept of a text: longer ones are none that anybody reads to the end.
pub(super) const LONGEST: usize = 256;
/// Bytes that an allocation costs beside its content, and the `String` of one in a list of its own.
const OVERHEAD: usize = 40;
/// Bytes that a list may hold.
const HEAVIEST: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_the_latest_and_knows_what_they_weigh() {
        let mut list: Kept<String, 4> = Kept::default();
        for number in 0..9 {
            list.keep(format!("{number}{}", "x".repeat(number * 100)));
        }
        let firsts: Vec<_> = list.iter().map(|one| one.get(..1).unwrap()).collect();
        assert_eq!(firsts, ["5", "6", "7", "8"]);
        assert!(list.iter().all(|one| one.len() == LONGEST));
        let full = list.weight();
        list.change(3, |one| one.truncate(1));
        list.change(3, |one| one.shrink_to_fit());
        assert_eq!(list.weight(), full - (LONGEST - 1));
        list.remove(3);
        list.retain(|_| false);
        assert_eq!(list.weight(), list.list.capacity() * size_of::<String>());
    }

    #[test]
    fn few_heavy_ones_count_for_many() {
        struct Heavy(Vec<String>);
        impl Texts for Heavy {
            fn texts(&mut self, each: &mut dyn FnMut(&mut String)) {
                self.0.iter_mut().for_each(each);
            }
        }
        let mut list: Kept<Heavy> = Kept::default();
        for _ in 0..300 {
            list.keep(Heavy(vec!["é".repeat(LONGEST); 99]));
        }
        assert!(
            list.weight() <= HEAVIEST && list.len() > 7,
            "{}",
            list.len()
        );
    }
}
