/* SPDX-License-Identifier: BSD-3-Clause */
/* reasm.c - reassembly around rte_ip_frag, which leaves bounds, checks and checksums to us. */
#define ALLOW_EXPERIMENTAL_API /* rte_ip_frag_table_del_expired_entries: nothing stays for ever */
#include "dataplane/net/reasm.h"

#include <stdio.h>

#include <rte_errno.h>
#include <rte_ip_frag.h>
#include <rte_malloc.h>
#include <rte_ring.h>

#include "dataplane/ipsec/own.h"
#include "dataplane/linear.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/perfrag6.h"
#include "dataplane/pipeline.h"

#define MS	      1000000ull
#define LOOK_NS	      (10 * MS) /* how often the oldest are looked at */
#define BUCKET	      16u
#define HANDED_SLOTS  512u
#define ECN_MASK      3u
#define FRAGMENT6_END (IP6_HEADER + IP6_FRAGMENT_HEADER)
#define ECN_CE	      3u
#define ROW	      RTE_IP_FRAG_DEATH_ROW_MBUF_LEN

_Static_assert(REASM_MAX_PIECES == RTE_LIBRTE_IP_FRAG_MAX_FRAG, "pieces of a datagram");

/* What came in clear, and what came out of an SA. */
enum { CLEAR, INNER, TABLES };
_Static_assert(TABLES == REASM_TABLES, "tables of a worker");

struct table {
	struct rte_ip_frag_tbl *tbl;
	uint32_t held; /* buffers */
};

struct reasm {
	struct table table[TABLES];
	uint32_t limit;
	unsigned int index;
	unsigned int n_workers;
	struct reasm *const *all;
	struct rte_ring *handed; /* from the other workers */
	uint64_t next_look;
	struct rte_ip_frag_death_row row;
};

struct reasm *reasm_create(unsigned int index, uint32_t max_buffers, uint32_t timeout_ms,
			   int socket)
{
	struct reasm *r = rte_zmalloc_socket("reasm", sizeof(*r), RTE_CACHE_LINE_SIZE, socket);
	char name[RTE_RING_NAMESIZE];

	if (r == NULL)
		return NULL;
	r->limit = max_buffers;
	r->index = index;
	r->n_workers = 1;
	snprintf(name, sizeof(name), "handed-%p", (void *)r);
	/* Several workers put; one that has lost its CPU meanwhile does not stop the others. */
	r->handed = rte_ring_create(name, HANDED_SLOTS, socket, RING_F_MP_RTS_ENQ | RING_F_SC_DEQ);
	for (unsigned int i = 0; i < TABLES; i++)
		/* Every entry holds a buffer at least. Its "cycles" are our nanoseconds. */
		r->table[i].tbl = rte_ip_frag_table_create(max_buffers / BUCKET + 1, BUCKET,
							   max_buffers, timeout_ms * MS, socket);
	if (r->handed == NULL || r->table[CLEAR].tbl == NULL || r->table[INNER].tbl == NULL) {
		reasm_free(r);
		return NULL;
	}
	return r;
}

void reasm_free(struct reasm *r)
{
	void *m;

	if (r == NULL)
		return;
	while (r->handed != NULL && rte_ring_dequeue(r->handed, &m) == 0)
		rte_pktmbuf_free(m);
	rte_ring_free(r->handed);
	for (unsigned int i = 0; i < TABLES; i++)
		if (r->table[i].tbl != NULL)
			rte_ip_frag_table_destroy(r->table[i].tbl);
	rte_free(r);
}

void reasm_connect(struct reasm *r, struct reasm *const *all, unsigned int n)
{
	r->all = all;
	r->n_workers = n;
}

uint32_t reasm_held(const struct reasm *r)
{
	return r->table[CLEAR].held + r->table[INNER].held;
}

/* --- what does not become whole --- */

/* Count and free a chain of fragments. */
static void lose(struct worker *w, struct rte_mbuf *m, enum drop_reason why)
{
	w->counters->drops[why] += m->nb_segs - 1u;
	pipeline_drop(w, m, why);
}

/* What rte_ip_frag has put on the row from place `from` on. */
static void lose_row(struct worker *w, struct table *t, uint32_t from)
{
	struct rte_ip_frag_death_row *row = &w->reasm->row;

	for (uint32_t i = from; i < row->cnt; i++) {
		t->held -= row->row[i]->nb_segs;
		lose(w, row->row[i], DROP_NET_REASSEMBLY);
	}
	row->cnt = 0;
}

