//! A running finspect, and the origins that it knows the way to.

use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use serde_json::Value;
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;

use super::certificates::{ROOT, read_pem};
use super::events::Events;
use super::slot::{Loan, Slot};
use super::wire::Wire;

/// One finspect process with everything that a test may want of it; ended when the last test lets go.
pub(crate) struct Lab {
    /// Where the front door is.
    pub(crate) front: SocketAddr,
    /// A reverse listener whose upstream refuses.
    pub(crate) reverse_refusing: SocketAddr,
    /// The authority that finspect made.
    pub(crate) authority: CertificateDer<'static>,
    /// What it prints.
    pub(crate) events: Events,
    /// How many connections there were between two addresses.
    callers: Mutex<HashMap<(SocketAddr, SocketAddr), usize>>,
    slots: Mutex<Vec<Slot>>,
    returned: Condvar,
    /// A port that is held and refuses: bound, and never listening.
    _refusing: Socket,
    process: Process,
    drain: Option<JoinHandle<()>>,
    /// Removed with everything in it when the last test lets go.
    _folder: TempDir,
}

impl Lab {
    /// The finspect that tests share.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Lab>> = Mutex::new(Weak::new());
        Self::get_or_start(&SHARED)
    }

    /// The finspect that hostile input goes to, so that its memory is theirs alone.
    pub(crate) fn hostile() -> Arc<Self> {
        static HOSTILE: Mutex<Weak<Lab>> = Mutex::new(Weak::new());
        Self::get_or_start(&HOSTILE)
    }

    fn get_or_start(place: &Mutex<Weak<Self>>) -> Arc<Self> {
        let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
        place.upgrade().unwrap_or_else(|| {
            let lab = Arc::new(Self::start());
            *place = Arc::downgrade(&lab);
            lab
        })
    }

    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("root.pem"), ROOT.pem()).unwrap();
        let refusing = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let nobody: SocketAddr = "127.0.0.1:0".parse().unwrap();
        refusing.bind(&nobody.into()).unwrap();
        let closed = refusing.local_addr().unwrap().as_socket().unwrap();
        let mut slots: Vec<Slot> = (0..SLOTS).map(Slot::new).collect();

        let mut command = Command::new(env!("CARGO_BIN_EXE_finspect"));
        command
            .args(["run", "--no-record", "--listen", "127.0.0.1:0"])
            .args(["--format", "json", "--ca-dir"])
            .arg(path("ca"))
            .arg("--upstream-ca")
            .arg(path("root.pem"))
            .arg("--ready-file")
            .arg(path("ready"))
            .arg("--resolve")
            .arg(format!("{REFUSING}:{PORT}:{closed}"))
            .arg("--resolve")
            .arg(format!("{UNREACHABLE}:{PORT}:224.0.0.1:9"));
        for host in [REFUSING, UNREACHABLE, UNKNOWN] {
            command.arg("--intercept").arg(format!("{host}:{PORT}"));
        }
        let reverse = format!("http://{REFUSING}:{PORT}");
        command.args(["--reverse", &format!("127.0.0.1:0={reverse}")]);
        slots.iter().for_each(|slot| slot.announce(&mut command));
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(File::create(path("stderr")).unwrap());
        let mut process = Process(command.spawn().expect("the binary under test starts"));

        let events = Events::default();
        let stdout = process.0.stdout.take().expect("it is piped");
        let reader = events.clone();
        let drain = std::thread::spawn(move || reader.drain(stdout));
        let ready = await_ready(&mut process.0, &folder);
        for slot in &mut slots {
            slot.reverse_plain = listener(&ready, Some(&slot.url("http")));
            slot.reverse_tls = listener(&ready, Some(&slot.url("https")));
        }
        let certificate = PathBuf::from(ready["ca"].as_str().expect("the path of the CA"));
        Self {
            front: listener(&ready, None),
            reverse_refusing: listener(&ready, Some(&reverse)),
            authority: read_pem(&certificate),
            events,
            callers: Mutex::default(),
            slots: Mutex::new(slots),
            returned: Condvar::new(),
            _refusing: refusing,
            process,
            drain: Some(drain),
            _folder: folder,
        }
    }

    /// Lends an origin, when one is free.
    pub(crate) fn lend(self: Arc<Self>) -> Loan {
        let slot = {
            let slots = self.lock();
            let mut slots = self
                .returned
                .wait_while(slots, |slots| slots.is_empty())
                .unwrap_or_else(PoisonError::into_inner);
            slots.pop()
        };
        Loan { slot, lab: self }
    }

    /// A plain connection to the front door.
    pub(crate) fn knock(&self) -> Wire {
        self.connect(self.front)
    }

    /// A plain connection to one of finspect's listeners.
    pub(crate) fn connect(&self, to: SocketAddr) -> Wire {
        let mut wire = Wire::connect(to);
        let ends = (wire.caller().client, to);
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let count = callers.entry(ends).or_default();
        wire.set_ordinal(*count);
        *count += 1;
        wire
    }

    /// A tunnel to `host`, as a browser asks for it; panics unless the answer is a 200.
    pub(crate) fn tunnel(&self, host: &str) -> Wire {
        let mut wire = self.knock();
        wire.send(connect_request(host).as_bytes());
        let answer = wire.until(b"\r\n\r\n").unwrap_or_default();
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1);
        assert_eq!(status, Some("200"), "the answer to CONNECT was: {answer}");
        wire.forget_consumed();
        wire
    }

    /// Takes an origin back.
    pub(super) fn take_back(&self, slot: Option<Slot>) {
        self.lock().extend(slot);
        self.returned.notify_one();
    }

    /// finspect's process id.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.0.id()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        self.process.end();
        if let Some(drain) = self.drain.take() {
            let _ = drain.join();
        }
    }
}

