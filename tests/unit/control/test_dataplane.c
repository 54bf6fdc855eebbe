/* SPDX-License-Identifier: BSD-3-Clause */
/* test_dataplane.c - attaching to a segment and losing it, and what is read from its tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/log.h"
#include "control/secret.h"
#include "dataplane/api/sample.h"
#include "dpkit.h"

static void attaches_once_and_beats(void **state)
{
	struct dpkit *x = *state;

	dpkit_turn(x);
	assert_int_equal(x->attached, 1);
	assert_int_equal(x->fresh, 1);
	assert_int_equal(x->f.hdr->control_heartbeat, x->now);
	assert_true(x->f.hdr->control_epoch != 0);
	dpkit_turn(x);
	assert_int_equal(x->attached, 1);
	assert_int_equal(x->f.hdr->control_heartbeat, x->now);
}

static void waits_for_a_segment(void **state)
{
	struct dpkit *x = *state;
	struct dataplane *d = dataplane_new("/espgw-test-nothing-here", &dpkit_ops, x);
	const struct abi_generation g = {.msg.type = ABI_CMD_SYNC};

	assert_int_equal(dataplane_poll(d, DPKIT_START), 0);
	assert_int_equal(dataplane_link(d), DATAPLANE_DOWN);
	assert_int_equal(dataplane_command(d, &g, sizeof(g), dpkit_reply, x), -ENOTCONN);
	assert_int_equal(dataplane_max_sas(d), 0);
	dataplane_free(d);
}

static void refuses_another_major_version(void **state)
{
	struct dpkit *x = *state;
	struct segmap m;
	char why[200], want[32];

	x->f.hdr->major = ABI_MAJOR + 1;
	assert_int_equal(segmap_open(&m, x->f.name, x->now, why, sizeof(why)), -EPROTONOSUPPORT);
	snprintf(want, sizeof(want), "version %u.%u", ABI_MAJOR + 1, ABI_MINOR);
	assert_non_null(strstr(why, want));
	snprintf(want, sizeof(want), "control %u.%u", ABI_MAJOR, ABI_MINOR);
	assert_non_null(strstr(why, want));
	assert_null(m.base);
}

static void accepts_another_minor_version(void **state)
{
	struct dpkit *x = *state;

	x->f.hdr->minor = 99;
	dpkit_turn(x);
	assert_int_equal(x->attached, 1);
}

static void refuses_a_segment_open_to_others(void **state)
{
	struct dpkit *x = *state;
	struct segmap m;
	char why[200], path[128];

	snprintf(path, sizeof(path), "/dev/shm%s", x->f.name);
	assert_int_equal(chmod(path, 0606), 0);
	assert_int_equal(segmap_open(&m, x->f.name, x->now, why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, "0606"));
}

static void does_not_attach_without_a_heartbeat(void **state)
{
	struct dpkit *x = *state;

	dataplane_poll(x->d, DPKIT_START + 2 * DPKIT_SEC);
	assert_int_equal(x->attached, 0);
	fake_segment_beat(&x->f, DPKIT_START + 3 * DPKIT_SEC);
	dataplane_poll(x->d, DPKIT_START + 3 * DPKIT_SEC);
	assert_int_equal(x->attached, 1);
}

static void truncated_files_are_refused(void **state)
{
	struct dpkit *x = *state;
	char path[128], why[200];
	struct segmap m;
	static const off_t cut[] = {
		0, 1, 63, sizeof(struct abi_hdr) - 1, sizeof(struct abi_hdr), 4096, 65536};

	snprintf(path, sizeof(path), "/dev/shm%s", x->f.name);
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct abi_hdr keep = *x->f.hdr;
		int rc;

		assert_int_equal(truncate(path, cut[i]), 0);
		rc = segmap_open(&m, x->f.name, x->now, why, sizeof(why));
		assert_int_not_equal(rc, 0);
		assert_int_equal(truncate(path, (off_t)x->f.size), 0);
		*x->f.hdr = keep;
	}
}

/* Every 32-bit word of the geometry set to hostile values: never attached with areas outside. */
static void no_header_word_leads_outside(void **state)
{
	static const uint32_t evil[] = {0,	    1,		3,	    0x7fffffff, 0x80000000,
					0xffffffff, 0xfffff000, 0x00010001, 0x00200000};
	struct dpkit *x = *state;
	const struct abi_hdr good = *x->f.hdr;
	size_t words = offsetof(struct abi_hdr, dataplane_heartbeat) / 4;
	char why[200];

	for (size_t w = 0; w < words; w++) {
		for (size_t e = 0; e < sizeof(evil) / sizeof(evil[0]); e++) {
			struct abi_sa_counters c;
			struct segmap m;

			((uint32_t *)x->f.hdr)[w] = evil[e];
			if (segmap_open(&m, x->f.name, x->now, why, sizeof(why)) == 0) {
				for (unsigned int a = 0; a < ABI_AREAS; a++)
					assert_true(m.hdr.area[a].offset + m.hdr.area[a].size <=
						    x->f.size);
				segmap_sa_counters(&m, m.hdr.max_sas - 1, &c);
				segmap_close(&m);
			}
			*x->f.hdr = good;
		}
	}
}

