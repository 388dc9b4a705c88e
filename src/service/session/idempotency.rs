use super::checks::VerifiedUser;
use crate::domain::{
    Factor, IdempotencyKey, Invalid, LoginName, Permit, PresentedOtp, PresentedRecoveryCode,
    Session, SessionId, TotpCode, UserId, UserRef, UserSearch, UserVerification,
};
use crate::error::Error;
use crate::service::{AskedChallenges, Context, CreateSession, Delivery, SecondChecks, Service};
use crate::token::{ServerKey, SessionToken};

/// The idempotency key of a create, with what is derived by it.
#[derive(Clone, Debug)]
pub(super) struct IdempotencyScope {
    pub server_key: ServerKey,
    pub fingerprint: [u8; 32],
    key: IdempotencyKey,
}

impl Service {
    /// The idempotency key of a request, if it has one.
    ///
    /// # Errors
    ///
    /// - [`Error::Unimplemented`]: the deployment has no key to derive tokens with.
    /// - [`Error::InvalidArgument`]: the principal is anonymous and the request has no user or no
    ///   password. Anyone could repeat such a request and get the session's token.
    pub(super) async fn idempotency(
        &self,
        request: &CreateSession,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<IdempotencyScope>, Error> {
        let Some(key) = request.idempotency_key.clone() else {
            return Ok(None);
        };
        let keys = self.server_keys(context).await?;
        let keys = keys.ok_or(Error::Unimplemented(NO_KEY.into()))?;
        // One that decides during a rotation of keys, whichever of them a process has read.
        let server_key = keys.oldest();
        let checks = request.checks.factors();
        let has_login =
            checks.contains(&Factor::User) && checks.iter().any(|factor| factor.is_proof());
        if !permit.principal().is_authenticated() && !has_login {
            let reason = "needs an authenticated principal, or a user and a password";
            return Err(Invalid::new("idempotency-key", reason).into());
        }
        Ok(Some(IdempotencyScope {
            fingerprint: fingerprint(server_key, request),
            server_key: server_key.clone(),
            key,
        }))
    }
}

const NO_KEY: &str = "Idempotency-Key without SERVER_KEY";

impl IdempotencyScope {
    /// The id of the session that is created. It is derived from the principal and the key, so
    /// that a repeated request meets the same item; for an anonymous principal, from the user
    /// whose password it knows and the key.
    pub fn session_id(&self, permit: &Permit, verified: Option<&VerifiedUser>) -> SessionId {
        let scope = match verified {
            Some(verified) if !permit.principal().is_authenticated() => {
                format!("login:{}", verified.user.user_id)
            }
            _ => permit.principal().to_string(),
        };
        self.server_key.session_id(&scope, &self.key)
    }

    /// The token of the reply to a create that is repeated: `stored` is the session that it created
    /// the first time, `now` the user of the one that it would create. It is that of the first time, even if
    /// the session has changed or ended since.
    pub fn first_token(
        &self,
        now: Option<UserRef>,
        stored: &Session,
    ) -> Result<SessionToken, Error> {
        let first = stored
            .request
            .filter(|first| first.fingerprint == self.fingerprint)
            .ok_or(Error::IdempotencyKeyReused)?;
        let then = stored.factors.user_ref();
        // Both have a user, and not the same one: the login name has passed to another user. An
        // ended session has no user, and its token is invalid. A session that was created without
        // a user may have got one since.
        if now.is_some() && then.is_some() && now != then {
            return Err(Error::IdempotencyKeyReused);
        }
        Ok(self.server_key.token(stored.id, first.write, now))
    }
}

/// A keyed hash of the request without its password. The password is checked each time; a hash of
/// it here would be quicker to attack than the password hash.
pub(super) fn fingerprint(key: &ServerKey, request: &CreateSession) -> [u8; 32] {
    // Exhaustive on purpose: what is added to the request belongs to its fingerprint.
    let CreateSession {
        checks,
        challenges,
        metadata,
        user_agent,
        lifetime,
        idempotency_key: _,
    } = request;
    let (id, name) = match &checks.user {
        None => (None, None),
        Some(UserSearch::Id(id)) => (Some(id), None),
        Some(UserSearch::LoginName(name)) => (None, Some(name)),
        Some(UserSearch::Both(id, name)) => (Some(id), Some(name)),
    };
    let mut parts = Parts::default();
    parts.optional(id.map(UserId::as_str));
    parts.optional(name.map(LoginName::as_str));
    let proofs = checks.factors().into_iter().filter(|one| one.is_proof());
    // Stored fingerprints have an empty part for a password.
    parts.list(proofs.map(|proof| match proof {
        Factor::Password => &b""[..],
        other => other.as_str().as_bytes(),
    }));
    parts.list(
        metadata
            .iter()
            .flat_map(|(key, value)| [key.as_bytes(), value]),
    );
    parts.optional(user_agent.as_ref().map(|_| ""));
    if let Some(agent) = user_agent {
        for field in [&agent.fingerprint_id, &agent.ip, &agent.description] {
            parts.optional(field.as_deref());
        }
        for (name, values) in &agent.header {
            parts.list([name.as_bytes()]);
            parts.list(values.iter().map(String::as_bytes));
        }
    }
    parts.optional(
        lifetime
            .map(|lifetime| lifetime.as_nanos().to_string())
            .as_deref(),
    );
    parts.second(&checks.second);
    parts.challenges(challenges);
    let parts: Vec<_> = parts.0.iter().map(Vec::as_slice).collect();
    key.fingerprint(&parts)
}

/// The parts of a request that its fingerprint covers. Different requests have different
/// parts.
#[derive(Default)]
struct Parts(Vec<Vec<u8>>);

impl Parts {
    fn optional(&mut self, text: Option<&str>) {
        self.list(text.map(str::as_bytes));
    }

