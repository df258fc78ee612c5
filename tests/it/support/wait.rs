//! Waiting for what gives no sign.

use std::thread::sleep;
use std::time::Duration;

/// Looks until something is there, for a minute at most; panics where nothing came.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(found) = look() {
            return found;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("no {what} within a minute");
}
