use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use sesame::transport::http::{Limits, Tls};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::cli::local::LocalServer;
use crate::support::cli::process::{Dev, Running, curl, demo_login, dev, head, run};
use crate::support::cli::service::Service;
use crate::support::record;

/// A self-signed certificate of `127.0.0.1`.
pub struct Certificate {
    folder: TempDir,
    pem: String,
    key: String,
}

impl Certificate {
    pub fn make() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = Self {
            folder: tempfile::tempdir().unwrap(),
            pem: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
        };
        // The lines between the first and the last, which name the kind.
        let lines: Vec<_> = certificate.key.lines().collect();
        for line in &lines[1..lines.len() - 1] {
            record::secret(Some(line));
        }
        certificate.write("cert.pem", &certificate.pem);
        certificate.write("key.pem", &certificate.key);
        certificate
    }

    fn write(&self, name: &str, text: &str) -> String {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The path of the file with the certificate.
    pub fn file(&self) -> String {
        self.path("cert.pem").to_str().unwrap().to_owned()
    }

    pub fn options(&self) -> [String; 4] {
        let path = |name| self.path(name).to_str().unwrap().to_owned();
        let names = ["--tls-cert", "--tls-key"].map(str::to_owned);
        let [certificate, key] = names;
        [certificate, path("cert.pem"), key, path("key.pem")]
    }

    /// A `sesame dev` with this certificate.
    pub fn dev(&self, options: &[&str]) -> Dev {
        let own = self.options();
        let options = [options, &own.each_ref().map(String::as_str)].concat();
        Dev::with(&options)
    }

    /// A client after its handshake.
    fn connect(&self, dev: &Dev) -> StreamOwned<ClientConnection, TcpStream> {
        self.negotiate(&dev.url, &[])
    }

    /// A client after its handshake, which has offered these protocols.
    fn negotiate(&self, url: &str, alpn: &[&[u8]]) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        let der = CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap();
        roots.add(der).unwrap();
        let provider = tokio_rustls::rustls::crypto::ring::default_provider();
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(client, connect(url));
        stream.conn.complete_io(&mut stream.sock).unwrap();
        stream
    }
}

