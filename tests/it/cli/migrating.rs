//! The commands of `docs/migrating.md` over exports in the forms of other programs.

mod applications;
mod desk;
mod other_forms;

use self::desk::{DOCUMENT, Desk, PASSWORD, blocks};
use crate::support::record;

#[test]
fn users_of_keycloak_log_in() {
    let desk = Desk::new();
    desk.script(
        "bin/kc.sh",
        "[ \"$*\" = 'export --dir export --realm myrealm --users different_files' ]\n\
         cp -r \"$exports/keycloak\" \"$3\"",
    );

    let printed = desk.import("Keycloak");

    let want = "6 added, 0 unchanged, 0 refused\n\
                1 weak hash, until its user logs in: PBKDF2 (1)\n";
    assert_eq!(printed, want);
    let id = |n: u8| format!("826731b2-bf17-4bd9-b45c-6a26c76ddaa{n}");
    desk.check(
        PASSWORD,
        &[
            ("ada", &id(1), "Ada Lovelace", Some("argon2id")),
            ("bob", &id(2), "Bob", Some("pbkdf2-sha512")),
            ("cleo", &id(3), "cleo", Some("pbkdf2-sha256")),
            ("dora", &id(4), "Dora O'Neill", Some("pbkdf2-sha1")),
            ("eve", &id(5), "Eve", Some("argon2id")),
            ("finn", &id(6), "Finn", None),
        ],
    );
    desk.clean_up();
}

#[test]
fn users_of_auth0_log_in() {
    let desk = Desk::new();
    desk.copy("auth0-users.json");
    desk.copy("auth0-hashes.json");

    let printed = desk.import("Auth0");

    assert_eq!(printed, "4 added, 0 unchanged, 0 refused\n");
    let id = |id: &str| format!("auth0|60425d{id}");
    let (ada, eve) = (&id("c43519d90068f82973"), &id("a93519d90068f82966"));
    let (finn, bcrypt) = (&id("a93519d90068f82967"), Some("bcrypt"));
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", ada, "Ada Lovelace", bcrypt),
            ("euclid", "auth0|euclid", "Euclid", bcrypt),
            ("eve@example.com", eve, "eve@example.com", bcrypt),
            ("finn@example.com", finn, "finn@example.com", None),
        ],
    );
}

#[test]
fn users_of_cognito_are_given_a_password() {
    let desk = Desk::new();
    desk.script(
        "bin/aws",
        "[ \"$1 $2 $3\" = 'cognito-idp list-users --user-pool-id' ]\ncat \"$exports/cognito.json\"",
    );

    let printed = desk.import("Cognito");

    assert_eq!(printed, "4 added, 0 unchanged, 0 refused\n");
    let id = |n: u8| format!("d3b4c8e2-1061-70f1-2c9e-00000000000{n}");
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", &id(1), "Ada Lovelace", None),
            ("bob", &id(2), "Bob Bobson", None),
            ("+41791234567", &id(3), "+41791234567", None),
            ("eve", &id(4), "eve", None),
        ],
    );
    desk.follow(&blocks("Users without a password"), "migration")
        .expect(0);
    assert_eq!(desk.dev.log_in("ada@example.com", PASSWORD), 200);
}

#[test]
fn users_of_firebase_log_in() {
    const SIGNER_KEY: &str =
        "jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==";
    const PASSWORD: &str = "user1password";

    record::secret(Some(SIGNER_KEY));
    record::secret(Some(PASSWORD));
    let desk = Desk::new();
    desk.copy("hash-config.txt");
    desk.script(
        "bin/firebase",
        "[ \"$1 $3\" = 'auth:export --format=json' ]\ncp \"$exports/firebase.json\" \"$2\"",
    );

    let printed = desk.import("Firebase");

    let want = "3 added, 0 unchanged, 0 refused\n\
                2 weak hashes, until their users log in: Firebase scrypt (2)\n";
    assert_eq!(printed, want);
    let id = |n: u8| format!("6rJVTHJRyTM4m2qV0pXkkRmMVUx{n}");
    let scrypt = Some("firebase-scrypt");
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", &id(1), "Ada Lovelace", scrypt),
            ("eve@example.com", &id(2), "eve@example.com", scrypt),
            ("finn@example.com", &id(3), "Finn", None),
        ],
    );
}

