//! The give-up rule of the event tunnel (finesse.md 4.2).
//!
//! The counter goes up when a ping is *sent* and is compared at once; only an answer resets it. So with a limit of two,
//! the second ping without an answer to the first is the last, and nobody waits for its own answer.

/// The pings of one connection.
#[derive(Debug)]
pub(super) struct Pings {
    /// Sent since the last answer.
    unanswered: u32,
    limit: u32,
}

impl Pings {
    /// None sent, with Cisco's limit.
    pub(super) const fn new() -> Self {
        Self {
            unanswered: 0,
            limit: LIMIT,
        }
    }

    /// A ping was sent.
    pub(super) const fn sent(&mut self) -> Patience {
        self.unanswered += 1;
        if self.unanswered >= self.limit {
            Patience::Over
        } else {
            Patience::Left
        }
    }

    /// An answer came, to whichever ping.
    pub(super) const fn answered(&mut self) {
        self.unanswered = 0;
    }
}

/// Whether the client still believes in its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    /// It goes on.
    Left,
    /// It declares itself disconnected.
    Over,
}

/// Seconds between two pings, and until a ping counts as unanswered and is sent again
/// (`xmppFailoverDetectionPingInterval`, `xmppRequestTimeout`): whichever is first, and both are equal.
pub(super) const INTERVAL: u64 = 10;
/// Seconds between two pings of a tab that has been in the background for a while.
pub(super) const HIDDEN_INTERVAL: u64 = 60;
/// `xmppFailoverRequestMaxRetry`.
const LIMIT: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_ping_without_an_answer_is_the_last() {
        let mut pings = Pings::new();
        for _ in 0..100 {
            assert_eq!(pings.sent(), Patience::Left);
            pings.answered();
        }
        assert_eq!(pings.sent(), Patience::Left);
        assert_eq!(pings.sent(), Patience::Over);
    }
}
