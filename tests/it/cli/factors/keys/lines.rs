//! Keys in the lines of an export and an import.

use super::*;

const SOUND: &str = "both tables are as they should be\n";
const TAKEN: &str = "line 1: a passkey or security key with the same id is registered already\n";

/// The line of the user in an export.
fn exported(dev: &Dev, id: &str) -> Value {
    let (lines, _) = export(dev, " --factors", Some(SERVER_KEY), 0);
    let mut lines = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.find(|line| line["userId"] == *id).unwrap()
}

fn import(dev: &Dev, options: &str, line: &Value, code: i32) -> Done {
    let command = format!("user import {options}-");
    let settings = [("SERVER_KEY", SERVER_KEY)];
    tell_with(dev, &command, &settings, &line.to_string()).expect(code)
}

fn assert_sound(dev: &Dev) {
    let checked = tell(dev, "tables check").expect(0).stdout;
    assert!(checked.starts_with(SOUND), "{checked}");
}

#[test]
fn a_move_keeps_every_key_with_its_count() {
    let from = with_keys();
    let [(first, mut passkey), (_, mut u2f)] = add_keys(&from);
    passkey.sign_count = 41;
    assert_eq!(log_in_by(&from, "ada", &mut passkey).0, 200);
    let line = exported(&from, "7");
    let given = &line["credentials"];
    assert_eq!(given[0]["id"], *first);
    assert_eq!(given[0]["name"], "phone");
    assert_eq!(given[0]["signCount"], 42);
    assert_eq!(given[0]["backupEligible"], true);
    assert_eq!(given[0]["aaguid"], "CQkJCQkJCQkJCQkJCQkJCQ");
    assert_eq!(given[0]["transports"], json!(["internal", "hybrid"]));
    assert_eq!(given[1]["transports"], json!(["usb", "nfc"]));
    assert_eq!(given[1].get("usedAt"), None);
    assert_eq!(given[0]["userHandle"], given[1]["userHandle"]);

    let to = with_keys();
    let counts = "1 added, 0 unchanged, 0 refused\n";
    let dry = import(&to, "--dry-run ", &line, 0).stdout;
    assert_eq!(dry, format!("dry run, nothing was written: {counts}"));
    assert_eq!(import(&to, "", &line, 0).stdout, counts);
    for options in ["", "--update "] {
        let done = import(&to, options, &line, 0);
        assert_eq!(done.stdout, "0 added, 1 unchanged, 0 refused\n");
        assert_eq!(done.stderr, "");
    }
    assert_eq!(exported(&to, "7"), line);
    assert_eq!(keys(&to, "ada"), keys(&from, "ada"));

    // A copy of before is recognized.
    let mut copy = passkey.clone();
    copy.sign_count = 30;
    assert_eq!(fault(&log_in_by(&to, "ada", &mut copy)), COUNTED);
    for key in [&mut passkey, &mut u2f] {
        let logged_in = log_in_by(&to, "ada", key);
        assert_eq!(logged_in.0, 200, "{logged_in:?}");
    }
    u2f.handle = Some(vec![3; 16]);
    assert_eq!(fault(&log_in_by(&to, "ada", &mut u2f)), WRONG);
    // The handle is the user's for what is registered later, too.
    let begun = user_service(&to, "RegisterPasskey", "7", json!({}));
    let handle = &begun["publicKeyCredentialCreationOptions"]["publicKey"]["user"]["id"];
    assert_eq!(*handle, line["credentials"][0]["userHandle"]);
    assert_sound(&to);
}

#[test]
fn an_export_without_factors_counts_the_users_with_keys() {
    let dev = with_keys();
    add_keys(&dev);
    let (lines, said) = export(&dev, "", None, 0);
    assert!(!lines.concat().contains("credential"), "{lines:?}");
    assert!(said.contains("left out: passkey (1), u2f (1);"), "{said}");
}

/// A value of a member of the first credential in a line, and the member that is named.
type Bad = (&'static str, Value, &'static str);

