//! What gadgets lose while the desktop itself has service: CUIC and CCX have users, and tunnels, of their own (`finesse.md`
//! 1.3).

pub(super) mod service;
pub(super) mod tunnel;

#[cfg(test)]
mod tests;

/// Which application a user stands for.
fn application(user: &str) -> &'static str {
    if user.contains("ccx.") {
        "Unified CCX"
    } else {
        "Unified Intelligence Center (CUIC)"
    }
}
