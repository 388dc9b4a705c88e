//! What `tables check` finds of keys, and mends.

use sesame::domain::CredentialId;

use super::*;

fn credential(key: &Authenticator) -> String {
    let hash = CredentialId::new(key.id.clone()).unwrap().hash();
    format!("CREDENTIAL#{hash}")
}

async fn delete(client: &Client, pk: &str) {
    let delete = client.delete_item().table_name("users");
    let delete = delete.key("pk", AttributeValue::S(pk.to_owned()));
    delete.send().await.unwrap();
}

#[tokio::test]
async fn keys_that_disagree_are_found_and_mended() {
    let dev = with_keys();
    let client = client(&dev);
    let [(_, passkey), (second, _)] = add_keys(&dev);
    add(&dev, "bob", "8");
    let mut of_bob = key();
    register(&dev, "8", &mut of_bob, true, "phone");
    delete(&client, &credential(&passkey)).await;
    let [ada, bob] = ["7", "8"].map(user_ref);
    // As an older release deletes a user.
    for pk in [
        "LOGIN#bob".to_owned(),
        format!("USER#{bob}"),
        format!("PROFILE#{bob}"),
        "EMAIL#bob@x.org".to_owned(),
        "PHONE#+493012348".to_owned(),
    ] {
        delete(&client, &pk).await;
    }

    let lost = credential(&passkey).replace("CREDENTIAL#", "");
    let of_bob = credential(&of_bob);
    let lines = |end: &str| {
        let mut lines = [
            format!(
                "KEYS#{ada} lists a passkey or security key that isn't there: {lost}, of ada \
                 with the id 7{end}"
            ),
            format!(
                "KEYS#{bob} lists the passkeys and security keys of a user who isn't there{end}"
            ),
            format!("{of_bob} is not in the list of its user: {bob}, who isn't there{end}"),
        ];
        lines.sort();
        lines
    };
    let printed = |options: &str, code: i32| {
        let done = tell(&dev, &format!("tables check{options}")).expect(code);
        let lines = done.stdout.lines().map(str::to_owned);
        let mut lines: Vec<_> = lines.filter(|line| line.contains('#')).collect();
        lines.sort();
        lines
    };
    assert_eq!(printed("", 1), lines(""));
    let shown = dev.tell("user factors list ada").expect(0).stdout;
    assert!(shown.contains("not stored: sesame tables check --repair"));
    let (exported, said) = export(&dev, " --factors", Some(SERVER_KEY), 1);
    assert!(!exported.concat().contains("\"userId\":\"7\""), "{said}");
    assert!(said.contains("ada is left out"), "{said}");

    assert_eq!(printed(" --repair", 0), lines(": mended"));

    assert_eq!(printed("", 0), Vec::<String>::new());
    let listed = keys(&dev, "ada");
    assert_eq!((listed.len(), &listed[0]["id"]), (1, &json!(second)));
    assert_eq!(dev.user("ada")["secondFactors"], json!(["u2f"]));
}
