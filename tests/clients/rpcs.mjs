// The calls of both services, under the names that the proto files give them.

const SESSION_RPCS = ["CreateSession", "SetSession", "GetSession", "DeleteSession", "ListSessions"];
const USER_RPCS = [
  "CreateUser",
  "AddHumanUser",
  "GetUserByID",
  "ListUsers",
  "UpdateUser",
  "UpdateHumanUser",
  "SetPassword",
  "LockUser",
  "UnlockUser",
  "DeleteUser",
  "SetEmail",
  "SendEmailCode",
  "ResendEmailCode",
  "VerifyEmail",
  "PasswordReset",
  "CreateInviteCode",
  "VerifyInviteCode",
  "ListAuthenticationMethodTypes",
  "ListAuthenticationFactors",
  "RegisterTOTP",
  "VerifyTOTPRegistration",
  "RemoveTOTP",
  "AddOTPEmail",
  "RemoveOTPEmail",
  "AddOTPSMS",
  "RemoveOTPSMS",
  "GenerateRecoveryCodes",
  "RemoveRecoveryCodes",
  "CreatePasskeyRegistrationLink",
  "RegisterPasskey",
  "VerifyPasskeyRegistration",
  "ListPasskeys",
  "RemovePasskey",
  "RegisterU2F",
  "VerifyU2FRegistration",
  "RemoveU2F",
];
export const RPCS = [...SESSION_RPCS, ...USER_RPCS];

/** `CreateSession` as JavaScript spells a method. */
export const lower = (rpc) => rpc[0].toLowerCase() + rpc.slice(1);

/** A method for each of the rpcs, all of which `call(rpc, request, options)` carries out. */
export const methods = (call, rpcs = SESSION_RPCS) =>
  Object.fromEntries(rpcs.map((rpc) => [lower(rpc), (request, options = {}) => call(rpc, request, options)]));

/** The headers, or the metadata, that a call's options come to. */
export const headersOf = ({ token, headers }) => ({
  ...(token && { authorization: `Bearer ${token}` }),
  ...headers,
});
