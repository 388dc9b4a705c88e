use super::reader::Reader;
use crate::domain::{CounterPolicy, RelyingParties};

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    /// `None`: there are none, or a setting has a fault, with which nothing starts.
    pub(super) fn relying_parties(&mut self) -> Option<RelyingParties> {
        let text = |text: &str| Some(text.to_owned());
        let ids = self.parse("RP_IDS", text)?;
        let origins = self.parse("RP_ORIGINS", text)?;
        match RelyingParties::parse(&ids, &origins) {
            Ok(parties) => parties,
            Err(fault) => {
                self.fault(fault.setting(), fault.to_string());
                None
            }
        }
    }

    pub(super) fn counter(&mut self) -> Option<CounterPolicy> {
        self.parse("WEBAUTHN_COUNTER", CounterPolicy::named)
    }
}
