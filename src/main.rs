//! The `finspect` program.

fn main() {}
