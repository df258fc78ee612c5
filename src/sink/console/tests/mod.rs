//! What a person reads, as text.

mod ends;
mod hostile;
mod http;
mod login;
mod machine;
mod output;
mod story;
