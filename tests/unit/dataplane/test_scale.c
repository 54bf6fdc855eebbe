/* SPDX-License-Identifier: BSD-3-Clause */
/* test_scale.c - many SAs and policies at once: every packet meets its own, and the database and
 * the flow cache agree with naive twins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd.h"
#include "dataplane/ipsec/spd_cache.h"
#include "dataplane/net/parse.h"
#include "tests/random.h"
#include "tests/unit/dataplane/crew.h"
#include "tests/unit/dataplane/tunnels.h"

#define TUNNELS	 600u /* more than a burst tells apart by the low bits of their slots */
#define BURSTS	 200u
#define LEN	 90u
#define TWIN_SAS 64u
#define TWIN_POL 8u
#define OPS	 1000000u

static struct harness *h;
static struct crew *crew;
static uint64_t n_sent;
static uint64_t seed;

static uint32_t pick(uint32_t n)
{
	return random_below(&seed, n);
}

static void count(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)m;
	(void)port;
	n_sent += n;
	rte_pktmbuf_free_bulk(pkts, n);
}

static int setup(void **state)
{
	(void)state;
	seed = 11;
	n_sent = 0;
	h = harness_create(tunnels_slots(TUNNELS), TUNNELS, 1023);
	if (h == NULL || harness_pipe_create(h) != 0 ||
	    tunnels_create(h, TUNNELS, &tunnels_sha1, 64) != 0)
		return -1;
	crew = crew_create(h, 1, false, 4095, count);
	return crew != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	assert_int_equal(rte_mempool_in_use_count(crew->pool), 0);
	crew_free(crew);
	harness_pipe_free(h);
	harness_free(h);
	return 0;
}

/* Tunnels whose slots are alike in their low bits, neighbours, and the same one again. */
static uint32_t pick_tunnel(void)
{
	return pick(2) != 0 ? pick(TUNNELS) : 256 * pick(2) + pick(3);
}

static void packets_of_many_sas_in_one_burst_meet_their_own(void **state)
{
	static uint64_t want_out[TUNNELS], want_in[TUNNELS];
	struct worker *w = &crew->member[0]->w;
	struct rte_mbuf *pkts[WORKER_BURST];
	uint32_t tunnel[WORKER_BURST];
	uint16_t len[WORKER_BURST];

	(void)state;
	for (uint32_t b = 0; b < BURSTS; b++) {
		uint16_t n = (uint16_t)(1 + pick(WORKER_BURST));

		for (uint16_t i = 0; i < n; i++) {
			tunnel[i] = pick_tunnel();
			len[i] = LEN;
			pkts[i] = tunnels_clear(crew->pool, tunnel[i], pick(4), 0, LEN);
			assert_non_null(pkts[i]);
			want_out[tunnel[i]]++;
		}
		pipeline_input(w, 0, pkts, n);
		assert_int_equal(tunnels_sealed(w, crew->pool, tunnel, 0, 0, len, pkts, n), 0);
		for (uint16_t i = 0; i < n; i++)
			want_in[tunnel[i]]++;
		pipeline_input(w, 1, pkts, n);
	}
	assert_int_equal(crew_all_drops(crew), 0);
	for (uint32_t t = 0; t < TUNNELS; t++) {
		assert_int_equal(crew_sa(crew, tunnels_slot_out(t)).packets, want_out[t]);
		assert_int_equal(crew_sa(crew, tunnels_slot_in(t)).packets, want_in[t]);
		assert_int_equal(sad_slot(h->tables.sad, tunnels_slot_out(t))->seq, want_out[t]);
	}
}

/* A PROTECT table like that of tunnels_create(), without every policy whose number leaves `skip`
 * when divided by 5. */
static struct spd *build_without(uint32_t skip, uint32_t generation)
{
	static struct abi_policy all[TUNNELS];
	static uint32_t index[TUNNELS];
	uint32_t n = 0, status = 0, detail = 0;
	struct spd *s;

	for (uint32_t t = 0; t < TUNNELS; t++) {
		struct abi_sa_add c = tunnels_sa_out(h, t, &tunnels_sha1);

		if (t % 5 == skip)
			continue;
		index[n] = t;
		all[n++] = (struct abi_policy){.generation = generation,
					       .policy_id = t + 1,
					       .action = ABI_ACT_PROTECT,
					       .mode = ABI_MODE_TUNNEL,
					       .local = c.ts_local[0],
					       .remote = c.ts_remote[0]};
	}
	s = spd_build(all, index, n, generation, SOCKET_ID_ANY, &status, &detail);
	assert_non_null(s);
	return s;
}

static void judge(struct worker *w, const uint32_t *tunnel, const uint32_t *flow, uint16_t n,
		  struct pkt_meta *meta)
{
	struct rte_mbuf *pkts[WORKER_BURST];

	for (uint16_t i = 0; i < n; i++) {
		pkts[i] = tunnels_clear(crew->pool, tunnel[i], flow[i], 0, LEN);
		assert_non_null(pkts[i]);
	}
	parse_burst(w, 0, pkts, n);
	spd_transit_burst(w, pkts, n);
	for (uint16_t i = 0; i < n; i++)
		meta[i] = *pkt_meta(pkts[i]);
	rte_pktmbuf_free_bulk(pkts, n);
}

