/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnels6.c - see tunnels6.h. */
#include "tests/bench/tunnels6.h"

static void dress(void *ctx, struct abi_sa_add *c, uint32_t tunnel)
{
	const struct tunnels6_shape *shape = ctx;

	if (shape->outer6) {
		c->local = gateway6_us();
		c->remote = gateway6_peer();
	}
	if (shape->inner6) {
		c->ts_local[0] = gateway6_lan();
		c->ts_remote[0] = gateway6_far(tunnel);
	}
}

int tunnels6_create(struct harness *h, uint32_t n, const struct tunnels_suite *s, uint32_t window,
		    struct tunnels6_shape shape)
{
	return gateway6_site(h) != 0 ? -1 : tunnels_create_dressed(h, n, s, window, dress, &shape);
}

int tunnels6_sealed(struct worker *w, struct rte_mempool *pool, const uint32_t *tunnel,
		    const uint16_t *len, struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		pkts[i] = gateway6_inner(pool, tunnel[i], true, len[i], 0);
		if (pkts[i] == NULL) {
			rte_pktmbuf_free_bulk(pkts, i);
			return -1;
		}
	}
	for (uint16_t i = 0; i < n; i = (uint16_t)(i + WORKER_BURST))
		if (tunnels_seal(w, tunnel + i, pkts + i,
				 (uint16_t)RTE_MIN(n - i, (int)WORKER_BURST)) != 0)
			return -1;
	return 0;
}