static void header_changes_after_attach_change_nothing(void **state)
{
	struct dpkit *x = *state;
	struct abi_sa_status s;

	x->f.hdr->max_sas = 1u << 20;
	x->f.hdr->area[ABI_AREA_SA_STATUS].offset = 1ull << 40;
	assert_int_equal(dataplane_max_sas(x->d), 64);
	assert_true(segmap_sa(dataplane_map(x->d), 63, &s));
	assert_false(segmap_sa(dataplane_map(x->d), 64, &s));
}

static void tables_are_mapped_read_only(void **state)
{
	struct dpkit *x = *state;
	const struct segmap *m = dataplane_map(x->d);
	unsigned long want = (unsigned long)m->base + m->hdr.area[ABI_AREA_SA_STATUS].offset;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool found = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long lo, hi;
		char prot[8];

		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, prot) == 3 && lo <= want && want < hi) {
			assert_string_equal(prot, "r--s");
			found = true;
		}
	}
	fclose(maps);
	assert_true(found);
}

static void commands_end_when_the_dataplane_leaves(void **state)
{
	struct dpkit *x = *state;

	dpkit_sync(x);
	dpkit_turn(x);
	dpkit_sync(x);
	x->f.hdr->state = ABI_STATE_GONE;
	dpkit_turn(x);
	assert_int_equal(x->detaching, 1);
	assert_int_equal(x->replies, 2);
	assert_int_equal(x->last_rc, -ENOTCONN);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_DOWN);
}

static int commit(struct dpkit *x)
{
	const struct abi_generation g = {.msg.type = ABI_CMD_POLICY_COMMIT};

	return dataplane_command(x->d, &g, sizeof(g), dpkit_reply, x);
}

/* Seconds until a commit that is not answered is given up. */
static unsigned int given(struct dpkit *x)
{
	unsigned int replies = x->replies;
	uint64_t from = x->now;

	assert_int_equal(commit(x), 0);
	while (x->replies == replies)
		dpkit_turn(x);
	assert_int_equal(x->last_rc, -ETIMEDOUT);
	return (unsigned int)((x->now - from) / DPKIT_SEC);
}

static void who_is_too_slow_gets_more_time_each_time(void **state)
{
	struct dpkit *x = *state;
	unsigned int want = 30;

	for (unsigned int i = 0; i < 6; i++) {
		assert_in_range(given(x), want, want + 1);
		want = want < 480 ? 2 * want : want;
	}
	fake_segment_remove(&x->f); /* another one may be quicker */
	x->now += 2 * DPKIT_SEC;
	fake_segment_make(&x->f, "dp", 8, x->now);
	dataplane_poll(x->d, x->now);
	dpkit_turn(x);
	assert_int_equal(x->fresh, 2);
	assert_in_range(given(x), 30, 31);
}

