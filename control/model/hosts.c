/* SPDX-License-Identifier: BSD-3-Clause */
/* hosts.c - choosing among the addresses of a peer's name; see hosts.h. */
#include "control/model/hosts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"
#include "control/model/fnv.h"
#include "control/model/hostname.h"
#include "control/model/model.h"
#include "control/model/netview.h"
#include "control/model/validate.h"

/* Who has which address: open addressing, more than twice as large as it can get. */
struct holders {
	const struct model_row **slot;
	size_t size;
};

struct placing {
	const struct model *m;
	const struct hosts *h;
	struct holders holders;
};

static bool is_named(const struct model_row *row)
{
	return row->values[PEER_ADDRESS].text != NULL;
}

static const struct value *address(const struct model_row *row)
{
	return &row->values[PEER_ADDRESS];
}

static size_t place_of(const struct holders *h, const struct abi_addr *a)
{
	return (size_t)(fnv_hash(a->bytes, addr_bits(a) / 8u) >> 20) & (h->size - 1);
}

/* Ours towards it, when it is there. */
static struct abi_addr local_of(const struct model *m, const struct model_row *row,
				const struct abi_addr *there)
{
	const struct value *local = &row->values[PEER_LOCAL];
	const struct model_row *source = NULL;

	if (local->set && local->addr.family)
		return local->addr;
	source = netview_source(m, there);
	return source ? source->values[ADDRESS_ADDRESS].addr : (struct abi_addr){0};
}

/* Peers of one name were told apart when they were read, by local-address too. Where one of them
 * alone has it, that was nobody's to know before there was a route. */
static bool told_apart(const struct model *m, const struct abi_addr *at, const struct model_row *a,
		       const struct model_row *b)
{
	bool bound = a->values[PEER_LOCAL].addr.family != 0;
	struct abi_addr x, y;

	if (!is_named(b) || !hostname_equal(address(a)->text, address(b)->text))
		return false;
	if (bound == (b->values[PEER_LOCAL].addr.family != 0) ||
	    validate_peer_mode(a) != validate_peer_mode(b))
		return true;
	x = local_of(m, a, at);
	y = local_of(m, b, at);
	return !addr_equal(&x, &y);
}

/* The peer that one at this address could not be told apart from. */
static const struct model_row *rival(const struct placing *p, const struct abi_addr *a,
				     const struct model_row *row)
{
	const struct holders *h = &p->holders;

	for (size_t i = place_of(h, a); h->slot[i]; i = (i + 1) & (h->size - 1)) {
		const struct model_row *other = h->slot[i];

		if (other == row || !addr_equal(&address(other)->addr, a))
			continue;
		if (!told_apart(p->m, a, row, other))
			return other;
	}
	return NULL;
}

static void hold(struct holders *h, const struct model_row *row)
{
	size_t i = place_of(h, &address(row)->addr);

	while (h->slot[i])
		i = (i + 1) & (h->size - 1);
	h->slot[i] = row;
}

static enum host_verdict judge(const struct placing *p, const struct model_row *row,
			       const struct abi_addr *a, const char **who)
{
	const struct value *local = &row->values[PEER_LOCAL];
	bool bound = local->set && local->addr.family != 0;
	const struct model_row *other;

	if (bound && local->addr.family != a->family)
		return HOST_FAMILY;
	if (!addr_is_host(a) || addr_is_mapped(a))
		return HOST_NO_HOST;
	if (addr_is_link_local(a))
		return HOST_LINK_LOCAL;
	if (netview_own(p->m, a))
		return HOST_OURS;
	other = rival(p, a, row);
	if (other) {
		*who = other->values[PEER_NAME].text;
		return HOST_TAKEN;
	}
	return bound || netview_source(p->m, a) ? HOST_CHOSEN : HOST_NO_ROUTE;
}

bool hosts_among(const struct host_known *k, const struct abi_addr *a)
{
	for (size_t i = 0; i < k->n; i++)
		if (addr_equal(&k->answers[i], a))
			return true;
	return false;
}

static void give(struct placing *p, struct model_row *row, const struct abi_addr *a)
{
	row->values[PEER_ADDRESS].addr = *a;
	row->values[PEER_ADDRESS].prefix_len = addr_bits(a);
	if (a->family != 0)
		hold(&p->holders, row);
}

static void ask(const struct placing *p, const struct model_row *row, struct host_known *k)
{
	*k = (struct host_known){0};
	if (p->h)
		p->h->known(p->h->ctx, row->values[PEER_NAME].text, address(row)->text, k);
}

