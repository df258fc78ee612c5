//! `finspect explain`: what a finding means, what it looks like on the wire, what to do.

use clap::Args;
use serde::Serialize;

use super::page::{self, Page};
use super::session::colour;
use super::{Exit, Failed, write_out};
use crate::diagnose::findings::{self, Section};
use crate::diagnose::rule::{Rule, Severity};
use crate::diagnose::rules::{TABLE, named};
use crate::sink::console::Style;

/// The arguments of `finspect explain`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ExplainArgs {
    /// The rule's name, as in a diagnosis; without it, a list of all
    #[arg(value_name = "RULE")]
    rule: Option<String>,
    /// As JSON: an object, or an array of all
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  finspect explain
      Everything that finspect can find.
  finspect explain path-black-hole
      What it means, what it looks like, what to do, what it is mistaken for.
  finspect explain --json | jq -r '.[].rule'";

/// Explains a rule, or lists them.
pub(super) fn run(args: &ExplainArgs) -> Result<Exit, Failed> {
    let text = match (&args.rule, args.json) {
        (None, false) => table(),
        (None, true) => json(&TABLE.iter().map(|rule| explained(rule)).collect::<Vec<_>>())?,
        (Some(name), as_json) => {
            let rule = named(name).ok_or_else(|| unknown(name))?;
            if as_json {
                json(&explained(rule))?
            } else {
                page(rule)
            }
        }
    };
    write_out(text.as_bytes())
}

/// A rule with its section.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Explained {
    rule: &'static str,
    title: &'static str,
    severity: Severity,
    group: String,
    meaning: String,
    on_the_wire: String,
    what_the_agent_sees: String,
    what_to_do: String,
    often_mistaken_for: String,
}

fn explained(rule: &Rule) -> Explained {
    let section = findings::section(rule.name).cloned().unwrap_or_default();
    Explained {
        rule: rule.name,
        title: rule.title,
        severity: rule.severity,
        group: section.group,
        meaning: section.meaning,
        on_the_wire: section.wire,
        what_the_agent_sees: section.sees,
        what_to_do: section.remedy,
        often_mistaken_for: section.mistaken,
    }
}

fn json(value: &impl Serialize) -> Result<String, Failed> {
    let text = serde_json::to_string_pretty(value);
    text.map(|text| text + "\n")
        .map_err(|error| Failed::usage(format!("cannot write JSON: {error}")))
}

/// All rules, by group.
fn table() -> String {
    let mut page = Page::new(colour(), page::width());
    let longest = TABLE.iter().map(|rule| rule.name.len()).max().unwrap_or(0);
    let sections = findings::sections();
    let mut groups: Vec<&str> = Vec::new();
    for section in sections {
        if !groups.contains(&section.group.as_str()) {
            groups.push(&section.group);
        }
    }
    for group in groups {
        page.heading(0, Style::Subject, group);
        for section in sections.iter().filter(|one| one.group == group) {
            if let Some(rule) = named(&section.rule) {
                let lead = format!("{:<longest$}  ", rule.name);
                page.item(2, &lead, Style::Plain, rule.title);
            }
        }
    }
    page.into_text()
}

fn page(rule: &Rule) -> String {
    let Section {
        group,
        meaning,
        wire,
        sees,
        remedy,
        mistaken,
        ..
    } = findings::section(rule.name).cloned().unwrap_or_default();
    let severity = match rule.severity {
        Severity::Info => "info",
        Severity::Notice => "notice",
        Severity::Trouble => "trouble",
    };
    let mut page = Page::new(colour(), page::width());
    page.heading(0, Style::Subject, &format!("{}: {}", rule.name, rule.title));
    page.item(0, "", Style::Dim, &format!("{group}, {severity}"));
    for (heading, paragraph) in [
        ("Meaning", meaning),
        ("On the wire", wire),
        ("What the agent sees", sees),
        ("What to do", remedy),
        ("Often mistaken for", mistaken),
    ] {
        page.heading(0, Style::Subject, heading);
        for line in paragraph.lines() {
            page.paragraph(2, line);
        }
    }
    page.into_text()
}

fn unknown(name: &str) -> Failed {
    let mut near: Vec<(usize, &str)> = TABLE
        .iter()
        .map(|rule| (distance(name, rule.name), rule.name))
        .filter(|(distance, rule)| *distance <= FAR || shares_a_word(name, rule))
        .collect();
    near.sort_unstable();
    let near: Vec<String> = near
        .iter()
        .take(NAMES)
        .map(|(_, rule)| format!("`{rule}`"))
        .collect();
    let name: String = name.chars().take(LONGEST).collect();
    Failed::usage(match near.is_empty() {
        true => format!("there is no rule {name:?}; `finspect explain` lists them all"),
        false => format!(
            "there is no rule {name:?}; did you mean {}?",
            near.join(" or ")
        ),
    })
}

fn shares_a_word(name: &str, rule: &str) -> bool {
    let name = name.to_lowercase();
    rule.split('-').any(|word| {
        name.split(['-', '_', ' '])
            .any(|typed| typed.len() > 2 && word.starts_with(typed))
    })
}

/// How many letters have to be put in, taken out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (place, character) in one.chars().take(LONGEST).enumerate() {
        let mut left = place + 1;
        let mut diagonal = place;
        let above = row.iter_mut();
        for (column, cell) in above.enumerate() {
            if column == 0 {
                diagonal = std::mem::replace(cell, left);
                continue;
            }
            let same = other.get(column - 1) == Some(&character);
            let best = (diagonal + usize::from(!same)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, best);
            left = best;
        }
    }
    row.last().copied().unwrap_or(0)
}

/// Letters that a name may be wrong by.
const FAR: usize = 4;
/// Names that are proposed.
const NAMES: usize = 3;
/// The longest name that is looked at.
const LONGEST: usize = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (one, other, wanted) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("no-answer", "no-anwser", 2),
            ("signed-out", "signed-out", 0),
        ] {
            assert_eq!(distance(one, other), wanted, "{one} {other}");
        }
    }

    #[test]
    fn the_nearest_names_are_proposed() {
        let of = |name| unknown(name).to_string();
        assert!(of("path-blackhole").contains("did you mean `path-black-hole`"));
        assert!(
            of("restart").contains("`service-restart`"),
            "{}",
            of("restart")
        );
        assert!(of("xyzzyxyzzy").contains("lists them all"));
    }
}
