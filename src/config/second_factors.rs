use super::reader::Reader;
use crate::domain::{AttemptPolicy, LinkBases, SecondFactorSet, one_line};

/// The most characters of the name that authenticator apps show.
const MAX_ISSUER: usize = 64;

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub(super) fn second_factors(&mut self) -> Option<SecondFactorSet> {
        self.parse("SECOND_FACTORS", SecondFactorSet::parse)
    }

    /// Reads the name that authenticator apps show. Unless it is set, it is the host that links in
    /// messages lead to.
    pub(super) fn totp_issuer(&mut self, links: Option<&LinkBases>) -> Option<String> {
        self.parse("TOTP_ISSUER", |text| match text {
            "none" => {
                let host = links.and_then(LinkBases::first_host).and_then(issuer);
                Some(host.unwrap_or("Sesame").to_owned())
            }
            _ => issuer(text).map(str::to_owned),
        })
    }

    pub(super) fn factor_attempts(&mut self) -> Option<AttemptPolicy> {
        self.parse("MAX_FACTOR_ATTEMPTS", |text| {
            AttemptPolicy::new(text.parse().ok()?)
        })
    }
}

/// The name of an issuer without the white space around it. In the label of a key's URI, a colon
/// parts it from the account.
/// <https://github.com/google/google-authenticator/wiki/Key-Uri-Format#label>
pub fn issuer(text: &str) -> Option<&str> {
    let name = one_line("TOTP_ISSUER", text).ok()?;
    let is_short = (1..=MAX_ISSUER).contains(&name.chars().count());
    (is_short && !name.contains(':')).then_some(name)
}
