/* SPDX-License-Identifier: BSD-3-Clause */
/* pmtu.c - see pmtu.h. A small table of sets; in a full set the one that ends first makes room. */
#include "dataplane/ipsec/pmtu.h"

#include <stdlib.h>
#include <string.h>

#include "dataplane/ipsec/sa6.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"

struct path {
	uint8_t remote[16];
	uint8_t family; /* 0: empty */
	uint16_t mtu;
	uint64_t until;
};

struct pmtu {
	unsigned int n; /* ever learned: nothing to look up while 0 */
	struct path set[PMTU_SETS][PMTU_WAYS];
};

struct pmtu *pmtu_create(void)
{
	return calloc(1, sizeof(struct pmtu));
}

void pmtu_free(struct pmtu *p)
{
	free(p);
}

static unsigned int bytes_of(uint8_t family)
{
	return family == 6 ? 16 : 4;
}

static unsigned int set_of(uint8_t family, const uint8_t *remote)
{
	uint32_t hash = 2166136261u;

	for (unsigned int i = 0; i < bytes_of(family); i++)
		hash = (hash ^ remote[i]) * 16777619u;
	return (hash ^ hash >> 16) % PMTU_SETS;
}

static bool is_of(const struct path *e, uint8_t family, const uint8_t *remote)
{
	return e->family == family && memcmp(e->remote, remote, bytes_of(family)) == 0;
}

static const struct path *find(const struct pmtu *p, uint8_t family, const uint8_t *remote)
{
	const struct path *set = p->set[set_of(family, remote)];

	for (unsigned int i = 0; i < PMTU_WAYS; i++)
		if (is_of(&set[i], family, remote))
			return &set[i];
	return NULL;
}

uint16_t pmtu_get(const struct pmtu *p, uint8_t family, const uint8_t *remote, uint16_t path,
		  uint64_t now)
{
	const struct path *e = p->n != 0 ? find(p, family, remote) : NULL;

	return e != NULL && e->until > now && e->mtu < path ? e->mtu : path;
}

static void keep(struct pmtu *p, const struct quote *q, uint16_t mtu, uint64_t now)
{
	struct path *set = p->set[set_of(q->family, q->remote)], *e = set;

	for (unsigned int i = 0; i < PMTU_WAYS; i++) {
		if (is_of(&set[i], q->family, q->remote)) {
			e = &set[i];
			break;
		}
		if (set[i].until < e->until)
			e = &set[i];
	}
	*e = (struct path){.family = q->family, .mtu = mtu, .until = now + PMTU_LIFE_NS};
	memcpy(e->remote, q->remote, sizeof(e->remote));
	p->n++;
}

/* Between the same ends? The outer header says where the SA's packets go. */
static bool same_ends(const struct sa *sa, const struct quote *q)
{
	const uint8_t *outer = sa->outer.header;
	bool six = (sa->shape & SA_SHAPE_OUTER6) != 0;
	unsigned int head = six ? IP6_HEADER : IP4_HEADER;

	if (six != (q->family == 6) || sa->outer.encap != q->encap)
		return false;
	if (q->encap == ABI_ENCAP_UDP && (ip4_load16(outer + head) != q->local_port ||
					  ip4_load16(outer + head + 2) != q->remote_port))
		return false;
	if (six)
		return ip6_equal(outer + SA6_OUTER_LOCAL, q->local) &&
		       ip6_equal(outer + SA6_OUTER_REMOTE, q->remote);
	return memcmp(outer + 12, q->local, 4) == 0 && memcmp(outer + 16, q->remote, 4) == 0;
}

static bool sent_lately(const struct sa *sa, uint32_t seq)
{
	uint64_t last = __atomic_load_n(&sa->seq, __ATOMIC_RELAXED);
	uint32_t behind = (uint32_t)last - seq;

	return behind < PMTU_REACH && behind < last;
}

static bool believed(const struct sad *s, const struct quote *q)
{
	const struct sa *sa = NULL;

	while ((sa = sad_next_out(s, q->spi, sa)) != NULL)
		if (sa_state(sa) == SA_LIVE && same_ends(sa, q) && sent_lately(sa, q->seq))
			return true;
	return false;
}

bool pmtu_learn(struct pmtu *p, const struct sad *s, const struct quote *q, uint16_t path,
		uint64_t now, bool *known)
{
	uint16_t before = pmtu_get(p, q->family, q->remote, path, now);
	bool good = q->mtu >= (q->family == 6 ? PMTU_MIN6 : PMTU_MIN4) && believed(s, q);

	if (known != NULL)
		*known = good;
	/* As narrow as we know it already: it still is, so it counts from now. */
	if (!good || q->mtu > before || q->mtu >= path)
		return false;
	keep(p, q, (uint16_t)q->mtu, now);
	return q->mtu < before;
}
