/* SPDX-License-Identifier: BSD-3-Clause */
/* spd_reach6.c - where remote ends of policies for IPv6 are: ranges, sorted, none of which touches
 * another. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/arena.h"
#include "dataplane/ipsec/spd_impl.h"

static int by_first(const void *a, const void *b)
{
	const struct spd_range6 *x = a, *y = b;

	if (x->lo[0] != y->lo[0])
		return x->lo[0] < y->lo[0] ? -1 : 1;
	return x->lo[1] < y->lo[1] ? -1 : x->lo[1] > y->lo[1];
}

/* Those that overlap in one; how many are left. */
static uint32_t merge(struct spd_range6 *r, uint32_t n)
{
	uint32_t last = 0;

	for (uint32_t i = 1; i < n; i++) {
		if (!sa6_at_least(r[last].hi, r[i].lo))
			r[++last] = r[i];
		else if (sa6_at_least(r[i].hi, r[last].hi))
			memcpy(r[last].hi, r[i].hi, sizeof(r[i].hi));
	}
	return n == 0 ? 0 : last + 1;
}

bool spd_reach6_all(struct spd *s, const struct abi_policy *policies, uint32_t n, int socket)
{
	uint32_t six = 0;

	for (uint32_t i = 0; i < n; i++)
		six += policies[i].remote.family == 6;
	if (six == 0)
		return true;
	s->reach6 = arena_zmalloc("spd", six * sizeof(*s->reach6), 64, socket);
	if (s->reach6 == NULL)
		return false;
	six = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (policies[i].remote.family != 6)
			continue;
		sa6_load(s->reach6[six].lo, policies[i].remote.lo);
		sa6_load(s->reach6[six++].hi, policies[i].remote.hi);
	}
	qsort(s->reach6, six, sizeof(*s->reach6), by_first);
	s->n_reach6 = merge(s->reach6, six);
	return true;
}

bool spd_reaches6_any(const struct spd *s, const uint64_t lo[2], const uint64_t hi[2])
{
	uint32_t from = 0, to = s->n_reach6; /* the last that begins at hi or before is there */

	while (from < to) {
		uint32_t half = from + (to - from) / 2;

		if (sa6_at_least(hi, s->reach6[half].lo))
			from = half + 1;
		else
			to = half;
	}
	return from != 0 && sa6_at_least(s->reach6[from - 1].hi, lo);
}

bool spd_reaches6(const struct spd *s, const uint8_t *addr)
{
	uint64_t a[2];

	sa6_load(a, addr);
	return spd_reaches6_any(s, a, a);
}
