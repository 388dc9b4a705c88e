use super::*;
use crate::domain::{LoginName, UserId, UserState};

fn name(text: &str) -> Option<PersonName> {
    PersonName::parse("given_name", text).unwrap()
}

fn account(profile: Profile, display_name: Option<&str>) -> Account {
    let new = NewUser {
        login_name: LoginName::parse("mini".into()).unwrap(),
        user_id: UserId::parse("1".into()).unwrap(),
        display_name: display_name.map(|name| DisplayName::from_stored(name.into())),
        state: UserState::Active,
        password_hash: None,
        change_required: false,
        profile,
    };
    Account::new(new, Timestamp::from_millis(5))
}

#[test]
fn a_name_is_one_line_without_white_space_around_it() {
    for (text, want) in [
        (" Mini ", Some("Mini")),
        ("van der Maus", Some("van der Maus")),
        (" ", Some("")),
        ("", Some("")),
        ("Mi\nni", None),
        ("Mi\0ni", None),
        ("Mi\u{2029}ni", None),
    ] {
        let got = PersonName::parse("nick_name", text).ok();
        let got = got
            .as_ref()
            .map(|name| name.as_ref().map_or("", PersonName::as_str));
        assert_eq!(got, want, "{text:?}");
    }
    assert!(PersonName::parse("nick_name", &"ä".repeat(200)).is_ok());
    assert!(PersonName::parse("nick_name", &"a".repeat(201)).is_err());
}

#[test]
fn a_language_is_a_tag() {
    for (text, good) in [
        ("de", true),
        ("pt-BR", true),
        ("en_US", true),
        ("zh-Hant-TW", true),
        ("es-419", true),
        ("d", false),
        ("", false),
        ("de-", false),
        ("12", false),
        ("de de", false),
        ("zh-Hant-TWN", false),
        ("dä", false),
    ] {
        assert_eq!(Language::parse(text).is_ok(), good, "{text:?}");
    }
}

#[test]
fn a_display_name_that_is_made_of_the_names_follows_them() {
    let names = |given: &str, family: &str| Profile {
        given_name: name(given),
        family_name: name(family),
        ..Profile::default()
    };
    let shown = |account: &Account| account.user.display_name.as_ref().map(ToString::to_string);

    let made = account(names("Mini", "Mouse"), None);
    assert_eq!(shown(&made).as_deref(), Some("Mini Mouse"));
    let made = made.with_profile(names("Minnie", "Mouse"));
    assert_eq!(shown(&made).as_deref(), Some("Minnie Mouse"));

    let given = made.with_display_name(Some(DisplayName::from_stored("M".into())));
    let given = given.with_profile(names("Mini", "Mouse"));
    assert_eq!(shown(&given).as_deref(), Some("M"));
    assert_eq!(
        shown(&given.with_display_name(None)).as_deref(),
        Some("Mini Mouse")
    );

    // Who is to be shown by the login name stays so.
    let by_login_name = account(names("Mini", "Mouse"), Some("mini"));
    assert_eq!(shown(&by_login_name), None);
    assert_eq!(
        shown(&by_login_name.with_profile(names("Minnie", "Mouse"))),
        None
    );
    let long = account(names(&"a".repeat(200), "Mouse"), None);
    assert_eq!(shown(&long), Some("a".repeat(200)));

    assert_eq!(shown(&account(Profile::default(), None)), None);
    assert_eq!(
        shown(&account(names("", "Mouse"), None)).as_deref(),
        Some("Mouse")
    );
}

#[test]
fn a_new_address_waits_beside_a_verified_one() {
    let at = Timestamp::from_millis;
    let address = |text: &str| EmailAddress::from_stored(text.to_owned());
    let contact = |text: &str, verified_at: Option<i64>| Contact {
        address: address(text),
        verified_at: verified_at.map(at),
    };
    let mut profile = Profile::default();

    profile.set_email(contact("a@a.b", None), false);
    assert_eq!(profile.email, Some(contact("a@a.b", None)));
    profile.set_email(contact("b@a.b", None), false);
    assert_eq!(
        (&profile.email, &profile.new_email),
        (&Some(contact("b@a.b", None)), &None)
    );
    profile.verify_email(&address("b@a.b"), at(1));
    assert_eq!(profile.verified_email(), Some(&address("b@a.b")));
    assert_eq!(profile.unverified_email(), None);

    profile.set_email(contact("c@a.b", None), false);
    assert_eq!(profile.email, Some(contact("b@a.b", Some(1))));
    assert_eq!(profile.shown_email(), Some(contact("c@a.b", None)));
    assert_eq!(profile.unverified_email(), Some(address("c@a.b")));
    profile.verify_email(&address("c@a.b"), at(2));
    assert_eq!(profile.email, Some(contact("c@a.b", Some(2))));
    assert_eq!(profile.new_email, None);

    // Of the address that there is, another one may go on waiting.
    profile.set_email(contact("e@a.b", None), false);
    profile.verify_email(&address("c@a.b"), at(3));
    assert_eq!(profile.email, Some(contact("c@a.b", Some(2))));
    assert_eq!(profile.new_email, Some(address("e@a.b")));

    // The verified address itself ends the wait, in any spelling.
    profile.set_email(contact("d@a.b", None), false);
    profile.set_email(contact("C@a.b", None), false);
    assert_eq!(
        (&profile.email, &profile.new_email),
        (&Some(contact("C@a.b", None)), &None)
    );
}

#[test]
fn each_change_of_an_account_is_counted() {
    let now = Timestamp::from_millis(7);
    let new = account(Profile::default(), None);
    assert_eq!(new.profile.sequence, Sequence(1));
    assert_eq!(new.profile.created_at, Some(Timestamp::from_millis(5)));

    let changed = new.changed(now);

    assert_eq!(changed.profile.sequence, Sequence(2));
    assert_eq!(changed.profile.changed_at, Some(now));
}
