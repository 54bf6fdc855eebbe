/* SPDX-License-Identifier: BSD-3-Clause */
/* test_ring.c - the ring between two processes: order, wrap, bounds, wiping, and hostile indices.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/api/ring.h"

#define SLOTS 8u
#define SIZE  64u

struct pair {
	uint8_t *mem; /* ring, then a guard */
	struct abi_ring_view in, out;
};

#define GUARD 256u

static void make(struct pair *p, bool wipe)
{
	size_t bytes = abi_ring_bytes(SLOTS, SIZE);

	p->mem = aligned_alloc(64, bytes + GUARD);
	memset(p->mem, 0, bytes);
	memset(p->mem + bytes, 0xa5, GUARD);
	assert_int_equal(abi_ring_attach(&p->in, p->mem, SLOTS, SIZE, true, false), 0);
	assert_int_equal(abi_ring_attach(&p->out, p->mem, SLOTS, SIZE, false, wipe), 0);
}

static void done(struct pair *p)
{
	for (size_t i = 0; i < GUARD; i++)
		assert_int_equal(p->mem[abi_ring_bytes(SLOTS, SIZE) + i], 0xa5);
	free(p->mem);
}

static void gives_records_in_order_across_the_wrap(void **state)
{
	struct pair p;
	uint64_t got[SIZE / 8];
	uint64_t put = 0, take = 0;

	(void)state;
	make(&p, false);
	while (take < 100000) {
		for (uint64_t k = put % 5; k > 0 && abi_ring_put(&p.in, &put, sizeof(put)) == 0;
		     k--)
			put++;
		put += abi_ring_put(&p.in, &put, sizeof(put)) == 0;
		for (uint64_t k = take % 3 + 1; k > 0 && abi_ring_get(&p.out, got) == 1; k--)
			assert_int_equal(got[0], take++);
	}
	assert_true(put - take <= SLOTS);
	done(&p);
}

static void works_where_indices_wrap_at_32_bits(void **state)
{
	struct pair p;
	uint8_t got[SIZE];

	(void)state;
	make(&p, false);
	p.in.ring->head = p.in.ring->tail = UINT32_MAX - 3;
	assert_int_equal(abi_ring_attach(&p.in, p.mem, SLOTS, SIZE, true, false), 0);
	assert_int_equal(abi_ring_attach(&p.out, p.mem, SLOTS, SIZE, false, false), 0);
	for (uint8_t i = 0; i < SLOTS; i++)
		assert_int_equal(abi_ring_put(&p.in, &i, 1), 0);
	assert_int_equal(abi_ring_put(&p.in, "x", 1), -ENOSPC);
	for (uint8_t i = 0; i < SLOTS; i++) {
		assert_int_equal(abi_ring_get(&p.out, got), 1);
		assert_int_equal(got[0], i);
	}
	assert_int_equal(abi_ring_get(&p.out, got), 0);
	done(&p);
}

static void refuses_when_full_and_says_so_when_empty(void **state)
{
	struct pair p;
	uint8_t got[SIZE];

	(void)state;
	make(&p, false);
	assert_int_equal(abi_ring_get(&p.out, got), 0);
	assert_int_equal(abi_ring_avail(&p.in), SLOTS);
	for (unsigned int i = 0; i < SLOTS; i++)
		assert_int_equal(abi_ring_put(&p.in, "r", 1), 0);
	assert_int_equal(abi_ring_put(&p.in, "r", 1), -ENOSPC);
	assert_int_equal(abi_ring_avail(&p.in), 0);
	assert_int_equal(abi_ring_avail(&p.out), SLOTS);
	assert_int_equal(abi_ring_get(&p.out, got), 1);
	assert_int_equal(abi_ring_put(&p.in, "r", 1), 0);
	done(&p);
}

static void refuses_a_record_larger_than_a_slot(void **state)
{
	uint8_t big[SIZE + 1] = {0};
	struct pair p;

	(void)state;
	make(&p, false);
	assert_int_equal(abi_ring_put(&p.in, big, sizeof(big)), -EMSGSIZE);
	assert_int_equal(abi_ring_avail(&p.out), 0);
	done(&p);
}

