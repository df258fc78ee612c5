//! What was typed for `run`, as what it means.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use finspect_ca::Permitted;

use super::typed::{RunArgs, RunOptions};
use crate::cli::record::{Record, Typed};
use crate::cli::session::{Plan, View};
use crate::cli::{Failed, ca, paths, redact};
use crate::proxy::{
    ClientCertificate, HostPattern, Intercept, KeyLogFile, Override, ProxyConfig, Reverse, Trust,
    TrustOptions,
};

/// Everything that a run needs, checked.
pub(super) struct Settings {
    pub(super) session: Plan,
    pub(super) proxy: ProxyConfig,
    pub(super) ready_file: Option<PathBuf>,
    /// Hosts whose certificate is not looked at.
    pub(super) insecure: Vec<String>,
}

/// Where the front door is unless told otherwise.
const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8899);

/// How long a client may send nothing before its first request is whole.
const PATIENCE: Duration = Duration::from_secs(30);

impl Settings {
    /// Reads the file of `--config`, then what was typed; opens the authority, and makes it on the first run.
    pub(super) fn from_typed(args: &RunArgs) -> Result<Self, Failed> {
        let mut typed = args.options.clone();
        typed.intercept.extend(args.hosts.iter().cloned());
        let options = match &args.config {
            None => typed,
            Some(path) => typed.or(read_config(path)?),
        };
        let reverse: Vec<Reverse> = parse_all(&options.reverse)?;
        let intercept: Vec<Intercept> = parse_all(&options.intercept)?;
        if intercept.is_empty() && reverse.is_empty() {
            return Err(Failed::usage(
                "name what to look into, such as: finspect run finesse1.example.com finesse2.example.com",
            ));
        }
        let view = View::new(options.format.as_deref(), options.filter.as_deref())?;
        let level = redact::level(options.redact.as_deref())?;
        let redactor = redact::redactor(level, options.redact_key.as_deref())?;
        let record = record(&options)?;
        let intercepted = intercept.iter().map(ToString::to_string);
        let intercepted = intercepted
            .chain(reverse.iter().map(Reverse::url))
            .collect();
        let for_the_record = for_the_record(&options);
        let trust = trust(&options)?;
        let upstream_proxy = options.upstream_proxy.as_deref().map(parse).transpose()?;
        let overrides: Vec<Override> = parse_all(&options.resolve)?;
        let listen = listeners(&options)?;
        let ca_dir = match options.ca_dir {
            Some(dir) => dir,
            None => paths::default_ca_dir()?,
        };
        let permitted = permitted(&intercept, &reverse)?;
        let authority = ca::open_or_create(&ca_dir, &permitted, &mut io::stderr())?;
        let key_log = key_log(options.keylog)?;
        Ok(Self {
            session: Plan {
                view,
                redactor,
                record,
                intercepted,
                options: for_the_record,
            },
            proxy: ProxyConfig {
                listen,
                reverse,
                intercept,
                overrides,
                upstream_proxy,
                trust,
                authority,
                key_log,
                patience: PATIENCE,
            },
            ready_file: options.ready_file,
            insecure: options.upstream_insecure,
        })
    }
}

fn read_config(path: &Path) -> Result<RunOptions, Failed> {
    let text = read(path)?;
    let text = String::from_utf8_lossy(&text);
    toml::from_str(&text).map_err(|error| Failed::usage(format!("{}: {error}", path.display())))
}

fn parse<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, Failed> {
    text.parse()
        .map_err(|error: T::Err| Failed::usage(error.to_string()))
}

fn parse_all<T: FromStr<Err: std::fmt::Display>>(texts: &[String]) -> Result<Vec<T>, Failed> {
    texts.iter().map(|text| parse(text)).collect()
}

fn listeners(options: &RunOptions) -> Result<Vec<SocketAddr>, Failed> {
    let mut listen = Vec::new();
    for text in &options.listen {
        let address = text.parse().map_err(|_| {
            Failed::usage(format!(
                "`{text}` is not ADDR:PORT, such as 127.0.0.1:8899 or [::1]:0"
            ))
        })?;
        listen.push(address);
    }
    if listen.is_empty() && (options.reverse.is_empty() || !options.intercept.is_empty()) {
        listen.push(DEFAULT_LISTEN);
    }
    Ok(listen)
}

