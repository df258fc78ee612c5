//! `finspect simulate`: the embedded Finesse alone, until Ctrl-C.

use std::fs;
use std::future::Future;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args;

use super::{Exit, Failed, signals, written};
use crate::sim::{Account, HOSTNAME, Pace, Scenario, Security, SimConfig, Simulator};

/// The arguments of `finspect simulate`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct SimulateArgs {
    /// What is to go wrong once the first agent is connected; `list` names all
    #[arg(long, value_name = "NAME")]
    scenario: Option<String>,
    /// Where to listen; port 0 picks a free one
    #[arg(
        short,
        long,
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8445"
    )]
    listen: SocketAddr,
    /// The name of the host, which is the XMPP domain and the certificate's name
    #[arg(long, value_name = "NAME", default_value = HOSTNAME)]
    hostname: String,
    /// Write the certificate of the simulator's own authority, for --upstream-ca
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    ca_out: Option<PathBuf>,
    /// Plain HTTP, no TLS
    #[arg(long)]
    plain: bool,
    /// How many seconds of Finesse's time pass in one second
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pace: f64,
    /// Written when the port is open: JSON with address, host name, CA certificate and process id
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// Runs `finspect simulate …` until Ctrl-C or SIGTERM: a list goes to `out`, everything else to `talk`.
pub async fn run(
    args: &SimulateArgs,
    out: &mut dyn Write,
    talk: &mut dyn Write,
) -> Result<Exit, Failed> {
    run_until(args, out, talk, signals::told_to_end()).await
}

async fn run_until(
    args: &SimulateArgs,
    out: &mut dyn Write,
    talk: &mut dyn Write,
    stop: impl Future<Output = io::Result<()>>,
) -> Result<Exit, Failed> {
    if args.scenario.as_deref() == Some("list") {
        return list(out);
    }
    let config = config(args)?;
    let scenario = config.scenario;
    let simulator = Simulator::start(config).await.map_err(|error| {
        let cause = std::error::Error::source(&error)
            .map_or_else(String::new, |cause| format!(": {cause}"));
        Failed::usage(format!(
            "{error}{cause}; choose another with --listen or --hostname"
        ))
    })?;
    if let (Some(path), Some(pem)) = (&args.ca_out, simulator.ca_pem()) {
        write_whole(path, pem.as_bytes())?;
    }
    // What is only said may be lost when nobody reads it; the simulator goes on.
    let _ = introduce(args, &simulator, scenario, talk);
    if let Some(path) = &args.ready_file {
        write_whole(path, ready(args, &simulator).as_bytes())?;
    }
    stop.await
        .map_err(|error| Failed::usage(format!("cannot wait for Ctrl-C: {error}")))?;
    simulator.stop().await;
    let _ = writeln!(talk, "the simulator has stopped");
    Ok(Exit::Done)
}

fn config(args: &SimulateArgs) -> Result<SimConfig, Failed> {
    let scenario = args.scenario.as_deref().map(scenario).transpose()?;
    Ok(SimConfig {
        listen: args.listen,
        hostname: args.hostname.to_lowercase(),
        security: if args.plain {
            Security::Plain
        } else {
            Security::OwnAuthority
        },
        scenario,
        pace: Pace::new(args.pace),
        ..SimConfig::default()
    })
}

/// The scenario of that name.
pub(super) fn scenario(name: &str) -> Result<&'static Scenario, Failed> {
    Scenario::named(name).ok_or_else(|| {
        let names: Vec<&str> = Scenario::all().map(|scenario| scenario.name).collect();
        Failed::usage(format!(
            "no scenario is called {name:?}; there are {}",
            names.join(", ")
        ))
    })
}

/// Prints all scenarios.
pub(super) fn list(out: &mut dyn Write) -> Result<Exit, Failed> {
    let mut scenarios = Scenario::all();
    written(scenarios.try_for_each(|one| {
        let Scenario {
            name, about, signs, ..
        } = one;
        writeln!(out, "{name:<22} {about}\n{:<22} you see: {signs}", "")
    }))
}

fn introduce(
    args: &SimulateArgs,
    simulator: &Simulator,
    scenario: Option<&Scenario>,
    talk: &mut dyn Write,
) -> io::Result<()> {
    let (address, host) = (simulator.address(), simulator.hostname());
    let scheme = if args.plain { "http" } else { "https" };
    writeln!(
        talk,
        "a simulated Finesse {host} listens on {scheme}://{address}"
    )?;
    for account in Account::examples() {
        let role = if account.supervisor {
            "supervisor"
        } else {
            "agent"
        };
        let Account { id, password, .. } = account;
        writeln!(talk, "  {role} {id}, password {password}, any extension")?;
    }
    if let Some(scenario) = scenario {
        let Scenario {
            name, about, signs, ..
        } = scenario;
        writeln!(talk, "scenario {name}: {about}; you see: {signs}")?;
        if scenario.needs_agent() {
            writeln!(
                talk,
                "  what the agent's side does in it is left to whoever signs in"
            )?;
        }
    }
    point_at(args, scheme, host, address, talk)?;
    writeln!(talk, "Ctrl-C ends it")?;
    talk.flush()
}

