// Each page by its path.

import type { Context } from "./context.ts";
import { getAccount, getEmail, getPassword, postEmail, postPassword } from "./pages/account.ts";
import { getChoosePassword, getInvite, postChoosePassword, postInvite } from "./pages/invite.ts";
import { getReset, postForgot, postReset, showForgot } from "./pages/reset.ts";
import { getSessions, postEndAllSessions, postEndSession } from "./pages/sessions.ts";
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
  "/sign-out": { POST: postSignOut },
  "/forgot": { GET: (context) => showForgot(context), POST: postForgot },
  "/reset": { GET: getReset, POST: postReset },
  "/invite": { GET: getInvite, POST: postInvite },
  "/choose-password": { GET: getChoosePassword, POST: postChoosePassword },
  "/password": { GET: getPassword, POST: postPassword },
  "/email": { GET: getEmail, POST: postEmail },
  "/sessions": { GET: getSessions },
  "/sessions/end": { POST: postEndSession },
  "/sessions/end-all": { POST: postEndAllSessions },
};
