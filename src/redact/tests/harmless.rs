//! What is no secret stays, and what was redacted is not redacted again.

use proptest::prelude::*;

use super::*;

const HARMLESS: &[&str] = &[
    "<message from='pubsub.h' to='1001002@h'><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>",
    "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
    "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>",
    "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
    "<ErrorMessage>CF_INVALID_PASSWORD_SPECIFIED</ErrorMessage>",
    "<lastCTIHeartbeatStatus>success</lastCTIHeartbeatStatus>",
    "<callvariables><CallVariable><name>callVariable1</name><value/></CallVariable></callvariables>",
    "token_type=bearer&expires_in=300",
    "/desktop/sso/token?cc_username=1001002&return_refresh_token=true",
    "sip:1001002@finesse.example.com",
    r#"{"tokenType":"x","password":null,"token":""}"#,
    "WWW-Authenticate: Basic realm=\"Finesse\"",
    "the password was wrong; author unauthorized",
    "/ReasonCodes?code=50002&category=NOT_READY",
    "code=1006 reason=",
    "errorCode=CF_INVALID&code=CF_RESOURCE_BUSY",
    "<reasonCode><code>50002</code></reasonCode>",
    "a%20b%2Dc%41=d",
];

#[test]
fn what_is_no_secret_is_left_byte_for_byte() {
    for text in HARMLESS {
        assert_eq!(redactor().redact_text(text), *text);
        for mut kind in [
            message(text.as_bytes()),
            stanza(text),
            request("/a?b=c", "X", text),
        ] {
            let before = kind.clone();
            redactor().redact(&mut kind);
            assert_eq!(kind, before);
        }
    }
    let off = Redactor::new(Redaction::Off, &[0; 32].into());
    assert_eq!(off.redact_text("password=x"), "password=x");
}

fn fragments() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "password",
        "token",
        "auth",
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
        "%26",
        "&",
        " ",
        "\r\n",
        "value",
        "CallVariable",
        "callVariable1",
        "Bearer ",
        "Basic ",
        "eyJhbGciOiJIUzI1NiJ9",
        "://",
        "@",
        "u:p",
        "{",
        "}",
        "[",
        "]",
        "é",
        "x",
        "cookie",
        "redacted-",
        "redacted-token-01234567",
        "response",
        "sasl",
        "name",
        "MTAwMTAwMjpwYXNz",
    ]);
    prop::collection::vec(parts, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_redacted_once_and_for_all(text in prop_oneof![fragments(), any::<String>()]) {
        let once = redactor().redact_text(&text).into_owned();
        prop_assert_eq!(redactor().redact_text(&once), once.as_str());
    }

    #[test]
    fn text_without_a_trigger_is_left_alone(text in "[0-9fghjz<>&;=:\"'{}/ \n]{0,200}") {
        prop_assert_eq!(redactor().redact_text(&text), text.as_str());
    }
}
