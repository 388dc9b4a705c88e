/** Why a call was not carried out. `id` is of zitadel.v1.ErrorDetail. */
export class Refusal extends Error {
  constructor({ code, message, id }) {
    super(message);
    Object.assign(this, { code, id });
  }
}
