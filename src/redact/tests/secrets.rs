//! Every place where a secret may stand.

use super::*;
use crate::event::{BodyFraming, Closing, HttpBody, HttpResponse, Manner, Rewritten};

/// Places of a secret in text; `$` stands for the secret as it is, `~` for it percent-encoded.
const TEXTS: &[&str] = &[
    "password=$&x=1",
    "x=1&password=~",
    "a?passwd=$",
    "j_password=$",
    "newPwd=$&b",
    "client_secret=$",
    "/cb?access_token=$&x=1",
    "/cb#id_token=$",
    "/cb?code=$&state=x",
    "/cb?state=x&code=~",
    "grant_type=authorization_code&code=$",
    "SAMLResponse=~&RelayState=x",
    "<input type=\"hidden\" name=\"SAMLResponse\" value=\"$\">",
    "grant_type=urn:x&assertion=$",
    "client_assertion=$",
    "x=1&pass%77ord=$",
    "%70%61%73%73%77%6F%72%64=$",
    "/cb?c%6fde=$&x",
    "pass%2577ord=$",
    r#"{"pass\u0077ord":"$"}"#,
    "refresh_token=$",
    "token=$",
    "/p;jsessionid=$?a=1",
    "redirect=https%3A%2F%2Fh%2Fcb%3Faccess_token%3D~%26x%3D1",
    "u=https%253A%252F%252Fh%253Fpassword%253D~",
    "https://1001002:$@h:8445/",
    "see https://u:~@host/x",
    "https%3A%2F%2Fu%3A~%40host%2Fx",
    r#""https:\/\/u:$@h\/""#,
    r#"{"password":"$"}"#,
    r#"{"a":{"b":[{"Access_Token" : "$"}]}}"#,
    r#"{"x":"{\"password\":\"$\"}"}"#,
    r#"{"x":"{\"y\":\"{\\\"password\\\":\\\"$\\\"}\"}"}"#,
    r#"{"secret":{"inner":"$"}}"#,
    r#"{"tokens":["a","$"]}"#,
    r#"{"password":"quote\"$"}"#,
    r#"{"name":"password","value":"$"}"#,
    r#"{"value":"$","name":"password"}"#,
    r#"{"refreshToken":"$"#,
    r#"{"authorization":"Bearer $"}"#,
    "{'password': '$'}",
    "<user><password>$</password></user>",
    "<ns:Password a='b'>$</ns:Password>",
    "<password><![CDATA[$]]></password>",
    "&lt;Update&gt;&lt;password&gt;$&lt;/password&gt;&lt;/Update&gt;",
    "&amp;lt;password&amp;gt;$&amp;lt;/password&amp;gt;",
    r#"{"x":"\u003cpassword\u003e$\u003c/password\u003e"}"#,
    r#"{"x":"<password>$<\/password>"}"#,
    "x=%3Cpassword%3E~%3C%2Fpassword%3E",
    "<user password='$'/>",
    "<user password=\"$\"/>",
    "&lt;user password=&quot;$&quot;/&gt;",
    "<password>first<!-- --> $</password>",
    "<password>$",
    "<password a='1'>x<y>$",
    "<field var='password' type='text-private'><value>$</value></field>",
    "<input name=\"password\" value=\"$\">",
    "<input value=\"$\" name=\"password\">",
    "<a href='/x?token=$'>",
    "<password value='$'></password>",
    "--b\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\n$\r\n--b--",
    "Authorization: Bearer $\r\nX: y",
    "GET / HTTP/1.1\\r\\nCookie: a=$; b=$\\r\\n",
    "X-Auth-Token: $",
    "curl -H 'Authorization: Bearer $' -d x",
    "x bearer $1234 y",
    "<CallVariable><name>callVariable1</name><value>$</value></CallVariable>",
    "<CallVariable><value>$</value><name>user_x</name></CallVariable>",
    "&lt;CallVariable&gt;&lt;name&gt;callVariable1&lt;/name&gt;&lt;value&gt;a $&lt;/value&gt;&lt;/CallVariable&gt;",
    "<callVariable3>$</callVariable3>",
    r#"{"callVariable1":"$"}"#,
    r#"{"name":"callVariable1","value":"$"}"#,
    r#"{"CallVariable":[{"name":"x","value":"$"},{"name":"y","value":"$"}]}"#,
    "<name>callVariable1</name><value>$</value>",
    "<CallVariable><name>callVariable1</name><value>$",
];

