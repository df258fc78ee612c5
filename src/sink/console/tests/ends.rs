//! How things end or fail.

use super::story::*;
use crate::event::*;

#[expect(clippy::too_many_lines, reason = "one entry for each ending")]
fn endings() -> Story {
    let mut story = Story::new();
    let manners = [
        Manner::Fin,
        Manner::CloseNotify,
        Manner::FinWithoutCloseNotify,
        Manner::Reset,
        Manner::Alert("certificate_unknown".to_owned()),
        Manner::TlsBroken("bad record".to_owned()),
        Manner::TimedOut,
        Manner::Error("broken pipe".to_owned()),
        Manner::Stopped,
    ];
    for (index, manner) in manners.into_iter().enumerate() {
        let direction = if index % 2 == 0 { TO_CLIENT } else { TO_SERVER };
        story.push(
            1_000,
            direction,
            EventKind::Ended(Ended { manner, bytes: 812 }),
        );
    }
    let target = Authority {
        host: "finesse.example.com".to_owned(),
        port: 8445,
    };
    let fact = |role: &str| CertificateFacts {
        subject: format!("CN={role}"),
        issuer: "CN=Authority".to_owned(),
        names: vec!["finesse.example.com".to_owned()],
        not_before: 1_700_000_000,
        not_after: 1_800_000_000,
        sha256: "ab12".to_owned(),
    };
    story
        .push(
            0,
            TO_CLIENT,
            EventKind::WebSocketClose(Closing {
                code: None,
                reason: String::new(),
            }),
        )
        .push(
            0,
            TO_CLIENT,
            EventKind::WebSocketClose(Closing {
                code: Some(4000),
                reason: "\x1b[2Jbye".to_owned(),
            }),
        )
        .push(
            0,
            TO_CLIENT,
            EventKind::WebSocketViolation(WebSocketViolation::ReservedBits(4)),
        )
        .stanza(
            0,
            TO_CLIENT,
            outline(
                "error",
                StanzaKind::StreamError(StanzaError {
                    condition: "conflict".to_owned(),
                    kind_attribute: None,
                    text: None,
                }),
            ),
            "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        )
        .push(
            0,
            TO_SERVER,
            EventKind::Stalled(Stalled {
                waiting: 65_536,
                waited: Micros(2_000_000),
            }),
        )
        .push(
            0,
            None,
            EventKind::UpstreamFailed(UpstreamFailed {
                target,
                reason: DialFailure::ConnectionRefused,
                answered: Some(502),
            }),
        )
        .push(
            0,
            None,
            EventKind::TlsFailed(TlsFailed {
                leg: Leg::Upstream,
                reason: TlsFailure::UnknownIssuer,
                chain: vec![fact("finesse"), fact("Authority")],
                advice: Some("--upstream-pin finesse.example.com=sha256:ab12".to_owned()),
                took: Micros(3_000),
            }),
        )
        .push(
            0,
            None,
            EventKind::Refused(Refusal::OutsideAuthority("other.example.com".to_owned())),
        )
        .push(
            0,
            None,
            EventKind::Gap(Gap {
                events: 12,
                bytes: 4096,
                ..Gap::default()
            }),
        );
    if let Some(last) = story.events.last_mut() {
        last.time.forwarded = Some(Micros(last.time.arrived.0 + 7_200));
    }
    story
}

#[test]
fn every_ending_says_who_did_what() {
    insta::assert_snapshot!(endings().pretty(), @r#"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:13:20.001                #3 ← the server ended its side in order (FIN)  it had sent 812 bytes
    12:13:20.002      +1.0 ms   #3 → the browser ended its side in order (TLS close_notify)  it had sent 812 bytes
    12:13:20.003      +1.0 ms   #3 ← the server cut its side off (FIN without a TLS close_notify)  it had sent 812 bytes
    12:13:20.004      +1.0 ms   #3 → the browser reset the connection (RST)  it had sent 812 bytes
    12:13:20.005      +1.0 ms   #3 ← the server broke off with TLS alert certificate_unknown  it had sent 812 bytes
    12:13:20.006      +1.0 ms   #3 → the browser sent broken TLS (bad record)  it had sent 812 bytes
    12:13:20.007      +1.0 ms   #3 ← the server no longer answers (TCP timeout)  it had sent 812 bytes
    12:13:20.008      +1.0 ms   #3 → the connection to the browser failed (broken pipe)  it had sent 812 bytes
    12:13:20.009      +1.0 ms   #3 ← finspect was told to stop and ended this side  it had sent 812 bytes
    12:13:20.009      +0.0 ms   #3 ← Close frame, empty (a page sees 1005)
    12:13:20.009      +0.0 ms   #3 ← Close frame 4000 (a private code)  reason: \x1b[2Jbye
    12:13:20.009      +0.0 ms   #3 ← WebSocket broken: reserved bits 100 that nobody agreed on
    12:13:20.009      +0.0 ms   #3 ← stream error: conflict
                  <stream:error>
                    <conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>
                  </stream:error>
    12:13:20.009      +0.0 ms   #3 → stalled: the server has taken nothing for 2.000 s  64 KiB wait in finspect
    12:13:20.009      +0.0 ms   #3 · no connection to finesse.example.com:8445: connection refused  the browser got 502 · the server is up, but nothing listens on this port
    12:13:20.009      +0.0 ms   #3 · TLS with the server failed: the certificate is signed by nobody we trust  3.0 ms
                  certificate: CN=finesse (for finesse.example.com; by CN=Authority; 2023-11-14 to 2027-01-15; sha256:ab12)
                  vouched by: CN=Authority (for finesse.example.com; by CN=Authority; 2023-11-14 to 2027-01-15; sha256:ab12)
                  what to do: --upstream-pin finesse.example.com=sha256:ab12
    12:13:20.009      +0.0 ms   #3 · finspect refused the client: finspect's authority may not speak for other.example.com, which stays unread  to look into it, start `finspect run` with other.example.com named as well
    12:13:20.009      +0.0 ms   #3 · … 12 events were lost here  about 4096 bytes · held by finspect for 7.2 ms
    "#);
}