fn bad_members() -> Vec<Bad> {
    vec![
        ("id", json!("laptop"), "id"),
        ("id", json!(""), "id"),
        ("credentialId", json!(""), "credentialId"),
        ("credentialId", json!("a+/="), "credentialId"),
        // Of 1,024 bytes.
        ("credentialId", json!("A".repeat(1366)), "credentialId"),
        ("userHandle", json!("AAAA"), "userHandle"),
        ("userHandle", json!("A".repeat(23)), "userHandle"),
        ("kind", json!("webauthn"), "kind"),
        ("kind", json!("totp"), "kind"),
        ("rpId", json!(""), "rpId"),
        ("rpId", json!("https://localhost"), "rpId"),
        ("rpId", json!("LOCALHOST"), "rpId"),
        ("name", json!(""), "name"),
        ("name", json!("ä".repeat(201)), "name"),
        ("publicKey", json!(""), "publicKey"),
        ("publicKey", json!("pQECAyYgASFYIA"), "publicKey"),
        ("publicKey", json!("*"), "publicKey"),
        ("signCount", json!(-1), "an object"),
        ("signCount", json!(4_294_967_296_u64), "an object"),
        ("signCount", json!("1"), "an object"),
        ("backupEligible", json!(null), "an object"),
        ("backupEligible", json!(false), "backedUp"),
        ("backedUp", json!(1), "an object"),
        ("transports", json!("usb"), "an object"),
        ("transports", json!([""]), "transports"),
        ("transports", json!(["a".repeat(33)]), "transports"),
        ("transports", json!(vec!["usb"; 11]), "transports"),
        ("aaguid", json!("AAAA"), "aaguid"),
        ("createdAt", json!("yesterday"), "createdAt"),
        ("usedAt", json!("2026-01-01"), "usedAt"),
        ("more", json!(1), "an object"),
    ]
}

/// Lines with a bad list of credentials, each with the reason for which it is refused.
fn bad_lines(line: &Value) -> Vec<(Value, String)> {
    let mut bad = Vec::new();
    let cannot = |what: &str| format!("a credential can't be used: {what}");
    for (member, value, named) in bad_members() {
        let mut changed = line.clone();
        changed["credentials"][0][member] = value;
        bad.push((changed, cannot(named)));
    }
    let members = line["credentials"][0].as_object().unwrap().keys();
    let is_needed = |member: &&String| !["transports", "usedAt"].contains(&member.as_str());
    for member in members.filter(is_needed) {
        let mut changed = line.clone();
        let first = changed["credentials"][0].as_object_mut().unwrap();
        first.remove(member);
        bad.push((changed, cannot("an object")));
    }
    let one = &line["credentials"][0];
    let mut same_name = line["credentials"][1].clone();
    same_name["id"] = one["id"].clone();
    for list in [
        vec![one.clone(); 21],
        vec![one.clone(); 2],
        vec![one.clone(), same_name],
    ] {
        let mut changed = line.clone();
        changed["credentials"] = json!(list);
        let form = "a list of up to 20 different passkeys and security keys";
        bad.push((changed, format!("credentials is not {form}")));
    }
    bad
}

#[test]
fn a_line_with_a_bad_key_is_refused_and_says_which_member() {
    let from = with_keys();
    add_keys(&from);
    let line = exported(&from, "7");
    let to = with_keys();
    let bad = bad_lines(&line);
    let input: Vec<_> = bad.iter().map(|(line, _)| line.to_string()).collect();

    let settings = [("SERVER_KEY", SERVER_KEY)];
    let done = tell_with(&to, "user import -", &settings, &input.join("\n")).expect(1);

    let refused = bad.len();
    assert_eq!(
        done.stdout,
        format!("0 added, 0 unchanged, {refused} refused\n")
    );
    let said: Vec<_> = done.stderr.lines().collect();
    for (n, (_, reason)) in bad.iter().enumerate() {
        let want = format!("line {}: {reason}", n + 1);
        assert!(said.contains(&&*want), "{want}: {said:#?}");
    }
    // Neither is needed, and another domain is the deployment's own affair.
    let mut least = line.clone();
    let first = least["credentials"][0].as_object_mut().unwrap();
    first.remove("transports");
    first.insert("rpId".to_owned(), json!("former.example"));
    import(&to, "", &least, 0);
}

