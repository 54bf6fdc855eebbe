/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_hostile.c - random and mutated datagrams into a node while it negotiates, rekeys and idles.
 * The tunnel that its real peer makes must come up and stay, counters must add up, and nothing may
 * be left over. argv[1]: how many datagrams (default 200,000).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/sim.h"

#define KEPT 64

static unsigned long n_datagrams = 200000;

struct kept {
	uint8_t data[KEPT][2048];
	size_t len[KEPT];
	bool marker[KEPT];
	unsigned n;
};

/* Keeps the latest datagrams of both directions as seeds. */
static bool keep(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct kept *k = ctx;
	unsigned i = k->n++ % KEPT;

	(void)s;
	(void)from;
	if (d->len <= sizeof(k->data[0])) {
		memcpy(k->data[i], data, d->len);
		k->len[i] = d->len;
		k->marker[i] = d->marker;
	}
	return true;
}

static size_t mutate(struct sim *s, uint8_t *buf, size_t len)
{
	unsigned n = 1 + sim_random(s) % 4;

	while (n-- > 0 && len > 0) {
		size_t at = sim_random(s) % len;

		switch (sim_random(s) % 6) {
		case 0:
			buf[at] ^= (uint8_t)(1u << sim_random(s) % 8);
			break;
		case 1:
			buf[at] = (uint8_t)sim_random(s);
			break;
		case 2: /* lengths and types sit at the payload headers */
			at = 28 + 4 * (sim_random(s) % 20);
			if (at + 4 < len)
				buf[at + sim_random(s) % 4] = (uint8_t)sim_random(s);
			break;
		case 3:
			len = at;
			break;
		case 4: /* a right header length, so that it gets further */
			if (len >= 28) {
				buf[24] = buf[25] = 0;
				buf[26] = (uint8_t)(len >> 8);
				buf[27] = (uint8_t)len;
			}
			break;
		case 5: /* message id, flags, exchange */
			if (len >= 28)
				buf[17 + sim_random(s) % 7] = (uint8_t)sim_random(s);
			break;
		}
	}
	return len;
}

static void one(struct sim *s, const struct kept *k)
{
	unsigned have = k->n < KEPT ? k->n : KEPT, i;
	uint8_t buf[2048];
	size_t len = sim_random(s) % 600;

	if (have == 0 || sim_random(s) % 16 == 0) {
		for (size_t b = 0; b < len; b++)
			buf[b] = (uint8_t)sim_random(s);
		sim_inject(s, (int)(sim_random(s) % 2), buf, len, sim_random(s) % 2);
		return;
	}
	i = (unsigned)(sim_random(s) % have);
	memcpy(buf, k->data[i], k->len[i]);
	len = mutate(s, buf, k->len[i]);
	sim_inject(s, (int)(sim_random(s) % 2), buf, len, k->marker[i]);
}

/* In the second after a rekey the two sides may still send through different pairs, both good. */
static bool works_soon(struct sim *s)
{
	for (unsigned i = 0; i < 6; i++) {
		if (sim_working(s, 0))
			return true;
		sim_run(s, s->now + 500 * SIM_MS);
	}
	return false;
}

static void floods_of_garbage_do_no_harm(void **state)
{
	unsigned long done = 0;
	struct kept *k = calloc(1, sizeof(*k));
	struct sim s;

	(void)state;
	assert_non_null(k);
	for (unsigned round = 0; done < n_datagrams; round++) {
		sim_init(&s, 9000 + round);
		s.node[1].conf.passive = round & 1;
		for (int i = 0; i < 2; i++) {
			s.node[i].conf.profile.lifetime = 40;
			s.node[i].children[0].proposal.lifetime = 20;
			s.node[i].children[0].proposal.pfs_group = round & 2 ? 19 : 0;
		}
		if (round & 4) {
			s.node[0].nat = sim_addr("203.0.113.9");
			s.node[1].conf.remote = s.node[0].nat;
			s.node[1].conf.passive = true;
		}
		memset(k, 0, sizeof(*k));
		s.net.hook = keep;
		s.net.hook_ctx = k;
		sim_start(&s);
		for (unsigned i = 0; i < 4000; i++, done++) {
			one(&s, k);
			/* Fast through the handshakes, slow enough to see lifetimes end. */
			sim_run(&s, s.now + sim_random(&s) % (30 * SIM_MS));
		}
		/* Whoever reads and forges message 3 or 4 can spoil a main mode (its KE is not
		 * authenticated); the next one must succeed. */
		sim_run(&s, s.now + 100 * SIM_SEC);
		assert_true(works_soon(&s));
		assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
		sim_run(&s, s.now + 40 * SIM_SEC);
		assert_true(sim_ike_sas(&s, 0, NULL) <= 6 && sim_ike_sas(&s, 1, NULL) <= 6);
		sim_fini(&s);
	}
	free(k);
}

