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
    /// Held while minting: a mint takes less than 0.1 ms (0.06 measured), and so a host is minted once however many ask for it together.
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
mod tests;
