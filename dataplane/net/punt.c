/* SPDX-License-Identifier: BSD-3-Clause */
/* punt.c - IKE datagrams out of packets and into packets (RFC 7296 section 2, RFC 3948). */
#include "dataplane/net/punt.h"

#include <netinet/in.h>

#include "dataplane/net/fib6.h"
#include "dataplane/net/parse.h"
#include "dataplane/net/route.h"

#define UDP_HEADER 8u
#define MARKER	   4u /* non-ESP marker, four zero bytes (RFC 3948 section 2.2) */
#define KEEPALIVE  0xffu

static struct abi_addr to_abi(uint32_t addr)
{
	struct abi_addr a = {.family = 4};

	ip4_store32(a.bytes, addr);
	return a;
}

static struct abi_addr to_abi6(const uint8_t *addr)
{
	struct abi_addr a = {.family = 6};

	memcpy(a.bytes, addr, sizeof(a.bytes));
	return a;
}

enum drop_reason punt_from_mbuf(const struct rte_mbuf *m, struct abi_packet *p)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	unsigned int skip = UDP_HEADER + (meta->dst_port == PARSE_PORT_NATT ? MARKER : 0);
	unsigned int start = meta->l4_off + skip;
	unsigned int end = (unsigned int)meta->l3_off + meta->ip_len;

	if (end > m->data_len || start >= end)
		return DROP_NET_HEADER;
	if (end - start > sizeof(p->data))
		return DROP_NET_PUNT_SIZE;
	memset(p, 0, ABI_PACKET_FIXED);
	p->data_len = end - start;
	p->msg.type = ABI_PACKET_IKE;
	p->msg.length = (uint16_t)(ABI_PACKET_FIXED + p->data_len);
	if (meta->flags & PKT_F_IPV6) {
		const uint8_t *ip = pkt_l3(m);

		p->src = to_abi6(ip + IP6_OFF_SRC);
		p->dst = to_abi6(ip + IP6_OFF_DST);
	} else {
		p->src = to_abi(meta->src);
		p->dst = to_abi(meta->dst);
	}
	p->src_port = meta->src_port;
	p->dst_port = meta->dst_port;
	p->port = meta->in_port;
	p->flags = meta->dst_port == PARSE_PORT_NATT ? ABI_PKT_F_MARKER : 0;
	memcpy(p->data, rte_pktmbuf_mtod_offset(m, const uint8_t *, start), p->data_len);
	return DROP_NONE;
}

/*
 * Control may send IKE from our IKE ports and keepalives, and nothing else: without a marker a
 * datagram from port 4500 would be ESP to its receiver.
 */
static bool may_inject(const struct abi_packet *p)
{
	if (p->msg.type != ABI_PACKET_IKE || p->data_len == 0 || p->data_len > sizeof(p->data) ||
	    p->msg.length != ABI_PACKET_FIXED + p->data_len || p->pad != 0 || p->dst_port == 0 ||
	    p->port != ABI_PORT_ANY)
		return false;
	if (p->flags == ABI_PKT_F_MARKER)
		return p->src_port == PARSE_PORT_NATT;
	if (p->flags != 0)
		return false;
	return p->src_port == PARSE_PORT_IKE ||
	       (p->src_port == PARSE_PORT_NATT && p->data_len == 1 && p->data[0] == KEEPALIVE);
}

/* Is every byte of a that its family does not use zero? */
static bool is_clean(const struct abi_addr *a, unsigned int used)
{
	uint8_t any = a->pad[0] | a->pad[1] | a->pad[2];

	for (unsigned int i = used; i < sizeof(a->bytes); i++)
		any |= a->bytes[i];
	return any == 0;
}

/* A source of ours and a host that is not: 4 or 6, or 0 when they are not both of one family. */
static uint8_t check_ends(const struct abi_packet *p, const struct fib *fib,
			  const struct fib6 *fib6)
{
	const uint8_t *src = p->src.bytes, *dst = p->dst.bytes;

	if (p->src.family != p->dst.family)
		return 0;
	if (p->src.family == 4)
		return is_clean(&p->src, 4) && is_clean(&p->dst, 4) &&
				       fib_is_local(fib, ip4_load32(src)) &&
				       !fib_is_local(fib, ip4_load32(dst)) &&
				       !ip4_martian_destination(ip4_load32(dst))
			       ? 4
			       : 0;
	/* A link-local host is no peer: the record does not say on which link. */
	return p->src.family == 6 && is_clean(&p->src, 16) && is_clean(&p->dst, 16) &&
			       fib6_is_local(fib6, src) && !fib6_is_local(fib6, dst) &&
			       !ip6_martian_destination(dst)
		       ? 6
		       : 0;
}

