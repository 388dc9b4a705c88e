//! Tries, rounds and the end of a code.

use std::time::Duration;

use serde_json::json;
use sesame::domain::{Code, Operation};

use super::kind::{Kind, WRONG_LONG, WRONG_SHORT};
use super::{
    HOUR, MINUTE, NEW_PASSWORD, SECOND, administrator, as_user, just_before, new_address, outcome,
    reset, sending,
};
use crate::support::app::PASSWORD;

#[tokio::test]
async fn the_sixth_try_at_the_short_form_is_wrong_and_the_long_form_is_right() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        for wrong in [4, 5] {
            let id = kind.user(admin, &format!("{kind:?}-{wrong}")).await;
            kind.ask(admin, &id).await;
            let code = kind.code(&app, &id).await;
            // A text that can't be a code is a try as well, and a long one is none.
            let not_a_code = kind.enter(admin, &id, "not a code, 0Oo1Ii").await;
            assert_eq!(outcome(&not_a_code), kind.wrong());
            for _ in 0..10 {
                let tried = kind.enter(admin, &id, WRONG_LONG).await;
                assert_eq!(outcome(&tried), kind.wrong());
            }
            kind.enter_wrong(admin, &id, wrong - 1).await;

            let short = kind.enter(admin, &id, code.short()).await;

            if wrong == 4 {
                assert_eq!(outcome(&short), "ok", "{kind:?}");
                continue;
            }
            assert_eq!(outcome(&short), kind.wrong(), "{kind:?}");
            let stored = kind.stored(&app, &id).await.active.unwrap();
            assert_eq!(stored.tries, Code::MAX_TRIES);
            kind.enter(admin, &id, code.long()).await.unwrap();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn used_up_tries_begin_a_new_round_after_a_minute() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        let sent = app.outbox().len();
        kind.ask(admin, &id).await;
        let first = kind.code(&app, &id).await;
        kind.enter_wrong(admin, &id, 5).await;

        kind.ask(admin.later(just_before(MINUTE)), &id).await;
        assert_eq!(app.outbox().len(), sent + 1, "{kind:?}");
        let early = kind.code(&app, &id).await;
        assert_eq!(early.long(), first.long(), "{kind:?}");

        kind.ask(admin.later(MINUTE), &id).await;
        assert_eq!(app.outbox().len(), sent + 2, "{kind:?}");
        let second = kind.code(&app, &id).await;
        assert_ne!(second.long(), first.long(), "{kind:?}");
        assert_ne!(second.short(), first.short(), "{kind:?}");
        let message = app.outbox().pop().unwrap();
        assert!(message.text.contains(second.short()) && !message.text.contains(first.short()));

        // One try of the new round.
        let late = admin.later(MINUTE);
        let former = kind.enter(late, &id, first.short()).await;
        assert_eq!(outcome(&former), kind.wrong(), "{kind:?}");
        kind.enter_wrong(late, &id, 4).await;
        kind.ask(admin.later(MINUTE * 2), &id).await;
        let third = kind.code(&app, &id).await;
        assert_eq!(kind.stored(&app, &id).await.active.unwrap().round, 3);

        // The links of all rounds are right until the end, which the last request has moved.
        let end = MINUTE * 2 + kind.purpose().lifetime();
        let entered = kind.enter(admin.later(end), &id, first.long()).await;
        assert_ne!(outcome(&entered), "ok", "{kind:?}");
        let by_round = [&first, &second, &third];
        let code = by_round[Kind::ALL.iter().position(|one| *one == kind).unwrap() % 3];
        let last = admin.later(just_before(end));
        kind.enter(last, &id, code.long()).await.unwrap();
        for code in by_round {
            let again = kind.enter(last, &id, code.long()).await;
            assert_eq!(outcome(&again), kind.wrong(), "{kind:?}");
        }
    }
}

