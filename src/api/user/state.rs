use crate::api::call::{Call, Envelope};
use crate::api::parts::details;
use crate::api::proto::zitadel::user::v2;
use crate::domain::UserId;
use crate::error::Error;
use crate::service::{
    AddOTPEmail, AddOTPSMS, DeactivateUser, DeleteUser, Details, HumanMFAInitSkipped, LockUser,
    ReactivateUser, RemoveOTPEmail, RemoveOTPSMS, RemovePhone, RemoveRecoveryCodes, RemoveTOTP,
    UnlockUser,
};

/// Defines the calls whose request names a user and whose reply has the details of the change.
macro_rules! calls_on_a_user {
    ($($call:ident: $request:ident -> $reply:ident;)*) => {
        $(
            impl Call for $call {
                type Request = v2::$request;
                type Reply = v2::$reply;

                fn read(message: Self::Request, _: Envelope) -> Result<Self, Error> {
                    let v2::$request { user_id } = message;
                    Ok(Self { user_id: UserId::parse(user_id)? })
                }

                fn reply(changed: Details) -> Self::Reply {
                    v2::$reply { details: Some(details(&changed)) }
                }
            }
        )*
    };
}

calls_on_a_user! {
    LockUser: LockUserRequest -> LockUserResponse;
    UnlockUser: UnlockUserRequest -> UnlockUserResponse;
    DeactivateUser: DeactivateUserRequest -> DeactivateUserResponse;
    ReactivateUser: ReactivateUserRequest -> ReactivateUserResponse;
    DeleteUser: DeleteUserRequest -> DeleteUserResponse;
    RemovePhone: RemovePhoneRequest -> RemovePhoneResponse;
    HumanMFAInitSkipped: HumanMfaInitSkippedRequest -> HumanMfaInitSkippedResponse;
    RemoveTOTP: RemoveTotpRequest -> RemoveTotpResponse;
    AddOTPSMS: AddOtpsmsRequest -> AddOtpsmsResponse;
    RemoveOTPSMS: RemoveOtpsmsRequest -> RemoveOtpsmsResponse;
    AddOTPEmail: AddOtpEmailRequest -> AddOtpEmailResponse;
    RemoveOTPEmail: RemoveOtpEmailRequest -> RemoveOtpEmailResponse;
    RemoveRecoveryCodes: RemoveRecoveryCodesRequest -> RemoveRecoveryCodesResponse;
}
