//! What strict redaction takes from a text, and what it leaves.

mod events;
mod properties;

use crate::event::Redaction;
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
