/* SPDX-License-Identifier: BSD-3-Clause */
/* transport.c - ESP put between an IP header and what it carries, and taken out again. */
#include "dataplane/ipsec/transport.h"

#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/natt.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/net/ip6.h"

#define TCP_CKSUM 16u
#define UDP_CKSUM 6u
#define TCP_MIN	  20u

/* A place in an IPv6 header chain. */
struct spot {
	unsigned int off;  /* of a header, from the IP header */
	unsigned int prev; /* of the byte that names it */
};

static bool is_ext(uint8_t kind)
{
	return kind == IP6_EXT_HOP_BY_HOP || kind == IP6_EXT_ROUTING || kind == IP6_EXT_FRAGMENT ||
	       kind == IP6_EXT_DESTINATION;
}

/* From one header to the next; false when there is none any more within len bytes. */
static bool ext_next(const uint8_t *ip, unsigned int len, struct spot *at)
{
	uint8_t kind = ip[at->prev];
	unsigned int size;

	if (!is_ext(kind) || at->off + 8 > len)
		return false;
	size = kind == IP6_EXT_FRAGMENT ? IP6_FRAGMENT_HEADER : (ip[at->off + 1] + 1u) * 8;
	if (at->off + size > len)
		return false;
	at->prev = at->off;
	at->off += size;
	return true;
}

/* The header that ends the chain of len bytes. */
static bool ext_last(const uint8_t *ip, unsigned int len, struct spot *at)
{
	*at = (struct spot){.off = IP6_HEADER, .prev = 6};
	while (at->off < len)
		if (!ext_next(ip, len, at))
			return false;
	return true;
}

/* Where ESP goes: behind hop-by-hop options, routing and fragment header, and what options stand
 * before these; other options are for the destination and travel inside (RFC 4303 section 3.1.1).
 * len: of the chain. */
static void esp_place(const uint8_t *ip, unsigned int len, struct spot *at)
{
	struct spot s = {.off = IP6_HEADER, .prev = 6};
	uint8_t kind = ip[s.prev];

	*at = s;
	while (ext_next(ip, len, &s)) {
		if (kind != IP6_EXT_DESTINATION)
			*at = s;
		kind = ip[s.prev];
	}
}

static bool same_ends4(const struct sa_outer *o, const struct pkt_meta *meta)
{
	return ip4_load32(o->header + 12) == meta->src && o->remote == meta->dst;
}

static bool selected4(const struct sa *sa, const struct pkt_meta *meta)
{
	struct selector s = selector_of(meta);

	return sa_range_match(sa->local, sa->n_local, s.src, s.proto, s.src_port, s.ports) &&
	       sa_range_match(sa->remote, sa->n_remote, s.dst, s.proto, s.dst_port, s.ports);
}

enum drop_reason transport_admit(const struct sa *sa, const struct sa_outer *outer,
				 struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);
	const uint8_t *ip = pkt_l3(m);
	bool six = (meta->flags & PKT_F_IPV6) != 0;
	struct selector6 s;

	if ((meta->flags & PKT_F_ORIGIN) == 0)
		return DROP_OUT_STATE_MODE_ERRORS;
	if (six != ((sa->shape & SA_SHAPE_OUTER6) != 0) || (meta->flags & PKT_F_FRAGMENT) != 0)
		return DROP_OUT_BUNDLE_ERRORS;
	if (!six)
		return same_ends4(outer, meta) && selected4(sa, meta) ? DROP_NONE
								      : DROP_OUT_BUNDLE_ERRORS;
	s = selector6_of(meta, ip);
	return memcmp(outer->header + IP6_OFF_SRC, ip + IP6_OFF_SRC, 2 * IP6_ADDR) == 0 &&
			       sa6_selects(sa, &s, false)
		       ? DROP_NONE
		       : DROP_OUT_BUNDLE_ERRORS;
}

/* The IP header's own part of the change: what follows it now, and its length. prev: of the byte
 * that names what follows. */
static void rewrite(uint8_t *ip, unsigned int prev, uint8_t next, unsigned int head, uint32_t len)
{
	if (ip[0] >> 4 == 6) {
		ip[prev] = next;
		ip4_store16(ip + 4, (uint16_t)(len - IP6_HEADER));
		return;
	}
	ip[9] = next;
	ip4_store16(ip + 2, (uint16_t)len);
	ip4_set_cksum(ip, head);
}

enum drop_reason transport_build(struct worker *w, const struct esp_seal *s, struct rte_mbuf *m,
				 struct crypto_op *op)
{
	struct pkt_meta *meta = pkt_meta(m);
	uint8_t *ip = pkt_l3(m), next;
	bool six = (meta->flags & PKT_F_IPV6) != 0, udp = s->outer->encap == ABI_ENCAP_UDP;
	struct spot at = {.off = (unsigned int)(meta->l4_off - meta->l3_off), .prev = 9};
	uint32_t gap = SA_ESP_HEADER + s->sa->iv_len + (udp ? NATT_HEADER : 0), back, len;
	uint16_t pad;

