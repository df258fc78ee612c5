//! The rules: a file each, in folders by where the cause sits, and one table of them.

mod agent;
mod client;
mod gadget;
mod general;
mod identity;
mod path;
mod service;
mod setup;

pub(in crate::diagnose) use general::unexplained;

use super::rule::Rule;

/// All rules. Of two that are equally sure the first is the cause: what somebody said on the wire comes first, then
/// what is told by the absence of words, and the general ones last.
pub const TABLE: &[&Rule] = &[
    &service::maintenance::RULE,
    &service::restart::RULE,
    &identity::second_login::RULE,
    &identity::zombie_conflict::RULE,
    &service::too_large::RULE,
    &setup::clock::RULE,
    &setup::certificate::RULE,
    &setup::name::RULE,
    &setup::upstream_proxy::RULE,
    &client::host_suspended::RULE,
    &path::network_changed::RULE,
    &client::finspect_starved::RULE,
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
    &agent::call::RULE,
    &client::page_not_reading::RULE,
    &path::upload_blocked::RULE,
    &path::client_dead::RULE,
    &path::lossy::RULE,
    &path::black_hole::RULE,
    &path::latency_spike::RULE,
    &service::stalled::RULE,
    &service::closed::RULE,
    &service::finesse_absent::RULE,
    &agent::signed_out::RULE,
    &client::page_closed::RULE,
    &client::tab_throttled::RULE,
    &client::browser_died::RULE,
    &path::idle_timeout::RULE,
    &path::connection_reset::RULE,
    &path::connection_cut::RULE,
    &setup::upgrade::RULE,
    &setup::unreachable::RULE,
    &setup::inspected::RULE,
    &agent::late_logout::RULE,
    &gadget::service::RULE,
    &gadget::tunnel::RULE,
    &general::no_answer::RULE,
    &unexplained::RULE,
];

/// Whether a rule is about what gadgets lose. What took that away took no service from the desktop, and so these rules
/// alone judge such incidents.
pub(super) fn is_of_gadgets(rule: &str) -> bool {
    [gadget::service::RULE.name, gadget::tunnel::RULE.name].contains(&rule)
}

/// The rule of that name.
#[must_use]
pub fn named(name: &str) -> Option<&'static Rule> {
    TABLE.iter().copied().find(|rule| rule.name == name)
}
