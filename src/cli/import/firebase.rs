//! A Firebase project's password hash parameters, without which its exported hashes can't be
//! checked.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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
/// There is no `Debug`, because the signer key is a secret of the project.
#[derive(Clone)]
pub struct FirebaseConfig {
    /// The part of each hash string before its salt.
    prefix: Zeroizing<String>,
}

/// Why the parameters can't be read. The error shows nothing of the file.
#[derive(Debug, thiserror::Error)]
pub enum FirebaseConfigError {
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("{0} is missing, there twice or not what a Firebase project has")]
    Field(&'static str),
}

impl FirebaseConfig {
    pub fn read(path: &Path) -> Result<Self, FirebaseConfigError> {
        let text = if path == Path::new("-") {
            std::io::read_to_string(std::io::stdin())?
        } else {
            std::fs::read_to_string(path)?
        };
        Self::parse(&Zeroizing::new(text))
    }

    fn parse(text: &str) -> Result<Self, FirebaseConfigError> {
        let text = text.trim_start_matches('\u{feff}');
        let field = |name: &'static str| {
            let mut values = text.lines().filter_map(|line| {
                let (key, value) = line.split_once(':')?;
                let is_it = key.trim().trim_matches('"') == name;
                is_it.then(|| value.trim().trim_end_matches(',').trim_matches('"'))
            });
            match (values.next(), values.next()) {
                (Some(value), None) => Ok(value),
                _ => Err(FirebaseConfigError::Field(name)),
            }
        };
        if field("algorithm")? != "SCRYPT" {
            return Err(FirebaseConfigError::Field("algorithm"));
        }
        let number = |name| {
            let number = field(name)?.parse::<u8>();
            number.map_err(|_| FirebaseConfigError::Field(name))
        };
        let base64 =
            |name| to_standard_base64(field(name)?).ok_or(FirebaseConfigError::Field(name));
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

    /// Makes a hash string of an exported hash and its salt, in base64 of either alphabet.
    ///
    /// # Errors
    ///
    /// [`Unsupported`]: no password can be checked against it.
    pub fn hash(&self, hash: &str, salt: &str) -> Result<PasswordHash, Unsupported> {
        let not_base64 = Unsupported::Malformed("the hash or its salt is not base64");
        let (hash, salt) = to_standard_base64(hash)
            .zip(to_standard_base64(salt))
            .ok_or(not_base64)?;
        let text = format!("{}${}${}", *self.prefix, *salt, *hash);
        PasswordHash::parse(&Zeroizing::new(text))
    }
}

/// Converts base64 of either alphabet to the standard one with padding.
fn to_standard_base64(text: &str) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    crate::base64::decode_either(text, &mut bytes)?;
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
        let url_safe = HASH.replace('+', "-").replace('/', "_");
        for (hash, salt) in [(HASH, "42xEC+ixf3L2lw=="), (&url_safe, "42xEC-ixf3L2lw")] {
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
    fn invalid_parameters_are_refused() {
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
