/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * spd6.c - policies for IPv6, compiled and looked up.
 *
 * rte_acl has fields of at most 32 bits here, so an address is four of them, and a range of
 * addresses becomes boxes: products of one range per field. A prefix is one box; the worst range
 * takes seven, three for each ragged edge and one between.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_prefetch.h>

#include "dataplane/api/segment.h"
#include "dataplane/ipsec/spd_impl.h"
#include "dataplane/net/ip6.h"

#define WORDS	  4u
#define BOXES_MAX 7u
#define RULES_MAX (4u * SPD_MAX_POLICIES)

enum {
	F_PROTO,
	F_LOCAL,
	F_REMOTE = F_LOCAL + 4,
	F_LOCAL_PORT = F_REMOTE + 4,
	F_REMOTE_PORT,
	F_NO_PORTS,
	FIELDS
};

#define FIELD(number, group, kind, bytes, at)                                                      \
	{                                                                                          \
		.type = RTE_ACL_FIELD_TYPE_##kind, .size = bytes, .field_index = number,           \
		.input_index = group, .offset = at                                                 \
	}
#define WORD(number, group, member, i)                                                             \
	FIELD((number) + (i), (group) + (i), RANGE, 4, offsetof(struct spd_key6, member) + 4 * (i))
#define ADDRESS(number, group, member)                                                             \
	WORD(number, group, member, 0), WORD(number, group, member, 1),                            \
		WORD(number, group, member, 2), WORD(number, group, member, 3)

static const struct rte_acl_field_def fields[FIELDS] = {
	FIELD(F_PROTO, 0, BITMASK, 1, offsetof(struct spd_key6, proto)),
	ADDRESS(F_LOCAL, 1, local),
	ADDRESS(F_REMOTE, 5, remote),
	FIELD(F_LOCAL_PORT, 9, RANGE, 2, offsetof(struct spd_key6, local_port)),
	FIELD(F_REMOTE_PORT, 9, RANGE, 2, offsetof(struct spd_key6, remote_port)),
	FIELD(F_NO_PORTS, 10, BITMASK, 4, offsetof(struct spd_key6, no_ports)),
};

RTE_ACL_RULE_DEF(spd_rule6, FIELDS);

struct box {
	uint32_t lo[WORDS];
	uint32_t hi[WORDS];
};

static void load_words(uint32_t *out, const uint8_t *addr)
{
	memcpy(out, addr, WORDS * sizeof(*out));
	for (unsigned int i = 0; i < WORDS; i++)
		out[i] = rte_be_to_cpu_32(out[i]);
}

/* Are all words from "from" on equal to v? */
static bool all_words(const uint32_t *words, unsigned int from, uint32_t v)
{
	for (unsigned int i = from; i < WORDS; i++)
		if (words[i] != v)
			return false;
	return true;
}

/* The first "at" words of edge, then lo to hi in the next one, then anything. */
static struct box make_box(const uint32_t *edge, unsigned int at, uint32_t lo, uint32_t hi)
{
	struct box b;

	memset(b.lo, 0, sizeof(b.lo));
	memset(b.hi, 0xff, sizeof(b.hi));
	memcpy(b.lo, edge, at * sizeof(*edge));
	memcpy(b.hi, edge, at * sizeof(*edge));
	if (at < WORDS) {
		b.lo[at] = lo;
		b.hi[at] = hi;
	}
	return b;
}

/* Addresses that share the first "at" words of edge and lie from it on: upwards, or down. */
static unsigned int edge_boxes(struct box *out, const uint32_t *edge, unsigned int at, bool up)
{
	unsigned int n = 0;
	bool whole = false;

	for (; at < WORDS && !whole; at++) {
		whole = all_words(edge, at + 1, up ? 0 : UINT32_MAX);
		if (up && (whole || edge[at] < UINT32_MAX))
			out[n++] = make_box(edge, at, edge[at] + !whole, UINT32_MAX);
		if (!up && (whole || edge[at] > 0))
			out[n++] = make_box(edge, at, 0, edge[at] - !whole);
	}
	return n;
}

