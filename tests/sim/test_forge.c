/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_forge.c - a peer that holds the keys and lies: mutated payloads under a HASH that verifies,
 * in every encrypted message of both phases. It may end its own tunnel, nothing else. argv[1]: how
 * many rounds (default 150).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/sim/forge.h"

static unsigned n_rounds = 150;

struct liar {
	struct sim *s;
	unsigned pct;
	unsigned long changed;
};

static size_t change(void *ctx, uint8_t *next, uint8_t *p, size_t len, size_t cap)
{
	struct liar *l = ctx;
	unsigned n = 1 + sim_random(l->s) % 3;
	size_t grow;

	l->changed++;
	while (n-- > 0 && len > 0) {
		size_t at = sim_random(l->s) % len;

		switch (sim_random(l->s) % 6) {
		case 0:
			p[at] ^= (uint8_t)(1u << sim_random(l->s) % 8);
			break;
		case 1:
			p[at] = (uint8_t)sim_random(l->s);
			break;
		case 2:
			p[at] = sim_random(l->s) % 2 ? 0 : 0xff;
			break;
		case 3:
			len = at;
			break;
		case 4:
			*next = (uint8_t)(sim_random(l->s) % 21);
			break;
		case 5: /* payloads twice */
			grow = len < cap / 2 ? len : cap - len;
			memmove(p + len, p, grow);
			len += grow;
			break;
		}
	}
	return len;
}

static bool lie(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct liar *l = ctx;

	if (sim_random(s) % 100 < l->pct)
		(void)forge_message(s, from, data, &d->len, 4096, change, l);
	return true;
}

static void junk(struct sim *s)
{
	static const uint8_t types[] = {1, 4, 5, 8, 10, 11, 12, 13, 20, 0, 99};
	uint8_t payloads[256];
	size_t len = sim_random(s) % sizeof(payloads);

	for (size_t i = 0; i < len; i++)
		payloads[i] = (uint8_t)(sim_random(s) % 4 == 0 ? sim_random(s) : 0);
	if (len >= 4) {
		payloads[2] = 0;
		payloads[3] = (uint8_t)len;
	}
	(void)forge_send(s, (int)(sim_random(s) % 2), sim_random(s) % 2 ? 5 : 32,
			 (uint32_t)sim_random(s) | 1, types[sim_random(s) % sizeof(types)],
			 payloads, len, FORGE_RIGHT);
}

static void authentic_lies_end_nothing_but_the_tunnel(void **state)
{
	unsigned long changed = 0;

	(void)state;
	for (unsigned round = 0; round < n_rounds; round++) {
		struct sim s;
		struct liar l = {.s = &s, .pct = 10 + round % 3 * 30};

		sim_init(&s, 11000 + round);
		s.node[1].conf.passive = true;
		for (int i = 0; i < 2; i++) {
			s.node[i].conf.profile.lifetime = 60;
			s.node[i].conf.profile.proposal_check = round % 4;
			s.node[i].children[0].proposal.lifetime = 20;
			s.node[i].children[0].proposal.pfs_group = round & 1 ? 19 : 0;
		}
		s.net.hook = lie;
		s.net.hook_ctx = &l;
		sim_start(&s);
		for (unsigned i = 0; i < 200; i++) {
			junk(&s);
			sim_run(&s, s.now + 500 * SIM_MS);
		}
		s.net.hook = NULL;
		assert_true(sim_counters_add_up(&s, 0) && sim_counters_add_up(&s, 1));
		ike_engine_terminate(s.node[0].engine, NULL, s.now);
		s.node[0].due = s.now;
		sim_run(&s, s.now + 70 * SIM_SEC);
		assert_true(sim_working(&s, 0));
		sim_fini(&s);
		changed += l.changed;
	}
	assert_true(changed > n_rounds * 10UL);
}

/* Spoils the HASH of one kind of message, each time it is sent. */
struct spoil {
	int from;
	uint8_t exchange;
	int nth; /* message of the kind: quick mode 1 and 3 differ in size only */
	unsigned done;
};

