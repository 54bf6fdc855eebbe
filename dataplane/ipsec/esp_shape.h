/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_shape.h - every shape of ESP but IPv4 in a tunnel over IPv4, for which esp_out.c and esp_in.c
 * have a path of their own: IPv6 inside, IPv6 outside, transport mode, and outer headers marked
 * otherwise than most want. The two stages call these where sa->shape or the packet says so, but
 * for usual packets of a tunnel, one behind the other: these esp_out_run.c builds itself.
 */
#ifndef ESPGW_IPSEC_ESP_SHAPE_H
#define ESPGW_IPSEC_ESP_SHAPE_H

#include "dataplane/ipsec/crypto.h"
#include "dataplane/ipsec/sa.h"
#include "dataplane/net/ip6.h"
#include "dataplane/worker.h"

/* One packet to be sealed: what its SA says in this burst, and its number. */
struct esp_seal {
	const struct sa *sa;
	const struct sa_outer *outer; /* a copy that nobody changes */
	uint64_t seq;
};

/** Does the packet go through these functions instead of the stage's own? */
static inline bool esp_shape_is(const struct sa *sa, const struct pkt_meta *meta)
{
	return (sa->shape | (meta->flags & PKT_F_IPV6)) != 0;
}

/**
 * May the packet go through the SA, and does it fit? For an IPv6 packet, or any in transport mode.
 * Outside the selectors or not between the ends of a transport SA: out-bundle-errors; a packet in
 * transit for a transport SA: out-state-mode-errors (RFC 4301 section 4.1); too big: ICMPv6 type 2
 * with the inner MTU, though never less than 1280, and net-too-big. *m may be replaced by a copy.
 * piece: of a packet that was admitted whole, so its selectors do not count.
 */
enum drop_reason esp_shape_admit(struct worker *w, const struct sa *sa,
				 const struct sa_outer *outer, struct rte_mbuf **m, bool piece);

/** Is the packet, admitted, one to be split before encryption? IPv6 without PKT_F_DF in a tunnel:
 * ours when it does not fit, another's when it is larger than what every path carries. */
bool esp_shape_may_split(const struct sa *sa, const struct pkt_meta *meta);

/**
 * Make room around the packet and fill it, all but what the crypto engine writes; meta describes
 * the outer packet then, with the inner length in meta->trim. Fills op.
 */
enum drop_reason esp_shape_build(struct worker *w, const struct esp_seal *s, struct rte_mbuf *m,
				 struct crypto_op *op);

/**
 * For the files behind this one: fill UDP and ESP header and IV from meta->l4_off on, where there
 * is room for them, and op; the trailer is written.
 */
enum drop_reason esp_shape_fill(struct worker *w, const struct esp_seal *s, struct rte_mbuf *m,
				struct crypto_op *op);

/** Is the outer packet one to fall into pieces? In a tunnel over IPv6, what had to be admitted
 * larger than fits. */
static inline bool esp_shape_is_to_split(const struct sa *sa, const struct pkt_meta *meta)
{
	return (sa->shape & (SA_SHAPE_OUTER6 | SA_SHAPE_TRANSPORT)) == SA_SHAPE_OUTER6 &&
	       (meta->flags & PKT_F_DF) == 0 && meta->ip_len > IP6_MTU_MIN;
}

/** Does esp_shape_finish() have something to do for the outer packet? */
static inline bool esp_shape_is_unfinished(const struct sa *sa, const struct sa_outer *outer,
					   const struct pkt_meta *meta)
{
	return ((sa->shape & SA_SHAPE_OUTER6) != 0 && outer->encap == ABI_ENCAP_UDP) ||
	       esp_shape_is_to_split(sa, meta);
}

/**
 * After the crypto engine, where esp_shape_is_unfinished(): the UDP checksum between IPv6
 * addresses, and a packet that is larger than its path falls into pieces of 1280 bytes, which every
 * link carries (RFC 2473 section 7.1). The first takes its place, the others leave through
 * pipeline_route(). For others of the SA it does nothing.
 */
enum drop_reason esp_shape_finish(struct worker *w, const struct sa *sa, struct rte_mbuf **m,
				  const struct sa_outer *outer);

/** Is the IPv6 destination of the packet the local end of the SA? */
bool esp_shape_is_to(const struct sa *sa, const struct rte_mbuf *m);

/** A genuine packet, newer than all before: leave word when it came from elsewhere. */
void esp_shape_watch_peer(struct sa *sa, struct rte_mbuf *m);

/** Is the inner packet, parsed, of either family, one that may come out of the SA? */
bool esp_shape_selects(const struct sa *sa, const struct rte_mbuf *m);

/**
 * From the decrypted packet to what it carried, parsed and held against the selectors of its SA:
 * verdict PKT_FORWARD or PKT_LOCAL. tos: of the outer header, TOS or traffic class. A next header
 * that does not fit the mode: in-state-mode-errors.
 */
enum drop_reason esp_shape_unwrap(struct worker *w, struct rte_mbuf *m, const struct crypto_op *op,
				  uint8_t tos);

#endif
