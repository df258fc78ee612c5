//! Causes in who signs in, and as whom.

pub(super) mod second_login;
