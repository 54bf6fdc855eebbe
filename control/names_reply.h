/* SPDX-License-Identifier: BSD-3-Clause */
/* names_reply.h - what name servers say of a name's A and its AAAA becomes one answer, whichever of
 * the two comes first. An answer begins as zeros. Pure. */
#ifndef ESPGW_CONTROL_NAMES_REPLY_H
#define ESPGW_CONTROL_NAMES_REPLY_H

#include "control/names.h"

/** Addresses of a family, count of them one behind the other in network order; none of the family
 * is there yet. Of too many, those of IPv4 are kept rather than those of IPv6. ttl: s. */
void names_reply_add(struct names_answer *a, uint8_t family, size_t count, uint32_t ttl,
		     const void *addrs);
/** There are none of a family, or it is not known whether there are: status says why. */
void names_reply_fail(struct names_answer *a, uint8_t family, enum names_status status);
/** Both have come: A before AAAA. */
void names_reply_end(struct names_answer *a);

#endif