/* Everything is older than the end of time, but a row with room for one full datagram takes no more
 * than that: the oldest one to four of them. */
static void evict(struct worker *w, struct table *t)
{
	const uint32_t from = ROW - REASM_MAX_PIECES;

	w->reasm->row.cnt = from;
	rte_ip_frag_table_del_expired_entries(t->tbl, &w->reasm->row, UINT64_MAX);
	lose_row(w, t, from);
}

void reasm_expire(struct worker *w)
{
	struct reasm *r = w->reasm;

	if (r == NULL || reasm_held(r) == 0 || w->now < r->next_look)
		return;
	r->next_look = w->now + LOOK_NS;
	for (unsigned int i = 0; i < TABLES; i++) {
		if (r->table[i].held == 0)
			continue;
		rte_ip_frag_table_del_expired_entries(r->table[i].tbl, &r->row, w->now);
		lose_row(w, &r->table[i], 0);
	}
}

/* --- what does --- */

/* IPv6: parse has looked at lengths and offset. */
static bool sound6(const struct pkt_meta *meta, const uint8_t *ip)
{
	return meta->ip_len > perfrag6_len(ip) + FRAGMENT6_END;
}

/* Is it a fragment that can be part of anything? */
static bool sound(const struct pkt_meta *meta, const uint8_t *ip)
{
	unsigned int ihl = (unsigned int)(meta->l4_off - meta->l3_off);
	unsigned int data = meta->ip_len - ihl;

	if (data == 0)
		return false;
	/* RFC 791 section 3.2: offsets count 8 bytes. */
	return (ip4_load16(ip + 6) & IP4_FLAG_MF) == 0 || (data & 7) == 0;
}

/* Do the pieces of a chain belong together, more than addresses and identification say? */
static bool consistent(struct rte_mbuf *chain)
{
	const struct pkt_meta *first = pkt_meta(chain);

	for (struct rte_mbuf *s = chain->next; s != NULL; s = s->next) {
		const struct pkt_meta *meta = pkt_meta(s);

		/* IPv6: the first piece says what it is (RFC 8200 section 4.5). */
		if ((meta->proto != first->proto && !(meta->flags & PKT_F_IPV6)) ||
		    meta->sa_slot != first->sa_slot || meta->next_hop != first->next_hop)
			return false;
	}
	return true;
}

/* RFC 3168 section 5.3: one piece that met congestion marks the whole, unless another is not
 * capable of it. False: drop. */
static bool join_ecn(struct rte_mbuf *chain, uint8_t *ip, bool six)
{
	unsigned int seen = 0;

	for (struct rte_mbuf *s = chain; s != NULL; s = s->next)
		seen |= 1u << (pkt_meta(s)->trim & ECN_MASK);
	if ((seen & 1u << ECN_CE) == 0)
		return true;
	ip[1] |= six ? ECN_CE << 4 : ECN_CE;
	return (seen & 1u) == 0;
}

/* It has been fragmented, so it may be again. */
static void finish4(uint8_t *ip)
{
	ip4_store16(ip + 6, 0);
	ip4_set_cksum(ip, (ip[0] & 0x0fu) * 4);
}

/* From the chain that rte_ip_frag made to a packet that parse understands. */
static struct rte_mbuf *finish(struct worker *w, struct rte_mbuf *chain)
{
	struct pkt_meta *meta = pkt_meta(chain);
	struct rte_mbuf *whole = NULL;
	enum drop_reason why = DROP_NET_REASSEMBLY;
	bool six = meta->flags & PKT_F_IPV6;
	uint32_t len;
	uint8_t *ip;

	if (six)
		perfrag6_unpark(chain);
	ip = pkt_l3(chain);
	len = chain->pkt_len - meta->l3_off;
	/* A first piece with options can make more of it than a header can say. */
	if (len <= UINT16_MAX && consistent(chain) && join_ecn(chain, ip, six)) {
		if (six)
			ip4_store16(ip + 4, (uint16_t)(len - IP6_HEADER));
		else
			finish4(ip);
		whole = linear_copy(w, chain);
		why = DROP_NET_NO_BUFFER;
	}
	if (whole == NULL) {
		lose(w, chain, why);
		return NULL;
	}
	w->counters->drops[DROP_NET_CONSUMED] += chain->nb_segs - 1u;
	rte_pktmbuf_free(chain);
	return whole;
}

/* Takes a fragment of our own; the whole packet when it was the last one. */
static struct rte_mbuf *put(struct worker *w, struct rte_mbuf *m)
{
	struct reasm *r = w->reasm;
	struct pkt_meta *meta = pkt_meta(m);
	struct table *t = &r->table[meta->flags & PKT_F_FROM_SA ? INNER : CLEAR];
	struct rte_mbuf *chain;
	uint8_t *ip;