/* As those of one configuration. */
static void commits_that_were_queued_together_double_the_time_once(void **state)
{
	struct dpkit *x = *state;

	assert_int_equal(commit(x), 0);
	assert_in_range(given(x), 30, 31); /* until the first of the two */
	while (x->replies < 2)
		dpkit_turn(x);
	assert_in_range(given(x), 60, 61);
}

static void what_is_taken_back_is_not_sent(void **state)
{
	struct dpkit *x = *state;

	dpkit_sync(x);
	assert_int_equal(commit(x), 0);
	assert_int_equal(commit(x), 0);
	dataplane_retract(x->d, 2);
	assert_int_equal(dataplane_pending(x->d), 1);
	dpkit_turn(x);
	x->now += 2 * DPKIT_SEC;
	dpkit_turn(x);
	assert_int_equal(x->replies, 1); /* of the first: a command that is no commit has 2 s */
	assert_int_equal(dataplane_pending(x->d), 0);
	dataplane_retract(x->d, 5);
}

static void follows_to_a_new_epoch(void **state)
{
	struct dpkit *x = *state;

	fake_segment_remove(&x->f);
	x->now += 2 * DPKIT_SEC; /* silent, and another file under the name */
	fake_segment_make(&x->f, "dp", 8, x->now);
	dataplane_poll(x->d, x->now);
	assert_int_equal(x->detaching, 1);
	dpkit_turn(x);
	assert_int_equal(x->attached, 2);
	assert_int_equal(x->fresh, 2);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
}

static void silence_is_noticed_and_ends(void **state)
{
	struct dpkit *x = *state;

	x->now += DPKIT_SEC + DPKIT_SEC / 2;
	dataplane_poll(x->d, x->now);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_SILENT);
	dpkit_turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
	assert_int_equal(x->attached, 1);
}

static void counters_sum_over_workers(void **state)
{
	struct dpkit *x = *state;
	struct abi_sa_counters c;

	for (uint32_t w = 0; w < 3; w++)
		*fake_segment_counters(&x->f, 5, w) = (struct abi_sa_counters){
			.packets = 10 + w, .bytes = 1000 * (w + 1), .last_used = 50 - w};
	segmap_sa_counters(dataplane_map(x->d), 5, &c);
	assert_int_equal(c.packets, 33);
	assert_int_equal(c.bytes, 6000);
	assert_int_equal(c.last_used, 50);
	segmap_sa_counters(dataplane_map(x->d), 64, &c);
	assert_int_equal(c.packets, 0);
}

/* Word i of the line of a row and a worker. */
static uint64_t word_of(uint64_t row, uint64_t worker, uint64_t i)
{
	return 1 + i + 1000 * row + (worker * worker << 32);
}

/* Lines as dataplane/api/segment.h draws them: [worker][row]. */
static void fill_area(struct fake_segment *f, enum abi_area_id id, uint32_t rows, size_t line)
{
	uint64_t *at = fake_segment_area(f, id);

	for (uint32_t w = 0; w < f->hdr->max_workers; w++)
		for (uint32_t r = 0; r < rows; r++)
			for (size_t i = 0; i < line / sizeof(*at); i++)
				*at++ = word_of(r, w, i);
}

/* But for the word that is no sum, UINT32_MAX: all are. */
static void is_sum(const void *line, size_t size, uint32_t row, uint32_t but)
{
	const uint64_t *at = line;

	for (uint32_t i = 0; i < size / sizeof(*at); i++)
		assert_int_equal(at[i], i == but ? word_of(row, 2, i)
						 : word_of(row, 0, i) + word_of(row, 1, i) +
							   word_of(row, 2, i));
}

