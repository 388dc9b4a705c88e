//! An HTTP/1.1 client, with as many connections as there are calls in progress.

use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::calls::{Call, Reply};

/// The time after which an answer is given up. The service itself answers within 25 s.
const TIMEOUT: Duration = Duration::from_secs(40);

pub struct Client {
    address: SocketAddr,
    /// The connections without a call; the last one was used last.
    idle: Mutex<Vec<SendRequest<Full<Bytes>>>>,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            idle: Mutex::default(),
        }
    }

    /// Makes a call. An error is one of the transport, in words.
    pub async fn send(&self, call: &Call) -> Result<Reply, String> {
        match tokio::time::timeout(TIMEOUT, self.try_send(call)).await {
            Ok(outcome) => outcome.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} s", TIMEOUT.as_secs())),
        }
    }

    async fn try_send(
        &self,
        call: &Call,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        let mut connection = self.connection().await?;
        let mut request = Request::builder()
            .method(&call.method)
            .uri(&call.path)
            .header(HOST, self.address.to_string());
        if !call.body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(bearer) = &call.bearer {
            request = request.header(AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request = request.body(Full::new(call.body.clone()))?;
        let response = connection.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        if connection.ready().await.is_ok() {
            self.lock().push(connection);
        }
        Ok(Reply {
            status: head.status,
            has_retry_after: head.headers.contains_key(RETRY_AFTER),
            body,
        })
    }

    async fn connection(
        &self,
    ) -> Result<SendRequest<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
        while let Some(idle) = self.pop() {
            if idle.is_ready() {
                return Ok(idle);
            }
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its errors are those of the call that it carries.
        tokio::spawn(async move { connection.await.ok() });
        Ok(sender)
    }

    fn pop(&self) -> Option<SendRequest<Full<Bytes>>> {
        self.lock().pop()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<SendRequest<Full<Bytes>>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
