//! The leaves of one run: minted once, remembered, forgotten when least used or too old.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use lru::LruCache;

use crate::leaf::LeafKey;
use crate::{Authority, Error, Leaf, Name};

/// Mints leaves and keeps the most recently used of them.
pub struct Leaves {
    authority: Arc<Authority>,
    /// Held while minting: a mint takes some 0.1 ms, and so a host is minted once however many ask for it together.
    state: Mutex<State>,
}

struct State {
    /// The one key of all these leaves, made with the first of them.
    key: Option<LeafKey>,
    kept: LruCache<Name, Arc<Leaf>>,
}

/// Whether a leaf was signed for this very call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Minted {
    /// Signed just now.
    New,
    /// Signed for an earlier call.
    Cached,
}

impl Leaves {
    /// An empty cache of that many hosts (at least one).
    #[must_use]
    pub fn new(authority: Arc<Authority>, capacity: usize) -> Self {
        let capacity = NonZeroUsize::new(capacity).unwrap_or(NonZeroUsize::MIN);
        Self {
            authority,
            state: Mutex::new(State {
                key: None,
                kept: LruCache::sparse(capacity),
            }),
        }
    }

    /// The leaf for a host, now.
    pub fn leaf(&self, name: &Name) -> Result<(Arc<Leaf>, Minted), Error> {
        self.leaf_at(name, SystemTime::now())
    }

    /// The leaf for a host at a given time.
    pub fn leaf_at(&self, name: &Name, now: SystemTime) -> Result<(Arc<Leaf>, Minted), Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { key, kept } = &mut *state;
        if let Some(leaf) = kept.get(name).filter(|leaf| leaf.is_good(now)) {
            return Ok((Arc::clone(leaf), Minted::Cached));
        }
        let key = match key {
            Some(key) => key,
            None => key.insert(LeafKey::generate()?),
        };
        let leaf = Arc::new(Leaf::mint(&self.authority, key, name, now)?);
        kept.put(name.clone(), Arc::clone(&leaf));
        Ok((leaf, Minted::New))
    }

    /// The authority that signs.
    #[must_use]
    pub const fn authority(&self) -> &Arc<Authority> {
        &self.authority
    }
}

impl fmt::Debug for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaves")
            .field("authority", &self.authority)
            .field("key", &"[redacted]")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::Permitted;

    const DAY: Duration = Duration::from_secs(24 * 60 * 60);

    fn leaves(capacity: usize) -> (Leaves, SystemTime) {
        let now = SystemTime::now();
        let permitted = [Permitted::parse("*.example.com").unwrap()];
        let authority = Authority::create(&permitted, now).unwrap();
        (Leaves::new(Arc::new(authority), capacity), now)
    }

    fn host(label: &str) -> Name {
        Name::parse(&format!("{label}.example.com")).unwrap()
    }

    fn minted(leaves: &Leaves, label: &str, at: SystemTime) -> Minted {
        leaves.leaf_at(&host(label), at).unwrap().1
    }

    #[test]
    fn a_host_keeps_its_leaf() {
        let (leaves, now) = leaves(8);
        let (first, new) = leaves.leaf_at(&host("a"), now).unwrap();
        let (second, cached) = leaves.leaf_at(&host("a"), now + DAY).unwrap();
        assert_eq!((new, cached), (Minted::New, Minted::Cached));
        assert!(Arc::ptr_eq(&first, &second));
        let (other, _) = leaves.leaf_at(&host("b"), now).unwrap();
        assert_ne!(first.serial(), other.serial());
        assert_eq!(first.serial().len(), 32);
    }

    #[test]
    fn the_least_recently_used_host_is_forgotten_first() {
        let (leaves, now) = leaves(2);
        minted(&leaves, "a", now);
        minted(&leaves, "b", now);
        assert_eq!(minted(&leaves, "a", now), Minted::Cached);
        assert_eq!(minted(&leaves, "c", now), Minted::New);
        assert_eq!(
            minted(&leaves, "a", now),
            Minted::Cached,
            "used more lately than b"
        );
        assert_eq!(minted(&leaves, "b", now), Minted::New);
    }

    #[test]
    fn a_leaf_in_its_last_day_is_minted_anew() {
        let (leaves, now) = leaves(8);
        minted(&leaves, "a", now);
        assert_eq!(minted(&leaves, "a", now + 28 * DAY), Minted::Cached);
        let later = now + 29 * DAY;
        let (leaf, new) = leaves.leaf_at(&host("a"), later).unwrap();
        assert_eq!(new, Minted::New);
        assert!(leaf.not_after() > later + 29 * DAY);
    }

    #[test]
    fn a_clock_set_back_gets_a_leaf_that_is_valid_there() {
        let (leaves, now) = leaves(8);
        minted(&leaves, "a", now + 10 * DAY);
        let (leaf, new) = leaves.leaf_at(&host("a"), now).unwrap();
        assert_eq!(new, Minted::New);
        assert!(leaf.not_before() <= now);
    }

    #[test]
    fn no_leaf_outlives_its_authority() {
        let (leaves, now) = leaves(8);
        let end = leaves.authority().not_after();
        let last_day = end - Duration::from_secs(60);
        assert!(last_day > now + 89 * DAY);
        let (leaf, _) = leaves.leaf_at(&host("a"), last_day).unwrap();
        assert_eq!(leaf.not_after(), end);
        assert_eq!(
            minted(&leaves, "a", end),
            Minted::Cached,
            "a new one would end at the same time"
        );
        let after = leaves.leaf_at(&host("a"), end + Duration::from_secs(1));
        assert!(matches!(after, Err(Error::Expired { not_after, .. }) if not_after == end));
        let before = leaves.leaf_at(&host("a"), now - DAY);
        assert!(matches!(before, Err(Error::NotYetValid { .. })));
    }

    #[test]
    fn a_host_outside_the_constraints_is_refused_by_name() {
        let (leaves, now) = leaves(8);
        for outside in ["evil.example.org", "10.1.2.3"] {
            let name = Name::parse(outside).unwrap();
            let error = leaves.leaf_at(&name, now).unwrap_err();
            assert!(matches!(&error, Error::Outside { name: told, .. } if *told == name));
            assert_eq!(
                error.to_string(),
                format!("the authority may not speak for {outside}; it is limited to example.com")
            );
        }
    }

    #[test]
    fn a_hundred_connections_at_once_cause_one_mint() {
        let (leaves, now) = leaves(8);
        let start = Barrier::new(100);
        let outcomes: Vec<_> = thread::scope(|scope| {
            let ask = || {
                start.wait();
                let (leaf, minted) = leaves.leaf_at(&host("a"), now).unwrap();
                (leaf.serial().to_owned(), minted)
            };
            let threads: Vec<_> = (0..100).map(|_| scope.spawn(ask)).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(
            outcomes
                .iter()
                .filter(|(_, minted)| *minted == Minted::New)
                .count(),
            1
        );
        assert!(outcomes.iter().all(|(serial, _)| *serial == outcomes[0].0));
    }

    #[test]
    fn debug_output_holds_no_key() {
        let (leaves, now) = leaves(8);
        minted(&leaves, "a", now);
        assert!(format!("{leaves:?}").contains("[redacted]"));
    }
}