#[test]
fn no_secret_is_left_wherever_it_stands() {
    for template in TEXTS {
        let text = template.replace('~', "S3cr%21t9z").replace('$', SECRET);
        assert_clean(message(text.as_bytes()), template);
        assert_clean(stanza(&text), template);
        assert_clean(request(&text, "X", "y"), template);
        assert_clean(request("/", "Referer", &text), template);
        let mut bytes = text.clone().into_bytes();
        bytes.insert(0, 0xff);
        let mut kind = message(&bytes);
        redactor().redact(&mut kind);
        let EventKind::WebSocketMessage(left) = kind else {
            panic!("another kind")
        };
        let left = String::from_utf8_lossy(left.payload.content.as_bytes()).into_owned();
        assert!(!left.contains(SECRET), "{template}: {left}");
    }
}

#[test]
fn headers_lose_their_secrets_and_keep_their_shape() {
    let basic = STANDARD.encode(format!("1001002:{SECRET}"));
    let password = pseudonym("password");
    for (name, value, want) in [
        (
            "Authorization",
            format!("Basic {basic}"),
            format!("Basic 1001002:{password}"),
        ),
        (
            "PROXY-authorization",
            format!("basic {basic}"),
            format!("basic 1001002:{password}"),
        ),
        (
            "authorization",
            format!("Bearer {SECRET}"),
            format!("Bearer {}", pseudonym("token")),
        ),
        ("authorization", SECRET.to_owned(), pseudonym("credentials")),
        (
            "Authorization",
            format!("Digest {SECRET}"),
            format!("Digest {}", pseudonym("credentials")),
        ),
        (
            "Cookie",
            format!("JSESSIONID={SECRET}; b=\"{SECRET}\""),
            format!("JSESSIONID={0}; b={0}", pseudonym("cookie")),
        ),
        (
            "set-cookie",
            format!("sid={SECRET}; Path=/; HttpOnly"),
            format!("sid={}; Path=/; HttpOnly", pseudonym("cookie")),
        ),
        ("X-Auth-Token", SECRET.to_owned(), pseudonym("token")),
        ("X-Api-Key", SECRET.to_owned(), pseudonym("secret")),
        (
            "Location",
            format!("https://h/cb?access_token={SECRET}#x"),
            String::new(),
        ),
        (
            "Sec-WebSocket-Protocol",
            format!("bearer {SECRET}"),
            String::new(),
        ),
    ] {
        let after = assert_clean(request("/", name, &value), name);
        if !want.is_empty() {
            let want = serde_json::to_string(&want).unwrap();
            assert!(after.contains(&want), "{name}: {after} lacks {want}");
        }
    }
}

#[test]
fn sasl_payloads_never_get_out() {
    let plain = STANDARD.encode(format!("1001002@d\0{}\0{SECRET}", "1001002"));
    let cut = plain.get(..plain.len() - 3).unwrap();
    for xml in [
        format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"),
        format!("<sasl:auth xmlns:sasl='urn:ietf:params:xml:ns:xmpp-sasl'>{plain}</sasl:auth>"),
        format!("<auth>{plain}</wrong>"),
        format!("<auth mechanism='PLAIN'>{cut}"),
        format!("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{plain}</response>"),
        format!("<response>{plain}</response>"),
        format!("<s:success xmlns:s='urn:ietf:params:xml:ns:xmpp-sasl'>{plain}</s:success>"),
        format!("<challenge>{plain}</challenge>"),
        format!(
            "<body rid='1'><auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\n{plain}\n</auth></body>"
        ),
        format!("&lt;auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'&gt;{plain}&lt;/auth&gt;"),
        format!("<AUTH>{plain}</AUTH"),
    ] {
        let after = assert_clean(stanza(&xml), &xml);
        assert!(!after.contains(cut), "{after}");
        if !xml.contains(cut) || xml.contains(&plain) {
            assert!(after.contains(&pseudonym("password")), "{after}");
        }
    }
}

