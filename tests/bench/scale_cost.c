/* SPDX-License-Identifier: BSD-3-Clause */
/* scale_cost.c - see scale_cost.h. */
#include "tests/bench/scale_cost.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include <rte_cycles.h>

#include "dataplane/pipeline.h"
#include "dataplane/stages.h"
#include "tests/bench/raw.h"
#include "tests/bench/sizes.h"
#include "tests/bench/tunnels6.h"
#include "tests/bench/yardstick.h"
#include "tests/random.h"
#include "tests/unit/dataplane/crew.h"

#define WINDOW	     WORKER_BURST
#define SETTLE	     8u /* windows of a turn that are not counted */
#define TURN	     (SETTLE + 4)
#define PACKETS	     (TURN * WINDOW + 1024u)
#define REPLAY	     1024u
#define STAGE_ROUNDS 41u
#define BOTH_WAYS    16u /* cache lines of a tunnel that packets there and back touch */

struct site {
	struct harness *h;
	struct crew *crew;
	uint32_t tunnels;
	uint32_t flows;
	struct tunnels6_shape shape;
	uint32_t tunnel_of[WINDOW];
	uint32_t warmed; /* flows that have been seen once */
	struct stages stages;
	bool measure;
};

static uint64_t n_sent;

static void count_and_free(struct crew_member *m, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	(void)m;
	(void)port;
	n_sent += n;
	rte_pktmbuf_free_bulk(pkts, n);
}

static int add_tunnels(struct site *s)
{
	if (s->shape.inner6 || s->shape.outer6)
		return tunnels6_create(s->h, s->tunnels, &tunnels_sha1, REPLAY, s->shape);
	return tunnels_create(s->h, s->tunnels, &tunnels_sha1, REPLAY);
}

static int site_create(struct site *s, uint32_t tunnels, uint32_t flows,
		       struct tunnels6_shape shape)
{
	*s = (struct site){.tunnels = tunnels, .flows = flows, .shape = shape};
	s->h = harness_create(tunnels_slots(tunnels), tunnels, 255);
	if (s->h == NULL || harness_pipe_create(s->h) != 0 || add_tunnels(s) != 0)
		return -1;
	s->crew = crew_create(s->h, 1, false, PACKETS, count_and_free);
	if (s->crew == NULL)
		return -1;
	s->crew->member[0]->w.stages = &s->stages;
	return 0;
}

static void site_free(struct site *s)
{
	crew_free(s->crew);
	if (s->h != NULL)
		harness_pipe_free(s->h);
	harness_free(s->h);
}

static struct rte_mbuf *packets[TURN][WINDOW];

/* At random, once each has had its turn. */
static int make_packets(struct site *s, struct rte_mbuf **pkts, bool out, const uint16_t *len,
			uint64_t *seed)
{
	struct worker *w = &s->crew->member[0]->w;
	bool warm = s->warmed >= s->tunnels * s->flows;
	uint32_t flow_of[WINDOW];

	for (unsigned int i = 0; i < WINDOW; i++) {
		uint32_t k = s->warmed + i;

		s->tunnel_of[i] = warm ? random_below(seed, s->tunnels) : k % s->tunnels;
		flow_of[i] = warm ? random_below(seed, s->flows) : k / s->tunnels % s->flows;
	}
	s->warmed += warm ? 0 : WINDOW;
	if (!out && s->shape.inner6)
		return tunnels6_sealed(w, s->crew->pool, s->tunnel_of, len, pkts, WINDOW);
	if (!out)
		return tunnels_sealed(w, s->crew->pool, s->tunnel_of, 0, 0, len, pkts, WINDOW);
	for (unsigned int i = 0; i < WINDOW; i++) {
		uint32_t tunnel = s->tunnel_of[i];

		pkts[i] = s->shape.inner6
				  ? gateway6_inner(s->crew->pool, tunnel, false, len[i], flow_of[i])
				  : tunnels_clear(s->crew->pool, tunnel, flow_of[i], 0, len[i]);
		if (pkts[i] == NULL)
			return -1;
	}
	return 0;
}

/* As a driver leaves them: wherever the maker's other work has put them, they are near now. */
static void touch_packets(struct rte_mbuf **pkts)
{
	static volatile uint8_t sink;

	for (unsigned int i = 0; i < WINDOW; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(pkts[i], const uint8_t *);

		sink ^= (uint8_t)pkts[i]->refcnt ^ pkt_meta(pkts[i])->verdict;
		for (unsigned int k = 0; k < pkts[i]->data_len; k += RTE_CACHE_LINE_SIZE)
			sink ^= data[k];
	}
	(void)sink;
}

void scale_cost_input(struct worker *w, bool out, struct rte_mbuf **pkts)
{
	for (unsigned int i = 0; i < WINDOW; i += WORKER_BURST)
		pipeline_input(w, out ? 0 : 1, pkts + i, WORKER_BURST);
}

