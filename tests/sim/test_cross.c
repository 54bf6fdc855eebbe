/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cross.c - rekeys of pairs and of IKE SAs and deletes that both sides begin at once: in every
 * order of all messages, with each message lost or late in turn. However it went, one IKE SA and
 * one pair is left, the same on both sides, and rekeys lose no packet. (Two IKE SAs of IKEv1 that
 * both sides began at once stay until they expire: it has no rule about which of them goes.)
 * Arguments: how many paths of each kind are drawn (0: all are gone through), the first seed, which
 * tests, in how many processes (0: in one that runs each path from its beginning), and which part
 * of the cases: 1/4 is the second quarter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/cross_walk.h"

#define CASES_OF_TWO   (4 * CROSS_KINDS * CROSS_KINDS)
#define CASES_OF_THREE (8 * 6)

static unsigned long n_drawn = 150, first_seed = 1;
static unsigned jobs = 1, shard, shards = 1;

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

/* First when all arrive; then with each message of those, in each order. */
static void all_paths(struct cross_case c, enum cross_fate last, struct cross_sum *sum)
{
	void (*through)(const struct cross_case *, cross_judge *, struct cross_sum *) =
		jobs != 0 ? cross_walk : cross_replay;
	unsigned most;

	through(&c, is_well, sum);
	most = sum->most_sent;
	while (c.fate++ < last) {
		for (c.which = 0; c.which <= most; c.which++)
			through(&c, is_well, sum);
	}
}

static uint64_t draw(uint64_t *dice)
{
	*dice = *dice * 6364136223846793005ULL + 1442695040888963407ULL;
	return *dice >> 33;
}

static void some_paths(enum ike_exchange_mode mode, unsigned n_actions)
{
	struct cross_sum sum = {0};

	for (unsigned long i = 0; i < n_drawn; i++) {
		uint64_t dice = (first_seed + i) * 0x9e3779b97f4a7c15ULL;
		struct cross_case c = {.mode = mode, .n_actions = n_actions};
		struct cross_path path = {0};
		struct cross_end end;

		for (unsigned k = 0; k < n_actions; k++)
			c.action[k] = (struct cross_action){(int)(draw(&dice) % 2),
							    draw(&dice) % CROSS_KINDS};
		c.pfs = draw(&dice) % 2;
		c.slow_dataplane = draw(&dice) % 4 == 0;
		c.fate = draw(&dice) % 3;
		c.which = (unsigned)(draw(&dice) % 14);
		path.dice = dice;
		cross_run(&c, &path, &end);
		cross_count(&c, &path, &end, is_well, &sum);
	}
	assert_int_equal(sum.bad, 0);
}

struct whole {
	enum ike_exchange_mode mode;
	unsigned n_actions;
	struct cross_sum *sum;
};

/* Any two, from either side. */
static struct cross_case case_of_two(unsigned k)
{
	return (struct cross_case){
		.n_actions = 2,
		.action = {{(int)(k & 1), k / 4 % CROSS_KINDS},
			   {(int)(k >> 1 & 1), k / 4 / CROSS_KINDS}},
	};
}

/* Both rekeys and a delete, each from either side, begun in each order. */
static struct cross_case case_of_three(unsigned k)
{
	static const uint8_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	static const enum cross_kind kinds[] = {CROSS_REKEY_PAIR, CROSS_REKEY_IKE, CROSS_FLUSH};
	struct cross_case c = {.n_actions = 3};

	for (unsigned i = 0; i < 3; i++)
		c.action[i] = (struct cross_action){(int)(k >> i & 1), kinds[orders[k / 8][i]]};
	return c;
}

static void one_case(unsigned k, void *ctx)
{
	const struct whole *w = ctx;
	struct cross_case c = w->n_actions == 3 ? case_of_three(k) : case_of_two(k);
	struct cross_sum *sum = cross_sum_new();

	c.mode = w->mode;
	c.seed = first_seed - 1;
	all_paths(c, w->n_actions == 3 ? CROSS_LOST : CROSS_LATE, sum);
	cross_sum_add(w->sum, sum);
	cross_print_case(&c);
	fprintf(stderr, ": %lu runs, %lu bad; %lu runs in all\n", sum->runs,
		sum->bad + sum->crashed, w->sum->runs);
	cross_sum_free(sum);
}

