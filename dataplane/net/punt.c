/* SPDX-License-Identifier: BSD-3-Clause */
/* punt.c - IKE datagrams out of packets and into packets (RFC 7296 section 2, RFC 3948). */
#include "dataplane/net/punt.h"

#include <netinet/in.h>

#include "dataplane/net/ip4.h"
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

static bool from_abi(const struct abi_addr *a, uint32_t *addr)
{
	static const struct abi_addr empty = {.family = 0};

	*addr = ip4_load32(a->bytes);
	return a->family == 4 && memcmp(a->pad, empty.pad, sizeof(empty.pad)) == 0 &&
	       memcmp(a->bytes + 4, empty.bytes, sizeof(a->bytes) - 4) == 0;
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
	p->src = to_abi(meta->src);
	p->dst = to_abi(meta->dst);
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

static void write_udp(uint8_t *udp, const struct abi_packet *p, const struct pkt_meta *meta,
		      uint16_t len)
{
	uint8_t pseudo[12];
	uint8_t *data = udp + UDP_HEADER;
	uint32_t sum;
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
	ip4_store32(pseudo, meta->src);
	ip4_store32(pseudo + 4, meta->dst);
	ip4_store16(pseudo + 8, IPPROTO_UDP);
	ip4_store16(pseudo + 10, len);
	sum = (uint32_t)rte_raw_cksum(pseudo, sizeof(pseudo)) + rte_raw_cksum(udp, len);
	cksum = (uint16_t) ~((sum & 0xffff) + (sum >> 16));
	if (cksum == 0) /* RFC 768: zero means none */
		cksum = 0xffff;
	memcpy(udp + 6, &cksum, sizeof(cksum));
}

struct rte_mbuf *punt_to_mbuf(const struct abi_packet *p, const struct fib *fib,
			      struct rte_mempool *pool)
{
	static uint16_t next_id; /* the manager's thread alone */
	struct pkt_meta meta = {.verdict = PKT_FORWARD,
				.flags = PKT_F_ORIGIN,
				.proto = IPPROTO_UDP,
				.l3_off = IP4_ETHER_ROOM,
				.l4_off = IP4_ETHER_ROOM + IP4_HEADER,
				.sa_slot = PKT_NO_SA};
	struct ip4_template ip = {.proto = IPPROTO_UDP};
	struct rte_mbuf *m;
	uint16_t len;
	uint8_t *b;

	if (!may_inject(p) || !from_abi(&p->src, &meta.src) || !from_abi(&p->dst, &meta.dst) ||
	    !fib_is_local(fib, meta.src) || fib_is_local(fib, meta.dst) ||
	    ip4_martian_destination(meta.dst))
		return NULL;
	len = (uint16_t)(UDP_HEADER + (p->flags & ABI_PKT_F_MARKER ? MARKER : 0) + p->data_len);
	meta.ip_len = (uint16_t)(IP4_HEADER + len);
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
	*pkt_meta(m) = meta;
	memset(b, 0, IP4_ETHER_ROOM);
	ip.src = meta.src;
	ip.dst = meta.dst;
	ip.total_len = meta.ip_len;
	ip.id = next_id++; /* without DF the datagram may be fragmented, so it wants an id */
	ip4_write(b + IP4_ETHER_ROOM, &ip);
	write_udp(b + meta.l4_off, p, &meta, len);
	return m;
}
