//! The sign-in is refused, at the XMPP login or for an old token.

use super::Fault;

/// The right password is wrong to the Notification Service.
pub(super) const SASL: Fault = Fault {
    name: "sasl-failure",
    about: "the Notification Service does not take the password that REST takes",
    wire: "<failure><not-authorized/></failure> in answer to <auth>, 200 over REST",
    begin: |node| node.health().sasl_failure = Some("not-authorized"),
    end: |node| node.health().sasl_failure = None,
};

/// The refresh token has come to its end.
pub(super) const TOKEN: Fault = Fault {
    name: "token-expired",
    about: "the token of the session has expired",
    wire: "401 for whatever is read over REST; the socket stays, pings are answered",
    begin: |node| node.health().token_expired = true,
    end: |node| node.health().token_expired = false,
};
