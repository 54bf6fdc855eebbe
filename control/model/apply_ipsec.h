/* SPDX-License-Identifier: BSD-3-Clause */
/* apply_ipsec.h - the IPsec half of a plan; used by apply.c alone. */
#ifndef ESPGW_MODEL_APPLY_IPSEC_H
#define ESPGW_MODEL_APPLY_IPSEC_H

#include "control/model/apply.h"

struct model_row;

/** Fill policies and their ids. 0 or -1: no memory. */
int apply_policies(struct model_plan *plan, const struct model *m,
		   const struct model_plan *previous);

/** Fill peers; after apply_policies(). 0 or -1: no memory. */
int apply_peers(struct model_plan *plan, const struct model *m);

/** Free both; secrets are wiped. */
void apply_free(struct model_plan *plan);

/** Our address towards a peer: its local-address, or the one of the route. */
struct abi_addr apply_local(const struct model *m, const struct model_row *peer);

#endif
