/* SPDX-License-Identifier: BSD-3-Clause */
/* test_guard.c - admission of first messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/guard.h"

#define SEC 1000000000ULL

static bool no_memory;

/* The test is linked with --wrap=calloc. */
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

void *__wrap_calloc(size_t n, size_t size)
{
	return no_memory ? NULL : __real_calloc(n, size);
}

static struct abi_addr v4(uint32_t n)
{
	struct abi_addr a = {.family = 4};

	memcpy(a.bytes, &n, sizeof(n));
	return a;
}

static struct abi_addr v6(uint8_t net, uint8_t host)
{
	struct abi_addr a = {.family = 6};

	a.bytes[0] = 0x20;
	a.bytes[7] = net;
	a.bytes[15] = host;
	return a;
}

static void source_has_five_half_open(void **state)
{
	struct abi_addr a = v4(1);
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < GUARD_HALF_OPEN_SOURCE; i++)
		assert_int_equal(guard_admit(&g, &a, 0), GUARD_ADMIT);
	assert_int_equal(guard_admit(&g, &a, 0), GUARD_SOURCE_FULL);
	guard_release(&g, &a);
	assert_int_equal(guard_admit(&g, &a, 0), GUARD_ADMIT);
	guard_fini(&g);
}

static void one_source_does_not_use_up_anothers(void **state)
{
	struct abi_addr a = v4(1), b = v4(2);
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < 100; i++)
		(void)guard_admit(&g, &a, 0);
	assert_int_equal(guard_admit(&g, &b, 0), GUARD_ADMIT);
	guard_fini(&g);
}

static void first_messages_have_a_rate(void **state)
{
	struct abi_addr a = v4(1);
	unsigned admitted = 0;
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < 10000; i++) { /* ten seconds, a thousand a second */
		if (guard_admit(&g, &a, i * SEC / 1000) == GUARD_ADMIT) {
			admitted++;
			guard_release(&g, &a);
		}
	}
	assert_in_range(admitted, GUARD_BURST_SOURCE + 9 * GUARD_RATE_SOURCE,
			GUARD_BURST_SOURCE + 10 * GUARD_RATE_SOURCE + 1);
	guard_fini(&g);
}

static unsigned admitted_at(struct guard *g, const struct abi_addr *a, uint64_t now)
{
	unsigned n = 0;

	while (guard_admit(g, a, now) == GUARD_ADMIT) {
		guard_release(g, a);
		n++;
	}
	return n;
}

/* To the message; and a clock that stands still, or goes back, brings none. */
static void a_burst_is_used_up_by_that_many(void **state)
{
	struct abi_addr a = v4(1), b = v4(2);
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	assert_int_equal(admitted_at(&g, &a, 10 * SEC), GUARD_BURST_SOURCE);
	assert_int_equal(admitted_at(&g, &a, 10 * SEC), 0);
	assert_int_equal(admitted_at(&g, &a, 9 * SEC), 0);
	assert_int_equal(admitted_at(&g, &a, 11 * SEC), GUARD_RATE_SOURCE);
	assert_int_equal(admitted_at(&g, &b, 0), GUARD_BURST_SOURCE);
	guard_fini(&g);
}

/* Of those that have none half-open the one that was not heard of for longest is forgotten. */
static void the_source_not_seen_for_longest_is_forgotten(void **state)
{
	struct abi_addr first = v4(0), second = v4(1), next = v4(GUARD_MAX_SOURCES);
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < GUARD_MAX_SOURCES; i++) {
		struct abi_addr a = v4(i);

		if (guard_admit(&g, &a, i * SEC) == GUARD_ADMIT)
			guard_release(&g, &a);
	}
	assert_int_equal(g.sources.count, GUARD_MAX_SOURCES);
	/* the first one is heard of again; the next takes the place of the second */
	(void)admitted_at(&g, &first, GUARD_MAX_SOURCES * SEC);
	assert_int_equal(guard_admit(&g, &next, GUARD_MAX_SOURCES * SEC), GUARD_ADMIT);
	assert_int_equal(g.sources.count, GUARD_MAX_SOURCES);
	assert_int_equal(guard_admit(&g, &first, GUARD_MAX_SOURCES * SEC), GUARD_RATE);
	assert_int_equal(guard_admit_again(&g, &second), GUARD_NO_MEMORY); /* not known */
	guard_fini(&g);
}

/* The list of those that may be forgotten has each of them once, whatever came before. */
static void what_is_half_open_is_not_to_be_forgotten(void **state)
{
	const struct guard_source *s;
	unsigned seen = 0;
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < 200; i++) {
		struct abi_addr a = v4(i * 7 % 10);
		unsigned idle = 0;

		if (i / 10 % 4 >= 2) /* all twice half-open, then twice released */
			guard_release(&g, &a);
		else
			(void)guard_admit(&g, &a, i * SEC);
		TAILQ_FOREACH (s, &g.idle, lru) {
			assert_int_equal(s->half_open, 0);
			assert_true(++idle <= 10);
			seen++;
		}
	}
	assert_true(seen > 0);
	guard_fini(&g);
}

static void addresses_of_one_v6_network_are_one_source(void **state)
{
	struct abi_addr other = v6(2, 1);
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < GUARD_HALF_OPEN_SOURCE; i++) {
		struct abi_addr a = v6(1, (uint8_t)i);

		assert_int_equal(guard_admit(&g, &a, 0), GUARD_ADMIT);
	}
	struct abi_addr one_more = v6(1, 99);

	assert_int_equal(guard_admit(&g, &one_more, 0), GUARD_SOURCE_FULL);
	assert_int_equal(guard_admit(&g, &other, 0), GUARD_ADMIT);
	guard_fini(&g);
}

