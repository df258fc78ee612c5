//! What a recording survives: finspect killed at any moment, a disk that is full, a long day; and a network
//! that comes and goes.
//!
//! One test at a time, in a process of its own: these measure memory and moments.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod full;
mod kill;
mod network;
mod path;
mod soak;
mod support;