/* The boxes that a range of addresses is made of; how many, 1 to BOXES_MAX. */
static unsigned int range_boxes(struct box *out, const struct abi_range *r)
{
	uint32_t lo[WORDS], hi[WORDS];
	unsigned int same = 0, n = 0;
	bool low, high;

	load_words(lo, r->lo);
	load_words(hi, r->hi);
	while (same < WORDS && lo[same] == hi[same])
		same++;
	if (same == WORDS) {
		out[0] = make_box(lo, WORDS, 0, 0);
		return 1;
	}
	low = all_words(lo, same + 1, 0);
	high = all_words(hi, same + 1, UINT32_MAX);
	if (lo[same] + !low <= hi[same] - !high)
		out[n++] = make_box(lo, same, lo[same] + !low, hi[same] - !high);
	if (!low)
		n += edge_boxes(out + n, lo, same + 1, true);
	if (!high)
		n += edge_boxes(out + n, hi, same + 1, false);
	return n;
}

static void set_words(struct rte_acl_field *f, const struct box *b)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		f[i].value.u32 = b->lo[i];
		f[i].mask_range.u32 = b->hi[i];
	}
}

static void make_rule(struct spd_rule6 *r, const struct abi_policy *p, uint32_t number,
		      const struct box *local, const struct box *remote)
{
	bool ports = !spd_any_port(&p->local) || !spd_any_port(&p->remote);
	uint8_t protocol = spd_protocol(p);

	memset(r, 0, sizeof(*r));
	r->data.category_mask = 1;
	r->data.priority = (int32_t)(RTE_ACL_MAX_PRIORITY - number);
	r->data.userdata = number + 1; /* 0 is "no match" */
	r->field[F_PROTO].value.u8 = protocol;
	r->field[F_PROTO].mask_range.u8 = protocol != 0 ? UINT8_MAX : 0;
	set_words(&r->field[F_LOCAL], local);
	set_words(&r->field[F_REMOTE], remote);
	r->field[F_LOCAL_PORT].value.u16 = p->local.port_lo;
	r->field[F_LOCAL_PORT].mask_range.u16 = p->local.port_hi;
	r->field[F_REMOTE_PORT].value.u16 = p->remote.port_lo;
	r->field[F_REMOTE_PORT].mask_range.u16 = p->remote.port_hi;
	/* Single ports: only packets that have some. */
	r->field[F_NO_PORTS].mask_range.u32 = ports ? UINT32_MAX : 0;
}

/* The rules of one policy into out, NULL to count them. */
static uint32_t policy_rules(struct spd_rule6 *out, const struct abi_policy *p, uint32_t number)
{
	struct box local[BOXES_MAX], remote[BOXES_MAX];
	unsigned int n_local, n_remote;

	if (p->local.family != 6)
		return 0;
	n_local = range_boxes(local, &p->local);
	n_remote = range_boxes(remote, &p->remote);
	for (unsigned int i = 0; out != NULL && i < n_local; i++)
		for (unsigned int k = 0; k < n_remote; k++)
			make_rule(out++, p, number, &local[i], &remote[k]);
	return n_local * n_remote;
}

static struct rte_acl_ctx *build(const struct spd_rule6 *rules, uint32_t n, uint32_t serial,
				 int socket)
{
	struct rte_acl_config config = {.num_categories = 1, .num_fields = FIELDS};
	char name[RTE_ACL_NAMESIZE];
	struct rte_acl_param param = {.name = name,
				      .socket_id = socket,
				      .rule_size = RTE_ACL_RULE_SZ(FIELDS),
				      .max_rule_num = n};
	struct rte_acl_ctx *acl;

	memcpy(config.defs, fields, sizeof(fields));
	/* rte_acl gives back an old context of the same name: every table has its own. */
	snprintf(name, sizeof(name), "spd6-%" PRIu32, serial);
	acl = rte_acl_create(&param);
	if (acl != NULL && (rte_acl_add_rules(acl, (const struct rte_acl_rule *)rules, n) != 0 ||
			    rte_acl_build(acl, &config) != 0)) {
		rte_acl_free(acl);
		acl = NULL;
	}
	return acl;
}

