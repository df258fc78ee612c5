//! The rules: a file each, in folders by where the cause sits, and one table of them.

mod agent;
mod general;
mod identity;
mod path;
mod service;
mod setup;

use super::rule::Rule;

/// All rules. Of two that are equally sure the first is the cause: what somebody said on the wire comes first, then
/// what is told by the absence of words, and the general ones last.
pub const TABLE: &[&Rule] = &[
    &service::restart::RULE,
    &identity::second_login::RULE,
    &setup::clock::RULE,
    &setup::certificate::RULE,
    &setup::name::RULE,
    &setup::upstream_proxy::RULE,
    &path::black_hole::RULE,
    &service::stalled::RULE,
    &agent::signed_out::RULE,
    &setup::upgrade::RULE,
    &setup::unreachable::RULE,
    &setup::inspected::RULE,
    &general::no_answer::RULE,
    &general::unexplained::RULE,
];

/// The rule of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Rule> {
    TABLE.iter().copied().find(|rule| rule.name == name)
}
