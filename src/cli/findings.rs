//! What is found of a session while it goes on, and at its end.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::page::{self, Page};
use crate::bus::Clock;
use crate::diagnose::report::{Finding, Incident, Report};
use crate::diagnose::rule::{Confidence, Severity};
use crate::diagnose::{Live, News, Profile, words};
use crate::event::{Event, Micros};
use crate::sink::console::{Colour, Onlooker, Remark, Style, Tone};

/// The session's diagnosis, which the console's thread goes on with and the end of the session asks.
#[derive(Debug, Clone)]
pub(super) struct Shared {
    live: Arc<Mutex<Live>>,
    zone: TimeZone,
}

impl Shared {
    pub(super) fn new(zone: TimeZone) -> Self {
        let live = Live::new(Profile::default(), zone.clone());
        Self {
            live: Arc::new(Mutex::new(live)),
            zone,
        }
    }

    /// What was found in all, and where more of it is.
    pub(super) fn summary(&self, recording: Option<&Path>) -> String {
        let name = recording.map(|path| path.display().to_string());
        let report = self
            .lock()
            .report(name.as_deref().unwrap_or("this session"));
        summary(&report, &self.zone, name.as_deref())
    }

    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks on at the console, and says what is found there.
#[derive(Debug)]
pub(super) struct Findings {
    shared: Shared,
    clock: Clock,
    /// Until then the machine's time is for the traffic.
    rest: Micros,
}

impl Findings {
    pub(super) const fn new(shared: Shared, clock: Clock) -> Self {
        Self {
            shared,
            clock,
            rest: Micros(0),
        }
    }
}

impl Onlooker for Findings {
    fn see(&mut self, event: &Event) {
        self.shared.lock().take(event);
    }

    fn remarks(&mut self) -> Vec<Remark> {
        let now = self.clock.now();
        if now < self.rest {
            return Vec::new();
        }
        let news = self.shared.lock().look(now);
        let took = self.clock.now().since(now);
        self.rest = Micros(now.0.saturating_add(took.0.saturating_mul(RESTS)));
        news.iter().map(|news| remark(now, news)).collect()
    }

    fn patience(&self) -> Duration {
        Duration::from_micros(self.shared.lock().tick().0)
    }
}

fn remark(at: Micros, news: &News) -> Remark {
    match news {
        News::Warned(warning) => Remark {
            at,
            tone: Tone::Warning,
            what: format!("warning: {}", warning.name),
            facts: vec![warning.says.clone()],
            below: Vec::new(),
        },
        News::Found(incident) => found(at, incident, None),
        News::Changed(incident, before) => found(at, incident, Some(before)),
    }
}

fn found(at: Micros, incident: &Incident, before: Option<&str>) -> Remark {
    let agent = incident.agent.iter();
    let mut facts: Vec<String> = agent.map(|agent| format!("agent {agent}")).collect();
    let Some(cause) = &incident.cause else {
        return Remark {
            at,
            tone: Tone::Bad,
            what: "found: service was lost".to_owned(),
            facts,
            below: Vec::new(),
        };
    };
    let sure = sure(cause.confidence);
    let what = match before {
        None => format!("found: {} ({sure})", cause.rule),
        Some(_) => format!("now: {} ({sure})", cause.rule),
    };
    facts.extend(before.map(|before| format!("instead of {before}")));
    facts.push(cause.says.clone());
    Remark {
        at,
        tone: match cause.severity {
            Severity::Info => Tone::Good,
            Severity::Notice => Tone::Warning,
            Severity::Trouble => Tone::Bad,
        },
        what,
        facts,
        below: reasons(cause),
    }
}

fn reasons(cause: &Finding) -> Vec<String> {
    let because = cause.because.iter().map(|one| format!("because {one}"));
    let lacking = cause.lacking.iter().map(|one| format!("but {one}"));
    because.chain(lacking).collect()
}

/// The answer, a line an incident, and where more of it is. What a peer has said in it commands no terminal.
fn summary(report: &Report, zone: &TimeZone, recording: Option<&str>) -> String {
    let mut page = Page::new(Colour::Never, page::width());
    page.paragraph(0, "What finspect found");
    page.paragraph(2, &report.answer);
    let incidents = &report.incidents;
    for incident in incidents.iter().take(LINES) {
        page.paragraph(2, &line(incident, zone));
    }
    if let Some(more) = incidents.len().checked_sub(LINES).filter(|more| *more > 0) {
        page.paragraph(2, &format!("… {more} more"));
    }
    if let Some(recording) = recording.filter(|_| !incidents.is_empty()) {
        page.line(
            2,
            Style::Plain,
            &format!("more: finspect diagnose {recording}"),
        );
    }
    page.into_text().trim_end().to_owned()
}

/// An incident: its cause, how sure that is, whose, when, and for how long.
fn line(incident: &Incident, zone: &TimeZone) -> String {
    let when = incident.began.wall.map_or_else(
        || format!("+{}", words::duration(incident.began.time)),
        |wall| words::wall_clock(wall, zone),
    );
    let cause = incident.cause.as_ref().map_or_else(
        || "no rule explains it".to_owned(),
        |cause| format!("{} ({})", cause.rule, sure(cause.confidence)),
    );
    let agent = incident.agent.as_deref().unwrap_or("unknown");
    let lasted = match incident.story.out_of_service {
        Some(Micros(0)) => String::new(),
        Some(lasted) => format!(", for {}", words::duration(lasted)),
        None => ", until the end".to_owned(),
    };
    format!("{when}  {cause}  agent {agent}{lasted}")
}

const fn sure(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Certain => "certain",
        Confidence::Likely => "likely",
        Confidence::Possible => "possible",
    }
}

/// A look that took long is followed by a rest so many times as long.
const RESTS: u64 = 20;
/// Incidents listed at the end of a session.
const LINES: usize = 20;