static void tell(const struct placing *p, const struct model_row *row, struct host_choice *c)
{
	c->addr = address(row)->addr;
	if (p->h)
		p->h->chosen(p->h->ctx, row->values[PEER_NAME].text, c);
}

/* Who has one of the answers keeps it. */
static bool keep(struct placing *p, struct model_row *row)
{
	struct host_choice c = {0};
	struct host_known k;

	ask(p, row, &k);
	if (k.current.family == 0 || !hosts_among(&k, &k.current) ||
	    judge(p, row, &k.current, &c.rival) != HOST_CHOSEN)
		return false;
	give(p, row, &k.current);
	tell(p, row, &c);
	return true;
}

/* The first acceptable answer, or what is wrong with them. */
static struct host_choice pick(const struct placing *p, const struct model_row *row,
			       const struct host_known *k)
{
	struct host_choice c = {.verdict = HOST_UNKNOWN};
	const char *who = NULL;

	for (size_t i = 0; i < k->n && c.verdict != HOST_CHOSEN; i++) {
		enum host_verdict v = judge(p, row, &k->answers[i], &who);

		/* the other family's are nothing to speak of beside another fault */
		if (v != HOST_CHOSEN && c.verdict != HOST_UNKNOWN &&
		    (c.verdict != HOST_FAMILY || v == HOST_FAMILY))
			continue;
		c.verdict = v;
		c.refused = k->answers[i];
		c.rival = who;
	}
	return c;
}

/* Who has an address and no acceptable answer keeps it, before others may take it. */
static bool stay(struct placing *p, struct model_row *row)
{
	const char *who = NULL;
	struct host_choice c;
	struct host_known k;

	ask(p, row, &k);
	c = pick(p, row, &k);
	if (c.verdict == HOST_CHOSEN || k.current.family == 0 ||
	    judge(p, row, &k.current, &who) != HOST_CHOSEN)
		return false;
	give(p, row, &k.current);
	tell(p, row, &c);
	return true;
}

/* What was free when others stayed may be gone by now. */
static void choose(struct placing *p, struct model_row *row)
{
	struct host_choice c;
	struct host_known k;

	ask(p, row, &k);
	c = pick(p, row, &k);
	if (c.verdict == HOST_CHOSEN)
		give(p, row, &c.refused);
	else if (stay(p, row))
		return;
	tell(p, row, &c);
}

static int make_holders(struct holders *h, const struct model_table *t)
{
	for (h->size = 64; h->size < 4 * t->n; h->size *= 2)
		;
	h->slot = calloc(h->size, sizeof(*h->slot));
	return h->slot ? 0 : -ENOMEM;
}

int hosts_place(struct model *m, const struct hosts *h)
{
	const struct model_table *t = &m->table[MENU_PEER];
	bool *done = calloc(t->n + 1, sizeof(*done));
	struct placing p = {.m = m, .h = h};
	static const struct abi_addr none;
	int rc = done ? make_holders(&p.holders, t) : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		struct model_row *row = &t->rows[i];

		done[i] = !is_named(row) || !validate_active(row, PEER_DISABLED);
		if (is_named(row))
			give(&p, row, &none);
		else if (validate_active(row, PEER_DISABLED) &&
			 address(row)->prefix_len == addr_bits(&address(row)->addr))
			hold(&p.holders, row);
	}
	for (size_t i = 0; rc == 0 && i < t->n; i++)
		done[i] = done[i] || keep(&p, &t->rows[i]);
	for (size_t i = 0; rc == 0 && i < t->n; i++)
		done[i] = done[i] || stay(&p, &t->rows[i]);
	for (size_t i = 0; rc == 0 && i < t->n; i++)
		if (!done[i])
			choose(&p, &t->rows[i]);
	free(p.holders.slot);
	free(done);
	return rc;
}

const char *hosts_verdict_text(enum host_verdict v)
{
	static const char *const texts[] = {
		[HOST_CHOSEN] = "is taken",
		[HOST_UNKNOWN] = "is not known yet",
		[HOST_FAMILY] = "is of another family than local-address",
		[HOST_NO_HOST] = "cannot be the address of a peer: loopback, multicast or none",
		[HOST_LINK_LOCAL] = "is link-local, which means nothing beyond one link",
		[HOST_OURS] = "is an address of our own",
		[HOST_TAKEN] = "is the address of another peer",
		[HOST_NO_ROUTE] = "has no route to it",
	};

	return texts[v];
}
