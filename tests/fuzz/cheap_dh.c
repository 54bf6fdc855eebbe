/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cheap_dh.c - the interface of control/crypto/dh.h without its arithmetic: lengths, errors and
 * agreement of both sides are as there, secrecy is not. A fuzz target that links it spends its time
 * in the protocol instead of in exponentiations. dh.c itself has its own tests.
 */
#include "control/crypto/dh.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/crypto/suite.h"

struct dh_memo {
	int status;
	uint8_t *peer, *secret;
};

struct dh {
	const struct suite_group *group;
	unsigned holders;
	struct dh_memo memo;
	uint8_t public[];
};

/* Never what check() refuses. */
static void fill(uint8_t *out, size_t n, const uint8_t *seed, size_t seed_len)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(seed[i % seed_len] + i * 7);
	out[0] |= 1;
}

/* Stands for: 0, p or more, not on the curve. */
static int check(const struct suite_group *g, const uint8_t *peer)
{
	return peer[0] == 0 || peer[g->public_len - 1] == 0xff ? -EINVAL : 0;
}

struct dh *dh_new(uint16_t group, const uint8_t *seed, size_t seed_len)
{
	const struct suite_group *g = suite_group_find(group);
	struct dh *dh;

	if (!g || seed_len != g->seed_len) {
		errno = g ? EINVAL : ENOTSUP;
		return NULL;
	}
	dh = calloc(1, sizeof(*dh) + g->public_len);
	if (!dh)
		return NULL;
	dh->group = g;
	dh->holders = 1;
	fill(dh->public, g->public_len, seed, seed_len);
	dh->public[g->public_len - 1] &= 0x7f;
	return dh;
}

static void forget(struct dh *dh)
{
	free(dh->memo.peer);
	free(dh->memo.secret);
	dh->memo = (struct dh_memo){0};
}

void dh_free(struct dh *dh)
{
	if (!dh || --dh->holders > 0)
		return;
	forget(dh);
	free(dh);
}

struct dh *dh_hold(struct dh *dh)
{
	dh->holders++;
	return dh;
}

uint16_t dh_group(const struct dh *dh)
{
	return dh->group->id;
}

const uint8_t *dh_public(const struct dh *dh, size_t *len)
{
	*len = dh->group->public_len;
	return dh->public;
}

int dh_check_public(uint16_t group, const uint8_t *peer, size_t len)
{
	const struct suite_group *g = suite_group_find(group);

	if (!g)
		return -ENOTSUP;
	if (len != g->public_len)
		return -EINVAL;
	return g->kind == SUITE_GROUP_X25519 ? 0 : check(g, peer);
}

int dh_derive(const struct dh *dh, const uint8_t *peer, size_t peer_len, uint8_t *secret,
	      size_t cap, size_t *len)
{
	const struct suite_group *g = dh->group;

	*len = 0;
	if (peer_len != g->public_len)
		return -EINVAL;
	if (cap < g->secret_len)
		return -ENOSPC;
	if (dh_remembers(dh, peer, peer_len)) {
		if (dh->memo.status == 0) {
			memcpy(secret, dh->memo.secret, g->secret_len);
			*len = g->secret_len;
		}
		return dh->memo.status;
	}
	if (check(g, peer) != 0)
		return -EINVAL;
	for (size_t i = 0; i < g->secret_len; i++) /* the same from either side */
		secret[i] = (uint8_t)(dh->public[i] ^ peer[i]);
	*len = g->secret_len;
	return 0;
}

int dh_remember(struct dh *dh, const uint8_t *peer, size_t peer_len, int status,
		const uint8_t *secret, size_t len)
{
	const struct suite_group *g = dh->group;

	if (peer_len != g->public_len || (status == 0 && len != g->secret_len))
		return -EINVAL;
	forget(dh);
	dh->memo.status = status;
	dh->memo.peer = malloc(peer_len);
	dh->memo.secret = calloc(1, g->secret_len);
	if (!dh->memo.peer || !dh->memo.secret) {
		forget(dh);
		return -ENOMEM;
	}
	memcpy(dh->memo.peer, peer, peer_len);
	if (status == 0)
		memcpy(dh->memo.secret, secret, len);
	return 0;
}

bool dh_remembers(const struct dh *dh, const uint8_t *peer, size_t peer_len)
{
	return dh->memo.peer && peer_len == dh->group->public_len &&
	       memcmp(dh->memo.peer, peer, peer_len) == 0;
}
