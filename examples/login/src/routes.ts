// Each page by its path.

import type { Context } from "./context.ts";
import { getAccount, getEmail, getPassword, postEmail, postPassword } from "./pages/account.ts";
import { getConfirm, postConfirm, postConfirmOptions, postConfirmPasskey } from "./pages/confirm.ts";
import { postFirst, postFirstOptions } from "./pages/first-passkey.ts";
import { getChoosePassword, getInvite, postChoosePassword, postInvite } from "./pages/invite.ts";
import { getRemoveKey, postRemoveKey } from "./pages/remove-key.ts";
import { getReset, postForgot, postReset, showForgot } from "./pages/reset.ts";
import { getKey, postKey, postKeyOptions } from "./pages/second-factor-key.ts";
import * as secondFactor from "./pages/second-factor.ts";
import { getRecoveryCodes, getRemove, getSecurity, postRecoveryCodes, postRemove } from "./pages/security.ts";
import { getSessions, postEndAllSessions, postEndSession } from "./pages/sessions.ts";
import { getAppSetUp, postAppSetUp, postAppVerify } from "./pages/set-up-app.ts";
import * as keys from "./pages/set-up-keys.ts";
import { getSmsCodes, postNumber, postNumberCode, postSmsCodes } from "./pages/set-up-sms.ts";
import { getEmailCodes, getSetUp, postEmailCodes } from "./pages/set-up.ts";
import { postPasskeyOptions, postPasskeySignIn } from "./pages/sign-in-passkey.ts";
import { postSignIn, postSignOut, showSignIn } from "./pages/sign-in.ts";
import { postSignUp, showSignUp } from "./pages/sign-up.ts";
import { getVerify, getVerifySend, postVerify, postVerifySend } from "./pages/verify.ts";
import type { Reply } from "./reply.ts";

type Handler = (context: Context) => Reply | Promise<Reply>;

export const routes: Record<string, { GET?: Handler; POST?: Handler }> = {
  "/": { GET: getAccount },
  "/sign-up": { GET: (context) => showSignUp(context), POST: postSignUp },
  "/verify": { GET: getVerify, POST: postVerify },
  "/verify/send": { GET: getVerifySend, POST: postVerifySend },
  "/sign-in": { GET: (context) => showSignIn(context), POST: postSignIn },
  "/sign-in/passkey": { POST: postPasskeySignIn },
  "/sign-in/passkey/options": { POST: postPasskeyOptions },
  "/second-factor": { GET: secondFactor.getSecondFactor },
  "/second-factor/key": { GET: getKey, POST: postKey },
  "/second-factor/key/options": { POST: postKeyOptions },
  "/second-factor/app": { GET: secondFactor.getApp, POST: secondFactor.postApp },
  "/second-factor/email": { GET: secondFactor.getEmail, POST: secondFactor.postEmail },
  "/second-factor/email/send": { POST: secondFactor.postEmailSend },
  "/second-factor/sms": { GET: secondFactor.getSms, POST: secondFactor.postSms },
  "/second-factor/sms/send": { POST: secondFactor.postSmsSend },
  "/second-factor/recovery": { GET: secondFactor.getRecovery, POST: secondFactor.postRecovery },
  "/set-up": { GET: getSetUp },
  "/confirm": { GET: getConfirm, POST: postConfirm },
  "/confirm/passkey": { POST: postConfirmPasskey },
  "/confirm/passkey/options": { POST: postConfirmOptions },
  "/sign-out": { POST: postSignOut },
  "/forgot": { GET: (context) => showForgot(context), POST: postForgot },
  "/reset": { GET: getReset, POST: postReset },
  "/invite": { GET: getInvite, POST: postInvite },
  "/choose-password": { GET: getChoosePassword, POST: postChoosePassword },
  "/choose-password/passkey": { POST: postFirst },
  "/choose-password/passkey/options": { POST: postFirstOptions },
  "/password": { GET: getPassword, POST: postPassword },
  "/email": { GET: getEmail, POST: postEmail },
  "/security": { GET: getSecurity },
  "/security/passkey": { GET: keys.getPasskey, POST: keys.postPasskey },
  "/security/passkey/options": { POST: keys.postPasskeyOptions },
  "/security/key": { GET: keys.getSecurityKey, POST: keys.postSecurityKey },
  "/security/key/options": { POST: keys.postSecurityKeyOptions },
  "/security/keys/remove": { GET: getRemoveKey, POST: postRemoveKey },
  "/security/app": { GET: getAppSetUp, POST: postAppSetUp },
  "/security/app/verify": { POST: postAppVerify },
  "/security/email": { GET: getEmailCodes, POST: postEmailCodes },
  "/security/sms": { GET: getSmsCodes, POST: postSmsCodes },
  "/security/sms/number": { POST: postNumber },
  "/security/sms/verify": { POST: postNumberCode },
  "/security/recovery": { GET: getRecoveryCodes, POST: postRecoveryCodes },
  "/security/remove": { GET: getRemove, POST: postRemove },
  "/sessions": { GET: getSessions },
  "/sessions/end": { POST: postEndSession },
  "/sessions/end-all": { POST: postEndAllSessions },
};
