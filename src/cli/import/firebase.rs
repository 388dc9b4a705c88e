//! A Firebase project's password hash parameters, which its exported hashes need.

use std::path::Path;

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::password::{PasswordHash, Unsupported};

/// A project's password hash parameters, as its console shows them:
///
/// ```text
/// hash_config {
///   algorithm: SCRYPT,
///   base64_signer_key: …,
///   base64_salt_separator: Bw==,
///   rounds: 8,
///   mem_cost: 14,
/// }
/// ```
///
/// The signer key is a secret of the project, and so this has no `Debug`.
#[derive(Clone)]
pub struct FirebaseConfig {
    /// The part of each hash string that stands before its salt.
    prefix: Zeroizing<String>,
}

/// Why there are no parameters. What the file holds doesn't show.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("{0} is missing, there twice or not what a Firebase project has")]
    Field(&'static str),
}

impl FirebaseConfig {
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = if path == Path::new("-") {
            std::io::read_to_string(std::io::stdin())?
        } else {
            std::fs::read_to_string(path)?
        };
        Self::parse(&Zeroizing::new(text))
    }

    fn parse(text: &str) -> Result<Self, ConfigError> {
        let text = text.trim_start_matches('\u{feff}');
        let field = |name: &'static str| {
            let mut values = text.lines().filter_map(|line| {
                let (key, value) = line.split_once(':')?;
                let is_it = key.trim().trim_matches('"') == name;
                is_it.then(|| value.trim().trim_end_matches(',').trim_matches('"'))
            });
            match (values.next(), values.next()) {
                (Some(value), None) => Ok(value),
                _ => Err(ConfigError::Field(name)),
            }
        };
        if field("algorithm")? != "SCRYPT" {
            return Err(ConfigError::Field("algorithm"));
        }
        let number = |name| {
            let number = field(name)?.parse::<u8>();
            number.map_err(|_| ConfigError::Field(name))
        };
        let base64 = |name| standard(field(name)?).ok_or(ConfigError::Field(name));
        let (rounds, mem_cost) = (number("rounds")?, number("mem_cost")?);
        let separator = base64("base64_salt_separator")?;
        let key = base64("base64_signer_key")?;
        let prefix = format!(
            "$fbscrypt$v=1,n={mem_cost},r={rounds},p=1,ss={},sk={}",
            *separator, *key
        );
        Ok(Self {
            prefix: Zeroizing::new(prefix),
        })
    }

    /// The hash string of an exported hash and its salt, in base64 of either alphabet.
    ///
    /// # Errors
    ///
    /// It can't be checked against.
    pub fn hash(&self, hash: &str, salt: &str) -> Result<PasswordHash, Unsupported> {
        let not_base64 = Unsupported::Malformed("the hash or its salt is not base64");
        let (hash, salt) = standard(hash).zip(standard(salt)).ok_or(not_base64)?;
        let text = format!("{}${}${}", *self.prefix, *salt, *hash);
        PasswordHash::parse(&Zeroizing::new(text))
    }
}

/// Base64 in the standard alphabet, of either one.
fn standard(text: &str) -> Option<Zeroizing<String>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &ALPHABET,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let text = Zeroizing::new(text.replace('-', "+").replace('_', "/"));
    let bytes = Zeroizing::new(LENIENT.decode(text.as_bytes()).ok()?);
    Some(Zeroizing::new(STANDARD.encode(&*bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of Firebase's own tool.
    const CONFIG: &str = "hash_config {\n  algorithm: SCRYPT,\n  base64_signer_key: \
        jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==,\n  \
        base64_salt_separator: Bw==,\n  rounds: 8,\n  mem_cost: 14,\n}\n";
    const HASH: &str =
        "lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==";

    #[test]
    fn a_projects_parameters_make_hash_strings_of_its_hashes() {
        let config = FirebaseConfig::parse(CONFIG).unwrap();
        let of_web = HASH.replace('+', "-").replace('/', "_");
        for (hash, salt) in [(HASH, "42xEC+ixf3L2lw=="), (&of_web, "42xEC-ixf3L2lw")] {
            let hash = config.hash(hash, salt).unwrap();
            assert!(
                hash.as_str()
                    .ends_with(&format!("$42xEC+ixf3L2lw==${HASH}"))
            );
        }
        assert!(config.hash("x", "42xEC+ixf3L2lw==").is_err());
        assert!(config.hash(HASH, "").is_err());
    }

    #[test]
    fn parameters_that_are_no_projects_are_refused() {
        for (from, to, want) in [
            ("SCRYPT", "BCRYPT", "algorithm"),
            ("rounds: 8", "rounds: eight", "rounds"),
            ("mem_cost: 14,", "", "mem_cost"),
            ("Bw==", "!", "base64_salt_separator"),
            ("base64_signer_key", "signer_key", "base64_signer_key"),
            ("rounds: 8,", "rounds: 8,\nrounds: 9,", "rounds"),
        ] {
            let error = FirebaseConfig::parse(&CONFIG.replace(from, to))
                .err()
                .unwrap();
            assert!(error.to_string().starts_with(want), "{to}: {error}");
        }
    }
}
