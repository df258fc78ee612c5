//! General rules, which say what is known where no other one can say more.

pub(super) mod no_answer;
pub(in crate::diagnose) mod unexplained;
