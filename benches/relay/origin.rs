//! The server: grants the upgrade, and answers each stanza with a notification.

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::Outcome;
use crate::identity::{self, Place};
use crate::peer::{Peer, Scripts};

/// Serves until it is ended from outside.
pub(crate) async fn serve(place: Place, topic: &str) -> Outcome<()> {
    let acceptor = TlsAcceptor::from(place.serve()?);
    let scripts = Scripts::about(topic)?;
    let listener = identity::listen().await?;
    loop {
        let (tcp, _) = listener.accept().await?;
        let acceptor = acceptor.clone();
        let scripts = scripts.clone();
        // What goes wrong here is an end of the connection at the client, and an error there.
        tokio::spawn(async move {
            drop(connection(tcp, &acceptor, &scripts).await);
        });
    }
}

async fn connection(tcp: TcpStream, acceptor: &TlsAcceptor, scripts: &Scripts) -> Outcome<()> {
    tcp.set_nodelay(true)?;
    let stream = acceptor.accept(tcp).await?;
    let mut peer = Peer::server(stream.into(), scripts).await?;
    while let Some(heard) = peer.hear().await? {
        peer.say(heard).await?;
    }
    Ok(())
}
