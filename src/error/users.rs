//! The errors of calls that add, change or end users.

use super::Code;
use super::table::{Row, errors};
use std::time::Duration;

use crate::domain::{CodePurpose, Invalid, StateChange};

/// The calls that change a user, as far as their errors for an unknown one differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserCommand {
    State(StateChange),
    Delete,
    SetEmail,
    SetPassword,
    PasswordReset,
    CreateInvite,
    ResendInvite,
    VerifyInvite,
    RegisterTotp,
    Other,
}

impl UserCommand {
    fn unknown_user(self) -> (Code, &'static str) {
        match self {
            Self::State(StateChange::Lock) => (Code::NOT_FOUND, "COMMAND-450yxuqrh1"),
            Self::State(StateChange::Unlock) => (Code::NOT_FOUND, "COMMAND-x377t913pw"),
            Self::State(StateChange::Deactivate) => (Code::NOT_FOUND, "COMMAND-5gp2p62iin"),
            Self::State(StateChange::Activate) => (Code::NOT_FOUND, "COMMAND-9hy5kzbuk6"),
            Self::Delete => (Code::NOT_FOUND, "COMMAND-bd4ir1mblj"),
            Self::SetEmail => (Code::NOT_FOUND, "COMMAND-ieJ2e"),
            Self::SetPassword => (Code::FAILED_PRECONDITION, "COMMAND-G8dh3"),
            Self::PasswordReset => (Code::NOT_FOUND, "COMMAND-SAF4f"),
            Self::CreateInvite => (Code::FAILED_PRECONDITION, "COMMAND-Wgvn4"),
            Self::ResendInvite => (Code::FAILED_PRECONDITION, "COMMAND-H3b2a"),
            Self::VerifyInvite => (Code::FAILED_PRECONDITION, "COMMAND-F5g2h"),
            Self::RegisterTotp => (Code::FAILED_PRECONDITION, "COMMAND-SqyJz"),
            Self::Other => (Code::NOT_FOUND, "COMMAND-4g3xq"),
        }
    }
}

fn wrong_state(change: StateChange) -> (Code, &'static str) {
    let id = match change {
        StateChange::Lock => "COMMAND-lgws8wtsqf",
        StateChange::Unlock => "COMMAND-olb9vb0oca",
        StateChange::Deactivate => "COMMAND-5gunjw0cd7",
        StateChange::Activate => "COMMAND-s5qqcz97hf",
    };
    (Code::FAILED_PRECONDITION, id)
}

fn wrong_code(purpose: CodePurpose) -> (Code, &'static str) {
    let id = match purpose {
        CodePurpose::VerifyEmail | CodePurpose::VerifyPhone => "COMMAND-eis9R",
        CodePurpose::ResetPassword => "CODE-woT0xc",
        CodePurpose::Invite => "COMMAND-Wgn4q",
        // It has an error of its own.
        CodePurpose::RegisterPasskey => "COMMAND-Eeb2a",
    };
    (Code::INVALID_ARGUMENT, id)
}

fn no_code(purpose: CodePurpose) -> (Code, &'static str) {
    let id = match purpose {
        CodePurpose::VerifyPhone => "PHONE-5xrra88eq8",
        CodePurpose::Invite => "COMMAND-Wr3gq",
        CodePurpose::VerifyEmail | CodePurpose::ResetPassword | CodePurpose::RegisterPasskey => {
            "EMAIL-5w5ilin4yt"
        }
    };
    (Code::FAILED_PRECONDITION, id)
}

fn not_invited(is_sent_again: bool) -> (Code, &'static str) {
    let id = if is_sent_again {
        "COMMAND-Gg42s"
    } else {
        "COMMAND-EF34g"
    };
    (Code::FAILED_PRECONDITION, id)
}

