/* SPDX-License-Identifier: BSD-3-Clause */
/* test_stats.c - each worker counts in lines of its own, and the sums of a row are of its lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/segment.h"
#include "dataplane/stats.h"
#include "dataplane/worker.h"

#define SAS	 8u
#define POLICIES 5u
#define PORTS	 4u
#define WORKERS	 3u /* the manager is one of them */

static struct segment segment;
static char dir[64];

static int setup(void **state)
{
	static const struct segment_geometry g = {.max_sas = SAS,
						  .max_policies = POLICIES,
						  .workers = WORKERS - 1,
						  .max_ports = PORTS,
						  .command_slots = 4,
						  .event_slots = 4,
						  .punt_slots = 2,
						  .inject_slots = 2};
	char err[256];

	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/espgw-stats-XXXXXX");
	return mkdtemp(dir) ? segment_create(&segment, dir, "t", &g, err, sizeof(err)) : -1;
}

static int teardown(void **state)
{
	(void)state;
	segment_remove(&segment);
	return rmdir(dir);
}

/* Word i of the line of a row and a worker. */
static uint64_t word_of(uint64_t row, uint64_t worker, uint64_t i)
{
	return 1 + i + 1000 * row + (worker * worker << 32);
}

static void fill(void *line, size_t size, uint32_t row, uint32_t worker)
{
	uint64_t *at = line;

	for (size_t i = 0; i < size / sizeof(*at); i++) {
		assert_int_equal(at[i], 0); /* nobody else's */
		at[i] = word_of(row, worker, i);
	}
}

/* Each worker fills the lines that it was given. */
static void fill_all(void)
{
	for (uint32_t k = 0; k < WORKERS; k++) {
		struct worker w = {.index = k};

		worker_take_lines(&w, &segment);
		assert_int_equal(w.max_sas, SAS);
		for (uint32_t r = 0; r < SAS; r++) {
			fill(worker_sa(&w, r), sizeof(*w.sa_counters), r, k);
			fill(&w.sa_drops[r], sizeof(*w.sa_drops), r, k);
		}
		for (uint32_t r = 0; r < POLICIES; r++)
			fill(worker_policy(&w, r), sizeof(*w.policy_counters), r, k);
		for (uint32_t r = 0; r < PORTS; r++)
			fill(&w.port_counters[r], sizeof(*w.port_counters), r, k);
		fill(w.counters, sizeof(*w.counters), 0, k);
		fill(w.samples, ABI_DROP_SLOTS * ABI_SAMPLES * sizeof(*w.samples), 0, k);
	}
}

/* Word i of one worker's line, or of the sum. */
static uint64_t sum_of(uint32_t row, uint32_t worker, uint64_t i)
{
	return worker != STATS_ALL ? word_of(row, worker, i)
				   : word_of(row, 0, i) + word_of(row, 1, i) + word_of(row, 2, i);
}

static void sa_is(uint32_t slot, uint32_t worker)
{
	const struct abi_sa_counters c = stats_sa(&segment, slot, worker);
	const struct abi_sa_drops d = stats_sa_drops(&segment, slot, worker);

	assert_int_equal(c.packets, sum_of(slot, worker, 0));
	assert_int_equal(c.bytes, sum_of(slot, worker, 1));
	assert_int_equal(c.wire_bytes, sum_of(slot, worker, 2));
	assert_int_equal(c.last_used, word_of(slot, worker == STATS_ALL ? WORKERS - 1 : worker, 3));
	assert_int_equal(c.drops, sum_of(slot, worker, 4));
	assert_int_equal(c.hits, sum_of(slot, worker, 5));
	for (unsigned int i = 0; i <= DROP_IPSEC_LAST; i++)
		assert_int_equal(d.count[i], sum_of(slot, worker, i));
}

static void sums_the_lines_of_a_row(void **state)
{
	(void)state;
	fill_all();
	for (uint32_t slot = 0; slot < SAS; slot++) {
		sa_is(slot, STATS_ALL);
		for (uint32_t k = 0; k < WORKERS; k++)
			sa_is(slot, k);
	}
	for (uint32_t i = 0; i < POLICIES; i++) { /* of no live SA */
		const struct abi_policy_counters c = stats_policy(&segment, NULL, i);

		assert_int_equal(c.out_hits, sum_of(i, STATS_ALL, 0) + sum_of(i, STATS_ALL, 6));
		assert_int_equal(c.in_hits, sum_of(i, STATS_ALL, 1) + sum_of(i, STATS_ALL, 4));
		assert_int_equal(c.dead_out_packets, sum_of(i, STATS_ALL, 2));
		assert_int_equal(c.dead_out_bytes, sum_of(i, STATS_ALL, 3));
		assert_int_equal(c.dead_in_bytes, sum_of(i, STATS_ALL, 5));
	}
	for (uint32_t i = 0; i < PORTS; i++) {
		const struct abi_port_counters c = stats_port(&segment, i);

		assert_int_equal(c.rx_packets, sum_of(i, STATS_ALL, 0));
		assert_int_equal(c.rx_bytes, sum_of(i, STATS_ALL, 1));
		assert_int_equal(c.tx_packets, sum_of(i, STATS_ALL, 2));
		assert_int_equal(c.tx_bytes, sum_of(i, STATS_ALL, 3));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(sums_the_lines_of_a_row, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
