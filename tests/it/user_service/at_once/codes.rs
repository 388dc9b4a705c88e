//! Codes among the random calls: those that are returned, and their use.

use serde_json::{Value, json};
use sesame::domain::Operation;

use super::world::{KnownCode, World, pick};
use crate::support::dice::Dice;

impl World {
    pub(super) async fn ask_for_code(
        &self,
        user: &str,
        call: Operation,
        message: Value,
        taken_by: Operation,
    ) {
        let Ok(answer) = self.admin().ask(call, message).await else {
            return;
        };
        let Some(text) = answer["verificationCode"].as_str() else {
            return;
        };
        let code = KnownCode {
            user: user.to_owned(),
            taken_by,
            text: text.to_owned(),
            is_used: false,
        };
        let mut codes = self.codes.lock().unwrap();
        let is_same = |one: &KnownCode| one.user == user && one.text == text;
        // A code that was used is returned to nobody again.
        let known = codes.iter().find(|one| is_same(one)).cloned();
        match known {
            None => codes.push(code),
            // The answer to the use may have come after the one to this request.
            Some(known) => assert_eq!(known.taken_by, taken_by, "seed {}", self.seed),
        }
    }

    /// Uses a code, maybe one that others use at the same time.
    pub(super) async fn enter_code(&self, dice: &mut Dice) {
        let code = {
            let codes = self.codes.lock().unwrap();
            pick(dice, &codes).cloned()
        };
        let Some(KnownCode {
            user,
            taken_by,
            text,
            ..
        }) = code
        else {
            return;
        };
        let mut message = json!({ "userId": user, "verificationCode": text });
        if taken_by == Operation::SetPassword {
            message["newPassword"] = json!({ "password": self.new_password(&user) });
        }
        let entered = self.admin().ask(taken_by, message).await;
        if entered.is_ok() {
            let mut codes = self.codes.lock().unwrap();
            let used = codes
                .iter_mut()
                .find(|one| one.user == user && one.text == text);
            let used = used.unwrap();
            assert!(!used.is_used, "{used:?} is used twice, seed {}", self.seed);
            used.is_used = true;
        }
    }

    /// No code that was used is right.
    pub(super) async fn check_codes(&self) {
        let codes = self.codes.lock().unwrap().clone();
        for code in codes.iter().filter(|code| code.is_used) {
            let mut message = json!({ "userId": code.user, "verificationCode": code.text });
            message["newPassword"] = json!({ "password": "one correct horse more" });
            if code.taken_by == Operation::VerifyEmail {
                message.as_object_mut().unwrap().remove("newPassword");
            }
            let entered = self.admin().ask(code.taken_by, message).await;
            assert!(entered.is_err(), "{code:?}, seed {}", self.seed);
        }
    }
}
