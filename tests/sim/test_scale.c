/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_scale.c - many tunnels in one process: two engines with N peers each come up, are rekeyed,
 * and end. Arguments: N of IKEv1 (default 500) and of IKEv2. No assertion on time, but anything
 * that grows with N per packet shows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/crypto/suite.h"
#include "control/ike/engine.h"
#include "control/ike/engine_counters.h"
#include "tests/sim/sim.h"

static unsigned n_peers = 500, n_peers_v2;

struct message {
	struct ike_datagram d;
	struct message *next;
	uint8_t data[];
};

struct node {
	struct ike_engine *engine;
	struct node *other;
	uint64_t rng;
	uint32_t spi;
	unsigned pairs, reserved;
	uint64_t *confirm; /* tokens to confirm */
	size_t n_confirm, cap_confirm;
	struct message *first, **last; /* to this node */
};

static void op_send(void *ctx, const struct ike_datagram *d)
{
	struct node *to = ((struct node *)ctx)->other;
	struct message *m = malloc(sizeof(*m) + d->len);

	assert_non_null(m);
	m->d = *d;
	m->next = NULL;
	memcpy(m->data, d->data, d->len);
	*to->last = m;
	to->last = &m->next;
}

static int op_random(void *ctx, void *buf, size_t len)
{
	struct node *n = ctx;

	for (size_t i = 0; i < len; i++) {
		n->rng = n->rng * 6364136223846793005ULL + 1442695040888963407ULL;
		((uint8_t *)buf)[i] = (uint8_t)(n->rng >> 56);
	}
	return 0;
}

static uint32_t op_spi_alloc(void *ctx)
{
	struct node *n = ctx;

	n->reserved++;
	return ++n->spi;
}

static void op_spi_release(void *ctx, uint32_t spi)
{
	(void)spi;
	((struct node *)ctx)->reserved--;
}

static void op_install(void *ctx, const struct ike_child_sa *sa)
{
	struct node *n = ctx;

	if (n->n_confirm == n->cap_confirm) {
		n->cap_confirm = n->cap_confirm == 0 ? 64 : 2 * n->cap_confirm;
		n->confirm = realloc(n->confirm, n->cap_confirm * sizeof(n->confirm[0]));
		assert_non_null(n->confirm);
	}
	n->confirm[n->n_confirm++] = sa->token;
	n->reserved--;
	n->pairs++;
}

static void op_current(void *ctx, uint64_t token)
{
	(void)ctx;
	(void)token;
}

static void op_remove(void *ctx, uint64_t token)
{
	(void)token;
	((struct node *)ctx)->pairs--;
}

static void op_log(void *ctx, enum ike_log_level level, const struct ike_log_ctx *lc,
		   const char *text)
{
	(void)ctx;
	(void)lc;
	if (level <= IKE_LOG_ERROR)
		fprintf(stderr, "%s\n", text);
}

static const struct ike_ops ops = {
	.send = op_send,
	.random = op_random,
	.spi_alloc = op_spi_alloc,
	.spi_release = op_spi_release,
	.child_install = op_install,
	.child_current = op_current,
	.child_remove = op_remove,
	.log = op_log,
};

/* Everything that is on its way arrives at once. */
static void settle(struct node *n, uint64_t now)
{
	for (bool busy = true; busy;) {
		busy = false;
		for (int i = 0; i < 2; i++) {
			struct message *m = n[i].first;

			if (m != NULL) {
				n[i].first = m->next;
				if (n[i].first == NULL)
					n[i].last = &n[i].first;
				m->d.data = m->data;
				ike_engine_input(n[i].engine, &m->d, now);
				free(m);
				busy = true;
			}
			while (n[i].n_confirm > 0) {
				ike_engine_child_result(n[i].engine, n[i].confirm[--n[i].n_confirm],
							0, now);
				busy = true;
			}
		}
	}
}

static void advance(struct node *n, uint64_t *now, uint64_t until)
{
	for (;;) {
		uint64_t due = UINT64_MAX;

		for (int i = 0; i < 2; i++) {
			uint64_t next = ike_engine_tick(n[i].engine, *now);

			due = next < due ? next : due;
		}
		settle(n, *now);
		if (due > until)
			break;
		*now = due > *now ? due : *now;
	}
	*now = until;
}

