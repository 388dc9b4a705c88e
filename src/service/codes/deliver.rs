use super::{CheckedDelivery, CodeOrder, PreparedCode};
use crate::domain::{
    Account, Code, CodeId, CodePurpose, Destination, DisplayName, Language, LinkValues, Permit,
    Principal, UrlTemplate, UserId,
};
use crate::error::Error;
use crate::messages::{self, Asker, MessageKind, MessageValues};
use crate::service::{Context, Service};
use crate::store::IssuedCode;

impl Service {
    /// Sends or returns a code that was stored.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`]: the provider refuses the message or is out of reach. Then it counts as
    /// not sent, so that an outage uses up nobody's day, and whoever asks again is sent the same code.
    pub(in crate::service) async fn deliver(
        &self,
        prepared: PreparedCode,
        account: &Account,
        order: &CodeOrder,
        permit: &Permit,
        context: &Context,
    ) -> Result<Option<Code>, Error> {
        let PreparedCode { write, id, code } = prepared;
        let template = match &order.delivery {
            CheckedDelivery::Return => {
                let purpose = order.purpose.as_str();
                context
                    .record
                    .note(|facts| _ = facts.codes_returned.insert(purpose));
                return Ok(Some(code));
            }
            CheckedDelivery::Send(template) => template.as_ref(),
        };
        let sent = self.send(id, &code, template, account, order, permit);
        let sent = sent.await;
        let Err(error) = sent else {
            return Ok(None);
        };
        tokio::join!(self.unsend(&write, context), self.uncount(order, context));
        Err(error)
    }

    /// Notes that the message of a code was not sent, so that whoever asks again within the minute is
    /// sent it: 1 request. It may have been stored or not.
    pub(in crate::service) async fn unsend(&self, write: &IssuedCode, context: &Context) {
        let unsent = self.store.unsend_code(write);
        if let Err(error) = context.database(unsent).await {
            context.record.side_error(&error);
        }
    }

    async fn send(
        &self,
        id: CodeId,
        code: &Code,
        template: Option<&UrlTemplate>,
        account: &Account,
        order: &CodeOrder,
        permit: &Permit,
    ) -> Result<(), Error> {
        let is_verified = is_verified(account, &order.destination);
        let link = template.map(|template| {
            // Codes of other purposes are found without.
            let has_id = order.purpose == CodePurpose::RegisterPasskey;
            let id = if has_id {
                id.to_string()
            } else {
                String::new()
            };
            let values = LinkValues {
                code_id: &id,
                ..self.link_values(code, account, is_verified)
            };
            template.render(&values)
        });
        let asker = self.asker(permit.principal(), &account.user.user_id);
        let values = MessageValues {
            name: is_verified.then(|| shown_name(account)),
            code: Some(code.short()),
            link: link.as_deref(),
            application: order.application_name.as_deref(),
            hours: u32::try_from(order.purpose.lifetime().as_secs() / 3600).unwrap_or(u32::MAX),
            ..MessageValues::new(&self.policy.organization_name, asker)
        };
        let language = account.profile.language.as_ref().map(Language::as_str);
        let kind = match order.purpose {
            CodePurpose::VerifyEmail => MessageKind::VerifyEmail,
            CodePurpose::VerifyPhone => MessageKind::VerifyPhone,
            CodePurpose::ResetPassword => MessageKind::ResetPassword,
            CodePurpose::Invite => MessageKind::Invite,
            CodePurpose::RegisterPasskey => MessageKind::RegisterPasskey,
        };
        match &order.destination {
            Destination::Email(to) => {
                let message = messages::email(kind, language, to.clone(), &values);
                self.messenger.email(&message).await
            }
            Destination::Phone(to) => {
                let message = messages::sms(kind, language, to.clone(), &values);
                self.messenger.sms(&message).await
            }
        }
    }

    /// The values of a link. Names are left out for an address that nobody has verified, because
    /// users choose them: others would send their advertising by them.
    fn link_values<'a>(
        &'a self,
        code: &'a Code,
        account: &'a Account,
        is_verified: bool,
    ) -> LinkValues<'a> {
        let (login_name, display_name) = if is_verified {
            (account.user.login_name.as_str(), shown_name(account))
        } else {
            ("", "")
        };
        let language = account.profile.language.as_ref();
        LinkValues {
            code: code.long(),
            code_id: "",
            user_id: account.user.user_id.as_str(),
            session_id: "",
            organization: &self.policy.resource_owner,
            login_name,
            display_name,
            language: language.map_or("", Language::as_str),
        }
    }

    /// Who asks, as a message says it. Other users, who act by a code, and clients of a gateway have
    /// no name that it could say.
    pub(in crate::service) fn asker<'a>(
        &'a self,
        principal: &'a Principal,
        user: &UserId,
    ) -> Asker<'a> {
        match principal {
            Principal::User { id, .. } if id == user => Asker::User,
            Principal::ServiceAccount { name, .. } => Asker::Application(name.as_str()),
            Principal::Operator => Asker::Operator,
            Principal::User { .. } | Principal::Jwt { .. } | Principal::Anonymous => {
                Asker::Application(&self.policy.organization_name)
            }
        }
    }
}

fn is_verified(account: &Account, destination: &Destination) -> bool {
    let profile = &account.profile;
    match destination {
        Destination::Email(address) => profile.verified_email() == Some(address),
        Destination::Phone(number) => profile.verified_phone() == Some(number),
    }
}

pub(super) fn shown_name(account: &Account) -> &str {
    let user = &account.user;
    DisplayName::or_login_name(user.display_name.as_ref(), &user.login_name)
}
