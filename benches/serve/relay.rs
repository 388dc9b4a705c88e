//! A relay in front of the database, through which each answer takes a given time longer.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{self, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Relays connections until the listener fails.
pub async fn run(listener: TcpListener, to: SocketAddr, wait: Duration) -> io::Result<()> {
    loop {
        let (client, _) = listener.accept().await?;
        // An error of a connection is one that its client sees.
        tokio::spawn(async move { relay(client, to, wait).await.ok() });
    }
}

async fn relay(client: TcpStream, to: SocketAddr, wait: Duration) -> io::Result<()> {
    let database = TcpStream::connect(to).await?;
    client.set_nodelay(true)?;
    database.set_nodelay(true)?;
    let (mut requests, writer) = client.into_split();
    let (reader, mut sender) = database.into_split();
    let answers = tokio::spawn(relay_later(reader, writer, wait));
    io::copy(&mut requests, &mut sender).await?;
    answers.abort();
    Ok(())
}

/// Relays bytes that long after they came. Reading goes on meanwhile, so that the parts of an
/// answer do not wait for each other.
async fn relay_later(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    wait: Duration,
) -> io::Result<()> {
    let (came, mut due) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        while let Some((at, bytes)) = due.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
    });
    loop {
        let mut bytes = Vec::with_capacity(16 * 1024);
        if from.read_buf(&mut bytes).await? == 0 {
            return Ok(());
        }
        if came.send((Instant::now() + wait, bytes)).is_err() {
            return Ok(());
        }
    }
}