	if (t->held >= r->limit)
		evict(w, t);
	if (meta->flags & PKT_F_IPV6)
		perfrag6_park(m);
	ip = pkt_l3(m);
	m->l2_len = meta->l3_off;
	t->held++;
	if (meta->flags & PKT_F_IPV6) {
		meta->trim = ip6_traffic_class(ip);
		m->l3_len = FRAGMENT6_END;
		chain = rte_ipv6_frag_reassemble_packet(t->tbl, &r->row, m, w->now, (void *)ip,
							(void *)(ip + IP6_HEADER));
	} else {
		meta->trim = ip[1];
		m->l3_len = (uint64_t)(meta->l4_off - meta->l3_off);
		chain = rte_ipv4_frag_reassemble_packet(t->tbl, &r->row, m, w->now, (void *)ip);
	}
	lose_row(w, t, 0);
	if (chain == NULL)
		return NULL;
	t->held -= chain->nb_segs;
	return finish(w, chain);
}

/* May it be kept? It gets written to, so what others hold is copied. */
static enum drop_reason take(struct worker *w, struct rte_mbuf **m)
{
	const struct pkt_meta *meta = pkt_meta(*m);
	const uint8_t *ip = pkt_l3(*m);

	if (w->reasm == NULL)
		return DROP_NET_FRAGMENT;
	if (!(meta->flags & PKT_F_IPV6 ? sound6(meta, ip) : sound(meta, ip)))
		return DROP_NET_REASSEMBLY;
	return own_packet(w, m) ? DROP_NONE : DROP_NET_NO_BUFFER;
}

/* --- which worker --- */

static unsigned int owner(const struct reasm *r, const struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	const uint8_t *ip = pkt_l3(m);
	uint64_t addrs = (uint64_t)meta->src << 32 | meta->dst, hash;
	uint32_t id = ip4_load16(ip + 4);

	if (meta->flags & PKT_F_IPV6) {
		addrs = ip6_hi(ip + IP6_OFF_SRC) * 31 + ip6_lo(ip + IP6_OFF_SRC) * 37 +
			ip6_hi(ip + IP6_OFF_DST) * 41 + ip6_lo(ip + IP6_OFF_DST);
		id = ip4_load32(ip + IP6_HEADER + perfrag6_len(ip) + 4);
	}
	hash = addrs * 0x9e3779b97f4a7c15ull;
	hash = (hash ^ hash >> 29 ^ id) * 0xbf58476d1ce4e5b9ull;
	return (unsigned int)((hash >> 32) * r->n_workers >> 32);
}

/* True: another worker has it now, or it is gone. */
static bool hand_over(struct worker *w, struct rte_mbuf *m)
{
	struct reasm *r = w->reasm;
	unsigned int to = r->n_workers > 1 ? owner(r, m) : r->index;

	if (to == r->index)
		return false;
	if (rte_ring_enqueue(r->all[to]->handed, m) != 0)
		pipeline_drop(w, m, DROP_NET_REASSEMBLY);
	return true;
}

uint16_t reasm_handed(struct worker *w, struct rte_mbuf **pkts)
{
	if (w->reasm == NULL || rte_ring_empty(w->reasm->handed))
		return 0;
	return (uint16_t)rte_ring_dequeue_burst(w->reasm->handed, (void **)pkts, WORKER_BURST,
						NULL);
}

/* What came in pieces leaves in pieces that pass everywhere: were they larger than those that came,
 * their source could not do anything about a path too narrow for them. */
static void permit_split(struct worker *w, struct pkt_meta *meta)
{
	if ((meta->flags & PKT_F_IPV6) == 0 || meta->verdict != PKT_FORWARD)
		return;
	meta->flags &= (uint8_t)~PKT_F_DF;
	w->split6 = true;
}

uint16_t reasm_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	uint16_t whole = 0;

	for (uint16_t i = 0; i < n; i++) {
		struct rte_mbuf *m = pkts[i];
		enum drop_reason why = take(w, &m);

		if (why != DROP_NONE) {
			pipeline_drop(w, m, why);
			continue;
		}
		if (hand_over(w, m))
			continue;
		m = put(w, m);
		if (m == NULL)
			continue;
		pkt_meta(m)->trim = 0;
		parse_whole(w, m);
		permit_split(w, pkt_meta(m));
		pkts[whole++] = m;
	}
	return whole;
}