#[test]
fn an_update_renames_adds_and_removes_and_no_count_goes_back() {
    let dev = with_keys();
    let [(first, mut passkey), (second, mut u2f)] = add_keys(&dev);
    let line = exported(&dev, "7");
    passkey.sign_count = 8;
    assert_eq!(log_in_by(&dev, "ada", &mut passkey).0, 200);
    // The count and the last use are not compared, and not put back.
    let done = import(&dev, "--update ", &line, 0);
    assert_eq!(done.stdout, "0 added, 1 unchanged, 0 refused\n");
    assert_eq!(exported(&dev, "7")["credentials"][0]["signCount"], 9);

    let (status, session) = log_in_by(&dev, "ada", &mut u2f);
    assert_eq!(status, 200, "{session}");
    let mut renamed = line.clone();
    renamed["credentials"][0]["name"] = json!("tablet");
    let said = import(&dev, "", &renamed, 0).stderr;
    assert_eq!(said, "line 1: differs in credentials\n");
    let said = import(&dev, "--update --dry-run ", &renamed, 0).stderr;
    assert_eq!(said, "line 1: updates credentials\n");
    assert_eq!(keys(&dev, "ada")[0]["name"], "phone");
    import(&dev, "--update ", &renamed, 0);
    assert_eq!(keys(&dev, "ada")[0]["name"], "tablet");
    assert_eq!(exported(&dev, "7")["credentials"][0]["signCount"], 9);
    assert!(is_listed(&dev, &session), "a name ends no session");

    let mut fewer = line.clone();
    fewer["credentials"].as_array_mut().unwrap().remove(1);
    import(&dev, "--update ", &fewer, 0);
    assert_eq!(keys(&dev, "ada").len(), 1);
    assert!(!is_listed(&dev, &session), "a key was taken");
    assert_ne!(log_in_by(&dev, "ada", &mut u2f).0, 200);

    let done = import(&dev, "--update ", &line, 0);
    assert_eq!(done.stderr, "line 1: updates credentials\n");
    let listed = keys(&dev, "ada");
    let ids: Vec<_> = listed.iter().map(|key| &key["id"]).collect();
    assert_eq!(ids, [&*first, &*second]);
    for key in [&mut passkey, &mut u2f] {
        let logged_in = log_in_by(&dev, "ada", key);
        assert_eq!(logged_in.0, 200, "{logged_in:?}");
    }
    let empty = json!({ "userId": "7", "loginName": "ada", "credentials": [] });
    let without = json!({ "userId": "7", "loginName": "ada" });
    for line in [empty, without] {
        import(&dev, "--update ", &line, 0);
        assert_eq!(keys(&dev, "ada").len(), 2, "{line}");
    }
    assert_sound(&dev);
}

/// Each id names one key, also if an update gives them to others.
#[test]
fn ids_that_are_exchanged_stay_different() {
    let dev = with_keys();
    let [(first, _), (second, _)] = add_keys(&dev);
    let mut line = exported(&dev, "7");
    let mut third = line["credentials"][1].clone();
    third["credentialId"] = json!("AAECAwQFBgcICQoLDA0ODw");
    line["credentials"] = json!([line["credentials"][0], third]);
    line["credentials"][0]["id"] = json!(second);
    line["credentials"][1]["id"] = json!(first);

    import(&dev, "--update ", &line, 0);

    let listed = keys(&dev, "ada");
    let ids: Vec<_> = listed.iter().map(|key| &key["id"]).collect();
    assert_eq!(ids, [&*second, &*first]);
    dev.tell(&format!("user factors remove-key ada {first} --yes"))
        .expect(0);
    assert_eq!(keys(&dev, "ada").len(), 1);
}

#[test]
fn a_key_of_another_user_is_refused() {
    let dev = with_keys();
    add_keys(&dev);
    add(&dev, "bob", "8");
    let line = exported(&dev, "7");
    for (id, name, options, said) in [
        ("8", "bob", "", "line 1: differs in credentials\n"),
        ("8", "bob", "--update ", TAKEN),
        ("9", "cleo", "", TAKEN),
        ("9", "cleo", "--update ", TAKEN),
    ] {
        let credentials = line["credentials"].clone();
        let line = json!({ "userId": id, "loginName": name, "credentials": credentials });
        let done = import(&dev, options, &line, i32::from(said == TAKEN));
        assert!(done.stderr.starts_with(said), "{name} {options} {done:?}");
    }
    assert_eq!(keys(&dev, "bob"), Vec::<Value>::new());
    assert_sound(&dev);
}
