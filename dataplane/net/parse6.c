/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * parse6.c - from an IPv6 packet to a verdict; what parse.c is for IPv4, under the same rules.
 *
 * A chain of extension headers is walked once, at most CHAIN_MAX of them and as far as meta->l4_off
 * reaches (255 bytes from the start of the frame). What is longer, or not whole in a first
 * fragment (RFC 7112), is dropped: nothing behind it could be checked against a policy.
 */
#include <netinet/in.h>

#include "dataplane/net/fib6.h"
#include "dataplane/net/icmp6.h"
#include "dataplane/net/parse_impl.h"

#define CHAIN_MAX     8u
#define ICMP6_MINIMUM 4u
#define ROUTING_TYPE0 0u
#define OPTION_PAD1   0u
#define OPTION_ACTION 0xc0u /* not 0: who does not know the option drops the packet */
#define OPTION_JUMBO  0xc2u
#define OPTION_PADN   1u
#define OPTION_ALERT  5u /* RFC 2711: a router may look at the packet; none needs to here */

/* Where the walk along the chain stands. */
struct chain {
	const uint8_t *ip;
	unsigned int end; /* of the packet, from ip */
	unsigned int max; /* l4_off must not be beyond it, from ip */
	unsigned int at;
	uint8_t next; /* type of the header at "at" */
	bool to_us;
	bool fragment; /* a fragment header was met, atomic or not */
};

/*
 * Options whole (RFC 8200 section 4.2), from p on, len bytes. To be forwarded a packet may have any
 * but a jumbo payload (RFC 2675), which no port here can carry; the receiver of the packet knows
 * the ones without effect and must refuse what it is told to refuse.
 */
static enum drop_reason check_options(const uint8_t *p, unsigned int len, bool to_us)
{
	unsigned int i = 0;

	while (i < len) {
		if (p[i] == OPTION_PAD1) {
			i++;
			continue;
		}
		if (len - i < 2 || p[i + 1] > len - i - 2 || p[i] == OPTION_JUMBO)
			return DROP_NET_HEADER;
		if (to_us && p[i] & OPTION_ACTION)
			return DROP_NET_HEADER;
		i += 2u + p[i + 1];
	}
	return DROP_NONE;
}

/* Type 0 is a source route and dead (RFC 5095); the others are for the hop they name: one that
 * still names hops and came to us would be for us to follow, which we do not. */
static enum drop_reason check_routing(const uint8_t *p, bool to_us)
{
	if (p[2] == ROUTING_TYPE0)
		return DROP_NET_MARTIAN;
	return to_us && p[3] != 0 ? DROP_NET_MARTIAN : DROP_NONE;
}

/* RFC 8200 section 4.5; a fragment that is the whole packet is none (RFC 6946). */
static enum drop_reason take_fragment(struct pkt_meta *meta, struct chain *c, const uint8_t *p)
{
	unsigned int word = ip4_load16(p + 2);
	unsigned int offset = word & IP6_FRAGMENT_OFFSET;
	unsigned int payload = c->end - c->at - IP6_FRAGMENT_HEADER;

	if (c->fragment)
		return DROP_NET_HEADER;
	c->fragment = true;
	if ((word & IP6_FRAGMENT_MORE) && (payload % 8 != 0 || payload == 0))
		return DROP_NET_HEADER;
	/* The last byte must not lie beyond 65535 of payload. */
	if (offset + payload > 65535u)
		return DROP_NET_HEADER;
	if (word & (IP6_FRAGMENT_MORE | IP6_FRAGMENT_OFFSET))
		meta->flags |= PKT_F_FRAGMENT;
	if (offset != 0)
		meta->flags |= PKT_F_NONFIRST;
	return DROP_NONE;
}

/* One extension header; *done when c->next is none, but what the packet carries. */
static enum drop_reason walk_one(struct pkt_meta *meta, struct chain *c, bool *done)
{
	const uint8_t *p = c->ip + c->at;
	enum drop_reason why;
	unsigned int len;

