//! What is below the connection: TCP as the kernel sees it, and the machine.

use super::story::*;
use crate::event::*;
use crate::sink::console::{Colour, Format};

fn calm() -> TcpInfo {
    TcpInfo {
        state: TcpState::Established,
        rtt: Micros(20_400),
        rtt_variance: Micros(3_100),
        retransmits: 0,
        retransmitted: 0,
        unacked: 0,
        lost: 0,
        last: TcpLast {
            data_sent: Micros(40_000),
            data_received: Micros(9_000_000),
            ack_received: Micros(20_000),
        },
        congestion_window: 10,
        peer_window: Some(65_536),
        unsent: Some(0),
        acked: Some(4_000),
    }
}

/// Readings of which the upstream's leg is each time like this.
fn readings(all: Vec<(TcpOccasion, TcpInfo)>) -> Story {
    let mut story = Story::new();
    for (occasion, upstream) in all {
        let sample = TcpSample {
            occasion,
            client: Some(calm()),
            upstream: Some(upstream),
        };
        story.push(1_000_000, None, EventKind::TcpInfo(Box::new(sample)));
    }
    for event in &mut story.events {
        event.time.forwarded = None;
    }
    story
}

#[test]
fn trouble_below_is_a_line_and_calm_readings_are_none() {
    let lost = TcpInfo {
        retransmits: 4,
        retransmitted: 4,
        unacked: 2,
        last: TcpLast {
            ack_received: Micros(6_200_000),
            ..calm().last
        },
        ..calm()
    };
    let full = TcpInfo {
        unsent: Some(400_000),
        ..calm()
    };
    let story = readings(vec![
        (TcpOccasion::Interval, calm()),
        (TcpOccasion::Retransmitting(Leg::Upstream), lost.clone()),
        (TcpOccasion::Unacknowledged(Leg::Upstream), lost.clone()),
        (TcpOccasion::Recovered(Leg::Upstream), calm()),
        (TcpOccasion::WindowFull(Leg::Upstream), full),
        (TcpOccasion::Ended, calm()),
        (TcpOccasion::Ended, lost),
        (TcpOccasion::Unanswered(Leg::Upstream), calm()),
        (TcpOccasion::Answered(Leg::Upstream), calm()),
    ]);
    insta::assert_snapshot!(story.compact(), @r#"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:13:22.000                #3 · TCP to the server: sent again 4 times, no ACK for 6.200 s  RTT 20.4 ms ± 3.1 ms · 2 segments unacknowledged · 4 segments sent again in all
    12:13:23.000                #3 · TCP to the server: no ACK for 6.200 s  RTT 20.4 ms ± 3.1 ms · 2 segments unacknowledged · 4 segments sent again in all
    12:13:24.000                #3 · TCP to the server: well again  RTT 20.4 ms ± 3.1 ms
    12:13:25.000                #3 · TCP to the server: its window is full, the last ACK came 20.0 ms ago  RTT 20.4 ms ± 3.1 ms · 390 KiB not sent
    12:13:27.000                #3 · TCP at this end  to the browser: RTT 20.4 ms ± 3.1 ms · to the server: no ACK for 6.200 s, RTT 20.4 ms ± 3.1 ms, 2 segments unacknowledged, 4 segments sent again in all
    "#);
    assert_eq!(story.compact(), story.pretty());
    assert_eq!(
        story.render(Format::Json, Colour::Never).lines().count(),
        10
    );
}

#[test]
fn what_happened_to_the_machine_is_said_and_times_of_day_are_those_of_its_clock() {
    let mut story = Story::new();
    let wall = 1_781_000_000_000_000;
    let slept = |counted| {
        Host::Slept(Slept {
            since: Micros(64_000_000),
            from: wall + 64_000_000,
            to: wall + 1_360_250_000,
            asleep: Micros(1_295_500_000),
            counted,
        })
    };
    let starved = Starved {
        since: Micros(69_000_000),
        late: Micros(3_000_000),
    };
    let jump = |by, wall_clock| Host::ClockJumped(ClockJumped { by, wall_clock });
    let interface = |was: Option<&str>, is: Option<&str>| {
        Host::Interface(Interface {
            name: "wlan0".to_owned(),
            was: was.map(ToOwned::to_owned),
            is: is.map(ToOwned::to_owned),
        })
    };
    let route = |gateway: &str| DefaultRoute {
        interface: "wlan0".to_owned(),
        gateway: gateway.parse().unwrap(),
    };
    for host in [
        slept(true),
        Host::Starved(starved),
        jump(3_600_000_000, wall + 5_000_000_000),
        jump(-3_600_000_000, wall + 1_400_000_000),
        slept(false),
        interface(Some("up"), Some("down")),
        interface(Some("down"), None),
        interface(None, Some("dormant")),
        Host::RouteGone(route("192.0.2.1")),
        Host::RouteCame(route("::")),
    ] {
        story.push(1_000_000, None, EventKind::Host(host));
        story.events.last_mut().unwrap().connection = None;
    }
    insta::assert_snapshot!(story.pretty(), @r"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:36:00.250                   · this machine slept from 12:14:24 to 12:36:00  21 min 36 s
    12:36:01.250                   · finspect itself was starved or stopped for 3.000 s  do not trust times around here
    13:36:40.000                   · this machine's clock went forward by 1 h 00 min  times of day are the new clock's from here on
    12:36:40.000                   · this machine's clock went back by 1 h 00 min  times of day are the new clock's from here on
    12:36:00.250                   · this machine slept, or finspect was stopped, from 12:14:24 to 12:36:00  21 min 36 s
    12:36:01.250                   · network interface wlan0 is down  was up
    12:36:02.250                   · network interface wlan0 is gone  was down
    12:36:03.250                   · network interface wlan0 came  dormant
    12:36:04.250                   · default route via 192.0.2.1 on wlan0 is gone
    12:36:05.250                   · default route on wlan0 (IPv6) came
    ");
}
