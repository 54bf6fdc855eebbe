/* SPDX-License-Identifier: BSD-3-Clause */
/* spd_lookup.c - which policy covers a packet, and what that means for it. */
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_prefetch.h>

#include "dataplane/ipsec/sad_impl.h"
#include "dataplane/ipsec/spd_impl.h"
#include "dataplane/net/ip6.h"

#define FEW 16u /* packets of a burst */

void spd_make_key(struct spd_key *k, const struct selector *sel, bool inbound)
{
	memset(k, 0, sizeof(*k));
	k->proto = sel->proto;
	k->local = rte_cpu_to_be_32(inbound ? sel->dst : sel->src);
	k->remote = rte_cpu_to_be_32(inbound ? sel->src : sel->dst);
	k->local_port = rte_cpu_to_be_16(inbound ? sel->dst_port : sel->src_port);
	k->remote_port = rte_cpu_to_be_16(inbound ? sel->src_port : sel->dst_port);
	k->no_ports = sel->ports ? 0 : UINT32_MAX;
}

void spd_classify(const struct spd *s, const struct spd_key *keys, uint32_t n, uint32_t *match)
{
	const uint8_t *data[WORKER_BURST];
	uint32_t result[WORKER_BURST];

	for (uint32_t i = 0; i < n; i++) {
		data[i] = (const uint8_t *)&keys[i];
		match[i] = s->acl != NULL ? SPD_FAILED : SPD_NO_MATCH;
	}
	if (s->acl == NULL || n == 0 || rte_acl_classify(s->acl, data, result, n, 1) != 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		match[i] = result[i] != 0 ? result[i] - 1 : SPD_NO_MATCH;
}

uint32_t spd_match(const struct spd *s, const struct selector *sel, bool inbound)
{
	struct spd_key key;
	uint32_t match;

	spd_make_key(&key, sel, inbound);
	spd_classify(s, &key, 1, &match);
	return match;
}

/* Everything that selector_of() looks at, as far as it makes a difference. */
static inline struct spd_flow flow_of(const struct spd *s, const struct pkt_meta *meta)
{
	return (struct spd_flow){.addrs = s->shown_addrs & ((uint64_t)meta->src << 32 | meta->dst),
				 .rest = s->shown &
					 spd_cache_rest(meta->src_port, meta->dst_port, meta->proto,
							(meta->flags & PKT_F_NONFIRST) != 0)};
}

/* The packets of a burst, each with its flow and the hash of that. */
struct asked {
	struct spd_flow flow[WORKER_BURST];
	uint32_t hash[WORKER_BURST];
};

/* Those that the cache does not know, asked about together. */
struct misses {
	uint16_t n;
	uint16_t packet[WORKER_BURST];
};

/* Those that are not in their first bucket, in the second. */
static void look_again(struct spd_cache *c, const struct spd *s, const struct asked *a,
		       struct misses *m, struct spd_matches *match)
{
	uint16_t n = 0;

	for (uint16_t k = 0; k < m->n; k++)
		rte_prefetch0(spd_cache_second(c, a->hash[m->packet[k]]));
	for (uint16_t k = 0; k < m->n; k++) {
		uint16_t i = m->packet[k];

		if (!spd_cache_find(spd_cache_second(c, a->hash[i]), &a->flow[i], s->serial,
				    &match[i]))
			m->packet[n++] = i;
	}
	m->n = n;
}

static void resolve(const struct spd *s, struct rte_mbuf **pkts, const struct misses *m,
		    struct spd_matches *match)
{
	struct spd_key out[WORKER_BURST], in[WORKER_BURST];
	uint32_t out_found[WORKER_BURST], in_found[WORKER_BURST];

	for (uint16_t k = 0; k < m->n; k++) {
		struct selector sel = selector_of(pkt_meta(pkts[m->packet[k]]));

		spd_make_key(&out[k], &sel, false);
		spd_make_key(&in[k], &sel, true);
	}
	spd_classify(s, out, m->n, out_found);
	spd_classify(s, in, m->n, in_found);
	for (uint16_t k = 0; k < m->n; k++)
		match[m->packet[k]] = (struct spd_matches){.out = out_found[k], .in = in_found[k]};
}

static void ask_all(const struct spd *s, struct rte_mbuf **pkts, uint16_t n,
		    struct spd_matches *match)
{
	struct misses m = {.n = n};

	for (uint16_t i = 0; i < n; i++)
		m.packet[i] = (uint16_t)i;
	resolve(s, pkts, &m, match);
}

/* False: it is one more of those that have to be looked for elsewhere. */
static inline bool find_one(struct spd_cache *c, const struct spd *s, const struct asked *a,
			    uint16_t i, struct misses *m, struct spd_matches *match)
{
	if (spd_cache_find(spd_cache_first(c, a->hash[i]), &a->flow[i], s->serial, &match[i]))
		return true;
	m->packet[m->n++] = (uint16_t)i;
	return false;
}

static inline void find_few(struct spd_cache *c, const struct spd *s, const struct asked *a,
			    uint16_t n, struct misses *m, struct spd_matches *match)
{
	for (uint16_t i = 0; i < n; i++)
		find_one(c, s, a, i, m, match);
}

/* Of many flows, whose buckets are in no cache. */
static __rte_noinline void find_many(struct spd_cache *c, const struct spd *s,
				     const struct asked *a, uint16_t n, struct misses *m,
				     struct spd_matches *match)
{
	for (uint16_t i = 0; i < n; i++) {
		if (i + SPD_FLOW_AHEAD < n)
			rte_prefetch0(spd_cache_first(c, a->hash[i + SPD_FLOW_AHEAD]));
		if (likely(find_one(c, s, a, i, m, match)))
			spd_warm(s, match[i].out);
	}
}

static void look_up(struct worker *w, const struct spd *s, struct rte_mbuf **pkts, uint16_t n,
		    struct spd_matches *match)
{
	struct spd_cache *c = w->spd_cache;
	struct asked a;
	struct misses m;

	if (unlikely(c == NULL)) {
		ask_all(s, pkts, n, match);
		return;
	}
	for (uint16_t i = 0; i < n; i++) {
		a.flow[i] = flow_of(s, pkt_meta(pkts[i]));
		a.hash[i] = spd_cache_hash(c, &a.flow[i]);
		rte_prefetch1(spd_cache_first(c, a.hash[i]));
	}
	m.n = 0;
	if (unlikely(n > SPD_FLOW_AHEAD &&
		     (a.hash[0] != a.hash[n / 2] || a.hash[0] != a.hash[n - 1])))
		find_many(c, s, &a, n, &m, match);
	else
		find_few(c, s, &a, n, &m, match);
	if (likely(m.n == 0))
		return;
	look_again(c, s, &a, &m, match);
	if (m.n == 0)
		return;
	resolve(s, pkts, &m, match);
	for (uint16_t k = 0; k < m.n; k++)
		spd_cache_put(c, a.hash[m.packet[k]], &a.flow[m.packet[k]], s->serial,
			      match[m.packet[k]]);
}

/* Both families in one burst: each is looked up by itself. */
static __rte_noinline void look_up_mixed(struct worker *w, const struct spd *s,
					 struct rte_mbuf **pkts, uint16_t n,
					 struct spd_matches *match)
{
	struct rte_mbuf *four[WORKER_BURST], *six[WORKER_BURST];
	struct spd_matches found4[WORKER_BURST], found6[WORKER_BURST];
	uint16_t n4 = 0, n6 = 0;

	for (uint16_t i = 0; i < n; i++)
		if (pkt_meta(pkts[i])->flags & PKT_F_IPV6)
			six[n6++] = pkts[i];
		else
			four[n4++] = pkts[i];
	look_up(w, s, four, n4, found4);
	spd_look_up6(w, s, six, n6, found6);
	n4 = n6 = 0;
	for (uint16_t i = 0; i < n; i++)
		match[i] = pkt_meta(pkts[i])->flags & PKT_F_IPV6 ? found6[n6++] : found4[n4++];
}

static void look_up_any(struct worker *w, const struct spd *s, struct rte_mbuf **pkts, uint16_t n,
			struct spd_matches *match)
{
	uint8_t some = 0, all = UINT8_MAX;

	for (uint16_t i = 0; i < n; i++) {
		some |= pkt_meta(pkts[i])->flags;
		all &= pkt_meta(pkts[i])->flags;
	}
	if (likely((some & PKT_F_IPV6) == 0))
		look_up(w, s, pkts, n, match);
	else if (all & PKT_F_IPV6)
		spd_look_up6(w, s, pkts, n, match);
	else
		look_up_mixed(w, s, pkts, n, match);
}

static const struct spd *table(const struct worker *w)
{
	return __atomic_load_n(&w->tables->spd, __ATOMIC_ACQUIRE);
}

bool spd_selects_ports(const struct worker *w)
{
	const struct spd *s = table(w);

	return s != NULL && s->ports;
}

/* RFC 4301 section 5.2: clear packets must not be what a policy protects. Level "use" makes an
 * exception in both directions alike: as long as there is no SA to send through. */
static enum drop_reason judge_clear(const struct worker *w, const struct spd_entry *e)
{
	switch (e->action) {
	case ABI_ACT_PROTECT:
		return (e->flags & ABI_POL_F_ALLOW_CLEAR) &&
				       sad_out_of(w->tables->sad, e->index) == SAD_NONE
			       ? DROP_NONE
			       : DROP_IN_TEMPLATE_MISMATCHES;
	case ABI_ACT_DISCARD:
		return DROP_IN_POLICY_BLOCKED;
	case ABI_ACT_BYPASS:
		return DROP_NONE;
	default:
		return DROP_IN_POLICY_ERRORS;
	}
}

static inline enum drop_reason judge_in(struct worker *w, const struct spd *s, uint32_t match)
{
	if (match == SPD_NO_MATCH)
		return DROP_NONE;
	if (match >= s->n)
		return DROP_IN_POLICY_ERRORS;
	worker_policy(w, s->entry[match].index)->in_hits++;
	return judge_clear(w, &s->entry[match]);
}

static enum drop_reason protect(struct worker *w, struct pkt_meta *meta, const struct spd_entry *e)
{
	uint32_t out, mode = e->mode == ABI_MODE_TRANSPORT ? SAD_OUT_TRANSPORT : 0;

	/* RFC 4301 section 4.1: a gateway has transport mode for what it says itself. */
	if (unlikely(e->mode != ABI_MODE_TUNNEL) && !(meta->flags & PKT_F_ORIGIN))
		return DROP_OUT_STATE_MODE_ERRORS;
	out = sad_out_of(w->tables->sad, e->index);
	if (likely(out != SAD_NONE)) {
		meta->sa_slot = out & SAD_OUT_SLOT;
		if (unlikely(out & SAD_OUT_EXPIRED))
			return DROP_OUT_STATE_EXPIRED;
		if (unlikely((out & SAD_OUT_TRANSPORT) != mode))
			return DROP_OUT_STATE_MODE_ERRORS;
		meta->flags |= PKT_F_PROTECTED;
		return DROP_NONE;
	}
	if (e->flags & ABI_POL_F_ALLOW_CLEAR)
		return DROP_NONE;
	meta->sa_slot = e->index;
	meta->verdict = PKT_SLOW;
	return DROP_NONE;
}

static enum drop_reason judge_policy(struct worker *w, struct pkt_meta *meta,
				     const struct spd_entry *e)
{
	switch (e->action) {
	case ABI_ACT_PROTECT:
		return protect(w, meta, e);
	case ABI_ACT_DISCARD:
		return DROP_OUT_POLICY_BLOCKED;
	case ABI_ACT_BYPASS:
		return DROP_NONE;
	default:
		return DROP_OUT_POLICY_ERRORS;
	}
}

/* The last match that a live SA protects, and this SA: mostly the next packet's, too. */
struct served {
	uint32_t match; /* SPD_NO_MATCH: none yet */
	uint32_t slot;
};

static inline enum drop_reason judge_out(struct worker *w, const struct spd *s,
					 struct pkt_meta *meta, uint32_t match, struct served *last)
{
	enum drop_reason why;

	if (match == SPD_NO_MATCH)
		return DROP_NONE;
	if (match >= s->n)
		return DROP_OUT_POLICY_ERRORS;
	if (match == last->match) {
		meta->sa_slot = last->slot;
		meta->flags |= PKT_F_PROTECTED;
		return DROP_NONE;
	}
	why = judge_policy(w, meta, &s->entry[match]);
	if (unlikely(why != DROP_NONE || !(meta->flags & PKT_F_PROTECTED)))
		worker_policy(w, s->entry[match].index)->out_hits++; /* else it is its SA's */
	else if (s->entry[match].mode == ABI_MODE_TUNNEL)
		*last = (struct served){.match = match, .slot = meta->sa_slot};
	return why;
}

#define NO_SLOT UINT64_MAX

/* Of IPv6 out of tunnels, what is known to be where no policy has its remote end. */
struct gone {
	uint64_t slot;		     /* where packets of that SA go; NO_SLOT: of none */
	const struct sa_narrow6 *in; /* the local ends of these selectors; NULL: of none */
	const uint8_t *to;	     /* this address; NULL: none */
};

static bool same_local(const struct sa_narrow6 *a, const struct sa_narrow6 *b)
{
	return ((a->local[0] ^ b->local[0]) | (a->local[1] ^ b->local[1]) |
		(a->local_mask[0] ^ b->local_mask[0]) | (a->local_mask[1] ^ b->local_mask[1])) == 0;
}

static bool reaches_local(const struct spd *s, const struct sa_narrow6 *in)
{
	uint64_t lo[2], hi[2];

	for (unsigned int i = 0; i < 2; i++) {
		lo[i] = rte_be_to_cpu_64(in->local[i]);
		hi[i] = rte_be_to_cpu_64(in->local[i] | ~in->local_mask[i]);
	}
	return spd_reaches6_any(s, lo, hi);
}

/* Its selectors have let the packets of an SA through: where they go is known without a look at
 * them, which lie in no cache near by. SAs of many peers mostly have one network at this end. */
static __rte_noinline bool learn_sa(const struct worker *w, const struct spd *s, uint32_t slot,
				    struct gone *g)
{
	const struct sa *sa = sad_slot(w->tables->sad, slot);

	if (sa == NULL || (sa->shape & SA_SHAPE_NARROW6) == 0)
		return false;
	if ((g->in == NULL || !same_local(g->in, &sa->narrow6)) && reaches_local(s, &sa->narrow6))
		return false;
	g->in = &sa->narrow6;
	g->slot = slot;
	return true;
}

static bool goes_nowhere6(const struct worker *w, const struct spd *s, struct rte_mbuf *m,
			  struct gone *g)
{
	const struct pkt_meta *meta = pkt_meta(m);
	/* A piece may have waited, and another SA have its slot; and what we say about a packet
	 * goes to where that came from. */
	bool by_sa = (meta->flags & (PKT_F_FRAGMENT | PKT_F_ORIGIN)) == 0;
	const uint8_t *to;

	if (likely(by_sa && meta->sa_slot == g->slot))
		return true;
	to = pkt_l3(m) + IP6_OFF_DST;
	if (g->to != NULL && ip6_equal(to, g->to))
		return true;
	by_sa = by_sa && learn_sa(w, s, meta->sa_slot, g);
	if (by_sa && g->to != NULL)
		return true;
	/* Of many SAs that have one host here the others need not be asked. */
	if (!spd_reaches6(s, to))
		g->to = to;
	else if (!by_sa)
		return false;
	return true;
}

/* Out of tunnels, and to where no policy has its remote end: as most of what comes out of them. */
static bool none_goes_back(const struct worker *w, const struct spd *s,
			   struct rte_mbuf *const *pkts, uint16_t n)
{
	struct gone gone = {.slot = NO_SLOT};

	for (uint16_t i = 0; i < n; i++) {
		const struct pkt_meta *meta = pkt_meta(pkts[i]);

		if ((meta->flags & PKT_F_FROM_SA) == 0)
			return false;
		if (unlikely(meta->flags & PKT_F_IPV6) ? !goes_nowhere6(w, s, pkts[i], &gone)
						       : spd_reaches(s, meta->dst))
			return false;
	}
	return true;
}

/* What no policy speaks about. The inbound SA has nothing more to do with them. */
static void pass_all(struct rte_mbuf **pkts, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++)
		pkt_meta(pkts[i])->sa_slot = PKT_NO_SA;
}

