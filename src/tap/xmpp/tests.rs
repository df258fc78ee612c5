//! What a user reads of XMPP.
