use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::budget::{Budget, Reservation};

/// How many bytes of a body that is too long are read and discarded.
///
/// A client that is still sending when its connection is closed, or that waits until it may go on,
/// might never see the response.
const MAX_DISCARDED_BYTES: usize = 2 * 1024 * 1024;

/// Why a request gets no response.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    #[error("the body broke off")]
    Disconnected(#[from] hyper::Error),
    #[error("the body took too long")]
    TimedOut(#[from] tokio::time::error::Elapsed),
    #[error("the call was cut off")]
    Aborted(#[source] tokio::task::JoinError),
}

/// The body of a request.
#[derive(Debug)]
pub struct ReceivedBody {
    pub data: Bytes,
    /// What the head and the body of the request take of the budget.
    pub reservation: Reservation,
    /// The budget had no room for the request, so `data` is empty.
    pub exceeds_budget: bool,
}

/// Reads a body, or the first `max_bytes + 1` bytes of one that is longer.
///
/// The body and the `head_bytes` in front of it are reserved in the connection's share of `budget`;
/// if there is no room, the body is discarded.
pub async fn read(
    mut body: Incoming,
    head_bytes: usize,
    max_bytes: usize,
    time_limit: Duration,
    budget: &Budget,
) -> Result<ReceivedBody, RequestError> {
    timeout(time_limit, async {
        let mut reservation = budget.reserve_nothing();
        let mut kept = BytesMut::new();
        let mut discarded = 0;
        let mut exceeds_budget = !reservation.grow(head_bytes);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            let room = max_bytes + 1 - kept.len();
            let fits = if exceeds_budget {
                0
            } else {
                data.len().min(room)
            };
            if reservation.grow(fits) {
                kept.extend_from_slice(&data[..fits]);
            } else {
                exceeds_budget = true;
                (reservation, kept) = (budget.reserve_nothing(), BytesMut::new());
            }
            discarded += data.len() - fits;
            if discarded > MAX_DISCARDED_BYTES {
                break;
            }
        }
        Ok(ReceivedBody {
            data: kept.freeze(),
            reservation,
            exceeds_budget,
        })
    })
    .await?
}