#[test]
fn other_places_are_not_forgotten() {
    let text = format!("token={SECRET}");
    let header = || Header {
        name: "X-Token".to_owned(),
        value: SECRET.to_owned(),
    };
    let kinds = [
        EventKind::WebSocketClose(Closing {
            code: Some(4000),
            reason: text.clone(),
        }),
        EventKind::WebSocketPing(Payload::whole(text.as_bytes())),
        EventKind::Rewritten(Rewritten {
            field: "Cookie".to_owned(),
            from: format!("a={SECRET}"),
            to: String::new(),
        }),
        EventKind::Rewritten(Rewritten {
            field: "request-target".to_owned(),
            from: format!("/?{text}"),
            to: text.clone(),
        }),
        EventKind::Ended(crate::event::Ended {
            manner: Manner::Error(text.clone()),
            bytes: 0,
        }),
        EventKind::HttpViolation(crate::event::HttpViolation::MalformedHead(text.clone())),
        EventKind::Refused(crate::event::Refusal::BadRequest(text.clone())),
        EventKind::HttpResponse(HttpResponse {
            exchange: 1,
            version: HttpVersion::Http11,
            status: 302,
            reason: text.clone(),
            headers: vec![header()],
        }),
        EventKind::HttpBody(HttpBody {
            exchange: 1,
            framing: BodyFraming::Chunked,
            wire_size: 1,
            content_type: None,
            content_encoding: None,
            content: Payload::whole(text.as_bytes()),
            still_encoded: false,
            trailers: vec![header()],
            complete: true,
        }),
        request(&format!("u:{SECRET}@host:8445"), "X", "y"),
    ];
    for kind in kinds {
        let what = format!("{kind:?}");
        assert_clean(kind, &what);
    }
}

#[test]
fn a_cut_anywhere_leaks_nothing() {
    let secret = "Zq8!vQ2#mmK5xW7pL";
    for template in [
        r#"{"user":"1","password":"@","x":1}"#,
        "<a><password>@</password></a>",
        "&lt;password&gt;@&lt;/password&gt;",
        "x=1&password=@&y=2",
        "<CallVariable><name>n</name><value>@</value></CallVariable>",
    ] {
        let text = template.replace('@', secret);
        for cap in 1..text.len() {
            let mut payload = Payload::capped(text.as_bytes(), text.len() as u64, cap);
            redactor().payload(&mut payload);
            let left = payload.text().unwrap();
            assert!(!left.contains('Z'), "{template} at {cap}: {left}");
        }
    }
}

#[test]
fn undecodable_and_wide_content_is_not_kept() {
    let wide: Vec<u8> = "{\"password\":\"S3cr!t9z\"}"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let mut wide = [vec![0xff, 0xfe], wide].concat();
    let mut payload = Payload::whole(&wide);
    redactor().payload(&mut payload);
    assert!(payload.content.as_bytes().starts_with(b"redacted-content-"));
    wide.truncate(2);
    let mut payload = Payload::whole(&wide);
    redactor().opaque(&mut payload);
    assert!(payload.text().unwrap().starts_with("redacted-content-"));
}

#[test]
fn a_secret_in_the_namespace_of_a_stanzas_child_leaves_its_outline_too() {
    let redactor = Redactor::new(Redaction::Standard, &[7; 32].into());
    let namespace = "urn:x?password=hunter2hunter2";
    let mut kind = stanza(&format!("<iq><x xmlns='{namespace}'/></iq>"));
    if let EventKind::XmppStanza(stanza) = &mut kind {
        let child = QName::new("x", namespace);
        stanza.stanza.kind = StanzaKind::Iq { child: Some(child) };
    }
    redactor.redact(&mut kind);
    let json = serde_json::to_string(&kind).unwrap();
    assert!(!json.contains("hunter2"), "{json}");
    assert_eq!(json.matches("redacted-password-").count(), 2, "{json}");
}
