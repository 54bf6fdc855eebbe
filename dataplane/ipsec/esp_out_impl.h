/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_out_impl.h - what the files of esp_out share: esp_out.c for bursts of few SAs, in which
 * packets share what is known of theirs (esp_out_flow.c), esp_out_run.c for the usual ones of
 * these, esp_out_each.c for bursts of many. */
#ifndef ESPGW_IPSEC_ESP_OUT_IMPL_H
#define ESPGW_IPSEC_ESP_OUT_IMPL_H

#include <rte_prefetch.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/way.h"
#include "dataplane/worker.h"

#define FLOW_PLACES  1024u
#define FLOW_NONE    UINT16_MAX /* of at most WORKER_BURST */
#define EXTRA_MAX    (4 * WORKER_BURST)
#define AES_IV	     16u
#define PREFETCH_GAP 4u

_Static_assert(2 * WORKER_BURST < FLOW_PLACES, "there is always a free place");

/* What the packets of one SA in a burst share. */
struct flow {
	struct sa *sa;
	struct sa_outer outer;
	struct {
		uint16_t head;	  /* bytes in front of the inner packet */
		uint16_t around;  /* these, and all behind it but for pad bytes */
		uint16_t covered; /* those of them that the ICV covers */
		uint16_t index;	  /* of this flow */
		uint8_t esp;	  /* bytes in front of the ESP header */
	} size;
	uint64_t seq;	/* next number */
	uint64_t limit; /* last number that may be used */
	uint64_t bytes;
	uint64_t wire_bytes;
	struct pkt_meta meta; /* of the outer packet, but for lengths */
	struct way way;	      /* of those in a tunnel */
	uint16_t hits;	      /* packets that the policy has sent here */
	uint16_t n;	      /* packets of the burst, when there are several workers */
	uint16_t block;	      /* of numbers, for order.h */
	uint16_t done;	      /* packets sent */
	uint8_t unusable;     /* enum drop_reason */
	bool numbered;	      /* seq and limit are known */
	bool plain;	      /* usable, IPv4 in a tunnel over IPv4, IVs of AES_IV bytes */
	bool runs;	      /* usable, and usual enough for esp_out_run() */
	bool unfinished;      /* esp_shape_finish() has something to do */
};

struct batch {
	uint16_t n; /* packets */
	uint16_t n_flows;
	uint16_t n_ops;
	const uint8_t *iv; /* for the rest of the burst; NULL: none taken yet */
	struct flow flow[WORKER_BURST];
	uint16_t place[FLOW_PLACES];	  /* flows by hash of their slot; set with the first flow */
	uint16_t flow_of[WORKER_BURST];	  /* by packet, of those with an op; or FLOW_NONE */
	uint32_t slot_of[WORKER_BURST];	  /* by flow */
	uint16_t packet_of[WORKER_BURST]; /* by op */
	uint16_t inner_of[WORKER_BURST];  /* by op: length of the inner packet */
	uint16_t wire_of[WORKER_BURST];	  /* by op without a flow: of the outer one */
	struct crypto_op op[WORKER_BURST];
};

struct extra {
	uint16_t n;
	struct rte_mbuf *pkts[EXTRA_MAX];
};

/* Packets that come soon: their mbufs, and somewhat later what is written around the inner packet.
 * Since they were parsed others have been over the cache. */
static inline void prefetch_mbuf_of(struct rte_mbuf *m)
{
	rte_mbuf_prefetch_part1(m);
	rte_mbuf_prefetch_part2(m);
}

static inline void prefetch_frame(const struct rte_mbuf *m)
{
	const uint8_t *start = rte_pktmbuf_mtod(m, const uint8_t *);

	rte_prefetch0(start - RTE_CACHE_LINE_SIZE);
	rte_prefetch0(start);
	rte_prefetch0(start + m->data_len);
}

static inline void prefetch_mbuf(struct rte_mbuf **pkts, unsigned int i, unsigned int n)
{
	if (i + 2 * PREFETCH_GAP < n)
		prefetch_mbuf_of(pkts[i + 2 * PREFETCH_GAP]);
}

static inline void prefetch_packets(struct rte_mbuf **pkts, unsigned int i, unsigned int n)
{
	prefetch_mbuf(pkts, i, n);
	if (i + PREFETCH_GAP < n)
		prefetch_frame(pkts[i + PREFETCH_GAP]);
}

/* Move the borders of m, so that len bytes of outer packet lie behind 14 of Ethernet room with the
 * inner one head bytes into it. The outer packet, or NULL when the buffer is too small. */
static inline uint8_t *wrap(struct rte_mbuf *m, uint8_t l3_off, uint32_t head, uint32_t len)
{
	uint32_t inner = m->data_off + (uint32_t)l3_off;

	if (inner < head + IP4_ETHER_ROOM || inner - head + len > m->buf_len)
		return NULL;
	m->data_off = (uint16_t)(inner - head - IP4_ETHER_ROOM);
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + len);
	m->pkt_len = IP4_ETHER_ROOM + len;
	return rte_pktmbuf_mtod_offset(m, uint8_t *, IP4_ETHER_ROOM);
}

/* IVs of the rest of the burst, all taken at once. NULL: there are none. */
static inline const uint8_t *rest_of_ivs(struct crypto *c, struct batch *b)
{
	if (unlikely(b->iv == NULL))
		b->iv = crypto_ivs(c, b->n);
	return b->iv;
}

static inline const uint8_t *take_iv(struct crypto *c, struct batch *b)
{
	const uint8_t *iv = rest_of_ivs(c, b);

	if (likely(iv != NULL))
		b->iv = iv + AES_IV;
	return iv;
}

/** The flow of the SA, opened when the burst has not met it yet. NULL: no such SA. */
struct flow *esp_out_flow(const struct worker *w, struct batch *b, uint32_t slot);

/** A packet of any kind, number i of the burst: admitted, numbered and built. */
enum drop_reason esp_out_take(struct worker *w, struct batch *b, struct rte_mbuf **pkts, uint16_t i,
			      struct extra *extra);

/** May esp_out_run() have packets of f, which is usable? */
bool esp_out_runs(const struct flow *f);

/** Packets of f, which is so and numbered, from number first of the burst on, as long as they are
 * of one family and there is nothing special about them. Number of the first that was not taken. */
uint16_t esp_out_run(struct worker *w, struct batch *b, struct flow *f, struct rte_mbuf **pkts,
		     uint16_t first);

/** All packets of a burst of many SAs, by the only worker. */
void esp_out_each(struct worker *w, struct batch *b, struct rte_mbuf **pkts, struct extra *extra);

/** After the crypto engine: those that esp_out_each() has built itself are counted. */
void esp_out_each_count(struct worker *w, const struct batch *b, struct rte_mbuf **pkts);

#endif
