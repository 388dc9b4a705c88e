//! A request, from the moment at which its head has arrived.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::sync::oneshot;

use super::connections::{Connection, GiveUp, Room};
use super::grpc;
use super::guard::Guard;
use crate::api;

/// What a request costs beside its fields: its stream in `h2`, its task, its timer, and the room
/// for the first bytes of its body. Measured with 13,000 streams that never end.
const REQUEST_BYTES: usize = 5 * 1024;
/// A message of gRPC's own services needs no more room.
const FIRST_BYTES: usize = grpc::MAX_BODY;

/// What a field of the head or the query costs beside its name and its value: the allocations of
/// the two, and the pair.
const FIELD_BYTES: usize = 96;
/// What room for a field costs in a [`HeaderMap`]: an entry, and its place in the index.
const ENTRY_BYTES: usize = 104 + 6;
/// What each further value of one name costs there, in a vector that doubles.
const EXTRA_VALUE_BYTES: usize = 2 * 72;

/// How many bytes of a body that is too long are read and discarded.
///
/// A client that is still sending when its connection is closed, or that waits until it may go on,
/// might never see the response.
const MAX_DISCARDED_BYTES: usize = 2 * 1024 * 1024;

/// A request whose body may be incomplete.
pub struct IncomingRequest {
    connection: Arc<Connection>,
    shared: Arc<Shared>,
    _unfinished: Guard,
}

/// What a request holds, for as long as it can be given up.
struct Shared {
    held: Mutex<Option<Held>>,
    refuse: Refuse,
}

struct Held {
    request: api::Request,
    body: Vec<u8>,
    room: Vec<Room>,
    refused: oneshot::Sender<Response<api::Body>>,
}

/// Makes the refusal of a request.
type Refuse = Box<dyn Fn(&api::Request) -> Response<api::Body> + Send + Sync>;

impl IncomingRequest {
    /// Takes room for a request, and gives the receiver of its refusal. If there is no room, it is
    /// refused, unless it `is_essential`.
    pub fn new(
        connection: &Arc<Connection>,
        request: api::Request,
        is_essential: bool,
        refuse: Refuse,
    ) -> (Self, oneshot::Receiver<Response<api::Body>>) {
        let room = connection.take_request(head_bytes(&request));
        let lacks_room = room.is_none() && !is_essential;
        let (refused, refusal) = oneshot::channel();
        let held = Mutex::new(Some(Held {
            request,
            body: Vec::with_capacity(FIRST_BYTES),
            room: room.into_iter().collect(),
            refused,
        }));
        let shared = Arc::new(Shared { held, refuse });
        if lacks_room {
            shared.give_up();
        }
        let incoming = Self {
            connection: Arc::clone(connection),
            _unfinished: connection.add_unfinished(Arc::clone(&shared) as _),
            shared,
        };
        (incoming, refusal)
    }

    /// Reads the body, of which it keeps the first bytes.
    pub async fn read(
        &self,
        body: &mut Option<Incoming>,
        max_kept: usize,
    ) -> Result<(), hyper::Error> {
        let mut discarded = 0;
        while discarded <= MAX_DISCARDED_BYTES
            && let Some(body) = &mut *body
            && let Some(frame) = body.frame().await
        {
            if let Ok(data) = frame?.into_data() {
                discarded += data.len() - self.keep(&data, max_kept);
            }
        }
        Ok(())
    }

    /// Keeps the first bytes of some data, and returns how many.
    fn keep(&self, data: &[u8], max_kept: usize) -> usize {
        let (fits, growth) = {
            let mut held = self.shared.held();
            let Some(Held { body, .. }) = &mut *held else {
                return 0;
            };
            let fits = data.len().min(max_kept - body.len());
            let (length, capacity) = (body.len() + fits, body.capacity());
            if length > capacity {
                // A vector would double its capacity beyond the longest body.
                body.reserve_exact(length.max(2 * capacity).min(max_kept) - body.len());
            }
            body.extend_from_slice(&data[..fits]);
            (fits, body.capacity() - capacity)
        };
        if growth > 0 {
            match (
                self.connection.take_request(growth),
                &mut *self.shared.held(),
            ) {
                (Some(more), Some(held)) => held.room.push(more),
                (more, _) => drop(more),
            }
        }
        fits
    }

    /// Begins the work of the request. `None`: it is refused.
    pub fn begin(&self) -> Option<(api::Request, Vec<Room>)> {
        let mut held = self.shared.held().take()?;
        held.request.body = held.body.into();
        Some((held.request, held.room))
    }
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GiveUp for Shared {
    fn give_up(&self) -> bool {
        let Some(Held {
            request, refused, ..
        }) = self.held().take()
        else {
            return false;
        };
        // The client may be gone.
        let _ = refused.send((self.refuse)(&request));
        true
    }
}

/// Copies headers into memory of their own: those that `hyper` hands out keep whole buffers alive.
pub fn copy(headers: &HeaderMap) -> HeaderMap {
    let copies = headers.iter().filter_map(|(name, value)| {
        let name = HeaderName::from_bytes(name.as_str().as_bytes());
        let value = HeaderValue::from_bytes(value.as_bytes());
        name.ok().zip(value.ok())
    });
    copies.collect()
}

/// The bytes that a request without its body occupies.
fn head_bytes(request: &api::Request) -> usize {
    let headers = &request.headers;
    let query = request.query.iter();
    let query = query.map(|(name, value)| name.len() + value.len() + FIELD_BYTES);
    let fields = headers.iter();
    let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + FIELD_BYTES);
    REQUEST_BYTES
        + request.path.len()
        + query.chain(fields).sum::<usize>()
        + headers.capacity() * ENTRY_BYTES
        + (headers.len() - headers.keys_len()) * EXTRA_VALUE_BYTES
}