#[test]
fn users_of_django_log_in() {
    let desk = Desk::new();
    desk.script(
        "migration/manage.py",
        "[ \"$*\" = 'dumpdata auth.user' ]\ncat \"$exports/django.json\"",
    );

    let printed = desk.import("Django");

    let want = "5 added, 0 unchanged, 0 refused\n\
                4 weak hashes, until their users log in: PBKDF2 (2), argon2 (1), \
                bcrypt under cost 10 (1)\n";
    assert_eq!(printed, want);
    desk.check(
        PASSWORD,
        &[
            ("ada", "1", "Ada Lovelace", Some("pbkdf2-sha256")),
            ("bob@example.com", "2", "bob@example.com", Some("argon2id")),
            ("cleo", "3", "Cleo", Some("bcrypt")),
            ("eve", "4", "eve", Some("pbkdf2-sha256")),
            ("finn", "5", "finn", None),
        ],
    );
}

#[test]
fn users_of_zitadel_log_in() {
    let desk = Desk::new();
    // The token is on stdin: not in the arguments.
    desk.script(
        "bin/curl",
        "[ \"$(cat)\" = 'Authorization: Bearer t0ken-0f-zitadel' ]\n\
         for last; do :; done\n\
         printf '%s' \"$last\" | python3 -c 'import json, sys; json.load(sys.stdin)'\n\
         case \" $* \" in\n\
         *t0ken-0f-zitadel*) exit 1 ;;\n\
         *' -H @- '*' https://zitadel.example.com/admin/v1/export '*) cat \"$exports/zitadel.json\" ;;\n\
         *' -H @- '*' https://zitadel.example.com/v2/users '*) cat \"$exports/zitadel-inactive.json\" ;;\n\
         *) exit 1 ;;\n\
         esac",
    );

    let printed = desk.import("ZITADEL");

    let want = "4 added, 0 unchanged, 0 refused\n\
                1 weak hash, until its user logs in: PBKDF2 (1)\n";
    assert_eq!(printed, want);
    let id = |n: u8| format!("1041333912716518{n}");
    let (bcrypt, pbkdf2) = (Some("bcrypt"), Some("pbkdf2-sha256"));
    desk.check(
        PASSWORD,
        &[
            ("ada@example.com", &id(48), "Ada Lovelace", bcrypt),
            ("eve@example.com", &id(49), "Eve", bcrypt),
            ("finn@example.com", &id(50), "finn@example.com", None),
            ("ada@other.example.com", &id(52), "Another Ada", pbkdf2),
        ],
    );
}

/// A block of commands under any other heading would be untested.
#[test]
fn each_heading_with_commands_is_tested() {
    let followed = [
        "Prepare",
        "Import",
        "Keycloak",
        "Auth0",
        "Cognito",
        "Firebase",
        "Django",
        "ZITADEL",
        "better-auth",
        "Supabase",
        "Auth.js",
        "OpenAuth",
        "Clerk",
        "Users without a password",
        "Afterwards",
    ];
    let count: usize = followed.iter().map(|heading| blocks(heading).len()).sum();
    assert_eq!(DOCUMENT.matches("\n```sh\n").count(), count);
}

#[test]
fn git_ignores_the_folder_of_the_page() {
    const IGNORED: &str = include_str!("../../../.gitignore");

    assert!(
        blocks("Prepare")
            .iter()
            .any(|block| block.contains("mkdir -p migration"))
    );
    assert!(IGNORED.lines().any(|line| line == "/migration/"));
}
