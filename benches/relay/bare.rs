//! The relay to compare with: TLS ended on both legs, bytes copied, and nothing else.

use std::sync::Arc;

use tokio::io::copy_bidirectional_with_sizes;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::Outcome;
use crate::identity::{self, Place, server_name};
use crate::options::Upstream;

/// Bytes of each of a connection's two buffers.
const BUFFER: usize = 16 * 1024;

/// Relays until it is ended from outside, on the runtime that finspect has too.
pub(crate) fn run(place: Place, upstream: Upstream) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(place, upstream))
}

async fn serve(place: Place, upstream: Upstream) -> Outcome<()> {
    let acceptor = TlsAcceptor::from(place.serve()?);
    let connector = TlsConnector::from(identity::trusting(&[&upstream.ca])?);
    let upstream = Arc::new(upstream);
    let listener = identity::listen().await?;
    loop {
        let (client, _) = listener.accept().await?;
        let (acceptor, connector) = (acceptor.clone(), connector.clone());
        let upstream = Arc::clone(&upstream);
        // How a connection ends is the ends' business; they notice what was not relayed.
        tokio::spawn(async move {
            drop(relay(client, &upstream, &acceptor, &connector).await);
        });
    }
}

async fn relay(
    client: TcpStream,
    upstream: &Upstream,
    acceptor: &TlsAcceptor,
    connector: &TlsConnector,
) -> Outcome<()> {
    let server = TcpStream::connect(upstream.address).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut server = connector.connect(server_name()?, server).await?;
    let mut client = acceptor.accept(client).await?;
    copy_bidirectional_with_sizes(&mut client, &mut server, BUFFER, BUFFER).await?;
    Ok(())
}