/// How to reach it, with and without finspect between.
fn point_at(
    args: &SimulateArgs,
    scheme: &str,
    host: &str,
    address: SocketAddr,
    talk: &mut dyn Write,
) -> io::Result<()> {
    let port = address.port();
    let ip = match address.ip() {
        any if any.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        ip => ip,
    };
    let (doubt, roots) = match (&args.ca_out, args.plain) {
        (_, true) => ("", String::new()),
        (Some(path), false) => (UNTRUSTED, format!(" --upstream-ca {}", path.display())),
        (None, false) => (UNTRUSTED, format!(" --upstream-insecure {host}")),
    };
    writeln!(talk, "browser:  {scheme}://localhost:{port}/desktop{doubt}")?;
    writeln!(
        talk,
        "finspect: finspect run {host}:{port} --resolve {host}:{port}:{ip}{roots}"
    )?;
    writeln!(
        talk,
        "          then, with the browser's proxy set, {scheme}://{host}:{port}/desktop"
    )
}

fn ready(args: &SimulateArgs, simulator: &Simulator) -> String {
    let ready = serde_json::json!({
        "address": simulator.address().to_string(),
        "hostname": simulator.hostname(),
        "ca": args.ca_out.as_ref().map(|path| path.display().to_string()),
        "pid": std::process::id(),
    });
    format!("{ready}\n")
}

/// Writes beside and renames, so that whoever waits for the file never reads half of it.
fn write_whole(path: &Path, content: &[u8]) -> Result<(), Failed> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    fs::write(&beside, content)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| unwritten(&path.display().to_string(), &error))
}

fn unwritten(what: &str, error: &io::Error) -> Failed {
    Failed::usage(format!("cannot write {what}: {error}"))
}

/// What a browser will say without finspect between.
const UNTRUSTED: &str = " (the browser will warn: it does not know the certificate)";

const EXAMPLES: &str = "\
Examples:
  finspect simulate
      a Finesse on https://127.0.0.1:8445 that nothing happens to
  finspect simulate --ca-out sim-ca.pem
  finspect run finesse.example.test:8445 --resolve finesse.example.test:8445:127.0.0.1 --upstream-ca sim-ca.pem
      the same behind finspect
  finspect simulate --scenario list
      what can go wrong
  finspect simulate --scenario stall
      a server that hangs 35 s after the first agent has connected";

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        args: SimulateArgs,
    }

    fn args(line: &[&str]) -> SimulateArgs {
        Line::try_parse_from([&["simulate"], line].concat())
            .unwrap()
            .args
    }

    #[tokio::test]
    async fn it_says_where_it_is_and_who_may_sign_in_and_ends_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let (ca, ready) = (
            folder.path().join("ca.pem"),
            folder.path().join("ready.json"),
        );
        let line = ["--listen", "127.0.0.1:0", "--scenario", "calm", "--ca-out"];
        let line = [
            &line[..],
            &[
                ca.to_str().unwrap(),
                "--ready-file",
                ready.to_str().unwrap(),
            ],
        ]
        .concat();
        let mut talk = Vec::new();
        let stop = async { Ok(()) };
        let exit = run_until(&args(&line), &mut Vec::new(), &mut talk, stop)
            .await
            .unwrap();
        assert_eq!(exit, Exit::Done);
        let talk = String::from_utf8(talk).unwrap();
        assert!(talk.contains("1001002, password pass-1001002"), "{talk}");
        assert!(talk.contains("--upstream-ca"), "{talk}");
        assert!(
            fs::read_to_string(ca)
                .unwrap()
                .starts_with("-----BEGIN CERTIFICATE-----")
        );
        let ready: serde_json::Value = serde_json::from_slice(&fs::read(ready).unwrap()).unwrap();
        let address: SocketAddr = ready["address"].as_str().unwrap().parse().unwrap();
        assert_ne!(address.port(), 0);
    }

    #[tokio::test]
    async fn an_unknown_scenario_is_answered_with_those_that_exist() {
        let stop = async { Ok(()) };
        let unknown = args(&["--scenario", "flood"]);
        let failed = run_until(&unknown, &mut Vec::new(), &mut Vec::new(), stop)
            .await
            .unwrap_err();
        assert!(failed.to_string().contains("shutdown"), "{failed}");
        let mut out = Vec::new();
        let stop = async { Ok(()) };
        run_until(
            &args(&["--scenario", "list"]),
            &mut out,
            &mut Vec::new(),
            stop,
        )
        .await
        .unwrap();
        assert!(String::from_utf8(out).unwrap().contains("conflict"));
    }
}
