use super::{Faults, Reader, SETTINGS, Setting, setting};
use crate::store::Tables;

/// Every setting of the authorizer. AWS's own variables come beside them.
pub const AUTHORIZER_SETTINGS: [Setting; 3] = [
    SETTINGS[0],
    SETTINGS[1],
    setting(
        "AUTHORIZER_ANSWER",
        "simple",
        "What an HTTP API's authorizer with payload 2.0 is answered: `simple` (`EnableSimpleResponses: true`) or `iam` (a policy); all others get a policy",
    ),
];

/// What an authorizer with payload 2.0 expects: the event doesn't say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerAnswer {
    Simple,
    Iam,
}

/// What the authorizer is told when it starts.
#[derive(Clone, Debug)]
pub struct AuthorizerSettings {
    pub tables: Tables,
    pub answer: AuthorizerAnswer,
}

impl AuthorizerSettings {
    /// Reads the settings through `variable`, which gives a variable's value.
    ///
    /// # Errors
    ///
    /// Every fault there is, not just the first.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader {
            variable,
            faults: Vec::new(),
        };
        let users = reader.text("USERS_TABLE");
        let sessions = reader.text("SESSIONS_TABLE");
        let answer = reader.parse("AUTHORIZER_ANSWER", "simple or iam", |text| match text {
            "simple" => Some(AuthorizerAnswer::Simple),
            "iam" => Some(AuthorizerAnswer::Iam),
            _ => None,
        });
        match (users, sessions, answer) {
            (Some(users), Some(sessions), Some(answer)) => Ok(Self {
                tables: Tables { users, sessions },
                answer,
            }),
            _ => Err(Faults(reader.faults)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AuthorizerSettings, Faults> {
        AuthorizerSettings::read(|name| {
            let set = variables.iter().find(|(set, _)| *set == name);
            set.map(|&(_, text)| text.to_owned())
        })
    }

    #[test]
    fn the_tables_are_enough_and_answers_are_simple() {
        let tables = [("USERS_TABLE", "u"), ("SESSIONS_TABLE", "s")];
        for (answer, want) in [
            ("", Some(AuthorizerAnswer::Simple)),
            ("simple", Some(AuthorizerAnswer::Simple)),
            ("iam", Some(AuthorizerAnswer::Iam)),
            ("Simple", None),
            ("policy", None),
        ] {
            let settings = read(&[tables[0], tables[1], ("AUTHORIZER_ANSWER", answer)]);
            let got = settings.ok().map(|settings| settings.answer);
            assert_eq!(got, want, "{answer:?}");
        }
    }

    #[test]
    fn all_faults_are_reported_together() {
        let Faults(faults) = read(&[("AUTHORIZER_ANSWER", "yes")]).unwrap_err();

        let names: Vec<_> = faults.iter().map(|fault| fault.name).collect();
        assert_eq!(names, AUTHORIZER_SETTINGS.map(|setting| setting.name));
    }
}
