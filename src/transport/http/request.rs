//! A request, from the moment at which its head has arrived.

use std::sync::{Arc, Mutex};

use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;

use super::connections::{Connection, Room};
use super::grpc;
use super::guard::Guard;
use crate::api;
use crate::lock::lock;

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
    held: Arc<Mutex<Option<Held>>>,
    _unfinished: Option<Guard>,
}

/// What a request holds, for as long as it can be given up.
struct Held {
    request: api::Request,
    body: Vec<u8>,
    room: Vec<Room>,
    refuse: Refuse,
}

/// Answers a request with its refusal.
type Refuse = Box<dyn FnOnce(&api::Request) + Send>;

impl IncomingRequest {
    /// Takes room for a request. If there is none, it is refused, unless it `is_essential`. One that
    /// `is_complete` is not given up for others.
    pub fn new(
        connection: &Arc<Connection>,
        request: api::Request,
        is_essential: bool,
        is_complete: bool,
        refuse: Refuse,
    ) -> Self {
        let room = connection.take_request(head_bytes(&request));
        let lacks_room = room.is_none() && !is_essential;
        let held = Arc::new(Mutex::new(Some(Held {
            request,
            body: Vec::with_capacity(FIRST_BYTES),
            room: room.into_iter().collect(),
            refuse,
        })));
        if lacks_room && give_up(&held) {
            connection.record_loss();
        }
        let unfinished = Arc::clone(&held);
        Self {
            connection: Arc::clone(connection),
            held,
            _unfinished: (!is_complete)
                .then(|| connection.add_unfinished(Arc::new(move || give_up(&unfinished)))),
        }
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

    /// Keeps the first bytes of some data, and returns how many. The request is refused if there is
    /// no room for them.
    fn keep(&self, data: &[u8], max_kept: usize) -> usize {
        let Some((length, capacity)) = self.body_size() else {
            return 0;
        };
        let fits = data.len().min(max_kept - length);
        if length + fits > capacity {
            // A vector would double its capacity beyond the longest body.
            let wanted = (length + fits).max(2 * capacity).min(max_kept);
            // This may give up the request itself, so its lock is not held meanwhile.
            let Some(room) = self.connection.take_request(wanted - capacity) else {
                if give_up(&self.held) {
                    self.connection.record_loss();
                }
                return 0;
            };
            if let Some(held) = &mut *lock(&self.held) {
                held.room.push(room);
                held.body.reserve_exact(wanted - length);
            }
        }
        if let Some(held) = &mut *lock(&self.held) {
            held.body.extend_from_slice(&data[..fits]);
        }
        fits
    }

    /// The length and the capacity of the body. `None`: the request is refused.
    fn body_size(&self) -> Option<(usize, usize)> {
        let held = lock(&self.held);
        let body = &held.as_ref()?.body;
        Some((body.len(), body.capacity()))
    }

    /// Begins the work of the request. `None`: it is refused.
    pub fn begin(&self) -> Option<(api::Request, Vec<Room>)> {
        let mut held = lock(&self.held).take()?;
        held.request.body = held.body.into();
        Some((held.request, held.room))
    }
}

/// Frees what a request holds, and has it refused. `false`: nothing is left.
fn give_up(held: &Mutex<Option<Held>>) -> bool {
    let held = lock(held).take();
    held.map(|held| (held.refuse)(&held.request)).is_some()
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use bytes::Bytes;
    use http::Method;

    use super::super::connections::Connections;
    use super::super::limits::Limits;
    use super::*;
    use crate::api::WireLimits;

    #[tokio::test]
    async fn a_body_grows_with_its_room_or_is_refused() {
        const WIRE: WireLimits = WireLimits {
            body: 64 * 1024,
            message: 64 * 1024,
        };
        let limits = Limits {
            body_bytes: 1 << 20,
            ..Limits::DEFAULT
        };
        let all = Connections::new(&limits, &WIRE);
        let (connection, _place) = all.open([127, 0, 0, 1].into()).await;
        let request = || api::Request {
            method: Method::POST,
            path: "/v2/sessions".to_owned(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
            context: api::RequestContext::default(),
        };
        let refused = Arc::new(AtomicU32::new(0));
        let begin = || {
            let refused = Arc::clone(&refused);
            let refuse = move |_: &_| _ = refused.fetch_add(1, Ordering::Relaxed);
            IncomingRequest::new(&connection, request(), false, false, Box::new(refuse))
        };
        let counted = |rooms: &[Room]| rooms.iter().map(|room| room.0.num_permits()).sum::<usize>();

        let incoming = begin();
        let kept: usize = (0..3)
            .map(|_| incoming.keep(&[b'x'; 16 * 1024], WIRE.body))
            .sum();
        let (request, room) = incoming.begin().unwrap();
        assert_eq!((request.body.len(), kept), (48 * 1024, 48 * 1024));
        assert!(counted(&room) >= REQUEST_BYTES + 48 * 1024);

        // What others hold has begun, so they lose nothing.
        let incoming = begin();
        let mut others = Vec::new();
        while others.last().is_none_or(Option::is_some) {
            let (other, _) = all.open([127, 0, 0, 2].into()).await;
            others.push(other.take_request(8 * 1024));
        }
        assert_eq!(incoming.keep(&[b'x'; 16 * 1024], WIRE.body), 0);
        assert!(incoming.begin().is_none());
        assert_eq!(refused.load(Ordering::Relaxed), 1);
    }
}
