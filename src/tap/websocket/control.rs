//! Control frames (RFC 6455 section 5.5).

use crate::event::{Closing, WebSocketViolation};

/// What a Close says, and what is wrong with it.
pub(super) fn closing(payload: &[u8]) -> (Closing, Vec<WebSocketViolation>) {
    let mut violations = Vec::new();
    let Some((code, reason)) = payload.split_first_chunk() else {
        if !payload.is_empty() {
            violations.push(WebSocketViolation::TruncatedClose);
        }
        let closing = Closing {
            code: None,
            reason: String::new(),
        };
        return (closing, violations);
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        violations.push(WebSocketViolation::BadCloseCode(code));
    }
    if std::str::from_utf8(reason).is_err() {
        violations.push(WebSocketViolation::InvalidUtf8);
    }
    let closing = Closing {
        code: Some(code),
        reason: String::from_utf8_lossy(reason).into_owned(),
    };
    (closing, violations)
}

/// Section 7.4, with the codes that IANA added since.
const fn may_be_sent(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
