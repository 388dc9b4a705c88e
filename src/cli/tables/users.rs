use crate::cli::failure::Failure;
use crate::cli::output::print_line;
use crate::domain::{FactorKind, FactorKinds, LoginName, UserPointer, UserRef, printable, quote};
use crate::store::{Repair, ScannedUsers, Store, UserFault};

/// Checks that the items of the users table agree, and prints what doesn't. With `repairs`, mends it.
/// Also prints the users who are to be renamed and, with `unique_emails`, those who share an address:
/// they can log in all the same, so these are no faults.
///
/// # Errors
///
/// [`Failure::TableFaults`]: there are faults left.
pub async fn check_users(
    store: &Store,
    scanned: &ScannedUsers,
    repairs: bool,
    unique_emails: bool,
) -> Result<(), Failure> {
    let mut is_sound = true;
    for fault in scanned.faults() {
        let outcome = if repairs {
            match store.repair(&fault).await? {
                Repair::Gone => continue,
                Repair::Mended => ": mended",
                Repair::Full => ": not mended, because as many others as may have it",
                Repair::Busy => ": not mended, because somebody is changing the user: try again",
            }
        } else if store.is_fault(&fault).await? {
            ""
        } else {
            continue;
        };
        is_sound &= outcome == ": mended";
        print_line(format_args!("{}{outcome}", describe(&fault, scanned)))?;
    }
    if !is_sound {
        return Err(Failure::TableFaults);
    }
    print_line("both tables are as they should be")?;
    print_users_to_rename(scanned)?;
    if unique_emails {
        print_shared_emails(scanned)?;
    }
    Ok(())
}

fn describe(fault: &UserFault, scanned: &ScannedUsers) -> String {
    let who = |user: &UserRef| {
        let user = scanned.users.get(user).map(name);
        user.unwrap_or_else(|| "who isn't there".to_owned())
    };
    match fault {
        UserFault::LeftProfile(user) => {
            format!("PROFILE#{user} is the profile of a user who isn't there")
        }
        UserFault::LeftFactors(user) => {
            format!("FACTORS#{user} has the second factors of a user who isn't there")
        }
        UserFault::LeftKeys(user) => {
            format!("KEYS#{user} lists the passkeys and security keys of a user who isn't there")
        }
        UserFault::LeftCredential { credential, user } => {
            let who = who(user);
            format!("CREDENTIAL#{credential} is not in the list of its user: {user}, {who}")
        }
        UserFault::LackingCredential { credential, user } => {
            let who = who(user);
            format!(
                "KEYS#{user} lists a passkey or security key that isn't there: {credential}, of {who}"
            )
        }
        UserFault::OtherKinds(user) => {
            let (named, kinds) = scanned.kinds(*user);
            let (named, kinds) = (names(named), names(kinds));
            let who = who(user);
            format!(
                "a login of {who} demands other second factors ({named}) than there are ({kinds})"
            )
        }
        UserFault::LeftAddress { address, user } => {
            let address = printable(address);
            format!(
                "{address} has a user who doesn't have this address: {user}, {}",
                who(user)
            )
        }
        UserFault::LackingAddress { address, user } => {
            let address = printable(address);
            format!(
                "{address} lacks a user who has this address: {user}, {}",
                who(user)
            )
        }
    }
}

fn names(kinds: FactorKinds) -> String {
    let names: Vec<_> = kinds.iter().map(FactorKind::as_str).collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}

pub fn name(user: &UserPointer) -> String {
    let (id, name) = (user.id.as_str(), user.login_name.as_str());
    format!("{} with the id {}", printable(name), printable(id))
}

/// Prints the users whose login name a new user couldn't get.
fn print_users_to_rename(scanned: &ScannedUsers) -> Result<(), Failure> {
    for user in scanned.users.values() {
        let (name, id) = (user.login_name.as_str(), user.id.as_str());
        if LoginName::parse_new(name).is_ok_and(|trimmed| trimmed == user.login_name) {
            continue;
        }
        let (name, id) = (quote(name), printable(id));
        print_line(format_args!(
            "the login name {name} of the user {id} has white space around it or characters \
             that don't show: sesame user rename --id {id} --to …"
        ))?;
    }
    Ok(())
}

fn print_shared_emails(scanned: &ScannedUsers) -> Result<(), Failure> {
    for (email, users) in scanned.shared_emails() {
        let mut names: Vec<_> = users.into_iter().map(name).collect();
        names.sort_unstable();
        let (email, names) = (printable(email), names.join(", "));
        print_line(format_args!(
            "the e-mail address {email} is that of several users: {names}"
        ))?;
    }
    Ok(())
}
