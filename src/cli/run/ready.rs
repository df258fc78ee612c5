//! `--ready-file`: tells scripts that all listeners are up, and where.

use std::fs;
use std::path::Path;

use finspect_ca::Authority;
use serde::Serialize;

use crate::cli::Failed;
use crate::proxy::Proxy;

#[derive(Serialize)]
struct Ready<'a> {
    pid: u32,
    listeners: Vec<Listener>,
    /// The authority's certificate in PEM, without its key: a file beside this one.
    ca: &'a Path,
    /// Where the PAC file is.
    pac: Option<String>,
    /// The recording of this run: its first part.
    recording: Option<&'a Path>,
}

#[derive(Serialize)]
struct Listener {
    address: String,
    /// The URL of a reverse listener's upstream.
    upstream: Option<String>,
}

/// Writes the file in one step, so that whoever waits for it never reads half of it.
pub(super) fn write(
    path: &Path,
    proxy: &Proxy,
    authority: &Authority,
    recording: Option<&Path>,
) -> Result<(), Failed> {
    let failed = |error: std::io::Error| {
        Failed::usage(format!(
            "cannot write the ready file {}: {error}",
            path.display()
        ))
    };
    let front_doors = proxy.front_doors().iter().map(|address| Listener {
        address: address.to_string(),
        upstream: None,
    });
    let reverse = proxy.reverse().iter().map(|(address, reverse)| Listener {
        address: address.to_string(),
        upstream: Some(reverse.url()),
    });
    let ca = path.with_extension("ca.pem");
    fs::write(&ca, authority.certificate_pem()).map_err(failed)?;
    let ready = Ready {
        pid: std::process::id(),
        listeners: front_doors.chain(reverse).collect(),
        ca: &ca,
        pac: proxy
            .front_doors()
            .first()
            .map(|address| format!("http://{address}/proxy.pac")),
        recording,
    };
    let json = serde_json::to_vec_pretty(&ready).map_err(|error| failed(error.into()))?;
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    fs::write(&partial, json).map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)
}
