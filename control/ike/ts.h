/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ts.h - traffic selectors (struct abi_range) and their IKEv1 form, the ID payloads of quick mode
 * (RFC 2407 section 4.6.2, RFC 2409 section 5.5).
 */
#ifndef ESPGW_IKE_TS_H
#define ESPGW_IKE_TS_H

#include <stdbool.h>

#include "control/ike/msg.h"
#include "control/ike/wire.h"
#include "dataplane/api/messages.h"

#define TS_MAX_TEXT 128 /* what ts_print() needs at most, NUL included */

/** From a quick mode ID payload: address, subnet (the mask must be contiguous) or range (start <=
 * end), v4 and v6. Port 0 is any port. 0, -ENOTSUP (an identity type that is no address) or
 * -EINVAL; *r is all zero on error. */
int ts_from_id(struct abi_range *r, const struct ike_pld_id *id);

/** Write the body of an ID payload. A single address becomes ADDR, a prefix SUBNET, else RANGE.
 * 0, -EINVAL (family, lo > hi), or -ENOTSUP: a port range that is neither one port nor all has no
 * IKEv1 form. */
int ts_put_id(struct wire_writer *w, const struct abi_range *r);

/** One address, all protocols and ports; or a prefix. 0 or -EINVAL. */
int ts_from_addr(struct abi_range *r, const struct abi_addr *addr);
int ts_from_prefix(struct abi_range *r, const struct abi_addr *addr, uint8_t prefix_len);

/** Well formed: family 4 or 6, lo <= hi in addresses and ports, unused bytes zero. */
bool ts_valid(const struct abi_range *r);
bool ts_equal(const struct abi_range *a, const struct abi_range *b);
/** Every packet of inner is one of outer. */
bool ts_contains(const struct abi_range *outer, const struct abi_range *inner);
/** The packets in both; false when there are none (out is zeroed then). */
bool ts_intersect(const struct abi_range *a, const struct abi_range *b, struct abi_range *out);
/** Prefix length when the addresses are exactly one prefix, else -1. */
int ts_prefix_len(const struct abi_range *r);

/** "192.168.1.0/24", "10.0.0.1", "10.0.0.1-10.0.0.9", then "[tcp/80]", "[17]", "[any/1-9]" unless
 * all. Returns buf. */
char *ts_print(const struct abi_range *r, char *buf, size_t cap);

#endif
