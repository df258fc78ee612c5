//! What connections get that ask for leaves: at once, in turn, and over the weeks.

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
