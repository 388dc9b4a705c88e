use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufWriter, Write as _};

use base64ct::{Base64, Encoding as _};
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use crate::cli::connection::Connection;
use crate::cli::credential_json::CredentialJson;
use crate::cli::failure::Failure;
use crate::cli::import::Progress;
use crate::cli::output::{note, warn};
use crate::cli::server_keys::KeysIfSet;
use crate::domain::{
    Account, Contact, Credentials, DisplayName, FactorKind, Gender, HashString, Language,
    PersonName, Timestamp, printable,
};
use crate::service::{Users, open_totp};
use crate::store::ScannedAccount;
use crate::token::{OpenFault, ServerKeys};

/// A user as a line that an import reads. What the user has none of is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    user_id: &'a str,
    login_name: &'a str,
    /// The login name, if the user has none: without any, an import would make one of the given and
    /// the family name.
    display_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nick_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_language: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gender: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_verified: Option<bool>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash: Option<&'a str>,
    #[serde(flatten)]
    factors: &'a FactorFields,
}

/// The second factors of a user in a line.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct FactorFields {
    #[serde(skip_serializing_if = "Option::is_none")]
    totp_secret: Option<SecretText>,
    /// In base64.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    recovery_code_hashes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_email: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    otp_sms: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    credentials: Vec<CredentialJson>,
}

/// The secret of an authenticator app in base32.
struct SecretText(Zeroizing<String>);

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Why a user is left out of an export of second factors: without them the user would log in with
/// less.
enum LeftOut {
    Locked(OpenFault),
    /// The pointer names factors that there are not.
    Missing,
    /// A newer release has registered some.
    Unknown,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked(fault) => write!(f, "the authenticator app can't be read: {fault}"),
            Self::Missing => f.write_str(
                "a login demands second factors that there are not: sesame tables check --repair",
            ),
            Self::Unknown => f.write_str("there are second factors of a newer release"),
        }
    }
}

/// The passkeys and security keys of a user. `None`: one of the list isn't stored.
fn credentials(account: &Account) -> Option<Vec<CredentialJson>> {
    let Credentials {
        listed,
        new: stored,
        ..
    } = &account.credentials;
    let all = listed.iter().map(|listed| {
        let own = stored.iter().find(|one| one.id == listed.id)?;
        Some(CredentialJson::new(own, listed))
    });
    all.collect()
}

impl FactorFields {
    /// # Errors
    ///
    /// - [`Failure::NoServerKey`]: the user has an authenticator app, and there is no key.
    fn new(
        scanned: &ScannedAccount,
        keys: Option<&ServerKeys>,
    ) -> Result<Result<Self, LeftOut>, Failure> {
        let ScannedAccount { account, kinds } = scanned;
        let (user, factors) = (&account.user, &account.factors);
        if kinds.has_unknown() {
            return Ok(Err(LeftOut::Unknown));
        }
        if kinds.iter().any(|kind| !account.kinds().has(kind)) {
            return Ok(Err(LeftOut::Missing));
        }
        let Some(credentials) = credentials(account) else {
            return Ok(Err(LeftOut::Missing));
        };
        let totp_secret = match (&factors.totp, keys) {
            (None, _) => None,
            (Some(_), None) => {
                return Err(Failure::NoServerKey(user.login_name.as_str().to_owned()));
            }
            (Some(totp), Some(keys)) => match open_totp(keys, &user.user_id, &totp.secret) {
                Ok(secret) => Some(SecretText(Zeroizing::new(secret.base32()))),
                Err(fault) => return Ok(Err(LeftOut::Locked(fault))),
            },
        };
        let hashes = factors.recovery_codes.iter();
        Ok(Ok(Self {
            totp_secret,
            recovery_code_hashes: hashes
                .map(|hash| Base64::encode_string(hash.as_bytes()))
                .collect(),
            otp_email: factors.otp_email.map(|_| true),
            otp_sms: factors.otp_sms.map(|_| true),
            credentials,
        }))
    }
}

