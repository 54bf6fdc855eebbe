/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cross.c - rekeys of pairs and of IKE SAs and deletes that both sides begin at once: in every
 * order of what goes one way, what goes the other way and what is begun, with each message lost or
 * late in turn (of what goes the same way only the late one is overtaken). However it went, one IKE
 * SA and one pair is left, the same on both sides, and rekeys lose no packet. (Two IKE SAs of IKEv1
 * that both sides began at once stay until they expire: it has no rule about which of them goes.)
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

#define EACH (2 * CROSS_KINDS) /* from either side */

/* Any two. */
static struct cross_case case_of_two(unsigned k)
{
	return (struct cross_case){
		.n_actions = 2,
		.action = {{(int)(k & 1), k / 4 % CROSS_KINDS},
			   {(int)(k >> 1 & 1), k / 4 / CROSS_KINDS}},
	};
}

static struct cross_case case_of_any_three(unsigned k)
{
	struct cross_case c = {.n_actions = 3};

	for (unsigned i = 0; i < 3; i++, k /= EACH)
		c.action[i] = (struct cross_action){(int)(k & 1), k / 2 % CROSS_KINDS};
	return c;
}

/* Both rekeys and a delete, of a pair or of all, each from either side, begun in each order. */
static struct cross_case case_of_three(unsigned k)
{
	static const uint8_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
					    {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
	const enum cross_kind kinds[] = {CROSS_REKEY_PAIR, CROSS_REKEY_IKE,
					 k / 8 / 6 == 0 ? CROSS_FLUSH : CROSS_END};
	struct cross_case c = {.n_actions = 3};

	for (unsigned i = 0; i < 3; i++)
		c.action[i] = (struct cross_action){(int)(k >> i & 1), kinds[orders[k / 8 % 6][i]]};
	return c;
}

struct cases {
	unsigned n;
	struct cross_case (*make)(unsigned k);
	enum cross_fate last;
};

static const struct cases all_twos = {EACH * EACH, case_of_two, CROSS_LATE};
static const struct cases threes = {2 * 6 * 8, case_of_three, CROSS_LOST};
static const struct cases all_threes = {EACH * EACH * EACH, case_of_any_three, CROSS_LOST};

struct whole {
	enum ike_exchange_mode mode;
	const struct cases *cases;
	struct cross_sum *sum;
};

static void one_case(unsigned k, void *ctx)
{
	const struct whole *w = ctx;
	struct cross_case c = w->cases->make(k);
	struct cross_sum *sum = cross_sum_new();

	c.mode = w->mode;
	c.seed = first_seed - 1;
	all_paths(c, w->cases->last, sum);
	cross_sum_add(w->sum, sum);
	cross_print_case(&c);
	fprintf(stderr, ": %lu runs, %lu bad; %lu runs in all\n", sum->runs,
		sum->bad + sum->crashed, w->sum->runs);
	cross_sum_free(sum);
}

static void whole(enum ike_exchange_mode mode, const struct cases *cases)
{
	struct whole w = {.mode = mode, .cases = cases, .sum = cross_sum_new()};

	assert_true(cross_share(cases->n, jobs != 0 ? jobs : 1, shard, shards, one_case, &w));
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
		whole(IKE_MODE_IKE2, &all_twos);
	some_paths(IKE_MODE_IKE2, 2);
}

static void any_three_of_ike2_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_IKE2, &threes);
	some_paths(IKE_MODE_IKE2, 3);
}

/* Of IKEv1 that is hours. */
static void all_threes_of_ike2_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_IKE2, &all_threes);
}

static void any_two_of_ike1_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_MAIN, &all_twos);
	some_paths(IKE_MODE_MAIN, 2);
}

static void any_three_of_ike1_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_MAIN, &threes);
	some_paths(IKE_MODE_MAIN, 3);
}

static void any_two_of_aggressive_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_AGGRESSIVE, &all_twos);
	some_paths(IKE_MODE_AGGRESSIVE, 2);
}

