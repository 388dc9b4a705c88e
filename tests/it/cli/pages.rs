//! The pages of `sesame dev`, as a browser gets them.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use sesame::error;

use super::edge::{self, Answer, request};
use crate::support::cli::process::{Dev, demo_login, dev, post};
use crate::support::cli::service::Service;

fn send(url: &str, method: &str, path: &str) -> Answer {
    let head = request(&format!("{method} {path}"), &["Host: localhost"], "");
    edge::send(url, &head)
}

/// Every path, its type, and the file that it is. That of errors is made from their table.
const PAGES: [(&str, &str, &str); 13] = [
    ("/", HTML, "pages/try.html"),
    ("/reference", HTML, "pages/reference.html"),
    ("/terms", HTML, "pages/terms.html"),
    ("/privacy", HTML, "pages/privacy.html"),
    ("/openapi.json", JSON, "../../../openapi.json"),
    ("/pages/errors.json", JSON, "pages/errors.json"),
    ("/pages/calls.json", JSON, "pages/calls.json"),
    ("/pages/calls.js", SCRIPT, "pages/calls.js"),
    ("/pages/page.js", SCRIPT, "pages/page.js"),
    ("/pages/reference.js", SCRIPT, "pages/reference.js"),
    ("/pages/style.css", STYLE, "pages/style.css"),
    ("/pages/try.js", SCRIPT, "pages/try.js"),
    ("/pages/wire.js", SCRIPT, "pages/wire.js"),
];

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

/// Those that are made from the tables of the service.
const MADE: [&str; 2] = ["/pages/errors.json", "/pages/calls.json"];

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/dev");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
fn pages_may_run_nothing_but_their_own_files() {
    let dev = Dev::start();

    for (path, kind, name) in PAGES {
        let page = send(&dev.url, "GET", path);

        assert_eq!(page.status, 200, "{path}");
        let made = MADE.contains(&path);
        assert!(made || page.body == file(name), "{path} is not {name}");
        assert_eq!(page.headers["content-type"], kind, "{path}");
        assert_eq!(page.headers["content-length"], page.body.len().to_string());
        assert_eq!(page.headers["cache-control"], "no-cache", "{path}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff", "{path}");
        let policy = &page.headers["content-security-policy"];
        let rules: BTreeSet<_> = policy.split("; ").collect();
        let strict = [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ];
        assert_eq!(rules, BTreeSet::from(strict), "{path}");

        let head = send(&dev.url, "HEAD", path);
        assert_eq!((head.status, &*head.body), (200, ""), "{path}");
        let mut headers = page.headers;
        headers.insert("date".to_owned(), head.headers["date"].clone());
        assert_eq!(head.headers, headers, "{path}");

        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let refused = send(&dev.url, method, path);
            assert_eq!(refused.status, 405, "{method} {path}");
            assert_eq!(refused.headers["allow"], "GET, HEAD", "{method} {path}");
        }
    }
    for path in [
        "/index.html",
        "/pages",
        "/pages/",
        "/pages/../try.js",
        "/favicon.ico",
    ] {
        assert_eq!(send(&dev.url, "GET", path).status, 404, "{path}");
    }
    assert_eq!(post(&dev.url, "", demo_login().as_bytes()).0, 200);
}

/// The links that login pages are told, with these variables set.
fn legal(variables: &[(&str, &str)]) -> (Dev, Value) {
    let dev = Dev::over(dev(&["--ready-json"]).envs(variables.iter().copied()));
    let bearer = format!("Authorization: Bearer {}", dev.token);
    let head = request(
        "GET /v2/settings/legal_support",
        &["Host: localhost", &bearer],
        "",
    );
    let answer: Value = serde_json::from_str(&edge::send(&dev.url, &head).body).unwrap();
    (dev, answer["settings"].clone())
}

#[test]
fn login_pages_are_sent_to_terms_and_a_policy_of_its_own() {
    let (dev, links) = legal(&[]);
    let own = |path: &str| format!("{}{path}", dev.url);
    let want = json!({ "tosLink": own("/terms"), "privacyPolicyLink": own("/privacy") });
    assert_eq!(links, want);

    let terms = "https://acme.example/terms";
    let (dev, links) = legal(&[("TOS_LINK", terms), ("PRIVACY_POLICY_LINK", "none")]);
    assert_eq!(links, json!({ "tosLink": terms }), "{}", dev.url);
}

