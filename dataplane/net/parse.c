/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * parse.c - from a frame to a verdict. The only place that looks at lengths and checksums of
 * Ethernet, IPv4 and UDP; what follows trusts meta.
 *
 * Every function that reads takes a pointer into the first segment and the number of bytes that are
 * really there, and reads a header only after it has compared the two.
 */
#include "dataplane/net/parse.h"

#include <netinet/in.h>

#include <rte_prefetch.h>

#include "dataplane/net/fib6.h"
#include "dataplane/linear.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/parse_esp6.h"
#include "dataplane/net/parse_impl.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "dataplane/net/vlan.h"

#define ESP_HEADER   PARSE_ESP_HEADER
#define UDP_HEADER   PARSE_UDP_HEADER
#define UDP_LITE     136
#define MARKER	     4u	   /* non-ESP marker (RFC 3948 section 2.2) */
#define KEEPALIVE    0xffu /* RFC 3948 section 2.3 */
#define PREFETCH_GAP 4u	   /* packets from fetching a header to reading it */
#define TAKEN_GAP    8u	   /* when another core has it */
#define TAKEN_LINES  3u	   /* of its data */

static const uint8_t broadcast[RTE_ETHER_ADDR_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

#define OPTION_END    0u
#define OPTION_NOP    1u
#define OPTION_LOOSE  0x83u
#define OPTION_STRICT 0x89u

/* Options well formed and without a source route, which we do not follow (RFC 7126 section 4.3). */
static enum drop_reason check_options(const uint8_t *opt, unsigned int len)
{
	unsigned int i = 0;

	while (i < len && opt[i] != OPTION_END) {
		if (opt[i] == OPTION_NOP) {
			i++;
			continue;
		}
		if (len - i < 2 || opt[i + 1] < 2 || opt[i + 1] > len - i)
			return DROP_NET_HEADER;
		if (opt[i] == OPTION_LOOSE || opt[i] == OPTION_STRICT)
			return DROP_NET_MARTIAN;
		i += opt[i + 1];
	}
	return DROP_NONE;
}

/* The IPv4 header at ip, avail bytes present: checks it and fills meta but ports and verdict. */
static inline enum drop_reason parse_header(struct pkt_meta *meta, const uint8_t *ip,
					    uint32_t avail, uint8_t l3_off)
{
	unsigned int ihl;
	uint16_t fragment;

	if (avail < IP4_HEADER || ip[0] >> 4 != 4)
		return DROP_NET_HEADER;
	ihl = (ip[0] & 0x0fu) * 4;
	meta->ip_len = ip4_load16(ip + 2);
	if (ihl < IP4_HEADER || meta->ip_len < ihl || meta->ip_len > avail)
		return DROP_NET_HEADER;
	if (!ip4_cksum_ok(ip, ihl))
		return DROP_NET_CHECKSUM;
	fragment = ip4_load16(ip + 6);
	if (fragment & IP4_FLAG_DF)
		meta->flags |= PKT_F_DF;
	if (fragment & (IP4_FLAG_MF | IP4_OFFSET_MASK))
		meta->flags |= PKT_F_FRAGMENT;
	if (fragment & IP4_OFFSET_MASK)
		meta->flags |= PKT_F_NONFIRST;
	/* The last byte of a fragment must not lie beyond 65535 ("ping of death"). */
	if ((fragment & IP4_OFFSET_MASK) * 8u + meta->ip_len > 65535u)
		return DROP_NET_HEADER;
	meta->proto = ip[9];
	meta->src = ip4_load32(ip + 12);
	meta->dst = ip4_load32(ip + 16);
	meta->l3_off = l3_off;
	meta->l4_off = (uint8_t)(l3_off + ihl);
	return ihl == IP4_HEADER ? DROP_NONE : check_options(ip + IP4_HEADER, ihl - IP4_HEADER);
}

static inline enum drop_reason check_addresses(const struct fib *f, const struct pkt_meta *meta)
{
	if (ip4_martian_source(meta->src) || ip4_martian_destination(meta->dst))
		return DROP_NET_MARTIAN;
	if (!(meta->flags & PKT_F_ORIGIN) && fib_is_local(f, meta->src))
		return DROP_NET_MARTIAN;
	return DROP_NONE;
}

/* A first fragment shorter than this hides its ports (RFC 1858). */
static inline unsigned int transport_header(uint8_t proto)
{
	switch (proto) {
	case IPPROTO_TCP:
		return 20;
	case IPPROTO_UDP:
	case UDP_LITE:
	case IPPROTO_ICMP:
		return 8;
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		return 12;
	default:
		return 0;
	}
}

unsigned int parse_transport_header(uint8_t proto)
{
	return transport_header(proto);
}

/* Ports, or ICMP's type and code, of a whole packet or first fragment. l4 has len bytes. */
static inline enum drop_reason parse_ports(struct pkt_meta *meta, const uint8_t *ip,
					   const uint8_t *l4, unsigned int len)
{
	unsigned int need = transport_header(meta->proto);

	if (meta->flags & PKT_F_NONFIRST) {
		/* Offset 8 would overwrite the flags of the TCP header (RFC 3128). */
		if (meta->proto == IPPROTO_TCP && (ip4_load16(ip + 6) & IP4_OFFSET_MASK) == 1)
			return DROP_NET_FRAGMENT;
		return DROP_NONE;
	}
	if (need == 0)
		return DROP_NONE;
	if (len < need)
		return DROP_NET_HEADER;
	meta->src_port = ip4_load16(l4);
	if (meta->proto != IPPROTO_ICMP)
		meta->dst_port = ip4_load16(l4 + 2);
	return DROP_NONE;
}

/* UDP's length must be IP's; the checksum is looked at when there is one. */
static inline bool udp_checksum_ok(const struct pkt_meta *meta, const uint8_t *l4, unsigned int len)
{
	uint8_t pseudo[12];
	uint32_t sum;

	if (ip4_load16(l4 + 6) == 0)
		return true;
	ip4_store32(pseudo, meta->src);
	ip4_store32(pseudo + 4, meta->dst);
	ip4_store16(pseudo + 8, IPPROTO_UDP);
	ip4_store16(pseudo + 10, (uint16_t)len);
	sum = (uint32_t)rte_raw_cksum(pseudo, sizeof(pseudo)) + rte_raw_cksum(l4, len);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

enum drop_reason parse_natt(struct pkt_meta *meta, const uint8_t *data, unsigned int len)
{
	if (len == 1 && data[0] == KEEPALIVE)
		return DROP_NET_KEEPALIVE;
	if (len < MARKER)
		return DROP_IN_HEADER_ERRORS;
	if (ip4_load32(data) == 0) {
		meta->verdict = PKT_PUNT;
		return len > MARKER ? DROP_NONE : DROP_NET_HEADER;
	}
	if (len < ESP_HEADER)
		return DROP_IN_HEADER_ERRORS;
	meta->verdict = PKT_ESP_IN;
	meta->flags |= PKT_F_UDP_ENCAP;
	meta->l4_off = (uint8_t)(meta->l4_off + UDP_HEADER);
	return DROP_NONE;
}

/* A whole packet from the wire to one of our addresses; l4 has len bytes. Sets the verdict. */
static enum drop_reason parse_to_us(struct pkt_meta *meta, const uint8_t *l4, unsigned int len)
{
	bool natt;

	meta->verdict = PKT_LOCAL;
	if (meta->proto == IPPROTO_ESP) {
		meta->verdict = PKT_ESP_IN;
		return len >= ESP_HEADER ? DROP_NONE : DROP_IN_HEADER_ERRORS;
	}
	natt = meta->dst_port == PARSE_PORT_NATT;
	if (meta->proto != IPPROTO_UDP || (meta->dst_port != PARSE_PORT_IKE && !natt))
		return DROP_NONE;
	if (ip4_load16(l4 + 4) != len)
		return natt ? DROP_IN_HEADER_ERRORS : DROP_NET_HEADER;
	if (!udp_checksum_ok(meta, l4, len))
		return DROP_NET_CHECKSUM;
	if (natt)
		return parse_natt(meta, l4 + UDP_HEADER, len - UDP_HEADER);
	meta->verdict = PKT_PUNT;
	return len > UDP_HEADER ? DROP_NONE : DROP_NET_HEADER;
}

/* Everything behind Ethernet; data has avail bytes from l3_off on. */
static inline enum drop_reason parse_packet(const struct fib *f, struct pkt_meta *meta,
					    const uint8_t *ip, uint32_t avail, uint8_t l3_off,
					    bool outer)
{
	enum drop_reason why = parse_header(meta, ip, avail, l3_off);
	unsigned int ihl, len;
	const uint8_t *l4;

	if (why == DROP_NONE)
		why = check_addresses(f, meta);
	if (why != DROP_NONE)
		return why;
	ihl = (unsigned int)(meta->l4_off - l3_off);
	l4 = ip + ihl;
	len = meta->ip_len - ihl;
	meta->verdict = PKT_FORWARD;
	if (!fib_is_local(f, meta->dst))
		return parse_ports(meta, ip, l4, len);
	why = parse_ports(meta, ip, l4, len);
	meta->verdict = meta->flags & PKT_F_FRAGMENT ? PKT_REASSEMBLE : PKT_LOCAL;
	if (why != DROP_NONE || meta->verdict == PKT_REASSEMBLE || !outer)
		return why;
	return parse_to_us(meta, l4, len);
}

/* The packet at l3_off, which must be all that follows it. */
static void parse_again(struct worker *w, struct rte_mbuf *m, uint8_t l3_off, bool outer)
{
	const struct fib *f = __atomic_load_n(&w->tables->fib, __ATOMIC_ACQUIRE);
	struct pkt_meta *meta = pkt_meta(m);
	enum drop_reason why = DROP_NET_HEADER;

	meta->flags &= PKT_F_FROM_SA | PKT_F_ORIGIN;
	meta->src_port = 0;
	meta->dst_port = 0;
	if (m->nb_segs == 1 && m->data_len >= l3_off)
		why = parse_packet(f, meta, rte_pktmbuf_mtod_offset(m, const uint8_t *, l3_off),
				   m->data_len - (uint32_t)l3_off, l3_off, outer);
	if (why == DROP_NONE && meta->ip_len != m->data_len - (uint32_t)l3_off)
		why = DROP_NET_HEADER;
	if (why != DROP_NONE)
		pkt_drop(m, why);
}

/* ARP asks everybody, IPv6 a group (RFC 2464 section 7). */
static bool is_group_for_us(const uint8_t *eth, uint16_t type)
{
	if (type == RTE_ETHER_TYPE_IPV6)
		return eth[0] == 0x33 && eth[1] == 0x33;
	return type == RTE_ETHER_TYPE_ARP && memcmp(eth, broadcast, sizeof(broadcast)) == 0;
}

void parse_ipv4(struct worker *w, struct rte_mbuf *m, uint8_t l3_off)
{
	parse_again(w, m, l3_off, false);
}

void parse_whole(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	bool outer = !(meta->flags & PKT_F_FROM_SA);

	if (meta->flags & PKT_F_IPV6)
		parse_whole6(w, m, outer);
	else
		parse_again(w, m, meta->l3_off, outer);
}

/* A VLAN is another network, also when the device took the tag off (net_af_packet does): another
 * port, or none. A tag within the tag is no type that we speak. */
static bool untag(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t port = meta->in_port;
	struct abi_port_counters *c;

	if (!vlan_untag(m, &port))
		return false;
	if (port == meta->in_port)
		return true;
	meta->in_port = port;
	c = &w->port_counters[port];
	c->rx_packets++;
	c->rx_bytes += m->pkt_len;
	return true;
}

/* The last addresses that ESP of this burst was taken between. */
struct parse_ends {
	uint64_t sent;	/* as in the packet; 0: none yet */
	uint64_t known; /* as in meta */
};

/* ESP as peers send it, in UDP or not, no options and no fragment, between those. False: nothing
 * was written. */
static inline bool parse_esp(const struct parse_ends *ends, struct pkt_meta *meta,
			     const uint8_t *ip, uint32_t avail)
{
	uint16_t fragment, len;
	uint64_t between;
	uint8_t proto;

	if (ends->sent == 0 || avail < IP4_HEADER + ESP_HEADER || ip[0] != 0x45)
		return false;
	proto = ip[9];
	len = ip4_load16(ip + 2);
	fragment = ip4_load16(ip + 6);
	memcpy(&between, ip + 12, sizeof(between));
	if (between != ends->sent || len > avail || len < IP4_HEADER + ESP_HEADER ||
	    (fragment & (IP4_FLAG_MF | IP4_OFFSET_MASK)) != 0 || !ip4_cksum_ok(ip, IP4_HEADER))
		return false;
	if (proto == IPPROTO_ESP) {
		meta->l4_off = IP4_ETHER_ROOM + IP4_HEADER;
	} else {
		if (proto != IPPROTO_UDP || !parse_is_plain_natt(ip + IP4_HEADER, len - IP4_HEADER))
			return false;
		meta->l4_off = IP4_ETHER_ROOM + IP4_HEADER + UDP_HEADER;
		meta->src_port = ip4_load16(ip + IP4_HEADER);
		meta->dst_port = PARSE_PORT_NATT;
		meta->flags = PKT_F_UDP_ENCAP;
	}
	meta->verdict = PKT_ESP_IN;
	meta->flags |= fragment & IP4_FLAG_DF ? PKT_F_DF : 0;
	meta->proto = proto;
	meta->l3_off = IP4_ETHER_ROOM;
	meta->ip_len = len;
	memcpy(&meta->src, &ends->known, sizeof(ends->known));
	return true;
}

/* Cut what the link padded: the frame, in one segment, ends with its IP packet. */
static inline void end_with(struct rte_mbuf *m, uint16_t ip_len)
{
	m->data_len = (uint16_t)(IP4_ETHER_ROOM + ip_len);
	m->pkt_len = m->data_len;
}

/* IPv4 in a frame to us. */
static inline enum drop_reason parse_frame4(const struct fib *f, struct parse_ends *ends,
					    struct rte_mbuf *m, const uint8_t *ip)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint32_t avail = m->data_len - (uint32_t)IP4_ETHER_ROOM;
	enum drop_reason why;

	if (!parse_esp(ends, meta, ip, avail)) {
		why = parse_packet(f, meta, ip, avail, IP4_ETHER_ROOM, true);
		if (why != DROP_NONE)
			return why;
		if (meta->verdict == PKT_ESP_IN) {
			memcpy(&ends->sent, ip + 12, sizeof(ends->sent));
			memcpy(&ends->known, &meta->src, sizeof(ends->known));
		}
	}
	end_with(m, meta->ip_len);
	return DROP_NONE;
}

/* What a burst knows of IPv6 addresses: between which it forwards, and takes ESP. */
struct parse_known6 {
	struct parse_run6 run;
	struct parse_ends6 ends;
};

/* IPv6 in a frame to our MAC, or to a group that the packet must then be to as well. */
static __rte_noinline enum drop_reason parse_frame6(struct parse_known6 *known, struct rte_mbuf *m,
						    const uint8_t *ip, bool ours)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint32_t avail = m->data_len - (uint32_t)IP6_ETHER_ROOM;
	enum drop_reason why;

	if (!ours && avail >= IP6_HEADER &&
	    !fib6_is_port_group(known->run.fib, meta->in_port, ip + IP6_OFF_DST))
		return DROP_NET_L2;
	why = parse_packet6(known->run.fib, meta, ip, avail, IP6_ETHER_ROOM, true);
	if (why != DROP_NONE)
		return why;
	if (meta->verdict == PKT_ESP_IN)
		parse_ends6_learn(&known->ends, ip);
	end_with(m, meta->ip_len);
	return DROP_NONE;
}

