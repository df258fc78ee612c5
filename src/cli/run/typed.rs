//! What was typed for `run`, on the command line and in the file of `--config`.

use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

/// The arguments of `finspect run`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RunArgs {
    /// What to look into: a host, HOST:PORT, or *.example.com for all hosts below; everything else is tunnelled unseen
    #[arg(value_name = "HOST")]
    pub(super) hosts: Vec<String>,
    #[command(flatten)]
    pub(super) options: RunOptions,
    /// A TOML file with the same names; what is typed wins
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// The options that the command line and the file of `--config` share.
#[derive(Debug, Default, Clone, Args, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RunOptions {
    /// The front door; port 0 picks a free one; may repeat [default: 127.0.0.1:8899]
    #[arg(short, long, value_name = "ADDR:PORT")]
    pub(super) listen: Vec<String>,
    /// The same as HOST; may repeat
    #[arg(short, long, value_name = "HOST[:PORT]")]
    pub(super) intercept: Vec<String>,
    /// A reverse listener for one upstream, for browsers whose proxy cannot be set; may repeat
    #[arg(long, value_name = "[ADDR:PORT=]URL")]
    pub(super) reverse: Vec<String>,
    /// Where the session is recorded: a .jsonl file, or a folder for a new file per run [default: recordings in
    /// finspect's data folder]
    #[arg(long, value_name = "PATH", conflicts_with = "no_record")]
    pub(super) record: Option<PathBuf>,
    /// Record nothing
    #[arg(long)]
    pub(super) no_record: bool,
    /// Flush the recording to the disk itself each second, so that a power cut loses no more
    #[arg(long)]
    pub(super) sync: bool,
    /// Begin a new part of the recording at this size; finished parts are compressed [default: 256MiB]
    #[arg(long, value_name = "SIZE")]
    pub(super) rotate_size: Option<String>,
    /// Begin a new part of the recording at this age, such as 30m; or never [default: 4h]
    #[arg(long, value_name = "TIME")]
    pub(super) rotate_every: Option<String>,
    /// Keep this many parts of the recording, and remove the oldest
    #[arg(long, value_name = "COUNT")]
    pub(super) keep: Option<u32>,
    /// How much is replaced by pseudonyms: standard (credentials, tokens, cookies, call variables), strict (persons, numbers
    /// and client addresses too) or off [default: standard]
    #[arg(long, value_name = "LEVEL")]
    pub(super) redact: Option<String>,
    /// The key of the pseudonyms, so that those of several sessions can be compared; made if it is not there [default: a
    /// key that is made for the session and forgotten]
    #[arg(long, value_name = "FILE")]
    pub(super) redact_key: Option<PathBuf>,
    /// Where to find an upstream, as curl's option of that name (ADDR may carry :PORT); may repeat
    #[arg(long, value_name = "HOST:PORT:ADDR")]
    pub(super) resolve: Vec<String>,
    /// More roots for upstream certificates, in PEM; may repeat
    #[arg(long, value_name = "FILE")]
    pub(super) upstream_ca: Vec<PathBuf>,
    /// Accept exactly this leaf certificate for the host; may repeat
    #[arg(long, value_name = "HOST=sha256:HEX")]
    pub(super) upstream_pin: Vec<String>,
    /// Accept any certificate of this host; may repeat
    #[arg(long, value_name = "HOST")]
    pub(super) upstream_insecure: Vec<String>,
    /// Show this certificate (PEM, with its key) to a host that asks for one; may repeat
    #[arg(long, value_name = "HOST=FILE")]
    pub(super) upstream_cert: Vec<String>,
    /// The http:// or socks5:// proxy that leads out, with user:password@ if need be
    #[arg(long, value_name = "URL")]
    pub(super) upstream_proxy: Option<String>,
    /// Where the authority lives [default: ca in finspect's data folder]
    #[arg(long, value_name = "DIR")]
    pub(super) ca_dir: Option<PathBuf>,
    /// TLS secrets of both legs, for Wireshark [env: SSLKEYLOGFILE]
    #[arg(long, value_name = "FILE")]
    pub(super) keylog: Option<PathBuf>,
    /// The session on stdout: pretty, compact (a line an event) or json (an event a line) [default: pretty]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<String>,
    /// What is printed, such as 'host finesse1.* and not stanza ping'
    #[arg(long, value_name = "EXPR")]
    pub(super) filter: Option<String>,
    /// Written when all listeners are up: JSON with addresses, CA certificate, PAC URL, recording and process id
    #[arg(long, value_name = "FILE")]
    pub(super) ready_file: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  finspect run finesse1.example.com finesse2.example.com
      Both nodes, on every port. Then set the browser's proxy to 127.0.0.1:8899.
  finspect run '*.example.com' --listen 127.0.0.1:0 --format compact
      Every host below example.com, a free port, one line an event.
  finspect run finesse.example.com --upstream-pin finesse.example.com=sha256:3f…
      A self-signed Finesse: accept exactly its certificate.
  finspect run finesse.example.com --record morning.jsonl
      A recording of that name; `finspect show morning.jsonl` prints it as it was live.
  finspect run --reverse 127.0.0.1:8445=https://finesse.example.com:8445
      Where no proxy can be set: open https://localhost:8445.";

impl RunOptions {
    /// These options, with what is missing taken from `file`. A list that is typed replaces the file's.
    pub(super) fn or(self, file: Self) -> Self {
        fn list<T>(typed: Vec<T>, file: Vec<T>) -> Vec<T> {
            if typed.is_empty() { file } else { typed }
        }
        let (record, no_record) = match (self.record, self.no_record) {
            (None, false) => (file.record, file.no_record),
            typed => typed,
        };
        Self {
            record,
            no_record,
            sync: self.sync || file.sync,
            rotate_size: self.rotate_size.or(file.rotate_size),
            rotate_every: self.rotate_every.or(file.rotate_every),
            keep: self.keep.or(file.keep),
            listen: list(self.listen, file.listen),
            intercept: list(self.intercept, file.intercept),
            reverse: list(self.reverse, file.reverse),
            redact: self.redact.or(file.redact),
            redact_key: self.redact_key.or(file.redact_key),
            resolve: list(self.resolve, file.resolve),
            upstream_ca: list(self.upstream_ca, file.upstream_ca),
            upstream_pin: list(self.upstream_pin, file.upstream_pin),
            upstream_insecure: list(self.upstream_insecure, file.upstream_insecure),
            upstream_cert: list(self.upstream_cert, file.upstream_cert),
            upstream_proxy: self.upstream_proxy.or(file.upstream_proxy),
            ca_dir: self.ca_dir.or(file.ca_dir),
            keylog: self.keylog.or(file.keylog),
            format: self.format.or(file.format),
            filter: self.filter.or(file.filter),
            ready_file: self.ready_file.or(file.ready_file),
        }
    }
}
