//! A call as a type: its messages, how a request is read from one, and how a reply becomes one.

use std::pin::Pin;

use http::HeaderMap;
use prost::Message as _;

use super::codec::json::Encoded;
use super::codec::{self, Answer};
use super::{MatchedRoute, Request, Version, WireLimits};
use crate::domain::{Operation, Permit, operations};
use crate::error::Error;
use crate::service::{self, Context, Service, UseCase};

/// A call of the API. Each is one file, which says how its message is read and answered; the use
/// case says what is done.
pub trait Call: UseCase {
    /// v2's message. An older version's fields are among its fields.
    type Request: prost::Message + Default;
    type Reply: prost::Message;

    /// Whether JSON's routes answer it with the status of what was created.
    const CREATES: bool = false;

    /// Reads the request from its message, which it takes apart field by field: so a field that is
    /// added to the message doesn't compile until it is read here.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidArgument`]: a field is over its limits.
    fn read(message: Self::Request, with: Envelope) -> Result<Self, Error>;

    fn reply(outcome: Self::Outcome) -> Self::Reply;
}

/// The version and the headers of a request, and a text that its message has no room for.
pub struct Envelope<'a> {
    pub version: Version,
    pub headers: &'a HeaderMap,
    /// The other member of a oneof of which JSON may have two.
    pub second: Option<String>,
}

/// Reads the call in a request.
///
/// # Errors
///
/// - [`Error::Malformed`], [`Error::InvalidArgument`]: it can't be read, or a field is over its
///   limits.
/// - [`Error::BodyTooLarge`]: the message in it is longer than the limit.
/// - [`Error::Unimplemented`], [`Error::UnsupportedEncoding`]: it wants what this service
///   doesn't do.
pub fn read<C: Call>(
    route: &MatchedRoute,
    request: &Request,
    limits: WireLimits,
) -> Result<C, Error> {
    let Encoded { bytes, second, .. } = codec::decode(route, request, limits)?;
    // The decoder's errors name fields and wire types, and quote nothing.
    let message = C::Request::decode(bytes.as_slice())
        .map_err(|error| Error::Malformed(format!("the message can't be read: {error}")))?;
    C::read(
        message,
        Envelope {
            version: route.procedure.version,
            headers: &request.headers,
            second,
        },
    )
}

/// The answer to a call that was carried out.
pub fn answer<C: Call>(outcome: C::Outcome) -> Answer {
    Answer {
        message: C::reply(outcome).encode_to_vec(),
        creates: C::CREATES,
    }
}

/// Carries a call out, on the heap: where nothing is optimized, the dispatch would otherwise have room
/// for every call on the stack, half of what a thread has.
fn carried_out<'a, C: Call + Send + 'a>(
    call: C,
    service: &'a Service,
    permit: &'a Permit,
    context: &'a Context,
) -> Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send + 'a>> {
    Box::pin(async move {
        let outcome = service.run(call, permit, context).await?;
        Ok(answer::<C>(outcome))
    })
}

macro_rules! dispatch {
    ($($call:ident: $rules:expr,)*) => {
        /// Carries out the call of a route.
        ///
        /// # Errors
        ///
        /// Those of [`read`] and of the call.
        pub(crate) async fn carry_out(
            route: &MatchedRoute,
            request: &Request,
            limits: WireLimits,
            service: &Service,
            permit: &Permit,
            context: &Context,
        ) -> Result<Answer, Error> {
            match route.procedure.operation {
                $(Operation::$call => {
                    let call: service::$call = read(route, request, limits)?;
                    carried_out(call, service, permit, context).await
                })*
            }
        }

        /// Checks that the request of a route can be read, without carrying it out.
        ///
        /// # Errors
        ///
        /// Those of [`read`].
        pub fn check(
            route: &MatchedRoute,
            request: &Request,
            limits: WireLimits,
        ) -> Result<(), Error> {
            match route.procedure.operation {
                $(Operation::$call => read::<service::$call>(route, request, limits).map(drop),)*
            }
        }
    };
}
operations!(dispatch);

#[cfg(test)]
mod tests;