/// Connects without sending anything.
fn connect(url: &str) -> TcpStream {
    let stream = TcpStream::connect(url.strip_prefix("https://").unwrap()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

/// A time far below the limits that a test doesn't set.
const SOON: Duration = Duration::from_secs(30);

#[test]
fn the_client_chooses_the_versions_of_tls_and_http() {
    let certificate = Certificate::make();
    let dev = certificate.dev(&[]);
    let url = format!("{}/v2alpha/sessions", dev.url);
    let [_, cert, ..] = certificate.options();
    for (options, want) in [
        (["--http2", "--tlsv1.3"], "2 200"),
        (["--http1.1", "--tlsv1.3"], "1.1 200"),
        (["--http2", "--tls-max=1.2"], "2 200"),
        (["--no-alpn", "--tls-max=1.2"], "1.1 200"),
    ] {
        let told = ["-o", "/dev/null", "-w", "%{http_version} %{http_code}"];
        let call = ["--cacert", &cert, "-d", &demo_login(), &url];
        let options = options.iter().flat_map(|option| option.split('='));
        let options = options.chain(told).chain(call).collect::<Vec<_>>();
        assert_eq!(curl(&options), want);
    }
}

const HTTP_1: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const HTTP_2: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

#[test]
fn the_version_that_was_negotiated_is_served_and_no_other() {
    let certificate = Certificate::make();
    let dev = certificate.dev(&[]);
    let (h2, http_1): (&[u8], &[u8]) = (b"h2", b"http/1.1");
    for (alpn, sent, is_served) in [
        (&[h2][..], HTTP_2, true),
        (&[http_1], HTTP_1, true),
        (&[http_1, h2], HTTP_2, true),
        (&[], HTTP_1, true),
        (&[], HTTP_2, true),
        (&[h2], HTTP_1, false),
        (&[http_1], HTTP_2, false),
        (&[http_1, h2], HTTP_1, false),
    ] {
        let mut client = certificate.negotiate(&dev.url, alpn);
        client.write_all(sent).unwrap();
        // The 9 bytes are "HTTP/1.1 " or the head of the server's SETTINGS, of kind 4. What is not
        // served may end with an alert, an error or nothing.
        let mut start = [0; 9];
        let read = client.read_exact(&mut start);
        let got = match (read, start) {
            (Ok(()), [b'H', b'T', b'T', b'P', ..]) => {
                let mut rest = Vec::new();
                let _ = client.read_to_end(&mut rest);
                rest.starts_with(b"200").then_some(HTTP_1)
            }
            (Ok(()), [_, _, _, 4, ..]) => Some(HTTP_2),
            _ => None,
        };
        let is_answered = got == Some(sent);
        assert_eq!(is_answered, is_served, "{alpn:?} {start:?}");
    }
}

#[test]
fn serve_with_tls_tells_browsers_to_keep_to_it() {
    const HSTS: &str = "strict-transport-security: max-age=31536000";
    const RPC: &str = "/zitadel.session.v2.SessionService/CreateSession";

    let certificate = Certificate::make();
    let dev = certificate.dev(&[]);
    let plain = Dev::start();
    let own = certificate.options();
    let serve = Service::over(&plain.database, &own.each_ref().map(String::as_str));
    let without = Service::over(&plain.database, &[]);
    for (url, want) in [
        (&serve.url, true),
        (&dev.url, false),
        (&plain.url, false),
        (&without.url, false),
    ] {
        for options in [
            &["/healthz"][..],
            &["/readyz", "--head"],
            &["/v2/sessions", "-d", "{}"],
            &["/v2/sessions/none"],
            &["/v2/sessions", "-X", "PUT"],
            &["/nothing"],
            &["/healthz", "--http1.1", "-H", "Host: a b"],
            &[RPC, "-d", "{}", "-H", "Content-Type: application/json"],
            &[RPC, "-X", "POST", "-H", "Content-Type: application/grpc"],
            &[
                "/grpc.health.v1.Health/Check",
                "--http2",
                "-X",
                "POST",
                "-H",
                "Content-Type: application/grpc",
            ],
        ] {
            let target = format!("{url}{}", options[0]);
            let call = ["-i", "--cacert", &own[1], &target];
            let answer = curl(&[&call, &options[1..]].concat()).to_lowercase();
            assert!(answer.starts_with("http/"), "{url} {options:?}: {answer}");
            assert_eq!(answer.contains(HSTS), want, "{url} {options:?}: {answer}");
        }
    }
}

#[test]
fn the_printed_call_trusts_the_certificate() {
    let certificate = Certificate::make();
    let mut process = Running::start(dev(&[]).args(certificate.options()));
    let mut line = process.line();
    while !line.trim().starts_with("curl") {
        line = process.line();
    }

    let output = Command::new("sh").args(["-c", &line]).output().unwrap();

    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["details"]["sequence"], "4", "{answer}");
    record::secret(answer["sessionToken"].as_str());
}

#[test]
fn files_that_are_no_certificate_or_key_are_refused() {
    let certificate = Certificate::make();
    let other = Certificate::make();
    let [_, cert, _, key] = certificate.options();
    let [_, _, _, other_key] = other.options();
    let missing = certificate.path("missing").to_str().unwrap().to_owned();
    let broken = certificate.write("broken", &certificate.pem.replace("MII", "***"));
    let half_key = certificate.write("half", &certificate.key[..certificate.key.len() / 2]);
    let wrong_key = certificate.key.replacen("MI", "MA", 1);
    let wrong_key = certificate.write("wrong", &wrong_key);

    for (cert, key, code, want) in [
        (&cert, &missing, 1, "missing, which is what --tls-key says"),
        (&missing, &key, 1, "missing, which is what --tls-cert says"),
        (&key, &key, 1, "has no certificate in it"),
        (&broken, &key, 1, "has no certificate in it"),
        (&cert, &cert, 1, "has no private key in it"),
        (&cert, &half_key, 1, "has no private key in it"),
        (&cert, &wrong_key, 1, "can't be used"),
        (&cert, &other_key, 1, "does not belong to the certificate"),
        (&cert, &String::new(), 2, "--tls-key is missing"),
        (&String::new(), &key, 2, "--tls-cert is missing"),
    ] {
        let mut command = dev(&["--ready-json"]);
        command.envs([("TLS_CERT", cert), ("TLS_KEY", key)]);

        let done = run(&mut command, "").expect(code);

        assert!(done.stderr.contains(want), "{want}: {done:?}");
        for line in certificate.key.lines().chain(other.key.lines()) {
            assert!(!done.stderr.contains(line), "{want}");
        }
    }
}

#[test]
fn one_file_may_hold_certificate_and_key() {
    let certificate = Certificate::make();
    let both = certificate.write("both", &(certificate.key.clone() + &certificate.pem));

    let dev = Dev::with(&["--tls-cert", &both, "--tls-key", &both]);

    assert!(dev.url.starts_with("https://127.0.0.1:"));
    certificate.connect(&dev);
}

#[test]
fn plain_http_on_the_tls_port_gets_no_answer() {
    let certificate = Certificate::make();
    let dev = certificate.dev(&[]);
    for text in [
        head("", 0),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_owned(),
    ] {
        let mut stream = connect(&dev.url);
        stream.write_all(text.as_bytes()).unwrap();

        let mut answer = Vec::new();
        match stream.read_to_end(&mut answer) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
        // It sends an alert at most.
        assert!(
            !answer.starts_with(b"HTTP") && answer.len() < 10,
            "{answer:?}"
        );
    }
}

#[test]
fn a_handshake_and_the_first_request_have_a_deadline() {
    // The head of a record that is never sent.
    const RECORD: &[u8] = &[22, 3, 1, 2, 0, 1];

    let certificate = Certificate::make();
    let tls = Tls::new(certificate.pem.as_bytes(), certificate.key.as_bytes());
    let limit = |limits: &mut Limits| {
        limits.headers = Duration::from_millis(200);
        limits.idle = Duration::from_millis(200);
    };
    let server = LocalServer::with(limit, Some(tls.unwrap()));
    for begin in [&[][..], RECORD] {
        let mut stream = connect(&server.url);
        stream.write_all(begin).unwrap();
        // Other clients don't have to wait.
        certificate.negotiate(&server.url, &[]);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }

    for begin in [&b""[..], b"GET / HT"] {
        let mut stream = certificate.negotiate(&server.url, &[]);
        stream.write_all(begin).unwrap();
        let cut = stream.read(&mut [0]);
        // The alert of an orderly end is missing.
        assert_eq!(cut.unwrap_err().kind(), ErrorKind::UnexpectedEof);
    }
}

#[test]
fn handshakes_do_not_delay_the_shutdown() {
    let certificate = Certificate::make();
    let dev = certificate.dev(&[]);
    let silent = connect(&dev.url);
    let mut idle = certificate.connect(&dev);
    idle.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .unwrap();
    idle.read_exact(&mut [0; 12]).unwrap();

    let started = Instant::now();
    dev.stop().expect(0);

    assert!(started.elapsed() < SOON);
    drop(silent);
}
