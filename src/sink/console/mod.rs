//! The session on stdout: one renderer for live sessions and recordings.