	switch (c->next) {
	case IP6_EXT_HOP_BY_HOP:
	case IP6_EXT_DESTINATION:
	case IP6_EXT_ROUTING:
	case IP6_EXT_FRAGMENT:
		break;
	default:
		*done = true;
		return DROP_NONE;
	}
	if (c->end - c->at < 8)
		return DROP_NET_HEADER;
	len = c->next == IP6_EXT_FRAGMENT ? IP6_FRAGMENT_HEADER : 8u + 8u * p[1];
	if (len > c->end - c->at || c->at + len > c->max)
		return DROP_NET_HEADER;
	if (c->next == IP6_EXT_FRAGMENT)
		why = take_fragment(meta, c, p);
	else if (c->next == IP6_EXT_ROUTING)
		why = check_routing(p, c->to_us);
	else if (c->next == IP6_EXT_HOP_BY_HOP && c->at != IP6_HEADER)
		why = DROP_NET_HEADER; /* RFC 8200 section 4.1: the first or none */
	else
		why = check_options(p + 2, len - 2, c->to_us);
	c->next = p[0];
	c->at += len;
	/* What follows in a fragment but the first is no header. */
	*done = (meta->flags & PKT_F_NONFIRST) != 0;
	return why;
}

static enum drop_reason walk(struct pkt_meta *meta, struct chain *c)
{
	bool done = false;

	for (unsigned int n = 0; n <= CHAIN_MAX; n++) {
		enum drop_reason why = walk_one(meta, c, &done);

		if (why != DROP_NONE)
			return why;
		if (done)
			return DROP_NONE;
	}
	return DROP_NET_HEADER;
}

/* Ports, or ICMPv6's type and code, of a whole packet or first fragment. l4 has len bytes. */
static enum drop_reason parse_ports6(struct pkt_meta *meta, const uint8_t *l4, unsigned int len)
{
	unsigned int need =
		meta->proto == IP6_PROTO_ICMP ? ICMP6_MINIMUM : parse_transport_header(meta->proto);

	/* ICMP is another protocol's number here, and has no ports. */
	if ((meta->flags & PKT_F_NONFIRST) || meta->proto == IPPROTO_ICMP || need == 0)
		return DROP_NONE;
	if (len < need)
		return DROP_NET_HEADER;
	meta->src_port = ip4_load16(l4);
	if (meta->proto != IP6_PROTO_ICMP)
		meta->dst_port = ip4_load16(l4 + 2);
	return DROP_NONE;
}

/* Mostly it is somebody else's. */
static inline bool is_local(const struct fib6 *f, const uint8_t *addr)
{
	return !fib6_is_stranger(f, addr) && fib6_is_local(f, addr);
}

static bool is_nd(const struct pkt_meta *meta)
{
	unsigned int type = meta->src_port >> 8;

	return meta->proto == IP6_PROTO_ICMP && type >= ICMP6_ND_FIRST && type <= ICMP6_ND_LAST;
}

/*
 * The unspecified address is a source of neighbour discovery alone (RFC 4862 section 5.4.2), a
 * link-local one stays on its link: it may come to us, but not out of a tunnel.
 */
static enum drop_reason check_source6(const struct fib6 *f, const struct pkt_meta *meta,
				      const uint8_t *src, bool to_us)
{
	if (ip6_is_unspecified(src))
		return to_us && is_nd(meta) ? DROP_NONE : DROP_NET_MARTIAN;
	if (ip6_martian_source(src))
		return DROP_NET_MARTIAN;
	/* Who has an address of ours too says so from that very address (RFC 4861 section 7.2.4).
	 */
	if ((meta->flags & PKT_F_ORIGIN) ||
	    (to_us && is_nd(meta) && !(meta->flags & PKT_F_FROM_SA)))
		return DROP_NONE;
	if (ip6_is_link_local(src))
		return !to_us || (meta->flags & PKT_F_FROM_SA) ||
				       fib6_is_port_address(f, meta->in_port, src)
			       ? DROP_NET_MARTIAN
			       : DROP_NONE;
	return is_local(f, src) ? DROP_NET_MARTIAN : DROP_NONE;
}

