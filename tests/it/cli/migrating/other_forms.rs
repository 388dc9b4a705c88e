//! Exports that are in another form than the commands expect.

use std::fs;

use super::desk::{Desk, blocks, exports};

/// An export of each program, one of its files, another text of it, and what is said about that.
const FORMS: &str = r#"
Keycloak | export/a-users-0.json | {"realm": "a",\n "users": [\n  {"id": "1"}]} | line 3: expected Keycloak's users of a realm, but there is no 'username'
Keycloak | export/a-users-0.json | {"realm": "a"} | line 1: expected Keycloak's users of a realm, but there is no 'users'
Auth0 | auth0-users.json | {"user_id": "auth0|1"}\n\n{"email": "ada@example.com"}\n | line 3: expected a user as users-exports gives it, but there is no 'user_id'
Auth0 | auth0-users.json | [{"user_id": "auth0|1"}]\n | line 1: expected a user as users-exports gives it, but it has another form
Auth0 | auth0-hashes.json | user_id,hash\n | line 1: expected a user's hash as Auth0's support sends it, but this is not JSON
Cognito | cognito.json | {"users": []} | line 1: expected the users of list-users, but there is no 'Users'
Firebase | firebase.json | {"users": [\n  {"localId": "1", "email": "a"},\n  {"email": "b"}\n]} | line 3: expected the users of auth:export, but there is no 'localId'
Firebase | firebase.json | {"users": [\n  {"localId": "1",}\n]} | line 2: expected the users of auth:export, but this is not JSON
Firebase | firebase.json | ["V3ryS3cure!"] | line 1: expected the users of auth:export, but it has another form
Django | django.json | [{"pk": 1, "fields": {"password": null}}] | line 1: expected the users of dumpdata, but it has another form
ZITADEL | zitadel.json | {"orgs": [\n {"humanUsers": [\n  {"userId": "1"}\n ]}\n]} | line 3: expected the export of an instance, but there is no 'user'
ZITADEL | zitadel-inactive.json |  | line 1: expected the answer to a search for users, but this is not JSON
better-auth | better-auth-users.csv | id,email\n1,ada@example.com\n | line 1: expected better-auth's users, but there is no 'name'
better-auth | better-auth-accounts.csv | userId,providerId,password\n1,credential,V3ryS3cure!\n2,credential\n | line 3: expected better-auth's accounts, but it has another form
Supabase | supabase.csv | id,email,phone,encrypted_password,raw_user_meta_data,banned\n1,a,,,"{\n",f\n | line 4: expected the users of the query, but this is not JSON
Auth.js | authjs.csv |  | line 1: expected the users of Auth.js, but there is no 'id'
OpenAuth | openauth.json | {"Items": [\n  {"pk": {"S": "email"}, "value": {"S": "{}"}}\n]} | line 2: expected the items of OpenAuth's table, but it has another form
Clerk | clerk.csv | [{"id": "user_1"}]\n | line 1: expected the users of Clerk's export, but there is no 'id'
"#;

#[test]
fn an_export_in_another_form_is_named_with_its_line_and_nothing_is_written() {
    let desk = Desk::new();
    let prepare = blocks("Prepare");
    for row in FORMS.trim().lines() {
        let mut row = row.split(" | ");
        let [heading, file, text, want] = std::array::from_fn(|_| row.next().unwrap());
        let sections = blocks(heading);
        let commands = sections
            .iter()
            .filter(|block| block.starts_with("python3 - "));
        let commands: Vec<_> = prepare.iter().chain(commands).copied().collect();
        let folder = desk.path("migration");
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir_all(folder.join("export")).unwrap();
        for entry in fs::read_dir(exports()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
            }
        }
        fs::write(folder.join(file), text.replace("\\n", "\n")).unwrap();

        let done = desk.follow(&commands, ".");

        let done = done.expect(1);
        assert_eq!(done.stderr, format!("{file}, {want}\n"), "{heading}");
        assert_eq!(done.stdout, "", "{heading}");
        for name in ["users.jsonl", "inactive.txt"] {
            assert!(!folder.join(name).exists(), "{heading}: {name}");
        }
    }
}

#[test]
fn an_export_that_is_not_there_is_named() {
    let desk = Desk::new();
    let clerk = blocks("Clerk");
    let commands = [&blocks("Prepare")[..], &clerk].concat();

    let done = desk.follow(&commands, ".").expect(1);

    assert_eq!(done.stderr, "clerk.csv: No such file or directory\n");
}
