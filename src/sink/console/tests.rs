use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::tz::{Offset, TimeZone};

use super::*;
use crate::bus::{Bus, Clock};
use crate::event::*;
use crate::sink::filter::Filter;

const TO_SERVER: Option<Direction> = Some(Direction::ToServer);
const TO_CLIENT: Option<Direction> = Some(Direction::ToClient);

/// Events of one connection, with times that a reader can follow.
#[derive(Default)]
struct Story {
    events: Vec<Event>,
    now: u64,
}

impl Story {
    fn new() -> Self {
        let mut story = Self::default();
        story.push(
            0,
            None,
            EventKind::SessionStarted(SessionStarted {
                version: "0.1.0".to_owned(),
                wall_clock: 1_781_000_000_000_000,
                intercepted: vec!["finesse.example.com".to_owned()],
                redaction: Redaction::Standard,
                platform: "linux x86_64".to_owned(),
                ..SessionStarted::default()
            }),
        );
        story
    }

    /// An event, `after` microseconds after the one before.
    fn push(&mut self, after: u64, direction: Option<Direction>, kind: EventKind) -> &mut Self {
        self.now += after;
        let number = self.events.len() as u64 + 1;
        self.events.push(Event {
            number,
            time: Times {
                arrived: Micros(self.now),
                first: None,
                forwarded: Some(Micros(self.now + 90)),
            },
            connection: (number > 1).then_some(ConnectionId(3)),
            direction,
            kind,
        });
        self
    }

    fn stanza(
        &mut self,
        after: u64,
        direction: Option<Direction>,
        outline: Stanza,
        xml: &str,
    ) -> &mut Self {
        let message = MessageFacts {
            opcode: DataOpcode::Text,
            masked: direction == TO_SERVER,
            compressed: false,
            wire_size: xml.len() as u64,
            frame_count: 1,
            frames: Vec::new(),
        };
        let xml = Payload::whole(xml.as_bytes());
        let carrier = Carrier::WebSocket(message);
        self.push(
            after,
            direction,
            EventKind::XmppStanza(Box::new(XmppStanza {
                carrier,
                stanza: outline,
                xml,
            })),
        )
    }

    fn render(&self, format: Format, colour: Colour) -> String {
        let zone = TimeZone::fixed(Offset::constant(2));
        let mut renderer = Renderer::new(format, colour, zone);
        let mut text = String::new();
        for event in &self.events {
            renderer.render(event, &mut text);
        }
        text
    }

    fn pretty(&self) -> String {
        self.render(Format::Pretty, Colour::Never)
    }

    fn compact(&self) -> String {
        self.render(Format::Compact, Colour::Never)
    }
}

fn outline(root: &str, kind: StanzaKind) -> Stanza {
    Stanza {
        root: QName::new(root, ""),
        to: None,
        from: None,
        id: None,
        kind_attribute: None,
        error: None,
        kind,
    }
}

fn iq(kind_attribute: &str, id: &str, kind: StanzaKind) -> Stanza {
    Stanza {
        id: Some(id.to_owned()),
        kind_attribute: Some(kind_attribute.to_owned()),
        ..outline("iq", kind)
    }
}

