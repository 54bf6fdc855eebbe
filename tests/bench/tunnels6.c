/* SPDX-License-Identifier: BSD-3-Clause */
/* tunnels6.c - see tunnels6.h. */
#include "tests/bench/tunnels6.h"

#include <stdio.h>
#include <stdlib.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"

/* The command of an SA as it is for IPv4, in that shape. */
static struct abi_sa_add dress(struct abi_sa_add c, uint32_t tunnel, struct tunnels6_shape shape)
{
	if (shape.outer6) {
		c.local = gateway6_us();
		c.remote = gateway6_peer();
	}
	if (shape.inner6) {
		c.ts_local[0] = gateway6_lan();
		c.ts_remote[0] = gateway6_far(tunnel);
	}
	return c;
}

/* What the peer sends with: of an inbound SA of ours. */
static struct abi_sa_add other_end(const struct harness *h, const struct abi_sa_add *in,
				   uint32_t tunnel)
{
	struct abi_sa_add c = *in;

	c.slot = tunnels_slot_peer(h->max_sas, tunnel);
	c.direction = ABI_DIR_OUT;
	c.replay_window = 0;
	c.local = in->remote;
	c.remote = in->local;
	c.ts_local[0] = in->ts_remote[0];
	c.ts_remote[0] = in->ts_local[0];
	return c;
}

static int add(struct harness *h, const struct abi_sa_add *c, uint32_t tunnel)
{
	uint32_t detail = 0;
	uint16_t status = sad_add(h->tables.sad, c, tunnel, h->worker.now, &detail);

	if (status != ABI_OK)
		fprintf(stderr, "SA in slot %u refused: status %u, field %u\n", c->slot, status,
			detail);
	return status == ABI_OK ? 0 : -1;
}

static int set_policies(struct harness *h, uint32_t n, const struct tunnels_suite *s,
			struct tunnels6_shape shape)
{
	struct abi_policy *all = calloc(n, sizeof(*all));
	uint32_t *index = calloc(n, sizeof(*index)), status = 0, detail = 0;
	struct spd *spd = NULL;

	for (uint32_t t = 0; all != NULL && index != NULL && t < n; t++) {
		const struct abi_sa_add c = dress(tunnels_sa_out(h, t, s), t, shape);

		index[t] = t;
		all[t] =
			(struct abi_policy){.msg = {.type = ABI_CMD_POLICY, .length = sizeof(*all)},
					    .generation = 1,
					    .policy_id = t + 1,
					    .action = ABI_ACT_PROTECT,
					    .mode = ABI_MODE_TUNNEL,
					    .local = c.ts_local[0],
					    .remote = c.ts_remote[0],
					    .tunnel_local = c.local,
					    .tunnel_remote = c.remote};
	}
	if (all != NULL && index != NULL)
		spd = spd_build(all, index, n, 1, SOCKET_ID_ANY, &status, &detail);
	free(all);
	free(index);
	if (spd == NULL) {
		fprintf(stderr, "%u policies refused: status %u\n", n, status);
		return -1;
	}
	spd_free(h->tables.spd);
	h->tables.spd = spd;
	return 0;
}

int tunnels6_create(struct harness *h, uint32_t n, const struct tunnels_suite *s, uint32_t window,
		    struct tunnels6_shape shape)
{
	if (gateway6_site(h) != 0 || set_policies(h, n, s, shape) != 0)
		return -1;
	for (uint32_t t = 0; t < n; t++) {
		const struct abi_sa_add out = dress(tunnels_sa_out(h, t, s), t, shape);
		const struct abi_sa_add in = dress(tunnels_sa_in(h, t, s, window), t, shape);

		if (add(h, &out, t) != 0 || add(h, &in, t) != 0)
			return -1;
	}
	for (uint32_t t = 0; t < n; t++) {
		const struct abi_sa_add in = dress(tunnels_sa_in(h, t, s, window), t, shape);
		const struct abi_sa_add peer = other_end(h, &in, t);

		if (add(h, &peer, t) != 0)
			return -1;
	}
	return 0;
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
