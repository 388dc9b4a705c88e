//! How large the items of users get with second factors.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use sesame::domain::{
    Attempts, CodeId, FactorKind, PendingTotp, RecoveryCodeHash, SealedSecret, SecondFactors,
    Timestamp, Totp, User, UserRef, WriteId,
};

use crate::support::app::App;
use crate::support::second::SECOND;

type Item = std::collections::HashMap<String, AttributeValue>;

/// The longest secret that an import takes, sealed: with a nonce and a tag.
const SEALED: usize = 12 + 64 + 16;

/// As DynamoDB counts it: each name and value, and a number of so many digits at two to a byte and one
/// more.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>
fn size(item: &Item) -> usize {
    let value = |value: &AttributeValue| match value {
        AttributeValue::S(text) => text.len(),
        AttributeValue::N(number) => number.len().div_ceil(2) + 1,
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        AttributeValue::Ss(set) => set.iter().map(|text| text.len() + 1).sum::<usize>() + 3,
        other => panic!("{other:?}"),
    };
    item.iter().map(|(name, one)| name.len() + value(one)).sum()
}

async fn read(app: &App, prefix: &str, user: &User) -> Item {
    let key = format!("{prefix}{}", UserRef::from(&user.user_id));
    let get = app.dynamodb().get_item();
    let get = get
        .table_name(&app.store.tables().users)
        .key("pk", AttributeValue::S(key))
        .consistent_read(true);
    get.send().await.unwrap().item.unwrap()
}

fn fullest(app: &App) -> SecondFactors {
    let secret = SealedSecret {
        key: app.server_key().name(),
        sealed: vec![0xff; SEALED],
    };
    let longest = Timestamp::from_millis(i64::MAX);
    let codes: BTreeSet<_> = (0..10).map(|n| RecoveryCodeHash::new([n; 32])).collect();
    SecondFactors {
        totp: Some(Totp {
            secret: secret.clone(),
            last_step: u64::MAX,
            added_at: longest,
        }),
        pending_totp: Some(PendingTotp {
            id: CodeId::generate(),
            secret,
            tries: u32::MAX,
            try_id: WriteId::generate().to_string(),
            expires_at: longest,
        }),
        otp_email: Some(longest),
        otp_sms: Some(longest),
        recovery_codes: codes,
        attempts: Attempts {
            made: u64::MAX,
            failures: 0,
            last_at: Some(longest),
        },
        ..SecondFactors::default()
    }
}

#[tokio::test]
async fn the_item_of_second_factors_is_at_most_two_kilobytes() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user_with("mini", &[]).await;
    let fullest = fullest(&app);
    app.change_user(&mini.user_id, |account| account.factors = fullest.clone())
        .await;
    let mut item = read(&app, "FACTORS#", &mini).await;
    // What checks and messages write.
    item.insert(
        "write_id".to_owned(),
        AttributeValue::S(WriteId::generate().to_string()),
    );
    for name in ["failures", "email_day", "email_sent", "sms_day", "sms_sent"] {
        item.insert(name.to_owned(), AttributeValue::N(u64::MAX.to_string()));
    }

    let lengths = item.iter().map(|(name, value)| {
        let length = match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(number) => number.len(),
            AttributeValue::B(bytes) => Blob::as_ref(bytes).len(),
            other => panic!("{name} {other:?}"),
        };
        (&**name, length)
    });
    let lengths: BTreeMap<_, _> = lengths.collect();
    let names: Vec<_> = lengths.keys().copied().collect();
    let all = [
        "attempted_at",
        "attempts",
        "cleared",
        "email_day",
        "email_sent",
        "failures",
        "otp_email_at",
        "otp_sms_at",
        "pending_id",
        "pending_key",
        "pending_secret",
        "pending_tries",
        "pending_try",
        "pending_until",
        "pk",
        "recovery_codes",
        "sms_day",
        "sms_sent",
        "totp_added_at",
        "totp_key",
        "totp_secret",
        "totp_step",
        "write_id",
    ];
    assert_eq!(names, all);
    assert_eq!(lengths["recovery_codes"], 320);
    assert_eq!(lengths["totp_secret"], SEALED);
    assert!(size(&item) <= 2048, "{}", size(&item));
    // The index of users lists what has a user's id.
    assert!(!item.contains_key("user_id"));
}

#[tokio::test]
async fn the_logins_item_does_not_grow_with_second_factors() {
    let app = App::emulated(&SECOND).await;
    let mini = app.user_with("mini", &[]).await;
    let before = app.raw_login(&mini).await;
    let pointer = read(&app, "USER#", &mini).await;

    let id = &mini.user_id;
    app.change_user(id, |account| account.factors = fullest(&app))
        .await;

    assert_eq!(app.raw_login(&mini).await, before);
    let after = read(&app, "USER#", &mini).await;
    // Those of credentials are in items of their own.
    let of_keys = [FactorKind::Passkey, FactorKind::U2f];
    let kinds = FactorKind::ALL
        .iter()
        .filter(|kind| !of_keys.contains(kind));
    let kinds: Vec<_> = kinds.map(|kind| kind.as_str()).collect();
    let mut named = after["factors"].as_ss().unwrap().clone();
    named.sort_by_key(|name| kinds.iter().position(|kind| kind == name));
    assert_eq!(named, kinds);
    // A batch reads it in one unit of 4 KB beside all else.
    assert!(size(&after) - size(&pointer) <= 64);
}
