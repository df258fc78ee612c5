//! Black-box tests of the built binary: what goes in on one side comes out on the other, byte for byte and death for death.
#![cfg(test)]

mod circle;
mod cli;
mod compared;
mod death;
mod diagnose;
mod door;
mod export;
mod findings;
mod flow;
mod format;
mod hostile;
mod http;
mod import;
mod moves;
mod recording;
mod recordings;
mod secrets;
mod show;
mod support;
mod tcp;
mod upgrade;
mod upstream;
mod websocket;

/// The cases of every table.
const CASES: [&[&str]; 5] = [
    death::NAMES,
    http::NAMES,
    http::opaque::NAMES,
    upgrade::NAMES,
    websocket::NAMES,
];

#[test]
fn every_case_is_in_the_table_of_the_documentation() {
    let documented = include_str!("../../docs/fidelity.md");
    for name in CASES.concat() {
        let row = format!("| {} |", name.replace('_', " "));
        assert!(
            documented.contains(&row),
            "docs/fidelity.md has no row `{row}`"
        );
    }
}