static void wipes_what_was_taken(void **state)
{
	static const uint8_t zero[SIZE];
	uint8_t key[SIZE], got[SIZE];
	struct pair p;

	(void)state;
	memset(key, 0x5a, sizeof(key));
	make(&p, true);
	assert_int_equal(abi_ring_put(&p.in, key, sizeof(key)), 0);
	assert_memory_equal(p.in.ring->slots, key, SIZE);
	assert_int_equal(abi_ring_get(&p.out, got), 1);
	assert_memory_equal(got, key, SIZE);
	assert_memory_equal(p.in.ring->slots, zero, SIZE);
	done(&p);
}

/* The other side writes after we took the record: what we hold does not change. */
static void gives_a_copy(void **state)
{
	uint8_t got[SIZE];
	struct pair p;

	(void)state;
	make(&p, false);
	assert_int_equal(abi_ring_put(&p.in, "good", 5), 0);
	assert_int_equal(abi_ring_get(&p.out, got), 1);
	memcpy(p.in.ring->slots, "evil", 5);
	assert_string_equal((char *)got, "good");
	done(&p);
}

static void breaks_for_good_on_an_impossible_index(void **state)
{
	/* Written but for more than there are slots; taken before it was written. */
	static const uint32_t bad_head[] = {SLOTS + 1, 1000, 0x80000000u, UINT32_MAX};
	static const uint32_t bad_tail[] = {1, 1000, 0x80000000u, UINT32_MAX - SLOTS};
	uint8_t got[SIZE];

	(void)state;
	for (unsigned int i = 0; i < sizeof(bad_head) / sizeof(bad_head[0]); i++) {
		struct pair p;

		make(&p, false);
		p.in.ring->head = bad_head[i]; /* the producer is hostile */
		assert_int_equal(abi_ring_get(&p.out, got), -EPROTO);
		p.in.ring->head = 0;
		assert_int_equal(abi_ring_get(&p.out, got), -EPROTO);
		p.in.ring->tail = bad_tail[i]; /* and the consumer */
		assert_int_equal(abi_ring_put(&p.in, "r", 1), -EPROTO);
		p.in.ring->tail = 0;
		assert_int_equal(abi_ring_put(&p.in, "r", 1), -EPROTO);
		done(&p);
	}
}

static void refuses_to_attach_to_contradicting_indices(void **state)
{
	struct abi_ring_view v;
	struct pair p;

	(void)state;
	make(&p, false);
	p.in.ring->tail = 1; /* taken: 1, written: 0 */
	assert_int_equal(abi_ring_attach(&v, p.mem, SLOTS, SIZE, true, false), -EPROTO);
	assert_int_equal(abi_ring_attach(&v, p.mem, SLOTS, SIZE, false, false), -EPROTO);
	assert_int_equal(abi_ring_put(&v, "r", 1), -EPROTO);
	done(&p);
}

/* Whatever the peer writes into the shared words at any time, we never leave our slots, never take
 * more than there is room for, and never forget that it lied. */
static void survives_random_indices(void **state)
{
	uint8_t got[SIZE];
	uint64_t lies = 0;

	(void)state;
	srand(1);
	for (int round = 0; round < 200; round++) {
		struct pair p;

		make(&p, true);
		for (int i = 0; i < 500; i++) {
			uint32_t word = (uint32_t)rand() >> (rand() % 31);
			bool broken = p.out.broken;

			if (rand() % 4 == 0)
				p.in.ring->head = p.out.own + (word & 15);
			else if (rand() % 64 == 0)
				p.in.ring->head = word;
			if (abi_ring_get(&p.out, got) == -EPROTO)
				lies++;
			else
				assert_false(broken);
			if (rand() % 64 == 0)
				p.in.ring->tail = word;
			abi_ring_put(&p.in, &word, sizeof(word));
		}
		done(&p);
	}
	assert_true(lies > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_records_in_order_across_the_wrap),
		cmocka_unit_test(works_where_indices_wrap_at_32_bits),
		cmocka_unit_test(refuses_when_full_and_says_so_when_empty),
		cmocka_unit_test(refuses_a_record_larger_than_a_slot),
		cmocka_unit_test(wipes_what_was_taken),
		cmocka_unit_test(gives_a_copy),
		cmocka_unit_test(breaks_for_good_on_an_impossible_index),
		cmocka_unit_test(refuses_to_attach_to_contradicting_indices),
		cmocka_unit_test(survives_random_indices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
