//! A path that swallows everything from one moment on: real frames to nobody, in a network namespace of the test's own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::thread;
use std::time::Duration;

use finspect::event::{EventKind, Leg, TcpOccasion, TcpSample};

use crate::support::{Subject, alone, recorded, wait_for};

/// Says that this is the inner run.
const INSIDE: &str = "FINSPECT_TEST_NAMESPACE";

/// Where the server is: as long as [`LOCAL`] stands, here; else behind a link where nobody has that address.
const SERVER: &str = "10.9.9.9";
const LOCAL: &str = "local 10.9.9.9/32 dev lo src 10.9.0.1 table local";

#[test]
fn a_path_that_swallows_everything_is_seen_by_what_is_sent_again_and_never_acknowledged() {
    if std::env::var_os(INSIDE).is_some() {
        return swallowed();
    }
    let _turn = alone();
    let name = thread::current().name().unwrap().to_owned();
    let inner = Command::new("unshare")
        .arg("-rn")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &name, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&inner.stdout);
    assert!(
        inner.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&inner.stderr)
    );
}

fn swallowed() {
    for command in [
        "link set lo up",
        "link add out type veth peer name void",
        "address add 10.9.0.1/24 dev out",
        "link set out up",
        "link set void up",
        "route add 10.9.9.9/32 dev out",
        "neighbour add 10.9.9.9 lladdr 02:00:00:00:00:99 dev out nud permanent",
        &format!("route add {LOCAL}"),
    ] {
        ip(command);
    }
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::start(&[], &folder.path().join("day.jsonl"), &[]);
    let mut client = connect(subject.door, echo());
    exchange(&mut client);

    ip(&format!("route delete {LOCAL}"));
    client.write_all(b"is anybody there?").unwrap();
    let lost = |least: u64| {
        let retransmitting = TcpOccasion::Retransmitting(Leg::Upstream);
        move |sample: &TcpSample| {
            let upstream = sample.upstream.as_ref();
            let retransmits = upstream.map_or(0, |info| info.retransmits);
            sample.occasion == retransmitting && retransmits >= least
        }
    };
    let first = sampled(&subject, lost(1)).upstream.unwrap();
    let later = sampled(&subject, lost(first.retransmits + 1));
    let client_leg = later.client.unwrap();
    assert_eq!((client_leg.retransmits, client_leg.unacked), (0, 0));
    let later = later.upstream.unwrap();
    assert!(later.unacked > 0, "{later:?}");
    assert!(later.retransmitted > first.retransmitted, "{later:?}");
    assert!(
        later.last.ack_received > first.last.ack_received,
        "{later:?}"
    );

    ip(&format!("route add {LOCAL}"));
    client.read_exact(&mut [0; 17]).unwrap();
    sampled(&subject, |sample| {
        sample.occasion == TcpOccasion::Recovered(Leg::Upstream)
    });
}

/// Runs `ip` in this namespace.
fn ip(words: &str) {
    let status = Command::new("ip").args(words.split(' ')).status().unwrap();
    assert!(status.success(), "ip {words}: {status}");
}

/// A server that sends back what comes, one client long.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind((SERVER, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut back = stream.try_clone().unwrap();
        std::io::copy(&mut stream, &mut back)
    });
    address
}

/// A tunnel through the proxy at `door`.
fn connect(door: SocketAddr, origin: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(door).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(60)))
        .unwrap();
    let request = format!("CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    stream
}

fn exchange(stream: &mut TcpStream) {
    stream.write_all(b"hello").unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello");
}

/// The first reading in the recording that is like this.
fn sampled(subject: &Subject, is: impl Fn(&TcpSample) -> bool) -> TcpSample {
    wait_for("reading of that kind", || {
        let recorded = recorded(&subject.recording);
        recorded
            .others
            .into_iter()
            .find_map(|event| match event.kind {
                EventKind::TcpInfo(sample) if is(&sample) => Some(*sample),
                _ => None,
            })
    })
}