	if (m->data_len != (uint32_t)meta->l3_off + meta->ip_len)
		return DROP_OUT_ERRORS;
	if (six)
		esp_place(ip, at.off, &at);
	pad = mtu_pad((uint16_t)(meta->ip_len - at.off), s->sa->block);
	back = pad + SA_ESP_TRAILER + s->sa->icv_len;
	len = meta->ip_len + gap + back;
	if (len > UINT16_MAX - IP4_ETHER_ROOM || rte_pktmbuf_append(m, (uint16_t)back) == NULL ||
	    rte_pktmbuf_prepend(m, (uint16_t)gap) == NULL)
		return DROP_OUT_ERRORS;
	memmove(ip - gap, ip, at.off);
	ip -= gap;
	next = ip[at.prev];
	trailer_write(ip + len - back, pad, next);
	rewrite(ip, at.prev, udp ? IPPROTO_UDP : IPPROTO_ESP, at.off, len);
	meta->trim = meta->ip_len; /* for the counters */
	meta->ip_len = (uint16_t)len;
	meta->proto = udp ? IPPROTO_UDP : IPPROTO_ESP;
	meta->l4_off = (uint8_t)(meta->l3_off + at.off);
	/* The source of an IPv6 packet may always fragment it. */
	meta->flags = PKT_F_PROTECTED | (six ? PKT_F_IPV6 : meta->flags & PKT_F_DF);
	meta->src_port = udp ? ip4_load16(s->outer->header + (six ? IP6_HEADER : IP4_HEADER)) : 0;
	meta->dst_port =
		udp ? ip4_load16(s->outer->header + (six ? IP6_HEADER : IP4_HEADER) + 2) : 0;
	meta->sa_slot = s->sa->slot;
	return esp_shape_fill(w, s, m, op);
}

static uint16_t upper_cksum(const uint8_t *ip, uint8_t proto, const uint8_t *l4, uint32_t len)
{
	uint8_t pseudo[12];
	uint32_t sum;

	if (ip[0] >> 4 == 6)
		return ip6_cksum(ip + IP6_OFF_SRC, ip + IP6_OFF_DST, proto, l4, len);
	memcpy(pseudo, ip + 12, 8);
	ip4_store16(pseudo + 8, proto);
	ip4_store16(pseudo + 10, (uint16_t)len);
	sum = (uint32_t)rte_raw_cksum(pseudo, sizeof(pseudo)) + rte_raw_cksum(l4, len);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

/* A NAT changed the addresses that the sender summed up; the ICV has vouched for the rest. */
static void renew_cksum(const uint8_t *ip, uint8_t proto, uint8_t *l4, uint32_t len)
{
	unsigned int at = proto == IPPROTO_TCP ? TCP_CKSUM : UDP_CKSUM;
	uint16_t sum;

	if ((proto != IPPROTO_TCP || len < TCP_MIN) && (proto != IPPROTO_UDP || len < NATT_HEADER))
		return;
	/* UDP without a checksum stays so. */
	if (proto == IPPROTO_UDP && ip4_load16(l4 + at) == 0)
		return;
	memset(l4 + at, 0, sizeof(sum));
	sum = upper_cksum(ip, proto, l4, len);
	if (proto == IPPROTO_UDP && sum == 0)
		sum = UINT16_MAX;
	memcpy(l4 + at, &sum, sizeof(sum));
}

enum drop_reason transport_unwrap(struct rte_mbuf *m, const struct crypto_op *op, uint32_t len,
				  uint8_t next)
{
	const struct pkt_meta *meta = pkt_meta(m);
	bool udp = (meta->flags & PKT_F_UDP_ENCAP) != 0;
	unsigned int head = (unsigned int)(meta->l4_off - meta->l3_off) - (udp ? NATT_HEADER : 0);
	uint8_t *ip = pkt_l3(m), *start;
	uint8_t *text = op->esp + SA_ESP_HEADER + op->sa->iv_len;
	struct spot at = {.off = head, .prev = 9};

	if ((meta->flags & PKT_F_IPV6) && !ext_last(ip, head, &at))
		return DROP_IN_HEADER_ERRORS;
	start = text - head;
	memmove(start, ip, head);
	rte_pktmbuf_adj(m, (uint16_t)(start - rte_pktmbuf_mtod(m, uint8_t *) - IP4_ETHER_ROOM));
	rte_pktmbuf_trim(m, (uint16_t)(m->data_len - IP4_ETHER_ROOM - head - len));
	rewrite(start, at.prev, next, head, head + len);
	if (udp)
		renew_cksum(start, next, text, len);
	return DROP_NONE;
}