static void whole(enum ike_exchange_mode mode, unsigned n_actions)
{
	struct whole w = {.mode = mode, .n_actions = n_actions, .sum = cross_sum_new()};

	assert_true(cross_share(n_actions == 3 ? CASES_OF_THREE : CASES_OF_TWO,
				jobs != 0 ? jobs : 1, shard, shards, one_case, &w));
	print_message(
		"%lu runs, %lu bad, %lu crashed; at most %u messages, %u choices; ends %016llx\n",
		w.sum->runs, w.sum->bad, w.sum->crashed, w.sum->most_sent, w.sum->deepest,
		(unsigned long long)w.sum->ends);
	assert_int_equal(w.sum->bad + w.sum->crashed, 0);
	assert_true(w.sum->deepest < CROSS_DEPTH); /* nothing was left out */
	cross_sum_free(w.sum);
}

static void any_two_of_ike2_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_IKE2, 2);
	some_paths(IKE_MODE_IKE2, 2);
}

static void any_three_of_ike2_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_IKE2, 3);
	some_paths(IKE_MODE_IKE2, 3);
}

static void any_two_of_ike1_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_MAIN, 2);
	some_paths(IKE_MODE_MAIN, 2);
}

static void any_three_of_ike1_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_MAIN, 3);
	some_paths(IKE_MODE_MAIN, 3);
}

static void any_two_of_aggressive_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_AGGRESSIVE, 2);
	some_paths(IKE_MODE_AGGRESSIVE, 2);
}

static void any_three_of_aggressive_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_AGGRESSIVE, 3);
	some_paths(IKE_MODE_AGGRESSIVE, 3);
}

/* A DELETE is lost that nothing repeats, for what it is about is flushed again or gone with its IKE
 * SA; the peer is the one that begins, and has no other reason to. */
static void a_lost_delete_leaves_no_pair_at_the_peer(void **state)
{
	static const enum cross_kind first[] = {CROSS_FLUSH, CROSS_END};
	struct cross_sum *sum = cross_sum_new();

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct cross_case c = {
			.mode = IKE_MODE_MAIN,
			.n_actions = 2,
			.action = {{1, first[i]}, {1, CROSS_FLUSH}},
			.fate = CROSS_LOST,
		};

		cross_walk(&c, is_well, sum);
	}
	assert_true(sum->runs > 4);
	assert_int_equal(sum->bad + sum->crashed, 0);
	cross_sum_free(sum);
}

/* The peer ends all it had while the next IKE SA comes up, and its DELETE of a pair that was made
 * through the old one meanwhile is lost: it says that it has nothing, and then the pair goes. */
static void a_pair_of_the_old_ike_sa_goes_with_it(void **state)
{
	struct cross_sum *sum = cross_sum_new();
	struct cross_case c = {
		.mode = IKE_MODE_MAIN,
		.n_actions = 3,
		.pfs = true,
		.action = {{0, CROSS_REKEY_PAIR}, {0, CROSS_REKEY_IKE}, {1, CROSS_END}},
		.fate = CROSS_LOST,
		.which = 4,
	};

	(void)state;
	cross_walk(&c, is_well, sum);
	assert_true(sum->runs > 100);
	assert_int_equal(sum->bad + sum->crashed, 0);
	cross_sum_free(sum);
}

/* That the processes take no branch for another, and leave out none. */
static void forks_go_where_replays_go(void **state)
{
	struct cross_case c = {
		.mode = IKE_MODE_IKE2,
		.n_actions = 2,
		.action = {{0, CROSS_REKEY_PAIR}, {1, CROSS_FLUSH}},
		.fate = CROSS_LOST,
	};
	struct cross_sum *forks = cross_sum_new(), *replays = cross_sum_new();

	(void)state;
	for (c.which = 0; c.which < 4; c.which++) {
		cross_walk(&c, is_well, forks);
		cross_replay(&c, is_well, replays);
	}
	assert_true(replays->runs > 50);
	assert_memory_equal(forks, replays, sizeof(*forks));
	cross_sum_free(forks);
	cross_sum_free(replays);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_two_of_ike2_leave_one_pair),
		cmocka_unit_test(any_three_of_ike2_leave_one_pair),
		cmocka_unit_test(any_two_of_ike1_leave_one_pair),
		cmocka_unit_test(any_three_of_ike1_leave_one_pair),
		cmocka_unit_test(any_two_of_aggressive_leave_one_pair),
		cmocka_unit_test(any_three_of_aggressive_leave_one_pair),
		cmocka_unit_test(a_lost_delete_leaves_no_pair_at_the_peer),
		cmocka_unit_test(a_pair_of_the_old_ike_sa_goes_with_it),
		cmocka_unit_test(forks_go_where_replays_go),
	};

	if (argc > 1)
		n_drawn = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		cmocka_set_test_filter(argv[3]);
	if (argc > 4)
		jobs = (unsigned)strtoul(argv[4], NULL, 10);
	if (argc > 5 && (sscanf(argv[5], "%u/%u", &shard, &shards) != 2 || shard >= shards))
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
