//! Every price of the documents is computed from the list prices and from what was measured.

use serde_json::Value;

use crate::root;
use crate::rows::{TEMPLATE, assert_rows, owned, table};
use saphyr::{LoadableYamlNode as _, Yaml};

const COST: &str = include_str!("../../docs/cost.md");
const PERFORMANCE: &str = include_str!("../../docs/performance.md");
const README: &str = include_str!("../../README.md");

const USERS: [f64; 4] = [1e3, 1e4, 1e5, 1e6];
/// Of each user in a month.
const LOGINS: f64 = 4.0;
const VERIFICATIONS: f64 = 100.0;
/// The default of the stack's parameter `ThrottleRate`.
const CALLS_A_DAY: f64 = 50.0 * 86_400.0;

/// The list prices, and what was measured of the calls.
struct Prices {
    list: Value,
    serve: Value,
    growth: Value,
}

/// Dollars for a million of something.
#[derive(Clone, Copy)]
struct Million {
    milliseconds: f64,
    time: f64,
    lambda_requests: f64,
    http_api: f64,
    database: f64,
    logs: f64,
}

impl Million {
    /// Without logs.
    fn sum(self) -> f64 {
        self.time + self.lambda_requests + self.http_api + self.database
    }

    fn with_logs(self) -> f64 {
        self.sum() + self.logs
    }
}

impl Prices {
    fn read() -> Self {
        let json = |path: &str| {
            let text = std::fs::read_to_string(root().join(path)).unwrap();
            serde_json::from_str(&text).unwrap()
        };
        Self {
            list: json("benches/prices.json"),
            serve: json("docs/performance/serve.json"),
            growth: json("docs/performance/growth.json"),
        }
    }

    fn dollars(&self, name: &str) -> f64 {
        self.list["dollars"][name].as_f64().unwrap()
    }

    fn assumed(&self, name: &str) -> f64 {
        self.list["assumed"][name].as_f64().unwrap()
    }

    /// Capacity units of a call, of its index too.
    fn units(&self, call: &str, kind: &str) -> f64 {
        self.growth["calls"][call][kind].as_f64().unwrap()
    }

    fn database(&self, call: &str) -> f64 {
        let writes = self.units(call, "write_units") + self.units(call, "index_write_units");
        writes * self.dollars("dynamodb_million_write_units")
            + self.units(call, "read_units") * self.dollars("dynamodb_million_read_units")
    }

    /// A call of the function with that memory, on `x86_64`. Its processor time and its log are those
    /// that were measured of `like`.
    fn call(&self, call: &str, like: &str, memory_mb: f64) -> Million {
        let measured = |name: &str| self.serve["calls"][like][name].as_f64().unwrap();
        let share = memory_mb / self.list["lambda_mb_per_processor"].as_f64().unwrap();
        let waits = self.units(call, "steps") * self.assumed("wait_ms_per_step");
        let milliseconds = (measured("processor_ms") / share.min(1.0) + waits).ceil();
        let second = self.list["dollars"]["lambda_gb_second"]["x86_64"].as_f64();
        let log_bytes = measured("log_bytes") + self.assumed("log_bytes_beside_service");
        Million {
            milliseconds,
            time: milliseconds * 1e3 * memory_mb / 1024.0 * second.unwrap(),
            lambda_requests: self.dollars("lambda_million_requests"),
            http_api: self.dollars("http_api_million_requests"),
            database: self.database(call),
            logs: log_bytes * 1e6 / 1e9 * self.dollars("logs_gb"),
        }
    }

    fn login(&self) -> Million {
        self.call(
            "create with password",
            "create with password",
            memory("FunctionMemory"),
        )
    }

    /// The alarms, the metrics and the secret of a month.
    fn fixed(&self) -> f64 {
        let template = Yaml::load_from_str(TEMPLATE).unwrap();
        let resources = template[0]["Resources"].as_mapping().unwrap();
        let is_alarm =
            |resource: &&Yaml<'_>| resource["Type"].as_str() == Some("AWS::CloudWatch::Alarm");
        let alarms = u32::try_from(resources.values().filter(is_alarm).count()).unwrap();
        f64::from(alarms) * self.dollars("alarm_month")
            + self.assumed("metrics") * self.dollars("metric_month")
            + self.dollars("secret_month")
    }
}

/// The memory of the function, which is a parameter, or of the authorizer.
fn memory(of: &str) -> f64 {
    let template = Yaml::load_from_str(TEMPLATE).unwrap();
    let megabytes = if of == "FunctionMemory" {
        template[0]["Parameters"]["MemorySize"]["Default"].as_integer()
    } else {
        template[0]["Resources"][of]["Properties"]["MemorySize"].as_integer()
    };
    f64::from(u16::try_from(megabytes.unwrap()).unwrap())
}

fn cents(dollars: f64) -> String {
    format!("{dollars:.2}")
}

/// Cents where they count.
fn rounded(dollars: f64) -> String {
    if dollars < 99.995 {
        return cents(dollars);
    }
    format!("{dollars:.0}")
}

