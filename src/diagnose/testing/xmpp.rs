//! The socket of a script and the stream on it: logins, pings, ends.

use std::net::{Ipv4Addr, SocketAddr};

use super::Script;
use crate::event::Direction::{ToClient, ToServer};
use crate::event::*;
use crate::tap::{self, Limits};

impl Script {
    /// The socket, the login as this agent, the presence of `finesse`.
    pub(crate) fn logs_in(self, user: &str) -> Self {
        self.connects().opens_socket().signs_in(user)
    }

    /// The same by way of a proxy that leads out.
    pub(crate) fn logs_in_by_proxy(self, user: &str) -> Self {
        let address = SocketAddr::from((Ipv4Addr::new(10, 0, 0, 8), 3128));
        let attempt = EventKind::Attempt(Attempt {
            address,
            local: None,
            outcome: AttemptOutcome::Connected,
            took: Micros(500),
            via: Some(Via::Http),
        });
        let script = self.connects_to("finesse1.example.com").event(attempt);
        script.opens_socket().signs_in(user)
    }

    /// The upgrade and its 101.
    pub(crate) fn opens_socket(self) -> Self {
        self.asks("GET", "/ws/", &[("Upgrade", "websocket")])
            .answers(101)
            .way(
                ToClient,
                EventKind::WebSocketOpened(WebSocketOpened {
                    exchange: 1,
                    target: "/ws/".to_owned(),
                    subprotocol: Some("xmpp".to_owned()),
                    deflate: None,
                    unknown_extensions: Vec::new(),
                }),
            )
    }

    /// The login as this agent up to the presence of `finesse`.
    pub(crate) fn signs_in(self, user: &str) -> Self {
        self.binds(user)
            .says("<presence xmlns='jabber:client'/>")
            .hears(&format!("<presence xmlns='jabber:client' from='finesse@finesse1.example.com/desktop' to='{user}@finesse1.example.com/desktop'/>"))
    }

    /// `open` of both sides, and `auth`.
    pub(crate) fn asks_in(self) -> Self {
        self.says("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='finesse1.example.com' version='1.0'/>")
            .hears("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='finesse1.example.com' id='s1' version='1.0'/>")
            .says("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>x</auth>")
    }

    /// SASL fails with this condition.
    pub(crate) fn refused_in(self, condition: &str) -> Self {
        self.hears(&format!(
            "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><{condition}/></failure>"
        ))
    }

    /// The login as this agent up to the bound resource.
    pub(crate) fn binds(self, user: &str) -> Self {
        self.asks_in()
            .hears("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>")
            .says("<iq xmlns='jabber:client' type='set' id='_bind_auth_2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desktop</resource></bind></iq>")
            .hears(&format!("<iq xmlns='jabber:client' type='result' id='_bind_auth_2'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>{user}@finesse1.example.com/desktop</jid></bind></iq>"))
    }

    /// So many pings 10 s apart, each answered after 20 ms; time stands at the last answer.
    pub(crate) fn pings(mut self, times: u64) -> Self {
        for _ in 0..times {
            self = self.after(10.0 - 0.02).ping().after(0.02).pong();
        }
        self
    }

    /// A ping of the client.
    pub(crate) fn ping(mut self) -> Self {
        self.pings += 1;
        let id = self.pings;
        self.says(&format!("<iq xmlns='jabber:client' type='get' to='finesse1.example.com' id='{id}:ping'><ping xmlns='urn:xmpp:ping'/></iq>"))
    }

    /// The answer to the latest ping.
    pub(crate) fn pong(self) -> Self {
        let id = self.pings;
        self.pong_to(id)
    }

    /// The answer to a ping by its number.
    pub(crate) fn pong_to(self, id: u64) -> Self {
        self.hears(&format!(
            "<iq xmlns='jabber:client' type='result' from='finesse1.example.com' id='{id}:ping'/>"
        ))
    }

    /// What the desktop does that leaves in order.
    pub(crate) fn says_goodbye(self) -> Self {
        self.says("<presence xmlns='jabber:client' type='unavailable'/>")
            .says("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
            .closes(ToServer, None, "")
    }

    /// What a desktop does that gives up: one more ping, and at its next attempt an empty Close.
    pub(crate) fn gives_up(self) -> Self {
        self.after(2.0).ping().after(3.0).closes(ToServer, None, "")
    }

    /// A stream error of the server, and its `close`.
    pub(crate) fn stream_error(self, condition: &str) -> Self {
        self.hears(&format!("<stream:error xmlns:stream='http://etherx.jabber.org/streams'><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"))
            .hears("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>")
    }

    /// A stanza of the client.
    pub(crate) fn says(self, xml: &str) -> Self {
        self.stanza(ToServer, xml)
    }

    /// A stanza of the server.
    pub(crate) fn hears(self, xml: &str) -> Self {
        self.stanza(ToClient, xml)
    }

    fn stanza(self, direction: Direction, xml: &str) -> Self {
        let payload = Payload::whole(xml.as_bytes());
        let stanza = tap::stanza(&payload, &Limits::default());
        self.way(
            direction,
            EventKind::XmppStanza(Box::new(XmppStanza {
                carrier: Carrier::WebSocket(MessageFacts {
                    opcode: DataOpcode::Text,
                    masked: direction == ToServer,
                    compressed: false,
                    wire_size: payload.size,
                    frame_count: 1,
                    frames: Vec::new(),
                }),
                stanza,
                xml: payload,
            })),
        )
    }

    /// A Close frame.
    pub(crate) fn closes(self, direction: Direction, code: Option<u16>, reason: &str) -> Self {
        let reason = reason.to_owned();
        self.way(
            direction,
            EventKind::WebSocketClose(Closing { code, reason }),
        )
    }
}
