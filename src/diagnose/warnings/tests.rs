//! What the watches say of scripted sessions, and that they keep still on a healthy day.

use crate::diagnose::testing::{Script, tcp};
use crate::event::Direction::ToServer;
use crate::event::{EventKind, Host, Leg, Micros, Minted, Starved, TcpOccasion};

/// Names of the warnings of a session that ends now.
fn warned(script: Script) -> Vec<&'static str> {
    let report = script.diagnosed();
    report.warnings.iter().map(|warning| warning.name).collect()
}

fn desktop() -> Script {
    Script::new().logs_in("1001002").pings(24)
}

/// 2026-03-02 12:00:00 UTC.
const START: i64 = 1_772_452_800;
const DAY: i64 = 86_400;

#[test]
fn a_healthy_day_gives_none() {
    let mut script = Script::new().logs_in("1001002");
    for hour in 0..8 {
        script = script.pings(90).state("1001002", "READY", "");
        // Radio noise, and a moment without processor time.
        let noise = tcp(1, 1, 300_000);
        script = script
            .tcp(TcpOccasion::Retransmitting(Leg::Upstream), noise)
            .after(0.5)
            .tcp(TcpOccasion::Recovered(Leg::Upstream), tcp(0, 0, 10_000));
        if hour % 4 == 1 {
            script = script
                .host(starved(600_000))
                .after(1.4)
                .ping()
                .after(0.6)
                .pong();
        }
    }
    assert_eq!(warned(script), [] as [&str; 0]);
}

#[test]
fn a_ping_is_warned_of_after_half_the_patience_and_not_before() {
    assert_eq!(
        warned(desktop().after(10.0).ping().after(4.0)),
        [] as [&str; 0]
    );
    assert_eq!(
        warned(desktop().after(10.0).ping().after(6.0)),
        ["ping-outstanding"]
    );
}

#[test]
fn a_ping_on_a_socket_that_is_over_is_no_warning_any_more() {
    let over = desktop().after(10.0).ping().after(6.0);
    let over = over.closes(ToServer, None, "").after(1.0);
    assert_eq!(warned(over), [] as [&str; 0]);
}

#[test]
fn a_new_pace_is_warned_of_and_one_pause_is_not() {
    let slow = |script: Script| script.after(60.0).ping().after(0.02).pong();
    assert_eq!(warned(slow(desktop())), [] as [&str; 0]);
    assert_eq!(warned(slow(slow(desktop()))), ["pings-slower"]);
}

#[test]
fn round_trips_that_stay_long_are_warned_of_and_one_is_not() {
    let slow = |script: Script| script.after(9.0).ping().after(1.0).pong();
    assert_eq!(warned(slow(desktop())), [] as [&str; 0]);
    let script = (0..4).fold(desktop(), |script, _| slow(script));
    assert_eq!(warned(script), ["round-trips-rising"]);
}

#[test]
fn losses_that_do_not_stop_are_warned_of() {
    let again = |script: Script| {
        let script = script.after(3.0);
        script.tcp(
            TcpOccasion::Retransmitting(Leg::Upstream),
            tcp(2, 2, 900_000),
        )
    };
    let script = again(desktop());
    assert_eq!(warned(again(script)), ["retransmits"]);
}

#[test]
fn a_certificate_is_warned_of_two_weeks_ahead() {
    let until = |days: i64| {
        let leaf = ("CN=finesse1.example.com", "CN=Root", START + days * DAY);
        let script = Script::new().connects_to("finesse1.example.com");
        warned(script.tls_with(&[leaf]).opens_socket().signs_in("1001002"))
    };
    assert_eq!(until(30), [] as [&str; 0]);
    assert_eq!(until(13), ["certificate-expires"]);
    assert_eq!(until(-1), ["certificate-expires"]);
}

#[test]
fn an_authority_that_expires_shortens_what_it_signs() {
    let until = |days: i64| {
        let minted = EventKind::Minted(Minted {
            host: "finesse1.example.com".to_owned(),
            serial: "1".to_owned(),
            not_after: START + days * DAY,
        });
        warned(Script::new().connects().event(minted))
    };
    assert_eq!(until(29), [] as [&str; 0]);
    assert_eq!(until(5), ["authority-expires"]);
}

#[test]
fn a_server_that_is_a_minute_behind_is_warned_of_and_what_a_cache_kept_is_not() {
    let dated = |headers: &[(&str, &str)]| {
        let script = Script::new()
            .connects()
            .asks("GET", "/finesse/api/SystemInfo", &[]);
        warned(script.answers_with(200, headers))
    };
    let date = ("Date", "Mon, 02 Mar 2026 11:59:00 GMT");
    assert_eq!(dated(&[date]), ["clock-drift"]);
    assert_eq!(dated(&[date, ("Age", "60")]), [] as [&str; 0]);
}

#[test]
fn a_finspect_without_processor_time_says_so() {
    let script = Script::new().at(30.0).host(starved(4_000_000));
    assert_eq!(warned(script), ["finspect-starved"]);
}

fn starved(late: u64) -> Host {
    Host::Starved(Starved {
        since: Micros(0),
        late: Micros(late),
    })
}

#[test]
fn requests_whose_events_stay_out_are_warned_of() {
    let asks = |script: Script, id: &str| {
        let headers = [("requestId", id)];
        let script = script
            .on(2)
            .asks("PUT", "/finesse/api/User/1001002", &headers);
        script.answers(202)
    };
    let mut script = desktop().connects();
    for id in ["a", "b", "c"] {
        script = asks(script, id).on(1).echo(id);
    }
    let one = asks(script, "d");
    let two = asks(one.after(2.0), "e");
    assert_eq!(warned(two.after(12.0).on(1).pings(1)), ["events-missing"]);
}

#[test]
fn an_access_token_that_nobody_renews_is_warned_of_in_its_last_tenth() {
    let granted = || desktop().grants("sjefferson", None);
    assert_eq!(warned(granted().pings(26)), [] as [&str; 0]);
    assert_eq!(warned(granted().pings(28)), ["token-expires"]);
    let renewed = granted().pings(23).grants("sjefferson", None).pings(20);
    assert_eq!(warned(renewed), [] as [&str; 0]);
    let another = granted().pings(23).grants("ada", None).pings(20);
    let report = another.diagnosed();
    let says: Vec<&str> = report
        .warnings
        .iter()
        .map(|one| one.says.as_str())
        .collect();
    assert_eq!(
        says,
        [
            "the access token of agent sjefferson expired 2 min 10 s ago and was not renewed: Finesse then refuses REST calls with 401"
        ]
    );
}

#[test]
fn a_refresh_token_is_warned_of_ten_minutes_ahead_and_stays_over_renewals() {
    let granted = |left: i64| {
        let script = desktop().grants("sjefferson", Some(START + 240 + left));
        script.pings(23).grants("sjefferson", None)
    };
    assert_eq!(warned(granted(900)), [] as [&str; 0]);
    assert_eq!(warned(granted(800)), ["sign-in-expires"]);
}

#[test]
fn tokens_of_somebody_who_left_expire_without_a_word() {
    let left = desktop().grants("sjefferson", Some(START + 300));
    let left = left.says_goodbye().after(400.0);
    assert_eq!(warned(left), [] as [&str; 0]);
}