/* What most IPv6 packets are that came to our MAC. False: nothing was written. */
static inline bool parse_usual6(struct parse_known6 *known, struct rte_mbuf *m, const uint8_t *ip)
{
	struct pkt_meta *meta = pkt_meta(m);
	const struct pkt_meta given = {.in_port = meta->in_port, .sa_slot = PKT_NO_SA};
	uint32_t avail = m->data_len - (uint32_t)IP6_ETHER_ROOM;
	bool usual;

	if (avail < IP6_HEADER)
		return false;
	if (parse_ends6_match(&known->ends, ip))
		usual = parse_esp6(meta, ip, avail);
	else
		usual = parse_plain6(&known->run, &given, meta, ip, avail, IP6_ETHER_ROOM);
	if (usual)
		end_with(m, meta->ip_len);
	return usual;
}

/* What is not IPv4: IPv6, or ARP, which is the manager's. */
static inline enum drop_reason parse_other(struct parse_known6 *known, struct rte_mbuf *m,
					   const uint8_t *eth, uint16_t type, bool ours)
{
	struct pkt_meta *meta = pkt_meta(m);

	if (type == RTE_ETHER_TYPE_IPV6) {
		if (likely(ours) && parse_usual6(known, m, eth + IP6_ETHER_ROOM))
			return DROP_NONE;
		return parse_frame6(known, m, eth + IP6_ETHER_ROOM, ours);
	}
	if (type != RTE_ETHER_TYPE_ARP)
		return DROP_NET_L2;
	meta->verdict = PKT_SLOW;
	meta->l3_off = IP4_ETHER_ROOM;
	return DROP_NONE;
}

