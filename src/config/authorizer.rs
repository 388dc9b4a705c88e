use super::Program;
use super::fault::Faults;
use super::reader::Reader;
use crate::domain::{MinAcr, RequiredStrength};
use crate::store::Tables;
use crate::transport::lambda::authorizer::AuthorizerAnswer;

/// The settings of the authorizer.
#[derive(Clone, Debug)]
pub struct AuthorizerSettings {
    pub tables: Tables,
    pub answer: AuthorizerAnswer,
    /// What a session has to prove.
    pub required: RequiredStrength,
}

impl AuthorizerSettings {
    /// Reads the settings. `variable` gives the value of an environment variable.
    ///
    /// # Errors
    ///
    /// [`Faults`] has every missing and invalid setting.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Faults> {
        let mut reader = Reader::new(Program::Authorizer, variable);
        let users = reader.get("USERS_TABLE");
        let sessions = reader.get("SESSIONS_TABLE");
        let mfa = reader.mfa();
        let min_acr = reader.parse("MIN_ACR", MinAcr::named);
        let answer = reader.parse("AUTHORIZER_ANSWER", |text| match text {
            "simple" => Some(AuthorizerAnswer::Simple),
            "iam" => Some(AuthorizerAnswer::Iam),
            _ => None,
        });
        let read = || {
            Some(Self {
                tables: Tables {
                    users: users?,
                    sessions: sessions?,
                },
                answer: answer?,
                required: RequiredStrength {
                    mfa: mfa?,
                    min_acr: min_acr?,
                },
            })
        };
        read().ok_or(Faults(reader.faults))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::settings_of;
    use crate::domain::MfaPolicy;

    fn read(variables: &[(&str, &str)]) -> Result<AuthorizerSettings, Faults> {
        AuthorizerSettings::read(|name| {
            let set = variables.iter().find(|(set, _)| *set == name);
            set.map(|&(_, text)| text.to_owned())
        })
    }

    #[test]
    fn only_the_tables_must_be_set_and_responses_are_simple_by_default() {
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
    fn a_second_factor_is_demanded_as_the_settings_say() {
        let tables = [("USERS_TABLE", "u"), ("SESSIONS_TABLE", "s")];
        for (mfa, min_acr, want) in [
            ("", "", (MfaPolicy::Optional, MinAcr::None)),
            ("optional", "none", (MfaPolicy::Optional, MinAcr::None)),
            (
                "required",
                "2fa",
                (MfaPolicy::Required, MinAcr::SecondFactor),
            ),
            ("", "phr", (MfaPolicy::Optional, MinAcr::PhishingResistant)),
        ] {
            let settings = read(&[tables[0], tables[1], ("MFA", mfa), ("MIN_ACR", min_acr)]);
            let required = settings.unwrap().required;
            assert_eq!(
                (required.mfa, required.min_acr),
                want,
                "{mfa:?} {min_acr:?}"
            );
        }
    }

    #[test]
    fn all_invalid_settings_are_reported_together() {
        let Faults(faults) = read(&[
            ("MFA", "yes"),
            ("MIN_ACR", "1fa"),
            ("AUTHORIZER_ANSWER", "yes"),
        ])
        .unwrap_err();

        let names: Vec<_> = faults.iter().map(|fault| fault.name).collect();
        let all: Vec<_> = settings_of(Program::Authorizer)
            .map(|row| row.name)
            .collect();
        assert_eq!(names, all);
    }
}
