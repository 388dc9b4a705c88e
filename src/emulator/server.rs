//! The emulator over HTTP, for the AWS CLI and for other processes.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use dynoxide::DynoxideError;
use tokio::sync::oneshot;

use super::Emulator;

/// DynamoDB itself deletes within days of the time
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/howitworks-ttl.html>).
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// For the requests under way when the server is to stop. A client that has sent
/// half a request would hold it for ever.
const GRACE: Duration = Duration::from_secs(2);

/// An emulator that listens, on a thread of its own.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ended: oneshot::Receiver<io::Result<()>>,
}

impl Emulator {
    /// Answers on `listener` until `shutdown` resolves, and sweeps what is past its
    /// time to live once a minute.
    ///
    /// Everything runs on one new thread: SQLite takes one request at a time anyway.
    /// `shutdown` runs there too.
    ///
    /// # Errors
    ///
    /// When the listener, the thread or its runtime can't be set up.
    pub fn serve(
        &self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<Server> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (end, ended) = oneshot::channel();
        let emulator = self.clone();
        std::thread::Builder::new()
            .name("dynamodb".to_owned())
            .spawn(move || {
                let outcome = runtime.block_on(serve(emulator.clone(), listener, shutdown));
                // Tasks may still hold the database; the file's lock goes after them.
                drop(runtime);
                drop(emulator);
                let _ = end.send(outcome);
            })?;
        Ok(Server { address, ended })
    }
}

impl Server {
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The endpoint to give to a client.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until the server has stopped and let go of the database.
    ///
    /// # Errors
    ///
    /// What ended it before its shutdown.
    pub async fn ended(self) -> io::Result<()> {
        self.ended
            .await
            .unwrap_or_else(|_| Err(io::Error::other("the emulator's thread panicked")))
    }
}

async fn serve(
    emulator: Emulator,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let database = emulator.database().clone();
    let (stopping, stopped) = oneshot::channel();
    let shutdown = async move {
        shutdown.await;
        let _ = stopping.send(());
    };
    let overdue = async move {
        let _ = stopped.await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        served = dynoxide::server::serve_with_shutdown(listener, database, shutdown) => {
            served.map_err(io::Error::other)
        }
        () = overdue => Ok(()),
        error = sweep_for_ever(emulator) => Err(io::Error::other(error)),
    }
}

/// Returns when a sweep fails, which no write would survive either.
async fn sweep_for_ever(emulator: Emulator) -> DynoxideError {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        ticks.tick().await;
        let emulator = emulator.clone();
        match tokio::task::spawn_blocking(move || emulator.sweep()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return error,
            Err(error) => return DynoxideError::InternalServerError(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use dynoxide::Database;
    use dynoxide::storage_backend::ManualClock;

    use super::*;
    use crate::emulator::operation;

    /// Epoch seconds.
    const NOW: u64 = 1_800_000_000;

    #[tokio::test(start_paused = true)]
    async fn what_expires_is_gone_after_a_minute() {
        let clock = ManualClock::new(NOW);
        let database = Database::memory_with_clock(clock.arc()).unwrap();
        let emulator = Emulator::over(database, None);
        for (action, body) in [
            (
                "CreateTable",
                r#"{"TableName":"things","BillingMode":"PAY_PER_REQUEST",
                    "AttributeDefinitions":[{"AttributeName":"pk","AttributeType":"S"}],
                    "KeySchema":[{"AttributeName":"pk","KeyType":"HASH"}]}"#,
            ),
            (
                "UpdateTimeToLive",
                r#"{"TableName":"things",
                    "TimeToLiveSpecification":{"AttributeName":"ttl","Enabled":true}}"#,
            ),
            (
                "PutItem",
                r#"{"TableName":"things","Item":{"pk":{"S":"a"},"ttl":{"N":"1800000001"}}}"#,
            ),
        ] {
            ask(&emulator, action, body);
        }
        let count = || ask(&emulator, "Scan", r#"{"TableName":"things"}"#)["Count"].clone();
        tokio::spawn(sweep_for_ever(emulator.clone()));

        tokio::time::sleep(SWEEP_EVERY / 2).await;
        clock.set(NOW + 2);
        assert_eq!(count(), 1);
        tokio::time::sleep(SWEEP_EVERY).await;
        assert_eq!(count(), 0);
    }

    fn ask(emulator: &Emulator, action: &str, body: &str) -> serde_json::Value {
        let answer = operation::run(emulator.database(), action, body.as_bytes());
        let body = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer.status, 200, "{action}: {body}");
        body
    }
}
