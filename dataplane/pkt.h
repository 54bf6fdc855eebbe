/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pkt.h - what the pipeline knows about a packet: one mbuf dynamic field, filled by parse, read by
 * everything after it. Nothing downstream parses again.
 *
 * All offsets are from rte_pktmbuf_mtod() at the time of parse. Stages that move the start of the
 * packet (esp_out, esp_in) rewrite the fields they invalidate.
 */
#ifndef ESPGW_PKT_H
#define ESPGW_PKT_H

#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#include "dataplane/api/counters.h"

/* Where parse, and each stage after it, sends a packet next. */
enum pkt_verdict {
	PKT_DROP = 0, /* meta->reason says why */
	PKT_ESP_IN,  /* ESP to one of our addresses, plain or in UDP; l4_off is at the ESP header */
	PKT_FORWARD, /* IPv4 not for us: SPD outbound (or inbound, when it came in clear), then
			route */
	PKT_PUNT,    /* IKE to us: UDP 500, or 4500 with the non-ESP marker */
	PKT_LOCAL, /* ICMP and the rest to our own addresses; local_burst() turns what it answers in
		      place into PKT_FORWARD with PKT_F_ORIGIN */
	PKT_REASSEMBLE, /* a fragment that is needed whole */
	PKT_SEND,	/* complete, to leave through out_port */
	PKT_SLOW,	/* to the manager: ARP, ND (from parse), or needs a neighbour or an SA */
};

/* Why a packet goes to the manager; the pipeline writes it to meta->reason on the way. */
enum pkt_slow {
	PKT_SLOW_ARP = 1, /* an ARP packet that came in */
	PKT_SLOW_NEIGH,	  /* next hop's MAC not known */
	PKT_SLOW_ACQUIRE, /* meta->sa_slot is the index of a PROTECT policy without an SA */
	PKT_SLOW_IKE,	  /* to the punt ring */
	PKT_SLOW_PMTU,	  /* an ICMP error: one of ours was too big (net/quote.h) */
	PKT_SLOW_UNREACH, /* an ICMP error: IKE of ours was not delivered (net/unreach.h) */
	PKT_SLOW_ND,	  /* IPv6 neighbour discovery that came in */
	PKT_SLOW_ECHO,	  /* pings: an answer to control, or word of one (net/echo.h) */
};

#define PKT_NO_SA UINT32_MAX /* meta->sa_slot of a packet that has met no SA; parse sets it */

#define PKT_F_FRAGMENT	(1u << 0) /* any fragment: MF set or offset not zero */
#define PKT_F_NONFIRST	(1u << 1) /* offset not zero: no ports */
#define PKT_F_DF	(1u << 2)
#define PKT_F_UDP_ENCAP (1u << 3) /* ESP came in UDP 4500 */
#define PKT_F_FROM_SA                                                                              \
	(1u << 4) /* decrypted; sa_slot is the inbound SA and its selectors are checked */
#define PKT_F_PROTECTED (1u << 5) /* encrypted; sa_slot is the outbound SA */
#define PKT_F_ORIGIN	(1u << 6) /* made by the gateway itself: no TTL decrement */
#define PKT_F_IPV6                                                                                 \
	(1u << 7) /* the header at l3_off is IPv6: src and dst are 0, its addresses are read there \
		   */

struct pkt_meta {
	uint8_t verdict; /* enum pkt_verdict */
	uint8_t reason;	 /* PKT_DROP: enum drop_reason; on the slow ring: enum pkt_slow */
	uint8_t flags;
	uint8_t proto;	 /* of the IP header at l3_off */
	uint8_t l3_off;	 /* IP header; 14 on Ethernet */
	uint8_t l4_off;	 /* what follows the IP header (PKT_ESP_IN: the ESP header) */
	uint8_t in_port; /* index in the port table */
	uint8_t out_port;
	uint16_t ip_len;   /* total length of the IP packet at l3_off */
	uint16_t src_port; /* host order; ICMP: type and code in src_port, as RFC 4301
			      section 4.4.1.1 */
	uint16_t dst_port;
	uint16_t trim; /* scratch between the halves of esp_out/esp_in; then the block of order.h
			   that it leaves in, or 0 */
	uint32_t src;  /* IPv4, host order */
	uint32_t dst;
	uint32_t sa_slot;  /* PKT_NO_SA: none */
	uint32_t next_hop; /* IPv4, host order, or IPv6's handle (net/fib6.h); set by route; before
			      that the SPI, in a fragment that came out of an SA */
};
_Static_assert(sizeof(struct pkt_meta) == 32, "pkt_meta");

/* Where it lies in the mbuf, a constant because every stage asks for it: the end of the room for
 * dynamic fields, half a cache line of its own. */
#define PKT_META_OFFSET (sizeof(struct rte_mbuf) - sizeof(struct pkt_meta))
_Static_assert(PKT_META_OFFSET >= offsetof(struct rte_mbuf, dynfield1), "room for dynamic fields");

/** Register the dynamic field. Call once, after rte_eal_init(), before anything else wants a field.
 * 0 or -errno: -EBUSY when the place is taken. */
int pkt_register(void);

static inline struct pkt_meta *pkt_meta(struct rte_mbuf *m)
{
	return RTE_MBUF_DYNFIELD(m, PKT_META_OFFSET, struct pkt_meta *);
}

/** Its IP header, where parse found it. */
static inline uint8_t *pkt_l3(const struct rte_mbuf *m)
{
	const struct pkt_meta *meta =
		RTE_MBUF_DYNFIELD(m, PKT_META_OFFSET, const struct pkt_meta *);

	return rte_pktmbuf_mtod_offset(m, uint8_t *, meta->l3_off);
}

static inline void pkt_drop(struct rte_mbuf *m, enum drop_reason reason)
{
	struct pkt_meta *meta = pkt_meta(m);

	meta->verdict = PKT_DROP;
	meta->reason = (uint8_t)reason;
}

#endif