impl<'a> Line<'a> {
    fn new(account: &'a Account, factors: &'a FactorFields) -> Self {
        let Account { user, profile, .. } = account;
        let name = |name: &'a Option<PersonName>| name.as_ref().map(PersonName::as_str);
        let (email, phone) = (profile.email.as_ref(), profile.phone.as_ref());
        Self {
            user_id: user.user_id.as_str(),
            login_name: user.login_name.as_str(),
            display_name: DisplayName::or_login_name(user.display_name.as_ref(), &user.login_name),
            given_name: name(&profile.given_name),
            family_name: name(&profile.family_name),
            nick_name: name(&profile.nick_name),
            preferred_language: profile.language.as_ref().map(Language::as_str),
            gender: profile.gender.map(Gender::as_str),
            email: email.map(|email| email.address.as_str()),
            email_verified: email.map(Contact::is_verified),
            phone: phone.map(|phone| phone.address.as_str()),
            phone_verified: phone.map(Contact::is_verified),
            state: user.state.as_str(),
            created_at: profile.created_at.map(Timestamp::to_rfc3339),
            password_hash: user.password_hash.as_ref().map(HashString::as_str),
            factors,
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct Export {
    /// Write second factors too: `totpSecret` in the clear, `recoveryCodeHashes`, `otpEmail`, `otpSms`
    ///
    /// For authenticator apps, `SERVER_KEY` or `SERVER_KEY_SECRET` must be that of the service.
    #[arg(long)]
    factors: bool,
}

/// Counts the users whose second factors an export leaves out.
#[derive(Default)]
struct Told {
    /// How many users there are whose factors are not written, and how many have each kind.
    without: u64,
    kinds: BTreeMap<&'static str, u64>,
    /// How many users are not written, because their factors can't be.
    left_out: u64,
}

impl Export {
    /// Writes all users to stdout, as an import reads them.
    pub async fn run(self, users: &Users, connection: &Connection) -> Result<(), Failure> {
        let keys = if self.factors {
            KeysIfSet::new(connection).get().await?
        } else {
            None
        };
        warn("the output has the users' password hashes: it is as secret as the users table");
        if self.factors {
            warn(
                "it also has the secrets of their authenticator apps in the clear: whoever reads \
                 them has these second factors",
            );
        }
        let mut progress = Progress::new(None);
        let mut stdout = BufWriter::new(io::stdout().lock());
        let mut count = 0_u64;
        let mut told = Told::default();
        let written: Result<_, Failure> = users
            .list(|scanned| {
                let fields = self.fields(&scanned, keys.as_deref(), &mut told, &mut progress)?;
                let Some(fields) = fields else {
                    return Ok(());
                };
                let line = Line::new(&scanned.account, &fields);
                serde_json::to_writer(&mut stdout, &line).map_err(io::Error::from)?;
                stdout.write_all(b"\n")?;
                count += 1;
                progress.update(0, || format!("{count} users"));
                Ok(())
            })
            .await;
        progress.erase();
        let late = written?;
        stdout.flush()?;
        note(format_args!("{count} users"));
        self.report(&told, late)
    }

    /// The fields of a user's second factors; `None`: the user is left out.
    fn fields(
        &self,
        scanned: &ScannedAccount,
        keys: Option<&ServerKeys>,
        told: &mut Told,
        progress: &mut Progress,
    ) -> Result<Option<FactorFields>, Failure> {
        if self.factors {
            return match FactorFields::new(scanned, keys)? {
                Ok(fields) => Ok(Some(fields)),
                Err(reason) => {
                    let name = printable(scanned.account.user.login_name.as_str());
                    progress.report(format_args!("{name} is left out: {reason}"));
                    told.left_out += 1;
                    Ok(None)
                }
            };
        }
        let kinds = scanned.account.kinds();
        let both = FactorKind::ALL.into_iter();
        let both = both.filter(|kind| kinds.has(*kind) || scanned.kinds.has(*kind));
        let mut any = scanned.kinds.has_unknown();
        for kind in both {
            *told.kinds.entry(kind.as_str()).or_default() += 1;
            any = true;
        }
        told.without += u64::from(any);
        Ok(Some(FactorFields::default()))
    }

    fn report(&self, told: &Told, late: u64) -> Result<(), Failure> {
        let without = told.without + late;
        if !self.factors && without > 0 {
            let kinds: Vec<_> = told
                .kinds
                .iter()
                .map(|(kind, n)| format!("{kind} ({n})"))
                .collect();
            let kinds = kinds.join(", ");
            let users = if without == 1 { "user" } else { "users" };
            warn(format_args!(
                "the second factors of {without} {users} are left out: {kinds}; --factors writes them"
            ));
            return Ok(());
        }
        if self.factors && late > 0 {
            warn(format_args!(
                "{late} users have second factors that no login demands, and that are left out: \
                 sesame tables check --repair"
            ));
        }
        match told.left_out + late {
            left_out if self.factors && left_out > 0 => Err(Failure::FactorsLeftOut(left_out)),
            _ => Ok(()),
        }
    }
}
