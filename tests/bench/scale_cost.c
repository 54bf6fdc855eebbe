/* SPDX-License-Identifier: BSD-3-Clause */
/* scale_cost.c - see scale_cost.h. */
#include "tests/bench/scale_cost.h"

#include <stdio.h>
#include <stdlib.h>

#include <rte_cycles.h>

#include "dataplane/pipeline.h"
#include "dataplane/stages.h"
#include "tests/bench/sizes.h"
#include "tests/unit/dataplane/crew.h"
#include "tests/unit/dataplane/tunnels.h"

#define WINDOW	     (2 * WORKER_BURST)
#define PACKETS	     1024u
#define REPLAY	     1024u
#define STAGE_ROUNDS 41u

struct site {
	struct harness *h;
	struct crew *crew;
	uint32_t tunnels;
	uint32_t flows;
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

static int site_create(struct site *s, uint32_t tunnels, uint32_t flows)
{
	*s = (struct site){.tunnels = tunnels, .flows = flows};
	s->h = harness_create(tunnels_slots(tunnels), tunnels, 255);
	if (s->h == NULL || harness_pipe_create(s->h) != 0 ||
	    tunnels_create(s->h, tunnels, &tunnels_sha1, REPLAY) != 0)
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

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static struct rte_mbuf *packets[WINDOW];

/* At random, once each has had its turn. */
static int make_packets(struct site *s, bool out, const uint16_t *len, uint32_t *seed)
{
	struct worker *w = &s->crew->member[0]->w;
	bool warm = s->warmed >= s->tunnels * s->flows;
	uint32_t flow_of[WINDOW];

	for (unsigned int i = 0; i < WINDOW; i++) {
		uint32_t k = s->warmed + i;

		s->tunnel_of[i] = (warm ? next_random(seed) : k) % s->tunnels;
		flow_of[i] = (warm ? next_random(seed) : k / s->tunnels) % s->flows;
	}
	s->warmed += warm ? 0 : WINDOW;
	if (!out)
		return tunnels_sealed(w, s->crew->pool, s->tunnel_of, 0, 0, len, packets, WINDOW);
	for (unsigned int i = 0; i < WINDOW; i++) {
		packets[i] = tunnels_clear(s->crew->pool, s->tunnel_of[i], flow_of[i], 0, len[i]);
		if (packets[i] == NULL)
			return -1;
	}
	return 0;
}

/* As a driver leaves them: wherever the maker's other work has put them, they are near now. */
static void touch_packets(void)
{
	static volatile uint8_t sink;

	for (unsigned int i = 0; i < WINDOW; i++) {
		const uint8_t *data = rte_pktmbuf_mtod(packets[i], const uint8_t *);

		sink ^= (uint8_t)packets[i]->refcnt ^ pkt_meta(packets[i])->verdict;
		for (unsigned int k = 0; k < packets[i]->data_len; k += RTE_CACHE_LINE_SIZE)
			sink ^= data[k];
	}
	(void)sink;
}

void scale_cost_input(struct worker *w, bool out)
{
	for (unsigned int i = 0; i < WINDOW; i += WORKER_BURST)
		pipeline_input(w, out ? 0 : 1, packets + i, WORKER_BURST);
}

/* Cycles a packet took in one window; 0 when some were lost. */
static double site_run(struct site *s, bool out, const uint16_t *len, uint32_t *seed)
{
	struct worker *w = &s->crew->member[0]->w;
	uint64_t start, end;

	if (make_packets(s, out, len, seed) != 0)
		return 0;
	touch_packets();
	n_sent = 0;
	stages_switch(w, s->measure);
	start = rte_rdtsc_precise();
	scale_cost_input(w, out);
	end = rte_rdtsc_precise();
	stages_switch(w, false);
	return n_sent == WINDOW ? (double)(end - start) / WINDOW : 0;
}

/* Each way, until all flows have been seen. */
static int warm_up(struct site *s, bool out)
{
	uint16_t len[WINDOW];
	uint32_t seed = 3;

	sizes_fill(len, WINDOW, 100);
	s->warmed = 0;
	while (s->warmed < s->tunnels * s->flows)
		if (site_run(s, out, len, &seed) == 0)
			return -1;
	return 0;
}

/* Medians, in turns of their own: to look costs cycles, too. */
static int show_stages(struct site *s, const char *name, bool out, const uint16_t *len,
		       uint32_t *seed)
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
			cycles[k][i] = (double)s->stages.stage[k].cycles / WINDOW;
	}
	printf("  %-5s", name);
	for (unsigned int k = 0; k < STAGES_N; k++)
		if (s->stages.stage[k].packets != 0)
			printf(" %s %.0f", stages_name(k),
			       sizes_quantile(cycles[k], STAGE_ROUNDS, 0.5));
	printf("\n");
	return 0;
}

static int cost_row(struct site *one, struct site *many, bool out, uint16_t size,
		    const struct scale_cost *o)
{
	const unsigned int rounds = o->rounds;
	static double a[SCALE_COST_ROUNDS], b[SCALE_COST_ROUNDS], ratio[SCALE_COST_ROUNDS];
	uint16_t len[WINDOW];
	uint32_t seed = 7;
	char name[8] = "imix";

	sizes_fill(len, WINDOW, size);
	if (size != 0)
		snprintf(name, sizeof(name), "%u", size);
	for (unsigned int i = 0; i < rounds + 8; i++) {
		unsigned int k = i < 8 ? 0 : i - 8; /* the first warm up */

		a[k] = site_run(one, out, len, &seed);
		b[k] = site_run(many, out, len, &seed);
		if (a[k] == 0 || b[k] == 0) {
			fprintf(stderr, "packets were lost, no figure\n");
			return -1;
		}
		ratio[k] = b[k] / a[k];
	}
	printf("%-4s %5s %9.0f %9.0f   %5.2f", out ? "out" : "in", name,
	       sizes_quantile(a, rounds, 0.5), sizes_quantile(b, rounds, 0.5),
	       sizes_quantile(ratio, rounds, 0.5));
	printf(" (%.2f..%.2f)\n", sizes_quantile(ratio, rounds, 0.25),
	       sizes_quantile(ratio, rounds, 0.75));
	if (!o->stages)
		return 0;
	return show_stages(one, "one", out, len, &seed) |
	       show_stages(many, "many", out, len, &seed);
}

int scale_cost(const struct scale_cost *o)
{
	struct site one, many;
	int err = site_create(&one, 1, 1) | site_create(&many, o->tunnels, o->flows);

	printf("%u tunnels, %u policies, %u flows each, at random, against one of each\n",
	       o->tunnels, o->tunnels, o->flows);
	printf("%-4s %5s %9s %9s   %s\n", "dir", "size", "one", "many", "ratio (quartiles)");
	if (err == 0)
		err = warm_up(&many, true) | warm_up(&many, false);
	for (unsigned int i = 0; err == 0 && i < 2 * SIZES; i++)
		err = cost_row(&one, &many, i % 2 == 0, sizes[i / 2], o);
	site_free(&many);
	site_free(&one);
	return err;
}