/// Whoever asks for codes that are returned waits for a minute too.
#[tokio::test]
async fn a_returned_code_begins_no_round_within_a_minute() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::MailReset;
    let id = kind.user(admin, "mini").await;
    let ask = async |after: Duration| {
        let message = super::returned(&id);
        let asked = admin.later(after).ask(Operation::PasswordReset, message);
        asked.await.unwrap()["verificationCode"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let first = ask(Duration::ZERO).await;
    for round in 1..4 {
        let start = MINUTE * (round - 1);
        kind.enter_wrong(admin.later(start), &id, 5).await;
        let same = ask(just_before(start + MINUTE)).await;
        assert_eq!(same, kind.code(&app, &id).await.short());
        assert_eq!(kind.stored(&app, &id).await.active.unwrap().round, round);
        let next = ask(start + MINUTE).await;
        assert_ne!(next, first);
        assert_eq!(
            kind.stored(&app, &id).await.active.unwrap().round,
            round + 1
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_renews_the_time_and_not_the_tries() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        kind.enter_wrong(admin, &id, 3).await;
        let lifetime = kind.purpose().lifetime();

        let again = just_before(lifetime);
        kind.ask(admin.later(again), &id).await;

        let stored = kind.stored(&app, &id).await.active.unwrap();
        assert_eq!((stored.round, stored.tries), (1, 3), "{kind:?}");
        assert_eq!(kind.code(&app, &id).await.long(), code.long());
        let late = admin.later(just_before(again + lifetime));
        kind.enter_wrong(late, &id, 2).await;
        let short = kind.enter(late, &id, code.short()).await;
        assert_eq!(outcome(&short), kind.wrong(), "{kind:?}");
        kind.enter(late, &id, code.long()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_code_ends_exactly_at_its_time() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for kind in Kind::ALL {
        let lifetime = kind.purpose().lifetime();
        let want = if kind == Kind::Invite {
            HOUR * 72
        } else {
            HOUR
        };
        assert_eq!(lifetime, want);
        for is_short in [true, false] {
            let id = kind.user(admin, &format!("{kind:?}-{is_short}")).await;
            kind.ask(admin, &id).await;
            let code = kind.code(&app, &id).await;
            let text = if is_short { code.short() } else { code.long() };
            let late = kind.enter(admin.later(lifetime), &id, text).await;
            assert_ne!(outcome(&late), "ok", "{kind:?}");
            // Of an expired code no try is counted.
            assert_eq!(kind.stored(&app, &id).await.active.unwrap().tries, 0);
            let last = admin.later(just_before(lifetime));
            kind.enter(last, &id, text).await.unwrap();
        }
        // Behind it, a request makes another code.
        let id = kind.user(admin, &format!("{kind:?}-again")).await;
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        kind.ask(admin.later(lifetime), &id).await;
        let other = kind.code(&app, &id).await;
        assert_ne!(other.long(), code.long());
        let after = admin.later(lifetime);
        let old = kind.enter(after, &id, code.long()).await;
        assert_eq!(outcome(&old), kind.wrong());
        kind.enter(after, &id, other.short()).await.unwrap();
    }
}

#[tokio::test]
async fn a_used_code_is_followed_by_another_one() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::MailReset;
    let id = kind.user(admin, "mini").await;
    kind.ask(admin, &id).await;
    let first = kind.code(&app, &id).await;
    kind.enter(admin, &id, first.short()).await.unwrap();

    kind.ask(admin.later(SECOND), &id).await;

    let second = kind.code(&app, &id).await;
    assert_ne!(second.long(), first.long());
    let used = kind.enter(admin.later(SECOND), &id, first.long()).await;
    assert_eq!(outcome(&used), kind.wrong());
    kind.enter(admin.later(SECOND), &id, second.long())
        .await
        .unwrap();
}

/// A password that is set ends the codes by which one can be set.
#[tokio::test]
async fn a_password_that_is_set_meanwhile_ends_the_code() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for (n, kind) in [Kind::MailReset, Kind::SmsReset, Kind::Invite]
        .into_iter()
        .enumerate()
    {
        for by_user in [true, false] {
            if by_user && kind == Kind::Invite {
                continue;
            }
            let id = kind.user(admin, &format!("{n}-{by_user}")).await;
            kind.ask(admin, &id).await;
            let code = kind.code(&app, &id).await;
            let later = admin.later(SECOND);
            let mut message =
                json!({ "userId": id, "newPassword": { "password": "a third horse" } });
            let own = if by_user {
                message["currentPassword"] = json!(PASSWORD);
                as_user(later, &id, PASSWORD).await
            } else {
                later
            };
            own.ask(Operation::SetPassword, message).await.unwrap();

            for text in [code.short(), code.long()] {
                let entered = kind.enter(later, &id, text).await;
                assert_eq!(outcome(&entered), kind.wrong(), "{kind:?} {by_user}");
            }
        }
    }
}

/// Neither does an address that takes the place of a verified one leave the code of a reset.
#[tokio::test]
async fn a_verified_new_address_ends_the_codes_that_were_sent_to_the_former_one() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let id = Kind::MailReset.user(admin, "mini").await;
    Kind::MailReset.ask(admin, &id).await;
    let old = Kind::MailReset.code(&app, &id).await;
    let message = json!({ "userId": id, "email": new_address(&id), "sendCode": {} });
    admin.ask(Operation::SetEmail, message).await.unwrap();
    let verify = Kind::Email.code(&app, &id).await;

    Kind::Email.enter(admin, &id, verify.short()).await.unwrap();

    let entered = Kind::MailReset.enter(admin, &id, old.long()).await;
    assert_eq!(outcome(&entered), "CODE-woT0xc");
    // Another code is made for the new one at once.
    Kind::MailReset.ask(admin, &id).await;
    assert_eq!(app.outbox().pop().unwrap().to, new_address(&id));
}

#[tokio::test]
async fn case_spaces_and_hyphens_make_no_difference() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let spellings: [fn(&str) -> String; 4] = [
        str::to_lowercase,
        |code| format!(" {} - {} ", &code[..4], &code[4..]),
        |code| {
            let spaced = code.chars().map(|c| format!("{c}-"));
            spaced.collect::<String>().to_lowercase()
        },
        |code| format!("{}{}", code[..3].to_lowercase(), &code[3..]),
    ];
    for kind in Kind::ALL {
        for (n, spell) in spellings.iter().enumerate() {
            for is_short in [true, false] {
                let id = kind.user(admin, &format!("{kind:?}-{n}-{is_short}")).await;
                kind.ask(admin, &id).await;
                let code = kind.code(&app, &id).await;
                let text = if is_short { code.short() } else { code.long() };
                let text = spell(text);
                let entered = kind.enter(admin, &id, &text).await;
                assert_eq!(outcome(&entered), "ok", "{kind:?} spelling {n}");
            }
        }
    }
}

