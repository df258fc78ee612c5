//! The rules: a file each, in folders by where the cause sits, and one table of them.

mod agent;
mod general;
mod identity;
mod path;
mod service;

use super::rule::Rule;

/// All rules. Of two that are equally sure the first is the cause: what somebody said on the wire comes first, then
/// what is told by the absence of words, and the general ones last.
pub const TABLE: &[&Rule] = &[
    &service::maintenance::RULE,
    &service::restart::RULE,
    &identity::second_login::RULE,
    &identity::zombie_conflict::RULE,
    &service::too_large::RULE,
    &service::idle::RULE,
    &service::stream_error::RULE,
    &service::web_app::RULE,
    &service::cti::RULE,
    &identity::session_expired::RULE,
    &identity::sign_in_refused::RULE,
    &identity::no_presence::RULE,
    &agent::supervisor::RULE,
    &agent::inactivity::RULE,
    &agent::phone::RULE,
    &path::black_hole::RULE,
    &service::stalled::RULE,
    &service::closed::RULE,
    &service::finesse_absent::RULE,
    &agent::signed_out::RULE,
    &agent::late_logout::RULE,
    &general::no_answer::RULE,
    &general::unexplained::RULE,
];

/// The rule of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Rule> {
    TABLE.iter().copied().find(|rule| rule.name == name)
}
