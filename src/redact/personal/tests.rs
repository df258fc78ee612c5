use proptest::prelude::*;

use crate::event::{
    Accepted, Attempt, AttemptOutcome, Carrier, ClientHello, DataOpcode, DefaultRoute, EventKind,
    Header, Host, HttpRequest, HttpVersion, MessageFacts, Micros, Payload, QName, Redaction,
    Stanza, StanzaKind, XmppStanza,
};
use crate::redact::Redactor;

fn strict() -> Redactor {
    Redactor::new(Redaction::Strict, &[7; 32].into())
}

fn user() -> String {
    strict()
        .redact_text("loginId=1001002")
        .replace("loginId=", "")
}

/// `$` stands for the agent's id; the line with the id's pseudonym in its place is what has to come out.
const USERS: &[&str] = &[
    "/finesse/api/User/$/Dialogs",
    "/finesse/api/User/$?category=READY",
    "/finesse/api/User/$",
    "see /finesse/api/User/$.",
    "%2Ffinesse%2Fapi%2FUser%2F$%2FDialogs",
    r"\/finesse\/api\/User\/$\/Dialogs",
    "finesse.api.User.$.Dialogs",
    "finesse.api.User.$",
    "/finesse/api/User/$/Dialogs__$@h.example.com__x1y2",
    "/finesse/api/User/$__$@h.example.com/desktop__x1y2",
    "<loginId>$</loginId><loginName>$</loginName>",
    "&lt;user&gt;&lt;loginId&gt;$&lt;/loginId&gt;&lt;state&gt;READY&lt;/state&gt;&lt;/user&gt;",
    "<user><dialogs>/finesse/api/User/$/Dialogs</dialogs><roles><role>Agent</role></roles></user>",
    "<presence from='$@h.example.com/desktop' type='unavailable'/>",
    "<iq to=\"$@h.example.com\"/>",
    "<jid>$@h.example.com</jid>",
    "bound as $@h.example.com/desktop",
    "xmpp:$@h.example.com",
    "https://$@h.example.com/",
    "sip:$@10.2.3.4",
    "/desktop/sso/token?cc_username=$&x=1",
    "j_username=$",
    r#"{"user":{"loginId":"$","state":"READY"}}"#,
    r#"{"user":"$","state":["x"]}"#,
    r#"{"users":[{"userId":"$"}]}"#,
    r#"{\"login_id\":\"$\"}"#,
    "log%69nId=$",
    "/home/$/.config and C:\\Users\\$\\x",
];

#[test]
fn one_agent_has_one_pseudonym_wherever_he_stands() {
    let user = user();
    for template in USERS {
        let text = template.replace('$', "1001002");
        let want = template.replace('$', &user);
        let redacted = strict().redact_text(&text).into_owned();
        assert_eq!(redacted, want, "{template}");
        assert_eq!(strict().redact_text(&redacted), redacted, "{template}");
    }
}