fn header(name: &str, value: &str) -> Header {
    Header {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

fn request(method: &str, target: &str, headers: Vec<Header>) -> EventKind {
    EventKind::HttpRequest(HttpRequest {
        exchange: 1,
        method: method.to_owned(),
        target: target.to_owned(),
        version: HttpVersion::Http11,
        headers,
    })
}

fn response(status: u16, reason: &str, headers: Vec<Header>) -> EventKind {
    EventKind::HttpResponse(HttpResponse {
        exchange: 1,
        version: HttpVersion::Http11,
        status,
        reason: reason.to_owned(),
        headers,
    })
}

fn body(text: &str) -> EventKind {
    EventKind::HttpBody(HttpBody {
        exchange: 1,
        framing: BodyFraming::Length,
        wire_size: text.len() as u64,
        content_type: Some("application/xml".to_owned()),
        content_encoding: None,
        content: Payload::whole(text.as_bytes()),
        still_encoded: false,
        trailers: Vec::new(),
        complete: true,
    })
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn arrival(story: &mut Story) -> &mut Story {
    let target = Authority {
        host: "finesse.example.com".to_owned(),
        port: 8445,
    };
    story
        .push(
            1_000,
            None,
            EventKind::Accepted(Accepted {
                client: address("127.0.0.1:51000"),
                listener: address("127.0.0.1:8899"),
            }),
        )
        .push(
            300,
            None,
            EventKind::Entered(Entered {
                way: Way::Connect,
                target,
                intercepted: true,
            }),
        )
        .push(
            2_100,
            None,
            EventKind::Attempt(Attempt {
                address: address("192.0.2.7:8445"),
                local: None,
                outcome: AttemptOutcome::Connected,
                took: Micros(1_900),
                via: None,
            }),
        )
        .push(
            8_000,
            None,
            EventKind::TlsEstablished(TlsEstablished {
                leg: Leg::Upstream,
                version: "TLSv1.2".to_owned(),
                cipher_suite: "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384".to_owned(),
                alpn: Some("http/1.1".to_owned()),
                chain: Vec::new(),
                verified: Some(Verified::Pin),
                took: Micros(6_400),
            }),
        )
}

fn login() -> Story {
    let mut story = Story::new();
    let domain = "finesse.example.com";
    let pubsub =
        |action: &str, node: Option<&str>, subscription: Option<&str>| StanzaKind::Pubsub {
            action: action.to_owned(),
            node: node.map(ToOwned::to_owned),
            subscription: subscription.map(ToOwned::to_owned),
        };
    let node = "/finesse/api/Team/1/Users";
    let from = |stanza: Stanza, from: &str| Stanza {
        from: Some(from.to_owned()),
        ..stanza
    };
    let to = |stanza: Stanza| Stanza {
        to: Some(domain.to_owned()),
        ..stanza
    };
    arrival(&mut story)
        .push(1_200, TO_SERVER, request("GET", "/ws/", vec![
            header("Host", "finesse.example.com:8445"),
            header("Upgrade", "websocket"),
            header("Sec-WebSocket-Protocol", "xmpp"),
        ]))
        .push(3_000, TO_CLIENT, response(101, "Switching Protocols", vec![
            header("Upgrade", "websocket"),
            header("Sec-WebSocket-Protocol", "xmpp"),
        ]))
        .push(10, None, EventKind::WebSocketOpened(WebSocketOpened {
            exchange: 1,
            target: "/ws/".to_owned(),
            subprotocol: Some("xmpp".to_owned()),
            deflate: None,
            unknown_extensions: Vec::new(),
        }))
        .stanza(900, TO_SERVER, to(outline("open", StanzaKind::Open)), "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='finesse.example.com' version='1.0'/>")
        .stanza(1_500, TO_CLIENT, from(outline("open", StanzaKind::Open), domain), "<open from='finesse.example.com' id='7x' version='1.0'/>")
        .stanza(20, TO_CLIENT, outline("features", StanzaKind::Features {
            mechanisms: vec!["PLAIN".to_owned()],
            caps: Some("https://www.igniterealtime.org/projects/openfire/".to_owned()),
            others: Vec::new(),
        }), "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>")
        .stanza(700, TO_SERVER, outline("auth", StanzaKind::Auth {
            mechanism: "PLAIN".to_owned(),
            user: Some("1001002".to_owned()),
        }), "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>redacted-password-3f2a91c0</auth>")
        .stanza(40_000, TO_CLIENT, outline("success", StanzaKind::Success), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
        .stanza(900, TO_SERVER, iq("set", "_bind_auth_2", StanzaKind::Bind { resource: Some("desktop".to_owned()), jid: None }), "<iq type='set' id='_bind_auth_2'><bind><resource>desktop</resource></bind></iq>")
        .stanza(4_100, TO_CLIENT, iq("result", "_bind_auth_2", StanzaKind::Bind { resource: None, jid: Some("1001002@finesse.example.com/desktop".to_owned()) }), "<iq type='result' id='_bind_auth_2'><bind><jid>1001002@finesse.example.com/desktop</jid></bind></iq>")
        .stanza(500, TO_SERVER, iq("set", "_session_auth_2", StanzaKind::Session), "<iq type='set' id='_session_auth_2'><session/></iq>")
        .stanza(2_000, TO_CLIENT, iq("result", "_session_auth_2", StanzaKind::Iq { child: None }), "<iq type='result' id='_session_auth_2'/>")
        .stanza(300, TO_SERVER, outline("presence", StanzaKind::Presence { show: None, priority: None }), "<presence/>")
        .stanza(5_000, TO_CLIENT, from(outline("presence", StanzaKind::Presence { show: None, priority: None }), "finesse@finesse.example.com/x"), "<presence from='finesse@finesse.example.com/x'/>")
        .stanza(600, TO_SERVER, iq("set", "s1", pubsub("subscribe", Some(node), None)), "<iq type='set' id='s1'><pubsub><subscribe node='/finesse/api/Team/1/Users'/></pubsub></iq>")
        .stanza(3_300, TO_CLIENT, iq("result", "s1", pubsub("subscription", Some(node), Some("subscribed"))), "<iq type='result' id='s1'><pubsub><subscription node='/finesse/api/Team/1/Users' subscription='subscribed'/></pubsub></iq>")
        .stanza(1_204_000, TO_CLIENT, from(outline("message", StanzaKind::Notification { node: Some("/finesse/api/User/1001002".to_owned()), items: 1 }), "pubsub.finesse.example.com"),
            "<message from='pubsub.finesse.example.com' to='1001002@finesse.example.com' id='z'><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/finesse/api/User/1001002'><item id='u'><notification xmlns='http://jabber.org/protocol/pubsub'>&lt;Update&gt;&lt;data&gt;&lt;user&gt;&lt;loginId&gt;1001002&lt;/loginId&gt;&lt;state&gt;NOT_READY&lt;/state&gt;&lt;/user&gt;&lt;/data&gt;&lt;event&gt;PUT&lt;/event&gt;&lt;requestId&gt;r-1&lt;/requestId&gt;&lt;source&gt;/finesse/api/User/1001002&lt;/source&gt;&lt;/Update&gt;</notification></item></items></event></message>")
        .stanza(8_000_000, TO_SERVER, iq("get", "12:ping", StanzaKind::Ping), "<iq type='get' id='12:ping'><ping xmlns='urn:xmpp:ping'/></iq>")
        .stanza(3_100, TO_CLIENT, iq("result", "12:ping", StanzaKind::Iq { child: None }), "<iq type='result' id='12:ping'/>");
    story
}

#[test]
#[expect(clippy::too_many_lines, reason = "the text that is expected is long")]
fn the_login_reads_like_a_story() {
    insta::assert_snapshot!(login().pretty(), @r#"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:13:20.001                #3 · connected  from 127.0.0.1:51000
    12:13:20.001      +0.3 ms   #3 · CONNECT finesse.example.com:8445  looking inside
    12:13:20.003      +2.1 ms   #3 · TCP to 192.0.2.7:8445 stands  1.9 ms
    12:13:20.011      +8.0 ms   #3 · TLS with the server stands  TLSv1.2, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 · http/1.1 · certificate is the pinned one · 6.4 ms
    12:13:20.012      +1.2 ms   #3 → GET /ws/  asks to upgrade to websocket
                  Host: finesse.example.com:8445
                  Upgrade: websocket
                  Sec-WebSocket-Protocol: xmpp
    12:13:20.015      +3.0 ms   #3 ← 101 Switching Protocols  GET /ws/ · first byte after 3.0 ms
                  Upgrade: websocket
                  Sec-WebSocket-Protocol: xmpp
    12:13:20.015      +0.0 ms   #3 · WebSocket open on /ws/  subprotocol xmpp · no compression
    12:13:20.016      +0.9 ms   #3 → open  to finesse.example.com
                  <open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='finesse.example.com' version='1.0'/>
    12:13:20.018      +1.5 ms   #3 ← open  from finesse.example.com
                  <open from='finesse.example.com' id='7x' version='1.0'/>
    12:13:20.018      +0.0 ms   #3 ← features  sign in by PLAIN · server is https://www.igniterealtime.org/projects/openfire/
                  <stream:features>
                    <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>
                      <mechanism>PLAIN</mechanism>
                    </mechanisms>
                  </stream:features>
    12:13:20.018      +0.7 ms   #3 → auth PLAIN as 1001002 (password redacted)
                  <auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>redacted-password-3f2a91c0</auth>
    12:13:20.058     +40.0 ms   #3 ← success: signed in
                  <success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>
    12:13:20.059      +0.9 ms   #3 → bind  resource desktop · id _bind_auth_2
                  <iq type='set' id='_bind_auth_2'>
                    <bind>
                      <resource>desktop</resource>
                    </bind>
                  </iq>
    12:13:20.063      +4.1 ms   #3 ← bound as 1001002@finesse.example.com/desktop  round trip 4.1 ms
                  <iq type='result' id='_bind_auth_2'>
                    <bind>
                      <jid>1001002@finesse.example.com/desktop</jid>
                    </bind>
                  </iq>
    12:13:20.064      +0.5 ms   #3 → session  id _session_auth_2
                  <iq type='set' id='_session_auth_2'>
                    <session/>
                  </iq>
    12:13:20.066      +2.0 ms   #3 ← session established  round trip 2.0 ms
                  <iq type='result' id='_session_auth_2'/>
    12:13:20.066      +0.3 ms   #3 → presence available
                  <presence/>
    12:13:20.071      +5.0 ms   #3 ← presence available  from finesse@finesse.example.com/x
                  <presence from='finesse@finesse.example.com/x'/>
    12:13:20.072      +0.6 ms   #3 → subscribe  /finesse/api/Team/1/Users · id s1
                  <iq type='set' id='s1'>
                    <pubsub>
                      <subscribe node='/finesse/api/Team/1/Users'/>
                    </pubsub>
                  </iq>
    12:13:20.075      +3.3 ms   #3 ← subscribed  /finesse/api/Team/1/Users · round trip 3.3 ms
                  <iq type='result' id='s1'>
                    <pubsub>
                      <subscription node='/finesse/api/Team/1/Users' subscription='subscribed'/>
                    </pubsub>
                  </iq>
    12:13:21.279     +1.204 s   #3 ← notification /finesse/api/User/1001002  PUT user · loginId 1001002 · state NOT_READY · requestId r-1
                  <message from='pubsub.finesse.example.com' to='1001002@finesse.example.com' id='z'>
                    <event xmlns='http://jabber.org/protocol/pubsub#event'>
                      <items node='/finesse/api/User/1001002'>
                        <item id='u'>
                          <notification xmlns='http://jabber.org/protocol/pubsub'>
                          │ <Update>
                          │   <data>
                          │     <user>
                          │       <loginId>1001002</loginId>
                          │       <state>NOT_READY</state>
                          │     </user>
                          │   </data>
                          │   <event>PUT</event>
                          │   <requestId>r-1</requestId>
                          │   <source>/finesse/api/User/1001002</source>
                          │ </Update>
                          </notification>
                        </item>
                      </items>
                    </event>
                  </message>
    12:13:29.279     +8.000 s   #3 → ping  id 12:ping
    12:13:29.282      +3.1 ms   #3 ← ping answered  id 12:ping · round trip 3.1 ms
    "#);
}

#[test]
fn the_login_is_one_line_an_event_in_compact() {
    let story = login();
    let text = story.compact();
    assert_eq!(text.lines().count(), story.events.len());
    insta::assert_snapshot!(text, @r#"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:13:20.001                #3 · connected  from 127.0.0.1:51000
    12:13:20.001      +0.3 ms   #3 · CONNECT finesse.example.com:8445  looking inside
    12:13:20.003      +2.1 ms   #3 · TCP to 192.0.2.7:8445 stands  1.9 ms
    12:13:20.011      +8.0 ms   #3 · TLS with the server stands  TLSv1.2, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 · http/1.1 · certificate is the pinned one · 6.4 ms
    12:13:20.012      +1.2 ms   #3 → GET /ws/  asks to upgrade to websocket
    12:13:20.015      +3.0 ms   #3 ← 101 Switching Protocols  GET /ws/ · first byte after 3.0 ms
    12:13:20.015      +0.0 ms   #3 · WebSocket open on /ws/  subprotocol xmpp · no compression
    12:13:20.016      +0.9 ms   #3 → open  to finesse.example.com
    12:13:20.018      +1.5 ms   #3 ← open  from finesse.example.com
    12:13:20.018      +0.0 ms   #3 ← features  sign in by PLAIN · server is https://www.igniterealtime.org/projects/openfire/
    12:13:20.018      +0.7 ms   #3 → auth PLAIN as 1001002 (password redacted)
    12:13:20.058     +40.0 ms   #3 ← success: signed in
    12:13:20.059      +0.9 ms   #3 → bind  resource desktop · id _bind_auth_2
    12:13:20.063      +4.1 ms   #3 ← bound as 1001002@finesse.example.com/desktop  round trip 4.1 ms
    12:13:20.064      +0.5 ms   #3 → session  id _session_auth_2
    12:13:20.066      +2.0 ms   #3 ← session established  round trip 2.0 ms
    12:13:20.066      +0.3 ms   #3 → presence available
    12:13:20.071      +5.0 ms   #3 ← presence available  from finesse@finesse.example.com/x
    12:13:20.072      +0.6 ms   #3 → subscribe  /finesse/api/Team/1/Users · id s1
    12:13:20.075      +3.3 ms   #3 ← subscribed  /finesse/api/Team/1/Users · round trip 3.3 ms
    12:13:21.279     +1.204 s   #3 ← notification /finesse/api/User/1001002  PUT user · loginId 1001002 · state NOT_READY · requestId r-1
    12:13:29.279     +8.000 s   #3 → ping  id 12:ping
    12:13:29.282      +3.1 ms   #3 ← ping answered  id 12:ping · round trip 3.1 ms
    "#);
}

#[test]
fn colour_marks_what_matters() {
    let mut story = login();
    story.events.truncate(13);
    story.events.drain(1..11);
    let text = story
        .render(Format::Pretty, Colour::Always)
        .replace('\x1b', "^");
    insta::assert_snapshot!(text, @r#"
    ^[2m12:13:20.000^[0m^[2m              ^[0m^[2m     ^[0m^[2m·^[0m ^[1msession of finspect 0.1.0 on linux x86_64^[0m^[2m  ^[0mlooking into finesse.example.com^[2m · ^[0msecrets redacted
    ^[2m12:13:20.018^[0m^[2m              ^[0m^[2m  #3 ^[0m^[36m→^[0m ^[1mauth PLAIN as 1001002 (password redacted)^[0m
                  ^[34m<auth ^[0m^[36mxmlns=^[0m^[32m'urn:ietf:params:xml:ns:xmpp-sasl'^[0m^[34m ^[0m^[36mmechanism=^[0m^[32m'PLAIN'^[0m^[34m>^[0mredacted-password-3f2a91c0^[34m</auth>^[0m
    ^[2m12:13:20.058^[0m^[2m     +40.0 ms ^[0m^[2m  #3 ^[0m^[35m←^[0m ^[1;32msuccess: signed in^[0m
                  ^[34m<success ^[0m^[36mxmlns=^[0m^[32m'urn:ietf:params:xml:ns:xmpp-sasl'^[0m^[34m/>^[0m
    "#);
}

fn exchange() -> Story {
    let mut story = Story::new();
    let put = "<User><state>READY</state></User>";
    let error = "<ApiErrors><ApiError><ErrorType>Invalid State</ErrorType></ApiError></ApiErrors>";
    story
        .push(
            0,
            TO_SERVER,
            request(
                "PUT",
                "/finesse/api/User/1001002",
                vec![header("requestId", "r-1")],
            ),
        )
        .push(100, TO_SERVER, body(put))
        .push(
            30_000,
            TO_CLIENT,
            response(202, "Accepted", vec![header("Content-Length", "0")]),
        )
        .push(
            0,
            TO_SERVER,
            request("GET", "/finesse/api/SystemInfo", Vec::new()),
        )
        .push(12_300, TO_CLIENT, response(200, "OK", Vec::new()))
        .push(400_000, TO_CLIENT, body(put))
        .push(
            0,
            TO_SERVER,
            request("GET", "/finesse/api/User/7", Vec::new()),
        )
        .push(1_000, TO_CLIENT, response(401, "Unauthorized", Vec::new()))
        .push(10, TO_CLIENT, body(error))
        .push(0, TO_SERVER, request("GET", "/desktop/big", Vec::new()))
        .push(1_000, TO_CLIENT, response(200, "OK", Vec::new()))
        .push(
            9_000_000,
            None,
            EventKind::Closed(Closed {
                first: TO_CLIENT,
                to_server: 900,
                to_client: 20_000,
                lasted: Micros(9_500_000),
            }),
        );
    story
}

#[test]
fn an_http_exchange_is_one_line_with_its_times() {
    insta::assert_snapshot!(exchange().pretty(), @r#"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:13:20.000                #3 → PUT /finesse/api/User/1001002  requestId r-1
    12:13:20.000      +0.1 ms   #3 → body of 33 bytes  application/xml
                  <User>
                    <state>READY</state>
                  </User>
    12:13:20.030     +30.0 ms   #3 ← 202 Accepted  PUT /finesse/api/User/1001002 · first byte after 30.1 ms
    12:13:20.030      +0.0 ms   #3 → GET /finesse/api/SystemInfo
    12:13:20.442      +400 ms   #3 ← 200 OK  GET /finesse/api/SystemInfo · 33 bytes · first byte 12.3 ms, total 412 ms
    12:13:20.442      +0.0 ms   #3 → GET /finesse/api/User/7
    12:13:20.443      +0.0 ms   #3 ← 401 Unauthorized  GET /finesse/api/User/7 · 80 bytes · first byte 1.0 ms, total 1.0 ms
                  <ApiErrors>
                    <ApiError>
                      <ErrorType>Invalid State</ErrorType>
                    </ApiError>
                  </ApiErrors>
    12:13:20.443      +0.0 ms   #3 → GET /desktop/big
    12:13:29.444     +9.000 s   #3 · gone after 9.500 s  the server moved first · 900 bytes to the server · 19 KiB to the client
                  never finished: 200 to GET /desktop/big
    "#);
    let text = exchange().compact();
    assert_eq!(text.lines().count(), exchange().events.len());
}

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
    ]);
    insta::assert_snapshot!(story.compact(), @r#"
    12:13:20.000                   · session of finspect 0.1.0 on linux x86_64  looking into finesse.example.com · secrets redacted
    12:13:22.000                #3 · TCP to the server: sent again 4 times, no ACK for 6.200 s  RTT 20.4 ms ± 3.1 ms · 2 segments unacknowledged · 4 segments sent again in all
    12:13:23.000     +1.000 s   #3 · TCP to the server: no ACK for 6.200 s  RTT 20.4 ms ± 3.1 ms · 2 segments unacknowledged · 4 segments sent again in all
    12:13:24.000     +1.000 s   #3 · TCP to the server: well again  RTT 20.4 ms ± 3.1 ms
    12:13:25.000     +1.000 s   #3 · TCP to the server: its window is full, the last ACK came 20.0 ms ago  RTT 20.4 ms ± 3.1 ms · 390 KiB not sent
    12:13:27.000     +2.000 s   #3 · TCP at this end  to the browser: RTT 20.4 ms ± 3.1 ms · to the server: no ACK for 6.200 s, RTT 20.4 ms ± 3.1 ms, 2 segments unacknowledged, 4 segments sent again in all
    "#);
    assert_eq!(story.compact(), story.pretty());
    assert_eq!(story.render(Format::Json, Colour::Never).lines().count(), 8);
}

#[test]
fn json_is_the_event_and_nothing_a_terminal_obeys() {
    let mut story = Story::new();
    story.push(
        0,
        TO_CLIENT,
        EventKind::WebSocketClose(Closing {
            code: Some(1000),
            reason: "\u{9b}2J\x7f\n".to_owned(),
        }),
    );
    let text = story.render(Format::Json, Colour::Always);
    assert!(!text.contains(['\u{9b}', '\x7f']), "{text}");
    let events: Vec<Event> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events, story.events);
}

#[test]
fn hostile_xml_is_shown_and_harmless() {
    let deep = "<a>".repeat(100_000);
    let mut story = Story::new();
    let malformed = || {
        outline(
            "",
            StanzaKind::Malformed {
                why: "cut".to_owned(),
            },
        )
    };
    let balanced = format!("{deep}{}", "</a>".repeat(100_000));
    for xml in [
        deep.as_str(),
        &balanced,
        "<a \x1b]0;x\x07='1'>\u{9b}</a>",
        "<a><b></a></b>",
        "a<",
        "<a b='>",
        "&lt;",
        "<!--",
        "<a>&lt;b&gt;</a>",
    ] {
        story.stanza(0, TO_CLIENT, malformed(), xml);
    }
    let text = story.pretty();
    assert!(text.len() < 200_000, "{}", text.len());
    assert!(!text.contains(|character: char| character.is_control() && character != '\n'));
    assert!(
        text.contains("<a><b></a></b>") && text.contains("\\x1b]0;x\\x07"),
        "{text}"
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
    12:36:00.250                   · this machine slept from 12:14:24 to 12:36:00  21 min 35 s
    12:36:01.250                   · finspect itself was starved or stopped for 3.000 s  do not trust times around here
    13:36:40.000                   · this machine's clock went forward by 1 h 00 min  times of day are the new clock's from here on
    12:36:40.000                   · this machine's clock went back by 1 h 00 min  times of day are the new clock's from here on
    12:36:00.250                   · this machine slept, or finspect was stopped, from 12:14:24 to 12:36:00  21 min 35 s
    12:36:01.250                   · network interface wlan0 is down  was up
    12:36:02.250                   · network interface wlan0 is gone  was down
    12:36:03.250                   · network interface wlan0 came  dormant
    12:36:04.250                   · default route via 192.0.2.1 on wlan0 is gone
    12:36:05.250                   · default route on wlan0 (IPv6) came
    ");
}

/// An output that fails in the given way once it is told to.
struct Pipe(Arc<AtomicBool>, ErrorKind);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.load(Ordering::SeqCst) {
            Err(self.1.into())
        } else {
            Ok(bytes.len())
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn bus_with(events: u64, budget: usize) -> Subscription {
    let bus = Bus::new(Clock::start());
    let subscription = bus.subscribe(budget);
    for _ in 0..events {
        bus.publish(
            Times::at(Micros(0)),
            None,
            None,
            EventKind::Host(Host::Resumed),
        );
    }
    bus.close();
    subscription
}

fn console<W: Write>(output: W) -> Console<W> {
    Console::new(
        output,
        Renderer::new(Format::Compact, Colour::Never, TimeZone::UTC),
        None,
    )
}

#[test]
fn what_was_too_much_for_the_terminal_is_said_and_counted() {
    let mut output = Vec::new();
    let summary = console(&mut output).run(&bus_with(5, 1));
    assert_eq!((summary.shown, summary.lost), (1, 4));
    let text = String::from_utf8(output).unwrap();
    assert!(
        text.contains("… 4 events were not shown: this terminal was too slow"),
        "{text}"
    );
}

#[test]
fn a_gap_in_the_json_is_an_event_too() {
    let mut output = Vec::new();
    let renderer = Renderer::new(Format::Json, Colour::Never, TimeZone::UTC);
    let console = Console::new(&mut output, renderer, None);
    assert_eq!(console.run(&bus_with(5, 1)).lost, 4);
    let text = String::from_utf8(output).unwrap();
    let last: Event = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last.number, 2);
    assert!(matches!(last.kind, EventKind::Gap(Gap { events: 4, .. })));
}

#[test]
fn what_is_filtered_out_still_counts_for_times_and_pairs() {
    let filter = Filter::parse("kind xmpp-stanza and direction to-client and not stanza ping");
    let renderer = Renderer::new(Format::Compact, Colour::Never, TimeZone::UTC);
    let mut output = Vec::new();
    let mut console = Console::new(&mut output, renderer, Some(filter.unwrap()));
    for event in &login().events {
        console.event(event).unwrap();
    }
    assert_eq!(console.finish().unwrap().shown, 8);
    let text = String::from_utf8(output).unwrap();
    assert!(
        text.contains("+3.3 ms   #3 ← subscribed") && text.contains("round trip 3.3 ms"),
        "{text}"
    );
    assert!(!text.contains("ping"), "{text}");
}

#[test]
fn a_reader_that_left_is_no_failure_and_a_full_disk_is_one() {
    let gone = |kind| Pipe(Arc::new(AtomicBool::new(true)), kind);
    let summary = console(gone(ErrorKind::BrokenPipe)).run(&bus_with(3, 1 << 20));
    assert!(summary.reader_left && summary.error.is_none());
    let summary = console(gone(ErrorKind::StorageFull)).run(&bus_with(3, 1 << 20));
    assert!(!summary.reader_left && summary.error.is_some());
}

#[test]
fn the_console_runs_on_its_own_thread_until_the_bus_closes() {
    let pipe = Pipe(Arc::new(AtomicBool::new(false)), ErrorKind::Other);
    let summary = console(pipe)
        .spawn(bus_with(3, 1 << 20))
        .unwrap()
        .join()
        .unwrap();
    assert_eq!((summary.shown, summary.lost), (3, 0));
}
