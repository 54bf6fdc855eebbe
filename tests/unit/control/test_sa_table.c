/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sa_table.c - slots and SPIs: carried slot, never reserved, never repeated soon. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/sa_table.h"
#include "control/secret.h"

#define SIZE 64u

struct fixture {
	struct sa_table *t;
	uint64_t seed;
	uint32_t forced[16]; /* given out first */
	unsigned int n_forced, at_forced;
	bool fail_random;
	uint8_t taken[SIZE * 4]; /* in the status table */
	unsigned int lost;
};

static int fake_random(void *ctx, void *buf, size_t len)
{
	struct fixture *x = ctx;
	uint32_t r;

	if (x->fail_random)
		return -EIO;
	assert_int_equal(len, sizeof(r));
	if (x->at_forced < x->n_forced) {
		r = x->forced[x->at_forced++];
	} else {
		x->seed ^= x->seed << 13;
		x->seed ^= x->seed >> 7;
		x->seed ^= x->seed << 17;
		r = (uint32_t)(x->seed >> 16);
	}
	memcpy(buf, &r, sizeof(r));
	return 0;
}

static bool fake_free(void *ctx, uint32_t slot)
{
	return !((struct fixture *)ctx)->taken[slot];
}

static const struct sa_table_ops ops = {.random = fake_random, .slot_free = fake_free};

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->seed = 0x243f6a8885a308d3ull;
	x->t = sa_table_new(SIZE, &ops, x);
	*state = x;
	return x->t == NULL;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	sa_table_free(x->t);
	free(x);
	return 0;
}

static void size_must_be_a_power_of_two(void **state)
{
	assert_null(sa_table_new(0, &ops, *state));
	assert_null(sa_table_new(48, &ops, *state));
	assert_null(sa_table_new(ABI_MAX_SAS_LIMIT * 2, &ops, *state));
}

static void an_spi_carries_its_slot(void **state)
{
	struct fixture *x = *state;
	uint8_t seen[SIZE] = {0};

	for (unsigned int i = 0; i < SIZE; i++) {
		uint32_t spi = sa_table_take_spi(x->t);

		assert_true(spi >= ABI_SPI_MIN);
		assert_int_equal(seen[spi % SIZE]++, 0);
	}
	assert_int_equal(sa_table_used(x->t), SIZE);
	assert_int_equal(sa_table_take_spi(x->t), 0);
	assert_int_equal(sa_table_take_slot(x->t), SA_TABLE_NONE);
}

static void reserved_spis_are_drawn_again(void **state)
{
	struct fixture *x = *state;

	x->forced[0] = 0;
	x->forced[1] = 0x80; /* 0x80..0xbf: below 256 */
	x->forced[2] = 0xabcd0000;
	x->n_forced = 3;
	assert_int_equal(sa_table_take_spi(x->t) & ~(SIZE - 1), 0xabcd0000);
}

static void a_recent_spi_is_not_given_again(void **state)
{
	struct fixture *x = *state;
	uint32_t first;

	for (uint32_t s = 0; s < SIZE; s++)
		x->taken[s] = s != 9;
	x->forced[0] = 0x11110000;
	x->n_forced = 1;
	first = sa_table_take_spi(x->t);
	assert_int_equal(first, 0x11110009);
	sa_table_release_spi(x->t, first);
	x->at_forced = 0;
	x->forced[1] = 0x22220000;
	x->n_forced = 2; /* the first draw collides, the second does not */
	assert_int_equal(sa_table_take_spi(x->t), 0x22220009);
}

static void a_stuck_random_source_gives_no_spi(void **state)
{
	struct fixture *x = *state;

	x->fail_random = true;
	assert_int_equal(sa_table_take_spi(x->t), 0);
	assert_int_equal(sa_table_used(x->t), 0);
}

/* A hundred thousand SPIs given and returned: none comes back within SIZE x SA_TABLE_HISTORY. */
static void spis_rest_long(void **state)
{
	static uint32_t ring[SIZE * SA_TABLE_HISTORY];
	const unsigned int window = sizeof(ring) / sizeof(ring[0]);
	struct fixture *x = *state;

	memset(ring, 0, sizeof(ring));
	for (unsigned int i = 0; i < 20000; i++) {
		uint32_t spi = sa_table_take_spi(x->t);

		for (unsigned int k = 0; k < window; k++)
			assert_int_not_equal(ring[k], spi);
		ring[i % window] = spi;
		sa_table_release_spi(x->t, spi);
	}
}

static void a_slot_rests_while_others_are_free(void **state)
{
	struct fixture *x = *state;
	uint32_t first = sa_table_take_slot(x->t);

	sa_table_release_slot(x->t, first);
	for (unsigned int i = 1; i < SIZE; i++) {
		uint32_t s = sa_table_take_slot(x->t);

		assert_int_not_equal(s, first);
		sa_table_release_slot(x->t, s);
	}
	assert_int_equal(sa_table_take_slot(x->t), first);
}

static void slots_taken_in_the_dataplane_are_left_alone(void **state)
{
	struct fixture *x = *state;

	memset(x->taken, 1, SIZE);
	x->taken[33] = 0;
	assert_int_equal(sa_table_take_slot(x->t), 33);
	assert_int_equal(sa_table_take_slot(x->t), SA_TABLE_NONE);
}