/// A process that does not outlive its owner.
struct Process(Child);

impl Process {
    fn end(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

/// The request for a tunnel to `host`.
pub(crate) fn connect_request(host: &str) -> String {
    format!("CONNECT {host}:{PORT} HTTP/1.1\r\nHost: {host}:{PORT}\r\n\r\n")
}

/// The port of the listener for one upstream, or of the front door.
fn listener(ready: &Value, upstream: Option<&str>) -> SocketAddr {
    let same = |one: &Value| {
        one["upstream"]
            .as_str()
            .map(|url| url.trim_end_matches('/'))
            == upstream
    };
    let listeners = ready["listeners"].as_array().expect("a list");
    let found = listeners.iter().find(|one| same(one));
    let address = found.and_then(|one| one["address"].as_str());
    address
        .and_then(|address| address.parse().ok())
        .unwrap_or_else(|| panic!("no listener for {upstream:?} in {ready}"))
}

/// Waits until the process says that it is ready; panics with its words if it ends instead.
fn await_ready(process: &mut Child, folder: &TempDir) -> Value {
    for _ in 0..START_PATIENCE.as_millis() / GLANCE.as_millis() {
        let text = std::fs::read_to_string(folder.path().join("ready")).unwrap_or_default();
        if let Ok(ready) = serde_json::from_str(&text) {
            return ready;
        }
        if let Ok(Some(status)) = process.try_wait() {
            let talk = read_lossy(folder, "stderr");
            panic!("finspect ended before it was ready ({status}):\n{talk}");
        }
        std::thread::sleep(GLANCE);
    }
    let _ = process.kill();
    panic!(
        "finspect was not ready in time:\n{}",
        read_lossy(folder, "stderr")
    );
}

fn read_lossy(folder: &TempDir, name: &str) -> String {
    let bytes = std::fs::read(folder.path().join(name)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The port that every test host has in its name.
pub(crate) const PORT: u16 = 8445;
/// A host whose port is closed.
pub(crate) const REFUSING: &str = "refusing.finesse.test";
/// A host at an address that TCP cannot reach (a multicast group).
pub(crate) const UNREACHABLE: &str = "unreachable.finesse.test";
/// A host without an address (RFC 6761 section 6.4).
pub(crate) const UNKNOWN: &str = "unknown.invalid";
/// How many tests can have an origin at the same time.
const SLOTS: usize = 8;
/// How often something is looked at that cannot be waited for.
pub(super) const GLANCE: Duration = Duration::from_millis(2);
/// How long finspect may take to start.
const START_PATIENCE: Duration = Duration::from_secs(30);
