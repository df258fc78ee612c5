//! A login, from the connection to the first answered ping.

use super::story::*;
use crate::event::*;
use crate::sink::console::{Colour, Format};

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

pub(super) fn login() -> Story {
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
