//! What a rule is, and what it may say of an incident.

use std::borrow::Cow;

use serde::Serialize;

use super::case::Case;
use crate::session::At;

/// One cause that finspect knows: a file in `rules/`, a row in the table, a heading in `docs/findings.md`.
#[derive(Debug)]
pub struct Rule {
    /// Its name, as in findings, in the documentation and on the command line.
    pub name: &'static str,
    /// What it finds, in one short sentence.
    pub title: &'static str,
    /// How bad that is.
    pub severity: Severity,
    /// Names of rules whose findings are consequences of this one, where both match.
    pub explains: &'static [&'static str],
    /// Names of more general rules, which have nothing to add where this one matches.
    pub covers: &'static [&'static str],
    /// Its judgement of an incident.
    pub judge: fn(&Case<'_>) -> Opinion,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Nothing is wrong: the user wished it so.
    Info,
    /// Service was lost, but no connection is to blame for it, or none but a gadget's was lost.
    Notice,
    /// Service was lost.
    Trouble,
}

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// It fits what was seen, and so may other things.
    Possible,
    /// It fits what was seen, and what else would fit is contradicted by something.
    Likely,
    /// Somebody on the wire said so, or the facts allow nothing else.
    Certain,
}

/// What a rule says of an incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opinion {
    /// Nothing that it knows is to be seen.
    Silent,
    /// Its main sign is to be seen, and something contradicts it: what.
    RuledOut(String),
    /// It matches.
    Matches(Verdict),
}

/// A rule's match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How sure it is.
    pub confidence: Confidence,
    /// What happened, in one sentence with the figures of this incident.
    pub says: String,
    /// Reasons to believe it, strongest first.
    pub because: Vec<String>,
    /// What is missing to be surer.
    pub lacking: Vec<String>,
    /// The events that show it, each with what it shows.
    pub evidence: Vec<(At, String)>,
    /// What to do about what was seen, where that is narrower than the rule's section in `docs/findings.md`: whole sentences,
    /// of which the first makes sense alone.
    pub advice: Option<Cow<'static, str>>,
    /// What part it can have played.
    pub role: Role,
    /// How bad it is this time, where that is less than the rule's own severity.
    pub severity: Option<Severity>,
}

/// What part a finding can have played in an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It can have caused it.
    Cause,
    /// It made it worse or likelier, but takes no service away by itself.
    Contributing,
    /// It follows from another cause, whatever that is.
    Consequence,
}

impl Verdict {
    /// A match of that confidence, in a sentence.
    #[must_use]
    pub fn new(confidence: Confidence, says: impl Into<String>) -> Self {
        Self {
            confidence,
            says: says.into(),
            because: Vec::new(),
            lacking: Vec::new(),
            evidence: Vec::new(),
            advice: None,
            role: Role::Cause,
            severity: None,
        }
    }

    /// Adds a reason.
    #[must_use]
    pub fn because(mut self, reason: impl Into<String>) -> Self {
        self.because.push(reason.into());
        self
    }

    /// Adds what is missing.
    #[must_use]
    pub fn lacking(mut self, what: impl Into<String>) -> Self {
        self.lacking.push(what.into());
        self
    }

    /// Adds an event that shows it.
    #[must_use]
    pub fn shown(mut self, at: At, what: impl Into<String>) -> Self {
        self.evidence.push((at, what.into()));
        self
    }

    /// What to do about it this time.
    #[must_use]
    pub fn advising(mut self, advice: impl Into<Cow<'static, str>>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The same, no more than possible where there is a reason for doubt.
    #[must_use]
    pub(super) fn weakened(mut self, doubt: Option<&str>) -> Self {
        if let Some(doubt) = doubt {
            self.confidence = Confidence::Possible;
            self.lacking.insert(0, doubt.to_owned());
        }
        self
    }

    /// It can have played no other part than this.
    #[must_use]
    pub const fn only(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// This time it is no worse than that.
    #[must_use]
    pub const fn no_worse_than(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// That is the rule's opinion.
    #[must_use]
    pub const fn matches(self) -> Opinion {
        Opinion::Matches(self)
    }
}
