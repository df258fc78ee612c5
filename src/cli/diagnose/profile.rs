//! What the user knows of the client's clocks: `--client-profile`.

use std::fs;
use std::path::Path;

use jiff::SignedDuration;
use serde::Deserialize;

use crate::cli::Failed;
use crate::diagnose::Profile;
use crate::event::Micros;

/// What was typed, or is in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Typed {
    ping_interval: Option<String>,
    max_retry: Option<u32>,
}

/// Reads `KEY=VALUE[,…]`, or the TOML file of that name.
pub(super) fn profile(text: Option<&str>) -> Result<Profile, Failed> {
    let Some(text) = text else {
        return Ok(Profile::default());
    };
    let typed = if text.contains('=') {
        pairs(text)?
    } else {
        file(Path::new(text))?
    };
    let default = Profile::default();
    let ping_interval = typed.ping_interval.as_deref().map(interval).transpose()?;
    Ok(Profile {
        ping_interval: ping_interval.unwrap_or(default.ping_interval),
        max_retry: retries(typed.max_retry.unwrap_or(default.max_retry))?,
        given: true,
    })
}

fn pairs(text: &str) -> Result<Typed, Failed> {
    let mut typed = Typed::default();
    for pair in text.split(',') {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| wrong(&format!("`{pair}` is not KEY=VALUE")))?;
        match key.trim() {
            "ping-interval" => typed.ping_interval = Some(value.trim().to_owned()),
            "max-retry" => {
                let number = value.trim().parse();
                typed.max_retry = Some(number.map_err(|_| {
                    wrong(&format!(
                        "max-retry is a number, such as 2, and not `{value}`"
                    ))
                })?);
            }
            other => {
                return Err(wrong(&format!(
                    "there is no `{other}`; there is ping-interval and max-retry"
                )));
            }
        }
    }
    Ok(typed)
}

fn file(path: &Path) -> Result<Typed, Failed> {
    let text = fs::read_to_string(path).map_err(|error| {
        wrong(&format!(
            "{}: {error}; it is KEY=VALUE[,KEY=VALUE], or a TOML file with these keys",
            path.display()
        ))
    })?;
    toml::from_str(&text).map_err(|error| wrong(&format!("{}: {error}", path.display())))
}

fn interval(text: &str) -> Result<Micros, Failed> {
    let parsed: Option<SignedDuration> = text.parse().ok();
    let micros = parsed.and_then(|one| u64::try_from(one.as_micros()).ok());
    micros
        .filter(|micros| (SHORTEST..=LONGEST).contains(micros))
        .map(Micros)
        .ok_or_else(|| {
            wrong(&format!(
                "ping-interval is a duration from 10ms to 1h, such as 10s, and not `{text}`"
            ))
        })
}

fn retries(number: u32) -> Result<u32, Failed> {
    if (1..=MOST).contains(&number) {
        Ok(number)
    } else {
        Err(wrong(&format!(
            "max-retry is from 1 to {MOST}, and not {number}"
        )))
    }
}

fn wrong(what: &str) -> Failed {
    Failed::usage(format!("--client-profile: {what}"))
}

/// What a ping interval can be, in microseconds.
const SHORTEST: u64 = 10_000;
const LONGEST: u64 = 3_600_000_000;
/// The most tries that mean anything.
const MOST: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_counts_for_more_than_the_trace() {
        let given = profile(Some("ping-interval=2s, max-retry=3")).unwrap();
        assert_eq!(
            (given.ping_interval, given.max_retry),
            (Micros(2_000_000), 3)
        );
        assert!(given.given);
        let some = profile(Some("max-retry=4")).unwrap();
        assert_eq!(
            (some.ping_interval, some.max_retry),
            (Micros(10_000_000), 4)
        );
        assert!(!profile(None).unwrap().given);
    }

    #[test]
    fn a_file_has_the_same_keys() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "ping-interval = \"500ms\"\n").unwrap();
        let path = file.path().to_str().unwrap();
        assert_eq!(profile(Some(path)).unwrap().ping_interval, Micros(500_000));
        fs::write(file.path(), "ping = 1\n").unwrap();
        let refused = profile(Some(path)).unwrap_err().to_string();
        assert!(refused.contains("ping-interval"), "{refused}");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [
            ("pings=1", "there is no `pings`"),
            ("max-retry=two", "not `two`"),
            ("max-retry=0", "from 1 to 100"),
            ("ping-interval=10", "such as 10s"),
            ("ping-interval=-1s", "such as 10s"),
            ("ping-interval=10s,x", "`x` is not KEY=VALUE"),
            ("no-such-file", "or a TOML file"),
        ] {
            let refused = profile(Some(text)).unwrap_err().to_string();
            assert!(refused.contains(says), "{text}: {refused}");
        }
    }
}
