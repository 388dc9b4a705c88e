use super::*;

const OURS: &str = "acme";

fn user() -> UserEntry {
    let person = |name: &str| PersonName::parse("name", name).unwrap();
    UserEntry {
        user_id: UserId::parse("1".into()).unwrap(),
        login_name: LoginName::parse("Mini@mouse.com".into()).unwrap(),
        display_name: None,
        state: UserState::Active,
        given_name: person("Élodie"),
        family_name: person("Mouse"),
        nick_name: None,
        email: EmailAddress::parse("Mini.Mouse@Mouse.com").ok(),
        phone: PhoneNumber::parse("+41791234567").ok(),
        created_at: None,
    }
}

fn text(field: UserField, method: TextMethod, ignores_case: bool, text: &str) -> UserQuery {
    let text = TextMatch::new(method, ignores_case, text);
    text.map_or(UserQuery::Nobody, |text| UserQuery::Text(field, text))
}

fn ids(ids: &[&str]) -> UserQuery {
    let ids = ids.iter().map(|&id| UserId::parse(id.to_owned()).unwrap());
    UserQuery::Ids(ids.collect())
}

fn ours() -> UserQuery {
    UserQuery::Organization(OURS.into())
}

fn others() -> UserQuery {
    UserQuery::Organization("else".into())
}

fn not(query: UserQuery) -> UserQuery {
    UserQuery::Not(Box::new(query))
}

#[test]
fn a_name_an_address_and_a_number_are_compared_as_in_a_login() {
    for (query, want) in [
        (UserQuery::login_name("mini@MOUSE.com"), true),
        (UserQuery::login_name(" mini@mouse.com\n"), true),
        (UserQuery::login_name("mini"), false),
        (UserQuery::login_name(""), false),
        (UserQuery::login_name(&"a".repeat(201)), false),
        (UserQuery::emails(["mini.mouse@mouse.COM "]), true),
        (UserQuery::emails(["x@y.z", "mini.mouse@mouse.com"]), true),
        (UserQuery::emails(["mini.mouse"]), false),
        (UserQuery::emails([]), false),
        (UserQuery::phone("+41 (79) 123-45.67 "), true),
        (UserQuery::phone("41791234567"), false),
        (UserQuery::phone("mini@mouse.com"), false),
    ] {
        assert_eq!(query.matches(&user(), OURS), want, "{query:?}");
    }
}

/// White space was not always dropped from the names of new users.
#[test]
fn a_stored_name_with_white_space_is_found_by_just_that() {
    let spaced = UserEntry {
        login_name: LoginName::parse(" mini ".into()).unwrap(),
        ..user()
    };
    for (name, want) in [(" mini ", true), (" MINI ", true), ("mini", false)] {
        let query = UserQuery::login_name(name);
        assert_eq!(query.matches(&spaced, OURS), want, "{name:?}");
    }
}

#[test]
fn each_method_compares_its_part_of_a_text() {
    use TextMethod::{Contains, EndsWith, Equals, StartsWith};
    use UserField::{DisplayName, Email, FamilyName, GivenName, LoginName, NickName, Phone};

    for (field, method, ignores_case, with, want) in [
        (GivenName, Equals, true, "elodie", false),
        (GivenName, Equals, true, " e\u{301}LODIE ", true),
        (GivenName, Equals, false, " Élodie ", true),
        (GivenName, Equals, false, "élodie", false),
        (GivenName, Equals, true, "élodi", false),
        (GivenName, StartsWith, false, "Él", true),
        (GivenName, StartsWith, false, "él", false),
        (GivenName, StartsWith, true, "él", true),
        (GivenName, StartsWith, true, "lo", false),
        (FamilyName, Contains, false, "ous", true),
        (FamilyName, Contains, false, "OUS", false),
        (FamilyName, Contains, true, "OUS", true),
        (FamilyName, Contains, true, "", false),
        (FamilyName, EndsWith, false, "use", true),
        (FamilyName, EndsWith, false, "USE", false),
        (FamilyName, EndsWith, true, "USE", true),
        (FamilyName, EndsWith, true, "Mo", false),
        (NickName, Contains, true, "m", false),
        // It is shown instead of a display name.
        (DisplayName, Equals, true, "mini@mouse.com", true),
        (LoginName, StartsWith, false, "Mini", true),
        (LoginName, StartsWith, false, "mini", false),
        (Email, EndsWith, true, "@mouse.COM", true),
        (Email, EndsWith, false, "@mouse.com", false),
        (Phone, StartsWith, false, "+41", true),
    ] {
        let query = text(field, method, ignores_case, with);
        assert_eq!(query.matches(&user(), OURS), want, "{query:?}");
    }
}

