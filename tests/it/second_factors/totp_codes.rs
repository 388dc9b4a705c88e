//! An authenticator app.

use sesame::domain::Timestamp;
use totp_rs::{Algorithm, Secret, TOTP};

/// What an app with this secret shows.
pub fn code_of(secret: &str, at: Timestamp) -> String {
    let secret = Secret::Encoded(secret.to_owned()).to_bytes().unwrap();
    let app = TOTP::new_unchecked(Algorithm::SHA1, 6, 1, 30, secret);
    app.generate(u64::try_from(at.as_millis()).unwrap() / 1000)
}

/// Six digits that are not the code of the time, nor that of the steps beside it.
pub fn wrong_code(secret: &str, at: Timestamp) -> String {
    let near = [at.minus(super::STEP), at, at.plus(super::STEP)];
    let right = near.map(|at| code_of(secret, at));
    let mut digits = (0..4).map(|digit| digit.to_string().repeat(6));
    digits.find(|code| !right.contains(code)).unwrap()
}
