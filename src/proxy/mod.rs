//! The only owner of sockets: front door, TLS, upstream, relay, rewrite.