/* Cycles of one window; 0 when some were lost. */
static uint64_t window_run(struct worker *w, bool out, struct rte_mbuf **pkts)
{
	uint64_t start, end;

	touch_packets(pkts);
	n_sent = 0;
	start = rte_rdtsc_precise();
	scale_cost_input(w, out, pkts);
	end = rte_rdtsc_precise();
	return n_sent == WINDOW ? end - start : 0;
}

/*
 * Cycles a packet takes in a turn; 0 when some were lost. A gateway meets its packets one burst
 * after the other. Here another site, and the peers that seal what comes in, have been over the
 * caches just before. So all packets are made first, and the first windows, some 3,500 packets, are
 * not counted: they bring back what every burst reads, code and tables, and of SAs at random those
 * that a second-level cache of 2 MB holds of the last packets at any time.
 */
static double site_run(struct site *s, bool out, const uint16_t *len, uint64_t *seed)
{
	struct worker *w = &s->crew->member[0]->w;
	uint64_t cycles, sum = 0;

	for (unsigned int t = 0; t < TURN; t++)
		if (make_packets(s, packets[t], out, len, seed) != 0)
			return 0;
	for (unsigned int t = 0; t < TURN; t++) {
		stages_switch(w, s->measure && t >= SETTLE);
		cycles = window_run(w, out, packets[t]);
		stages_switch(w, false);
		if (cycles == 0)
			return 0;
		sum += t >= SETTLE ? cycles : 0;
	}
	return (double)sum / ((TURN - SETTLE) * WINDOW);
}

/* Each way, until all flows have been seen. */
static int warm_up(struct site *s, bool out)
{
	uint16_t len[WINDOW];
	uint64_t seed = 3;

	sizes_fill(len, WINDOW, 100);
	s->warmed = 0;
	while (s->warmed < s->tunnels * s->flows)
		if (site_run(s, out, len, &seed) == 0)
			return -1;
	return 0;
}

/* Medians, in turns of their own: to look costs cycles, too. */
static int show_stages(struct site *s, const char *name, bool out, const uint16_t *len,
		       uint64_t *seed)
{
	static double cycles[STAGES_N][STAGE_ROUNDS];

	for (unsigned int i = 0; i < STAGE_ROUNDS; i++) {
		bool lost;

		s->stages = (struct stages){.fill = {0}};
		s->measure = true;
		lost = site_run(s, out, len, seed) == 0;
		s->measure = false;
		if (lost)
			return -1;
		for (unsigned int k = 0; k < STAGES_N; k++)
			cycles[k][i] =
				(double)s->stages.stage[k].cycles / ((TURN - SETTLE) * WINDOW);
	}
	printf("  %-5s", name);
	for (unsigned int k = 0; k < STAGES_N; k++)
		if (s->stages.stage[k].packets != 0)
			printf(" %s %.0f", stages_name(k),
			       sizes_quantile(cycles[k], STAGE_ROUNDS, 0.5));
	printf("\n");
	return 0;
}

/* What is measured beside: intel-ipsec-mb alone with one key and with as many as there are SAs, and
 * lines at random out of as much memory as packets both ways touch. */
struct beside {
	struct raw *one;
	struct raw *many;
	struct yardstick_region *region;
};

static int beside_create(struct beside *x, uint32_t tunnels)
{
	const struct raw_suite *suite = raw_suites;

	while (suite->integ != tunnels_sha1.integ)
		suite++;
	x->one = raw_create(suite, WINDOW);
	x->many = raw_create(suite, WINDOW);
	x->region = yardstick_create((size_t)tunnels * BOTH_WAYS * RTE_CACHE_LINE_SIZE);
	if (x->one == NULL || x->many == NULL || x->region == NULL)
		return -1;
	return raw_use_keys(x->many, tunnels);
}

static void beside_free(struct beside *x)
{
	raw_free(x->one);
	raw_free(x->many);
	yardstick_free(x->region);
}

static double library_run(struct raw *r, uint32_t keys, bool out, const uint16_t *len,
			  uint64_t *seed)
{
	uint64_t cycles;

	for (unsigned int i = 0; i < WINDOW; i++)
		raw_choose_key(r, i, random_below(seed, keys));
	cycles = raw_run(r, out, len, WINDOW);
	return cycles == UINT64_MAX ? 0 : (double)cycles / WINDOW;
}

/* Cycles per packet, round by round. */
struct turns {
	double one[SCALE_COST_ROUNDS], many[SCALE_COST_ROUNDS], ratio[SCALE_COST_ROUNDS];
};

static int turns_take(struct turns *t, unsigned int k, double one, double many)
{
	t->one[k] = one;
	t->many[k] = many;
	if (one == 0 || many == 0)
		return -1;
	t->ratio[k] = many / one;
	return 0;
}

