use std::io::Write;
use std::net::{TcpListener, TcpStream};

use sesame::emulator::Emulator;
use tokio::sync::oneshot;

use super::{client, create_table, is_stored};

#[tokio::test]
async fn a_server_that_has_ended_frees_its_port_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    let (stop, stopped) = oneshot::channel::<()>();
    // The port that is freed could be given to any other test that asks for one of 127.0.0.1.
    let listener = TcpListener::bind("127.0.0.3:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Emulator::open(&path)
        .unwrap()
        .serve(listener, Vec::new(), async { drop(stopped.await) })
        .unwrap();
    // A client in the middle of a request must not delay the end forever.
    let mut half = TcpStream::connect(address).unwrap();
    half.write_all(b"POST / HTTP/1.1\r\n").unwrap();

    stop.send(()).unwrap();
    server.await.unwrap();
    Emulator::open(&path).unwrap();
    TcpListener::bind(address).unwrap();
}

/// A page that a developer visits can send requests to this machine, so they must not be carried
/// out.
#[tokio::test]
async fn requests_from_web_pages_are_refused() {
    use std::io::Read;

    let emulator = Emulator::in_memory().unwrap();
    create_table(&client(emulator.http_client())).await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let hosts = vec![sesame::emulator::HostName::parse("dynamodb").unwrap()];
    let address = listener.local_addr().unwrap();
    let server = emulator.serve(listener, hosts, std::future::pending());
    drop(server.unwrap());
    let ask = |method: &str, headers: &str| {
        let body = r#"{"TableName":"things","Item":{"pk":{"S":"page"}}}"#;
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "{method} / HTTP/1.1\r\nx-amz-target: DynamoDB_20120810.PutItem\r\n\
             connection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len(),
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            !answer.to_lowercase().contains("access-control"),
            "{answer}"
        );
        answer.split(' ').nth(1).unwrap().to_owned()
    };
    for (method, host, origin) in [
        ("POST", "localhost", Some("https://evil.example")),
        ("POST", "localhost", Some("http://localhost:8000")),
        ("POST", "localhost", Some("null")),
        ("POST", "localhost", Some("")),
        ("POST", "evil.example:8000", None),
        ("OPTIONS", "localhost", Some("https://evil.example")),
        ("GET", "evil.example", None),
    ] {
        let origin = origin.map(|origin| format!("origin: {origin}\r\n"));
        let headers = format!("host: {host}\r\n{}", origin.unwrap_or_default());
        assert_eq!(ask(method, &headers), "403", "{method} {headers}");
    }
    let stored = client(emulator.http_client());
    assert!(!is_stored(&stored, "page").await);
    for host in ["localhost", "dynamodb:8000", "127.0.0.1"] {
        assert_eq!(ask("POST", &format!("host: {host}\r\n")), "200", "{host}");
    }
    assert!(is_stored(&stored, "page").await);
}
