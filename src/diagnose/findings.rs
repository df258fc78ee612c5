//! What `docs/findings.md` says of each rule, so that a diagnosis and `finspect explain` say the same.
//!
//! The first sentences of what the agent sees and of what to do stand in the answer of a diagnosis: they have to be
//! whole sentences, and to make sense alone.

use std::sync::LazyLock;

/// What there is to know of a rule: paragraphs of plain text, each on one line, and so are the rows of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// Where the cause sits, such as `Path` or `Service`.
    pub group: String,
    /// The rule's name.
    pub rule: String,
    /// What it means.
    pub meaning: String,
    /// What it looks like on the wire.
    pub wire: String,
    /// What the agent sees of it.
    pub sees: String,
    /// What to do.
    pub remedy: String,
    /// What it is often mistaken for.
    pub mistaken: String,
}

/// The section of a rule, as far as it is written.
#[must_use]
pub fn section(rule: &str) -> Option<&'static Section> {
    sections().iter().find(|section| section.rule == rule)
}

/// All sections, in the order of the document.
#[must_use]
pub fn sections() -> &'static [Section] {
    static SECTIONS: LazyLock<Vec<Section>> = LazyLock::new(|| parse(DOCUMENT));
    &SECTIONS
}

/// The first sentence of a paragraph, with its full stop.
#[must_use]
pub fn first_sentence(paragraph: &str) -> &str {
    let ends = paragraph.match_indices(". ");
    let mut ends = ends.map(|(at, _)| at + 1);
    let end = ends.find(|end| {
        let next = paragraph.get(*end..).unwrap_or_default();
        next.trim_start().starts_with(char::is_uppercase)
    });
    paragraph
        .get(..end.unwrap_or(paragraph.len()))
        .unwrap_or(paragraph)
}

/// A paragraph as plain text: a link is its words.
#[must_use]
pub fn plain(markdown: &str) -> String {
    let mut text = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some((before, link)) = rest.split_once('[') {
        text.push_str(before);
        let parts = link.split_once("](");
        let Some((words, (_, after))) =
            parts.and_then(|(words, target)| Some((words, target.split_once(')')?)))
        else {
            text.push('[');
            rest = link;
            continue;
        };
        text.push_str(words);
        rest = after;
    }
    text.push_str(rest);
    text
}

fn parse(document: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let (mut group, mut label) = ("", "");
    for paragraph in document.split("\n\n") {
        let paragraph = paragraph.trim();
        if let Some(name) = paragraph.strip_prefix("### ") {
            sections.push(Section {
                group: group.to_owned(),
                rule: name.trim().to_owned(),
                ..Section::default()
            });
        } else if let Some(name) = paragraph.strip_prefix("## ") {
            group = name.trim();
        } else if let Some(section) = sections.last_mut().filter(|one| one.group == group) {
            let labelled = paragraph.strip_prefix("**");
            let labelled = labelled.and_then(|rest| rest.split_once(".**"));
            // What has no label goes on with the part before it.
            let text = labelled.map_or(paragraph, |(_, text)| text);
            label = labelled.map_or(label, |(label, _)| label);
            if let Some(part) = part(section, label) {
                add(part, text);
            }
        }
    }
    sections
}

fn part<'a>(section: &'a mut Section, label: &str) -> Option<&'a mut String> {
    Some(match label {
        "Meaning" => &mut section.meaning,
        "On the wire" => &mut section.wire,
        "What the agent sees" => &mut section.sees,
        "What to do" => &mut section.remedy,
        "Often mistaken for" => &mut section.mistaken,
        _ => return None,
    })
}

/// Adds a paragraph, or the rows of a table.
fn add(part: &mut String, text: &str) {
    let rows: Vec<String> = text.lines().skip(TABLE_HEAD).filter_map(row).collect();
    let lines = if rows.is_empty() {
        let words: Vec<&str> = text.split_whitespace().collect();
        vec![words.join(" ")]
    } else {
        rows
    };
    for line in lines {
        if !part.is_empty() {
            part.push('\n');
        }
        part.push_str(&plain(&line));
    }
}

/// A row of a table as a phrase: `1000, normal closure: the server was done`.
fn row(line: &str) -> Option<String> {
    let cells = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let cells: Vec<&str> = cells.split('|').map(str::trim).collect();
    let (last, first) = cells.split_last()?;
    Some(format!("{}: {last}", first.join(", ")))
}

/// Lines of a table before its rows.
const TABLE_HEAD: usize = 2;

const DOCUMENT: &str = include_str!("../../docs/findings.md");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnose::rules::TABLE;

    #[test]
    fn every_rule_has_its_section_and_every_section_its_rule() {
        let sections = sections();
        let written: Vec<&str> = sections.iter().map(|one| one.rule.as_str()).collect();
        let unique: BTreeSet<&str> = written.iter().copied().collect();
        assert_eq!(written.len(), unique.len(), "a section is there twice");
        let rules: BTreeSet<&str> = TABLE.iter().map(|rule| rule.name).collect();
        assert_eq!(unique, rules);
    }

    #[test]
    fn every_section_has_its_five_paragraphs_in_order() {
        const LABELS: [&str; 5] = [
            "**Meaning.**",
            "**On the wire.**",
            "**What the agent sees.**",
            "**What to do.**",
            "**Often mistaken for.**",
        ];
        for section in sections() {
            let paragraphs = [
                &section.meaning,
                &section.wire,
                &section.sees,
                &section.remedy,
                &section.mistaken,
            ];
            let name = &section.rule;
            assert!(
                paragraphs.iter().all(|one| one.ends_with('.')),
                "{name}: {section:#?}"
            );
            let heading = format!("### {name}\n");
            let (_, text) = DOCUMENT.split_once(&heading).unwrap();
            let text = text.split("\n#").next().unwrap();
            let places = LABELS.map(|label| text.find(label).unwrap());
            assert!(
                places.is_sorted(),
                "{name}: the paragraphs are out of order"
            );
        }
    }

    #[test]
    fn a_table_belongs_to_the_part_before_it_a_row_a_line() {
        let closed = section("server-closed").unwrap();
        let lines: Vec<&str> = closed.wire.lines().collect();
        assert!(lines[0].starts_with("A Close frame"), "{lines:#?}");
        assert!(
            lines.contains(&"1001, going away: it shuts down, or its container tidies up sockets")
        );
        assert!(lines.last().unwrap().starts_with("1006 and 1015"));
    }

    #[test]
    fn a_sentence_ends_before_a_capital() {
        let text = "Ask for 10.0.0.7, i.e. the node. Then wait.";
        assert_eq!(first_sentence(text), "Ask for 10.0.0.7, i.e. the node.");
        assert_eq!(first_sentence("Nothing"), "Nothing");
    }

    #[test]
    fn a_link_is_its_words() {
        assert_eq!(
            plain("see [the demo](demo.md) [x], then [y](z"),
            "see the demo [x], then [y](z"
        );
    }
}