static void any_three_of_aggressive_leave_one_pair(void **state)
{
	(void)state;
	if (n_drawn == 0)
		whole(IKE_MODE_AGGRESSIVE, &threes);
	some_paths(IKE_MODE_AGGRESSIVE, 3);
}

/* Every order of a case with each message of those lost. */
static void all_are_well(struct cross_case c, unsigned first, unsigned last, unsigned long at_least)
{
	struct cross_sum *sum = cross_sum_new();

	c.fate = CROSS_LOST;
	for (c.which = first; c.which <= last; c.which++)
		cross_walk(&c, is_well, sum);
	assert_true(sum->runs > at_least);
	assert_int_equal(sum->bad + sum->crashed, 0);
	cross_sum_free(sum);
}

/* A DELETE is lost that nothing repeats, for what it is about is flushed again or gone with its IKE
 * SA; the peer is the one that begins, and has no other reason to. */
static void a_lost_delete_leaves_no_pair_at_the_peer(void **state)
{
	static const enum cross_kind first[] = {CROSS_FLUSH, CROSS_END};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct cross_case c = {
			.mode = IKE_MODE_MAIN,
			.n_actions = 2,
			.action = {{1, first[i]}, {1, CROSS_FLUSH}},
		};

		all_are_well(c, 0, 0, 1);
	}
}

/* The peer ends all it had while the next IKE SA comes up, and its DELETE of a pair that was made
 * through the old one meanwhile is lost: it says that it has nothing, and then the pair goes. */
static void a_pair_of_the_old_ike_sa_goes_with_it(void **state)
{
	struct cross_case c = {
		.mode = IKE_MODE_MAIN,
		.n_actions = 3,
		.pfs = true,
		.action = {{0, CROSS_REKEY_PAIR}, {0, CROSS_REKEY_IKE}, {1, CROSS_END}},
	};

	(void)state;
	all_are_well(c, 4, 4, 100);
}

/* A pair was made through the old IKE SA when the next one was up on one side only; the other side
 * ends what it has, has no IKE SA to say so, and says later that it has nothing. */
static void a_pair_made_later_through_the_old_ike_sa_goes_too(void **state)
{
	struct cross_case c = {
		.mode = IKE_MODE_AGGRESSIVE,
		.n_actions = 3,
		.action = {{0, CROSS_REKEY_IKE}, {1, CROSS_REKEY_PAIR}, {1, CROSS_FLUSH}},
	};

	(void)state;
	all_are_well(c, 2, 2, 100);
}

/* Both rekey the IKE SA and one answer is lost: one side has two new ones, the other a single one,
 * and a pair that is rekeyed meanwhile must not be asked for through the one that goes. */
static void pairs_wait_until_it_is_known_which_ike_sa_stays(void **state)
{
	struct cross_case c = {
		.mode = IKE_MODE_IKE2,
		.n_actions = 3,
		.pfs = true,
		.action = {{0, CROSS_REKEY_IKE}, {1, CROSS_REKEY_IKE}, {0, CROSS_REKEY_PAIR}},
	};

	(void)state;
	all_are_well(c, 2, 3, 100);
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
		cmocka_unit_test(all_threes_of_ike2_leave_one_pair),
		cmocka_unit_test(any_two_of_ike1_leave_one_pair),
		cmocka_unit_test(any_three_of_ike1_leave_one_pair),
		cmocka_unit_test(any_two_of_aggressive_leave_one_pair),
		cmocka_unit_test(any_three_of_aggressive_leave_one_pair),
		cmocka_unit_test(a_lost_delete_leaves_no_pair_at_the_peer),
		cmocka_unit_test(a_pair_of_the_old_ike_sa_goes_with_it),
		cmocka_unit_test(a_pair_made_later_through_the_old_ike_sa_goes_too),
		cmocka_unit_test(pairs_wait_until_it_is_known_which_ike_sa_stays),
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
