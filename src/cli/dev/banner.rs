use std::fmt;
use std::path::Path;

use serde::Serialize;

use super::demo;
use crate::domain::Access;
use crate::store::Tables;

/// The announcement of the local service after its start, as text or JSON.
#[derive(Serialize)]
pub struct Banner<'a> {
    pub url: &'a str,
    #[serde(rename = "dynamodb_url")]
    pub database_url: &'a str,
    pub token: &'a str,
    #[serde(skip)]
    pub tables: &'a Tables,
    #[serde(skip)]
    pub access: Access,
    #[serde(skip)]
    pub data: Option<&'a Path>,
    /// The certificate that clients have to trust, with TLS.
    #[serde(skip)]
    pub certificate: Option<&'a Path>,
    #[serde(skip)]
    pub program: fn() -> String,
}

impl Banner<'_> {
    /// A `curl` command with the API's published example, for this service.
    fn curl(&self) -> String {
        let body = format!(
            r#"{{"checks":{{"user":{{"userId":"{}","loginName":"{}"}},"password":{{"password":"{}"}}}},"metadata":{{}}}}"#,
            demo::USER_ID,
            demo::LOGIN_NAME,
            demo::PASSWORD,
        );
        let authorization = match self.access {
            Access::Public => String::new(),
            Access::Authenticated | Access::Token => {
                format!(r#" -H "Authorization: Bearer {}""#, self.token)
            }
        };
        let trust = self.certificate.map_or_else(String::new, |file| {
            format!(" --cacert '{}'", file.display())
        });
        format!(
            "curl{trust} -L -X POST '{}/v2alpha/sessions' -H 'Content-Type: application/json' \
             -H 'Accept: application/json'{authorization} --data-raw '{body}'",
            self.url,
        )
    }

    /// The options with which another command finds the same tables.
    fn options(&self) -> String {
        let mut options = format!("--endpoint-url {}", self.database_url);
        let defaults = [
            ("--users-table", "users", &self.tables.users),
            ("--sessions-table", "sessions", &self.tables.sessions),
        ];
        for (option, default, name) in defaults {
            if name != default {
                options = format!("{options} {option} '{name}'");
            }
        }
        options
    }
}

impl fmt::Display for Banner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kept = self.data.map_or_else(
            || "in memory".to_owned(),
            |file| format!("kept in {}", file.display()),
        );
        let (program, curl, options) = ((self.program)(), self.curl(), self.options());
        let Self {
            url,
            database_url,
            token,
            ..
        } = self;
        let users = &self.tables.users;
        let access = self.access.as_str();

        write!(
            f,
            "Sesame is at {url}, with --access {access}.\n\
             Its DynamoDB is at {database_url}, {kept}.\n\n\
             Create a session, here or in a browser at {url}/:\n  {curl}\n\n\
             E-mails and SMS are sent to nobody. They are shown here, and at {url}/outbox.\n\n\
             A token of a service account, with all permissions:\n  {token}\n\n\
             Add a user, and see what else there is:\n  \
             {program} user add --login-name you {options}\n  {program} --help\n\n\
             Look into the tables:\n  \
             AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local aws dynamodb scan \
             --region us-east-1 --endpoint-url {database_url} --table-name '{users}'\n\n\
             Ctrl-C ends it."
        )
    }
}

#[test]
fn the_printed_call_is_the_published_example() {
    let tables = Tables {
        users: "users".to_owned(),
        sessions: "sessions".to_owned(),
    };
    let banner = |access| Banner {
        url: "http://127.0.0.1:8080",
        database_url: "http://127.0.0.1:8000",
        token: "sesame_x",
        tables: &tables,
        access,
        data: None,
        certificate: None,
        program: || "sesame".to_owned(),
    };
    let published = r#"curl -L -X POST 'http://127.0.0.1:8080/v2alpha/sessions' -H 'Content-Type: application/json' -H 'Accept: application/json' --data-raw '{"checks":{"user":{"userId":"d654e6ba-70a3-48ef-a95d-37c8d8a7901a","loginName":"mini@mouse.com"},"password":{"password":"V3ryS3cure!"}},"metadata":{}}'"#;
    let with_token = published.replace(
        " --data-raw",
        r#" -H "Authorization: Bearer sesame_x" --data-raw"#,
    );

    assert_eq!(banner(Access::Public).curl(), published);
    assert_eq!(banner(Access::Authenticated).curl(), with_token);
    assert_eq!(banner(Access::Token).curl(), with_token);
}