/* Is it for us? A group or a link-local address of ours only on its own link. */
static bool is_to_us(const struct fib6 *f, const struct pkt_meta *meta, const uint8_t *dst)
{
	if (!ip6_is_multicast(dst) && !ip6_is_link_local(dst))
		return is_local(f, dst);
	if (meta->flags & (PKT_F_FROM_SA | PKT_F_ORIGIN))
		return false;
	return fib6_is_port_address(f, meta->in_port, dst) ||
	       fib6_is_port_group(f, meta->in_port, dst);
}

/* Only what we say ourselves goes to a link-local host. */
static bool may_forward_to(const struct pkt_meta *meta, const uint8_t *dst)
{
	if (ip6_is_link_local(dst))
		return (meta->flags & (PKT_F_ORIGIN | PKT_F_FROM_SA)) == PKT_F_ORIGIN;
	return !ip6_martian_destination(dst);
}

/* The checksum is a must (RFC 8200 section 8.1); zero is for ESP in UDP alone (RFC 6935). */
static bool udp_checksum_ok(const uint8_t *ip, const uint8_t *l4, unsigned int len, bool natt)
{
	const unsigned int marker = PARSE_UDP_HEADER + 4;

	if (ip4_load16(l4 + 6) == 0)
		return natt && (len < marker || ip4_load32(l4 + PARSE_UDP_HEADER) != 0);
	return ip6_cksum(ip + IP6_OFF_SRC, ip + IP6_OFF_DST, IPPROTO_UDP, l4, len) == 0;
}

/* A whole packet from the wire to one of our addresses; l4 has len bytes. Sets the verdict. */
static enum drop_reason parse_to_us6(struct pkt_meta *meta, const uint8_t *ip, const uint8_t *l4,
				     unsigned int len)
{
	bool natt = meta->dst_port == PARSE_PORT_NATT;

	if (meta->proto == IPPROTO_ESP) {
		meta->verdict = PKT_ESP_IN;
		return len >= PARSE_ESP_HEADER ? DROP_NONE : DROP_IN_HEADER_ERRORS;
	}
	if (meta->proto != IPPROTO_UDP || (meta->dst_port != PARSE_PORT_IKE && !natt))
		return DROP_NONE;
	if (ip4_load16(l4 + 4) != len)
		return natt ? DROP_IN_HEADER_ERRORS : DROP_NET_HEADER;
	if (!udp_checksum_ok(ip, l4, len, natt))
		return DROP_NET_CHECKSUM;
	if (natt)
		return parse_natt(meta, l4 + PARSE_UDP_HEADER, len - PARSE_UDP_HEADER);
	meta->verdict = PKT_PUNT;
	return len > PARSE_UDP_HEADER ? DROP_NONE : DROP_NET_HEADER;
}

/* RFC 4861 sections 6.1 and 7.1: from this link, for certain, and in one piece (RFC 6980). */
static enum drop_reason parse_nd(struct pkt_meta *meta, const struct chain *c, bool outer)
{
	unsigned int type = meta->src_port >> 8;

	/* We are a router: others' advertisements and redirects are not for us to follow. */
	if (type != ICMP6_ND_SOLICIT && type != ICMP6_ND_ADVERT)
		return DROP_NET_ND;
	if (!outer || c->fragment || c->ip[7] != IP6_HOP_ND ||
	    ip6_cksum(c->ip + IP6_OFF_SRC, c->ip + IP6_OFF_DST, IP6_PROTO_ICMP, c->ip + c->at,
		      c->end - c->at) != 0)
		return DROP_NET_ND;
	meta->verdict = PKT_SLOW;
	return DROP_NONE;
}

static enum drop_reason parse_local6(struct pkt_meta *meta, const struct chain *c, bool outer)
{
	const uint8_t *dst = c->ip + IP6_OFF_DST;