/* What some range has of host bits that a network has not; in halves. */
static void add_border(uint64_t border[2], const struct abi_range *r)
{
	for (unsigned int i = 0; i < 2; i++)
		border[i] |= ip6_load64(r->lo + 8 * i) | ~ip6_load64(r->hi + 8 * i);
}

/* As in spd.c for IPv4. */
void spd_show_addrs6(struct spd *s, const struct abi_policy *policies, uint32_t n)
{
	uint64_t border[2] = {0};

	for (uint32_t i = 0; i < n; i++) {
		if (policies[i].local.family != 6)
			continue;
		add_border(border, &policies[i].local);
		add_border(border, &policies[i].remote);
	}
	/* From the lowest of them on, and all of the half before. */
	s->shown_addrs6[0] = border[1] != 0   ? UINT64_MAX
			     : border[0] != 0 ? ~((border[0] & -border[0]) - 1)
					      : 0;
	s->shown_addrs6[1] = border[1] != 0 ? ~((border[1] & -border[1]) - 1) : 0;
	for (unsigned int i = 0; i < 2; i++)
		s->shown_addrs6[i] = rte_cpu_to_be_64(s->shown_addrs6[i]);
}

bool spd_compile6(const struct abi_policy *policies, uint32_t n, uint32_t serial, int socket,
		  struct rte_acl_ctx **acl)
{
	struct spd_rule6 *rules;
	uint32_t n_rules = 0, at = 0;

	*acl = NULL;
	for (uint32_t i = 0; i < n; i++)
		n_rules += policy_rules(NULL, &policies[i], i);
	if (n_rules == 0)
		return true;
	rules = n_rules <= RULES_MAX ? calloc(n_rules, sizeof(*rules)) : NULL;
	if (rules == NULL)
		return false;
	for (uint32_t i = 0; i < n; i++)
		at += policy_rules(&rules[at], &policies[i], i);
	*acl = build(rules, n_rules, serial, socket);
	free(rules);
	return *acl != NULL;
}

void spd_make_key6(struct spd_key6 *k, const struct selector6 *sel, bool inbound)
{
	memset(k, 0, sizeof(*k));
	k->proto = sel->proto;
	memcpy(k->local, inbound ? sel->dst : sel->src, sizeof(k->local));
	memcpy(k->remote, inbound ? sel->src : sel->dst, sizeof(k->remote));
	k->local_port = rte_cpu_to_be_16(inbound ? sel->dst_port : sel->src_port);
	k->remote_port = rte_cpu_to_be_16(inbound ? sel->src_port : sel->dst_port);
	k->no_ports = sel->ports ? 0 : UINT32_MAX;
}

void spd_classify6(const struct spd *s, const struct spd_key6 *keys, uint32_t n, uint32_t *match)
{
	const uint8_t *data[WORKER_BURST];
	uint32_t result[WORKER_BURST];

	for (uint32_t i = 0; i < n; i++) {
		data[i] = (const uint8_t *)&keys[i];
		match[i] = s->acl6 != NULL ? SPD_FAILED : SPD_NO_MATCH;
	}
	if (s->acl6 == NULL || n == 0 || rte_acl_classify(s->acl6, data, result, n, 1) != 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		match[i] = result[i] != 0 ? result[i] - 1 : SPD_NO_MATCH;
}

uint32_t spd_match6(const struct spd *s, const struct selector6 *sel, bool inbound)
{
	struct spd_key6 key;
	uint32_t match;

	spd_make_key6(&key, sel, inbound);
	spd_classify6(s, &key, 1, &match);
	return match;
}

static struct selector6 select6(struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);

	return selector6_of(meta, pkt_l3(m));
}

/* Everything that selector6_of() looks at but addresses, as far as it makes a difference. */
static inline uint64_t rest_of(const struct spd *s, const struct pkt_meta *meta)
{
	return s->shown6 & spd_cache_rest(meta->src_port, meta->dst_port, meta->proto,
					  (meta->flags & PKT_F_NONFIRST) != 0);
}

