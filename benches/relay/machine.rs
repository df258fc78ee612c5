//! What the system says about processes and cores. Linux alone says it; elsewhere figures are `not available here`.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// CPU time of a process so far, user and system, all threads; from /proc, in steps of 10 ms.
pub(crate) fn cpu_time(process: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before the last bracket may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_millis((user + system) * 10))
}

/// Resident memory of a process, in bytes.
pub(crate) fn resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = field(&status, "VmRSS:")?;
    let kibibytes: u64 = field.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// How many files a process that is started from here may have open.
pub(crate) fn open_files() -> Option<u64> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = field(&limits, "Max open files")?;
    line.split_whitespace().next()?.parse().ok()
}

/// Two cores that may be used, if `taskset` is there to pin processes to them.
pub(crate) fn two_cores() -> Option<(usize, usize)> {
    let cores = allowed_cores()?;
    let mut cores = cores.into_iter();
    let two = (cores.next()?, cores.next()?);
    taskset(&["--version"]).then_some(two)
}

/// Keeps this process and what it starts from now on to these cores; false if that does not work.
pub(crate) fn keep_to(cores: &[usize]) -> bool {
    let list: Vec<String> = cores.iter().map(ToString::to_string).collect();
    let process = std::process::id().to_string();
    taskset(&["-a", "-c", "-p", &list.join(","), &process])
}

/// The cores that this process may use.
pub(crate) fn allowed_cores() -> Option<Vec<usize>> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mut cores = Vec::new();
    for range in field(&status, "Cpus_allowed_list:")?.split(',') {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        cores.extend(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?);
    }
    Some(cores)
}

/// Kernel, cores and their kind, as far as the system tells.
pub(crate) fn described() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let release = read("/proc/sys/kernel/osrelease");
    let kind = read("/proc/cpuinfo");
    let kind = kind
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, name)| name.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let system = std::env::consts::OS;
    format!("{cores} cores ({kind}), {system} {}", release.trim())
}

/// The one clock of the benchmark.
#[expect(
    clippy::disallowed_methods,
    reason = "latencies are measured finer than the microseconds of a session's Clock"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

fn taskset(arguments: &[&str]) -> bool {
    let status = Command::new("taskset")
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}