static void configure(struct node *n, unsigned count, enum ike_exchange_mode mode, uint64_t now)
{
	static const uint8_t psk[] = "a secret of many";
	struct ike_peer_conf *c = calloc(count, sizeof(*c));
	struct ike_child_conf *child = calloc(count, sizeof(*child));

	assert_true(c != NULL && child != NULL);
	for (int side = 0; side < 2; side++) {
		for (unsigned i = 0; i < count; i++) {
			uint8_t many[4] = {10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
			struct abi_addr hub = {.family = 4, .bytes = {192, 0, 2, 1}};
			struct abi_addr spoke = {.family = 4};

			memcpy(spoke.bytes, many, sizeof(many));
			memset(&c[i], 0, sizeof(c[i]));
			snprintf(c[i].name, sizeof(c[i].name), "p%u", i);
			c[i].remote = side == 0 ? spoke : hub;
			c[i].local = side == 0 ? hub : spoke;
			c[i].remote_prefix_len = 32;
			c[i].port = 500;
			c[i].mode = mode;
			c[i].passive = side == 1;
			c[i].profile.encr[0] = (struct ike_encr_choice){12, 128};
			c[i].profile.hash[0] = SUITE_HASH_SHA256;
			c[i].profile.dh[0] = 19;
			c[i].profile.n_encr = c[i].profile.n_hash = c[i].profile.n_dh = 1;
			c[i].profile.lifetime = 86400;
			c[i].profile.dpd_interval = 1000;
			c[i].profile.dpd_max_failures = 4;
			c[i].psk = psk;
			c[i].psk_len = sizeof(psk) - 1;
			c[i].children = &child[i];
			c[i].n_children = 1;
			memset(&child[i], 0, sizeof(child[i]));
			child[i].policy_id = i + 1;
			child[i].mode = ABI_MODE_TUNNEL;
			child[i].local.family = child[i].remote.family = 4;
			child[i].local.port_hi = child[i].remote.port_hi = 65535;
			memset(child[i].local.lo, side == 0 ? 1 : 2, 4);
			memset(child[i].local.hi, side == 0 ? 1 : 2, 4);
			memset(child[i].remote.lo, side == 0 ? 2 : 1, 4);
			memset(child[i].remote.hi, side == 0 ? 2 : 1, 4);
			child[i].proposal.encr[0] = (struct ike_encr_choice){12, 128};
			child[i].proposal.integ[0] = ABI_INTEG_HMAC_SHA2_256_128;
			child[i].proposal.n_encr = child[i].proposal.n_integ = 1;
			child[i].proposal.lifetime = 28800;
		}
		assert_int_equal(ike_engine_set_peers(n[side].engine, c, count, now), 0);
	}
	free(c);
	free(child);
}

static void come_up_and_rekey(enum ike_exchange_mode mode, unsigned count)
{
	uint64_t now = 1000000000000ULL;
	struct node n[2];

	memset(n, 0, sizeof(n));
	for (int i = 0; i < 2; i++) {
		n[i].other = &n[1 - i];
		n[i].rng = 77 + (unsigned)i;
		n[i].spi = 256;
		n[i].last = &n[i].first;
		n[i].engine = ike_engine_new(&ops, &n[i]);
		assert_non_null(n[i].engine);
	}
	configure(n, count, mode, now);
	/* All come from one address, and the guard lets its rate through: retries do the rest. */
	advance(n, &now, now + (900 + count / 5) * 1000000000ULL);
	for (int i = 0; i < 2; i++) {
		const struct ike_counters *c = ike_engine_counters(n[i].engine);

		assert_int_equal(n[i].pairs, count);
		assert_int_equal(n[i].reserved, 0);
		assert_true(c->quick_established >= count);
	}
	advance(n, &now, now + 24000 * 1000000000ULL);
	assert_true(ike_engine_counters(n[0].engine)->quick_established >= 2 * count);
	ike_engine_terminate(n[1].engine, NULL, now);
	settle(n, now);
	assert_int_equal(n[1].pairs, 0);
	for (int i = 0; i < 2; i++)
		ike_engine_free(n[i].engine);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(n[i].pairs, 0);
		assert_int_equal(n[i].reserved, 0);
		while (n[i].first != NULL) {
			struct message *m = n[i].first;

			n[i].first = m->next;
			free(m);
		}
		free(n[i].confirm);
	}
}

static void many_tunnels_come_up_and_are_rekeyed(void **state)
{
	(void)state;
	come_up_and_rekey(IKE_MODE_MAIN, n_peers);
}

static void many_tunnels_of_ike2_come_up_and_are_rekeyed(void **state)
{
	(void)state;
	come_up_and_rekey(IKE_MODE_IKE2, n_peers_v2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_tunnels_come_up_and_are_rekeyed),
		cmocka_unit_test(many_tunnels_of_ike2_come_up_and_are_rekeyed),
	};

	n_peers = (unsigned)sim_count(argc, argv, 1, n_peers);
	n_peers_v2 = (unsigned)sim_count(argc, argv, 2, n_peers);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
