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
    /// `GetLockoutSettingsRequest`. What is read is how many wrong passwords in a row lock one.
    GetLockoutSettings -> u32: |service| service.policy.attempts.max()
}
