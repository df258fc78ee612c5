//! A running finspect whose way out is a proxy that plays every origin as well.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::finspect;
use super::plants::Plants;
use crate::support::{Identity, ROOT, Wire, wait_for};

/// A running finspect whose way out is a proxy that is every origin as well.
pub(super) struct Stage {
    process: Child,
    pub(super) front: SocketAddr,
    pub(super) proxy: TcpListener,
    pub(super) authority: PathBuf,
    pub(super) identity: Identity,
}

impl Stage {
    pub(super) fn start(
        folder: &TempDir,
        plants: &Plants,
        level: &str,
        format: &str,
        more: &[&str],
    ) -> Self {
        let path = |name: &str| folder.path().join(name);
        let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
        let password = plants.at("upstream proxy");
        let way_out = format!("http://out:{password}@{}", proxy.local_addr().unwrap());
        std::fs::write(path("root.pem"), ROOT.pem()).unwrap();
        let process = finspect()
            .args([
                "run",
                HOST,
                "--listen",
                "127.0.0.1:0",
                "--redact",
                level,
                "--format",
                format,
            ])
            .args(["--upstream-proxy", &way_out])
            .args(more)
            .arg("--upstream-ca")
            .arg(path("root.pem"))
            .arg("--ca-dir")
            .arg(path("ca"))
            .arg("--ready-file")
            .arg(path("ready"))
            .arg("--record")
            .arg(path(RECORDING))
            .stdin(Stdio::null())
            .stdout(File::create(path("stdout")).unwrap())
            .stderr(File::create(path("stderr")).unwrap())
            .spawn()
            .unwrap();
        let ready: Value = wait_for("ready file", || {
            serde_json::from_str(&std::fs::read_to_string(path("ready")).ok()?).ok()
        });
        let front = ready["listeners"][0]["address"].as_str().unwrap();
        Self {
            process,
            front: front.parse().unwrap(),
            proxy,
            authority: ready["ca"].as_str().unwrap().into(),
            identity: ROOT.identity(&[HOST]),
        }
    }

    /// A tunnel through finspect, and the origin's end of it.
    pub(super) fn open(&self, headers: &str) -> (Wire, Wire) {
        let mut wire = Wire::connect(self.front);
        wire.send(
            format!("CONNECT {HOST}:8445 HTTP/1.1\r\nHost: {HOST}:8445\r\n{headers}\r\n")
                .as_bytes(),
        );
        let origin = self.accept("200 OK");
        let answer = wire.until(b"\r\n\r\n").unwrap();
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        (wire, origin)
    }

    /// The proxy's answer to finspect.
    pub(super) fn accept(&self, answer: &str) -> Wire {
        let (socket, _) = self.proxy.accept().unwrap();
        let mut origin = Wire::new(socket);
        origin.until(b"\r\n\r\n").unwrap();
        origin.send(format!("HTTP/1.1 {answer}\r\n\r\n").as_bytes());
        origin
    }

    /// One request and its answer, in pieces that arrive one by one.
    pub(super) fn exchange(&self, request: &[&[u8]], answer: &[&[u8]]) {
        let (mut wire, mut origin) = self.open("");
        for piece in request {
            wire.send(piece);
            origin.take(piece.len()).unwrap();
        }
        for piece in answer {
            origin.send(piece);
            wire.take(piece.len()).unwrap();
        }
    }

    /// Ends the session in order.
    pub(super) fn end(mut self) {
        let id = self.process.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(told.success());
        let status = wait_for("end of finspect", || self.process.try_wait().unwrap());
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Where the session is recorded, in its folder.
pub(super) const RECORDING: &str = "session.jsonl";
/// The host that is intercepted.
pub(super) const HOST: &str = "finesse.test";
