// The address of the client, and the group of addresses that is limited as one.

import { isIP, isIPv4 } from "node:net";

/**
 * The client's address: that of the connection, or the one that the outermost proxy of one's own added to
 * `X-Forwarded-For`. What stands left of that one was sent by the client and may be anything.
 */
export function clientAddress(remote: string | undefined, forwarded: string | undefined, proxies: number): string {
  const listed = (forwarded ?? "").split(",").map((entry) => entry.trim());
  const added = proxies > 0 ? listed.at(-proxies) : undefined;
  return plain(added) ?? plain(remote) ?? "unknown";
}

function plain(text: string | undefined): string | undefined {
  const address = text?.replace(/^::ffff:(?=\d+\.)/i, "");
  return address !== undefined && isIP(address) && !address.includes("%") ? address : undefined;
}

/** An IPv4 address, or the first 64 bits of one of IPv6, of which a client usually has all the rest. */
export function addressGroup(address: string): string {
  if (isIPv4(address) || isIP(address) === 0) {
    return address;
  }
  // `::` stands for the groups of zeros that are missing, and an IPv4 address at the end for two groups.
  const [head = "", tail] = address.split("::");
  const groups = head.split(":").filter(Boolean);
  const rest = (tail ?? "").split(":").filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups.length - rest.length - (address.includes(".") ? 1 : 0);
  const all = [...groups, ...Array<string>(Math.max(0, missing)).fill("0"), ...rest];
  return `${all.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":")}::/64`;
}
