//! SASL PLAIN (RFC 4616): who wants to log in.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The authentication identity in the initial response of PLAIN: what stands between the two NULs.
///
/// The password behind them is never looked at; of a long response only the head is decoded.
pub(super) fn plain_user(response: &str) -> Option<String> {
    let head = response.trim();
    let head = head.get(..head.len().min(LONGEST)).unwrap_or_default();
    let whole = head.get(..head.len() / 4 * 4).unwrap_or_default();
    let clear = STANDARD.decode(whole).ok()?;
    let mut parts = clear.splitn(3, |&byte| byte == 0);
    let user = parts.nth(1).filter(|_| parts.next().is_some())?;
    let user = std::str::from_utf8(user).ok()?;
    (!user.is_empty()).then(|| user.to_owned())
}

/// Characters of base64 that are decoded.
const LONGEST: usize = 2048;
