//! `finspect demo`: an embedded Finesse, a scripted agent, and between them the same proxy that `run` starts.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Args;
use finspect_ca::{Authority, Permitted};
use tokio::time::{sleep, timeout};

use super::record::{Record, Typed};
use super::redact::redactor;
use super::session::{Plan, Session, View, say};
use super::{Exit, Failed, runtime, signals};
use crate::event::Redaction;
use crate::proxy::{Proxy, ProxyConfig, Trust, TrustOptions};
use crate::sim::agent::{Agent, AgentConfig, AgentMoment, Experience, Via};
use crate::sim::{Account, Deed, Pace, Scenario, SimConfig, Simulator};

/// The arguments of `finspect demo`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DemoArgs {
    /// What goes wrong; `list` names all
    #[arg(long, value_name = "NAME", default_value = "stall")]
    scenario: String,
    /// Stay up afterwards, to be looked at with a browser
    #[arg(long)]
    keep: bool,
    /// Where the session is recorded: a .jsonl file, or a folder [default: nowhere]
    #[arg(long, value_name = "PATH")]
    record: Option<PathBuf>,
    /// The session on stdout: pretty, compact (a line an event) or json (an event a line)
    #[arg(long, value_name = "FORMAT", default_value = "pretty")]
    format: String,
    /// What is printed, such as 'stanza ping'
    #[arg(long, value_name = "EXPR")]
    filter: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  finspect demo
      The Notification Service hangs; the desktop gives up and comes back. Some 15 s.
  finspect demo --scenario list
      What else can go wrong.
  finspect demo --scenario reset --format compact
      A crash, one line an event.";

/// Seconds of the desktop's life that are shown after the scenario's last step, to see it well again.
const AFTERMATH: u64 = 12;

/// Seconds of the desktop's life within which it has to be back.
const RECOVERY: u64 = 80;

/// How long the agent may take until it is signed in and asks for its socket.
const SIGN_IN: Duration = Duration::from_secs(30);

/// The agent of the demo.
const AGENT: &str = "1001002";

/// Runs the demo.
pub(super) fn run(args: &DemoArgs, out: &mut dyn Write) -> Result<Exit, Failed> {
    if args.scenario == "list" {
        return super::simulate::list(out);
    }
    let scenario = super::simulate::scenario(&args.scenario)?;
    let view = View::new(Some(&args.format), args.filter.as_deref())?;
    let typed = |path| {
        Record::from_typed(&Typed {
            path: Some(path),
            ..Typed::default()
        })
    };
    let record = args.record.as_deref().map(typed).transpose()?;
    let session = Plan {
        view,
        redactor: redactor(Redaction::Standard, None)?,
        record,
        intercepted: Vec::new(),
        options: Vec::new(),
    };
    runtime()?.block_on(Demo::play(scenario, session, args.keep))
}

/// The three parties.
struct Demo {
    simulator: Simulator,
    proxy: Proxy,
    session: Session,
}

impl Demo {
    async fn play(scenario: &'static Scenario, session: Plan, keep: bool) -> Result<Exit, Failed> {
        let demo = Self::set_up(scenario, session).await?;
        say(&format!(
            "finspect demo, scenario {}: {}. {} seconds of the desktop's life pass in one.",
            scenario.name, scenario.about, scenario.pace
        ));
        let told = tokio::select! {
            moments = demo.live(scenario) => moments.map(Some),
            told = signals::told_to_end() => told.map(|()| None).map_err(failed("cannot wait for Ctrl-C")),
        };
        let conclude = || {
            if let Ok(Some(moments)) = &told {
                conclude(scenario, moments);
            }
        };
        if keep && told.is_ok() {
            conclude();
            demo.invite();
            signals::told_to_end()
                .await
                .map_err(failed("cannot wait for Ctrl-C"))?;
        }
        let connections = demo.proxy.connections();
        demo.proxy.stop().await;
        demo.simulator.stop().await;
        let exit = demo.session.end_with(connections, || {
            if !keep {
                conclude();
            }
        });
        told.map(|_| exit)
    }

    async fn set_up(scenario: &'static Scenario, session: Plan) -> Result<Self, Failed> {
        let simulator = Simulator::start(SimConfig {
            scenario: Some(scenario),
            pace: Pace::new(scenario.pace),
            ..SimConfig::default()
        })
        .await
        .map_err(failed("cannot start the embedded Finesse"))?;
        let (host, port) = (simulator.hostname().to_owned(), simulator.address().port());
        let permitted = Permitted::parse(&host).map_err(failed("the demo's host"))?;
        let authority = Authority::create(&[permitted], SystemTime::now())
            .map_err(failed("cannot make a certificate authority"))?;
        let roots = simulator.ca_pem().unwrap_or_default().as_bytes().to_vec();
        let trust = Trust::new(TrustOptions {
            extra_roots: vec![("the embedded Finesse's root".to_owned(), roots)],
            ..TrustOptions::default()
        })
        .map_err(failed("cannot trust the embedded Finesse"))?;
        let here = format!("{host}:{port}:{}", simulator.address());
        let config = ProxyConfig {
            listen: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            reverse: Vec::new(),
            intercept: vec![host.parse().map_err(failed("the demo's host"))?],
            overrides: vec![here.parse().map_err(failed("the demo's host"))?],
            upstream_proxy: None,
            trust,
            authority: Arc::new(authority),
            key_log: None,
            patience: Duration::from_secs(30),
        };
        let session = Session::start(Plan {
            intercepted: vec![host],
            ..session
        })?;
        let proxy = Proxy::start(config, session.bus(), session.redactor())
            .await
            .map_err(failed("cannot start the proxy"))?;
        Ok(Self {
            simulator,
            proxy,
            session,
        })
    }