static void every_row_has_lines_of_its_own(void **state)
{
	struct dpkit *x = *state;
	const struct segmap *m = dataplane_map(x->d);
	struct abi_sa_counters sa;
	struct abi_sa_drops drops;
	struct abi_policy_counters policy;
	struct abi_port_counters port;

	fill_area(&x->f, ABI_AREA_SA_COUNTERS, m->hdr.max_sas, sizeof(sa));
	fill_area(&x->f, ABI_AREA_SA_DROPS, m->hdr.max_sas, sizeof(drops));
	fill_area(&x->f, ABI_AREA_POLICY_COUNTERS, m->hdr.max_policies, sizeof(policy));
	fill_area(&x->f, ABI_AREA_PORT_COUNTERS, m->hdr.max_ports, sizeof(port));
	for (uint32_t i = 0; i < m->hdr.max_sas; i++) {
		segmap_sa_counters(m, i, &sa);
		is_sum(&sa, sizeof(sa), i, offsetof(struct abi_sa_counters, last_used) / 8);
		segmap_sa_drops(m, i, &drops);
		is_sum(&drops, sizeof(drops), i, UINT32_MAX);
		assert_int_equal(segmap_sa_workers(m, i), 7);
		fake_segment_counters(&x->f, i, i % 3)->packets = 0;
	}
	for (uint32_t i = 0; i < m->hdr.max_sas; i++)
		assert_int_equal(segmap_sa_workers(m, i), 7 ^ (1u << i % 3));
	for (uint32_t i = 0; i < m->hdr.max_policies; i++) {
		segmap_policy_counters(m, i, &policy);
		is_sum(&policy, sizeof(policy), i, UINT32_MAX);
	}
	for (uint32_t i = 0; i < m->hdr.max_ports; i++) {
		segmap_port_counters(m, i, &port);
		is_sum(&port, sizeof(port), i, UINT32_MAX);
	}
}

static void every_worker_has_samples_of_its_own(void **state)
{
	struct dpkit *x = *state;
	const struct segmap *m = dataplane_map(x->d);
	struct abi_drop_sample *place = fake_segment_area(&x->f, ABI_AREA_DROP_SAMPLES), s;
	uint64_t number = 0;

	for (uint32_t w = 0; w < m->hdr.max_workers; w++)
		for (unsigned int r = 0; r < ABI_DROP_SLOTS; r++)
			for (unsigned int i = 0; i < ABI_SAMPLES; i++) {
				s = (struct abi_drop_sample){.reason = DROP_OUT_ERRORS,
							     .number = number++};
				abi_sample_write(place++, &s);
			}
	number = 0;
	for (uint32_t w = 0; w < m->hdr.max_workers; w++)
		for (unsigned int r = 0; r < ABI_DROP_SLOTS; r++)
			for (unsigned int i = 0; i < ABI_SAMPLES; i++) {
				assert_true(segmap_sample(m, w, r, i, &s));
				assert_int_equal(s.number, number++);
			}
	assert_false(segmap_sample(m, m->hdr.max_workers, 0, 0, &s));
	assert_false(segmap_sample(m, 0, ABI_DROP_SLOTS, 0, &s));
	assert_false(segmap_sample(m, 0, 0, ABI_SAMPLES, &s));
}

#define T(name, up) cmocka_unit_test_setup_teardown(name, up, dpkit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(attaches_once_and_beats, dpkit_setup),
		T(waits_for_a_segment, dpkit_setup),
		T(refuses_another_major_version, dpkit_setup),
		T(accepts_another_minor_version, dpkit_setup),
		T(refuses_a_segment_open_to_others, dpkit_setup),
		T(does_not_attach_without_a_heartbeat, dpkit_setup),
		T(truncated_files_are_refused, dpkit_setup),
		T(no_header_word_leads_outside, dpkit_setup),
		T(header_changes_after_attach_change_nothing, dpkit_setup_attached),
		T(tables_are_mapped_read_only, dpkit_setup_attached),
		T(commands_end_when_the_dataplane_leaves, dpkit_setup_attached),
		T(who_is_too_slow_gets_more_time_each_time, dpkit_setup_attached),
		T(commits_that_were_queued_together_double_the_time_once, dpkit_setup_attached),
		T(what_is_taken_back_is_not_sent, dpkit_setup_attached),
		T(follows_to_a_new_epoch, dpkit_setup_attached),
		T(silence_is_noticed_and_ends, dpkit_setup_attached),
		T(counters_sum_over_workers, dpkit_setup_attached),
		T(every_row_has_lines_of_its_own, dpkit_setup_attached),
		T(every_worker_has_samples_of_its_own, dpkit_setup_attached),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
