//! Black-box tests of the built binary: what goes in on one side comes out on the other, byte for byte and death for death.
#![cfg(test)]

mod death;
mod http;
mod support;
mod upgrade;
mod websocket;