#[test]
fn all_page_files_are_served_and_load_from_no_other_host() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/dev/pages");
    let served: BTreeSet<_> = PAGES
        .iter()
        .map(|(_, _, name)| (*name).to_owned())
        .collect();
    for found in std::fs::read_dir(folder).unwrap() {
        let name = format!("pages/{}", found.unwrap().file_name().display());
        assert!(served.contains(&name), "{name}");
    }

    let paths = PAGES.iter().map(|(path, _, _)| *path);
    let paths: BTreeSet<_> = paths.chain(["/outbox"]).collect();
    for (_, _, name) in PAGES.iter().filter(|(_, kind, _)| *kind != JSON) {
        let text = file(name);
        for outside in ["://", "\"//", "'//", "`//", "(//", "@import", "url("] {
            assert!(!text.contains(outside), "{name} has {outside}");
        }
        // Scripts and styles are files of their own, so that the policy lets them run.
        for inline in [
            "<script>",
            "<style",
            " style=",
            " onclick=",
            "javascript:",
            "innerHTML",
        ] {
            assert!(!text.contains(inline), "{name} has {inline}");
        }
        let starts = [" href=\"", " src=\"", "load(\"", "from \"./"];
        for start in starts {
            for after in text.split(start).skip(1) {
                let link = after.split('"').next().unwrap();
                let known = match link.strip_prefix('#') {
                    Some(id) => text.contains(&format!("id=\"{id}\"")),
                    None if start == starts[3] => paths.contains(&*format!("/pages/{link}")),
                    None => link == "data:," || paths.contains(link),
                };
                assert!(known, "{name} leads to {link}");
            }
        }
    }
}

/// Codes are on it, so it is kept from other pages as the database is.
#[test]
fn the_outbox_is_shown_to_no_page_of_elsewhere() {
    let dev = Dev::start();
    let get = |headers: &[&str]| {
        let head = request("GET /outbox", headers, "");
        edge::send(&dev.url, &head)
    };
    let (local, json) = ("Host: localhost", "Accept: application/json");

    let page = get(&[local]);
    assert_eq!(page.status, 200);
    assert_eq!(page.headers["content-type"], HTML);
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(page.body.contains("There is none so far."), "{}", page.body);
    let policy = &page.headers["content-security-policy"];
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("script"), "{policy}");

    let list = get(&[local, json]);
    assert_eq!((list.status, &*list.body), (200, "[]"));
    assert_eq!(list.headers["content-type"], JSON);

    for headers in [
        &["Host: evil.example"][..],
        &["Host: evil.example", json],
        &[local, "Origin: https://evil.example", json],
        &[local, "Origin: http://localhost:5173", json],
        &[local, "Origin: null", json],
    ] {
        let refused = get(headers);
        assert_eq!(refused.status, 403, "{headers:?}");
        assert!(!refused.body.starts_with('['), "{headers:?}");
    }
}

#[test]
fn each_error_is_explained() {
    let dev = Dev::start();
    let page = send(&dev.url, "GET", "/pages/errors.json");

    let explained: Vec<Value> = serde_json::from_str(&page.body).unwrap();
    let of_code = error::examples().into_iter().map(|example| {
        let row = example.error.row();
        let (means, remedy) = example.documentation().unwrap();
        json!({
            "code": row.code.number,
            "name": row.code.name,
            "id": row.id,
            "text": row.text,
            "means": means,
            "remedy": remedy,
        })
    });
    assert_eq!(explained, of_code.collect::<Vec<_>>());
}

#[test]
fn serve_has_no_pages() {
    let dev = Dev::start();
    let serve = Service::over(&dev.database, &[]);

    let pages = PAGES.iter().map(|(path, _, _)| *path);
    for path in pages.chain(["/outbox"]) {
        assert_eq!(serve.get(path), 404, "{path}");
    }
}
