//! A folder in which a test follows the page.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::cli::process::{Dev, Done, run, sesame};
use crate::support::record;

pub const DOCUMENT: &str = include_str!("../../../../docs/migrating.md");
pub const PASSWORD: &str = "correct horse";
pub const ZITADEL_TOKEN: &str = "t0ken-0f-zitadel";
pub const DATABASE_URL: &str = "postgresql://db.example.com/app";

/// The blocks of shell under a heading.
pub fn blocks(heading: &str) -> Vec<&'static str> {
    let section = DOCUMENT.split_once(&format!("\n## {heading}\n"));
    let (_, section) = section.unwrap_or_else(|| panic!("no heading {heading}"));
    let section = section.split("\n## ").next().unwrap();
    let fenced = section.split("\n```sh\n").skip(1);
    fenced
        .map(|text| text.split_once("\n```").unwrap().0)
        .collect()
}

/// A folder in which a test follows the document. In it, the other programs are scripts that
/// print the exports beside this file.
pub struct Desk {
    folder: tempfile::TempDir,
    pub dev: Dev,
}

impl Desk {
    pub fn new() -> Self {
        record::secret(Some(PASSWORD));
        record::secret(Some(ZITADEL_TOKEN));
        let python = Command::new("python3").arg("--version").output();
        assert!(
            python.is_ok_and(|output| output.status.success()),
            "the commands of docs/migrating.md take python3, which is not on the PATH"
        );
        let desk = Self {
            folder: tempfile::tempdir().unwrap(),
            dev: Dev::start(),
        };
        fs::create_dir(desk.path("bin")).unwrap();
        desk.script(
            "bin/cargo",
            "[ \"$*\" = 'install --path . --features cli' ]",
        );
        fs::create_dir(desk.path("migration")).unwrap();
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a script in the place of a program.
    pub fn script(&self, name: &str, text: &str) {
        let path = self.path(name);
        let exports = exports();
        let exports = exports.display();
        let text = format!("#!/bin/sh\nset -eu\nexports='{exports}'\n{text}\n");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts the tool into the folder.
    fn tool(&self) {
        let tool = sesame(&[]);
        let program = tool.get_program().to_str().unwrap();
        let variables: Vec<_> = tool
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_str()?, value?.to_str()?)))
            .map(|(name, value)| format!("{name}='{value}'"))
            .collect();
        let text = format!(
            "exec env -i {} '{program}' \"$@\" --endpoint-url '{}'",
            variables.join(" "),
            self.dev.database,
        );
        self.script("bin/sesame", &text);
    }

    /// Puts a file there that a reader has got by other means.
    pub fn copy(&self, name: &str) {
        fs::copy(exports().join(name), self.path("migration").join(name)).unwrap();
    }

    pub fn follow(&self, blocks: &[&str], within: &str) -> Done {
        self.tool();
        let bin = self.path("bin");
        let script = format!("PATH='{}':$PATH\n{}\n", bin.display(), blocks.join("\n"));
        let mut shell = Command::new("sh");
        shell
            .args(["-eu", "-c", &script])
            .current_dir(self.path(within))
            .env("ZITADEL_URL", "https://zitadel.example.com")
            .env("ZITADEL_TOKEN", ZITADEL_TOKEN)
            .env("DATABASE_URL", DATABASE_URL)
            .env("password", PASSWORD);
        run(&mut shell, "")
    }

    /// Follows one program's section from the first step to the import, and returns what that
    /// has printed.
    pub fn import(&self, heading: &str) -> String {
        let prepare = blocks("Prepare");
        let import = blocks("Import");
        let section = blocks(heading);
        let own_import = section
            .iter()
            .any(|block| block.contains("sesame user import"));
        let import = &import[usize::from(own_import)..];

        let done = self.follow(&[&prepare[..], &section, import].concat(), ".");

        let lines = fs::read_to_string(self.path("migration/users.jsonl")).unwrap();
        for line in lines.lines() {
            let user: Value = serde_json::from_str(line).unwrap();
            record::secret(user["passwordHash"].as_str());
        }
        record::output(&[done.stdout.clone(), done.stderr.clone()]);
        let done = done.expect(0);
        assert_eq!(done.stderr, "");
        let mode = fs::metadata(self.path("migration/users.jsonl")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o077, 0);
        done.stdout
    }

    /// Compares each user with a name, an id, a display name and an algorithm; users with an
    /// algorithm log in by `password`.
    pub fn check(&self, password: &str, users: &[(&str, &str, &str, Option<&str>)]) {
        let listed = self.dev.tell("user list").expect(0).stdout;
        // The demo user is there as well.
        assert_eq!(listed.lines().count(), users.len() + 1, "{listed}");
        for (name, id, display_name, algorithm) in users {
            let user = self.dev.user(name);
            assert_eq!(user["userId"], *id, "{name}");
            assert_eq!(user["displayName"], *display_name, "{name}");
            assert_eq!(user["password"].as_str(), *algorithm, "{name}");
            let is_let_in = algorithm.is_some() && !name.starts_with("eve");
            let state = if name.starts_with("eve") {
                "inactive"
            } else {
                "active"
            };
            assert_eq!(user["state"], state, "{name}");
            assert_eq!(self.dev.log_in(name, "wrong"), 400, "{name}");
            let want = if is_let_in { 200 } else { 400 };
            assert_eq!(self.dev.log_in(name, password), want, "{name}");
            if is_let_in {
                assert_eq!(self.dev.user(name)["password"], "argon2id", "{name}");
            }
        }
    }

    pub fn clean_up(&self) {
        self.follow(&blocks("Afterwards"), "migration").expect(0);
        assert!(!self.path("migration").exists());
    }
}

pub fn exports() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cli/exports")
}
