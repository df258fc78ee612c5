//! Values read out of header fields: cookies, types, places.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::entry::Cookie;
use super::moment::milliseconds;
use crate::event::{Header, HttpVersion, Micros};

/// The values of a field.
pub(super) fn values<'a>(
    headers: &'a [Header],
    name: &'a str,
) -> impl Iterator<Item = &'a str> + 'a {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value.as_str())
}

/// The cookies of `Cookie` fields.
pub(super) fn cookies(headers: &[Header]) -> Vec<Cookie<'_>> {
    let pairs = values(headers, "cookie").flat_map(|value| value.split(';'));
    let named = pairs.map(str::trim).filter(|pair| !pair.is_empty());
    named.map(cookie).collect()
}

/// The cookies of `Set-Cookie` fields.
pub(super) fn set_cookies(headers: &[Header]) -> Vec<Cookie<'_>> {
    values(headers, "set-cookie").map(set_cookie).collect()
}

fn cookie(pair: &str) -> Cookie<'_> {
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    Cookie {
        name: name.trim(),
        value: value.trim(),
        ..Cookie::default()
    }
}

fn set_cookie(field: &str) -> Cookie<'_> {
    let mut parts = field.split(';');
    let mut set = cookie(parts.next().unwrap_or_default());
    set.http_only = Some(false);
    set.secure = Some(false);
    for attribute in parts {
        let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match name.trim().to_ascii_lowercase().as_str() {
            "path" => set.path = Some(value),
            "domain" => set.domain = Some(value),
            "expires" => set.expires = date(value),
            "httponly" => set.http_only = Some(true),
            "secure" => set.secure = Some(true),
            "samesite" => set.same_site = Some(value),
            _ => {}
        }
    }
    set
}

/// A date of HTTP (RFC 9110 section 5.6.7) in RFC 3339; readers stumble over any other.
fn date(value: &str) -> Option<String> {
    let timestamp = DateTimeParser::new().parse_timestamp(value).ok()?;
    (timestamp >= Timestamp::UNIX_EPOCH)
        .then(|| timestamp.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string())
}

/// A version in the words of Chrome, which tell its readers more than HAR's own.
pub(super) const fn version(version: HttpVersion) -> &'static str {
    match version {
        HttpVersion::Http10 => "HTTP/1.0",
        HttpVersion::Http11 => "HTTP/1.1",
        HttpVersion::Http2 => "h2",
        HttpVersion::Http3 => "h3",
        HttpVersion::Unknown => "unknown",
    }
}

/// HAR's form of a phase that there may not have been.
pub(super) fn milliseconds_or_none(time: Option<Micros>) -> f64 {
    time.map_or(-1.0, milliseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, value: &str) -> Header {
        Header {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn cookies_are_told_apart_and_dates_are_those_of_readers() {
        let sent = [
            header("cookie", "a=1; b=x=y;; lone"),
            header("Cookie", "c="),
        ];
        let names: Vec<_> = cookies(&sent)
            .iter()
            .map(|cookie| (cookie.name, cookie.value))
            .collect();
        assert_eq!(names, [("a", "1"), ("b", "x=y"), ("", "lone"), ("c", "")]);

        let set = [
            header(
                "Set-Cookie",
                "JSESSIONID=7; Path=/desktop; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure; HttpOnly; SameSite=Lax",
            ),
            header("set-cookie", "x=1; expires=next tuesday"),
        ];
        let expected = Cookie {
            name: "JSESSIONID",
            value: "7",
            path: Some("/desktop"),
            expires: Some("2026-10-21T07:28:00.000Z".to_owned()),
            http_only: Some(true),
            secure: Some(true),
            same_site: Some("Lax"),
            ..Cookie::default()
        };
        let read = set_cookies(&set);
        assert_eq!(read.first(), Some(&expected));
        assert_eq!(read.last().and_then(|cookie| cookie.expires.clone()), None);
    }
}
