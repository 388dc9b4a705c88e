// The JSON routes, by fetch: no client at all.

import { Refusal } from "./refusal.mjs";
import { RPCS, headersOf, methods } from "./rpcs.mjs";

const session = (id) => `sessions/${encodeURIComponent(id)}`;
const user = (id) => `users/${encodeURIComponent(id)}`;

/** The method and the path of a call, and the part of its message that is in the body. */
const ROUTES = {
  CreateSession: (request) => ["POST", "sessions", request],
  SetSession: ({ sessionId, ...request }) => ["PATCH", session(sessionId), request],
  GetSession: ({ sessionId, ...query }) => ["GET", `${session(sessionId)}?${new URLSearchParams(query)}`],
  DeleteSession: ({ sessionId, ...request }) => ["DELETE", session(sessionId), request],
  ListSessions: (request) => ["POST", "sessions/search", request],
  CreateUser: (request) => ["POST", "users/new", request],
  AddHumanUser: (request) => ["POST", "users/human", request],
  GetUserByID: ({ userId }) => ["GET", user(userId)],
  ListUsers: (request) => ["POST", "users", request],
  UpdateUser: ({ userId, ...request }) => ["PATCH", user(userId), request],
  UpdateHumanUser: ({ userId, ...request }) => ["PUT", `users/human/${encodeURIComponent(userId)}`, request],
  SetPassword: ({ userId, ...request }) => ["POST", `${user(userId)}/password`, request],
  LockUser: ({ userId }) => ["POST", `${user(userId)}/lock`, {}],
  UnlockUser: ({ userId }) => ["POST", `${user(userId)}/unlock`, {}],
  DeleteUser: ({ userId }) => ["DELETE", user(userId)],
  SetEmail: ({ userId, ...request }) => ["POST", `${user(userId)}/email`, request],
  SendEmailCode: ({ userId, ...request }) => ["POST", `${user(userId)}/email/send`, request],
  ResendEmailCode: ({ userId, ...request }) => ["POST", `${user(userId)}/email/resend`, request],
  VerifyEmail: ({ userId, ...request }) => ["POST", `${user(userId)}/email/verify`, request],
  PasswordReset: ({ userId, ...request }) => ["POST", `${user(userId)}/password_reset`, request],
  CreateInviteCode: ({ userId, ...request }) => ["POST", `${user(userId)}/invite_code`, request],
  VerifyInviteCode: ({ userId, ...request }) => ["POST", `${user(userId)}/invite_code/verify`, request],
  ListAuthenticationMethodTypes: ({ userId }) => ["GET", `${user(userId)}/authentication_methods`],
  ListAuthenticationFactors: ({ userId, ...request }) => [
    "POST",
    `${user(userId)}/authentication_factors/_search`,
    request,
  ],
  RegisterTOTP: ({ userId }) => ["POST", `${user(userId)}/totp`, {}],
  VerifyTOTPRegistration: ({ userId, ...request }) => ["POST", `${user(userId)}/totp/verify`, request],
  RemoveTOTP: ({ userId }) => ["DELETE", `${user(userId)}/totp`],
  AddOTPEmail: ({ userId }) => ["POST", `${user(userId)}/otp_email`, {}],
  RemoveOTPEmail: ({ userId }) => ["DELETE", `${user(userId)}/otp_email`],
  AddOTPSMS: ({ userId }) => ["POST", `${user(userId)}/otp_sms`, {}],
  RemoveOTPSMS: ({ userId }) => ["DELETE", `${user(userId)}/otp_sms`],
  GenerateRecoveryCodes: ({ userId, ...request }) => ["POST", `${user(userId)}/recovery_codes`, request],
  RemoveRecoveryCodes: ({ userId }) => ["DELETE", `${user(userId)}/recovery_codes`],
  CreatePasskeyRegistrationLink: ({ userId, ...request }) => [
    "POST",
    `${user(userId)}/passkeys/registration_link`,
    request,
  ],
  RegisterPasskey: ({ userId, ...request }) => ["POST", `${user(userId)}/passkeys`, request],
  VerifyPasskeyRegistration: ({ userId, passkeyId, ...request }) => [
    "POST",
    `${user(userId)}/passkeys/${passkeyId}`,
    request,
  ],
  ListPasskeys: ({ userId }) => ["POST", `${user(userId)}/passkeys/_search`, {}],
  RemovePasskey: ({ userId, passkeyId }) => ["DELETE", `${user(userId)}/passkeys/${passkeyId}`],
  RegisterU2F: ({ userId, ...request }) => ["POST", `${user(userId)}/u2f`, request],
  VerifyU2FRegistration: ({ userId, u2fId, ...request }) => ["POST", `${user(userId)}/u2f/${u2fId}`, request],
  RemoveU2F: ({ userId, u2fId }) => ["DELETE", `${user(userId)}/u2f/${u2fId}`],
};

export const jsonClient = (version, url) =>
  methods(async (rpc, request, options) => {
    const [method, path, body] = ROUTES[rpc](request);
    const headers = { ...(body && { "content-type": "application/json" }), ...headersOf(options) };
    const response = await fetch(`${url}/${version}/${path}`, { method, headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (!response.ok) {
      const { code, message, details = [] } = answer;
      throw new Refusal({ code, message, id: details[0]?.id });
    }
    return answer;
  }, RPCS);