enum judge { JUDGE_IN, JUDGE_OUT, JUDGE_TRANSIT };

/* One packet; s NULL: nothing passes. */
static inline enum drop_reason judge_one(struct worker *w, const struct spd *s,
					 struct pkt_meta *meta, const struct spd_matches *match,
					 enum judge how, struct served *last)
{
	bool clear = !(meta->flags & (PKT_F_FROM_SA | PKT_F_ORIGIN));
	enum drop_reason why;

	if (how == JUDGE_IN || (how == JUDGE_TRANSIT && clear)) {
		why = s != NULL ? judge_in(w, s, match->in) : DROP_IN_POLICY_ERRORS;
		if (how == JUDGE_IN || why != DROP_NONE)
			return why;
	}
	/* A slot here is an inbound SA's, or none: from now on it is the outbound one's. */
	meta->sa_slot = PKT_NO_SA;
	return s != NULL ? judge_out(w, s, meta, match->out, last) : DROP_OUT_POLICY_ERRORS;
}

static bool are_many(const struct spd_matches *match, uint16_t n)
{
	return n > FEW && (match[0].out != match[n / 2].out || match[0].out != match[n - 1].out);
}

/* Usual packets of usual policies: nobody asks about them from the other side, and they go through
 * a tunnel. Where it says which SA the policy has; or none. */