static void only_the_reserved_spi_is_released(void **state)
{
	struct fixture *x = *state;
	uint32_t spi = sa_table_take_spi(x->t), slot = sa_table_take_slot(x->t);

	sa_table_release_spi(x->t, spi + SIZE * 256);
	sa_table_release_spi(x->t, 0);
	sa_table_release_spi(x->t, 1);
	sa_table_release_spi(x->t, slot);
	assert_int_equal(sa_table_used(x->t), 2);
	sa_table_release_spi(x->t, spi);
	sa_table_release_spi(x->t, spi);
	assert_int_equal(sa_table_used(x->t), 1);
	sa_table_release_slot(x->t, slot);
	sa_table_release_slot(x->t, UINT32_MAX);
	assert_int_equal(sa_table_used(x->t), 0);
}

static struct sa_pair *make_pair(struct fixture *x, uint64_t token)
{
	struct sa_pair *p = sa_table_add(x->t, token, 7);

	assert_non_null(p);
	p->in.add.msg.type = p->out.add.msg.type = ABI_CMD_SA_ADD;
	p->in.add.spi = sa_table_take_spi(x->t);
	p->in.add.slot = p->in.add.spi % SIZE;
	p->out.add.spi = 0xdead0000 + (uint32_t)token;
	p->out.add.slot = sa_table_take_slot(x->t);
	assert_int_equal(sa_table_bind(x->t, p, &p->in), 0);
	assert_int_equal(sa_table_bind(x->t, p, &p->out), 0);
	return p;
}

static void pairs_are_found_by_token_and_slot(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *a = make_pair(x, 1), *b = make_pair(x, 2);
	struct sa_half *h;

	assert_ptr_equal(sa_table_find(x->t, 1), a);
	assert_ptr_equal(sa_table_find(x->t, 2), b);
	assert_null(sa_table_find(x->t, 3));
	assert_null(sa_table_find(x->t, 0));
	assert_ptr_equal(sa_table_at(x->t, b->out.add.slot, &h), b);
	assert_ptr_equal(h, &b->out);
	assert_ptr_equal(sa_table_at(x->t, a->in.add.slot, &h), a);
	assert_ptr_equal(h, &a->in);
	assert_null(sa_table_at(x->t, SIZE, &h));
	assert_int_equal(a->cookie >> 32, 7);
	assert_int_not_equal(a->cookie, b->cookie);
	sa_table_remove(x->t, a);
	assert_null(sa_table_find(x->t, 1));
	assert_int_equal(sa_table_used(x->t), 2);
}

static void a_token_is_used_once(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *a = make_pair(x, 5);

	assert_null(sa_table_add(x->t, 5, 7));
	assert_int_equal(errno, EEXIST);
	sa_table_forget_token(x->t, a);
	assert_non_null(sa_table_add(x->t, 5, 7));
}

static void a_slot_takes_one_pair(void **state)
{
	struct fixture *x = *state;
	struct sa_pair *a = make_pair(x, 1), *b = sa_table_add(x->t, 2, 7);

	b->in.add.msg.type = ABI_CMD_SA_ADD;
	b->in.add.slot = a->in.add.slot;
	assert_int_equal(sa_table_bind(x->t, b, &b->in), -EEXIST);
	b->in.add.slot = SIZE;
	assert_int_equal(sa_table_bind(x->t, b, &b->in), -ERANGE);
	b->in.add.msg.type = 0;
	sa_table_remove(x->t, b);
	assert_int_equal(sa_table_used(x->t), 2);
}

static void on_lost(void *ctx, struct sa_pair *p)
{
	(void)p;
	((struct fixture *)ctx)->lost++;
}

static void growing_keeps_all_pairs(void **state)
{
	struct fixture *x = *state;
	struct sa_half *h;
	struct sa_pair *p;

	for (uint64_t i = 1; i <= SIZE / 2; i++)
		make_pair(x, i);
	assert_int_equal(sa_table_resize(x->t, SIZE * 4, on_lost, x), 0);
	/* outbound SAs make room, inbound ones stand where their SPI says */
	TAILQ_FOREACH (p, sa_table_all(x->t), link) {
		if (!sa_half_exists(&p->in))
			continue;
		assert_int_equal(p->in.add.slot, p->in.add.spi % (SIZE * 4));
		assert_ptr_equal(sa_table_at(x->t, p->in.add.slot, &h), p);
		assert_ptr_equal(sa_table_at(x->t, p->out.add.slot, &h), p);
	}
	assert_int_equal(x->lost, 0);
	assert_int_equal(sa_table_used(x->t), SIZE);
}

static void shrinking_reports_who_finds_no_place(void **state)
{
	struct fixture *x = *state;

	for (uint64_t i = 1; i <= SIZE / 2; i++)
		make_pair(x, i);
	assert_int_equal(sa_table_resize(x->t, 16, on_lost, x), 0);
	assert_true(sa_table_used(x->t) <= 16);
	assert_in_range(x->lost, SIZE / 2 - 16, SIZE / 2);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(size_must_be_a_power_of_two),
		T(an_spi_carries_its_slot),
		T(reserved_spis_are_drawn_again),
		T(a_recent_spi_is_not_given_again),
		T(a_stuck_random_source_gives_no_spi),
		T(spis_rest_long),
		T(a_slot_rests_while_others_are_free),
		T(slots_taken_in_the_dataplane_are_left_alone),
		T(only_the_reserved_spi_is_released),
		T(pairs_are_found_by_token_and_slot),
		T(a_token_is_used_once),
		T(a_slot_takes_one_pair),
		T(growing_keeps_all_pairs),
		T(shrinking_reports_who_finds_no_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
