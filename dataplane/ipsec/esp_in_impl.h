/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_in_impl.h - what the files of esp_in share: esp_in.c for packets of any kind, esp_in_run.c
 * for the usual ones, which come one behind the other, esp_in_run6.c for what of these carries
 * IPv6, esp_in_each.c for bursts of many SAs. */
#ifndef ESPGW_IPSEC_ESP_IN_IMPL_H
#define ESPGW_IPSEC_ESP_IN_IMPL_H

#include <rte_prefetch.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/net/parse_plain.h"
#include "dataplane/net/parse_plain6.h"
#include "dataplane/worker.h"

#define AES_IV	       16u
#define FOUND_NO_BLOCK 1u /* no multiple of 32 */
#define FOUND_NONE     UINT8_MAX
#define FOUND_FLAGS    (PKT_F_UDP_ENCAP | PKT_F_IPV6)
#define BATCH_BEHIND   8u /* ops behind the last, for a look ahead */

/* What is known of a packet before its ICV; later on nothing of this is read from the packet again.
 */
struct held {
	uint64_t seq;
	uint16_t wire; /* length of the outer packet */
	uint8_t flags;
	uint8_t tos;
	uint16_t packet;
	uint8_t in_port;
	uint8_t why; /* enum drop_reason */
};

struct batch {
	uint16_t n;
	uint8_t flags;	/* PKT_F_... of any of them */
	bool many;	/* SAs, says a look at a few packets */
	bool several;	/* says a look at each */
	uint8_t shapes; /* of many SAs: SA_SHAPE_... of any of them */
	bool alone;	/* no other worker takes numbers */
	struct held held[WORKER_BURST];
	struct crypto_op op[WORKER_BURST + BATCH_BEHIND];
};

/* The SA of the last packet, which mostly is the next one's, too; and what its window takes around
 * the last number. */
struct found {
	struct sa *sa;	/* NULL: none yet */
	uint64_t first; /* of 32 numbers; FOUND_NO_BLOCK: none yet */
	uint64_t ends;	/* SPI and destination of packets it is for, */
	struct ip6 to;	/* and that of IPv6, where ends has 0 */
	uint32_t open;	/* those of the numbers that were not taken */
	uint8_t flags;	/* FOUND_FLAGS of these packets; FOUND_NONE: it is for none */
	uint8_t why;	/* enum drop_reason */
};

/* Was that number taken, or is it left of the window? alone: as in batch. */
static inline bool found_is_replay(struct found *found, uint64_t seq, bool alone)
{
	const struct replay *r = sa_replay(found->sa);

	if ((seq & ~31ull) != found->first) {
		found->first = seq & ~31ull;
		found->open = alone ? replay_open_block_alone(r, found->first)
				    : replay_open_block(r, found->first);
	}
	return (found->open >> (seq & 31) & 1) == 0;
}

/* What was delivered from one SA in a run of packets. */
struct tally {
	const struct sa *sa;
	uint32_t policy;
	uint32_t packets;
	uint64_t bytes;
	uint64_t wire_bytes;
};

/* The engine has been over all packets meanwhile: where the inner one starts is far away again. */
static inline void prefetch_clear(const struct crypto_op *op)
{
	rte_prefetch0(op->esp + SA_ESP_HEADER + op->sa->iv_len);
}

/** Packets of the SA that was found for the one before, from number first of the burst on: all that
 * can be said before the ICV, and into the batch, as long as there is nothing to be said against
 * them. Number of the first that was not taken. */
uint16_t esp_in_run_check(struct batch *b, struct found *found, struct rte_mbuf **pkts,
			  uint16_t first, uint16_t n);

/** The same for what has been decrypted: packets of the SA of op number first, to what they carried
 * and counted in *t, as long as that is IPv4 with nothing special about it; */
uint16_t esp_in_run_deliver(const struct batch *b, struct parse_run *parse, struct rte_mbuf **pkts,
			    uint16_t first, struct tally *t);

/** or IPv6. */
uint16_t esp_in_run6_deliver(const struct batch *b, struct parse_run6 *parse,
			     struct rte_mbuf **pkts, uint16_t first, struct tally *t);

/** A packet of any kind, number i of the burst: what can be said before the ICV, and into the
 * batch, or dropped. */
void esp_in_check_one(struct worker *w, struct batch *b, struct found *found,
		      struct rte_mbuf **pkts, uint16_t i);

/** A genuine packet of any kind, that of op number k, decrypted: to what it carried, and counted.
 */
void esp_in_deliver_one(struct worker *w, struct batch *b, struct parse_run *parse,
			struct rte_mbuf **pkts, uint16_t k);

/** All packets of a burst of many SAs: the three steps of esp_in. Numbers are taken by the only
 * worker; true: some packets have to be dropped, and held says so. */
void esp_in_each_check(struct worker *w, struct batch *b, struct rte_mbuf **pkts, uint16_t n);
bool esp_in_each_number(struct batch *b);
void esp_in_each_deliver(struct worker *w, struct batch *b, struct parse_run *parse,
			 struct rte_mbuf **pkts);

#endif
