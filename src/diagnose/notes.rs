//! What a recording cannot tell, so that nobody takes its silence for a fact.

use super::kin::is_imported;
use super::loss::is_desktop;
use super::report::Note;
use super::words;
use crate::event::{Gap, Way};
use crate::session::Session;

/// The limits of a session, by name.
pub(super) fn notes(session: &Session, missing: &Gap) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut note = |name, says: String| notes.push(Note { name, says });
    if is_imported(session) {
        note(
            "imported",
            "it was imported from a browser's file: how connections ended, and what TCP did, is not in it".to_owned(),
        );
    } else if has_no_readings(session) {
        note(
            "no-tcp-readings",
            "no readings of TCP are in it: a dead path and a server that hangs look the same"
                .to_owned(),
        );
    }
    if begins_in_the_middle(session) {
        note(
            "begins-in-the-middle",
            "it begins in the middle of a socket: what happened before is not known".to_owned(),
        );
    }
    if missing.events > 0 {
        let says = format!(
            "{} are missing, so the diagnosis may be wrong where they are",
            words::count(missing.events, "event")
        );
        note("incomplete", says);
    }
    if session.span().is_some() && session.ended().is_none() {
        note(
            "no-end",
            "it has no end: finspect was killed or still runs, or the last part is not here"
                .to_owned(),
        );
    }
    if session.forgotten() > 0 {
        let says = format!(
            "it is too large to remember all of it: {} of connections or agents went missing on the way",
            words::count(session.forgotten(), "record")
        );
        note("too-large", says);
    }
    notes
}

/// Whether there was a desktop's socket, relayed by finspect, whose TCP nobody asked the kernel about.
fn has_no_readings(session: &Session) -> bool {
    let relayed = session.connections().filter(|one| {
        one.way != Some(Way::Imported) && one.socket.as_ref().is_some_and(is_desktop)
    });
    let mut readings = relayed.map(|one| {
        let mut samples = one.tcp.iter();
        samples.any(|(_, sample)| sample.upstream.is_some())
    });
    let first = readings.next();
    first == Some(false) && readings.all(|has| !has)
}

/// Whether a desktop's socket was open before the first event. That of an imported file may well be.
fn begins_in_the_middle(session: &Session) -> bool {
    let sockets = session.connections().filter_map(|one| one.socket.as_ref());
    let mut desktops = sockets.filter(|socket| is_desktop(socket));
    desktops.any(|socket| socket.target.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::diagnose::testing::Script;
    use crate::event::{EventKind, Gap};

    fn names(script: Script) -> Vec<&'static str> {
        let report = script.diagnosed();
        let notes = report.recordings.iter().flat_map(|one| &one.notes);
        notes.map(|note| note.name).collect()
    }

    #[test]
    fn what_a_recording_cannot_tell_is_noted() {
        let told = || Script::new().logs_in("1001002").pings(3);
        assert_eq!(names(told().server_acks()), [""; 0]);
        assert_eq!(names(told()), ["no-tcp-readings"]);
        let lost = EventKind::Gap(Gap {
            events: 3,
            ..Gap::default()
        });
        assert_eq!(names(told().server_acks().event(lost)), ["incomplete"]);
        // No 101 was seen.
        let middle = Script::new()
            .connects()
            .binds("1001002")
            .pings(3)
            .server_acks();
        assert_eq!(names(middle), ["begins-in-the-middle"]);
    }
}