static inline const uint32_t *way_of(const struct sad *sad, const struct spd *s,
				     const struct spd_matches *match)
{
	static const uint32_t none = SAD_NONE;
	const struct spd_entry *e;

	if (unlikely(match->out >= s->n || match->in != SPD_NO_MATCH))
		return &none;
	e = &s->entry[match->out];
	if (unlikely(e->action != ABI_ACT_PROTECT || e->mode != ABI_MODE_TUNNEL ||
		     e->index >= sad->max_policies))
		return &none;
	return &sad->out[e->index];
}

/* Packets of many policies, which have nothing to share: the way from policy to SA, which is in no
 * cache near by, a step at a time for all of them. */
static __rte_noinline void judge_many(struct worker *w, const struct spd *s, struct rte_mbuf **pkts,
				      uint16_t n, const struct spd_matches *match, enum judge how)
{
	const struct sad *sad = w->tables->sad;
	struct served last = {.match = SPD_NO_MATCH};
	const uint32_t *way[WORKER_BURST];

	for (uint16_t i = 0; i < n; i++) {
		way[i] = way_of(sad, s, &match[i]);
		rte_prefetch0(way[i]);
	}
	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta *meta = pkt_meta(pkts[i]);
		uint32_t slot = __atomic_load_n(way[i], __ATOMIC_ACQUIRE);
		enum drop_reason why;

		if (likely(slot <= SAD_OUT_SLOT)) { /* there is one, and nothing else to be said */
			meta->sa_slot = slot;
			meta->flags |= PKT_F_PROTECTED;
			rte_prefetch1(&sad->slot[slot]);
			continue;
		}
		why = judge_one(w, s, meta, &match[i], how, &last);
		if (why != DROP_NONE)
			pkt_drop(pkts[i], why);
	}
}