fn record(options: &RunOptions) -> Result<Option<Record>, Failed> {
    if options.no_record {
        return Ok(None);
    }
    Record::from_typed(&Typed {
        path: options.record.as_deref(),
        sync: options.sync,
        rotate_size: options.rotate_size.as_deref(),
        rotate_every: options.rotate_every.as_deref(),
        keep: options.keep,
    })
    .map(Some)
}

/// The options that change the traffic or whom it reaches; whoever reads the recording has to know of them.
fn for_the_record(options: &RunOptions) -> Vec<String> {
    let listed = [
        ("--reverse", &options.reverse),
        ("--resolve", &options.resolve),
        ("--upstream-pin", &options.upstream_pin),
        ("--upstream-insecure", &options.upstream_insecure),
    ];
    let listed = listed
        .into_iter()
        .flat_map(|(name, values)| values.iter().map(move |value| format!("{name} {value}")));
    // Of files, that there is one: their names say more of the user than of the traffic.
    let files = options
        .upstream_ca
        .iter()
        .map(|_| "--upstream-ca".to_owned());
    let hosts = options.upstream_cert.iter().filter_map(|text| {
        let (host, _) = text.split_once('=')?;
        Some(format!("--upstream-cert {host}"))
    });
    let proxy = options.upstream_proxy.iter();
    // Its credentials are nobody's traffic, so they are left out even where nothing is redacted.
    let proxy = proxy.map(|url| {
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        format!("--upstream-proxy {scheme}://{place}")
    });
    listed.chain(files).chain(hosts).chain(proxy).collect()
}

fn trust(options: &RunOptions) -> Result<Trust, Failed> {
    let mut extra_roots = Vec::new();
    for path in &options.upstream_ca {
        extra_roots.push((path.display().to_string(), read(path)?));
    }
    let mut client_certificates = Vec::new();
    for text in &options.upstream_cert {
        let (host, file) = text
            .split_once('=')
            .ok_or_else(|| Failed::usage(format!("`{text}` is not HOST=FILE")))?;
        let pem = read(Path::new(file))?;
        let one = ClientCertificate::from_pem(host, file, &pem)
            .map_err(|error| Failed::usage(error.to_string()))?;
        client_certificates.push(one);
    }
    Trust::new(TrustOptions {
        extra_roots,
        pins: options.upstream_pin.clone(),
        insecure: options.upstream_insecure.clone(),
        client_certificates,
    })
    .map_err(|error| Failed::usage(error.to_string()))
}

/// What the authority has to be able to speak for: the intercepted hosts, and the names of reverse listeners.
fn permitted(intercept: &[Intercept], reverse: &[Reverse]) -> Result<Vec<Permitted>, Failed> {
    let mut names = Vec::new();
    for one in intercept {
        names.push(match one.host() {
            HostPattern::Exact(host) => host.clone(),
            HostPattern::Below(domain) => format!("*.{domain}"),
        });
    }
    for one in reverse {
        names.push(one.upstream().host.clone());
        names.push("localhost".to_owned());
        let ip = one.listen().ip();
        names.push(if ip.is_unspecified() {
            "127.0.0.1".to_owned()
        } else {
            ip.to_string()
        });
    }
    names.sort();
    names.dedup();
    names
        .iter()
        .map(|name| {
            Permitted::parse(name)
                .map_err(|error| Failed::usage(format!("`{name}` cannot be intercepted: {error}")))
        })
        .collect()
}

fn key_log(option: Option<PathBuf>) -> Result<Option<KeyLogFile>, Failed> {
    let path = option.or_else(|| std::env::var_os("SSLKEYLOGFILE").map(PathBuf::from));
    let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) else {
        return Ok(None);
    };
    KeyLogFile::open(&path).map(Some).map_err(|error| {
        Failed::usage(format!(
            "cannot open the key log {}: {error}",
            path.display()
        ))
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    fs::read(path)
        .map_err(|error| Failed::usage(format!("cannot read {}: {error}", path.display())))
}
