use tokio::time::Instant;

use super::answers::Fault;
use super::change::{AccountChange, AskedCodes, ChangeParts, ReturnedCodes};
use crate::domain::{
    Account, CodePurpose, Denial, Destination, HashString, Operation, Password, Permit,
    PresentedCode, SessionGeneration, Timestamp, UserId, UserScope,
};
use crate::error::{Error, UserCommand, UserError};
use crate::service::codes::{CheckedCode, CodeUser};
use crate::service::session::VerifiedUser;
use crate::service::user_lookup::Subject;
use crate::service::{Checks, Context, Details, SecondChecks, Service, UseCase};
use crate::store::StoredUser;

/// A password that a user is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenPassword {
    Plain(Password),
    /// The hash of a password that nobody here knows, in one of the forms of an import.
    Hash(HashString),
}

impl GivenPassword {
    fn plain(&self) -> Option<&Password> {
        match self {
            Self::Plain(password) => Some(password),
            Self::Hash(_) => None,
        }
    }
}

/// A password that a user is given, and whether it has to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    pub password: GivenPassword,
    pub change_required: bool,
}

/// A change of a user's password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordChange {
    pub new: NewCredential,
    pub proof: PasswordProof,
}

/// What a change of a password is permitted by, beside the principal's rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordProof {
    None,
    /// The password of now.
    Current(Password),
    /// The code of a reset.
    Code(PresentedCode),
}

/// `SetPasswordRequest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetPassword {
    pub user_id: UserId,
    pub change: PasswordChange,
}

impl UseCase for SetPassword {
    const OPERATION: Operation = Operation::SetPassword;
    type Outcome = Details;

    /// Sets the password, and ends the sessions in which something was proved, but for the one with
    /// whose token users change their own.
    ///
    /// Requests, one after another: 3, or 4 with the current password or a code, and one to where
    /// passwords are looked up; and those of a notice.
    async fn run(
        self,
        service: &Service,
        permit: &Permit,
        context: &Context,
    ) -> Result<Details, Error> {
        let Self { user_id, change } = self;
        service.may_set_password(&user_id, &change, permit, context)?;
        context.record.user(&user_id);
        let command = UserCommand::SetPassword;
        let nothing_else = |account: &Account| Ok(account.clone());
        let prepare =
            service.prepare_password(&user_id, change, command, permit, context, &nothing_else);
        let prepared = prepare.await?;
        let asked = AskedCodes::default();
        let write =
            service.write_password(prepared, command, &asked, permit, context, &nothing_else);
        let (after, _) = write.await?;
        Ok(service.user_details(&after))
    }
}

/// A new password that may be written.
pub(super) struct PreparedPassword {
    seen: StoredUser,
    password: GivenPassword,
    hash: HashString,
    change_required: bool,
    proved: ProvedChange,
}

/// What has proved that a password may be changed.
struct ProvedChange {
    /// The check of the current password. Its attempt stays pending until the write, which forgives
    /// it.
    verified: Option<VerifiedUser>,
    code: Option<CheckedCode>,
}

impl PasswordProof {
    fn current(&self) -> Option<&Password> {
        match self {
            Self::Current(password) => Some(password),
            Self::None | Self::Code(_) => None,
        }
    }
}

impl Service {
    /// Whether a principal may make a change of a password: a user by the current one, or shortly
    /// after a login, and anybody by a code. They have no say over whether it is to be changed again.
    pub(super) fn may_set_password(
        &self,
        user: &UserId,
        change: &PasswordChange,
        permit: &Permit,
        context: &Context,
    ) -> Result<(), Error> {
        match (permit.user(user), &change.proof) {
            (Ok(UserScope::Any), _) => return Ok(()),
            (Ok(UserScope::Own), _) | (Err(Denial::Forbidden), PasswordProof::Code(_)) => {}
            (Err(denial), _) => return Err(denial.into()),
        }
        let is_hash = matches!(change.new.password, GivenPassword::Hash(_));
        if is_hash || change.new.change_required {
            return Err(Error::PermissionDenied);
        }
        if change.proof == PasswordProof::None {
            permit.require_fresh(context.now, self.policy.fresh)?;
        }
        Ok(())
    }

