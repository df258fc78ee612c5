//! A watch over the tokens of single sign-on: what is not renewed in time ends the agent's session (`finesse.md` 4.3,
//! row 16).

use std::collections::BTreeMap;

use super::{About, Scene, Sign, sockets};
use crate::diagnose::words::duration;
use crate::event::Micros;
use crate::session::{At, Grant};

/// An access token is about to expire and was not renewed, or the refresh token that renews it is.
pub(super) fn tokens(scene: &Scene<'_>, signs: &mut Vec<Sign>) {
    // Without a desktop nobody needs one.
    if sockets::open(scene).next().is_none() {
        return;
    }
    for (whose, held) in Held::all(scene) {
        if let Some((at, lives)) = held.access {
            let age = scene.now.since(at.time);
            let left = lives.since(age);
            let soon = Micros(lives.0 / LAST_PART).max(scene.clocks.seconds(1));
            if left <= soon {
                let when = expires(left, age.since(lives));
                let says = format!(
                    "the access token of {whose} {when} and was not renewed: Finesse then refuses REST calls with 401"
                );
                signs.push(sign("token-expires", &whose, at, says));
            }
        }
        if let Some((at, expires_at)) = held.refresh
            && let Some(now) = scene.session.server_time(&held.host, scene.now)
        {
            let until = expires_at.saturating_sub(now);
            let micros = |seconds: i64| Micros(seconds.unsigned_abs().saturating_mul(1_000_000));
            let (left, past) = (micros(until.max(0)), micros(until.min(0)));
            if left <= scene.clocks.seconds(SOON) {
                let when = expires(left, past);
                let says = format!(
                    "the refresh token of {whose} {when}: the desktop then signs the agent out, and a new sign-in is needed"
                );
                signs.push(sign("sign-in-expires", &whose, at, says));
            }
        }
    }
}

/// What somebody holds at the scene's moment.
#[derive(Default)]
struct Held {
    /// Which server gave it last.
    host: String,
    /// The latest access token: since when, and how long it is valid.
    access: Option<(At, Micros)>,
    /// The latest refresh token: since when, and until which second since the Unix epoch.
    refresh: Option<(At, i64)>,
}

impl Held {
    /// All who hold tokens, as they are called: by name, or else by the server.
    fn all(scene: &Scene<'_>) -> BTreeMap<String, Self> {
        let mut all: BTreeMap<String, Self> = BTreeMap::new();
        for grant in &scene.session.rest().grants {
            let whose = match &grant.user {
                Some(user) => format!("agent {user}"),
                None => format!("an agent at {}", grant.host),
            };
            all.entry(whose).or_default().take(grant);
        }
        all
    }

    fn take(&mut self, grant: &Grant) {
        self.host.clone_from(&grant.host);
        self.access = grant.lives.map(|lives| (grant.at, lives));
        let refresh = grant.refresh_expires.map(|until| (grant.at, until));
        self.refresh = refresh.or(self.refresh);
    }
}

fn expires(left: Micros, past: Micros) -> String {
    if left == Micros(0) {
        format!("expired {} ago", duration(past))
    } else {
        format!("expires in {}", duration(left))
    }
}

fn sign(name: &'static str, whose: &str, at: At, says: String) -> Sign {
    Sign {
        name,
        about: About::Person(whose.to_owned()),
        at,
        says,
    }
}

/// An access token is due to be renewed after three quarters of its life (`finesse.md` 1.4); in the last tenth it is late.
const LAST_PART: u64 = 10;
/// The desktop itself warns this many seconds before a refresh token expires (`finesse.md` 4.1).
const SOON: u64 = 600;
