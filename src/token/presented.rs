use super::service_account::{self, ServiceAccountToken};
use super::session::SessionToken;
use crate::error::TokenFault;

/// A token that a request presents in its `Authorization` header. It has the form of a token;
/// whether it is valid is to be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PresentedToken {
    Session(SessionToken),
    ServiceAccount(ServiceAccountToken),
}

impl PresentedToken {
    /// Reads all values of a request's `Authorization` header. `None` is a request that presents
    /// no token to this service: it has no such header, or one of a scheme other than `Bearer`,
    /// which is for somebody else.
    ///
    /// Several values are refused, because others may look at another one than this service.
    ///
    /// # Errors
    ///
    /// - [`TokenFault::Missing`]: `Bearer` with nothing behind it, or several values without a
    ///   bearer token.
    /// - [`TokenFault::Invalid`]: a text that has not the form of a token, or a bearer token among
    ///   several values.
    pub fn from_authorization<'a>(
        values: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Option<Self>, TokenFault> {
        // What is not UTF-8 is no token.
        let values: Vec<_> = values.into_iter().map(String::from_utf8_lossy).collect();
        let tokens: Vec<_> = values.iter().filter_map(|value| bearer(value)).collect();
        match (values.as_slice(), tokens.as_slice()) {
            ([] | [_], []) => Ok(None),
            (_, tokens) if tokens.iter().all(|token| token.is_empty()) => Err(TokenFault::Missing),
            ([_], [token]) => Self::parse(token).map(Some).ok_or(TokenFault::Invalid),
            _ => Err(TokenFault::Invalid),
        }
    }

    /// Returns `None` for a text that can't be a token of this service.
    fn parse(text: &str) -> Option<Self> {
        if text.starts_with(service_account::PREFIX) {
            return ServiceAccountToken::parse(text.to_owned()).map(Self::ServiceAccount);
        }
        SessionToken::parse(text.to_owned()).ok().map(Self::Session)
    }
}

/// The token in a value of the scheme `Bearer`, in whatever case. It may be empty.
/// <https://www.rfc-editor.org/rfc/rfc6750#section-2.1>
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then_some(token.trim_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SessionId, UserId, UserRef};

    fn read(values: &[&str]) -> Result<Option<PresentedToken>, TokenFault> {
        PresentedToken::from_authorization(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn a_token_is_known_by_its_form() {
        let id = SessionId::generate();
        let session = SessionToken::generate(id, None).unwrap();
        let user = UserRef::from(&UserId::parse("ada".to_owned()).unwrap());
        let of_user = SessionToken::generate(id, Some(user)).unwrap();
        let account = ServiceAccountToken::generate().unwrap();
        let without_end = |token: &str| token[..token.len() - 1].to_owned();

        for (token, user) in [(&session, None), (&of_user, Some(user))] {
            let read = SessionToken::parse(token.as_str().to_owned()).unwrap();
            assert_eq!(read.hash(), token.hash());
            assert_eq!((read.session(), read.user()), (id, user));
        }
        let of_session = |token: &SessionToken| Some(PresentedToken::Session(token.clone()));
        let of_account = Some(PresentedToken::ServiceAccount(account.clone()));
        let in_other_base64 = session.as_str().replace(['-', '_'], "+");
        for (text, want) in [
            (session.as_str(), of_session(&session)),
            (of_user.as_str(), of_session(&of_user)),
            (account.as_str(), of_account),
            (&*without_end(of_user.as_str()), None),
            (&*format!("{}A", of_user.as_str()), None),
            (&*without_end(session.as_str()), None),
            (&*without_end(account.as_str()), None),
            (&*format!("{}A", session.as_str()), None),
            (&*format!("{}=", account.as_str()), None),
            (&*format!("+{}", &in_other_base64[1..]), None),
            ("", None),
            ("sesame_", None),
            ("stub-pat", None),
        ] {
            assert_eq!(PresentedToken::parse(text), want, "{text}");
        }
    }

    #[test]
    fn one_authorization_header_with_one_bearer_token_is_read() {
        use TokenFault::{Invalid, Missing};

        let token = ServiceAccountToken::generate().unwrap();
        let with = |scheme: &str| format!("{scheme} {}", token.as_str());
        let bearer = with("Bearer");
        let found = || Ok(Some(PresentedToken::ServiceAccount(token.clone())));
        for (values, want) in [
            (&[&*bearer][..], found()),
            (&[&*with("bearer")], found()),
            (&[&*with("BEARER ")], found()),
            (&[&*format!("{bearer} ")], found()),
            (&[], Ok(None)),
            (&[""], Ok(None)),
            (&["Basic bWluaTptb3VzZQ=="], Ok(None)),
            (&["Bearer"], Ok(None)),
            (&["Bearer "], Err(Missing)),
            (&["Bearer stub-pat"], Err(Invalid)),
            (&[&*format!("{bearer},{bearer}")], Err(Invalid)),
            (&[&*bearer, &*bearer], Err(Invalid)),
            (&[&*bearer, "Basic bWluaTptb3VzZQ=="], Err(Invalid)),
            (&["Basic bWluaTptb3VzZQ==", &*bearer], Err(Invalid)),
            (&["Bearer ", &*bearer], Err(Invalid)),
            (&["Bearer ", "Bearer "], Err(Missing)),
            (
                &["Basic bWluaTptb3VzZQ==", "Basic bWluaTptb3VzZQ=="],
                Err(Missing),
            ),
        ] {
            assert_eq!(read(values), want, "{values:?}");
        }
        let not_text = PresentedToken::from_authorization([&b"Bearer \xff"[..]]);
        assert_eq!(not_text, Err(Invalid));
    }
}
