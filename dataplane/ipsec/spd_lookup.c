/* SPDX-License-Identifier: BSD-3-Clause */
/* spd_lookup.c - which policy covers a packet, and what that means for it. */
#include <string.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/ipsec/spd_impl.h"

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

static struct spd_flow flow_of(const struct selector *sel, bool inbound)
{
	uint32_t local = inbound ? sel->dst : sel->src, remote = inbound ? sel->src : sel->dst;
	uint16_t lport = inbound ? sel->dst_port : sel->src_port;
	uint16_t rport = inbound ? sel->src_port : sel->dst_port;

	return (struct spd_flow){.addrs = (uint64_t)local << 32 | remote,
				 .rest = (uint64_t)lport << 32 | (uint64_t)rport << 16 |
					 (uint64_t)sel->proto << 8 | sel->ports};
}

/* The packets that the cache does not know, asked about together. */
struct misses {
	uint16_t n;
	uint8_t packet[WORKER_BURST];
	struct selector sel[WORKER_BURST];
	struct spd_cache_bucket *bucket[WORKER_BURST];
};

static void resolve(const struct spd *s, const struct misses *m, bool inbound, uint32_t *match)
{
	struct spd_key key[WORKER_BURST];
	uint32_t found[WORKER_BURST];

	for (uint16_t k = 0; k < m->n; k++)
		spd_make_key(&key[k], &m->sel[k], inbound);
	spd_classify(s, key, m->n, found);
	for (uint16_t k = 0; k < m->n; k++) {
		struct spd_flow flow = flow_of(&m->sel[k], inbound);
		uint32_t known;

		match[m->packet[k]] = found[k];
		/* Several packets of a new flow in one burst: once is enough. */
		if (m->bucket[k] != NULL && !spd_cache_find(m->bucket[k], &flow, s->serial, &known))
			spd_cache_put(m->bucket[k], &flow, s->serial, found[k]);
	}
}

static void look_up(struct worker *w, const struct spd *s, struct rte_mbuf **pkts, uint16_t n,
		    bool inbound, uint32_t *match)
{
	struct misses m;

	m.n = 0;
	for (uint16_t i = 0; i < n; i++) {
		struct selector sel = selector_of(pkt_meta(pkts[i]));
		struct spd_flow flow = flow_of(&sel, inbound);
		struct spd_cache_bucket *b =
			w->spd_cache != NULL ? spd_cache_bucket(w->spd_cache, &flow) : NULL;

		if (b != NULL && spd_cache_find(b, &flow, s->serial, &match[i]))
			continue;
		m.packet[m.n] = (uint8_t)i;
		m.sel[m.n] = sel;
		m.bucket[m.n++] = b;
	}
	if (m.n != 0)
		resolve(s, &m, inbound, match);
}

static const struct spd *table(const struct worker *w)
{
	return __atomic_load_n(&w->tables->spd, __ATOMIC_ACQUIRE);
}

static void drop_all(struct rte_mbuf **pkts, uint16_t n, enum drop_reason why)
{
	for (uint16_t i = 0; i < n; i++)
		pkt_drop(pkts[i], why);
}

/* RFC 4301 section 5.2: clear packets must not be what a policy protects. */
static enum drop_reason judge_clear(const struct spd_entry *e)
{
	switch (e->action) {
	case ABI_ACT_PROTECT:
		return e->flags & ABI_POL_F_ALLOW_CLEAR ? DROP_NONE : DROP_IN_TEMPLATE_MISMATCHES;
	case ABI_ACT_DISCARD:
		return DROP_IN_POLICY_BLOCKED;
	case ABI_ACT_BYPASS:
		return DROP_NONE;
	default:
		return DROP_IN_POLICY_ERRORS;
	}
}

void spd_in_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	const struct spd *s = table(w);
	uint32_t match[WORKER_BURST];

	if (s == NULL) {
		drop_all(pkts, n, DROP_IN_POLICY_ERRORS);
		return;
	}
	if (s->n == 0)
		return;
	look_up(w, s, pkts, n, true, match);
	for (uint16_t i = 0; i < n; i++) {
		enum drop_reason why;

		if (match[i] == SPD_NO_MATCH)
			continue;
		if (match[i] >= s->n) {
			pkt_drop(pkts[i], DROP_IN_POLICY_ERRORS);
			continue;
		}
		worker_policy(w, s->entry[match[i]].index)->in_hits++;
		why = judge_clear(&s->entry[match[i]]);
		if (why != DROP_NONE)
			pkt_drop(pkts[i], why);
	}
}

static enum drop_reason protect(struct worker *w, struct pkt_meta *meta, const struct spd_entry *e)
{
	const struct sa *sa;
	enum sa_state state;

	if (e->mode != ABI_MODE_TUNNEL)
		return DROP_OUT_STATE_MODE_ERRORS;
	sa = sad_lookup_out(w->tables->sad, e->index);
	state = sa != NULL ? sa_state(sa) : SA_DEAD;
	if (state == SA_LIVE) {
		meta->sa_slot = sa->slot;
		meta->flags |= PKT_F_PROTECTED;
		return DROP_NONE;
	}
	if (state == SA_EXPIRED) {
		meta->sa_slot = sa->slot;
		return DROP_OUT_STATE_EXPIRED;
	}
	if (e->flags & ABI_POL_F_ALLOW_CLEAR)
		return DROP_NONE;
	meta->sa_slot = e->index;
	meta->verdict = PKT_SLOW;
	return DROP_NONE;
}

static enum drop_reason judge_outbound(struct worker *w, struct pkt_meta *meta,
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

void spd_out_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	const struct spd *s = table(w);
	uint32_t match[WORKER_BURST];

	/* A slot here is an inbound SA's, or none: from now on it is the outbound one's. */
	for (uint16_t i = 0; i < n; i++)
		pkt_meta(pkts[i])->sa_slot = PKT_NO_SA;
	if (s == NULL) {
		drop_all(pkts, n, DROP_OUT_POLICY_ERRORS);
		return;
	}
	if (s->n == 0)
		return;
	look_up(w, s, pkts, n, false, match);
	for (uint16_t i = 0; i < n; i++) {
		enum drop_reason why;

		if (match[i] == SPD_NO_MATCH)
			continue;
		if (match[i] >= s->n) {
			pkt_drop(pkts[i], DROP_OUT_POLICY_ERRORS);
			continue;
		}
		worker_policy(w, s->entry[match[i]].index)->out_hits++;
		why = judge_outbound(w, pkt_meta(pkts[i]), &s->entry[match[i]]);
		if (why != DROP_NONE)
			pkt_drop(pkts[i], why);
	}
}
