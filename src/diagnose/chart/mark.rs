//! What a cell of the chart can show.

/// A sign, from the least telling to the gravest: of several in one cell the last of them is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// The connection is there.
    Alive,
    /// A ping waits for its answer.
    Waiting,
    /// The kernel at the other end has acknowledged everything.
    Acked,
    /// A ping that was answered in time.
    Ping,
    /// Its answer.
    Answer,
    /// `SystemInfo` is asked for, and answered with 200.
    Poll,
    /// REST answers with an error.
    RestFails,
    /// The receiver takes nothing.
    WindowFull,
    /// What was sent is not acknowledged.
    Unacknowledged,
    /// A WebSocket ping frame.
    FramePing,
    /// TCP is open.
    Opened,
    /// The WebSocket is open.
    Socket,
    /// finspect had bytes that the other side did not take.
    Stalled,
    /// The network changed.
    Network,
    /// The wall clock was set.
    ClockJumped,
    /// finspect got no processor time.
    Starved,
    /// The machine slept.
    Slept,
    /// The user `finesse` is present.
    FinesseThere,
    /// The user `finesse` is gone.
    FinesseGone,
    /// The resource is bound.
    Bound,
    /// An answer that came too late.
    LateAnswer,
    /// A ping that was answered late, or never.
    LatePing,
    /// Unavailable presence, or the stream's `close`.
    Goodbye,
    /// FIN, with or without a `close_notify`.
    Fin,
    /// Another end of TLS or TCP.
    OtherEnd,
    /// RST.
    Reset,
    /// A Close frame.
    Close,
    /// A stream error.
    StreamError,
    /// A connection, a socket or a sign-in was refused.
    Refused,
}

impl Mark {
    /// How it is drawn.
    pub(super) const fn symbol(self) -> char {
        self.drawn().0
    }

    /// What it says in the legend.
    pub(super) const fn meaning(self) -> &'static str {
        self.drawn().1
    }

    const fn drawn(self) -> (char, &'static str) {
        match self {
            Self::Alive => ('-', "connected"),
            Self::Waiting => ('.', "a ping waits"),
            Self::Acked => ('o', "TCP: all acknowledged"),
            Self::Ping => ('p', "ping"),
            Self::Answer => ('a', "its answer"),
            Self::Poll => ('i', "SystemInfo 200"),
            Self::RestFails => ('I', "REST answers 4xx or 5xx"),
            Self::WindowFull => ('w', "TCP: window full"),
            Self::Unacknowledged => ('x', "TCP: sent, not acknowledged"),
            Self::FramePing => ('k', "WebSocket ping frame"),
            Self::Opened => ('+', "TCP open"),
            Self::Socket => ('W', "WebSocket open"),
            Self::Stalled => ('s', "receiver takes nothing"),
            Self::Network => ('N', "network changed"),
            Self::ClockJumped => ('J', "clock set"),
            Self::Starved => ('S', "finspect got no processor"),
            Self::Slept => ('Z', "machine slept"),
            Self::FinesseThere => ('f', "finesse present"),
            Self::FinesseGone => ('U', "finesse unavailable"),
            Self::Bound => ('B', "signed in"),
            Self::LateAnswer => ('A', "answer, late"),
            Self::LatePing => ('P', "ping, answered late or never"),
            Self::Goodbye => ('g', "goodbye"),
            Self::Fin => ('F', "FIN"),
            Self::OtherEnd => ('T', "TLS alert, timeout, error"),
            Self::Reset => ('R', "RST"),
            Self::Close => ('C', "Close frame"),
            Self::StreamError => ('E', "stream error"),
            Self::Refused => ('X', "refused, failed"),
        }
    }
}
