//! The domains and the pages that credentials of WebAuthn are good for.

use std::iter::once;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::named::named;

/// The domain that credentials of WebAuthn are bound to: a host name in lower case.
/// <https://www.w3.org/TR/webauthn-3/#rp-id>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RpId(String);

impl RpId {
    /// In bytes, of a host name without a dot at its end.
    /// <https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4>
    const MAX_BYTES: usize = 253;

    /// Reads a host name as browsers compare it: in lower case, letters beyond ASCII in punycode. An
    /// address is none.
    pub fn parse(text: &str) -> Option<Self> {
        let is_name = text.len() <= Self::MAX_BYTES && text.split('.').all(is_label);
        let last = text.rsplit('.').next()?;
        (is_name && !is_number(last)).then(|| Self(text.to_owned()))
    }

    /// One that was stored, or was checked before.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `domain`, or a name below that.
    fn is_within(&self, domain: &str) -> bool {
        let below = self.0.strip_suffix(domain);
        below.is_some_and(|name| name.is_empty() || name.ends_with('.'))
    }
}

/// Whether a text is a part of a host name: 1 to 63 letters, digits and hyphens, with no hyphen at
/// either end.
/// <https://www.rfc-editor.org/rfc/rfc1123#section-2.1>
fn is_label(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// Whether browsers read a name that ends with this label as an IPv4 address.
/// <https://url.spec.whatwg.org/#ends-in-a-number-checker>
fn is_number(label: &str) -> bool {
    let is_decimal = label.bytes().all(|byte| byte.is_ascii_digit());
    let digits = label.strip_prefix("0x");
    let is_hex = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_decimal || digits.is_some_and(is_hex)
}

/// A page or an app that may use credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    /// As browsers and Android write it.
    text: String,
    /// The host of a page. `None`: it is an app, which has none.
    host: Option<RpId>,
}

impl Origin {
    /// Reads an origin of `https`, of `http` on this machine, or of an Android app.
    fn parse(text: &str) -> Option<Self> {
        let is_local = |host: &RpId| host.is_within("localhost");
        let host = match text.split_once("://") {
            Some(("https", host)) => Some(parse_host(host, "443")?),
            Some(("http", host)) => Some(parse_host(host, "80").filter(is_local)?),
            None if is_app(text) => None,
            Some(_) | None => return None,
        };
        let text = text.to_owned();
        Some(Self { text, host })
    }

    /// Whether it may use the credentials of `rp_id`. A browser lets a page use those of its host and
    /// of the domains above it; which apps may use which is nothing that their origin tells.
    fn is_of(&self, rp_id: &RpId) -> bool {
        let host = self.host.as_ref();
        host.is_none_or(|host| host.is_within(rp_id.as_str()))
    }
}

/// Whether a text is the origin of an Android app: the SHA-256 of the certificate that it is signed with.
/// <https://developer.android.com/identity/credential-manager/prerequisites#verify-origin>
fn is_app(text: &str) -> bool {
    let hash = text.strip_prefix("android:apk-key-hash:");
    let hash = hash.and_then(|hash| URL_SAFE_NO_PAD.decode(hash).ok());
    hash.is_some_and(|hash| hash.len() == 32)
}

/// Reads a host and perhaps a port, which is written as browsers write it: without zeros before it,
/// and not if it is the scheme's own.
fn parse_host(text: &str, default_port: &str) -> Option<RpId> {
    let Some((host, port)) = text.split_once(':') else {
        return RpId::parse(text);
    };
    let number: u16 = port.parse().ok()?;
    let is_plain = number != 0 && port == number.to_string() && port != default_port;
    is_plain.then(|| RpId::parse(host))?
}

/// The domains that credentials may be bound to, and the origins that may use them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelyingParties {
    first: RpId,
    others: Vec<RpId>,
    origins: Vec<Origin>,
}

/// Why `RP_IDS` and `RP_ORIGINS` are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RelyingPartyFault {
    #[error("must be {}", RelyingParties::IDS)]
    Ids,
    #[error("must be {}", RelyingParties::ORIGINS)]
    Origins,
    #[error("must be set where RP_ORIGINS is")]
    NoIds,
    #[error("must be set where RP_IDS is")]
    NoOrigins,
    #[error("has {0}, whose host is none of RP_IDS and below none of them")]
    ForeignOrigin(String),
}