static bool spoil(struct sim *s, int from, struct ike_datagram *d, uint8_t *data, void *ctx)
{
	struct spoil *sp = ctx;
	bool third = data[18] == 32 && d->len < 100;

	if (from == sp->from && data[18] == sp->exchange && (data[19] & 1) != 0 &&
	    (sp->exchange != 32 || third == (sp->nth == 3)))
		sp->done += forge_spoil(s, from, data, d->len);
	return true;
}

static void run_spoilt(struct sim *s, struct spoil *sp)
{
	sim_init(s, 5);
	s->node[1].conf.passive = true;
	s->net.hook = spoil;
	s->net.hook_ctx = sp;
	sim_start(s);
	sim_run(s, s->now + 20 * SIM_SEC);
	assert_true(sp->done > 0);
	assert_true(sim_counters_add_up(s, 0) && sim_counters_add_up(s, 1));
}

/* RFC 2409 sections 5.4 and 5.5: each of the five HASHes is needed. */
static void one_wrong_bit_in_any_hash_stops_the_exchange(void **state)
{
	struct spoil hash_i = {0, 2, 0, 0}, hash_r = {1, 2, 0, 0}, hash1 = {0, 32, 1, 0},
		     hash2 = {1, 32, 2, 0}, hash3 = {0, 32, 3, 0};
	struct sim s;

	(void)state;
	run_spoilt(&s, &hash_i);
	assert_int_equal(sim_ike_sas(&s, 1, "established"), 0);
	assert_true(sim_counters(&s, 1)->rx_unauthentic > 0);
	assert_true(sim_evidence(&s, 1, IKE_P1_PSK_MISMATCH) > 0);
	sim_fini(&s);
	run_spoilt(&s, &hash_r);
	assert_int_equal(sim_ike_sas(&s, 0, "established"), 0);
	assert_true(sim_counters(&s, 0)->rx_unauthentic > 0);
	sim_fini(&s);
	run_spoilt(&s, &hash1);
	assert_int_equal(sim_counters(&s, 1)->quick_answered, 0);
	assert_true(sim_counters(&s, 1)->rx_unauthentic > 0);
	sim_fini(&s);
	run_spoilt(&s, &hash2);
	assert_int_equal(s.node[0].installs, 0);
	assert_true(sim_counters(&s, 0)->rx_unauthentic > 0);
	sim_fini(&s);
	run_spoilt(&s, &hash3);
	assert_null(sim_current(&s, 1, 0));
	assert_true(sim_counters(&s, 1)->rx_unauthentic > 0);
	sim_fini(&s);
}

/* An ESP DELETE of the initiator's SPI, and INITIAL-CONTACT's kind: only with the right HASH. */
static void delete_needs_the_right_hash(void **state)
{
	uint8_t delete[16] = {0, 0, 0, 16, 0, 0, 0, 1, 3, 4, 0, 1};
	struct sim s;
	uint32_t spi;

	(void)state;
	sim_init(&s, 6);
	s.node[1].conf.passive = true;
	sim_start(&s);
	sim_run(&s, s.now + 2 * SIM_SEC);
	spi = sim_current(&s, 0, 0)->sa.in.spi;
	for (int i = 0; i < 4; i++)
		delete[12 + i] = (uint8_t)(spi >> (24 - 8 * i));
	assert_true(forge_send(&s, 0, 5, 77, 12, delete, sizeof(delete), FORGE_WRONG));
	sim_run(&s, s.now + 5 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->rx_unauthentic, 1);
	assert_true(sim_agreed(&s, 0));
	assert_true(forge_send(&s, 0, 5, 78, 12, delete, sizeof(delete), FORGE_RIGHT));
	sim_run(&s, s.now + 2 * SIM_SEC);
	assert_int_equal(sim_counters(&s, 1)->delete_received, 1);
	assert_null(sim_current(&s, 1, 0));
	sim_fini(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authentic_lies_end_nothing_but_the_tunnel),
		cmocka_unit_test(one_wrong_bit_in_any_hash_stops_the_exchange),
		cmocka_unit_test(delete_needs_the_right_hash),
	};

	if (argc > 1)
		n_rounds = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