static uint16_t udp_checksum(const struct abi_packet *p, const uint8_t *udp, uint16_t len)
{
	uint8_t pseudo[12];
	uint32_t sum;
	uint16_t cksum;

	if (p->src.family == 6) {
		cksum = ip6_cksum(p->src.bytes, p->dst.bytes, IPPROTO_UDP, udp, len);
	} else {
		memcpy(pseudo, p->src.bytes, 4);
		memcpy(pseudo + 4, p->dst.bytes, 4);
		ip4_store16(pseudo + 8, IPPROTO_UDP);
		ip4_store16(pseudo + 10, len);
		sum = (uint32_t)rte_raw_cksum(pseudo, sizeof(pseudo)) + rte_raw_cksum(udp, len);
		cksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	}
	return cksum != 0 ? cksum : 0xffff; /* RFC 768: zero means none */
}

static void write_udp(uint8_t *udp, const struct abi_packet *p, uint16_t len)
{
	uint8_t *data = udp + UDP_HEADER;
	uint16_t cksum;

	ip4_store16(udp, p->src_port);
	ip4_store16(udp + 2, p->dst_port);
	ip4_store16(udp + 4, len);
	ip4_store16(udp + 6, 0);
	if (p->flags & ABI_PKT_F_MARKER) {
		memset(data, 0, MARKER);
		data += MARKER;
	}
	memcpy(data, p->data, p->data_len);
	cksum = udp_checksum(p, udp, len);
	memcpy(udp + 6, &cksum, sizeof(cksum));
}

static void write_ip4(uint8_t *b, const struct abi_packet *p, struct pkt_meta *meta)
{
	static uint16_t next_id; /* the manager's thread alone */

	meta->src = ip4_load32(p->src.bytes);
	meta->dst = ip4_load32(p->dst.bytes);
	ip4_write(b, &(struct ip4_template){.src = meta->src,
					    .dst = meta->dst,
					    .total_len = meta->ip_len,
					    .id = next_id++, /* without DF it may be fragmented */
					    .proto = IPPROTO_UDP});
}

/* Without PKT_F_DF: we are its source, who may fragment it (frag.h). */
static void write_ip6(uint8_t *b, const struct abi_packet *p, struct pkt_meta *meta)
{
	meta->flags |= PKT_F_IPV6;
	ip6_write(b, &(struct ip6_template){.src = p->src.bytes,
					    .dst = p->dst.bytes,
					    .payload_len = (uint16_t)(meta->ip_len - IP6_HEADER),
					    .next_header = IPPROTO_UDP,
					    .hop_limit = IP6_HOP_LIMIT});
}

struct rte_mbuf *punt_to_mbuf(const struct abi_packet *p, const struct fib *fib,
			      const struct fib6 *fib6, struct rte_mempool *pool)
{
	struct pkt_meta meta = {.verdict = PKT_FORWARD,
				.flags = PKT_F_ORIGIN,
				.proto = IPPROTO_UDP,
				.l3_off = IP4_ETHER_ROOM,
				.sa_slot = PKT_NO_SA};
	uint8_t family, header;
	struct rte_mbuf *m;
	uint16_t len;
	uint8_t *b;

	family = may_inject(p) ? check_ends(p, fib, fib6) : 0;
	if (family == 0)
		return NULL;
	header = family == 6 ? IP6_HEADER : IP4_HEADER;
	len = (uint16_t)(UDP_HEADER + (p->flags & ABI_PKT_F_MARKER ? MARKER : 0) + p->data_len);
	meta.l4_off = (uint8_t)(IP4_ETHER_ROOM + header);
	meta.ip_len = (uint16_t)(header + len);
	meta.src_port = p->src_port;
	meta.dst_port = p->dst_port;
	m = rte_pktmbuf_alloc(pool);
	if (m == NULL)
		return NULL;
	b = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(IP4_ETHER_ROOM + meta.ip_len));
	if (b == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memset(b, 0, IP4_ETHER_ROOM);
	if (family == 6)
		write_ip6(b + IP6_ETHER_ROOM, p, &meta);
	else
		write_ip4(b + IP4_ETHER_ROOM, p, &meta);
	write_udp(b + meta.l4_off, p, len);
	*pkt_meta(m) = meta;
	return m;
}