#[test]
fn a_login_costs_the_same_wherever_its_price_stands() {
    let login = Prices::read().login();
    let parts = [
        login.time,
        login.lambda_requests,
        login.http_api,
        login.database,
    ];

    let documented = table(COST, "A million logins");
    let last = |row: &Vec<&str>| row[2].trim_matches('*').to_owned();
    let expected = parts.into_iter().chain([login.sum()]).map(cents);
    assert_rows("docs/cost.md", documented.iter().map(last), expected);
    let time = format!("{} ms × 1769/1024 GB = {:.4} GB-s", login.milliseconds, {
        login.milliseconds / 1e3 * 1769.0 / 1024.0
    });
    assert!(documented[0][1].starts_with(&time), "{time}");

    let sum = cents(login.sum());
    for (page, sentence) in [
        (
            README,
            format!("[Cost](docs/cost.md): ${sum} for a million logins"),
        ),
        (PERFORMANCE, format!("  sum               ${sum}\n")),
        (
            PERFORMANCE,
            format!(
                "  Lambda, time      ${}  ({} ms each)\n",
                cents(login.time),
                login.milliseconds
            ),
        ),
        (
            PERFORMANCE,
            format!("  DynamoDB          ${}\n", cents(login.database)),
        ),
    ] {
        assert!(page.contains(&sentence), "no page has: {sentence}");
    }
}

#[test]
fn each_price_by_memory_and_architecture_is_the_computed_one() {
    // `benches/prices.py --check` says whether these are computed from the list prices.
    let path = root().join("docs/performance/prices.json");
    let computed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let names = [
        ("create by login name and password", "create with password"),
        ("create without checks", "create without password"),
        ("get", "get"),
        ("set without a password", "set without password"),
        ("set with a password", "set with password"),
        ("list of two sessions", "list"),
        ("delete", "delete"),
    ];
    let expected = names.map(|(name, call)| {
        let sum = |architecture: &str, at: usize| {
            cents(
                computed["calls"][call][architecture]["sum"][at]
                    .as_f64()
                    .unwrap(),
            )
        };
        let cell = |at| format!("{} / {}", sum("x86_64", at), sum("arm64", at));
        [vec![name.to_owned()], (0..5).map(cell).collect()].concat()
    });
    assert_rows(
        "docs/performance.md",
        owned(table(PERFORMANCE, "Prices")),
        expected,
    );
}

#[test]
fn each_call_costs_the_units_that_were_measured() {
    let prices = Prices::read();
    let rows = [
        ("get, and a decision of the authorizer", "get"),
        ("set without a password", "set without password"),
        ("set with a password", "set with password"),
        ("list of two sessions of one user", "list"),
        ("delete", "delete"),
    ];
    let expected =
        rows.map(|(name, call)| vec![name.to_owned(), prices.database(call).to_string()]);
    let documented = table(COST, "Other calls").into_iter();
    let documented = documented.map(|row| vec![row[0].to_owned(), row[2].to_owned()]);
    assert_rows("docs/cost.md", documented, expected);

    let login = memory("FunctionMemory");
    let wrong = prices
        .call("wrong password", "create with password", login)
        .sum()
        // The failure is counted by the client's address.
        + prices.dollars("dynamodb_million_write_units");
    let sentence = format!(
        "A million wrong passwords cost ${}. So the default throttle of 50 calls a second bounds a day of guessing at ${},",
        cents(wrong),
        cents(wrong * CALLS_A_DAY / 1e6),
    );
    let page: Vec<_> = COST.split_whitespace().collect();
    assert!(page.join(" ").contains(&sentence), "{sentence}");
}

#[test]
fn a_month_costs_what_its_logins_and_verifications_cost() {
    let prices = Prices::read();
    let login = prices.login().with_logs();
    // The layer reads what a get reads, and nothing else of it costs anything.
    let layer = prices.database("get");
    let authorizer = prices.call("get", "get", memory("Authorizer"));
    let authorizer = authorizer.with_logs() - authorizer.http_api;
    let get = prices
        .call("get", "get", memory("FunctionMemory"))
        .with_logs();
    let row = |name: &str, of_users: &dyn Fn(f64) -> f64| {
        let cells = USERS.map(|users| rounded(of_users(users)));
        [vec![name.to_owned()], cells.to_vec()].concat()
    };
    let logins = |users: f64| users * LOGINS * login / 1e6;
    let verifications = |users: f64, each: f64| users * VERIFICATIONS * each / 1e6;
    let fixed = prices.fixed();
    let sum = |each: f64| move |users: f64| fixed + logins(users) + verifications(users, each);

    let expected = vec![
        row("fixed: ten alarms, ten metrics, a secret", &|_| fixed),
        row("logins", &logins),
        row("verifications by the layer", &|users| {
            verifications(users, layer)
        }),
        row("verifications by the authorizer", &|users| {
            verifications(users, authorizer)
        }),
        row("verifications by a call of get", &|users| {
            verifications(users, get)
        }),
        row("**Sesame, with the layer**", &sum(layer)),
        row("**Sesame, with the authorizer**", &sum(authorizer)),
        row("**Sesame, with a call of get**", &sum(get)),
    ];
    let documented = owned(table(COST, "By the number of users"));
    let own = documented.into_iter().take(expected.len());
    assert_rows("docs/cost.md", own, expected);
}
