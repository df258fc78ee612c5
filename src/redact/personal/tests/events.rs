//! Persons in the fields of events: addresses, headers, outlines of stanzas, names in TLS.

use super::*;
use crate::event::{
    Accepted, Attempt, AttemptOutcome, Carrier, ClientHello, DataOpcode, DefaultRoute, EventKind,
    Header, Host, HttpRequest, HttpVersion, MessageFacts, Micros, Payload, QName, Stanza,
    StanzaKind, XmppStanza,
};

#[test]
fn addresses_of_clients_go_and_those_of_servers_stay() {
    let redactor = strict();
    let mut kind = EventKind::Accepted(Accepted {
        client: "10.1.2.3:51234".parse().unwrap(),
        listener: "127.0.0.1:8899".parse().unwrap(),
    });
    redactor.redact(&mut kind);
    let EventKind::Accepted(accepted) = &kind else {
        panic!()
    };
    assert!(
        accepted.client.to_string().starts_with("24"),
        "{accepted:?}"
    );
    assert_eq!(accepted.client.port(), 51234);
    assert_eq!(accepted.listener.to_string(), "127.0.0.1:8899");
    let again = kind.clone();
    redactor.redact(&mut kind);
    assert_eq!(kind, again);
    let mut kind = EventKind::Attempt(Attempt {
        address: "10.2.3.4:8445".parse().unwrap(),
        local: Some("10.1.2.3:40000".parse().unwrap()),
        outcome: AttemptOutcome::Connected,
        took: Micros(1),
        via: None,
    });
    redactor.redact(&mut kind);
    let json = serde_json::to_string(&kind).unwrap();
    assert!(
        json.contains("10.2.3.4:8445") && !json.contains("10.1.2.3"),
        "{json}"
    );
    let text = redactor.redact_text("from 10.1.2.3").into_owned();
    assert!(
        json.contains(&text.replace("from ", "")),
        "the same in text: {text}"
    );
}

#[test]
fn the_router_of_the_clients_network_goes_and_that_there_is_none_stays() {
    let gateway = |address: &str| {
        let mut kind = EventKind::Host(Host::RouteGone(DefaultRoute {
            interface: "wlan0".to_owned(),
            gateway: address.parse().unwrap(),
        }));
        strict().redact(&mut kind);
        serde_json::to_string(&kind).unwrap()
    };
    let router = gateway("192.168.178.1");
    assert!(
        !router.contains("192.168.178.1") && router.contains("wlan0"),
        "{router}"
    );
    assert!(gateway("::").contains("\"::\""));
}

#[test]
fn headers_lose_persons_and_keep_what_is_technical() {
    let redactor = strict();
    for (name, value, stays) in [
        ("X-Forwarded-For", "10.1.2.3, 10.1.2.4", false),
        ("Forwarded", "for=10.1.2.3", false),
        ("X-Real-IP", "10.1.2.3", false),
        ("X-Forwarded-User", "10.1.2.3", false),
        ("From", "ada@10.1.2.3", false),
        ("Referer", "https://h/?clientIp=10.1.2.3", false),
        ("Host", "10.1.2.3:8445", true),
        ("User-Agent", "Chrome/10.1.2.3", true),
        ("Origin", "https://10.1.2.3", true),
        ("Location", "https://10.1.2.3/x", true),
    ] {
        let mut kind = EventKind::HttpRequest(HttpRequest {
            exchange: 1,
            method: "GET".to_owned(),
            target: "/".to_owned(),
            version: HttpVersion::Http11,
            headers: vec![Header {
                name: name.to_owned(),
                value: value.to_owned(),
            }],
        });
        redactor.redact(&mut kind);
        let EventKind::HttpRequest(head) = &kind else {
            panic!()
        };
        let left = &head.headers[0].value;
        assert_eq!(left == value, stays, "{name}: {left}");
        assert_eq!(
            left.contains("10.1.2"),
            stays || name == "From",
            "{name}: {left}"
        );
        let again = kind.clone();
        redactor.redact(&mut kind);
        assert_eq!(kind, again);
    }
}

#[test]
fn the_outline_of_a_stanza_names_the_agent_as_its_xml_does() {
    let xml = "<message from='pubsub.h.example' to='1001002@h.example'/>";
    let outline = |to: &str, kind| Stanza {
        root: QName::new("message", "jabber:client"),
        to: Some(to.to_owned()),
        from: Some("finesse@h.example".to_owned()),
        id: None,
        kind_attribute: None,
        error: None,
        kind,
    };
    let carrier = MessageFacts {
        opcode: DataOpcode::Text,
        masked: false,
        compressed: false,
        wire_size: 1,
        frame_count: 1,
        frames: Vec::new(),
    };
    for kind in [
        StanzaKind::Notification {
            node: Some("/finesse/api/User/1001002".to_owned()),
            items: 1,
        },
        StanzaKind::Bind {
            resource: Some("2002".to_owned()),
            jid: Some("1001002@h.example/2002".to_owned()),
        },
        StanzaKind::Auth {
            mechanism: "PLAIN".to_owned(),
            user: Some("1001002".to_owned()),
        },
    ] {
        let mut event = EventKind::XmppStanza(Box::new(XmppStanza {
            carrier: Carrier::WebSocket(carrier.clone()),
            stanza: outline("1001002@h.example", kind),
            xml: Payload::whole(xml.as_bytes()),
        }));
        strict().redact(&mut event);
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(json.matches(&user()).count(), 3, "{json}");
        assert!(
            !json.contains("1001002") && !json.contains("2002"),
            "{json}"
        );
        assert!(
            json.contains("finesse@h.example") && !json.contains("email"),
            "{json}"
        );
        let again = event.clone();
        strict().redact(&mut event);
        assert_eq!(event, again);
    }
}

#[test]
fn tls_names_lose_secrets() {
    let mut kind = EventKind::ClientHello(ClientHello {
        server_name: Some("token=s3cr3t.example".to_owned()),
        connect_name: Some("u:s3cr3t@h".to_owned()),
        alpn: vec!["password=s3cr3t".to_owned()],
        cipher_suites: 1,
    });
    Redactor::new(Redaction::Standard, &[7; 32].into()).redact(&mut kind);
    let json = serde_json::to_string(&kind).unwrap();
    assert!(!json.contains("s3cr3t"), "{json}");
}
