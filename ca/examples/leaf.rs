//! Prints the chain, leaf first, that finspect would serve for a host: `leaf CA_DIR HOST`.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use finspect_ca::{Leaves, Name, Store};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [dir, host] = arguments.as_slice() else {
        return Err("usage: leaf CA_DIR HOST".into());
    };
    let authority = Store::at(Path::new(dir))
        .load()?
        .ok_or("there is no authority in that folder")?;
    let leaves = Leaves::new(Arc::new(authority), 1);
    let (leaf, _) = leaves.leaf(&Name::parse(host)?)?;
    io::stdout().write_all(leaf.chain_pem().as_bytes())?;
    Ok(())
}
