//! Texts that name settings.

use sesame::config::SETTINGS;

/// The text with the default behind each setting that has one.
pub fn with_defaults(text: &str) -> String {
    let mut text = text.to_owned();
    for setting in SETTINGS
        .iter()
        .filter(|setting| !setting.default.is_empty())
    {
        let name = format!("`{}`", setting.name);
        text = text.replace(&name, &format!("{name} ({} by default)", setting.default));
    }
    text
}