    /// The agent's day: signs in, meets the fault, comes back, signs out.
    async fn live(&self, scenario: &'static Scenario) -> Result<Vec<AgentMoment>, Failed> {
        let mut agent = self.agent(scenario)?;
        let pace = Pace::new(scenario.pace);
        let connecting = |moments: &[AgentMoment]| {
            let attempt = |moment: &AgentMoment| moment.what == Experience::Connecting;
            moments.iter().any(attempt)
        };
        let signed_in = timeout(SIGN_IN, agent.until(connecting)).await;
        if !matches!(signed_in, Ok(true)) {
            return Ok(agent.sign_out().await);
        }
        let last = scenario.steps.last().map_or(0, |step| step.at + 3);
        sleep(pace.seconds(last.max(scenario.until))).await;
        // Not in time is what the moments then say.
        drop(timeout(pace.seconds(RECOVERY), agent.until(is_well)).await);
        sleep(pace.seconds(AFTERMATH)).await;
        Ok(agent.sign_out().await)
    }

    fn agent(&self, scenario: &'static Scenario) -> Result<Agent, Failed> {
        let account = Account::examples()
            .into_iter()
            .find(|account| account.id == AGENT)
            .ok_or_else(|| Failed::usage("the embedded Finesse does not know the agent"))?;
        let front_door = self.front_door()?;
        Agent::start(AgentConfig {
            via: Via::Proxy(front_door),
            host: self.simulator.hostname().to_owned(),
            port: self.simulator.address().port(),
            root_pem: Some(self.proxy.authority().certificate_pem().to_owned()),
            user: account.id,
            password: account.password,
            extension: "2002".to_owned(),
            pace: Pace::new(scenario.pace),
            seed: 1,
            scenario: Some(scenario),
        })
        .map_err(failed("cannot start the agent"))
    }

    fn front_door(&self) -> Result<SocketAddr, Failed> {
        let first = self.proxy.front_doors().first().copied();
        first.ok_or_else(|| Failed::usage("the proxy has no front door"))
    }

    /// What to do with a demo that stays up.
    fn invite(&self) {
        let (host, port) = (self.simulator.hostname(), self.simulator.address().port());
        if let Ok(door) = self.front_door() {
            say(&format!(
                "still up: with the browser's proxy set to {door}, open https://{host}:{port}/desktop (authority: http://{door}/ca.crt); Ctrl-C ends it"
            ));
        }
    }
}

/// Says what was played, beside which what finspect finds can be read.
fn conclude(scenario: &Scenario, moments: &[AgentMoment]) {
    let mut text = format!(
        "\nWhat was played\n  scenario      {}\n  to be seen    {}\nWhat the desktop went through, in seconds of its life\n",
        scenario.about, scenario.signs
    );
    for moment in moments.iter().filter(|moment| is_telling(&moment.what)) {
        let at = moment.at.as_secs_f64() * scenario.pace;
        text.push_str(&format_moment(at, &moment.what));
    }
    say(&text);
}

fn format_moment(at: f64, what: &Experience) -> String {
    format!("  {at:7.1} s     {what}\n")
}

/// What belongs into a summary: not each stanza and call.
const fn is_telling(what: &Experience) -> bool {
    match what {
        Experience::Answered { .. }
        | Experience::Unanswered { .. }
        | Experience::Sent(_)
        | Experience::Received(_)
        | Experience::Connecting
        | Experience::Notified { .. } => false,
        Experience::NotConnected(_)
        | Experience::Connected(_)
        | Experience::FinessePresent(_)
        | Experience::InService(_)
        | Experience::GaveUp
        | Experience::ClosedTheOld
        | Experience::Ended(_)
        | Experience::Conflict
        | Experience::SignedOutMeanwhile
        | Experience::SignedOutBySystem
        | Experience::Did(_)
        | Experience::SignedOut => true,
    }
}

/// Whether the desktop is connected, and has been since it last was not; or left for good.
fn is_well(moments: &[AgentMoment]) -> bool {
    let turning_point = moments.iter().rev().find_map(|moment| match moment.what {
        Experience::Connected(_) => Some(true),
        Experience::Did(Deed::ClosePage | Deed::SignOut) => Some(true),
        Experience::Did(Deed::OpenPage | Deed::SignIn | Deed::KillBrowser | Deed::LosePage)
        | Experience::GaveUp
        | Experience::Ended(_)
        | Experience::Conflict
        | Experience::SignedOutBySystem => Some(false),
        _ => None,
    });
    turning_point.unwrap_or(false)
}

fn failed<E: std::fmt::Display>(doing: &str) -> impl FnOnce(E) -> Failed {
    let doing = doing.to_owned();
    move |error| Failed::usage(format!("{doing}: {error}"))
}
