/// `zitadel.settings.v2.LockoutSettings`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutSettings {
    /// How many wrong passwords in a row lock one.
    pub password_attempts: u32,
    /// How many wrong codes in a row lock a user's second factors.
    pub factor_attempts: u32,
}

reads_settings! {
    /// `GetPasswordComplexitySettingsRequest`. What is read is the fewest characters of a password.
    GetPasswordComplexitySettings -> usize:
        |service| service.policy.new_passwords.rules.min_length
}

reads_settings! {
    /// `GetPasswordExpirySettingsRequest`. Passwords don't expire.
    GetPasswordExpirySettings -> (): |service| ()
}

reads_settings! {
    /// `GetLockoutSettingsRequest`.
    GetLockoutSettings -> LockoutSettings: |service| LockoutSettings {
        password_attempts: service.policy.attempts.max(),
        factor_attempts: service.policy.factor_attempts.max(),
    }
}