/// A part of the long form, or more than it, is a try at the short one.
#[tokio::test]
async fn a_part_of_a_code_is_none() {
    let app = sending().await;
    let admin = administrator(&app).await;
    let kind = Kind::MailReset;
    let id = kind.user(admin, "mini").await;
    kind.ask(admin, &id).await;
    let code = kind.code(&app, &id).await;
    let long = code.long();
    for text in [
        &long[..19],
        &long[..9],
        &long[12..],
        &format!("{long}2"),
        WRONG_SHORT,
    ] {
        let message = reset(&id, NEW_PASSWORD, text);
        let tried = admin.ask(Operation::SetPassword, message).await;
        assert_eq!(outcome(&tried), "CODE-woT0xc", "{text}");
    }
    assert_eq!(kind.stored(&app, &id).await.active.unwrap().tries, 5);
}

/// Whoever asks for a code again gets the one that there is, and no new one.
#[tokio::test]
async fn a_code_is_sent_again_while_it_is_valid() {
    let app = sending().await;
    let admin = administrator(&app).await;
    for (kind, resend, none) in [
        (Kind::Email, Operation::ResendEmailCode, "EMAIL-5w5ilin4yt"),
        (Kind::Phone, Operation::ResendPhoneCode, "PHONE-5xrra88eq8"),
        (Kind::Invite, Operation::ResendInviteCode, "COMMAND-Wr3gq"),
    ] {
        let id = kind.user(admin, &format!("{kind:?}")).await;
        let again = async |after: Duration| {
            let asked = admin.later(after).ask(resend, json!({ "userId": id }));
            outcome(&asked.await)
        };
        assert_eq!(again(Duration::ZERO).await, none, "never asked for");
        kind.ask(admin, &id).await;
        let code = kind.code(&app, &id).await;
        let sent = app.outbox().len();
        assert_eq!(again(MINUTE).await, "ok");
        assert_eq!(app.outbox().len(), sent + 1);
        let message = app.outbox().pop().unwrap();
        assert!(message.text.contains(code.short()), "{kind:?}");
        let end = MINUTE + kind.purpose().lifetime();
        assert_eq!(again(end).await, none, "expired");
        assert_eq!(app.outbox().len(), sent + 1);

        kind.ask(admin.later(end), &id).await;
        let code = kind.code(&app, &id).await;
        let late = admin.later(end);
        kind.enter(late, &id, code.short()).await.unwrap();
        assert_eq!(again(end + MINUTE).await, none, "used");
        // A page that asks on each load hears of no error once the address is verified.
        if kind == Kind::Email {
            let sent = app.outbox().len();
            kind.ask(late, &id).await;
            let message = super::returned(&id);
            let asked = late.ask(Operation::SendEmailCode, message).await;
            assert_eq!(outcome(&asked), none);
            assert_eq!(app.outbox().len(), sent);
        }
    }
}
