//! Users of libraries and services that applications are built with.

use super::desk::{DATABASE_URL, Desk, PASSWORD};

/// Puts a script in the place of `psql` that knows some queries by what they contain.
fn psql(desk: &Desk, queries: &[(&str, &str)]) {
    let case = |(part, file): &(&str, &str)| format!("*'{part}'*) cat \"$exports/{file}\" ;;\n");
    let cases = queries.iter().map(case).collect::<Vec<_>>().concat();
    desk.script(
        "bin/psql",
        &format!(
            "[ \"$1 $2 $3\" = '{DATABASE_URL} --csv -c' ]\n\
             case \"$4\" in\n{cases}*) exit 1 ;;\nesac"
        ),
    );
}

#[test]
fn users_of_better_auth_log_in() {
    let desk = Desk::new();
    psql(
        &desk,
        &[
            ("from \"user\"", "better-auth-users.csv"),
            ("from account", "better-auth-accounts.csv"),
        ],
    );

    let printed = desk.import("better-auth");

    let want = "3 added, 0 unchanged, 0 refused\n\
                2 weak hashes, until their users log in: scrypt (2)\n";
    assert_eq!(printed, want);
    let ada = "Yh3kq0bZ1Qx7vXcN2mLrTe4sWuA8oPdJ";
    let eve = "Qx7vXcN2mLrTe4sWuA8oPdJYh3kq0bZ1";
    let finn = "mLrTe4sWuA8oPdJYh3kq0bZ1Qx7vXcN2";
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", ada, "Ada Lovelace", Some("scrypt")),
            ("eve@example.com", eve, "Eve", Some("scrypt")),
            ("finn@example.com", finn, "Finn", None),
        ],
    );
}

#[test]
fn users_of_supabase_log_in() {
    let desk = Desk::new();
    psql(&desk, &[("from auth.users", "supabase.csv")]);

    let printed = desk.import("Supabase");

    assert_eq!(printed, "4 added, 0 unchanged, 0 refused\n");
    let id = |n: u8| format!("2d4c1f6e-5b1a-4c55-9d0e-00000000000{n}");
    let bcrypt = Some("bcrypt");
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", &id(1), "Ada Lovelace", bcrypt),
            ("41791234567", &id(2), "41791234567", bcrypt),
            ("eve@example.com", &id(3), "eve@example.com", bcrypt),
            ("finn@example.com", &id(4), "Finn", None),
        ],
    );
}

#[test]
fn users_of_auth_js_log_in_where_the_application_has_hashes() {
    let desk = Desk::new();
    psql(&desk, &[("from users", "authjs.csv")]);

    let printed = desk.import("Auth.js");

    assert_eq!(printed, "2 added, 0 unchanged, 0 refused\n");
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", "1", "Ada Lovelace", Some("bcrypt")),
            ("finn@example.com", "2", "finn@example.com", None),
        ],
    );
}

#[test]
fn users_of_openauth_log_in() {
    let desk = Desk::new();
    desk.script(
        "bin/aws",
        "[ \"$1 $2 $3 $5 $6\" = 'dynamodb scan --table-name --filter-expression sk = :sk' ]\n\
         [ \"$8\" = '{\":sk\": {\"S\": \"password\"}}' ]\n\
         cat \"$exports/openauth.json\"",
    );

    let printed = desk.import("OpenAuth");

    let want = "2 added, 0 unchanged, 0 refused\n\
                2 weak hashes, until their users log in: PBKDF2 (1), scrypt (1)\n";
    assert_eq!(printed, want);
    let (ada, bob) = ("ada@example.com", "bob@example.com");
    desk.check(
        PASSWORD,
        &[
            (ada, ada, ada, Some("scrypt")),
            (bob, bob, bob, Some("pbkdf2-sha256")),
        ],
    );
}

#[test]
fn users_of_clerk_log_in() {
    let desk = Desk::new();
    desk.copy("clerk.csv");

    let printed = desk.import("Clerk");

    let want = "5 added, 0 unchanged, 0 refused\n\
                3 weak hashes, until their users log in: Firebase scrypt (1), PBKDF2 (2)\n";
    assert_eq!(printed, want);
    let (phone, firebase) = ("+41791234567", Some("firebase-scrypt"));
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", "user_1", "Ada Lovelace", Some("bcrypt")),
            ("bob", "user_2", "Bob", Some("pbkdf2-sha256")),
            (phone, "user_3", phone, Some("pbkdf2-sha1")),
            ("dora@example.com", "user_4", "Dora O'Neill", firebase),
            ("finn@example.com", "user_5", "Finn, the second", None),
        ],
    );
}
