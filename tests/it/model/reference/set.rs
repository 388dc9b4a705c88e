use std::collections::BTreeMap;

use sesame::domain::Permission;

use super::{
    Grace, MAX_LIFETIME, Message, Model, NamedUser, Presented, Principal, Proof, Refusal, Session,
    Standing, count, lifetime,
};

impl Model {
    /// The session after a Set whose last try is at the time `at`.
    pub fn set(
        &mut self,
        session: Option<usize>,
        principal: &Principal,
        token: Presented<'_>,
        message: &Message,
        if_match: Option<u64>,
        at: i64,
    ) -> Result<Session, Refusal> {
        // The token is checked only once the message is understood.
        self.let_in(principal, Some(""))?;
        lifetime(message)?;
        self.let_in(principal, token)?;
        if token.is_none() && !principal.may(Permission::SessionWrite) {
            return Err("AUTH-5mWD2");
        }
        let stored = self.sessions[session.ok_or("COMMAND-Flk38")?].clone();
        let standing = token.map_or(Standing::All, |token| stored.standing(token, self.now));
        self.permit(&stored, standing, message)?;
        let moved_on = if_match.is_some_and(|wanted| wanted != stored.sequence);
        let repeats = standing != Standing::All;
        if moved_on && !repeats {
            return Err("code 10");
        }
        let told = |refused| if repeats { "COMMAND-sGr42" } else { refused };
        self.may_name(&stored, standing, message, principal)
            .map_err(told)?;
        let own = stored.user.as_ref().map(|factor| NamedUser {
            id: Some(self.users[factor.user].id.clone()),
            name: None,
        });
        let named = message.user.clone();
        let named = named.or(own.filter(|_| message.password.is_some()));
        let checked = self
            .check(named.as_ref(), message.password, principal)
            .map_err(told)?;
        let mut metadata = stored.metadata.clone();
        for (key, value) in &message.metadata {
            if value.is_empty() {
                metadata.remove(key);
            } else {
                metadata.insert(key.clone(), value.clone());
            }
        }
        let is_current = token.is_none_or(|token| stored.token() == Some(token));
        let is_changed =
            checked.is_some() || metadata != stored.metadata || message.lifetime.is_some();
        if is_current && !is_changed {
            return Ok(stored);
        }
        self.settle(checked);
        if at >= stored.expires_at {
            return Err("COMMAND-Hkl3d");
        }
        if moved_on {
            return Err("code 10");
        }
        let user = checked.filter(|_| message.user.is_some());
        let user = user.map(|checked| checked.user);
        let by_password = checked.is_some_and(|checked| checked.by_password);
        Ok(self.changed(&stored, user, by_password, metadata, message.lifetime))
    }

    fn permit(
        &self,
        stored: &Session,
        standing: Standing,
        message: &Message,
    ) -> Result<(), Refusal> {
        let repeats = |proof: Proof| {
            (message.user.is_some() || !proof.user)
                && (message.password.is_some() || !proof.password)
        };
        match standing {
            Standing::All => {}
            Standing::Repeat(proof) if repeats(proof) => {}
            _ => return Err("COMMAND-sGr42"),
        }
        if self.is_ended(stored) {
            return Err("COMMAND-Hewfq");
        }
        if !self.is_live(stored) {
            return Err("COMMAND-Hkl3d");
        }
        Ok(())
    }

    /// Whether the principal may name the user that it names.
    fn may_name(
        &self,
        stored: &Session,
        standing: Standing,
        message: &Message,
        principal: &Principal,
    ) -> Result<(), Refusal> {
        let Some(named) = &message.user else {
            return Ok(());
        };
        if let Some(factor) = &stored.user {
            let user = &self.users[factor.user];
            let is_id = named.id.as_ref().is_none_or(|id| *id == user.id);
            let name = named.name.as_ref();
            let is_name = name.is_none_or(|name| name.to_lowercase() == user.name);
            if !is_id || !is_name {
                return Err("code 3");
            }
        }
        let adds = matches!(standing, Standing::Repeat(Proof { added: true, .. }));
        if stored.user.is_none() || message.password.is_none() || adds {
            self.may_check(principal, message.password.is_some())?;
        }
        Ok(())
    }

    fn changed(
        &self,
        stored: &Session,
        user: Option<usize>,
        by_password: bool,
        metadata: BTreeMap<String, String>,
        lifetime: Option<u32>,
    ) -> Session {
        let mut changed = stored.clone();
        let facts = [
            user.is_some(),
            by_password,
            metadata != stored.metadata,
            lifetime.is_some(),
        ];
        changed.sequence += 1 + count(&facts);
        changed.changed_at = self.now;
        changed.tokens.push(None);
        changed.metadata = metadata;
        if let Some(user) = user {
            changed.user = Some(self.factor(user));
        }
        if by_password {
            changed.password = Some(self.now);
            // The generation is that of the first proof. A proof of another one was refused.
            if let Some(factor) = &mut changed.user {
                factor.generation = self.users[factor.user].generation;
            }
        }
        if let Some(seconds) = lifetime {
            let from = changed.password.unwrap_or(changed.created_at);
            let end = from + i64::from(MAX_LIFETIME) * 1000;
            changed.expires_at = (self.now + i64::from(seconds) * 1000).min(end);
        }
        let proof = Proof {
            user: user.is_some(),
            added: user.is_some() && stored.user.is_none(),
            password: by_password,
        };
        // The end of the grace is read from the table.
        changed.grace = Some(Grace { until: 0, proof });
        changed
    }
}