/* The frame's own part: for us, and of a type we speak. */
static __rte_always_inline enum drop_reason parse_frame(struct worker *w, const struct fib *f,
							struct parse_ends *ends,
							struct parse_known6 *known6,
							struct rte_mbuf *m, uint8_t port)
{
	struct pkt_meta *meta = pkt_meta(m);
	const uint8_t *eth;
	uint16_t type;
	bool ours;

	*meta = (struct pkt_meta){.in_port = port, .sa_slot = PKT_NO_SA};
	if (unlikely(m->nb_segs > 1))
		return DROP_NET_TOO_BIG;
	if (m->data_len < IP4_ETHER_ROOM)
		return DROP_NET_L2;
	eth = rte_pktmbuf_mtod(m, const uint8_t *);
	type = ip4_load16(eth + 12);
	if (unlikely(type == RTE_ETHER_TYPE_VLAN ||
		     (m->ol_flags & (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_QINQ)))) {
		if (!untag(w, m))
			return DROP_NET_L2;
		port = meta->in_port;
		eth = rte_pktmbuf_mtod(m, const uint8_t *);
		type = ip4_load16(eth + 12);
	}
	ours = memcmp(eth, &ports[port].mac, RTE_ETHER_ADDR_LEN) == 0;
	if (!ours && !is_group_for_us(eth, type))
		return DROP_NET_L2;
	if (eth[6] & RTE_ETHER_GROUP_ADDR)
		return DROP_NET_L2;
	if (unlikely(type != RTE_ETHER_TYPE_IPV4))
		return parse_other(known6, m, eth, type, ours);
	return parse_frame4(f, ends, m, eth + IP4_ETHER_ROOM);
}