    /// Judges and hashes a new password. `renamed` is what the user will be once the rest of the
    /// call is done, whose names it must not be made of.
    ///
    /// The rules that need no user come first, then the current password or the code, and then those
    /// that need the names, which they would tell. A refused password costs no code and no hash, and
    /// a wrong code costs no hash.
    pub(super) async fn prepare_password(
        &self,
        id: &UserId,
        change: PasswordChange,
        command: UserCommand,
        permit: &Permit,
        context: &Context,
        renamed: AccountChange<'_>,
    ) -> Result<PreparedPassword, Error> {
        let PasswordChange { new, proof } = change;
        if let (PasswordProof::Current(current), GivenPassword::Plain(new)) =
            (&proof, &new.password)
            && is_same(current, new)
        {
            return Err(UserError::PasswordUnchanged.into());
        }
        let checks = Checks {
            user: None,
            web_authn: None,
            password: proof.current().cloned(),
            second: SecondChecks::default(),
        };
        // Over the limit of its address, a login is refused before anything of the user is read.
        let address = self.login_address(&checks, None, permit, context);
        self.refuse_over_limit(address, context)?;
        self.judge(&new.password, context).await?;
        let (seen, code) = self
            .find_by_proof(id, &proof, command, permit, context)
            .await?;
        let account = renamed(&seen.account).map_err(|fault| fault.of(command));
        let judged = account.and_then(|account| self.judge_names(&new.password, &account));

        let mut verified = None;
        if checks.password.is_some() {
            let user = &seen.account.user;
            let subject = Subject::Own(&user.user_id, &user.login_name);
            let chosen = new.password.plain().filter(|_| judged.is_ok());
            let check =
                self.check_and_hash(Some(subject), &checks, chosen, address, permit, context);
            verified = self.limited(address, context, check).await?;
        }
        // From here on the hash is written by the change, and not as that of the same password.
        let hash = verified
            .as_mut()
            .and_then(|verified| verified.new_hash.take());
        let hash = async {
            judged?;
            match (hash, &new.password) {
                (Some(hash), GivenPassword::Plain(_)) => Ok(hash),
                (_, password) => self.hash(password, context).await,
            }
        };
        let proved = ProvedChange { verified, code };
        match hash.await {
            Ok(hash) => Ok(PreparedPassword {
                seen,
                password: new.password,
                hash,
                change_required: new.change_required,
                proved,
            }),
            Err(error) => self.refuse_proved(error, &proved, context).await,
        }
    }

    /// Reads the user of a new password, and tries the code if there is one.
    async fn find_by_proof(
        &self,
        id: &UserId,
        proof: &PasswordProof,
        command: UserCommand,
        permit: &Permit,
        context: &Context,
    ) -> Result<(StoredUser, Option<CheckedCode>), Error> {
        if let PasswordProof::Code(presented) = proof {
            let purpose = CodePurpose::ResetPassword;
            let checked = self.check_code(id, purpose, presented, command, permit, context);
            let CodeUser { seen, code } = checked.await?;
            return Ok((seen, Some(code)));
        }
        let found = self.find_user(id, context).await;
        Ok((found.map_err(|refusal| refusal.of(command))?, None))
    }

    /// The error of a change whose proof was right: so the attempt at the current password is no
    /// failure, and the try of the code is given back.
    async fn refuse_proved<T>(
        &self,
        error: Error,
        proved: &ProvedChange,
        context: &Context,
    ) -> Result<T, Error> {
        if let Some(code) = &proved.code {
            self.return_try(code, context).await;
        }
        let refused = async { Err(error) };
        self.put_and_settle(refused, proved.verified.as_ref(), context)
            .await
    }

