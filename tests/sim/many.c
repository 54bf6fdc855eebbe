/* SPDX-License-Identifier: BSD-3-Clause */
/* many.c - two engines with many peers each; see many.h. */
#include "tests/sim/many.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "control/crypto/suite.h"

struct many_message {
	struct ike_datagram d;
	struct many_message *next;
	uint8_t data[];
};

static void op_send(void *ctx, const struct ike_datagram *d)
{
	struct many_node *to = ((struct many_node *)ctx)->other;
	struct many_message *m = malloc(sizeof(*m) + d->len);

	assert(m != NULL);
	m->d = *d;
	m->next = NULL;
	memcpy(m->data, d->data, d->len);
	*to->last = m;
	to->last = &m->next;
}

static int op_random(void *ctx, void *buf, size_t len)
{
	struct many_node *n = ctx;

	for (size_t i = 0; i < len; i++) {
		n->rng = n->rng * 6364136223846793005ULL + 1442695040888963407ULL;
		((uint8_t *)buf)[i] = (uint8_t)(n->rng >> 56);
	}
	return 0;
}

static uint32_t op_spi_alloc(void *ctx)
{
	struct many_node *n = ctx;

	n->reserved++;
	return ++n->spi;
}

static void op_spi_release(void *ctx, uint32_t spi)
{
	(void)spi;
	((struct many_node *)ctx)->reserved--;
}

static void op_install(void *ctx, const struct ike_child_sa *sa)
{
	struct many_node *n = ctx;

	if (n->n_confirm == n->cap_confirm) {
		n->cap_confirm = n->cap_confirm == 0 ? 64 : 2 * n->cap_confirm;
		n->confirm = realloc(n->confirm, n->cap_confirm * sizeof(n->confirm[0]));
		assert(n->confirm != NULL);
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
	((struct many_node *)ctx)->pairs--;
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

static void begin(const struct many_node *n, struct timespec *t)
{
	if (n->count_cpu)
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, t);
}

static void end(struct many_node *n, const struct timespec *t)
{
	struct timespec now;

	if (!n->count_cpu)
		return;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	n->cpu += (uint64_t)((now.tv_sec - t->tv_sec) * 1000000000L + now.tv_nsec - t->tv_nsec);
}

void many_settle(struct many_node *n, uint64_t now)
{
	struct timespec t;

	for (bool busy = true; busy;) {
		busy = false;
		for (int i = 0; i < 2; i++) {
			struct many_message *m = n[i].first;

			if (m != NULL) {
				n[i].first = m->next;
				if (n[i].first == NULL)
					n[i].last = &n[i].first;
				m->d.data = m->data;
				begin(&n[i], &t);
				ike_engine_input(n[i].engine, &m->d, now);
				end(&n[i], &t);
				free(m);
				busy = true;
			}
			while (n[i].n_confirm > 0) {
				begin(&n[i], &t);
				ike_engine_child_result(n[i].engine, n[i].confirm[--n[i].n_confirm],
							0, now);
				end(&n[i], &t);
				busy = true;
			}
		}
	}
}

void many_advance(struct many_node *n, uint64_t *now, uint64_t until)
{
	for (;;) {
		uint64_t due = UINT64_MAX;

		for (int i = 0; i < 2; i++) {
			struct timespec t;
			uint64_t next;

			begin(&n[i], &t);
			next = ike_engine_tick(n[i].engine, *now);
			end(&n[i], &t);
			due = next < due ? next : due;
		}
		many_settle(n, *now);
		if (due > until)
			break;
		*now = due > *now ? due : *now;
	}
	*now = until;
}

static void configure(struct many_node *n, const struct many *m, uint64_t now)
{
	static const uint8_t psk[] = "a secret of many";
	unsigned count = m->count;
	struct ike_peer_conf *c = calloc(count, sizeof(*c));
	struct ike_child_conf *child = calloc(count, sizeof(*child));

	assert(c != NULL && child != NULL);
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
			c[i].mode = m->mode;
			c[i].passive = side == (m->hub_initiates ? 1 : 0);
			c[i].profile.encr[0] = (struct ike_encr_choice){12, 128};
			c[i].profile.hash[0] = SUITE_HASH_SHA256;
			c[i].profile.dh[0] = m->group;
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
		assert(ike_engine_set_peers(n[side].engine, c, count, now) == 0);
	}
	free(c);
	free(child);
}

void many_init(struct many_node n[2], const struct many *m, uint64_t now)
{
	memset(n, 0, 2 * sizeof(n[0]));
	for (int i = 0; i < 2; i++) {
		n[i].other = &n[1 - i];
		n[i].rng = 77 + (unsigned)i;
		n[i].spi = 256;
		n[i].last = &n[i].first;
		n[i].engine = ike_engine_new(&ops, &n[i]);
		assert(n[i].engine != NULL);
	}
	configure(n, m, now);
}

void many_fini(struct many_node n[2])
{
	for (int i = 0; i < 2; i++)
		ike_engine_free(n[i].engine);
	for (int i = 0; i < 2; i++) {
		assert(n[i].pairs == 0);
		assert(n[i].reserved == 0);
		while (n[i].first != NULL) {
			struct many_message *m = n[i].first;

			n[i].first = m->next;
			free(m);
		}
		free(n[i].confirm);
	}
}