errors! {
    /// Why a user was not added, changed or ended.
    pub enum UserError;

    /// The given name is missing or blank.
    ///
    /// Send `profile.givenName`.
    GivenNameEmpty: INVALID_ARGUMENT, "given_name_empty", "Given name is empty", "USER-UCej2";

    /// The family name is missing or blank.
    ///
    /// Send `profile.familyName`.
    FamilyNameEmpty: INVALID_ARGUMENT, "family_name_empty", "Family name is empty", "USER-4hB7d";

    /// No user can have this login name.
    ///
    /// Choose one of 1 to 200 visible characters.
    LoginNameInvalid(Invalid = Invalid::new("username", "must be 1 to 200 characters long")):
        INVALID_ARGUMENT, "invalid_user_name", "{0}", "V2-zzad3";

    /// The e-mail address is not one of the form `local@domain` in ASCII.
    ///
    /// Send another one: at most 200 characters, the domain in its ASCII form (`xn--…`).
    EmailInvalid: INVALID_ARGUMENT, "invalid_email", "E-mail address is invalid", "EMAIL-599BI";

    /// The e-mail address is empty.
    ///
    /// Send one.
    EmailEmpty: INVALID_ARGUMENT, "email_empty", "E-mail address is empty", "EMAIL-spblu";

    /// The phone number is not `+` and 7 to 15 digits, after spaces, hyphens, dots and parentheses.
    ///
    /// Send it with its country code, such as `+41 71 123 45 67`.
    PhoneInvalid: INVALID_ARGUMENT, "invalid_phone", "Phone number is invalid", "PHONE-so0wa";

    /// The phone number is empty.
    ///
    /// Send one, or remove it by `RemovePhone`.
    PhoneEmpty: INVALID_ARGUMENT, "phone_empty", "Phone number is empty", "PHONE-Zt0NV";

    /// The new password is empty.
    ///
    /// Send one.
    NewPasswordEmpty:
        INVALID_ARGUMENT, "new_password_empty", "New password is empty", "COMMAND-Mf0sd";

    /// The new password is too short for this deployment (`PASSWORD_MIN_LENGTH`).
    ///
    /// Choose one of as many characters as the message says.
    PasswordTooShort(usize = 8):
        INVALID_ARGUMENT, "password_too_short",
        "Password is too short: it must have at least {0} characters", "DOMAIN-HuJf6";

    /// The new password is one of the common ones.
    ///
    /// Choose one that attackers don't try first.
    PasswordCommon:
        INVALID_ARGUMENT, "password_common",
        "Password is a common one, which attackers try first", "SESAME-Pcom1";

    /// The new password is known from a breach (`BREACHED_PASSWORDS`).
    ///
    /// Choose another one, and change it wherever else it is in use.
    PasswordBreached:
        INVALID_ARGUMENT, "password_breached",
        "Password is in a list of passwords that others have lost", "SESAME-Pbre1";

    /// The new password is made of names of its user or of blocked words (`PASSWORD_BLOCKED_WORDS`).
    ///
    /// Choose one that has as many other characters as the message says.
    PasswordBlockedWords(usize = 8):
        INVALID_ARGUMENT, "password_blocked_words",
        "Password has blocked words or names of the user: what it has besides these must be at \
         least {0} characters", "SESAME-Pwor1";

    /// No password can be checked against the hash, or it costs too much.
    ///
    /// The message says why; the documentation of migrating has the forms of hashes.
    HashRefused(String = "the string is not a PHC or modular crypt string".to_owned()):
        INVALID_ARGUMENT, "hash_refused", "the hash can't be used: {0}";

    /// No user has the id of a call that changes one.
    ///
    /// Check the id.
    Unknown(
        UserCommand = UserCommand::State(StateChange::Lock),
        UserCommand::State(StateChange::Unlock),
        UserCommand::State(StateChange::Deactivate),
        UserCommand::State(StateChange::Activate),
        UserCommand::Delete,
        UserCommand::SetEmail,
        UserCommand::SetPassword,
        UserCommand::PasswordReset,
        UserCommand::CreateInvite,
        UserCommand::ResendInvite,
        UserCommand::VerifyInvite,
        UserCommand::RegisterTotp,
        UserCommand::Other
    ) => UserCommand::unknown_user, "unknown_user_to_change", "User could not be found";

    /// Another user has the login name, or it is another user's e-mail address; with `UNIQUE_EMAILS`
    /// also: another user has the e-mail address.
    ///
    /// Choose another one.
    NameTaken: ALREADY_EXISTS, "user_name_taken", "User already exists", "V3-DKcYh";

    /// A user has the id that the new one was to have.
    ///
    /// Leave the id out, and the user gets a random one.
    IdTaken: FAILED_PRECONDITION, "user_id_taken", "User already exists", "COMMAND-7yiox1isql";

    /// The user has the state already, or one that bars the change.
    ///
    /// Read the user's state.
    WrongState(
        StateChange = StateChange::Lock,
        StateChange::Unlock,
        StateChange::Deactivate,
        StateChange::Activate
    ) => wrong_state, "wrong_user_state", "User is in the wrong state for this";

    /// Others changed the user at the same time, each time that it was tried.
    ///
    /// Try again.
    ChangedMeanwhile:
        ABORTED, "user_conflict", "the user was changed by others meanwhile, try again";

    /// The organisation is not this deployment's, `RESOURCE_OWNER`.
    ///
    /// Leave it out, or send that of the answers' `resourceOwner`.
    OrganizationUnknown:
        NOT_FOUND, "unknown_organization", "Organisation could not be found";

    /// The new password is the current one.
    ///
    /// Choose another one.
    PasswordUnchanged:
        FAILED_PRECONDITION, "password_unchanged",
        "New password is the current one", "COMMAND-Aesh5";

    /// The user has the e-mail address already, in this state.
    ///
    /// Nothing is to be done.
    EmailUnchanged:
        FAILED_PRECONDITION, "email_unchanged", "E-mail address is not changed", "COMMAND-Uch5e";

    /// A code would have to be sent, and the deployment sends no e-mail (`MAIL_FROM`) or no SMS
    /// (`SMS_ORIGINATION`).
    ///
    /// Set it up, send `isVerified`, or have the code returned and send it yourself.
    SendingNotSetUp:
        FAILED_PRECONDITION, "sending_not_set_up", "sending is not set up", "SESAME-Send1";

    /// The user has no e-mail address to which a code could be sent.
    ///
    /// Give the user one: `SetEmail`.
    NoAddress:
        FAILED_PRECONDITION, "no_address", "the user has no address to send to", "SESAME-Nadr1";

    /// The code is empty.
    ///
    /// Send the code of the message.
    CodeEmpty: INVALID_ARGUMENT, "code_empty", "Code is empty", "COMMAND-Fia4a";

    /// The code is wrong, or there is none: it was used, has expired, was tried too often, or is that
    /// of another user, purpose or address. To principals without `user.read` and `user.write`, an
    /// unknown, inactive or locked user looks the same.
    ///
    /// Type it again, or ask for another one. What is typed of a code may be tried five times; a link
    /// has more of it, and is not counted.
    CodeInvalid(
        CodePurpose = CodePurpose::VerifyEmail,
        CodePurpose::ResetPassword,
        CodePurpose::Invite
    ) => wrong_code, "wrong_code", "Code is invalid";

    /// The code for a new password is older than an hour.
    ///
    /// Ask for another one: `PasswordReset`.
    CodeExpired: FAILED_PRECONDITION, "code_expired", "Code is expired", "CODE-QvUQ4P";

    /// There is no valid code to send again, or nothing that it would verify.
    ///
    /// Ask for one: `SendEmailCode`, or `SetPhone`.
    NoCode(
        CodePurpose = CodePurpose::VerifyEmail,
        CodePurpose::VerifyPhone,
        CodePurpose::Invite
    ) => no_code, "no_code", "Code could not be found";

    /// The user has a password or a passkey already, and needs no invitation.
    ///
    /// Nothing is to be done; who has forgotten a password asks for a reset.
    InviteNotNeeded(bool = false, true) =>
        not_invited, "invite_not_needed", "User has an authentication method already";

    /// The template of the link is not one of `LINK_BASE_URLS`.
    ///
    /// Send one that begins with one of them, without `.` and `..` in its path.
    LinkRefused:
        INVALID_ARGUMENT, "link_refused", "URL Template is invalid: it is not below one of the \
         deployment's addresses", "DOMAIN-oGh5e";

    /// The template of the link has a placeholder that doesn't exist, or one in its path.
    ///
    /// Put placeholders such as `{{.UserID}}` behind the `?`; `{{.Code}}` may be in the path.
    LinkMalformed:
        INVALID_ARGUMENT, "link_malformed", "URL Template is invalid: it has a placeholder that is \
         unknown or in the wrong place", "DOMAIN-ieYa7";

    /// As many messages were sent as a day allows: twenty to a user for one purpose or to an address,
    /// ten to a number, and `MAX_MESSAGES_PER_DAY` in all.
    ///
    /// Wait for the next day in UTC: `Retry-After` says how long.
    TooManyMessages(Duration = Duration::from_hours(3)):
        RESOURCE_EXHAUSTED, "too_many_messages", "too many messages today";

    /// Twenty users have the e-mail address or phone number already.
    ///
    /// Take it from one of them first.
    TooManyUsersOfAddress:
        FAILED_PRECONDITION, "too_many_users_of_address",
        "too many users have this address or number", "SESAME-Eadr1";
}

