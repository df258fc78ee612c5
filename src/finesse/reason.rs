//! Reason codes of states that the agent did not choose (`finesse.md` 3.4): what each means, and who took the state.

use std::fmt;

/// A reason code that Finesse or the contact centre gives, and no agent.
#[derive(Debug, PartialEq, Eq)]
pub struct Reason {
    /// The number.
    pub code: u32,
    /// What it says, as a phrase such as `connection failure`.
    pub meaning: &'static str,
    /// Who took the state.
    pub by: Actor,
    /// Whether an administrator can have given the same number to a reason that agents choose.
    pub ambiguous: bool,
}

/// Who took a state from an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Finesse or the contact centre, because it lost the desktop.
    LostDesktop,
    /// Another login of the same agent.
    OtherLogin,
    /// A supervisor, or who does the same over the interface.
    Supervisor,
    /// Who changes the configuration.
    Administrator,
    /// The clock that watches for inactivity.
    Inactivity,
    /// The agent's telephone or extension.
    Phone,
    /// The way in which a call was treated.
    Call,
    /// The peripheral gateway or the call manager.
    Telephony,
    /// The contact-centre engine, which failed.
    Engine,
}

impl Reason {
    /// The reason of that code; `None` if it is one that agents choose, or no number.
    #[must_use]
    pub fn of(code: &str) -> Option<&'static Self> {
        let code: u32 = code.trim().parse().ok()?;
        REASONS.iter().find(|reason| reason.code == code)
    }

    /// Whether a label names who took the state, in most languages of the contact centre: an administrator's own reason
    /// has another one.
    #[must_use]
    pub fn is_named_by(&self, label: &str) -> bool {
        self.by == Actor::Supervisor && label.to_lowercase().contains("supervis")
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code, self.meaning)
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LostDesktop => "Finesse, because it lost the desktop",
            Self::OtherLogin => "another login of the same agent",
            Self::Supervisor => "a supervisor",
            Self::Administrator => "an administrator",
            Self::Inactivity => "the inactivity timer",
            Self::Phone => "the telephone",
            Self::Call => "the way in which a call was treated",
            Self::Telephony => "the telephony behind Finesse",
            Self::Engine => "the contact-centre engine",
        })
    }
}

const fn reason(code: u32, by: Actor, meaning: &'static str) -> Reason {
    Reason {
        code,
        meaning,
        by,
        // CCX keeps 22 and 33 for itself; on CCE they are free for an administrator's own reasons.
        ambiguous: code < 100,
    }
}

/// All of them, by number. 50045 is for the contact centre alone and never in an event.
const REASONS: &[Reason] = &[
    reason(22, Actor::Supervisor, "logged out by a supervisor"),
    reason(33, Actor::Supervisor, "made not ready by a supervisor"),
    reason(255, Actor::LostDesktop, "connection failure"),
    reason(999, Actor::Supervisor, "supervisor"),
    reason(20001, Actor::Supervisor, "forced logout, first step"),
    reason(20002, Actor::Supervisor, "forced logout, second step"),
    reason(20003, Actor::Supervisor, "forced logout, third step"),
    reason(32740, Actor::OtherLogin, "system initiated relogin"),
    reason(32741, Actor::Phone, "extension conflict"),
    reason(32742, Actor::Call, "off hook on a non-ACD line"),
    reason(32748, Actor::Administrator, "agent deleted"),
    reason(32750, Actor::Phone, "extension changed"),
    reason(32756, Actor::Phone, "phone is back in service"),
    reason(32757, Actor::Telephony, "call manager failover"),
    reason(32759, Actor::Phone, "phone is out of service"),
    reason(32762, Actor::Call, "off hook"),
    reason(32763, Actor::Call, "call not answered"),
    reason(32764, Actor::Engine, "contact-centre engine failure"),
    reason(32765, Actor::LostDesktop, "desktop connection disrupted"),
    reason(32767, Actor::Call, "call not answered"),
    reason(50001, Actor::LostDesktop, "system disconnect"),
    reason(50002, Actor::LostDesktop, "connection or system failure"),
    reason(50003, Actor::Phone, "device error"),
    reason(50004, Actor::Inactivity, "inactivity timeout"),
    reason(50006, Actor::Call, "off hook"),
    reason(50010, Actor::Call, "call overlap"),
    reason(50020, Actor::Administrator, "queue change"),
    reason(50030, Actor::Phone, "device conflict"),
    reason(50040, Actor::Phone, "mobile agent's call"),
    reason(50041, Actor::Phone, "mobile agent's call"),
    reason(50042, Actor::Phone, "mobile agent's call"),
    reason(50045, Actor::LostDesktop, "desktop reconnect"),
    reason(65533, Actor::Telephony, "extension modified"),
    reason(65534, Actor::Telephony, "peripheral gateway reset"),
    reason(65535, Actor::Telephony, "agent reinitialised"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_known_by_number_and_none_stands_twice() {
        assert_eq!(Reason::of(" 255 ").unwrap().by, Actor::LostDesktop);
        for none in ["", "-1", "7", "99999999999", "x"] {
            assert_eq!(Reason::of(none), None, "{none}");
        }
        assert!(REASONS.is_sorted_by(|one, next| one.code < next.code));
    }

    #[test]
    fn a_label_tells_a_supervisors_code_from_an_administrators_own_reason() {
        let reason = Reason::of("33").unwrap();
        assert!(reason.is_named_by("Supervisor initiated change to Not Ready"));
        assert!(!reason.is_named_by("Lunch"));
    }

    #[test]
    fn only_numbers_that_an_administrator_may_use_are_ambiguous() {
        assert!(Reason::of("33").unwrap().ambiguous);
        assert!(!Reason::of("999").unwrap().ambiguous);
    }
}