static void total_is_capped(void **state)
{
	unsigned admitted = 0;
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < 3 * GUARD_HALF_OPEN_TOTAL; i++) {
		struct abi_addr a = v4(i);

		admitted += guard_admit(&g, &a, i * SEC / 500) == GUARD_ADMIT;
	}
	assert_int_equal(admitted, GUARD_HALF_OPEN_TOTAL);
	assert_int_equal(g.half_open, GUARD_HALF_OPEN_TOTAL);
	for (unsigned i = 0; i < 3 * GUARD_HALF_OPEN_TOTAL; i++) {
		struct abi_addr a = v4(i);

		guard_release(&g, &a);
	}
	assert_int_equal(g.half_open, 0);
	guard_fini(&g);
}

static void memory_is_bounded(void **state)
{
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < 5 * GUARD_MAX_SOURCES; i++) {
		struct abi_addr a = v4(i);

		if (guard_admit(&g, &a, i * SEC) == GUARD_ADMIT && i % 3 != 0)
			guard_release(&g, &a);
		assert_true(g.sources.count <= GUARD_MAX_SOURCES);
	}
	assert_int_equal(g.half_open, GUARD_HALF_OPEN_TOTAL);
	guard_fini(&g);
}

static void releasing_what_was_not_counted_does_nothing(void **state)
{
	struct abi_addr a = v4(1);
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	guard_release(&g, &a);
	assert_int_equal(guard_admit(&g, &a, 0), GUARD_ADMIT);
	guard_release(&g, &a);
	guard_release(&g, &a);
	assert_int_equal(g.half_open, 0);
	guard_fini(&g);
}

/* A source that is known already needs none. */
static void without_memory_a_new_source_is_refused(void **state)
{
	struct abi_addr known = v4(1), fresh = v4(2);
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	assert_int_equal(guard_admit(&g, &known, 0), GUARD_ADMIT);
	no_memory = true;
	assert_int_equal(guard_admit(&g, &fresh, 0), GUARD_NO_MEMORY);
	assert_int_equal(guard_admit_any(&g, &fresh, 0), GUARD_NO_MEMORY);
	assert_int_equal(guard_admit(&g, &known, 0), GUARD_ADMIT);
	no_memory = false;
	assert_int_equal(g.half_open, 2);
	assert_int_equal(g.sources.count, 1);
	assert_int_equal(guard_admit(&g, &fresh, 0), GUARD_ADMIT);
	guard_fini(&g);
}

/* Those who are known by their address have a total of their own, which strangers cannot use up. */
static void strangers_do_not_use_up_the_rate_of_the_known(void **state)
{
	struct abi_addr known = v4(1000000);
	unsigned strangers = 0;
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (uint32_t i = 0; i < 3 * GUARD_BURST_TOTAL; i++) {
		struct abi_addr a = v4(i);

		if (guard_admit_any(&g, &a, 0) == GUARD_ADMIT) {
			guard_release(&g, &a);
			strangers++;
		}
	}
	assert_int_equal(strangers, GUARD_BURST_TOTAL);
	assert_int_equal(guard_admit_any(&g, &known, 0), GUARD_RATE);
	assert_int_equal(guard_admit(&g, &known, 0), GUARD_ADMIT);
	guard_fini(&g);
}

static void what_costs_an_exponentiation_has_a_rate_for_each_kind(void **state)
{
	unsigned n[2] = {0, 0};
	struct guard g;

	(void)state;
	assert_int_equal(guard_init(&g, 7), 0);
	for (unsigned i = 0; i < 2 * GUARD_BURST_COSTLY; i++)
		n[0] += guard_admit_costly(&g, false, 0);
	for (unsigned i = 0; i < 2 * GUARD_BURST_COSTLY; i++)
		n[1] += guard_admit_costly(&g, true, 0);
	assert_int_equal(n[0], GUARD_BURST_COSTLY);
	assert_int_equal(n[1], GUARD_BURST_COSTLY);
	assert_true(guard_admit_costly(&g, false, SEC));
	guard_fini(&g);
}

static void every_verdict_has_its_words(void **state)
{
	(void)state;
	for (int a = GUARD_ADMIT; a <= GUARD_NO_MEMORY; a++) {
		assert_string_not_equal(guard_text((enum guard_verdict)a), "unknown");
		for (int b = GUARD_ADMIT; b < a; b++)
			assert_string_not_equal(guard_text((enum guard_verdict)a),
						guard_text((enum guard_verdict)b));
	}
	assert_string_equal(guard_text((enum guard_verdict)99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(source_has_five_half_open),
		cmocka_unit_test(one_source_does_not_use_up_anothers),
		cmocka_unit_test(first_messages_have_a_rate),
		cmocka_unit_test(a_burst_is_used_up_by_that_many),
		cmocka_unit_test(the_source_not_seen_for_longest_is_forgotten),
		cmocka_unit_test(what_is_half_open_is_not_to_be_forgotten),
		cmocka_unit_test(addresses_of_one_v6_network_are_one_source),
		cmocka_unit_test(total_is_capped),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(releasing_what_was_not_counted_does_nothing),
		cmocka_unit_test(without_memory_a_new_source_is_refused),
		cmocka_unit_test(strangers_do_not_use_up_the_rate_of_the_known),
		cmocka_unit_test(what_costs_an_exponentiation_has_a_rate_for_each_kind),
		cmocka_unit_test(every_verdict_has_its_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
