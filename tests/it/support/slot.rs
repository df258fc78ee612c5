//! Origins' listeners, which tests borrow one at a time.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;

use super::certificates::{Identity, ROOT};
use super::lab::{GLANCE, Lab, PORT};
use super::wire::PATIENCE;

/// One origin's listener with its names and the ways to it. A test has it to itself.
pub(crate) struct Slot {
    /// The host that is intercepted.
    pub(crate) host: String,
    /// The same port of 127.0.0.1 under a name that is not intercepted.
    pub(crate) tunnelled: String,
    /// Where the origin listens.
    pub(crate) listener: TcpListener,
    /// The origin's certificate, for both names.
    pub(crate) identity: Arc<Identity>,
    /// The reverse listener for `http://`.
    pub(crate) reverse_plain: SocketAddr,
    /// The reverse listener for `https://`.
    pub(crate) reverse_tls: SocketAddr,
}

/// A slot on loan.
pub(crate) struct Loan {
    pub(super) slot: Option<Slot>,
    /// The finspect that knows it.
    pub(crate) lab: Arc<Lab>,
}

impl std::ops::Deref for Loan {
    type Target = Slot;

    fn deref(&self) -> &Slot {
        self.slot.as_ref().expect("held until the drop")
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.lab.take_back(self.slot.take());
    }
}

impl Slot {
    pub(super) fn new(number: usize) -> Self {
        let host = format!("s{number}.finesse.test");
        let tunnelled = format!("s{number}.elsewhere.test");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let identity = Arc::new(ROOT.identity(&[&host, &tunnelled]));
        let unknown = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            host,
            tunnelled,
            listener,
            identity,
            reverse_plain: unknown,
            reverse_tls: unknown,
        }
    }

    /// Host and port, as a `Host` header has them.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{PORT}", self.host)
    }

    /// Where the origin listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listener.local_addr().unwrap()
    }

    /// The origin's next connection; panics if none comes.
    pub(crate) fn accept(&self) -> TcpStream {
        self.accept_unless(|| false)
    }

    /// The origin's next connection; panics if none comes, and at once if nobody is going to connect any more.
    pub(crate) fn accept_unless(&self, is_hopeless: impl Fn() -> bool) -> TcpStream {
        for _ in 0..PATIENCE.as_millis() / GLANCE.as_millis() {
            if let Ok((socket, _)) = self.listener.accept() {
                return socket;
            }
            if is_hopeless() {
                break;
            }
            std::thread::sleep(GLANCE);
        }
        panic!("nobody connected to the origin {}", self.host);
    }

    /// How many connections wait that nobody asked for.
    pub(crate) fn strays(&self) -> usize {
        std::iter::from_fn(|| self.listener.accept().ok()).count()
    }

    pub(super) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.authority())
    }

    pub(super) fn announce(&self, command: &mut Command) {
        let address = self.address();
        let resolve = |host: &str| format!("{host}:{PORT}:{address}");
        command
            .args(["--intercept", &self.authority()])
            .args(["--resolve", &resolve(&self.host)])
            .args(["--resolve", &resolve(&self.tunnelled)]);
        for scheme in ["http", "https"] {
            let reverse = format!("127.0.0.1:0={}", self.url(scheme));
            command.args(["--reverse", &reverse]);
        }
    }
}
