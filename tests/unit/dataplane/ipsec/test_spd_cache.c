/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spd_cache.c - the flow cache against a plain list of all flows, and how many it holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dataplane/ipsec/spd.h"
#include "dataplane/ipsec/spd_cache.h"
#include "tests/random.h"
#include "tests/unit/dataplane/harness.h"

static struct spd_cache *cache;
static uint64_t state_of_chance;

static uint64_t chance(void)
{
	return random_next(&state_of_chance) >> 20;
}

static int begin(void **state)
{
	static const uint64_t key[5] = {0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0,
					0x082efa98ec4e6c89, 0x452821e638d01377};

	(void)state;
	if (harness_eal() != 0)
		return -1;
	state_of_chance = 1;
	cache = spd_cache_create(SOCKET_ID_ANY);
	if (cache != NULL)
		memcpy(cache->key, key, sizeof(key)); /* the same buckets in each run */
	return cache != NULL ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	spd_cache_free(cache);
	return 0;
}

static bool find(const struct spd_flow *f, uint32_t serial, struct spd_matches *m)
{
	uint32_t hash = spd_cache_hash(cache, f);

	return spd_cache_find(spd_cache_first(cache, hash), f, serial, m) ||
	       spd_cache_find(spd_cache_second(cache, hash), f, serial, m);
}

static void put(const struct spd_flow *f, uint32_t serial, struct spd_matches m)
{
	spd_cache_put(cache, spd_cache_hash(cache, f), f, serial, m);
}

/* The i-th of many flows that differ from each other in one field or another. */
static struct spd_flow flow(uint32_t i)
{
	return (struct spd_flow){.addrs = 0xc0a8010c0a000006ull + ((uint64_t)(i & 0xfff) << 8),
				 .rest = spd_cache_rest((uint16_t)(1000 + (i >> 12 & 3)),
							(uint16_t)(53 + (i >> 14 & 3)),
							i >> 16 & 1 ? 17 : 6, (i >> 17 & 1) != 0)};
}

static struct spd_matches matches(uint32_t i)
{
	static const uint32_t some[] = {0, 1, SPD_NO_MATCH, SPD_MAX_POLICIES - 1, SPD_NO_MATCH - 1};

	return (struct spd_matches){.out = i % 7 < 5 ? some[i % 7] : i % SPD_MAX_POLICIES,
				    .in = i % 11 < 5 ? some[i % 11] : i % SPD_MAX_POLICIES};
}

static void what_is_found_is_what_was_put(void **state)
{
	enum { FLOWS = 1u << 18, TURNS = 2000000 };
	static uint32_t put_under[FLOWS]; /* the serial each was put under last; 0: never */
	uint32_t serial = 1, found = 0;

	(void)state;
	for (uint32_t k = 0; k < TURNS; k++) {
		/* Some come often, and tables are replaced now and then. */
		uint32_t i = (uint32_t)(chance() % (chance() % 2 ? FLOWS : 5000));
		struct spd_flow f = flow(i);
		struct spd_matches got, want;

		serial += k % 200000 == 199999;
		want = matches(i + serial);
		if (find(&f, serial, &got)) {
			assert_int_equal(put_under[i], serial);
			assert_int_equal(got.out, want.out);
			assert_int_equal(got.in, want.in);
			found++;
			continue;
		}
		put(&f, serial, want);
		put_under[i] = serial;
		assert_true(find(&f, serial, &got));
	}
	assert_true(found > TURNS / 4);
}

static void a_hundred_thousand_flows_have_room(void **state)
{
	enum { FLOWS = 100000 };
	struct spd_matches got;
	uint32_t missing = 0;

	(void)state;
	for (unsigned int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < FLOWS; i++) {
			struct spd_flow f = flow(i);

			put(&f, 1, matches(i)); /* a second time: no second place */
		}
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct spd_flow f = flow(i);

		missing += !find(&f, 1, &got);
	}
	assert_true(missing < FLOWS / 200);
}

static void another_table_knows_nothing(void **state)
{
	struct spd_matches got;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++) {
		struct spd_flow f = flow(i);

		put(&f, 5, matches(i));
	}
	for (uint32_t i = 0; i < 1000; i++) {
		struct spd_flow f = flow(i);

		assert_false(find(&f, 6, &got));
	}
}

static void a_full_place_lets_the_oldest_go(void **state)
{
	const uint32_t hash = 77u << 16 | 33u;
	struct spd_matches got;

	(void)state;
	for (uint32_t i = 0; i < 2 * SPD_CACHE_WAYS + 1; i++) {
		struct spd_flow f = flow(i);

		spd_cache_put(cache, hash, &f, 1, matches(i));
	}
	for (uint32_t i = 0; i < 2 * SPD_CACHE_WAYS + 1; i++) {
		struct spd_flow f = flow(i);
		bool first = spd_cache_find(spd_cache_first(cache, hash), &f, 1, &got);
		bool second = spd_cache_find(spd_cache_second(cache, hash), &f, 1, &got);

		assert_int_equal(first + second, i != 0);
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_found_is_what_was_put),
		CASE(a_hundred_thousand_flows_have_room),
		CASE(another_table_knows_nothing),
		CASE(a_full_place_lets_the_oldest_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