static json_t *row_json(const struct turns *gateway, const struct turns *library,
			const struct yardstick *y, unsigned int rounds)
{
	struct turns g = *gateway, l = *library;

	return json_pack("{s:f s:f s:f s:f s:f s:f s:f s:f s:f s:f s:f}", "cycles_one",
			 sizes_quantile(g.one, rounds, 0.5), "cycles_many",
			 sizes_quantile(g.many, rounds, 0.5), "ratio",
			 sizes_quantile(g.ratio, rounds, 0.5), "ratio_low",
			 sizes_quantile(g.ratio, rounds, 0.25), "ratio_high",
			 sizes_quantile(g.ratio, rounds, 0.75), "library_one",
			 sizes_quantile(l.one, rounds, 0.5), "library_many",
			 sizes_quantile(l.many, rounds, 0.5), "library_ratio",
			 sizes_quantile(l.ratio, rounds, 0.5), "line_alone", y->alone,
			 "line_together", y->together, "prefetched", y->prefetched);
}

static double row_number(const json_t *row, const char *name)
{
	return json_number_value(json_object_get(row, name));
}

static void row_print(const json_t *row, bool out, const char *size)
{
	printf("%-4s %5s %7.0f %7.0f  %5.2f (%.2f..%.2f)", out ? "out" : "in", size,
	       row_number(row, "cycles_one"), row_number(row, "cycles_many"),
	       row_number(row, "ratio"), row_number(row, "ratio_low"),
	       row_number(row, "ratio_high"));
	printf("  %7.0f %7.0f %5.2f  %6.0f %6.1f %4.0f %%\n", row_number(row, "library_one"),
	       row_number(row, "library_many"), row_number(row, "library_ratio"),
	       row_number(row, "line_alone"), row_number(row, "line_together"),
	       100 * row_number(row, "prefetched"));
}

static int row_keep(const struct scale_cost *o, json_t *row, bool out, uint16_t size)
{
	json_object_set_new(row, "direction", json_string(out ? "out" : "in"));
	json_object_set_new(row, "size", size != 0 ? json_integer(size) : json_string("imix"));
	json_object_set_new(row, "sas", json_integer(o->tunnels));
	json_object_set_new(row, "policies", json_integer(o->tunnels));
	json_object_set_new(row, "flows", json_integer(o->flows));
	return o->rows != NULL ? json_array_append(o->rows, row) : 0;
}

static int cost_row(struct site *one, struct site *many, struct beside *x, bool out, uint16_t size,
		    const struct scale_cost *o)
{
	static struct turns gateway, library;
	uint16_t len[WINDOW];
	uint64_t seed = 7;
	char name[8] = "imix";
	struct yardstick y;
	json_t *row;
	int err = 0;

	sizes_fill(len, WINDOW, size);
	if (size != 0)
		snprintf(name, sizeof(name), "%u", size);
	/* One after the other: the library's keys would be where the gateway's SAs could. */
	for (unsigned int i = 0; err == 0 && i < o->rounds + 8; i++) /* the first warm up */
		err = turns_take(&gateway, i < 8 ? 0 : i - 8, site_run(one, out, len, &seed),
				 site_run(many, out, len, &seed));
	for (unsigned int i = 0; err == 0 && i < o->rounds + 8; i++)
		err = turns_take(&library, i < 8 ? 0 : i - 8,
				 library_run(x->one, 1, out, len, &seed),
				 library_run(x->many, o->tunnels, out, len, &seed));
	if (err != 0) {
		fprintf(stderr, "packets were lost, no figure\n");
		return -1;
	}
	y = yardstick_measure(x->region);
	row = row_json(&gateway, &library, &y, o->rounds);
	if (row == NULL)
		return -1;
	row_print(row, out, name);
	err = row_keep(o, row, out, size);
	json_decref(row);
	if (err != 0 || !o->stages)
		return err;
	return show_stages(one, "one", out, len, &seed) |
	       show_stages(many, "many", out, len, &seed);
}

int scale_cost(const struct scale_cost *o)
{
	struct beside x = {.one = NULL};
	struct site one, many;
	int err = site_create(&one, 1, 1, o->shape) |
		  site_create(&many, o->tunnels, o->flows, o->shape) |
		  beside_create(&x, o->tunnels);

	printf("%u tunnels, %u policies, %u flows each, at random, against one of each\n",
	       o->tunnels, o->tunnels, o->flows);
	printf("beside them: the crypto library alone, with 1 key and with %u; a cache line at "
	       "random"
	       " of %u KiB,\nalone and with others, and how many of those come that are asked for"
	       " ahead (into L2)\n",
	       o->tunnels, o->tunnels * BOTH_WAYS * RTE_CACHE_LINE_SIZE / 1024);
	printf("%-4s %5s %7s %7s  %-18s  %7s %7s %5s  %6s %6s %6s\n", "dir", "size", "one", "many",
	       "ratio (quartiles)", "library", "many", "ratio", "line", "lines", "ahead");
	if (err == 0)
		err = warm_up(&many, true) | warm_up(&many, false);
	for (unsigned int i = 0; err == 0 && i < 2 * SIZES; i++)
		err = cost_row(&one, &many, &x, i % 2 == 0, sizes[i / 2], o);
	beside_free(&x);
	site_free(&many);
	site_free(&one);
	return err;
}