impl RelyingPartyFault {
    pub fn setting(&self) -> &'static str {
        match self {
            Self::Ids | Self::NoIds => "RP_IDS",
            Self::Origins | Self::NoOrigins | Self::ForeignOrigin(_) => "RP_ORIGINS",
        }
    }
}

impl RelyingParties {
    /// In bytes. Lambda has 4 KB for all variables of a function.
    const MAX_IDS: usize = 256;
    const MAX_ORIGINS: usize = 512;

    /// The form of `RP_IDS`, in words.
    pub const IDS: &str = "none or host names in lower case (punycode, no addresses, no ports) with \
                           commas between, each once, together at most 256 bytes";
    /// The form of `RP_ORIGINS`, in words.
    pub const ORIGINS: &str = "none or origins as browsers send them (https, http to localhost, or \
                               android:apk-key-hash: and a hash) with commas between, each once, \
                               together at most 512 bytes";

    /// Reads both settings, which have either `none` or entries with commas between; white space
    /// around an entry is dropped. `Ok(None)`: neither is set.
    ///
    /// # Errors
    ///
    /// One of them is not of its form, only one is set, or the host of an origin is within none of
    /// the domains.
    pub fn parse(ids: &str, origins: &str) -> Result<Option<Self>, RelyingPartyFault> {
        let ids = parse_list(ids, Self::MAX_IDS, RpId::parse).ok_or(RelyingPartyFault::Ids)?;
        let origins = parse_list(origins, Self::MAX_ORIGINS, Origin::parse)
            .ok_or(RelyingPartyFault::Origins)?;
        let foreign = |origin: &&Origin| !ids.iter().any(|id| origin.is_of(id));
        let foreign = origins.iter().find(foreign).map(|o| o.text.clone());
        let mut ids = ids.into_iter();
        match (ids.next(), origins.is_empty(), foreign) {
            (None, true, _) => Ok(None),
            (None, false, _) => Err(RelyingPartyFault::NoIds),
            (Some(_), true, _) => Err(RelyingPartyFault::NoOrigins),
            (Some(_), false, Some(origin)) => Err(RelyingPartyFault::ForeignOrigin(origin)),
            (Some(first), false, None) => Ok(Some(Self {
                first,
                others: ids.collect(),
                origins,
            })),
        }
    }

    /// The domain of whoever names none.
    pub fn first(&self) -> &RpId {
        &self.first
    }

    /// `None`: no credential may be bound to the domain.
    pub fn find(&self, domain: &str) -> Option<&RpId> {
        let mut ids = once(&self.first).chain(&self.others);
        ids.find(|id| id.as_str() == domain)
    }

    /// Whether a page or an app of `origin`, which is compared whole, may use credentials that are
    /// bound to `rp_id`.
    pub fn allows(&self, origin: &str, rp_id: &RpId) -> bool {
        let mut origins = self.origins.iter();
        self.find(rp_id.as_str()).is_some()
            && origins.any(|allowed| allowed.text == origin && allowed.is_of(rp_id))
    }
}

/// Reads `none` or entries with commas between, of which no two are the same.
fn parse_list<T: PartialEq>(
    text: &str,
    max_bytes: usize,
    parse: impl Fn(&str) -> Option<T>,
) -> Option<Vec<T>> {
    let mut entries = Vec::new();
    if text == "none" {
        return Some(entries);
    }
    if text.len() > max_bytes {
        return None;
    }
    for text in text.split(',') {
        let entry = Some(text.trim()).filter(|text| *text != "none");
        let entry = entry.and_then(&parse);
        entries.push(entry.filter(|entry| !entries.contains(entry))?);
    }
    Some(entries)
}

named! {
    /// What follows from a signature counter that has not grown, which a copy of an authenticator
    /// causes, and authenticators that count wrongly.
    /// <https://www.w3.org/TR/webauthn-3/#sctn-sign-counter>
    pub enum CounterPolicy {
        /// The check fails.
        Refuse = "refuse",
        /// The check passes, and the log says so.
        Warn = "warn",
    }
}

#[cfg(test)]
mod tests;