/* The same with addresses. */
static inline struct spd_flow6 flow_of(const struct spd *s, struct rte_mbuf *m)
{
	const uint64_t hi = s->shown_addrs6[0], lo = s->shown_addrs6[1];
	uint64_t a[4];

	memcpy(a, pkt_l3(m) + IP6_OFF_SRC, sizeof(a));
	return (struct spd_flow6){.addrs = {a[0] & hi, a[1] & lo, a[2] & hi, a[3] & lo},
				  .rest = rest_of(s, pkt_meta(m))};
}

static inline bool is_of(const struct spd *s, const struct spd_flow6 *f, struct rte_mbuf *m)
{
	const struct spd_flow6 g = flow_of(s, m);

	return spd_cache_same6(f, &g);
}

/* Those that the cache does not know at first sight: the first packet of each flow. */
struct misses {
	uint16_t n;
	uint16_t packet[WORKER_BURST];
};

/* Ask the ACL about them, together. */
static void resolve(const struct spd *s, struct rte_mbuf **pkts, const struct misses *m,
		    struct spd_matches *match)
{
	struct spd_key6 keys[WORKER_BURST];
	uint32_t out[WORKER_BURST], in[WORKER_BURST];
	struct selector6 sel;

	if (m->n == 0)
		return;
	for (uint16_t k = 0; k < m->n; k++) {
		sel = select6(pkts[m->packet[k]]);
		spd_make_key6(&keys[k], &sel, false);
	}
	spd_classify6(s, keys, m->n, out);
	for (uint16_t k = 0; k < m->n; k++) {
		sel = select6(pkts[m->packet[k]]);
		spd_make_key6(&keys[k], &sel, true);
	}
	spd_classify6(s, keys, m->n, in);
	for (uint16_t k = 0; k < m->n; k++)
		match[m->packet[k]] = (struct spd_matches){.out = out[k], .in = in[k]};
}

/* Those that are not in the first place of their first bucket: in all others, and what is in none
 * of them is asked about and put there. */
static __rte_noinline void look_further(struct spd_cache *c, const struct spd *s,
					struct rte_mbuf **pkts, struct misses *m,
					struct spd_matches *match)
{
	uint16_t n = m->n;

	for (uint16_t k = 0; k < n; k++) {
		const struct spd_flow6 f = flow_of(s, pkts[m->packet[k]]);
		uint32_t hash = spd_cache_hash6(c, &f);

		rte_prefetch0(&spd_cache_first6(c, hash)->way[1]);
		rte_prefetch0(&spd_cache_second6(c, hash)->way[0]);
	}
	m->n = 0;
	for (uint16_t k = 0; k < n; k++) {
		uint16_t i = m->packet[k];
		const struct spd_flow6 f = flow_of(s, pkts[i]);
		uint32_t hash = spd_cache_hash6(c, &f);

		if (!spd_cache_find6(spd_cache_first6(c, hash), &f, s->serial, &match[i]) &&
		    !spd_cache_find6(spd_cache_second6(c, hash), &f, s->serial, &match[i]))
			m->packet[m->n++] = i;
	}
	resolve(s, pkts, m, match);
	for (uint16_t k = 0; k < m->n; k++) {
		const struct spd_flow6 f = flow_of(s, pkts[m->packet[k]]);

		spd_cache_put6(c, spd_cache_hash6(c, &f), &f, s->serial, match[m->packet[k]]);
	}
}

/* Each packet by itself: the lines of the cache, which are in none near by, are asked for first. */
static __rte_noinline void look_up_many(struct spd_cache *c, const struct spd *s,
					struct rte_mbuf **pkts, uint16_t n, struct misses *m,
					struct spd_matches *match)
{
	const struct spd_cache_bucket6 *bucket[WORKER_BURST];
	struct spd_flow6 flow[WORKER_BURST];

