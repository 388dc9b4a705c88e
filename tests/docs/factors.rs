//! The tables of docs/second-factors.md.

use sesame::domain::{FactorKind, OtpChallenge, OtpMethod, PendingTotp, SentOnDay};

use crate::rows::{assert_rows, table};

const PAGE: &str = include_str!("../../docs/second-factors.md");

#[test]
fn each_second_factor_is_described_with_its_check() {
    let documented = table(PAGE, "What there is").into_iter().map(|row| {
        let name = row[0].split('`').nth(1).unwrap().to_owned();
        let check = row[2].split("`checks.").nth(1).unwrap();
        let check = check.split('`').next().unwrap().to_owned();
        assert_eq!(row[3], format!("`{check}`"));
        (name, check)
    });
    let kinds = FactorKind::ALL.map(|kind| (kind.as_str().to_owned(), kind.check().to_owned()));
    assert_rows("docs/second-factors.md", documented, kinds);
}

#[test]
fn the_limits_of_second_factors_are_those_of_the_service() {
    let minutes = |span: std::time::Duration| span.as_secs() / 60;
    let limits = [
        (
            "a code by e-mail or SMS",
            format!("{} minutes, once;", minutes(OtpChallenge::LIFETIME)),
        ),
        (
            "a registration of an app",
            format!(
                "{} minutes and {} tries",
                minutes(PendingTotp::LIFETIME),
                PendingTotp::MAX_TRIES
            ),
        ),
        (
            "messages",
            format!(
                "one a minute for each session; {} a day for each user and method, {} by SMS,",
                SentOnDay::max(OtpMethod::Email),
                SentOnDay::max(OtpMethod::Sms)
            ),
        ),
    ];
    let rows = table(PAGE, "Limits");
    for (what, limit) in limits {
        let row = rows.iter().find(|row| row[0] == what).unwrap();
        assert!(
            row[1].starts_with(&limit),
            "{what}: {} and not {limit}",
            row[1]
        );
    }
}
