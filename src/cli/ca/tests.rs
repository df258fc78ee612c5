//! What a person gets from `finspect ca`, and from a first run.

use clap::Parser;
use finspect_ca::{Name, Permitted, Store};
use tempfile::TempDir;

use super::{CaArgs, open_or_create, outside, run};
use crate::cli::{Exit, Failed};

#[derive(Debug, Parser)]
struct Typed {
    #[command(flatten)]
    ca: CaArgs,
}

/// Types a command against a folder that does not exist yet; gives back stdout and stderr.
fn typed(folder: &TempDir, words: &[&str]) -> Result<(Vec<u8>, String), Failed> {
    let dir = folder.path().join("authority");
    let mut line = vec!["ca", "--ca-dir", dir.to_str().unwrap()];
    line.extend(words);
    let args = Typed::try_parse_from(line).unwrap().ca;
    let (mut out, mut talk) = (Vec::new(), Vec::new());
    assert_eq!(run(&args, &mut out, &mut talk)?, Exit::Done);
    Ok((out, String::from_utf8(talk).unwrap()))
}

fn text(out: Vec<u8>) -> String {
    String::from_utf8(out).unwrap()
}

fn permitted(hosts: &[&str]) -> Vec<Permitted> {
    hosts
        .iter()
        .map(|host| Permitted::parse(host).unwrap())
        .collect()
}

#[test]
fn an_authority_is_made_shown_exported_and_removed() {
    let folder = TempDir::new().unwrap();
    let (out, talk) = typed(
        &folder,
        &[
            "create",
            "--for",
            "finesse.example.com",
            "--for",
            "10.1.2.3",
        ],
    )
    .unwrap();
    assert!(text(out).contains("finesse.example.com, 10.1.2.3"));
    assert!(
        talk.contains("finspect ca export --pem -o finspect-ca.pem --ca-dir"),
        "{talk}"
    );

    let (shown, _) = typed(&folder, &["show", "--json"]).unwrap();
    let facts: serde_json::Value = serde_json::from_slice(&shown).unwrap();
    assert_eq!(
        facts["permitted"],
        serde_json::json!(["finesse.example.com", "10.1.2.3"])
    );
    assert_eq!(facts["usable"], true);
    let sha256 = facts["sha256"].as_str().unwrap();
    assert_eq!(sha256.len(), 64);
    let (shown, _) = typed(&folder, &["show"]).unwrap();
    assert!(text(shown).replace(':', "").to_lowercase().contains(sha256));

    let (der, _) = typed(&folder, &["export", "--der"]).unwrap();
    let (pem, _) = typed(&folder, &["export", "--pem"]).unwrap();
    let pem = text(pem);
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----\n") && !pem.contains("PRIVATE"));
    let file = folder.path().join("out.crt");
    let (out, talk) = typed(&folder, &["export", "--der", "-o", file.to_str().unwrap()]).unwrap();
    assert!(out.is_empty() && talk.contains("sha256"));
    assert_eq!(std::fs::read(&file).unwrap(), der);

    let (out, talk) = typed(&folder, &["remove"]).unwrap();
    assert!(text(out).starts_with("removed "));
    assert!(
        talk.replace(':', "").to_lowercase().contains(sha256),
        "{talk}"
    );
    let error = typed(&folder, &["show"]).unwrap_err();
    assert!(
        error.to_string().contains("finspect ca create --for HOST"),
        "{error}"
    );
}

#[test]
fn a_whole_top_level_domain_is_pointed_out() {
    let folder = TempDir::new().unwrap();
    let (_, talk) = typed(&folder, &["create", "--for", "com", "--for", "localhost"]).unwrap();
    assert!(
        talk.contains("com stands for every host whose name ends in .com"),
        "{talk}"
    );
    assert!(!talk.contains(".localhost"), "{talk}");
}

#[test]
fn no_command_prints_the_key() {
    let folder = TempDir::new().unwrap();
    let mut all = Vec::new();
    for words in [
        &["create", "--for", "a.example"][..],
        &["show"],
        &["show", "--json"],
        &["export", "--pem"],
        &["create", "--replace", "--for", "a.example"],
        &["remove"],
    ] {
        let (out, talk) = typed(&folder, words).unwrap();
        all.extend(out);
        all.extend(talk.into_bytes());
    }
    assert!(!text(all).contains("PRIVATE"));
}

#[test]
fn a_second_authority_needs_replace_and_the_command_says_so() {
    let folder = TempDir::new().unwrap();
    typed(&folder, &["create", "--for", "a.example"]).unwrap();
    let error = typed(&folder, &["create", "--for", "*.b.example"]).unwrap_err();
    assert_eq!(error.exit(), Exit::Usage);
    assert!(
        error
            .to_string()
            .contains("finspect ca create --replace --for b.example"),
        "{error}"
    );
    let (out, _) = typed(&folder, &["create", "--replace", "--for", "*.b.example"]).unwrap();
    assert!(text(out).contains("speaks for  b.example\n"));
}

#[test]
fn the_first_run_makes_the_authority_and_the_next_one_uses_it() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("authority");
    let hosts = permitted(&["finesse.example.com", "localhost"]);
    let mut talk = Vec::new();
    let first = open_or_create(&dir, &hosts, &mut talk).unwrap();
    assert!(text(talk).contains("speak for finesse.example.com, localhost and names below these"));
    let mut talk = Vec::new();
    let second = open_or_create(&dir, &hosts[..1], &mut talk).unwrap();
    assert_eq!(first.fingerprint(), second.fingerprint());
    assert!(talk.is_empty());
}

#[test]
fn a_run_for_an_excluded_host_gets_the_command_that_adds_it() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("two words");
    let authority = open_or_create(&dir, &permitted(&["a.example"]), &mut Vec::new()).unwrap();
    let wanted = permitted(&["x.a.example", "b.example", "::1"]);
    let error = open_or_create(&dir, &wanted, &mut Vec::new())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("the authority may not speak for b.example, ::1:"),
        "{error}"
    );
    let command =
        "finspect ca create --replace --for a.example --for b.example --for ::1 --ca-dir ";
    assert!(error.contains(command), "{error}");
    let quoted = if cfg!(windows) {
        "two words\""
    } else {
        "two words'"
    };
    assert!(error.ends_with(quoted), "{error}");
    let one = outside(&authority, &Name::parse("b.example").unwrap(), &dir);
    assert!(
        one.contains("--for a.example --for b.example --ca-dir"),
        "{one}"
    );
}

#[test]
fn an_authority_at_its_end_gets_the_command_for_the_next() {
    let folder = TempDir::new().unwrap();
    let dir = folder.path().join("authority");
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_000_000);
    Store::at(&dir)
        .create(&permitted(&["a.example"]), long_ago)
        .unwrap();
    let error = open_or_create(&dir, &permitted(&["a.example"]), &mut Vec::new())
        .unwrap_err()
        .to_string();
    assert!(error.contains("ends at 2024-02-12"), "{error}");
    assert!(
        error.contains("finspect ca create --replace --for a.example"),
        "{error}"
    );
    let (shown, _) = typed(&folder, &["show"]).unwrap();
    assert!(text(shown).contains("usable      no: "));
}
