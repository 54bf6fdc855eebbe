/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * child_nat.h - transport mode through a NAT, which is refused. Both sides would have to exchange
 * the addresses they had before the NAT (NAT-OA of RFC 3947 section 5.2, RFC 7296 section 2.23.1),
 * and two hosts behind one NAT could not be told apart (RFC 3948 section 5.2); tunnel mode has
 * neither trouble.
 */
#ifndef ESPGW_IKE_CHILD_NAT_H
#define ESPGW_IKE_CHILD_NAT_H

#include <stdbool.h>
#include <stdint.h>

struct ike_engine;
struct ike_policy;
struct ike_sa;
struct prop_sa;

#define CHILD_NAT_AGAIN_S 60u /* the NAT may be gone then */

/** Does a NAT keep the policy from coming up? policy NULL: one in transport mode. */
bool child_nat_hinders(const struct ike_sa *sa, const struct ike_policy *policy);
/** Evidence of that. policy may be NULL; message: the one that is refused, or is not sent. */
void child_nat_refuse(struct ike_engine *e, const struct ike_sa *sa,
		      const struct ike_policy *policy, const char *message, uint32_t msgid);
/** As initiator: when a NAT hinders the policy, say so and try again later. */
bool child_nat_postpones(struct ike_engine *e, const struct ike_sa *sa, struct ike_policy *policy,
			 const char *message, uint64_t now);
/** Does IKEv1's offer ask for transport mode? */
bool child_nat_asked(const struct prop_sa *props);

#endif
