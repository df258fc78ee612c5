//! The rules: a file each, in folders by where the cause sits, and one table of them.

mod agent;
mod general;
mod identity;
mod path;
mod service;

pub(in crate::diagnose) use general::unexplained;

use super::rule::Rule;

/// All rules. Of two that are equally sure the first is the cause: what somebody said on the wire comes first, then
/// what is told by the absence of words, and the general ones last.
pub const TABLE: &[&Rule] = &[
    &service::restart::RULE,
    &identity::second_login::RULE,
    &path::black_hole::RULE,
    &service::stalled::RULE,
    &agent::signed_out::RULE,
    &general::no_answer::RULE,
    &unexplained::RULE,
];

/// The rule of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Rule> {
    TABLE.iter().copied().find(|rule| rule.name == name)
}
