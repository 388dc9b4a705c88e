//! The SDK's HTTP client over sockets: whom it trusts, and what its failures are taken for.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{DisplayErrorContext, SdkError};
use sesame::aws::{Endpoint, Roots, http_client, with_http_client};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::support::cli::process::{run, sesame};

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\n\
    content-type: application/x-amz-json-1.0\r\n\
    content-length: 17\r\n\r\n\
    {\"TableNames\":[]}";

/// What a server does with each connection.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// It answers each request.
    Answers,
    /// It reads a request and closes the connection.
    Closes,
    /// It neither reads nor writes.
    IsSilent,
}

/// A server at a port of its own, and how many connections it has had.
struct Server {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Server {
    async fn start(manner: Manner) -> Self {
        Self::over(manner, None).await
    }

    async fn over(manner: Manner, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(stream, tls.clone(), manner));
            }
        });
        Self {
            address,
            connections,
        }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

async fn serve(stream: TcpStream, tls: Option<TlsAcceptor>, manner: Manner) {
    match (manner, tls) {
        (Manner::IsSilent, _) => std::future::pending().await,
        (_, None) => respond(stream, manner).await,
        (_, Some(tls)) => {
            // The client ends a handshake with a server that it doesn't trust.
            if let Ok(stream) = tls.accept(stream).await {
                respond(stream, manner).await;
            }
        }
    }
}

async fn respond(
    mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    manner: Manner,
) {
    let mut request = [0; 4096];
    // The small requests here arrive whole.
    while let Ok(1..) = stream.read(&mut request).await {
        match manner {
            Manner::Answers => stream.write_all(RESPONSE).await.unwrap(),
            Manner::Closes | Manner::IsSilent => return,
        }
    }
}

/// A client of a server that is at `address`.
fn client(scheme: &str, address: SocketAddr) -> Client {
    let url = format!("{scheme}://localhost:{}", address.port());
    let endpoint = Endpoint::with_keys("eu-central-1".into(), Some(url), "id", "secret", None);
    with_http_client(endpoint, http_client(Roots::Amazon))
}

/// A server certificate of `localhost` that signs itself, in PEM, and the server's side of TLS.
fn certificate() -> (String, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (made.cert.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn a_server_without_a_certificate_of_amazons_is_not_trusted() {
    let (_, tls) = certificate();
    let server = Server::over(Manner::Answers, Some(tls)).await;

    let failed = client("https", server.address).list_tables().send().await;

    let failed = format!("{:?}", failed.unwrap_err());
    assert!(failed.contains("UnknownIssuer"), "{failed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_tool_trusts_the_roots_of_its_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, tls) = certificate();
    let (other, _) = certificate();
    let server = Server::over(Manner::Answers, Some(tls)).await;
    let url = format!("https://localhost:{}", server.address.port());
    for (name, pem, is_trusted) in [("its", pem, true), ("other", other, false)] {
        let path = folder.path().join(name);
        std::fs::write(&path, pem).unwrap();

        let mut command = sesame(&["user", "show", "ada", "--endpoint-url", &url]);
        let done = run(command.env("SSL_CERT_FILE", path), "");

        // Nobody has the name, which only the server can tell.
        let is_answered = done.stderr.contains("no user");
        assert_eq!(is_answered, is_trusted, "{name}: {done:?}");
    }
}

#[tokio::test]
async fn requests_share_a_connection() {
    let server = Server::start(Manner::Answers).await;
    let http = http_client(Roots::Amazon);
    let url = format!("http://{}", server.address);
    for _ in 0..2 {
        let endpoint =
            Endpoint::with_keys("eu-central-1".into(), Some(url.clone()), "a", "b", None);
        let client = with_http_client(endpoint, http.clone());
        client.list_tables().send().await.unwrap();
        client.list_tables().send().await.unwrap();
    }

    assert_eq!(server.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn failures_that_may_pass_are_tried_again() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = closed.local_addr().unwrap();
    drop(closed);
    let failed = client("http", nobody).list_tables().send().await;
    let is_io = match failed.unwrap_err() {
        SdkError::DispatchFailure(failure) => failure.is_io(),
        _ => false,
    };
    assert!(is_io);

    for (scheme, manner, want) in [
        ("http", Manner::Closes, "IncompleteMessage"),
        ("https", Manner::IsSilent, "timeout occurred after 1s"),
        ("http", Manner::IsSilent, "attempt timeout"),
    ] {
        let server = Server::start(manner).await;

        let failed = client(scheme, server.address).list_tables().send().await;

        let failed = DisplayErrorContext(failed.unwrap_err()).to_string();
        assert!(failed.contains(want), "{manner:?}: {failed}");
        assert_eq!(server.connections(), 3, "{manner:?}");
    }
}
