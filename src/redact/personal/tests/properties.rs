//! What holds for any text.

use proptest::prelude::*;

use super::*;

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
