use std::io::Write;
use std::net::{TcpListener, TcpStream};

use sesame::emulator::Emulator;
use tokio::sync::oneshot;

use super::{client, create_table, is_stored, put, remote};

#[tokio::test]
async fn http_and_the_process_see_the_same_tables() {
    let emulator = Emulator::in_memory().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = emulator.serve(listener, std::future::pending()).unwrap();
    let far = remote(&server);

    create_table(&far).await;
    put(&far, "a").await;
    assert!(is_stored(&client(emulator.http_client()), "a").await);
}

#[tokio::test]
async fn a_server_that_has_ended_lets_go_of_port_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.db");
    let (stop, stopped) = oneshot::channel::<()>();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = Emulator::open(&path)
        .unwrap()
        .serve(listener, async { drop(stopped.await) })
        .unwrap();
    let address = server.address();
    // A client in the middle of a request must not hold it up for ever.
    let mut half = TcpStream::connect(address).unwrap();
    half.write_all(b"POST / HTTP/1.1\r\n").unwrap();

    stop.send(()).unwrap();
    server.ended().await.unwrap();
    Emulator::open(&path).unwrap();
    TcpListener::bind(address).unwrap();
}
