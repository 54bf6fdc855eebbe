/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnels6.h - the tunnels of tunnels.h with IPv6 inside, outside or both, on the site of
 * gateway6.h. */
#ifndef ESPGW_BENCH_TUNNELS6_H
#define ESPGW_BENCH_TUNNELS6_H

#include "tests/bench/gateway6.h"
#include "tests/unit/dataplane/tunnels.h"

struct tunnels6_shape {
	bool inner6;
	bool outer6;
};

/** As tunnels_create(), with the site's addresses, routes and neighbours. One of the two is IPv6.
 */
int tunnels6_create(struct harness *h, uint32_t n, const struct tunnels_suite *s, uint32_t window,
		    struct tunnels6_shape shape);

/** As tunnels_sealed() for tunnels that carry IPv6, of one flow. */
int tunnels6_sealed(struct worker *w, struct rte_mempool *pool, const uint32_t *tunnel,
		    const uint16_t *len, struct rte_mbuf **pkts, uint16_t n);

#endif
