/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sad_used.c - the list of used slots, and the hits of a policy that are summed along it,
 * against a look at every slot. */
#include "espkit.h"

#include "dataplane/stats.h"

#define WORKERS 3u
#define ID	77u /* of the policy at index ESPKIT_POLICY */

static struct {
	struct segment segment;
	struct abi_sa_status *status;
	struct abi_sa_counters counters[WORKERS * ESPKIT_SAS];
	struct abi_policy_status policy[ESPKIT_POLICIES];
	struct abi_policy_counters policy_counters[WORKERS * ESPKIT_POLICIES];
	bool used[ESPKIT_SAS]; /* the twin */
	unsigned visits[ESPKIT_SAS];
} t;

/* An area anywhere in memory: offsets are relative to the first. */
static void put_area(enum abi_area_id id, void *at)
{
	t.segment.own.area[id].offset = (uint64_t)((uintptr_t)at - (uintptr_t)&t);
}

static void make_segment(void)
{
	memset(&t, 0, sizeof(t));
	t.segment.base = (uint8_t *)&t;
	t.segment.own.max_sas = ESPKIT_SAS;
	t.segment.own.max_policies = ESPKIT_POLICIES;
	t.segment.own.max_workers = WORKERS;
	t.status = kit.h->sa_status;
	put_area(ABI_AREA_SA_STATUS, t.status);
	put_area(ABI_AREA_SA_COUNTERS, t.counters);
	put_area(ABI_AREA_POLICY_STATUS, t.policy);
	put_area(ABI_AREA_POLICY_COUNTERS, t.policy_counters);
	t.policy[ESPKIT_POLICY].policy_id = ID;
}

static void note(void *ctx, uint32_t slot)
{
	(void)ctx;
	assert_true(slot < ESPKIT_SAS);
	t.visits[slot]++;
}

/* Every used slot once, and no other. */
static void need_used(void)
{
	memset(t.visits, 0, sizeof(t.visits));
	assert_true(sad_visit_used(esp.sad, note, NULL));
	for (uint32_t i = 0; i < ESPKIT_SAS; i++)
		assert_int_equal(t.visits[i], t.used[i]);
}

/* The hits of the policy, by a look at all lines. */
static void need_hits(void)
{
	struct abi_policy_counters want = {0};
	struct abi_policy_counters got = stats_policy(&t.segment, esp.sad, ESPKIT_POLICY);

	for (uint32_t i = 0; i < WORKERS; i++) {
		const struct abi_policy_counters *c =
			&t.policy_counters[abi_line(ESPKIT_POLICIES, ESPKIT_POLICY, i)];

		want.out_hits += c->out_hits + c->dead_out_hits;
		want.in_hits += c->in_hits + c->dead_in_packets;
	}
	for (uint32_t i = 0; i < ESPKIT_SAS; i++) {
		if (t.status[i].state == ABI_SA_FREE || t.status[i].policy_id != ID)
			continue;
		for (uint32_t k = 0; k < WORKERS; k++) {
			const struct abi_sa_counters *c = &t.counters[abi_line(ESPKIT_SAS, i, k)];

			if (t.status[i].direction == ABI_DIR_OUT)
				want.out_hits += c->hits;
			else
				want.in_hits += c->packets;
		}
	}
	assert_int_equal(got.out_hits, want.out_hits);
	assert_int_equal(got.in_hits, want.in_hits);
}

static void add(uint32_t slot, bool out, uint32_t policy_id)
{
	struct abi_sa_add c = out ? espkit_out() : espkit_in();

	c.slot = slot;
	c.spi = out ? c.spi : 8 * ESPKIT_SAS + slot;
	c.policy_id = policy_id;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	t.used[slot] = true;
}

static void sums_along_the_list_are_those_of_all_slots(void **state)
{
	uint64_t seed = 5;

	(void)state;
	make_segment();
	for (unsigned int i = 0; i < 5000; i++) {
		uint64_t x = random_next(&seed);
		uint32_t slot = (uint32_t)(x >> 8) % ESPKIT_SAS;
		struct abi_sa_counters *c =
			&t.counters[abi_line(ESPKIT_SAS, slot, (x >> 16) % WORKERS)];

		if (!t.used[slot]) {
			add(slot, x & 1, x & 2 ? ID : ID + 1);
			c->hits = x >> 40;
			c->packets = x >> 44;
		} else {
			uint32_t spi = t.status[slot].spi;

			assert_int_equal(sad_delete(esp.sad, slot, spi), ABI_OK);
			if (x & 4)
				need_hits(); /* it is dead, and still counts */
			sad_reclaim(esp.sad, slot);
			t.used[slot] = false;
			for (uint32_t k = 0; k < WORKERS; k++)
				t.counters[abi_line(ESPKIT_SAS, slot, k)] =
					(struct abi_sa_counters){0};
			t.policy_counters[ESPKIT_POLICY].dead_out_hits += x >> 50;
		}
		need_used();
		need_hits();
	}
}

/* Somebody changes the list while it is looked at. */
static void disturb(void *ctx, uint32_t slot)
{
	unsigned int *seen = ctx;

	(void)slot;
	if ((*seen)++ == 0) {
		assert_int_equal(sad_delete(esp.sad, 1, 8 * ESPKIT_SAS + 1), ABI_OK);
		sad_reclaim(esp.sad, 1);
	}
}

static void a_change_meanwhile_is_told(void **state)
{
	unsigned int seen = 0;

	(void)state;
	make_segment();
	for (uint32_t slot = 0; slot < 4; slot++)
		add(slot, false, ID);
	assert_false(sad_visit_used(esp.sad, disturb, &seen));
	assert_in_range(seen, 3, 4);
	t.used[1] = false;
	need_used();
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sums_along_the_list_are_those_of_all_slots),
		CASE(a_change_meanwhile_is_told),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