#[test]
fn an_unknown_user_and_a_wrong_state_are_told_by_the_call() {
    let id_of = |error: UserError| (error.row().code.number, error.row().id);
    for (change, unknown, wrong) in [
        (
            StateChange::Lock,
            "COMMAND-450yxuqrh1",
            "COMMAND-lgws8wtsqf",
        ),
        (
            StateChange::Unlock,
            "COMMAND-x377t913pw",
            "COMMAND-olb9vb0oca",
        ),
        (
            StateChange::Deactivate,
            "COMMAND-5gp2p62iin",
            "COMMAND-5gunjw0cd7",
        ),
        (
            StateChange::Activate,
            "COMMAND-9hy5kzbuk6",
            "COMMAND-s5qqcz97hf",
        ),
    ] {
        let command = UserCommand::State(change);
        assert_eq!(id_of(UserError::Unknown(command)), (5, Some(unknown)));
        assert_eq!(id_of(UserError::WrongState(change)), (9, Some(wrong)));
    }
    for (command, want) in [
        (UserCommand::Delete, (5, "COMMAND-bd4ir1mblj")),
        (UserCommand::SetEmail, (5, "COMMAND-ieJ2e")),
        (UserCommand::SetPassword, (9, "COMMAND-G8dh3")),
        (UserCommand::PasswordReset, (5, "COMMAND-SAF4f")),
        (UserCommand::CreateInvite, (9, "COMMAND-Wgvn4")),
        (UserCommand::ResendInvite, (9, "COMMAND-H3b2a")),
        (UserCommand::VerifyInvite, (9, "COMMAND-F5g2h")),
        (UserCommand::RegisterTotp, (9, "COMMAND-SqyJz")),
        (UserCommand::Other, (5, "COMMAND-4g3xq")),
    ] {
        let (code, id) = id_of(UserError::Unknown(command));
        assert_eq!((code, id.unwrap()), want, "{command:?}");
    }
}