/* What a device gave us in several segments, in one; it stays as it is when there is no buffer. */
static void in_one_piece(struct worker *w, struct rte_mbuf **m)
{
	struct rte_mbuf *copy = linear_copy(w, *m);

	if (copy == NULL)
		return;
	rte_pktmbuf_free(*m);
	*m = copy;
}

/* To be written: another core has this line in its cache and may not keep it. Asked for only to be
 * read it would be asked for once more. Where the instruction is not known it does nothing. */
static inline void fetch(const void *p)
{
	__asm__ volatile("prefetchw %0" : : "m"(*(const volatile char *)p));
}

/* Where the data lies is in the first line, our field in the second. */
static __rte_always_inline void fetch_mbuf(struct rte_mbuf *m, bool taken)
{
	if (taken) {
		fetch(m);
		fetch((const uint8_t *)m + RTE_CACHE_LINE_MIN_SIZE);
	} else {
		rte_mbuf_prefetch_part1(m);
		rte_mbuf_prefetch_part2(m);
	}
}

/* Of what is taken more than is read here: on its way while this parses, it costs least. What
 * follows a stream is fetched by the core itself. */
static __rte_always_inline void fetch_data(struct rte_mbuf *m, bool taken)
{
	const uint8_t *data = rte_pktmbuf_mtod(m, const uint8_t *);

	if (!taken)
		rte_prefetch0(data);
	for (unsigned int i = 0; taken && i < TAKEN_LINES; i++)
		fetch(data + (size_t)i * RTE_CACHE_LINE_SIZE);
}

