//! The processes: an origin, and what is measured between it and the load.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::{JoinHandle, sleep};
use std::time::Duration;

use crate::Outcome;
use crate::identity::{self, HOST};
use crate::load::Target;
use crate::machine::{cpu_time, now};
use crate::options::{BARE, ORIGIN};

/// What stands between load and origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Nothing.
    Direct,
    /// The relay to compare with.
    Bare,
    /// finspect with this `--format`, and somebody who reads it or not.
    Finspect(&'static str, Stdout),
}

/// Where finspect's session goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdout {
    /// To a pipe whose other end reads as fast as it can.
    Read,
    /// The same, and the session is recorded.
    Recorded,
    /// To nowhere.
    Null,
    /// To a pipe whose other end is closed: the console ends with its first line, and the tap goes on.
    Closed,
}

/// What processes are made of.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    /// Certificates, authorities and ready files.
    pub(crate) folder: PathBuf,
    pub(crate) finspect: PathBuf,
    pub(crate) topic: String,
}

/// A process that ends with this value.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    /// The authority that vouches for it.
    ca: PathBuf,
    /// Counts the lines that it prints.
    reader: Option<JoinHandle<u64>>,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ending {
    /// Lines that it printed, where they were read.
    pub(crate) lines: Option<u64>,
    /// It says that its session is not complete.
    pub(crate) incomplete: bool,
}

impl Subject {
    /// As the tables call it.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Direct => "no relay".to_owned(),
            Self::Bare => "bare relay".to_owned(),
            Self::Finspect(format, Stdout::Read) => format!("finspect, {format}, read"),
            Self::Finspect(format, Stdout::Recorded) => format!("finspect, {format}, recorded"),
            Self::Finspect(format, Stdout::Null) => format!("finspect, {format}, to nowhere"),
            Self::Finspect(_, Stdout::Closed) => "finspect, stdout closed".to_owned(),
        }
    }

    /// Starts it on one core or on all; nothing is started for [`Subject::Direct`].
    pub(crate) fn start(
        self,
        setup: &Setup,
        origin: &Server,
        core: Option<usize>,
    ) -> Outcome<Option<Server>> {
        match self {
            Self::Direct => Ok(None),
            Self::Bare => {
                let ca = setup.folder.join("bare.pem");
                let mut command = command(&std::env::current_exe()?, core);
                command.args([BARE.as_ref(), ca.as_os_str()]);
                command.arg(origin.address.to_string()).arg(&origin.ca);
                Server::announced(command, ca).map(Some)
            }
            Self::Finspect(format, stdout) => {
                let mut command = command(&setup.finspect, core);
                command.args(["run", HOST, "--listen", "127.0.0.1:0", "--format", format]);
                if stdout == Stdout::Recorded {
                    let recordings = setup.folder.join("recordings");
                    // Half a gigabyte a round.
                    drop(fs::remove_dir_all(&recordings));
                    command.arg("--record").arg(recordings);
                } else {
                    command.arg("--no-record");
                }
                let port = origin.address.port();
                command.args(["--resolve", &format!("{HOST}:{PORT}:127.0.0.1:{port}")]);
                command.arg("--upstream-ca").arg(&origin.ca);
                command.arg("--ca-dir").arg(setup.folder.join("authority"));
                Server::finspect(command, &setup.folder.join("ready.json"), stdout).map(Some)
            }
        }
    }

    /// What the load has to connect to.
    pub(crate) fn target(self, server: Option<&Server>, origin: &Server) -> Outcome<Target> {
        let server = server.unwrap_or(origin);
        Ok(Target {
            address: server.address,
            connect: matches!(self, Self::Finspect(..)).then(|| format!("{HOST}:{PORT}")),
            tls: identity::trusting(&[&server.ca])?,
        })
    }
}

impl Server {
    /// Starts an origin.
    pub(crate) fn origin(setup: &Setup) -> Outcome<Self> {
        let ca = setup.folder.join("origin.pem");
        let mut command = command(&std::env::current_exe()?, None);
        command.args([ORIGIN.as_ref(), ca.as_os_str(), setup.topic.as_ref()]);
        Self::announced(command, ca)
    }

