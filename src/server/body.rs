use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::timeout;

/// Of what is too long, this many bytes more are read and thrown away: a client that is
/// still sending when its connection is closed may never see the answer.
const PASSED_OVER: usize = 1024 * 1024;

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

/// The body, or the first `most + 1` bytes of one that is longer.
pub async fn read(mut body: Incoming, most: usize, within: Duration) -> Result<Bytes, Broken> {
    timeout(within, async {
        let mut kept = BytesMut::new();
        let mut passed_over = 0;
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            let room = most + 1 - kept.len();
            let fits = data.len().min(room);
            kept.extend_from_slice(&data[..fits]);
            passed_over += data.len() - fits;
            if passed_over > PASSED_OVER {
                break;
            }
        }
        Ok(kept.freeze())
    })
    .await?
}
