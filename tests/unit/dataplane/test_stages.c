/* SPDX-License-Identifier: BSD-3-Clause */
/* test_stages.c - the stages are counted when somebody measures, and only then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "dataplane/pipeline.h"
#include "dataplane/stages.h"
#include "tests/unit/dataplane/harness.h"

static struct harness *h;
static struct stages counts;

static int set_up(void **state)
{
	(void)state;
	h = harness_create(16, 16, 511);
	return h && harness_pipe_create(h) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	harness_pipe_free(h);
	harness_free(h);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	memset(&counts, 0, sizeof(counts));
	h->worker.stages = &counts;
	h->worker.measuring = 0;
	return 0;
}

/* n packets from the LAN to somewhere behind the default route. */
static void forward(unsigned int n)
{
	struct rte_mbuf *pkts[WORKER_BURST];
	uint8_t frame[60] = {2, 0, 0,	 0, 0, 1,  2, 0, 0, 0, 1,  0x12,
			     8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 47};
	struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(frame + 14);

	ip->src_addr = rte_cpu_to_be_32(HARNESS_IP(192, 168, 1, 12));
	ip->dst_addr = rte_cpu_to_be_32(HARNESS_IP(198, 51, 100, 7));
	ip->hdr_checksum = rte_ipv4_cksum(ip);
	for (unsigned int i = 0; i < n; i++)
		pkts[i] = harness_mbuf(h, frame, sizeof(frame));
	pipeline_input(&h->worker, 0, pkts, (uint16_t)n);
	assert_int_equal(h->n_sent, n);
	harness_clear_sent(h);
}

static void nothing_is_counted_while_off(void **state)
{
	static const struct stages none;

	(void)state;
	forward(7);
	assert_memory_equal(&counts, &none, sizeof(none));
}

static void every_stage_counts_its_packets(void **state)
{
	static const enum stage met[] = {STAGE_PARSE, STAGE_TTL,   STAGE_SPD,
					 STAGE_ROUTE, STAGE_NEIGH, STAGE_TX};
	uint64_t packets = 0;

	(void)state;
	stages_switch(&h->worker, true);
	forward(7);
	forward(3);
	for (unsigned int i = 0; i < sizeof(met) / sizeof(met[0]); i++) {
		const struct stage_count *c = &counts.stage[met[i]];

		assert_int_equal(c->packets, 10);
		assert_int_equal(c->bursts, 2);
		assert_true(c->cycles > 0);
	}
	for (unsigned int i = 0; i < STAGES_N; i++)
		packets += counts.stage[i].packets;
	assert_int_equal(packets, 60);	     /* nothing came near ESP */
	assert_int_equal(counts.fill[3], 1); /* 5 to 8 */
	assert_int_equal(counts.fill[2], 1); /* 3 and 4 */
}

static void switched_off_the_counts_stay(void **state)
{
	struct stages before;

	(void)state;
	stages_switch(&h->worker, true);
	forward(5);
	stages_switch(&h->worker, false);
	before = counts;
	forward(5);
	assert_memory_equal(&counts, &before, sizeof(before));
	assert_int_equal(counts.stage[STAGE_PARSE].packets, 5);
}

static void without_room_it_stays_off(void **state)
{
	(void)state;
	h->worker.stages = NULL;
	stages_switch(&h->worker, true);
	assert_int_equal(h->worker.measuring, 0);
	forward(1);
}

static void bursts_are_filled_by_powers_of_two(void **state)
{
	static const struct {
		unsigned int n, fill;
	} rows[] = {{1, 0},  {2, 1},  {3, 2},  {4, 2},	{5, 3},	 {8, 3},   {9, 4},   {16, 4},
		    {17, 5}, {32, 5}, {33, 6}, {64, 6}, {65, 7}, {128, 7}, {4096, 7}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stages_fill_of(rows[i].n), rows[i].fill);
}

static void every_stage_has_a_name(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < STAGES_N; i++)
		/* as telemetry takes them */
		assert_int_equal(strspn(stages_name(i), "abcdefghijklmnopqrstuvwxyz_"),
				 strlen(stages_name(i)));
	assert_null(stages_name(STAGES_N));
}

#define CASE(f) cmocka_unit_test_setup(f, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_counted_while_off),	  CASE(every_stage_counts_its_packets),
		CASE(switched_off_the_counts_stay),	  CASE(without_room_it_stays_off),
		CASE(bursts_are_filled_by_powers_of_two), CASE(every_stage_has_a_name),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
