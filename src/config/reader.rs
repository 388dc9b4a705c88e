use std::fmt;
use std::ops::RangeInclusive;

use super::fault::Fault;

/// An environment variable, as `docs/settings.md` describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    /// The default; empty if the variable must be set.
    pub default: &'static str,
    pub meaning: &'static str,
}

pub(super) const fn setting(
    name: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting {
        name,
        default,
        meaning,
    }
}

/// Reads settings, and collects the faults of all that are missing or invalid.
pub(super) struct Reader<V> {
    settings: &'static [Setting],
    variable: V,
    pub faults: Vec<Fault>,
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub fn new(settings: &'static [Setting], variable: V) -> Self {
        Self {
            settings,
            variable,
            faults: Vec::new(),
        }
    }

    pub fn fault(&mut self, name: &'static str, reason: impl Into<String>) {
        let reason = reason.into();
        self.faults.push(Fault { name, reason });
    }

    pub fn text(&mut self, name: &'static str) -> Option<String> {
        let fits = |text: &str| {
            (1..=200)
                .contains(&text.chars().count())
                .then(|| text.to_owned())
        };
        self.parse(name, "1 to 200 characters", fits)
    }

    pub fn number(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let wanted = format_args!("a number from {} to {}", range.start(), range.end());
        self.parse(name, wanted, |text| {
            text.parse().ok().filter(|number| range.contains(number))
        })
    }

    /// Reads a setting or its default. If it is missing or invalid, adds a fault and returns `None`.
    pub fn parse<T>(
        &mut self,
        name: &'static str,
        wanted: impl fmt::Display,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let mut settings = self.settings.iter();
        let default = settings.find(|setting| setting.name == name)?.default;
        let text = (self.variable)(name).filter(|text| !text.is_empty());
        if text.is_none() && default.is_empty() {
            self.fault(name, "must be set");
            return None;
        }
        let parsed = parse(text.as_deref().unwrap_or(default));
        if parsed.is_none() {
            self.fault(name, format!("must be {wanted}"));
        }
        parsed
    }
}