static void the_flow_cache_says_what_the_policies_say(void **state)
{
	struct worker *w = &crew->member[0]->w;
	struct spd_cache *cache = w->spd_cache;
	struct spd *old = NULL;

	(void)state;
	for (uint32_t i = 0; i < OPS / WORKER_BURST; i++) {
		struct pkt_meta with[WORKER_BURST], without[WORKER_BURST];
		uint32_t tunnel[WORKER_BURST], flow[WORKER_BURST];

		if (i % 100 == 99) { /* the cache is not told */
			old = h->tables.spd;
			h->tables.spd = build_without(i / 100 % 5, i);
			spd_free(old);
		}
		for (uint32_t k = 0; k < WORKER_BURST; k++) {
			tunnel[k] = pick_tunnel();
			flow[k] = pick(4000);
		}
		judge(w, tunnel, flow, WORKER_BURST, with);
		w->spd_cache = NULL;
		judge(w, tunnel, flow, WORKER_BURST, without);
		w->spd_cache = cache;
		assert_memory_equal(with, without, sizeof(with));
	}
}

/* The naive database: a list that is searched from one end to the other. */
struct twin {
	uint32_t n;
	struct {
		uint32_t slot, spi, policy;
		uint8_t direction;
		bool current;
		bool dead;
	} sa[TWIN_SAS];
};

static int twin_find(const struct twin *t, uint32_t slot)
{
	for (uint32_t i = 0; i < t->n; i++)
		if (t->sa[i].slot == slot)
			return (int)i;
	return -1;
}

static void twin_make_current(struct twin *t, int i)
{
	for (uint32_t k = 0; k < t->n; k++)
		if (t->sa[k].policy == t->sa[i].policy)
			t->sa[k].current = false;
	t->sa[i].current = true;
}

static void twin_add(struct sad *s, struct twin *t)
{
	bool in = pick(2) != 0;
	struct abi_sa_add c =
		in ? tunnels_sa_in(h, 0, &tunnels_sha1, 64) : tunnels_sa_out(h, 0, &tunnels_sha1);
	uint32_t policy = pick(TWIN_POL), detail;

	c.slot = pick(TWIN_SAS);
	c.spi = (4 + pick(3)) * TWIN_SAS + c.slot;
	c.flags = !in && pick(2) != 0 ? ABI_SA_F_CURRENT : 0;
	if (twin_find(t, c.slot) >= 0) {
		assert_int_equal(sad_add(s, &c, policy, 1, &detail), ABI_ERR_EXISTS);
		return;
	}
	assert_int_equal(sad_add(s, &c, policy, 1, &detail), ABI_OK);
	t->sa[t->n].slot = c.slot;
	t->sa[t->n].spi = c.spi;
	t->sa[t->n].policy = policy;
	t->sa[t->n].direction = c.direction;
	t->sa[t->n].current = false;
	t->sa[t->n++].dead = false;
	if (c.flags & ABI_SA_F_CURRENT)
		twin_make_current(t, (int)t->n - 1);
}

static void twin_delete(struct sad *s, struct twin *t)
{
	uint32_t slot = pick(TWIN_SAS), spi = (4 + pick(3)) * TWIN_SAS + slot;
	int i = twin_find(t, slot);
	bool there = i >= 0 && !t->sa[i].dead && t->sa[i].spi == spi;

	assert_int_equal(sad_delete(s, slot, spi), there ? ABI_OK : ABI_ERR_NOT_FOUND);
	if (there)
		t->sa[i].dead = true;
}

static void twin_reclaim(struct sad *s, struct twin *t)
{
	uint32_t slot = pick(TWIN_SAS);
	int i = twin_find(t, slot);

	sad_reclaim(s, slot);
	if (i >= 0 && t->sa[i].dead)
		t->sa[i] = t->sa[--t->n];
	assert_int_equal(sad_count(s), t->n);
}

static void twin_look_up(const struct sad *s, const struct twin *t)
{
	uint32_t slot = pick(TWIN_SAS), spi = (4 + pick(3)) * TWIN_SAS + slot;
	uint32_t policy = pick(TWIN_POL);
	const struct sa *in = NULL, *out = sad_lookup_out(s, policy);
	int i = twin_find(t, slot);

	if (i >= 0 && !t->sa[i].dead && t->sa[i].spi == spi && t->sa[i].direction == ABI_DIR_IN)
		in = sad_slot(s, slot);
	assert_ptr_equal(sad_lookup_in(s, spi), in);
	if (in != NULL)
		assert_int_equal(in->spi, spi);
	for (uint32_t k = 0; k < t->n; k++)
		if (t->sa[k].current && !t->sa[k].dead && t->sa[k].policy == policy) {
			assert_non_null(out);
			assert_int_equal(out->slot, t->sa[k].slot);
			assert_int_equal(out->spi, t->sa[k].spi);
			return;
		}
	assert_null(out);
}

static void the_database_agrees_with_a_list(void **state)
{
	struct abi_sa_status *status = aligned_alloc(64, TWIN_SAS * sizeof(*status));
	struct twin t = {0};
	struct sad *s;

	(void)state;
	assert_non_null(status);
	memset(status, 0, TWIN_SAS * sizeof(*status));
	s = sad_create(TWIN_SAS, TWIN_POL, status, SOCKET_ID_ANY);
	assert_non_null(s);
	for (uint32_t i = 0; i < OPS; i++) {
		switch (pick(8)) {
		case 0:
			twin_add(s, &t);
			break;
		case 1:
			twin_delete(s, &t);
			break;
		case 2:
			twin_reclaim(s, &t);
			break;
		default:
			twin_look_up(s, &t);
			break;
		}
	}
	sad_free(s);
	free(status);
}

int main(void)
{
#define WITH(t) cmocka_unit_test_setup_teardown(t, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH(packets_of_many_sas_in_one_burst_meet_their_own),
		WITH(the_flow_cache_says_what_the_policies_say),
		WITH(the_database_agrees_with_a_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