    /// Starts a process of ours, whose first line is its address.
    fn announced(mut command: Command, ca: PathBuf) -> Outcome<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line)?;
        }
        let address = line.trim().parse();
        Ok(Self {
            address: address.map_err(|_| "a process of the benchmark did not start")?,
            child,
            ca,
            reader: None,
        })
    }

    /// Starts finspect, which says in a file where it listens.
    fn finspect(mut command: Command, ready: &Path, stdout: Stdout) -> Outcome<Self> {
        drop(fs::remove_file(ready));
        command.arg("--ready-file").arg(ready).stderr(Stdio::null());
        command.stdout(match stdout {
            Stdout::Read | Stdout::Recorded | Stdout::Closed => Stdio::piped(),
            Stdout::Null => Stdio::null(),
        });
        let mut child = command.spawn()?;
        let reader = child
            .stdout
            .take()
            .filter(|_| matches!(stdout, Stdout::Read | Stdout::Recorded))
            .map(|stdout| std::thread::spawn(|| lines(stdout)));
        let began = now();
        while !ready.exists() {
            if let Some(status) = child.try_wait()? {
                return Err(format!("finspect did not start: {status}").into());
            }
            if began.elapsed() > PATIENCE {
                drop(child.kill());
                return Err("finspect was not ready in time".into());
            }
            sleep(TICK);
        }
        let said: serde_json::Value = serde_json::from_slice(&fs::read(ready)?)?;
        let address = said
            .pointer("/listeners/0/address")
            .and_then(|address| address.as_str());
        let ca = said.get("ca").and_then(|ca| ca.as_str());
        Ok(Self {
            child,
            address: address.ok_or("the ready file names no listener")?.parse()?,
            ca: ca.ok_or("the ready file names no authority")?.into(),
            reader,
        })
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until the process has nothing left to do.
    pub(crate) fn settle(&self) {
        let began = now();
        let mut before = cpu_time(self.process());
        while before.is_some() && began.elapsed() < PATIENCE {
            sleep(QUIET);
            let after = cpu_time(self.process());
            if after == before {
                return;
            }
            before = after;
        }
    }

    /// Ends the process in order, and by force where that does not work.
    pub(crate) fn end(mut self) -> Outcome<Ending> {
        let status = self.terminate()?;
        let reader = self.reader.take();
        Ok(Ending {
            lines: reader.and_then(|reader| reader.join().ok()),
            incomplete: status.and_then(|status| status.code()) == Some(INCOMPLETE),
        })
    }

    fn terminate(&mut self) -> Outcome<Option<ExitStatus>> {
        let told = Command::new("kill")
            .arg(self.process().to_string())
            .status();
        let began = now();
        while told.as_ref().is_ok_and(ExitStatus::success) && began.elapsed() < PATIENCE {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            sleep(TICK);
        }
        self.child.kill()?;
        self.child.wait()?;
        Ok(None)
    }
}

/// What a failed run leaves behind is ended as well.
impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// A command that is kept to one core, if that is wanted.
fn command(program: &Path, core: Option<usize>) -> Command {
    let Some(core) = core else {
        return Command::new(program);
    };
    let mut command = Command::new("taskset");
    command.args(["-c", &core.to_string()]).arg(program);
    command
}

/// Reads to the end; how many lines there were.
fn lines(mut stdout: impl Read) -> u64 {
    let mut buffer = vec![0; 64 * 1024];
    let mut lines = 0;
    while let Ok(count @ 1..) = stdout.read(&mut buffer) {
        let bytes = buffer.get(..count).unwrap_or_default();
        lines += memchr::memchr_iter(b'\n', bytes).count() as u64;
    }
    lines
}

/// The port that the desktop believes to speak to.
const PORT: u16 = 8445;

/// finspect's exit code where events were lost.
const INCOMPLETE: i32 = 3;

/// How long anything here may take.
const PATIENCE: Duration = Duration::from_secs(20);

const TICK: Duration = Duration::from_millis(5);

/// A process that uses no CPU time for this long has nothing left to do.
const QUIET: Duration = Duration::from_millis(150);
