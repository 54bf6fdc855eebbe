/* SPDX-License-Identifier: BSD-3-Clause */
/* sprayed.c - a crew whose first member is given too much; see sprayed.h. */
#include "tests/unit/dataplane/sprayed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/spray.h"
#include "tests/unit/dataplane/tunnels.h"

struct sprayed sprayed;

/* Members send in turn, so a place in the list is a place on the wire. */
static void note(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	uint64_t at = __atomic_fetch_add(&sprayed.n_out, n, __ATOMIC_RELAXED);

	(void)m;
	if (sprayed.watch)
		sprayed.open_when_sent = RTE_MIN(sprayed.open_when_sent,
						 spray_open(sprayed.crew->member[0]->w.spray));
	for (uint16_t i = 0; i < n; i++) {
		uint32_t flow = 0, number = 0;

		if (sprayed.watch && port == 1)
			sprayed.out[at + i] = tunnels_sequence(pkts[i]) - 1;
		if (at + i < SPRAYED_BURSTS * WORKER_BURST && port == 0 &&
		    tunnels_read(pkts[i], &flow, &number) && flow == SPRAYED_FLOW)
			sprayed.out[at + i] = number;
	}
	rte_pktmbuf_free_bulk(pkts, n);
}

int sprayed_setup(void **state)
{
	(void)state;
	sprayed.h = harness_create(tunnels_slots(2), 4, 1023);
	if (sprayed.h == NULL || harness_pipe_create(sprayed.h) != 0)
		return -1;
	sad_widen(sprayed.h->tables.sad, SPRAY_NUMBERS);
	if (tunnels_create(sprayed.h, 2, &tunnels_sha1, 64) != 0)
		return -1;
	sprayed.crew = crew_create(sprayed.h, SPRAYED_WORKERS, true, 16383, note);
	sprayed.out = calloc(SPRAYED_BURSTS * WORKER_BURST, sizeof(*sprayed.out));
	sprayed.n_out = 0;
	sprayed.watch = false;
	return sprayed.crew != NULL && sprayed.out != NULL ? 0 : -1;
}

int sprayed_teardown(void **state)
{
	(void)state;
	assert_int_equal(rte_mempool_in_use_count(sprayed.crew->pool), 0);
	crew_free(sprayed.crew);
	harness_pipe_free(sprayed.h);
	harness_free(sprayed.h);
	free(sprayed.out);
	return 0;
}

void sprayed_sealed(struct worker *w, uint32_t number, struct rte_mbuf **pkts, uint16_t n)
{
	uint32_t tunnel[WORKER_BURST] = {0};
	uint16_t len[WORKER_BURST];

	for (uint16_t i = 0; i < n; i++)
		len[i] = SPRAYED_LEN;
	assert_int_equal(
		tunnels_sealed(w, sprayed.crew->pool, tunnel, SPRAYED_FLOW, number, len, pkts, n),
		0);
}

struct rte_mbuf *sprayed_clear(uint32_t number, bool to_tunnel)
{
	struct rte_mbuf *m =
		tunnels_clear(sprayed.crew->pool, 1, SPRAYED_FLOW, number, SPRAYED_LEN);
	struct rte_ipv4_hdr *ip;

	assert_non_null(m);
	rte_pktmbuf_mtod(m, struct rte_ether_hdr *)->dst_addr.addr_bytes[5] = 2;
	if (to_tunnel)
		return m;
	ip = rte_pktmbuf_mtod_offset(m, struct rte_ipv4_hdr *, RTE_ETHER_HDR_LEN);
	ip->src_addr = rte_cpu_to_be_32(HARNESS_IP(198, 51, 100, 9));
	ip->dst_addr = rte_cpu_to_be_32(HARNESS_IP(192, 168, 1, 12));
	ip->hdr_checksum = 0;
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	rte_pktmbuf_mtod_offset(m, struct rte_udp_hdr *, RTE_ETHER_HDR_LEN + sizeof(*ip))
		->dgram_cksum = 0;
	return m;
}

void sprayed_mixed(struct worker *w, uint32_t number, struct rte_mbuf **pkts)
{
	sprayed_sealed(w, number, pkts, WORKER_BURST);
	for (uint32_t i = number % 7; i < WORKER_BURST; i += SPRAYED_CLEAR_EVERY) {
		rte_pktmbuf_free(pkts[i]);
		pkts[i] = sprayed_clear(number + i, false);
	}
}

void sprayed_expect_in_order(uint64_t n)
{
	assert_int_equal(sprayed.n_out, n);
	for (uint64_t i = 0; i < n; i++)
		if (sprayed.out[i] != i)
			fail_msg("packet %lu is number %u", (unsigned long)i, sprayed.out[i]);
}

void sprayed_saturate(struct worker *w)
{
	spray_kept(w->spray, 1, 1, 1);
	for (unsigned int i = 0; i < SPRAY_FULL_RUNS; i++)
		spray_received(w->spray, true);
}

void sprayed_make_idle(struct worker *w)
{
	for (unsigned int i = 0; i <= SPRAY_IDLE_RUNS; i++)
		spray_polled(w->spray, 0);
}

void sprayed_sort_burst(uint64_t first)
{
	static bool seen[WORKER_BURST];

	memset(seen, 0, sizeof(seen));
	for (uint64_t i = first; i < first + WORKER_BURST; i++)
		if (sprayed.out[i] >= first && sprayed.out[i] < first + WORKER_BURST)
			seen[sprayed.out[i] - first] = true;
	for (uint64_t i = 0; i < WORKER_BURST; i++)
		if (seen[i])
			sprayed.out[first + i] = (uint32_t)(first + i);
}

void sprayed_give(struct worker *w, struct worker *other)
{
	struct rte_mbuf *pkts[WORKER_BURST];

	sprayed_make_idle(other);
	sprayed_saturate(w);
	sprayed_sealed(w, 0, pkts, WORKER_BURST);
	pipeline_input(w, 1, pkts, WORKER_BURST);
}

void sprayed_end_turn(struct worker *w, const struct spray_burst *b)
{
	rte_pktmbuf_free_bulk((struct rte_mbuf **)(uintptr_t)b->pkts, b->n);
	__atomic_store_n(spray_done(w->spray, b), b->ticket, __ATOMIC_RELEASE);
}
