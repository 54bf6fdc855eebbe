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
			 payloads, len);
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

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authentic_lies_end_nothing_but_the_tunnel),
	};

	if (argc > 1)
		n_rounds = (unsigned)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