	if (meta->flags & PKT_F_FRAGMENT) {
		/* Neighbour discovery may not come in pieces (RFC 6980), nor has it to a group. */
		if (is_nd(meta) || ip6_is_multicast(dst))
			return DROP_NET_FRAGMENT;
		meta->verdict = PKT_REASSEMBLE;
		return DROP_NONE;
	}
	meta->verdict = PKT_LOCAL;
	if (is_nd(meta))
		return parse_nd(meta, c, outer);
	if (!outer || ip6_is_multicast(dst))
		return DROP_NONE;
	return parse_to_us6(meta, c->ip, c->ip + c->at, c->end - c->at);
}

enum drop_reason parse_packet6(const struct fib6 *f, struct pkt_meta *meta, const uint8_t *ip,
			       uint32_t avail, uint8_t l3_off, bool outer)
{
	/* parse_natt() moves l4_off behind the UDP header. */
	struct chain c = {.ip = ip,
			  .max = (unsigned int)UINT8_MAX - PARSE_UDP_HEADER - l3_off,
			  .at = IP6_HEADER};
	enum drop_reason why;

	if (avail < IP6_HEADER || ip[0] >> 4 != 6)
		return DROP_NET_HEADER;
	c.end = IP6_HEADER + ip4_load16(ip + 4);
	if (c.end > avail || c.end > UINT16_MAX)
		return DROP_NET_HEADER;
	meta->flags |= PKT_F_IPV6 | PKT_F_DF; /* RFC 8200 section 5: routers do not fragment */
	meta->ip_len = (uint16_t)c.end;
	meta->src = 0;
	meta->dst = 0;
	meta->src_port = 0;
	meta->dst_port = 0;
	meta->l3_off = l3_off;
	c.next = ip[6];
	c.to_us = is_to_us(f, meta, ip + IP6_OFF_DST);
	why = walk(meta, &c);
	if (why != DROP_NONE)
		return why;
	meta->proto = c.next;
	meta->l4_off = (uint8_t)(l3_off + c.at);
	meta->verdict = PKT_FORWARD;
	why = parse_ports6(meta, ip + c.at, c.end - c.at);
	if (why == DROP_NONE)
		why = check_source6(f, meta, ip + IP6_OFF_SRC, c.to_us);
	if (why != DROP_NONE)
		return why;
	if (c.to_us)
		return parse_local6(meta, &c, outer);
	return may_forward_to(meta, ip + IP6_OFF_DST) ? DROP_NONE : DROP_NET_MARTIAN;
}

void parse_ipv6(struct worker *w, struct rte_mbuf *m, uint8_t l3_off)
{
	const struct fib6 *f = __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE);
	struct pkt_meta *meta = pkt_meta(m);
	enum drop_reason why = DROP_NET_HEADER;

	meta->flags &= PKT_F_FROM_SA | PKT_F_ORIGIN;
	if (m->nb_segs == 1 && m->data_len >= l3_off)
		why = parse_packet6(f, meta, rte_pktmbuf_mtod_offset(m, const uint8_t *, l3_off),
				    m->data_len - (uint32_t)l3_off, l3_off, false);
	if (why == DROP_NONE && meta->ip_len != m->data_len - (uint32_t)l3_off)
		why = DROP_NET_HEADER;
	if (why != DROP_NONE)
		pkt_drop(m, why);
}

void parse_whole6(struct worker *w, struct rte_mbuf *m, bool outer)
{
	const struct fib6 *f = __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE);
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t l3_off = meta->l3_off;
	uint32_t avail = m->data_len - (uint32_t)l3_off;
	enum drop_reason why;

	meta->flags &= PKT_F_FROM_SA | PKT_F_ORIGIN;
	why = parse_packet6(f, meta, rte_pktmbuf_mtod_offset(m, const uint8_t *, l3_off), avail,
			    l3_off, outer);
	if (why == DROP_NONE && meta->ip_len != avail)
		why = DROP_NET_HEADER;
	if (why != DROP_NONE)
		pkt_drop(m, why);
}
