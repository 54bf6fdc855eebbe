/* SPDX-License-Identifier: BSD-3-Clause */
/* echo.c - pings of control's, and word of pings; see echo.h. */
#include "dataplane/net/echo.h"

#include "dataplane/net/ip4.h"
#include "dataplane/net/quote.h"
#include "dataplane/net/route.h"

#define PAYLOAD 16u /* what some firewalls expect to be there */

static struct abi_addr to_abi(uint32_t addr)
{
	struct abi_addr a = {.family = 4};

	ip4_store32(a.bytes, addr);
	return a;
}

bool echo_read(const struct rte_mbuf *m, struct abi_packet *p)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	const uint8_t *icmp = rte_pktmbuf_mtod_offset(m, const uint8_t *, meta->l4_off);
	struct abi_echo e = {.type = (uint8_t)(meta->src_port >> 8)};

	if ((uint32_t)meta->l4_off + ICMP4_HEADER > m->data_len)
		return false;
	e.id = ip4_load16(icmp + 4);
	e.seq = ip4_load16(icmp + 6);
	memset(p, 0, ABI_PACKET_FIXED);
	p->msg.type = ABI_PACKET_ECHO;
	p->data_len = sizeof(e);
	p->msg.length = (uint16_t)(ABI_PACKET_FIXED + sizeof(e));
	p->src = to_abi(meta->src);
	p->dst = to_abi(meta->dst);
	p->port = meta->in_port;
	memcpy(p->data, &e, sizeof(e));
	return e.type != ICMP4_ECHO_REPLY || e.id == ABI_ECHO_ID;
}

static bool take_token(struct worker *w, const struct pkt_meta *meta, bool answer)
{
	uint32_t of = meta->sa_slot % WORKER_ECHO_BUCKETS;
	uint64_t *bucket = answer ? &w->echo_full.answer[of] : &w->echo_full.notice[of];

	if (!(meta->flags & PKT_F_FROM_SA))
		bucket = &w->echo_full.clear;
	return quote_take_token(bucket, w->now);
}

enum drop_reason echo_screen(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	unsigned int len = meta->ip_len - (unsigned int)(meta->l4_off - meta->l3_off);
	struct abi_packet p;

	if (len < ICMP4_HEADER || !echo_read(m, &p))
		return DROP_NET_LOCAL;
	if (rte_raw_cksum(rte_pktmbuf_mtod_offset(m, const uint8_t *, meta->l4_off), len) != 0xffff)
		return DROP_NET_CHECKSUM;
	if (!take_token(w, meta, true))
		return DROP_NET_LOCAL;
	meta->verdict = PKT_SLOW;
	return DROP_NONE;
}

void echo_notice(struct worker *w, const struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	uint32_t head = (uint32_t)meta->l4_off + ICMP4_HEADER;
	struct rte_mbuf *copy;
	uint8_t *to;

	if (!(meta->flags & PKT_F_FROM_SA) || head > m->data_len || !take_token(w, meta, false))
		return;
	copy = rte_pktmbuf_alloc(w->pool);
	if (copy == NULL)
		return;
	to = (uint8_t *)rte_pktmbuf_append(copy, (uint16_t)head);
	if (to == NULL) {
		rte_pktmbuf_free(copy);
		return;
	}
	memcpy(to, rte_pktmbuf_mtod(m, const uint8_t *), head);
	*pkt_meta(copy) = *meta;
	pkt_meta(copy)->sa_slot = PKT_NO_SA; /* the SA may be gone when the manager looks */
	pkt_meta(copy)->ip_len = (uint16_t)(head - meta->l3_off);
	pkt_meta(copy)->reason = PKT_SLOW_ECHO;
	if (rte_ring_sp_enqueue(w->slow, copy) == 0)
		w->counters->made++;
	else
		rte_pktmbuf_free(copy); /* its original is answered all the same */
}

/* An IPv4 address, and nothing in the bytes that it does not use. */
static bool is_ip4(const struct abi_addr *a)
{
	uint8_t any = a->pad[0] | a->pad[1] | a->pad[2];

	for (unsigned int i = 4; i < sizeof(a->bytes); i++)
		any |= a->bytes[i];
	return a->family == 4 && any == 0;
}

static bool may_send(const struct abi_packet *p, const struct abi_echo *e, const struct fib *fib)
{
	uint32_t src = ip4_load32(p->src.bytes), dst = ip4_load32(p->dst.bytes);

	return p->msg.type == ABI_PACKET_ECHO && p->data_len == sizeof(*e) &&
	       p->msg.length == ABI_PACKET_FIXED + sizeof(*e) && p->pad == 0 && p->flags == 0 &&
	       p->src_port == 0 && p->dst_port == 0 && p->port == ABI_PORT_ANY && is_ip4(&p->src) &&
	       is_ip4(&p->dst) && e->type == ICMP4_ECHO_REQUEST && e->id == ABI_ECHO_ID &&
	       (e->pad[0] | e->pad[1] | e->pad[2]) == 0 && fib_is_local(fib, src) &&
	       !fib_is_local(fib, dst) && !ip4_martian_destination(dst);
}

static void write_ping(uint8_t *ip, const struct ip4_template *t, const struct abi_echo *e)
{
	uint8_t *icmp = ip + IP4_HEADER;
	uint16_t sum;

	ip4_write(ip, t);
	memset(icmp, 0, ICMP4_HEADER + PAYLOAD);
	icmp[0] = ICMP4_ECHO_REQUEST;
	ip4_store16(icmp + 4, e->id);
	ip4_store16(icmp + 6, e->seq);
	sum = (uint16_t)~rte_raw_cksum(icmp, ICMP4_HEADER + PAYLOAD);
	memcpy(icmp + 2, &sum, sizeof(sum));
}

struct rte_mbuf *echo_to_mbuf(const struct abi_packet *p, const struct fib *fib,
			      struct rte_mempool *pool)
{
	const struct ip4_template t = {.src = ip4_load32(p->src.bytes),
				       .dst = ip4_load32(p->dst.bytes),
				       .total_len = IP4_HEADER + ICMP4_HEADER + PAYLOAD,
				       .proto = IPPROTO_ICMP};
	struct abi_echo e;
	struct rte_mbuf *m;
	uint8_t *b;

	memcpy(&e, p->data, sizeof(e));
	if (!may_send(p, &e, fib))
		return NULL;
	m = rte_pktmbuf_alloc(pool);
	if (m == NULL)
		return NULL;
	b = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)(IP4_ETHER_ROOM + t.total_len));
	if (b == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	memset(b, 0, IP4_ETHER_ROOM);
	write_ping(b + IP4_ETHER_ROOM, &t, &e);
	*pkt_meta(m) = (struct pkt_meta){.verdict = PKT_FORWARD,
					 .flags = PKT_F_ORIGIN,
					 .proto = IPPROTO_ICMP,
					 .l3_off = IP4_ETHER_ROOM,
					 .l4_off = IP4_ETHER_ROOM + IP4_HEADER,
					 .ip_len = t.total_len,
					 .src = t.src,
					 .dst = t.dst,
					 .src_port = ICMP4_ECHO_REQUEST << 8,
					 .sa_slot = PKT_NO_SA};
	return m;
}