static inline void judge_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n, enum judge how)
{
	static const struct spd_matches none = {.out = SPD_NO_MATCH, .in = SPD_NO_MATCH};
	const struct spd *s = table(w);
	struct spd_matches match[WORKER_BURST];
	struct served last = {.match = SPD_NO_MATCH};
	bool ask = s != NULL && s->n != 0;

	if (ask && how == JUDGE_TRANSIT && none_goes_back(w, s, pkts, n)) {
		pass_all(pkts, n);
		return;
	}
	if (ask)
		look_up_any(w, s, pkts, n, match);
	if (unlikely(ask && how != JUDGE_IN && are_many(match, n))) {
		judge_many(w, s, pkts, n, match, how);
		return;
	}
	for (uint16_t i = 0; i < n; i++) {
		enum drop_reason why =
			judge_one(w, s, pkt_meta(pkts[i]), ask ? &match[i] : &none, how, &last);

		if (unlikely(why != DROP_NONE))
			pkt_drop(pkts[i], why);
	}
}

void spd_in_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	judge_burst(w, pkts, n, JUDGE_IN);
}

void spd_out_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	judge_burst(w, pkts, n, JUDGE_OUT);
}

void spd_transit_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	judge_burst(w, pkts, n, JUDGE_TRANSIT);
}
