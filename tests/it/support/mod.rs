//! What every module of the black-box tests shares: a running finspect, byte-level ends, and the comparison.

mod case;
mod certificates;
mod events;
mod lab;
mod script;
mod slot;
mod transcript;
mod wait;
pub(crate) mod websocket;
mod wire;

pub(crate) use case::{Case, Layer, Mode, Where, cases, knock, play, reach, secure, watch};
pub(crate) use certificates::{Identity, ROOT, client, read_pem};
pub(crate) use lab::{Lab, REFUSING, UNKNOWN, UNREACHABLE, connect_request};
pub(crate) use script::{Script, script};
pub(crate) use slot::Loan;
pub(crate) use transcript::Ending;
pub(crate) use wait::wait_for;
pub(crate) use wire::Wire;
