use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

use super::budget::{Budget, Held};

/// Of what is too long, this many bytes more are read and thrown away: a client that is
/// still sending when its connection is closed, or waits until it may go on, may never see the
/// answer.
const PASSED_OVER: usize = 2 * 1024 * 1024;

/// Why there is no request to answer.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    #[error("the body broke off")]
    Off(#[from] hyper::Error),
    #[error("the body took too long")]
    Late(#[from] tokio::time::error::Elapsed),
    #[error("the call was cut off")]
    Call(#[source] tokio::task::JoinError),
}

/// A body that has arrived.
#[derive(Debug)]
pub struct Arrived {
    pub data: Bytes,
    /// It counts for as long as somebody has it.
    pub held: Held,
    /// There was no room for all of it, and so nothing of it is here.
    pub is_cut: bool,
}

/// The body, or the first `most + 1` bytes of one that is longer. It takes what it holds, and
/// the `size_of_head` bytes of what came before it, from the connection's share of `budget`, and holds
/// nothing where there is none left.
pub async fn read(
    mut body: Incoming,
    size_of_head: usize,
    most: usize,
    within: Duration,
    budget: &Budget,
) -> Result<Arrived, Broken> {
    timeout(within, async {
        let mut held = budget.nothing();
        let mut kept = BytesMut::new();
        let mut passed_over = 0;
        let mut is_cut = !held.grow(size_of_head);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            let room = most + 1 - kept.len();
            let fits = if is_cut { 0 } else { data.len().min(room) };
            if held.grow(fits) {
                kept.extend_from_slice(&data[..fits]);
            } else {
                is_cut = true;
                (held, kept) = (budget.nothing(), BytesMut::new());
            }
            passed_over += data.len() - fits;
            if passed_over > PASSED_OVER {
                break;
            }
        }
        Ok(Arrived {
            data: kept.freeze(),
            held,
            is_cut,
        })
    })
    .await?
}