	for (uint16_t i = 0; i < n; i++) {
		flow[i] = flow_of(s, pkts[i]);
		bucket[i] = spd_cache_first6(c, spd_cache_hash6(c, &flow[i]));
		rte_prefetch1(bucket[i]);
	}
	for (uint16_t i = 0; i < n; i++) {
		if (i + SPD_FLOW_AHEAD < n)
			rte_prefetch0(bucket[i + SPD_FLOW_AHEAD]);
		if (likely(spd_cache_way6(bucket[i], 0, &flow[i], s->serial, &match[i])))
			spd_warm(s, match[i].out);
		else
			m->packet[m->n++] = i;
	}
	if (m->n != 0)
		look_further(c, s, pkts, m, match);
}

/* Of packets of one flow, one behind the other, only the first is asked about. */
static void look_up_few(struct spd_cache *c, const struct spd *s, struct rte_mbuf **pkts,
			uint16_t n, struct misses *m, struct spd_matches *match)
{
	uint16_t first[WORKER_BURST + 1], n_flows = 0;

	for (uint16_t i = 0; i < n;) {
		const struct spd_flow6 f = flow_of(s, pkts[i]);

		if (!spd_cache_way6(spd_cache_first6(c, spd_cache_hash6(c, &f)), 0, &f, s->serial,
				    &match[i]))
			m->packet[m->n++] = i;
		first[n_flows++] = i;
		while (++i < n && is_of(s, &f, pkts[i]))
			continue;
	}
	first[n_flows] = n;
	if (unlikely(m->n != 0))
		look_further(c, s, pkts, m, match);
	for (uint16_t k = 0; k < n_flows; k++)
		for (uint16_t i = first[k] + 1; i < first[k + 1]; i++)
			match[i] = match[first[k]];
}

/* Three packets tell. */
static bool are_many(const struct spd *s, struct rte_mbuf **pkts, uint16_t n)
{
	struct spd_flow6 first;

	if (n <= SPD_FLOW_AHEAD)
		return false;
	first = flow_of(s, pkts[0]);
	return !is_of(s, &first, pkts[n / 2]) || !is_of(s, &first, pkts[n - 1]);
}

/* Without a cache. */
static void ask_all(const struct spd *s, struct rte_mbuf **pkts, uint16_t n,
		    struct spd_matches *match)
{
	struct misses m = {.n = n};

	for (uint16_t i = 0; i < n; i++)
		m.packet[i] = i;
	resolve(s, pkts, &m, match);
}

void spd_look_up6(struct worker *w, const struct spd *s, struct rte_mbuf **pkts, uint16_t n,
		  struct spd_matches *match)
{
	struct misses m;

	m.n = 0;
	if (unlikely(w->spd_cache == NULL))
		ask_all(s, pkts, n, match);
	else if (unlikely(are_many(s, pkts, n)))
		look_up_many(w->spd_cache, s, pkts, n, &m, match);
	else
		look_up_few(w->spd_cache, s, pkts, n, &m, match);
}

static bool range_covers(const struct abi_range *r, const uint8_t *a, uint16_t port, bool ports)
{
	return memcmp(a, r->lo, sizeof(r->lo)) >= 0 && memcmp(a, r->hi, sizeof(r->hi)) <= 0 &&
	       (spd_any_port(r) || (ports && port >= r->port_lo && port <= r->port_hi));
}

int spd_match6_linear(const struct abi_policy *policies, uint32_t n, const struct selector6 *sel,
		      bool inbound)
{
	const uint8_t *local = inbound ? sel->dst : sel->src;
	const uint8_t *remote = inbound ? sel->src : sel->dst;
	uint16_t lport = inbound ? sel->dst_port : sel->src_port;
	uint16_t rport = inbound ? sel->src_port : sel->dst_port;

	for (uint32_t i = 0; i < n; i++) {
		const struct abi_policy *p = &policies[i];
		uint8_t protocol = spd_protocol(p);

		if (p->local.family == 6 && (protocol == 0 || protocol == sel->proto) &&
		    range_covers(&p->local, local, lport, sel->ports) &&
		    range_covers(&p->remote, remote, rport, sel->ports))
			return (int)i;
	}
	return -1;
}
