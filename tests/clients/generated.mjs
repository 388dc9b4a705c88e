// The modules that protoc-gen-es generates from the proto files; `.ci/clients` runs it.

import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { fromBinary } from "@bufbuild/protobuf";

const generated = (path) => import(`../../target/clients/generated/${path}_pb.js`);

/** `SessionService` and the messages of one version. */
export const session = (version) => generated(`zitadel/session/${version}/session_service`);

export const { ErrorDetailSchema } = await generated("zitadel/v1/error_detail");
const { StatusSchema } = await generated("google/rpc/status");

/** The id in the error's detail, from the bytes of `grpc-status-details-bin`. */
export function detailId(bytes) {
  const { details } = fromBinary(StatusSchema, bytes);
  return details.map((any) => anyUnpack(any, ErrorDetailSchema)).find((detail) => detail)?.id;
}
