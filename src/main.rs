//! The `finspect` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    finspect::cli::main()
}