static __rte_always_inline void parse_all(struct worker *w, uint8_t port, struct rte_mbuf **pkts,
					  uint16_t n, bool taken)
{
	const struct fib *f = __atomic_load_n(&w->tables->fib, __ATOMIC_ACQUIRE);
	const unsigned int gap = taken ? TAKEN_GAP : PREFETCH_GAP;
	struct parse_ends ends = {.sent = 0};
	struct parse_known6 known6 = {.run = parse_run6_start(w)};

	for (unsigned int i = 0; i < n && i < 2 * gap; i++)
		fetch_mbuf(pkts[i], taken);
	for (unsigned int i = 0; i < n && i < gap; i++)
		fetch_data(pkts[i], taken);
	for (unsigned int i = 0; i < n; i++) {
		enum drop_reason why;

		if (i + 2 * gap < n)
			fetch_mbuf(pkts[i + 2 * gap], taken);
		if (i + gap < n)
			fetch_data(pkts[i + gap], taken);
		if (unlikely(pkts[i]->nb_segs > 1))
			in_one_piece(w, &pkts[i]);
		why = parse_frame(w, f, &ends, &known6, pkts[i], port);
		if (unlikely(why != DROP_NONE))
			pkt_drop(pkts[i], why);
	}
}

void parse_burst(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	parse_all(w, port, pkts, n, false);
}

void parse_taken(struct worker *w, uint8_t port, struct rte_mbuf **pkts, uint16_t n)
{
	parse_all(w, port, pkts, n, true);
}