    /// Writes a new password together with the `rest` of a change. Of two who change the password at
    /// once by the former one, the second is told to try again, and then that it is the former.
    pub(super) async fn write_password(
        &self,
        prepared: PreparedPassword,
        command: UserCommand,
        asked: &AskedCodes,
        permit: &Permit,
        context: &Context,
        rest: AccountChange<'_>,
    ) -> Result<(Account, ReturnedCodes), Error> {
        let PreparedPassword {
            seen,
            password,
            hash,
            change_required,
            proved,
        } = prepared;
        let own = permit.principal().user() == Some(&seen.account.user.user_id);
        let parts = ChangeParts {
            command,
            asked,
            proof: proved.code.as_ref(),
            kept: permit.session().filter(|_| own),
        };
        let generation = proved.verified.as_ref().map(|one| one.user.generation);
        let change = |account: &Account| {
            require_generation(account, generation)?;
            let account = match &proved.code {
                Some(code) => reset(account, code, context.now)?,
                None => account.clone(),
            };
            let after = rest(&account)?;
            let user = after.user.clone();
            let user = user.with_password(hash.clone(), change_required, context.now);
            let after = after.with_user(user);
            self.judge_names(&password, &after)?;
            Ok::<_, Fault>(after)
        };
        let write = self.change_and_send(seen, parts, permit, context, &change);
        match write.await {
            Ok(changed) => Ok(changed),
            Err(error) => self.refuse_proved(error, &proved, context).await,
        }
    }

    pub(super) async fn judge(
        &self,
        password: &GivenPassword,
        context: &Context,
    ) -> Result<(), Error> {
        match password {
            GivenPassword::Plain(password) => self.judge_new_password(password, context).await,
            GivenPassword::Hash(_) => Ok(()),
        }
    }

    pub(super) fn judge_names(
        &self,
        password: &GivenPassword,
        account: &Account,
    ) -> Result<(), Error> {
        let GivenPassword::Plain(password) = password else {
            return Ok(());
        };
        self.judge_names_in_password(password, account.names())
    }

    pub(super) async fn hash(
        &self,
        password: &GivenPassword,
        context: &Context,
    ) -> Result<HashString, Error> {
        match password {
            GivenPassword::Plain(password) => {
                let turn = self.passwords.turn().await?;
                let started = Instant::now();
                let (hash, _) = turn.hash(password.clone()).await?;
                context.record.hashed(started.elapsed(), 1);
                Ok(hash.into())
            }
            GivenPassword::Hash(hash) => self.read_new_hash(hash.as_str(), context),
        }
    }
}

/// The account of a user who resets the password by a code.
///
/// Whoever reads the mail of an address that nobody had verified shows that it is his. It may have
/// been registered by somebody else, who must not keep a way in: the phone number, an address that
/// waits to be verified, and all passkeys and second factors go. Any other reset leaves these and their demands:
/// who reads the mail has one factor, not two.
fn reset(account: &Account, code: &CheckedCode, now: Timestamp) -> Result<Account, Error> {
    code.require_current(account)?;
    let mut account = account.clone();
    if let Destination::Email(address) = &code.destination
        && !account.profile.is_verified_email(address)
    {
        account.profile.verify_email(address, now);
        account.profile.phone = None;
        account.profile.new_email = None;
        account.factors = account.factors.removed();
        account.credentials = account.credentials.removed();
    }
    Ok(account)
}

/// Whether two passwords are compared as one: in NFC.
fn is_same(one: &Password, other: &Password) -> bool {
    let composed = |password: &Password| password.composed().unwrap_or_else(|| password.clone());
    composed(one) == composed(other)
}

/// A password that was right for another generation of the user is a former one.
fn require_generation(
    account: &Account,
    proved: Option<SessionGeneration>,
) -> Result<(), UserError> {
    match proved {
        Some(proved) if proved != account.user.generation => Err(UserError::ChangedMeanwhile),
        _ => Ok(()),
    }
}
