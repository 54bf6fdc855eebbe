/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cross.c - rekeys of pairs and of IKE SAs and deletes that both sides begin at once: in every
 * order of all messages, with each message lost or late in turn. However it went, one IKE SA and
 * one pair is left, the same on both sides, and rekeys lose no packet. (Two IKE SAs of IKEv1 that
 * both sides began at once stay until they expire: it has no rule about which of them goes.)
 * Arguments: how many paths of each kind are drawn (0: all are gone through), and the first seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/cross.h"

#define WORST 10u /* so many are printed */

static unsigned long n_drawn = 150, first_seed = 1;

static bool is_well(const struct cross_case *c, const struct cross_end *end)
{
	unsigned begins[2] = {0, 0}, most = 1;
	bool rekeys = true;

	for (unsigned i = 0; i < c->n_actions; i++) {
		rekeys &= c->action[i].kind <= CROSS_REKEY_IKE;
		begins[c->action[i].node] += c->action[i].kind == CROSS_REKEY_IKE;
		begins[0] += c->action[i].kind == CROSS_END; /* comes back */
	}
	if (c->mode != IKE_MODE_IKE2 && begins[0] > 0 && begins[1] > 0)
		most = 2;
	for (int i = 0; i < 2; i++) {
		if (end->sas[i] < 1 || end->sas[i] > most)
			return false;
	}
	return end->agreed && end->clean && (!rekeys || c->fate == CROSS_LATE || end->lost == 0);
}

static unsigned run(const struct cross_case *c, struct cross_path *path, unsigned *bad)
{
	struct cross_end end;

	cross_run(c, path, &end);
	if (is_well(c, &end))
		return end.sent;
	cross_print(c, path, &end);
	if (++*bad >= WORST)
		fail();
	return end.sent;
}

/* First when all arrive; then with each message of those, in each order. */
static unsigned long all_paths(struct cross_case *c, enum cross_fate last, unsigned *bad)
{
	unsigned long runs = 0;
	unsigned most = 0;

	for (c->fate = CROSS_ARRIVES; c->fate <= last; c->fate++) {
		for (c->which = 0; c->which <= (c->fate == CROSS_ARRIVES ? 0 : most); c->which++) {
			struct cross_path path = {0};

			do {
				unsigned sent = run(c, &path, bad);

				if (c->fate == CROSS_ARRIVES && sent > most)
					most = sent;
				runs++;
			} while (cross_next(&path));
		}
	}
	return runs;
}

static uint64_t draw(uint64_t *dice)
{
	*dice = *dice * 6364136223846793005ULL + 1442695040888963407ULL;
	return *dice >> 33;
}

static void some_paths(enum ike_exchange_mode mode, unsigned n_actions)
{
	unsigned bad = 0;

	for (unsigned long i = 0; i < n_drawn; i++) {
		uint64_t dice = (first_seed + i) * 0x9e3779b97f4a7c15ULL;
		struct cross_case c = {.mode = mode, .n_actions = n_actions};
		struct cross_path path = {0};

		for (unsigned k = 0; k < n_actions; k++)
			c.action[k] = (struct cross_action){(int)(draw(&dice) % 2),
							    draw(&dice) % CROSS_KINDS};
		c.pfs = draw(&dice) % 2;
		c.slow_dataplane = draw(&dice) % 4 == 0;
		c.fate = draw(&dice) % 3;
		c.which = (unsigned)(draw(&dice) % 14);
		path.dice = dice;
		run(&c, &path, &bad);
	}
	assert_int_equal(bad, 0);
}

/* Any two, from either side. */
static void every_two(enum ike_exchange_mode mode)
{
	unsigned long runs = 0;
	unsigned bad = 0;

	for (unsigned k = 0; k < 4 * CROSS_KINDS * CROSS_KINDS; k++) {
		struct cross_case c = {
			.mode = mode,
			.n_actions = 2,
			.action = {{(int)(k & 1), k / 4 % CROSS_KINDS},
				   {(int)(k >> 1 & 1), k / 4 / CROSS_KINDS}},
		};

		runs += all_paths(&c, CROSS_LATE, &bad);
	}
	print_message("%lu runs\n", runs);
	assert_int_equal(bad, 0);
}

/* Both rekeys and a delete, each from either side, begun in each order. */
static void every_three(enum ike_exchange_mode mode)
{
	static const uint8_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const enum cross_kind kinds[] = {CROSS_REKEY_PAIR, CROSS_REKEY_IKE, CROSS_FLUSH};
	unsigned long runs = 0;
	unsigned bad = 0;

	for (unsigned k = 0; k < 8 * 6; k++) {
		struct cross_case c = {.mode = mode, .n_actions = 3};

		for (unsigned i = 0; i < 3; i++)
			c.action[i] =
				(struct cross_action){(int)(k >> i & 1), kinds[orders[k / 8][i]]};
		runs += all_paths(&c, CROSS_LOST, &bad);
		print_message("%u: %lu runs\n", k, runs);
	}
	assert_int_equal(bad, 0);
}

static void any_two_of_ike2_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		every_two(IKE_MODE_IKE2);
	some_paths(IKE_MODE_IKE2, 2);
}

static void any_three_of_ike2_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		every_three(IKE_MODE_IKE2);
	some_paths(IKE_MODE_IKE2, 3);
}

static void any_two_of_ike1_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		every_two(IKE_MODE_MAIN);
	some_paths(IKE_MODE_MAIN, 2);
}

static void any_three_of_ike1_leave_one_pair(void **state)
{
	(void)state;
	some_paths(IKE_MODE_MAIN, 3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_of_ike2_leave_one_pair),
		cmocka_unit_test(any_three_of_ike2_leave_one_pair),
		cmocka_unit_test(any_two_of_ike1_leave_one_pair),
		cmocka_unit_test(any_three_of_ike1_leave_one_pair),
	};

	if (argc > 1)
		n_drawn = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		cmocka_set_test_filter(argv[3]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