/// Texts, and what must not be left in them.
const PERSONS: &[(&str, &[&str])] = &[
    (
        "<firstName>Ada</firstName><lastName>Réyes</lastName>",
        &["Ada", "yes"],
    ),
    (
        "&lt;displayName&gt;Ada Reyes&lt;/displayName&gt;",
        &["Ada", "Reyes"],
    ),
    ("<displayName><![CDATA[Ada <b>]]></displayName>", &["Ada"]),
    (
        r#"{"first_name":"Ada","last-name":"Reyes"}"#,
        &["Ada", "Reyes"],
    ),
    ("fullName=Ada%20Reyes&x=1", &["Ada", "Reyes"]),
    (
        "<extension>2002</extension><mediaAddress>2002</mediaAddress>",
        &["2002"],
    ),
    ("<resource>2002</resource>", &["2002"]),
    (
        "<x from='1001002@h.example.com/2002'/>",
        &["1001002", "2002"],
    ),
    (
        "<fromAddress>5550100</fromAddress><toAddress>5550101</toAddress>",
        &["55501"],
    ),
    (
        "<DNIS>5550100</DNIS><dialedNumber>5550101</dialedNumber>",
        &["55501"],
    ),
    (r#"{"ani":5550100,"dnis": "5550101"}"#, &["55501"]),
    ("call +1 (555) 010-0199 now", &["555", "0199"]),
    ("tel:+15550100199", &["5550100199"]),
    ("x=%2B15550100199&", &["5550100199"]),
    ("<name>dtmfString</name><value>998877</value>", &["998877"]),
    (r#"{"name":"dtmfString","value":"998877"}"#, &["998877"]),
    ("<email>ada@corp.example</email>", &["ada", "corp"]),
    (
        "write to ada.reyes+x@corp.example, please",
        &["ada", "reyes", "corp"],
    ),
    ("ada%2Ereyes%40corp.example", &["ada", "reyes", "corp"]),
    (
        "/finesse/api/User/ada%40corp.example/Dialogs",
        &["ada", "corp"],
    ),
    (
        "<x to='ada\\40corp.example@h.example.com/desktop'/>",
        &["ada", "corp"],
    ),
    ("client 10.1.2.3 left", &["10.1.2.3"]),
    ("closed /10.1.2.3:51234", &["10.1.2.3"]),
    ("?clientIp=10.1.2.3&x", &["10.1.2.3"]),
    ("from fd00::17:2 and [fe80::1]:443", &["fd00", "fe80"]),
    (
        "Authorization: Basic MTAwMTAwMjpwYXNz",
        &["1001002", "MTAwMTAw"],
    ),
    ("Basic YWRhIHJleWVzOnBhc3M=", &["ada", "reyes"]),
    ("https://1001002:pass@h.example.com/", &["1001002", "pass@"]),
    (
        "https%3A%2F%2F1001002%3Apass%40h.example.com%2F",
        &["1001002", "pass%40"],
    ),
    (
        "<message type='chat'><body>Ada is ill</body></message>",
        &["Ada", "ill"],
    ),
    (r#"{"agent":["1001002", "1001003"]}"#, &["100100"]),
];

#[test]
fn no_person_is_left() {
    for (text, gone) in PERSONS {
        let redacted = strict().redact_text(text).into_owned();
        for gone in *gone {
            assert!(!redacted.contains(gone), "{text}: {redacted}");
        }
        assert_eq!(strict().redact_text(&redacted), redacted, "{text}");
        let secrets_only = Redactor::new(Redaction::Standard, &[7; 32].into());
        let hidden = secrets_only.redact_text(text).into_owned();
        let both = strict().redact_text(&hidden).into_owned();
        assert_eq!(both, redacted, "{text}: tightening later is the same");
    }
}

const TECHNICAL: &[&str] = &[
    "<presence from='finesse@h.example.com/x' type='unavailable'/>",
    "<message from='pubsub.h.example.com' id='abc'/>",
    "<iq to='h.example.com' id='1001:ping' type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
    "<resource>desktop</resource>",
    "<user><state>NOT_READY</state><reasonCodeId>50002</reasonCodeId><stateChangeTime>2026-03-01T10:11:12.345Z</stateChangeTime></user>",
    "<Dialog><id>16777235</id><state>ACTIVE</state><uri>/finesse/api/Dialog/16777235</uri></Dialog>",
    "<teamName>Sales</teamName><teamId>5001</teamId>",
    "<callvariables><CallVariable><name>callVariable1</name><value/></CallVariable></callvariables>",
    "<host>10.2.3.4</host><ctiVersion>24.1.0.3</ctiVersion>",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36",
    "\"Chromium\";v=\"126.0.0.0\"",
    "https://10.2.3.4:8445/desktop/",
    "https://[fd00::17]:8445/desktop/",
    "W/\"3f2a-18c0ffee\"",
    "1767225600123456 1001002 5550100199",
    "Content-Length: 5550100",
    "1.2.3+20240101 +0200 a+b c+15550100199x",
    "jquery@3.6.0 @media std::io::Error 12:34:56 ::1 127.0.0.1 a::b",
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=15",
    "/finesse/api/Team/1/Users",
    "/desktop/home/index.html",
    "<users><User/></users>",
    r#"{"user":{"state":"READY"},"users":[],"phone":null}"#,
    "CN=finesse.example.com,O=Example",
];

#[test]
fn what_a_diagnosis_needs_is_left_byte_for_byte() {
    for text in TECHNICAL {
        assert_eq!(strict().redact_text(text), *text);
    }
    assert_eq!(strict().redact_target("10.2.3.4:8445"), "10.2.3.4:8445");
}

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

fn fragments() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "loginId",
        "user",
        "ani",
        "email",
        "resource",
        "body",
        "password",
        "redacted-user-01234567",
        "redacted-password-01234567",
        "redacted-",
        "/finesse/api/User/",
        "finesse.api.User.",
        "/Users/",
        "1001002",
        "10.1.2.3",
        "fd00::1",
        "+15550100199",
        "ada",
        "@",
        "%40",
        "h.example",
        "finesse@",
        "<",
        ">",
        "</",
        "&lt;",
        "&gt;",
        "=",
        ":",
        "\"",
        "'",
        "\\",
        "\\\"",
        "%3D",
        "%2F",
        "/",
        "&",
        " ",
        "value",
        "{",
        "}",
        "[",
        "]",
        ",",
        "é",
        "__",
        "+",
        "%75",
        "\\u0075",
        "Basic MTAwMTAwMjpwYXNz",
        "//",
        "\r\n",
        ".",
        "sip:",
        "<![CDATA[",
        "]]>",
        "2002",
        "?",
        "null",
        "Bearer ",
        "token",
    ]);
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_redacted_strictly_once_and_for_all(text in prop_oneof![fragments(), any::<String>()]) {
        let redactor = strict();
        let once = redactor.redact_text(&text).into_owned();
        prop_assert_eq!(redactor.redact_text(&once), once.as_str());
        let target = redactor.redact_target(&text).into_owned();
        prop_assert_eq!(redactor.redact_target(&target), target.as_str());
    }
}

#[test]
fn hostile_text_is_read_to_its_end_and_grows_within_bounds() {
    let redactor = strict();
    for part in [
        "<user>",
        "&lt;user&gt;",
        "{\"user\":",
        "\"user\"",
        "user='",
        "<body><![CDATA[",
        "a@",
        "%40",
        "+1 ",
        ":a",
        "/user/",
        "redacted-password-01234567:",
        "{\"user\":[",
        "<user ",
        "%75",
        "value ani ",
        "\"ani\" value",
    ] {
        let text = part.repeat(64 * 1024 / part.len());
        let redacted = redactor.redact_text(&text);
        assert!(redacted.len() < 64 * text.len(), "{part}");
    }
}
