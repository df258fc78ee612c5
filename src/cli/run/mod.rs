//! `finspect run`: the proxy.

mod ready;
mod settings;
mod typed;

pub(super) use typed::RunArgs;

use std::io::{self, Write};
use std::path::Path;

use crate::cli::session::Session;
use crate::cli::{Exit, Failed, runtime, signals};
use crate::proxy::Proxy;
use settings::Settings;

/// Runs the proxy until it is told to end.
pub(super) fn run(args: &RunArgs) -> Result<Exit, Failed> {
    let settings = Settings::from_typed(args)?;
    runtime()?.block_on(serve(settings))
}

async fn serve(settings: Settings) -> Result<Exit, Failed> {
    let Settings {
        session,
        proxy,
        ready_file,
        insecure,
    } = settings;
    let authority = proxy.authority.clone();
    let session = Session::start(session)?;
    let started = Proxy::start(proxy, session.bus(), session.redactor()).await;
    let proxy = match started {
        Ok(proxy) => proxy,
        Err(error) => {
            session.end(0);
            return Err(Failed::usage(error.to_string()));
        }
    };
    welcome(&proxy, &insecure, session.recording(), &mut io::stderr());
    if let Some(path) = &ready_file {
        ready::write(path, &proxy, &authority, session.recording())?;
    }
    let told = signals::told_to_end().await;
    let connections = proxy.connections();
    proxy.stop().await;
    let exit = session.end(connections);
    told.map_err(|error| Failed::usage(format!("cannot wait for Ctrl-C: {error}")))?;
    Ok(exit)
}

/// Says where finspect listens and what to do next. Talk that nobody reads must not stop a run.
fn welcome(proxy: &Proxy, insecure: &[String], recording: Option<&Path>, talk: &mut dyn Write) {
    let mut lines = Vec::new();
    for address in proxy.front_doors() {
        lines.push(format!("finspect listens at {address}: set the browser's proxy to it, or to http://{address}/proxy.pac"));
    }
    for (address, reverse) in proxy.reverse() {
        let scheme = reverse.scheme();
        lines.push(format!(
            "finspect stands in for {} at {scheme}://{address}",
            reverse.url()
        ));
    }
    for host in insecure {
        lines.push(format!("WARNING: any certificate of {host} is accepted (--upstream-insecure): nobody vouches that this is {host}"));
    }
    if let Some(path) = recording {
        lines.push(format!("recording to {}", path.display()));
    }
    lines.push("Ctrl-C ends the session".to_owned());
    for line in lines {
        drop(writeln!(talk, "{line}"));
    }
}
