/* SPDX-License-Identifier: BSD-3-Clause */
/* kept.c - see kept.h. */
#include "tests/fuzz/kept.h"

#include <string.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/replay.h"

/* From the SA's start to the end of all that belongs to it; 0: it does not lie together. */
static size_t whole(const struct sa *sa)
{
	const struct replay *r = sa_replay(sa);
	size_t bytes = crypto_sa_bytes(sa), at;

	if (r == NULL)
		return bytes;
	at = (uintptr_t)r->cell - (uintptr_t)sa;
	return at >= bytes && at < KEPT_BYTES ? at + replay_bytes(r->window) : 0;
}

bool kept_take(struct kept *k, struct sa *sa)
{
	k->sa = sa;
	k->bytes = whole(sa);
	if (k->bytes == 0 || k->bytes > sizeof(k->copy))
		return false;
	memcpy(k->copy, sa, k->bytes);
	if (sa->six != NULL)
		k->six = *sa->six;
	return true;
}

void kept_undo(const struct kept *k)
{
	memcpy(k->sa, k->copy, k->bytes);
	if (k->sa->six != NULL)
		*k->sa->six = k->six;
}

/* What says only where things lie. */
static void forget_places(struct sa *sa)
{
	sa->used_at = 0;
	sa->six = NULL;
	if (sa_replay(sa) != NULL)
		sa_replay(sa)->cell = NULL;
}

bool kept_is(const struct kept *k, const struct sa *sa)
{
	static _Alignas(64) uint8_t was[KEPT_BYTES], is[KEPT_BYTES];

	if (whole(sa) != k->bytes || (sa->six != NULL) != (k->sa->six != NULL))
		return false;
	memcpy(was, k->copy, k->bytes);
	memcpy(is, sa, k->bytes);
	forget_places((struct sa *)(void *)was);
	forget_places((struct sa *)(void *)is);
	return memcmp(was, is, k->bytes) == 0 &&
	       (sa->six == NULL || memcmp(sa->six, &k->six, sizeof(k->six)) == 0);
}
