//! When the tokens of single sign-on end: Cisco's identity service issues JSON web tokens (`finesse.md` 1.4).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;

/// What stands before the end of a token's validity, where a pseudonym stands for the token.
pub const EXPIRES: &str = ".exp";

/// When a token expires, in seconds since the Unix epoch by the clock of who issued it: the claim `exp` of a JSON web
/// token (RFC 7519 section 4.1.4), or what the token's pseudonym keeps of it. `None` where it does not tell.
#[must_use]
pub fn expires(token: &str) -> Option<i64> {
    match split(token) {
        (_, Some(expires)) => Some(expires),
        (token, None) => claimed(token),
    }
}

/// A pseudonym, and when the token that it stands for expires.
#[must_use]
pub fn split(pseudonym: &str) -> (&str, Option<i64>) {
    let marked = pseudonym.rsplit_once(EXPIRES);
    let marked = marked.and_then(|(head, digits)| Some((head, seconds(digits)?)));
    match marked {
        Some((head, expires)) => (head, Some(expires)),
        None => (pseudonym, None),
    }
}

fn seconds(digits: &str) -> Option<i64> {
    let plain = digits.len() <= LONGEST && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

/// The claims of a token that matter here.
#[derive(Deserialize)]
struct Claims {
    exp: i64,
}

fn claimed(token: &str) -> Option<i64> {
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    if claims.len() > CLAIMS {
        return None;
    }
    let claims = BASE64_URL_SAFE_NO_PAD.decode(claims).ok()?;
    let Claims { exp } = serde_json::from_slice(&claims).ok()?;
    (0..TOO_LATE).contains(&exp).then_some(exp)
}

/// Claims in base64 that are read.
const CLAIMS: usize = 16 * 1024;
/// Digits of a time that are read.
const LONGEST: usize = 11;
/// A time that no clock of ours shows: it has more digits.
const TOO_LATE: i64 = 100_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn web_token(claims: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!(
            "{}.{}.c2lnbmF0dXJl",
            part(r#"{"alg":"RS256"}"#),
            part(claims)
        )
    }

    #[test]
    fn a_web_token_says_when_it_expires() {
        let token = web_token(r#"{"iss":"ids","exp":1671713561,"iat":1671713261}"#);
        assert_eq!(expires(&token), Some(1_671_713_561));
    }

    #[test]
    fn its_pseudonym_says_the_same() {
        let pseudonym = "redacted-token-5d3d1293.exp1671713561";
        assert_eq!(expires(pseudonym), Some(1_671_713_561));
        assert_eq!(
            split(pseudonym),
            ("redacted-token-5d3d1293", Some(1_671_713_561))
        );
    }

    #[test]
    fn what_does_not_tell_expires_never() {
        let claims = [
            "{}",
            r#"{"exp":"soon"}"#,
            r#"{"exp":-1}"#,
            r#"{"exp":99999999999999}"#,
            "no claims",
        ];
        let tokens = claims.map(web_token);
        let opaque = ["", "abc", "a.b", "a.b.c", "a.b.c.d", "x.exp", "x.exp-1"];
        let tokens = tokens.iter().map(String::as_str).chain(opaque);
        for token in tokens {
            assert_eq!(expires(token), None, "{token}");
        }
        let long = web_token(&format!(
            r#"{{"pad":"{}","exp":1671713561}}"#,
            "x".repeat(CLAIMS)
        ));
        assert_eq!(expires(&long), None);
    }
}
