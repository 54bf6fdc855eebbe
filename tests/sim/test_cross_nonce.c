/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_cross_nonce.c - of two SAs that both sides made at once the one that holds the lowest of the
 * four nonces goes, and its creator deletes it (RFC 7296 sections 2.8.1, 2.25.2): IKE SAs and
 * pairs, each of the four nonces the lowest, in every order of messages, one of the first of them
 * lost. Pairs of IKEv1 follow the same rule here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ike.h"
#include "tests/sim/cross.h"

#define NONCE_FIRST_SPI                                                                            \
	0xc0000202u	  /* of node 0, for what it begins; 0xc0000303: what it answers            \
			   */
#define FIRST_MESSAGES 4u /* two requests and two answers */

/* First bytes of what a node draws: its nonce as initiator, then as responder. The lowest is 1, its
 * SA has the highest as well, so that neither a sum nor one nonce alone decides the same. */
static uint8_t lead[2][2];
static unsigned drawn[2];

static struct {
	uint64_t old; /* its initiator's SPI */
	bool any, by_other;
	unsigned of_old[2];
} deletes;

static void lead_nonce(struct sim *s, int node, void *buf, size_t len)
{
	(void)s;
	if (len != IKE_NONCE_LEN)
		return;
	if (drawn[node] < 2)
		*(uint8_t *)buf = lead[node][drawn[node]];
	drawn[node]++;
}

/* DELETEs are all that is asked by INFORMATIONAL in so short a time. Who made an IKE SA sets the
 * flag of the original initiator in all that it sends on it. */
static void note_delete(int from, const uint8_t *data)
{
	uint64_t ispi;

	memcpy(&ispi, data, sizeof(ispi));
	if (!deletes.any)
		deletes.old = ispi;
	deletes.any = true;
	if (data[18] != IKE2_EXCH_INFO || (data[19] & IKE2_FLAG_RESPONSE) != 0)
		return;
	if (ispi == deletes.old)
		deletes.of_old[from]++;
	else if ((data[19] & IKE2_FLAG_INITIATOR) == 0)
		deletes.by_other = true;
}

/* Position of the lowest: 0, 1 in what node 0 begins, as initiator's and responder's nonce; 2, 3 in
 * what node 1 begins. */
static void place_lowest(unsigned at)
{
	uint8_t of[4] = {2, 3, 2, 3};

	of[at] = 1;
	of[at ^ 1] = 9;
	lead[0][0] = of[0];
	lead[1][1] = of[1];
	lead[1][0] = of[2];
	lead[0][1] = of[3];
	memset(drawn, 0, sizeof(drawn));
	memset(&deletes, 0, sizeof(deletes));
}

static void check(const struct cross_case *c, unsigned lowest, const struct cross_path *path,
		  const struct cross_end *end)
{
	bool ike = c->action[0].kind == CROSS_REKEY_IKE, theirs_stays = lowest < 2, theirs;

	theirs = ike ? end->theirs : end->spi[0] != NONCE_FIRST_SPI;
	if (theirs != theirs_stays || !end->agreed || end->sas[0] != 1 || end->sas[1] != 1 ||
	    end->lost != 0)
		cross_print(c, path, end);
	assert_int_equal(theirs, theirs_stays);
	assert_true(end->agreed && end->clean);
	assert_int_equal(end->sas[0], 1);
	assert_int_equal(end->sas[1], 1);
	assert_int_equal(end->lost, 0);
	if (!ike)
		assert_in_range(end->spi[0], NONCE_FIRST_SPI, NONCE_FIRST_SPI + 0x101);
	if (!ike || c->mode != IKE_MODE_IKE2)
		return;
	if (c->fate != CROSS_ARRIVES) /* who waits in vain for a DELETE sends it, too */
		return;
	assert_false(deletes.by_other);
	assert_int_equal(deletes.of_old[theirs_stays], 1);
	assert_int_equal(deletes.of_old[!theirs_stays], 0);
}

/* Both came about in so many runs of all paths. */
static unsigned all_orders(struct cross_case *c, unsigned lowest)
{
	struct cross_path path = {0};
	unsigned both = 0;

	do {
		struct cross_end end;

		place_lowest(lowest);
		cross_run(c, &path, &end);
		if (drawn[0] == 2 && drawn[1] == 2) {
			check(c, lowest, &path, &end);
			both++;
		}
	} while (cross_next(&path));
	return both;
}

/* When a request of IKE SAs is lost, only one of them may come about. */
static void the_lowest_loses(enum ike_exchange_mode mode, enum cross_kind kind)
{
	for (unsigned k = 0; k < 8; k++) {
		struct cross_case c = {
			.mode = mode,
			.n_actions = 2,
			.action = {{(int)(k & 1), kind}, {(int)(~k & 1), kind}},
			.together = true,
			.drawn = lead_nonce,
			.sent = note_delete,
		};
		unsigned both = all_orders(&c, k / 2);

		assert_true(both >= 2);
		c.fate = CROSS_LOST;
		for (c.which = 0; c.which < FIRST_MESSAGES && mode == IKE_MODE_IKE2; c.which++)
			both += all_orders(&c, k / 2);
		assert_true(both >= (mode == IKE_MODE_IKE2 ? 4 : 2));
	}
}

static void of_two_ike_sas(void **state)
{
	(void)state;
	the_lowest_loses(IKE_MODE_IKE2, CROSS_REKEY_IKE);
}

static void of_two_pairs(void **state)
{
	(void)state;
	the_lowest_loses(IKE_MODE_IKE2, CROSS_REKEY_PAIR);
}

static void of_two_pairs_of_ike1(void **state)
{
	(void)state;
	the_lowest_loses(IKE_MODE_MAIN, CROSS_REKEY_PAIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_two_ike_sas),
		cmocka_unit_test(of_two_pairs),
		cmocka_unit_test(of_two_pairs_of_ike1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
