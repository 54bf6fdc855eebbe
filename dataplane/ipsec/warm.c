/* SPDX-License-Identifier: BSD-3-Clause */
/* warm.c - see warm.h. */
#include "dataplane/ipsec/warm.h"

#include "dataplane/ipsec/sad_impl.h"

void warm_out(const struct worker *w, struct rte_mbuf *const *pkts, uint16_t n)
{
	const struct sad *s = w->tables->sad;

	for (uint16_t i = 0; i < n; i++) {
		uint32_t slot = pkt_meta(pkts[i])->sa_slot;

		warm_sa(sad_slot(s, slot));
		warm_lines(worker_sa(w, slot), 1);
	}
}
