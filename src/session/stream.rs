//! An XMPP stream (RFC 6120, RFC 7395): who, with which resource, in which state.

use super::kept::{Kept, clip, cut};
use super::{At, Pings, Ways};
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
    pub finesse: Kept<Presence>,
    /// Presence of users that play its part for gadgets of CUIC and CCX (`finesse.md` 1.3), in order.
    pub gadgets: Kept<Presence>,
    /// Stream errors, by the direction in which they went.
    pub errors: Kept<(At, Direction, String)>,
    error_texts: Kept<(At, String)>,
    /// `close` of each side.
    pub closed: Ways<Option<At>>,
    /// XMPP pings, by the direction of the question.
    pub pings: Ways<Pings>,
    /// Questions other than pings that have no answer yet: id and when.
    asked: Ways<Kept<(At, String)>>,
    /// Notifications received.
    pub notifications: u64,
}

/// Presence of a user that stands for an application: that of `finesse` is one of Finesse's three health signals
/// (`finesse.md` 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// When it came.
    pub at: At,
    /// The user, in lower case.
    pub user: String,
    /// Whether it says available.
    pub available: bool,
    /// Whether the user was there before and is no more.
    pub left: bool,
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

    /// When the user `finesse` became unavailable.
    pub fn finesse_left(&self) -> impl Iterator<Item = At> {
        let left = self.finesse.iter().filter(|one| one.left);
        left.map(|one| one.at)
    }

    /// Since when the desktop counts itself as connected: it has seen a user that stands for an application (`finesse.md`
    /// 1.4).
    #[must_use]
    pub fn connected(&self) -> Option<At> {
        let all = self.finesse.iter().chain(&self.gadgets);
        all.filter(|one| one.available).map(|one| one.at).min()
    }

    /// Whether it serves gadgets, and not the desktop itself, as far as the users that are there tell.
    #[must_use]
    pub fn is_of_gadgets(&self) -> bool {
        self.finesse.is_empty() && self.gadgets.iter().any(|one| one.available)
    }

    /// The text of a stream error, where it has one.
    #[must_use]
    pub fn error_text(&self, error: At) -> Option<&str> {
        let found = self.error_texts.iter().find(|(at, _)| *at == error);
        found.map(|(_, text)| text.as_str())
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

    /// Roughly the bytes that it holds on the heap, short texts of its own left out.
    pub(super) const fn weight(&self) -> usize {
        let pings = self.pings.to_server.weight() + self.pings.to_client.weight();
        let asked = self.asked.to_server.weight() + self.asked.to_client.weight();
        let errors = self.errors.weight() + self.error_texts.weight();
        self.finesse.weight() + self.gadgets.weight() + pings + asked + errors
    }

    pub(super) fn take(&mut self, stanza: &XmppStanza, direction: Direction, at: At) {
        let outline = &stanza.stanza;
        if let (Direction::ToClient, None, Some(to)) = (direction, &self.addressed, &outline.to)
            && to.contains('@')
        {
            self.addressed = Some(clip(to).to_owned());
        }
        match &outline.kind {
            StanzaKind::Open => self.opened[direction] = Some(at),
            StanzaKind::Close => self.closed[direction] = Some(at),
            StanzaKind::Auth { mechanism, user } => {
                let mut auth = (at, mechanism.clone(), user.clone());
                cut(&mut auth);
                self.auth = Some(auth);
            }
            StanzaKind::Success => self.authenticated = Some(at),
            StanzaKind::SaslFailure(error) => {
                self.auth_failed = Some((at, clip(&error.condition).to_owned()));
            }
            StanzaKind::StreamError(error) => {
                self.errors.keep((at, direction, error.condition.clone()));
                if let Some(text) = &error.text {
                    self.error_texts.keep((at, text.clone()));
                }
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
                self.available = Some((at, priority.map(|one| clip(one).to_owned())));
            }
            Direction::ToClient if available || unavailable => {
                self.application(outline.from.as_deref(), available, at);
            }
            Direction::ToServer | Direction::ToClient => {}
        }
    }

    /// Presence of a user that stands for an application. Who is not there at the sign-in does not leave; but a server
    /// tells of that at once, so one whose first word is a later `unavailable` came where events are missing.
    fn application(&mut self, from: Option<&str>, available: bool, at: At) {
        let user = from.and_then(|from| from.split('@').next());
        let user = clip(user.unwrap_or_default()).to_lowercase();
        let list = if user == "finesse" {
            &mut self.finesse
        } else if user.contains("cuic.") || user.contains("ccx.") {
            &mut self.gadgets
        } else {
            return;
        };
        let settled = self.bound.is_none() || self.pings.to_server.answered > 0;
        let last = list.iter().rfind(|one| one.user == user);
        let there = last.map_or(settled, |last| last.available);
        list.keep(Presence {
            at,
            user,
            available,
            left: there && !available,
        });
    }

    fn iq(&mut self, stanza: &XmppStanza, direction: Direction, at: At) {
        let outline = &stanza.stanza;
        let id = clip(outline.id.as_deref().unwrap_or_default());
        match outline.kind_attribute.as_deref() {
            Some("get" | "set") => match outline.kind {
                StanzaKind::Ping => self.pings[direction].send(id, at),
                _ => self.asked[direction].keep((at, id.to_owned())),
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
            self.bound = Some((at, clip(jid).to_owned()));
        } else if let Some(error) = &stanza.stanza.error {
            self.bind_failed = Some((at, clip(&error.condition).to_owned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuic_and_ccx_have_users_of_their_own_in_the_part_of_finesse() {
        let mut stream = Stream::default();
        let senders = [
            "finesse@d/x",
            "Finesse@d",
            "cuic.node1@d/y",
            "CCX.d@d",
            "1001002@d",
            "finesse2@d",
            "cuic@d",
        ];
        for from in senders {
            stream.application(Some(from), true, At::default());
        }
        stream.application(None, true, At::default());
        let users = |list: &[Presence]| -> Vec<String> {
            list.iter().map(|one| one.user.clone()).collect()
        };
        assert_eq!(users(&stream.finesse), ["finesse", "finesse"]);
        assert_eq!(users(&stream.gadgets), ["cuic.node1", "ccx.d"]);
    }
}
