//! What the Notification Service does about a client that is quiet.

use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use super::health::Patience;
use super::pace::Pace;
use super::pubsub::Ending;

/// Watches one session's silence.
#[derive(Debug)]
pub(super) struct Quiet {
    pace: Pace,
    look: Interval,
    looks: u64,
    heard: Instant,
    /// Whether the XMPP ping of this silence was sent.
    pinged: bool,
}

/// What is to be done now.
#[derive(Debug)]
pub(super) enum Step {
    /// A WebSocket PING.
    Frame,
    /// An XMPP ping.
    Ping,
    /// The end.
    End(Ending),
}

impl Quiet {
    /// The silence begins now.
    pub(super) fn new(pace: Pace) -> Self {
        let (now, every) = (Instant::now(), pace.seconds(LOOK));
        let mut look = interval_at(now + every, every);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            pace,
            look,
            looks: 0,
            heard: now,
            pinged: false,
        }
    }

    /// Something came from the client.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
        self.pinged = false;
    }

    /// Waits for the next look; may be dropped while it waits.
    pub(super) async fn look(&mut self) {
        self.look.tick().await;
        self.looks += 1;
    }

    /// What follows from the silence so far.
    pub(super) fn next(&mut self, patience: Patience) -> Option<Step> {
        let silent = |seconds| self.heard.elapsed() >= self.pace.seconds(seconds);
        match patience {
            Patience::Pings => {
                (self.looks.is_multiple_of(60 / LOOK) && silent(60)).then_some(Step::Frame)
            }
            Patience::Jetty => silent(300).then_some(Step::End(Ending::StreamThenFrame(
                "internal-server-error",
                1001,
                "Idle Timeout",
            ))),
            Patience::Openfire48 if self.pinged && silent(360) => {
                Some(Step::End(Ending::Stream(Some("connection-timeout"))))
            }
            Patience::Openfire48 if silent(180) && !self.pinged => {
                self.pinged = true;
                Some(Step::Ping)
            }
            Patience::Openfire48 => None,
            Patience::Closes => silent(120).then(|| Step::End(Ending::Frame(1000, String::new()))),
        }
    }
}

/// Seconds between two looks; Openfire 4.2 looks each minute, which is a multiple of it.
const LOOK: u64 = 5;
