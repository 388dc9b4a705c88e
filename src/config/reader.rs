use std::str::FromStr;

use super::fault::Fault;
use super::rows::SETTINGS;
use super::setting::Program;

/// Reads the settings of a program, and collects the faults of all that are missing or invalid.
pub(super) struct Reader<V> {
    program: Program,
    variable: V,
    pub faults: Vec<Fault>,
}

impl<V: Fn(&str) -> Option<String>> Reader<V> {
    pub fn new(program: Program, variable: V) -> Self {
        Self {
            program,
            variable,
            faults: Vec::new(),
        }
    }

    pub fn fault(&mut self, name: &'static str, reason: impl Into<String>) {
        let reason = reason.into();
        self.faults.push(Fault { name, reason });
    }

    /// Whether a setting has a value of its own, and not its default.
    pub fn is_set(&self, name: &str) -> bool {
        (self.variable)(name).is_some_and(|text| !text.is_empty())
    }

    /// Reads a setting whose values `T` has all.
    pub fn get<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.parse(name, |text| text.parse().ok())
    }

    /// Reads a setting or its default. If it is missing or invalid, adds a fault and returns `None`.
    pub fn parse<T>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        // By name first: this is done for each setting in each cold start.
        let setting = SETTINGS.iter().find(|setting| setting.name == name)?;
        let setting = Some(setting).filter(|setting| setting.read_by.contains(&self.program))?;
        let text = (self.variable)(name).filter(|text| !text.is_empty());
        if text.is_none() && setting.default.is_empty() {
            self.fault(name, "must be set");
            return None;
        }
        let text = text.as_deref().unwrap_or(setting.default);
        let parsed = setting.values.allow(text).then(|| parse(text)).flatten();
        if parsed.is_none() {
            self.fault(name, format!("must be {}", setting.values));
        }
        parsed
    }
}
