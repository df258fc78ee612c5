//! What a user reads of XMPP.

use super::outline;
use crate::event::{Payload, QName, Stanza, StanzaError, StanzaKind};
use crate::tap::Limits;
use crate::tap::testing::{Transcript, frame, masked};

#[test]
fn the_login_of_a_desktop_reads_like_a_story() {
    let client = |xml: &str| masked(0x81, xml);
    let server = |xml: &str| frame(0x81, xml);
    Transcript::default()
        .client("GET /ws/ HTTP/1.1\r\nHost: finesse.example.com:8445\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n")
        .server("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n")
        .client(client("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='finesse.example.com' version='1.0'/>"))
        .server([
            server("<open from=\"finesse.example.com\" id=\"3i5q\" xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" xml:lang=\"en\" version=\"1.0\"/>"),
            server("<stream:features xmlns:stream=\"http://etherx.jabber.org/streams\"><mechanisms xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"><mechanism>PLAIN</mechanism></mechanisms><c xmlns=\"http://jabber.org/protocol/caps\" hash=\"sha-1\" node=\"https://www.igniterealtime.org/projects/openfire/\" ver=\"x\"/></stream:features>"),
        ].concat())
        .client(client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>MTAwMTAwMkBmaW5lc3NlLmV4YW1wbGUuY29tADEwMDEwMDIAc2VjcmV0</auth>"))
        .server(server("<success xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\"/>"))
        .client(client("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='finesse.example.com' version='1.0'/>"))
        .server(server("<stream:features xmlns:stream='http://etherx.jabber.org/streams'><bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"/><session xmlns=\"urn:ietf:params:xml:ns:xmpp-session\"><optional/></session></stream:features>"))
        .client(client("<iq type='set' id='_bind_auth_2' xmlns='jabber:client'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>"))
        .server(server("<iq type=\"result\" id=\"_bind_auth_2\" to=\"finesse.example.com/3i5q\"><bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"><jid>1001002@finesse.example.com/desktop</jid></bind></iq>"))
        .client(client("<iq type='set' id='_session_auth_2' xmlns='jabber:client'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"))
        .server(server("<iq type=\"result\" id=\"_session_auth_2\" to=\"1001002@finesse.example.com/desktop\"/>"))
        .client(client("<presence xmlns='jabber:client'><priority>1</priority></presence>"))
        .server(server("<presence from=\"finesse@finesse.example.com/x\" to=\"1001002@finesse.example.com/desktop\"><c xmlns=\"http://jabber.org/protocol/caps\" node=\"http://www.igniterealtime.org/projects/smack\"/></presence>"))
        .client(client("<iq type='set' to='pubsub.finesse.example.com' id='3:sub' xmlns='jabber:client'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='/finesse/api/Team/1/Users' jid='1001002@finesse.example.com/desktop'/></pubsub></iq>"))
        .server(server("<iq type=\"result\" id=\"3:sub\" from=\"pubsub.finesse.example.com\"><pubsub xmlns=\"http://jabber.org/protocol/pubsub\"><subscription node=\"/finesse/api/Team/1/Users\" jid=\"1001002@finesse.example.com/desktop\" subscription=\"subscribed\"/></pubsub></iq>"))
        .server(server("<message from=\"pubsub.finesse.example.com\" to=\"1001002@finesse.example.com\" id=\"a\"><event xmlns=\"http://jabber.org/protocol/pubsub#event\"><items node=\"/finesse/api/User/1001002\"><item id=\"u\"><notification xmlns=\"http://jabber.org/protocol/pubsub\">&lt;Update&gt;&lt;event&gt;PUT&lt;/event&gt;&lt;/Update&gt;</notification></item></items></event></message>"))
        .client(client("<iq type='get' to='finesse.example.com' id='1:ping' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>"))
        .server(server("<iq type=\"result\" id=\"1:ping\"/>"))
        .client([
            client("<presence xmlns='jabber:client' type='unavailable'/>"),
            client("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>"),
            masked(0x88, ""),
        ].concat())
        .server_ends()
        .client_ends()
        .sees(&[
            "> request 1 GET /ws/ HTTP/1.1",
            "< response 1 HTTP/1.1 101 Switching Protocols",
            "< opened /ws/ xmpp deflate=false unknown=[]",
            "> <open> Open",
            "< <open> Open",
            "< <features> Features { mechanisms: [\"PLAIN\"], caps: Some(\"https://www.igniterealtime.org/projects/openfire/\"), others: [] }",
            "> <auth> Auth { mechanism: \"PLAIN\", user: Some(\"1001002\") }",
            "< <success> Success",
            "> <open> Open",
            "< <features> Features { mechanisms: [], caps: None, others: [QName { name: \"bind\", namespace: \"urn:ietf:params:xml:ns:xmpp-bind\" }, QName { name: \"session\", namespace: \"urn:ietf:params:xml:ns:xmpp-session\" }] }",
            "> <iq> Bind { resource: Some(\"desktop\"), jid: None }",
            "< <iq> Bind { resource: None, jid: Some(\"1001002@finesse.example.com/desktop\") }",
            "> <iq> Session",
            "< <iq> Iq { child: None }",
            "> <presence> Presence { show: None, priority: Some(\"1\") }",
            "< <presence> Presence { show: None, priority: None }",
            "> <iq> Pubsub { action: \"subscribe\", node: Some(\"/finesse/api/Team/1/Users\"), subscription: None }",
            "< <iq> Pubsub { action: \"subscription\", node: Some(\"/finesse/api/Team/1/Users\"), subscription: Some(\"subscribed\") }",
            "< <message> Notification { node: Some(\"/finesse/api/User/1001002\"), items: 1 }",
            "> <iq> Ping",
            "< <iq> Iq { child: None }",
            "> <presence> Presence { show: None, priority: None }",
            "> <close> Close",
            "> close None \"\"",
        ]);
}

#[test]
fn prefixes_do_not_matter_and_namespaces_do() {
    let features = "<f:features xmlns:f='http://etherx.jabber.org/streams'/>";
    assert!(matches!(kind(features), StanzaKind::Features { .. }));
    let other = "<stream:features xmlns:stream='urn:other'/>";
    assert_eq!(kind(other), StanzaKind::Other);
    let inherited = "<s:iq xmlns:s='jabber:client' xmlns='urn:xmpp:ping' type='get'><ping/></s:iq>";
    assert_eq!(kind(inherited), StanzaKind::Ping);
    let redeclared = "<iq xmlns='jabber:client' xmlns:p='urn:xmpp:ping' type='get'><x xmlns:p='urn:x'/><p:ping/></iq>";
    let child = QName {
        name: "x".into(),
        namespace: "jabber:client".into(),
    };
    assert_eq!(kind(redeclared), StanzaKind::Iq { child: Some(child) });
}

#[test]
fn attributes_and_references_are_read() {
    let stanza = read("<message id='a&amp;b' to=\"x'y\" from='\u{e9}' type='chat'/>");
    assert_eq!(stanza.id.as_deref(), Some("a&b"));
    assert_eq!(stanza.to.as_deref(), Some("x'y"));
    assert_eq!(stanza.from.as_deref(), Some("\u{e9}"));
    assert_eq!(stanza.kind_attribute.as_deref(), Some("chat"));
}

#[test]
fn errors_say_condition_and_text() {
    let failure = "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>Bad &lt;password&gt;</text></failure>";
    assert_eq!(
        kind(failure),
        StanzaKind::SaslFailure(error("not-authorized", None, Some("Bad <password>")))
    );
    let stream = "<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'><![CDATA[Replaced & gone]]></text><app xmlns='urn:app'/></stream:error>";
    assert_eq!(
        kind(stream),
        StanzaKind::StreamError(error("conflict", None, Some("Replaced & gone")))
    );
    let iq = "<iq type='error' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'><subscribe node='n'/></pubsub><error code='404' type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";
    let stanza = read(iq);
    assert_eq!(
        stanza.error,
        Some(error("item-not-found", Some("cancel"), None))
    );
    let pubsub = StanzaKind::Pubsub {
        action: "subscribe".into(),
        node: Some("n".into()),
        subscription: None,
    };
    assert_eq!(stanza.kind, pubsub);
}

#[test]
fn a_notification_is_read_with_its_payload_escaped_or_not() {
    for payload in ["&lt;Update/&gt;", "<Update xmlns=''><data/></Update>"] {
        let xml = format!(
            "<message><event xmlns='http://jabber.org/protocol/pubsub#event'><items node='/n'><item id='1'><notification xmlns='http://jabber.org/protocol/pubsub'>{payload}</notification></item><item id='2'/></items></event></message>"
        );
        assert_eq!(
            kind(&xml),
            StanzaKind::Notification {
                node: Some("/n".into()),
                items: 2
            }
        );
    }
}

#[test]
fn a_password_never_enters_the_outline() {
    for (response, user) in [
        ("AGFnZW50AHNlY3JldA==", Some("agent")),
        ("AGFnZW50", None),
        ("=", None),
        ("%%%%", None),
        ("", None),
    ] {
        let auth = format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{response}</auth>"
        );
        let expected = StanzaKind::Auth {
            mechanism: "PLAIN".into(),
            user: user.map(str::to_owned),
        };
        assert_eq!(kind(&auth), expected, "{response}");
    }
    let token = "A".repeat(20_000);
    let auth = format!(
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGFnZW50AHNl{token}</auth>"
    );
    assert!(matches!(kind(&auth), StanzaKind::Auth { user: Some(user), .. } if user == "agent"));
    let other =
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'>AGFnZW50AHNlY3JldA==</auth>";
    assert!(matches!(kind(other), StanzaKind::Auth { user: None, .. }));
}

#[test]
fn nothing_and_white_space_are_events_of_their_own() {
    assert_eq!(kind(""), StanzaKind::Empty);
    assert_eq!(kind(" \r\n\t"), StanzaKind::Whitespace);
}

#[test]
fn what_xmpp_forbids_is_malformed_and_says_why() {
    let deep = "<a>".repeat(200_000);
    let laughs = "<!DOCTYPE a [<!ENTITY l 'ha'><!ENTITY m '&l;&l;&l;'>]><a>&m;</a>";
    let attributes: String = (0..500).map(|number| format!(" a{number}=''")).collect();
    let wide = format!("<a{attributes}/>");
    let declarations: String = (0..100)
        .map(|number| format!(" xmlns:n{number}='u'"))
        .collect();
    let scoped = format!("<a{declarations}>").repeat(5);
    let long = format!("<a b='{}'/>", "x".repeat(20_000));
    for (xml, expected) in [
        (deep.as_str(), "more than 128 nested elements"),
        (laughs, "it has a DOCTYPE, which XMPP forbids"),
        (&wide, "more than 128 attributes"),
        (&scoped, "too many namespaces are declared"),
        (&long, "an attribute of 20000 bytes"),
        ("<a><!-- x --></a>", "it has a comment, which XMPP forbids"),
        (
            "<a><?x y?></a>",
            "it has a processing instruction, which XMPP forbids",
        ),
        (
            "<a>&copy;</a>",
            "it refers to an entity that XMPP does not know",
        ),
        (
            "<a b='&copy;'/>",
            "it refers to an entity that XMPP does not know",
        ),
        ("<a b='' b=''/>", "an attribute stands twice"),
        ("<x:a/>", "a prefix stands for no namespace"),
        ("<a/><b/>", "there is more than one element"),
        ("<a/>tail", "there is text outside the element"),
        ("head<a/>", "there is text outside the element"),
        ("<a>", "it ends too early"),
        (
            "<a></secret>",
            "an end tag names another element than the one that is open",
        ),
        ("</a>", "an end tag closes nothing"),
        ("hello", "there is text outside the element"),
    ] {
        let StanzaKind::Malformed { why } = kind(xml) else {
            panic!("{expected}: not malformed");
        };
        assert_eq!(why, expected);
    }
    for broken in [
        "<a></b>",
        "<a",
        "</a>",
        "<a b></a>",
        "<a b=c/>",
        "<",
        "<a><![CDATA[x</a>",
        "<a>&</a>",
    ] {
        assert!(
            matches!(kind(broken), StanzaKind::Malformed { .. }),
            "{broken}"
        );
    }
}

#[test]
fn malformed_xml_keeps_what_was_read_of_its_root() {
    let stanza = read("<iq xmlns='jabber:client' id='7' type='result'><x></iq>");
    assert_eq!(stanza.root.name, "iq");
    assert_eq!(stanza.id.as_deref(), Some("7"));
    assert!(matches!(stanza.kind, StanzaKind::Malformed { .. }));
}

fn read(xml: &str) -> Stanza {
    outline(&Payload::whole(xml.as_bytes()), &Limits::default())
}

fn kind(xml: &str) -> StanzaKind {
    read(xml).kind
}

fn error(condition: &str, kind: Option<&str>, text: Option<&str>) -> StanzaError {
    StanzaError {
        condition: condition.to_owned(),
        kind_attribute: kind.map(str::to_owned),
        text: text.map(str::to_owned),
    }
}