#[test]
fn conditions_are_combined() {
    let (yes, no) = (|| ids(&["2", "1"]), || ids(&["2"]));
    for (query, want) in [
        (yes(), true),
        (no(), false),
        (UserQuery::Nobody, false),
        (UserQuery::Everybody, true),
        (UserQuery::State(UserState::Active), true),
        (UserQuery::State(UserState::Locked), false),
        (ours(), true),
        (others(), false),
        (not(no()), true),
        (not(yes()), false),
        (UserQuery::All(vec![yes(), ours()]), true),
        (UserQuery::All(vec![yes(), no()]), false),
        (UserQuery::Any(vec![no(), yes()]), true),
        (UserQuery::Any(vec![no(), others()]), false),
        (UserQuery::Any(vec![]), false),
        (UserQuery::All(vec![]), true),
    ] {
        assert_eq!(query.matches(&user(), OURS), want, "{query:?}");
    }
}

#[test]
fn a_query_is_answered_by_the_fewest_keys_that_lead_to_everybody_who_matches() {
    let name = || UserQuery::login_name("mini");
    let phone = || UserQuery::phone("+41791234567");
    let filter = || UserQuery::State(UserState::Active);
    // How many keys of ids, names, addresses and numbers there are; `None`: it is a search.
    for (query, want) in [
        (ids(&["1", "2"]), Some([2, 0, 0, 0])),
        (ids(&[]), Some([0; 4])),
        (name(), Some([0, 1, 0, 0])),
        // As it is, and without the white space.
        (UserQuery::login_name(" mini"), Some([0, 2, 0, 0])),
        (UserQuery::emails(["a@b.c", "no"]), Some([0, 0, 1, 0])),
        (phone(), Some([0, 0, 0, 1])),
        (UserQuery::phone("mini"), Some([0; 4])),
        (UserQuery::Nobody, Some([0; 4])),
        (others(), Some([0; 4])),
        (ours(), None),
        (UserQuery::Everybody, None),
        (filter(), None),
        (
            text(UserField::LoginName, TextMethod::Contains, true, "m"),
            None,
        ),
        (not(name()), None),
        (UserQuery::All(vec![]), None),
        (UserQuery::All(vec![filter(), ours()]), None),
        (
            UserQuery::All(vec![filter(), name(), ours()]),
            Some([0, 1, 0, 0]),
        ),
        (
            UserQuery::All(vec![ids(&["1", "2"]), name()]),
            Some([0, 1, 0, 0]),
        ),
        (UserQuery::All(vec![name(), others()]), Some([0; 4])),
        (UserQuery::Any(vec![]), Some([0; 4])),
        (
            UserQuery::Any(vec![name(), phone(), ids(&["1"])]),
            Some([1, 1, 0, 1]),
        ),
        (UserQuery::Any(vec![name(), filter()]), None),
        (
            UserQuery::All(vec![
                UserQuery::Any(vec![name(), filter()]),
                UserQuery::All(vec![not(filter()), phone()]),
            ]),
            Some([0, 0, 0, 1]),
        ),
    ] {
        let keys = query.keys(OURS).map(|keys| {
            let UserKeys {
                ids,
                names,
                emails,
                phones,
            } = keys;
            [ids.len(), names.len(), emails.len(), phones.len()]
        });
        assert_eq!(keys, want, "{query:?}");
    }
}

#[test]
fn users_are_sorted_by_a_text_without_case_then_by_creation_and_id() {
    let at = |millis| Some(Timestamp::from_millis(millis));
    let one = |name: &str, created_at, id: &str| UserEntry {
        user_id: UserId::parse(id.into()).unwrap(),
        nick_name: PersonName::parse("nick_name", name).unwrap(),
        created_at,
        ..user()
    };
    let mut users = [
        one("b", at(1), "1"),
        one("B", at(1), "0"),
        one("a", at(3), "2"),
        one("", at(4), "3"),
        one("A", None, "4"),
    ];
    let mut sorted = |order| {
        users.sort_by_cached_key(|user| user.sort_key(order));
        users.each_ref().map(|user| user.user_id.to_string())
    };

    let by_name = UserOrder::Text(UserField::NickName);
    assert_eq!(sorted(by_name), ["3", "4", "2", "0", "1"]);
    assert_eq!(sorted(UserOrder::Unspecified), ["4", "0", "1", "2", "3"]);
    assert_eq!(sorted(UserOrder::State), ["4", "0", "1", "2", "3"]);
}
