//! The settings of the code are those of the page, and those of the stack.

use std::collections::BTreeSet;

use saphyr::{LoadableYamlNode, Yaml};
use sesame::config::{Program, SETTINGS, Setting, Values, settings_of};

use super::rows::{TEMPLATE, assert_rows, owned, table};

const PAGE: &str = include_str!("../../docs/settings.md");

/// The settings that no parameter of the stack has as they are: the tables are its own, and it
/// makes the secret unless `CreateServerKey` is `false`.
const WITHOUT_PARAMETER: [&str; 4] = [
    "USERS_TABLE",
    "SESSIONS_TABLE",
    "SERVER_KEY",
    "SERVER_KEY_SECRET",
];

#[test]
fn the_settings_are_those_of_the_code() {
    for (heading, settings) in [
        (
            "Settings of the service",
            settings_of(Program::Service).collect::<Vec<_>>(),
        ),
        (
            "Settings of the authorizer",
            settings_of(Program::Authorizer).collect(),
        ),
    ] {
        let of_code = settings.into_iter().map(|setting| {
            let default = match setting.default {
                "" => "must be set".to_owned(),
                default => format!("`{default}`"),
            };
            let name = format!("`{}`", setting.name);
            let values = setting.values.to_string();
            vec![name, default, values, setting.meaning.to_owned()]
        });
        let documented = owned(table(PAGE, heading));
        assert_rows("docs/settings.md", documented, of_code);
    }
}

#[test]
fn the_stack_sets_each_setting_by_a_parameter_that_is_like_it() {
    let template = Yaml::load_from_str(TEMPLATE).unwrap();
    for (function, program) in [
        ("Function", Program::Service),
        ("Authorizer", Program::Authorizer),
    ] {
        let properties = &template[0]["Resources"][function]["Properties"];
        let variables = properties["Environment"]["Variables"].as_mapping().unwrap();
        let set: BTreeSet<_> = variables.keys().map(|name| text(name)).collect();
        // The key itself would be readable in the function's configuration.
        let names = settings_of(program).map(|setting| setting.name.to_owned());
        let names: BTreeSet<_> = names.filter(|name| name != "SERVER_KEY").collect();
        assert_rows(&format!("template.yaml, {function}"), set, names);

        for setting in settings_of(program) {
            if WITHOUT_PARAMETER.contains(&setting.name) {
                continue;
            }
            let name = parameter(setting.name);
            let found = template[0]["Parameters"].as_mapping_get(&name);
            let found = found.unwrap_or_else(|| panic!("template.yaml has no parameter {name}"));
            let expected = properties_of(setting);
            let found = expected.iter().map(|(property, want)| {
                let found = found.as_mapping_get(property).map(text).unwrap_or_default();
                // A description may go on with what is so in a stack alone.
                let same = *property == "Description" && found.starts_with(want);
                (*property, if same { want.clone() } else { found })
            });
            let found: Vec<_> = found.collect();
            assert_rows(&format!("template.yaml, {name}"), found, expected);
        }
    }
}

/// What the parameter of a setting has.
fn properties_of(setting: &Setting) -> Vec<(&'static str, String)> {
    let default = match setting.default {
        "none" => "",
        default => default,
    };
    let mut meaning = setting.meaning.to_owned();
    if setting.default == "none" {
        meaning = meaning.replace("`none`:", "Empty:");
    }
    for other in SETTINGS {
        meaning = meaning.replace(&format!("`{}`", other.name), &parameter(other.name));
    }
    let mut properties = vec![
        ("Default", default.to_owned()),
        ("Description", meaning.replace('`', "")),
    ];
    match setting.values {
        Values::Text => properties.push(("MaxLength", "200".to_owned())),
        Values::Number(min, max) => {
            properties.push(("MinValue", min.to_string()));
            properties.push(("MaxValue", max.to_string()));
        }
        Values::Words(words) => {
            let words = words
                .iter()
                .map(|word| if *word == "none" { "" } else { word });
            let words: Vec<_> = words.collect();
            properties.push(("AllowedValues", words.join(", ")));
        }
        Values::Form(_) => {}
    }
    properties
}

/// The name of a setting's parameter, such as `BasePath` for `BASE_PATH`.
fn parameter(setting: &str) -> String {
    let words = setting.split('_').filter(|word| *word != "SESAME");
    words
        .map(|word| match word {
            "WEBAUTHN" => "WebAuthn".to_owned(),
            _ => word[..1].to_owned() + &word[1..].to_lowercase(),
        })
        .collect()
}

pub fn text(value: &Yaml<'_>) -> String {
    if let Some(list) = value.as_sequence() {
        return list.iter().map(text).collect::<Vec<_>>().join(", ");
    }
    let number = || value.as_integer().map(|number| number.to_string());
    let text = value.as_str().map(str::to_owned);
    text.or_else(number).unwrap()
}