    /// The codes of second factors, which have been used up by the first request. A request without
    /// any has the fingerprint that older releases stored.
    fn second(&mut self, checks: &SecondChecks) {
        // Exhaustive on purpose: which of them are there is part of the factors.
        let SecondChecks {
            totp,
            otp_sms,
            otp_email,
            recovery_code,
        } = checks;
        if checks.is_empty() {
            return;
        }
        self.optional(Some("second"));
        self.list(totp.as_ref().map(TotpCode::as_bytes));
        self.list(otp_sms.as_ref().map(PresentedOtp::as_bytes));
        self.list(otp_email.as_ref().map(PresentedOtp::as_bytes));
        self.list(recovery_code.as_ref().map(PresentedRecoveryCode::as_bytes));
    }

    fn challenges(&mut self, asked: &AskedChallenges) {
        if asked.is_empty() {
            return;
        }
        if let Some(key) = &asked.web_authn {
            self.optional(Some("web_authn"));
            self.optional(Some(&key.domain));
            self.optional(key.verification.map(UserVerification::as_str));
        }
        if asked.iter().next().is_none() {
            return;
        }
        self.optional(Some("challenges"));
        for (method, delivery) in asked.iter() {
            self.optional(Some(method.kind().as_str()));
            match delivery {
                Delivery::Return => self.optional(None),
                Delivery::Send(None) => self.optional(Some("")),
                Delivery::Send(Some(template)) => self.optional(Some(template)),
            }
        }
    }

    fn list<'a>(&mut self, parts: impl IntoIterator<Item = &'a [u8]>) {
        let at = self.0.len();
        self.0.extend(parts.into_iter().map(<[u8]>::to_vec));
        let count = self.0.len() - at;
        self.0.push(count.to_string().into_bytes());
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};
    use std::time::Duration;

    use super::*;
    use crate::domain::{Metadata, Password, UserAgent};
    use crate::service::Checks;

    fn metadata(entries: &[(&str, &str)]) -> Metadata {
        let entry = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).into());
        let entries: BTreeMap<_, _> = entries.iter().map(entry).collect();
        Metadata::parse(entries).unwrap()
    }

    fn agent(ip: Option<&str>, header: &[(&str, &[&str])]) -> UserAgent {
        let header = header.iter().map(|(name, values)| {
            let values = values.iter().map(|value| (*value).to_owned()).collect();
            ((*name).to_owned(), values)
        });
        UserAgent {
            ip: ip.map(str::to_owned),
            header: header.collect(),
            ..UserAgent::default()
        }
    }

    #[test]
    fn different_requests_have_different_fingerprints() {
        let server_key = ServerKey::parse(vec![1; 32]).unwrap();
        let id = UserId::parse("a".to_owned()).unwrap();
        let name = LoginName::parse("a".to_owned()).unwrap();
        let mut requests = vec![CreateSession::default()];
        let mut with = |change: &dyn Fn(&mut CreateSession)| {
            let mut request = CreateSession::default();
            change(&mut request);
            requests.push(request);
        };
        for user in [
            UserSearch::Id(id.clone()),
            UserSearch::LoginName(name.clone()),
            UserSearch::Both(id, name),
        ] {
            with(&|request| request.checks.user = Some(user.clone()));
        }
        with(&|request| request.checks.password = Some(Password::new("x".to_owned())));
        for entries in [
            &[("a", "b")][..],
            &[("a", "bc")],
            &[("ab", "c")],
            &[("a", "b"), ("c", "d")],
        ] {
            with(&|request| request.metadata = metadata(entries));
        }
        for (ip, header) in [
            (None, &[][..]),
            (Some(""), &[]),
            (Some("a"), &[]),
            (None, &[("a", &[][..])]),
            (None, &[("a", &["b"])]),
            (None, &[("a", &["b", "c"])]),
            (None, &[("a", &["b"]), ("c", &[])]),
        ] {
            with(&|request| request.user_agent = Some(agent(ip, header)));
        }
        for seconds in [1, 2] {
            with(&|request| request.lifetime = Some(Duration::from_secs(seconds)));
        }

        let prints: HashSet<_> = requests
            .iter()
            .map(|request| fingerprint(&server_key, request))
            .collect();

        assert_eq!(prints.len(), requests.len());
    }

    #[test]
    fn neither_the_password_nor_the_key_changes_the_fingerprint() {
        let server_key = ServerKey::parse(vec![1; 32]).unwrap();
        let request = |password: &str, key: &str| CreateSession {
            checks: Checks {
                password: Some(Password::new(password.to_owned())),
                ..Checks::default()
            },
            idempotency_key: Some(IdempotencyKey::parse(key.to_owned()).unwrap()),
            ..CreateSession::default()
        };

        assert_eq!(
            fingerprint(&server_key, &request("a", "1")),
            fingerprint(&server_key, &request("b", "2"))
        );
    }
}
