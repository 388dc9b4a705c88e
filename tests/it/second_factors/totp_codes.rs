//! An authenticator app.

use std::time::Duration;

use sesame::domain::{Timestamp, TotpSecret};
use totp_rs::{Algorithm, Builder};

/// How long an app shows a code.
pub const STEP: Duration = Duration::from_secs(30);

/// What an app with this secret shows.
pub fn code_of(secret: &str, at: Timestamp) -> String {
    let secret = TotpSecret::from_base32(secret.to_owned()).unwrap();
    let app = Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_step_duration(30)
        .with_skew(1)
        .with_secret(secret.as_bytes().to_vec())
        .build()
        .unwrap();
    let seconds = u64::try_from(at.as_millis()).unwrap() / 1000;
    app.generate(seconds).to_string()
}

/// Six digits that are not the code of the time, nor that of the steps beside it.
pub fn wrong_code(secret: &str, at: Timestamp) -> String {
    let near = [at.minus(STEP), at, at.plus(STEP)];
    let right = near.map(|at| code_of(secret, at));
    let mut digits = (0..4).map(|digit: u8| digit.to_string().repeat(6));
    digits.find(|code| !right.contains(code)).unwrap()
}
