//! An XMPP stream (RFC 6120, RFC 7395): who, with which resource, in which state.

use super::{At, Pings, Ways, keep};
use crate::event::{Direction, StanzaKind, XmppStanza};

/// A stream, as far as its stanzas tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stream {
    /// `open` of each side.
    pub opened: Ways<Option<At>>,
    /// The SASL mechanism, and the user where the mechanism shows it.
    pub auth: Option<(At, String, Option<String>)>,
    /// SASL succeeded.
    pub authenticated: Option<At>,
    /// SASL failed, with this condition.
    pub auth_failed: Option<(At, String)>,
    /// The full JID that was bound.
    pub bound: Option<(At, String)>,
    /// Whom the server addresses, where the binding was not seen.
    pub addressed: Option<String>,
    /// Binding failed, with this condition.
    pub bind_failed: Option<(At, String)>,
    /// The client's own presence: the first that made it available, and its priority.
    pub available: Option<(At, Option<String>)>,
    /// The client's own presence of type unavailable.
    pub unavailable: Option<At>,
    /// Presence of the user `finesse`, in order.
    pub finesse: Vec<Presence>,
    /// Stream errors, by the direction in which they went.
    pub errors: Vec<(At, Direction, String)>,
    /// `close` of each side.
    pub closed: Ways<Option<At>>,
    /// XMPP pings, by the direction of the question.
    pub pings: Ways<Pings>,
    /// Questions other than pings that have no answer yet: id and when.
    asked: Ways<Vec<(At, String)>>,
    /// Notifications received.
    pub notifications: u64,
}

/// Presence of the user `finesse`, one of Finesse's three health signals (`finesse.md` 4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Presence {
    /// When it came.
    pub at: At,
    /// Whether it says available.
    pub available: bool,
}

impl Stream {
    /// The bare JID's local part: the user.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        let jid = self.bound.as_ref().map(|(_, jid)| jid);
        let bound = jid.or(self.addressed.as_ref());
        let user = bound.and_then(|jid| jid.split('@').next());
        user.or_else(|| self.auth.as_ref()?.2.as_deref())
    }

    /// The resource that was bound.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        let (_, jid) = self.bound.as_ref()?;
        jid.split_once('/').map(|(_, resource)| resource)
    }

    /// Questions other than pings without an answer, by the direction of the question.
    #[must_use]
    pub fn asked(&self, direction: Direction) -> &[(At, String)] {
        &self.asked[direction]
    }

    /// Whether the client said good-bye: unavailable, or the stream's `close`.
    #[must_use]
    pub fn client_said_goodbye(&self) -> Option<At> {
        [self.unavailable, self.closed.to_server]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn take(&mut self, stanza: &XmppStanza, direction: Direction, at: At) {
        let outline = &stanza.stanza;
        if let (Direction::ToClient, None, Some(to)) = (direction, &self.addressed, &outline.to)
            && to.contains('@')
        {
            self.addressed = Some(to.clone());
        }
        match &outline.kind {
            StanzaKind::Open => self.opened[direction] = Some(at),
            StanzaKind::Close => self.closed[direction] = Some(at),
            StanzaKind::Auth { mechanism, user } => {
                self.auth = Some((at, mechanism.clone(), user.clone()));
            }
            StanzaKind::Success => self.authenticated = Some(at),
            StanzaKind::SaslFailure(error) => {
                self.auth_failed = Some((at, error.condition.clone()));
            }
            StanzaKind::StreamError(error) => {
                keep(&mut self.errors, (at, direction, error.condition.clone()));
            }
            StanzaKind::Notification { .. } => self.notifications += 1,
            StanzaKind::Presence { priority, .. } => {
                self.presence(stanza, priority.as_ref(), direction, at);
            }
            _ => {}
        }
        if outline.root.name == "iq" {
            self.iq(stanza, direction, at);
        }
    }

    fn presence(
        &mut self,
        stanza: &XmppStanza,
        priority: Option<&String>,
        direction: Direction,
        at: At,
    ) {
        let outline = &stanza.stanza;
        let unavailable = outline.kind_attribute.as_deref() == Some("unavailable");
        let available = outline.kind_attribute.is_none();
        match direction {
            // To everybody; one that has an addressee takes leave of him alone.
            Direction::ToServer if unavailable && outline.to.is_none() => {
                self.unavailable = Some(at);
            }
            Direction::ToServer if available && self.available.is_none() => {
                self.available = Some((at, priority.cloned()));
            }
            Direction::ToClient if is_finesse(outline.from.as_deref()) => {
                if available || unavailable {
                    keep(&mut self.finesse, Presence { at, available });
                }
            }
            Direction::ToServer | Direction::ToClient => {}
        }
    }

    fn iq(&mut self, stanza: &XmppStanza, direction: Direction, at: At) {
        let outline = &stanza.stanza;
        let id = outline.id.as_deref().unwrap_or_default();
        match outline.kind_attribute.as_deref() {
            Some("get" | "set") => match outline.kind {
                StanzaKind::Ping => self.pings[direction].send(id, at),
                _ => keep(&mut self.asked[direction], (at, id.to_owned())),
            },
            Some("result" | "error") => {
                let asker = direction.reverse();
                if !self.pings[asker].answer(id, at) {
                    self.asked[asker].retain(|(_, asked)| asked != id);
                }
                if direction == Direction::ToClient {
                    self.bind_answer(stanza, at);
                }
            }
            _ => {}
        }
    }

    fn bind_answer(&mut self, stanza: &XmppStanza, at: At) {
        let StanzaKind::Bind { jid, .. } = &stanza.stanza.kind else {
            return;
        };
        if let Some(jid) = jid {
            self.bound = Some((at, jid.clone()));
        } else if let Some(error) = &stanza.stanza.error {
            self.bind_failed = Some((at, error.condition.clone()));
        }
    }
}

/// Whether the sender is the user `finesse`.
fn is_finesse(from: Option<&str>) -> bool {
    from.and_then(|from| from.split('@').next())
        .is_some_and(|user| user.eq_ignore_ascii_case("finesse"))
}