/* One side begins, the other is passive, and what they send is kept: to be freed. */
static struct kept *start_keeping(struct sim *s, uint64_t seed)
{
	struct kept *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	sim_init(s, seed);
	s->node[1].conf.passive = true;
	s->net.hook = keep;
	s->net.hook_ctx = k;
	sim_start(s);
	return k;
}

/* Half-open SAs of one source are few, whatever it sends, and they go. */
static void half_open_sas_are_capped(void **state)
{
	struct sim s;
	struct kept *k = start_keeping(&s, 1);

	(void)state;
	sim_run(&s, s.now + 2 * SIM_SEC);
	assert_int_equal(k->data[0][18], 2);
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t tx = sim_counters(&s, 1)->tx;

		k->data[0][0] = (uint8_t)i;
		k->data[0][1] = (uint8_t)(i >> 8);
		sim_inject(&s, 1, k->data[0], k->len[0], false);
		assert_true(sim_counters(&s, 1)->tx <= tx + 1);
		assert_true(sim_ike_sas(&s, 1, "message-2-sent") <= 5);
		sim_run(&s, s.now + SIM_MS);
	}
	assert_true(sim_counters(&s, 1)->guard_source > 0 && sim_counters(&s, 1)->guard_rate > 0);
	assert_true(sim_agreed(&s, 0));
	sim_run(&s, s.now + 31 * SIM_SEC);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	sim_fini(&s);
	free(k);
}

/* A repeated first message is answered from memory, a few times. */
static void repeats_are_answered_three_times(void **state)
{
	struct sim s;
	struct kept *k = start_keeping(&s, 2);
	uint64_t tx;

	(void)state;
	sim_run(&s, s.now + SIM_MS);
	tx = sim_counters(&s, 1)->tx;
	for (unsigned i = 0; i < 20; i++)
		sim_inject(&s, 1, k->data[0], k->len[0], false);
	assert_int_equal(sim_counters(&s, 1)->tx - tx, 4);
	assert_int_equal(sim_ike_sas(&s, 1, NULL), 1);
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
	free(k);
}

/* A repeat of message 2 of quick mode brings message 3 once more, and that nothing: two who
 * answered each other's answers would go on for as long as their limits let them. */
static void what_ends_an_exchange_has_no_answer(void **state)
{
	struct sim s;
	struct kept *k = start_keeping(&s, 3);
	uint64_t sent;

	(void)state;
	sim_run(&s, s.now + 3 * SIM_SEC);
	assert_true(sim_agreed(&s, 0));
	assert_int_equal(k->n, 6 + 3);
	sent = s.ike_sent;
	sim_inject(&s, 1, k->data[8], k->len[8], k->marker[8]);
	assert_int_equal(s.ike_sent - sent, 0);
	assert_int_equal(sim_counters(&s, 1)->rx_repeat, 1);
	sim_inject(&s, 0, k->data[7], k->len[7], k->marker[7]);
	sim_run(&s, s.now + 3 * SIM_SEC);
	assert_int_equal(s.ike_sent - sent, 1);
	assert_int_equal(sim_counters(&s, 1)->rx_repeat, 2);
	assert_true(sim_agreed(&s, 0));
	sim_fini(&s);
	free(k);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(floods_of_garbage_do_no_harm),
		cmocka_unit_test(half_open_sas_are_capped),
		cmocka_unit_test(repeats_are_answered_three_times),
		cmocka_unit_test(what_ends_an_exchange_has_no_answer),
	};

	if (argc > 1)
		n_datagrams = strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
