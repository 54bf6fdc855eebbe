/* SPDX-License-Identifier: BSD-3-Clause */
/* test_spd_cache.c - the flow cache against a plain list of all flows, and how many it holds; of
 * both families. */
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
static bool six; /* of IPv6 */
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

static int begin6(void **state)
{
	six = true;
	return begin(state);
}

static int end(void **state)
{
	(void)state;
	six = false;
	spd_cache_free(cache);
	return 0;
}

/* The i-th of many flows that differ from each other in one field or another. */
static struct spd_flow flow4(uint32_t i)
{
	return (struct spd_flow){.addrs = 0xc0a8010c0a000006ull + ((uint64_t)(i & 0xfff) << 8),
				 .rest = spd_cache_rest((uint16_t)(1000 + (i >> 12 & 3)),
							(uint16_t)(53 + (i >> 14 & 3)),
							i >> 16 & 1 ? 17 : 6, (i >> 17 & 1) != 0)};
}

static struct spd_flow6 flow6(uint32_t i)
{
	struct spd_flow6 f = {.addrs = {0x0a000a00b80d0120, 0, 0x0b000b00b80d0120, 0},
			      .rest = flow4(i).rest};

	f.addrs[(i & 3)] += (uint64_t)(1 + (i >> 2 & 0x3ff)) << 24;
	return f;
}

static uint32_t hash_of(uint32_t i)
{
	const struct spd_flow four = flow4(i);
	const struct spd_flow6 f = flow6(i);

	return six ? spd_cache_hash6(cache, &f) : spd_cache_hash(cache, &four);
}

/* In the first bucket of that hash, or in the second? */
static bool find_in(uint32_t i, uint32_t hash, bool first, uint32_t serial, struct spd_matches *m)
{
	const struct spd_flow four = flow4(i);
	const struct spd_flow6 f = flow6(i);

	if (six)
		return spd_cache_find6(first ? spd_cache_first6(cache, hash)
					     : spd_cache_second6(cache, hash),
				       &f, serial, m);
	return spd_cache_find(first ? spd_cache_first(cache, hash) : spd_cache_second(cache, hash),
			      &four, serial, m);
}

static bool find(uint32_t i, uint32_t serial, struct spd_matches *m)
{
	return find_in(i, hash_of(i), true, serial, m) || find_in(i, hash_of(i), false, serial, m);
}

static void put_at(uint32_t i, uint32_t hash, uint32_t serial, struct spd_matches m)
{
	const struct spd_flow four = flow4(i);
	const struct spd_flow6 f = flow6(i);

	if (six)
		spd_cache_put6(cache, hash, &f, serial, m);
	else
		spd_cache_put(cache, hash, &four, serial, m);
}

static void put(uint32_t i, uint32_t serial, struct spd_matches m)
{
	put_at(i, hash_of(i), serial, m);
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
	memset(put_under, 0, sizeof(put_under));
	for (uint32_t k = 0; k < TURNS; k++) {
		/* Some come often, and tables are replaced now and then. */
		uint32_t i = (uint32_t)(chance() % (chance() % 2 ? FLOWS : 5000));
		struct spd_matches got, want;

		serial += k % 200000 == 199999;
		want = matches(i + serial);
		if (find(i, serial, &got)) {
			assert_int_equal(put_under[i], serial);
			assert_int_equal(got.out, want.out);
			assert_int_equal(got.in, want.in);
			found++;
			continue;
		}
		put(i, serial, want);
		put_under[i] = serial;
		assert_true(find(i, serial, &got));
	}
	assert_true(found > TURNS / 4);
}

/* Nearly all of them: IPv6 has places for 131,072. */
static void a_hundred_thousand_flows_have_room(void **state)
{
	enum { FLOWS = 100000 };
	struct spd_matches got;
	uint32_t missing = 0;

	(void)state;
	for (unsigned int round = 0; round < 2; round++)
		for (uint32_t i = 0; i < FLOWS; i++)
			put(i, 1, matches(i)); /* a second time: no second place */
	for (uint32_t i = 0; i < FLOWS; i++)
		missing += !find(i, 1, &got);
	assert_true(missing < FLOWS / (six ? 16 : 200));
}

static void ten_thousand_are_all_there(void **state)
{
	struct spd_matches got;
	uint32_t missing = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		put(i, 1, matches(i));
	for (uint32_t i = 0; i < 10000; i++)
		missing += !find(i, 1, &got);
	assert_true(missing < 5);
}

static void another_table_knows_nothing(void **state)
{
	struct spd_matches got;

	(void)state;
	for (uint32_t i = 0; i < 1000; i++)
		put(i, 5, matches(i));
	for (uint32_t i = 0; i < 1000; i++)
		assert_false(find(i, 6, &got));
}

static void a_full_place_lets_the_oldest_go(void **state)
{
	const uint32_t hash = 77u << 16 | 33u,
		       places = 2 * (six ? SPD_CACHE_WAYS6 : SPD_CACHE_WAYS);
	struct spd_matches got;

	(void)state;
	for (uint32_t i = 0; i < places + 1; i++)
		put_at(i, hash, 1, matches(i));
	for (uint32_t i = 0; i < places + 1; i++)
		assert_int_equal(find_in(i, hash, true, 1, &got) + find_in(i, hash, false, 1, &got),
				 i != 0);
}

/* Not one field of it is another. */
static void flows_of_ipv6_differ_in_every_word(void **state)
{
	struct spd_flow6 f = flow6(7), g;
	uint32_t hash = hash_of(7);
	struct spd_matches got;

	(void)state;
	spd_cache_put6(cache, hash, &f, 1, matches(7));
	for (unsigned int bit = 0; bit < 5 * 64; bit++) {
		g = f;
		if (bit < 256)
			g.addrs[bit / 64] ^= 1ull << bit % 64;
		else
			g.rest ^= 1ull << bit % 64;
		assert_false(spd_cache_find6(spd_cache_first6(cache, hash), &g, 1, &got));
	}
	assert_true(spd_cache_find6(spd_cache_first6(cache, hash), &f, 1, &got));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
#define CASE6(f)                                                                                   \
	{                                                                                          \
#f "6", f, begin6, end, NULL                                                       \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_found_is_what_was_put),
		CASE6(what_is_found_is_what_was_put),
		CASE(a_hundred_thousand_flows_have_room),
		CASE6(a_hundred_thousand_flows_have_room),
		CASE(ten_thousand_are_all_there),
		CASE6(ten_thousand_are_all_there),
		CASE(another_table_knows_nothing),
		CASE6(another_table_knows_nothing),
		CASE(a_full_place_lets_the_oldest_go),
		CASE6(a_full_place_lets_the_oldest_go),
		CASE6(flows_of_ipv6_differ_in_every_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
