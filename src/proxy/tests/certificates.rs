//! Whose certificate is shown to whom, on both legs.

use super::*;

#[tokio::test]
async fn an_upstream_that_asks_for_a_certificate_gets_the_one_of_its_host() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    let client_key = rcgen::KeyPair::generate().unwrap();
    let client = rcgen::CertificateParams::new(vec!["agent".to_owned()])
        .unwrap()
        .self_signed(&client_key)
        .unwrap();
    let pem = format!("{}{}", client.pem(), client_key.serialize_pem());
    let (origin, roots) = tls_origin(Some(client.der()));
    let (listener, port) = listener().await;
    let rig = Rig::new(Wish {
        resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
        trust: TrustOptions {
            extra_roots: vec![("root".to_owned(), roots.into_bytes())],
            client_certificates: vec![
                ClientCertificate::from_pem(HOST, "agent.pem", pem.as_bytes()).unwrap(),
            ],
            ..TrustOptions::default()
        },
        key_log: Some(secrets.clone()),
        ..Wish::default()
    })
    .await;
    let mut tunnel = rig.asking(&format!("{HOST}:{port}")).await;
    read_to(&mut tunnel, "\r\n\r\n").await;
    let connector = browser_of(&rig, true);
    let browser = connector.connect(HOST.try_into().unwrap(), tunnel);
    let server = async { origin.accept(listener.accept().await.unwrap().0).await };
    let (browser, server) = bounded(async { tokio::join!(browser, server) }).await;
    let shown = server
        .unwrap()
        .get_ref()
        .1
        .peer_certificates()
        .map(<[_]>::to_vec);
    assert_eq!(shown, Some(vec![client.der().clone()]));
    drop(browser.unwrap());
    rig.end().await;
    let secrets_text = std::fs::read_to_string(&secrets).unwrap();
    let handshakes = secrets_text
        .matches("CLIENT_HANDSHAKE_TRAFFIC_SECRET ")
        .count();
    assert_eq!(handshakes, 2, "both legs: {secrets_text}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&secrets).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test]
async fn without_a_server_name_the_leaf_is_for_the_connect_name_and_another_name_is_recorded() {
    for (asked, names_server) in [(HOST, false), ("www.finesse.test", true)] {
        let (origin, roots) = tls_origin(None);
        let (listener, port) = listener().await;
        let rig = Rig::new(Wish {
            resolve: vec![format!("{HOST}:{port}:127.0.0.1")],
            trust: TrustOptions {
                extra_roots: vec![("root".to_owned(), roots.into_bytes())],
                ..TrustOptions::default()
            },
            ..Wish::default()
        })
        .await;
        let mut tunnel = rig.asking(&format!("{HOST}:{port}")).await;
        read_to(&mut tunnel, "\r\n\r\n").await;
        let browser = browser_of(&rig, names_server).connect(asked.try_into().unwrap(), tunnel);
        // The origin is nobody but HOST: under another name finspect does not believe it, and says so on a page.
        let server = async { drop(origin.accept(listener.accept().await.unwrap().0).await) };
        let (browser, ()) = bounded(async { tokio::join!(browser, server) }).await;
        drop(browser.unwrap());
        let kinds = rig.end().await;
        let hello = kinds.iter().find_map(|kind| match kind {
            EventKind::ClientHello(hello) => Some(hello),
            _ => None,
        });
        let hello = hello.unwrap();
        assert_eq!(hello.server_name.as_deref(), names_server.then_some(asked));
        assert_eq!(hello.connect_name.as_deref(), names_server.then_some(HOST));
        let minted = kinds.iter().find_map(|kind| match kind {
            EventKind::Minted(minted) => Some(minted.host.as_str()),
            _ => None,
        });
        assert_eq!(minted, Some(asked), "{kinds:?}");
    }
}

/// A browser that trusts finspect's authority.
fn browser_of(rig: &Rig, names_server: bool) -> tokio_rustls::TlsConnector {
    let mut store = rustls::RootCertStore::empty();
    store.add(rig.proxy.authority().certificate_der()).unwrap();
    let mut config = rustls::ClientConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    config.enable_sni = names_server;
    tokio_rustls::TlsConnector::from(Arc::new(config))
}

/// A TLS server for [`HOST`] that may want exactly this client certificate, and the root that vouches for it.
fn tls_origin(
    client: Option<&rustls_pki_types::CertificateDer<'static>>,
) -> (tokio_rustls::TlsAcceptor, String) {
    let permitted = Permitted::parse(HOST).unwrap();
    let authority = Arc::new(Authority::create(&[permitted], SystemTime::now()).unwrap());
    let root = authority.certificate_pem().to_owned();
    let name = finspect_ca::Name::parse(HOST).unwrap();
    let (leaf, _) = Leaves::new(authority, 1).leaf(&name).unwrap();
    let resolver = rustls::sign::SingleCertAndKey::from(leaf.certified());
    let builder = rustls::ServerConfig::builder_with_provider(tls::provider())
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match client {
        None => builder.with_no_client_auth(),
        Some(client) => {
            let mut clients = rustls::RootCertStore::empty();
            clients.add(client.clone()).unwrap();
            let clients = Arc::new(clients);
            let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
                clients,
                tls::provider(),
            );
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let config = builder.with_cert_resolver(Arc::new(resolver));
    (tokio_rustls::TlsAcceptor::from(Arc::new(config)), root)
}
