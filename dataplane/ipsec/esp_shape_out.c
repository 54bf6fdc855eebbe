/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_shape_out.c - outbound ESP for IPv6 inside or outside, and with marks of its own. */
#include "dataplane/ipsec/esp_shape.h"

#include <errno.h>

#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/mss.h"
#include "dataplane/ipsec/mtu.h"
#include "dataplane/ipsec/natt.h"
#include "dataplane/ipsec/own.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/ipsec/transport.h"
#include "dataplane/net/frag.h"
#include "dataplane/net/icmp6.h"
#include "dataplane/net/ip6.h"
#include "dataplane/order.h"
#include "dataplane/pipeline.h"

#define PIECES_MAX 8u /* of 1280 bytes: a jumbo frame */

static bool is_ipv6(const struct pkt_meta *meta)
{
	return (meta->flags & PKT_F_IPV6) != 0;
}

/* IPv6 into a tunnel. Its sender must get along with 1280 bytes and no less (RFC 8200 section 5),
 * so up to there it is the outer packet that is split (RFC 2473 section 7.1). */
static enum drop_reason admit6(struct worker *w, const struct sa *sa, struct rte_mbuf **m,
			       bool piece)
{
	const struct pkt_meta *meta = pkt_meta(*m);
	uint32_t mtu = __atomic_load_n(&sa->mtu, __ATOMIC_RELAXED);
	struct selector6 s;

	if ((*m)->data_len < meta->l3_off + IP6_HEADER)
		return DROP_OUT_ERRORS;
	s = selector6_of(meta, pkt_l3(*m));
	if (!piece && !sa6_selects(sa, &s, false))
		return DROP_OUT_BUNDLE_ERRORS;
	if (!own_packet(w, m))
		return DROP_NET_NO_BUFFER;
	meta = pkt_meta(*m);
	if (mss_concerns(meta))
		mss_clamp(sa, *m, mtu);
	if (meta->ip_len <= mtu || meta->ip_len <= IP6_MTU_MIN || sa->df == ABI_DF_CLEAR ||
	    (meta->flags & PKT_F_DF) == 0)
		return DROP_NONE;
	icmp6_error(w, *m, ICMP6_TOO_BIG, 0, RTE_MAX(mtu, IP6_MTU_MIN));
	return DROP_NET_TOO_BIG;
}

bool esp_shape_may_split(const struct sa *sa, const struct pkt_meta *meta)
{
	uint32_t fits = IP6_MTU_MIN;

	if ((sa->shape & SA_SHAPE_TRANSPORT) ||
	    (meta->flags & (PKT_F_IPV6 | PKT_F_DF)) != PKT_F_IPV6)
		return false;
	if ((meta->flags & PKT_F_ORIGIN) && sa->df == ABI_DF_CLEAR)
		return false;
	if (meta->flags & PKT_F_ORIGIN)
		fits = RTE_MAX(fits, __atomic_load_n(&sa->mtu, __ATOMIC_RELAXED));
	return meta->ip_len > fits;
}

enum drop_reason esp_shape_admit(struct worker *w, const struct sa *sa,
				 const struct sa_outer *outer, struct rte_mbuf **m, bool piece)
{
	if ((sa->shape & SA_SHAPE_TRANSPORT) == 0)
		return admit6(w, sa, m, piece);
	return own_packet(w, m) ? transport_admit(sa, outer, *m) : DROP_NET_NO_BUFFER;
}

static uint8_t outer_tos(const struct sa *sa, uint8_t inner)
{
	if ((sa->dscp & ABI_DSCP_SET) == 0)
		return ecn_outer_tos(inner);
	return (uint8_t)((sa->dscp & ABI_DSCP_MAX) << 2 | (ecn_outer_tos(inner) & ECN_MASK));
}

/* May the outer packet not be fragmented? What had to be admitted larger than fits must. */
static bool outer_df(const struct sa *sa, const struct pkt_meta *inner)
{
	if (sa->df == ABI_DF_CLEAR || inner->ip_len > __atomic_load_n(&sa->mtu, __ATOMIC_RELAXED))
		return false;
	/* IPv6 is never fragmented on its way, as IPv4 with DF. */
	return sa->df == ABI_DF_SET || (sa->shape & SA_SHAPE_OUTER6) != 0 ||
	       (inner->flags & (PKT_F_DF | PKT_F_IPV6)) != 0;
}

/* Of packets that may be fragmented no two may have the same within a while, between two addresses
 * (RFC 6864 section 4.1): SAs that count side by side start from places of their own. */
static uint16_t outer_id(const struct sa *sa, uint64_t seq)
{
	return (uint16_t)(seq + (sa->spi * 0x9e3779b1u >> 16));
}

static void write_outer4(uint8_t *ip, const struct sa_outer *o, uint8_t tos, uint16_t len,
			 uint16_t id, bool df)
{
	memcpy(ip, o->header, IP4_HEADER);
	ip[1] = tos;
	ip4_store16(ip + 2, len);
	ip4_store16(ip + 4, id);
	ip4_store16(ip + 6, df ? IP4_FLAG_DF : 0);
	ip4_set_cksum(ip, IP4_HEADER);
}

static void write_outer6(uint8_t *ip, const struct sa_outer *o, uint8_t class, uint16_t len)
{
	memcpy(ip, o->header, IP6_HEADER);
	ip4_store32(ip, ip4_load32(ip) | (uint32_t) class << 20);
	ip4_store16(ip + 4, (uint16_t)(len - IP6_HEADER));
}

static void outer_meta(struct pkt_meta *meta, const struct esp_seal *s, uint16_t len, bool df)
{
	const struct sa_outer *o = s->outer;
	bool six = (s->sa->shape & SA_SHAPE_OUTER6) != 0, udp = o->encap == ABI_ENCAP_UDP;
	uint8_t head = six ? IP6_HEADER : IP4_HEADER;

	*meta = (struct pkt_meta){
		.verdict = PKT_FORWARD,
		.flags = (uint8_t)(PKT_F_PROTECTED | (df ? PKT_F_DF : 0) | (six ? PKT_F_IPV6 : 0)),
		.proto = udp ? IPPROTO_UDP : IPPROTO_ESP,
		.l3_off = IP4_ETHER_ROOM,
		.l4_off = (uint8_t)(IP4_ETHER_ROOM + head),
		.in_port = meta->in_port,
		.ip_len = len,
		.trim = meta->ip_len, /* for the counters */
		.src = six ? 0 : ip4_load32(o->header + 12),
		.dst = six ? 0 : o->remote,
		.src_port = udp ? ip4_load16(o->header + head) : 0,
		.dst_port = udp ? ip4_load16(o->header + head + 2) : 0,
		.sa_slot = s->sa->slot};
}

/* Cut m down to its inner packet, with front bytes before and back bytes behind it. */
static uint8_t *widen(struct rte_mbuf *m, uint32_t front, uint32_t back)
{
	const struct pkt_meta *meta = pkt_meta(m);
	uint32_t extra = (uint32_t)m->data_len - meta->l3_off - meta->ip_len;

	if (rte_pktmbuf_adj(m, meta->l3_off) == NULL || rte_pktmbuf_trim(m, (uint16_t)extra) != 0 ||
	    rte_pktmbuf_append(m, (uint16_t)back) == NULL)
		return NULL;
	return (uint8_t *)rte_pktmbuf_prepend(m, (uint16_t)front);
}

static enum drop_reason build_tunnel(struct worker *w, const struct esp_seal *s, struct rte_mbuf *m,
				     struct crypto_op *op)
{
	struct pkt_meta *meta = pkt_meta(m);
	const struct sa *sa = s->sa;
	const struct sa_outer *o = s->outer;
	uint16_t inner = meta->ip_len, pad = mtu_pad(inner, sa->block);
	uint32_t head = o->length + (uint32_t)sa->iv_len;
	uint32_t back = pad + SA_ESP_TRAILER + sa->icv_len, len = head + inner + back;
	bool df = outer_df(sa, meta);
	uint8_t *ip, tos;

	if (m->data_len < (uint32_t)meta->l3_off + inner || len > UINT16_MAX - IP4_ETHER_ROOM)
		return DROP_OUT_ERRORS;
	ip = pkt_l3(m);
	tos = is_ipv6(meta) ? ip6_traffic_class(ip) : ip[1];
	ip = widen(m, IP4_ETHER_ROOM + head, back);
	if (ip == NULL)
		return DROP_OUT_ERRORS;
	ip += IP4_ETHER_ROOM;
	if (sa->shape & SA_SHAPE_OUTER6)
		write_outer6(ip, o, outer_tos(sa, tos), (uint16_t)len);
	else
		write_outer4(ip, o, outer_tos(sa, tos), (uint16_t)len, outer_id(sa, s->seq), df);
	trailer_write(ip + head + inner, pad, is_ipv6(meta) ? NEXT_HEADER_IPV6 : NEXT_HEADER_IPV4);
	outer_meta(meta, s, (uint16_t)len, df);
	return esp_shape_fill(w, s, m, op);
}

enum drop_reason esp_shape_fill(struct worker *w, const struct esp_seal *s, struct rte_mbuf *m,
				struct crypto_op *op)
{
	const struct pkt_meta *meta = pkt_meta(m);
	const struct sa_outer *o = s->outer;
	uint8_t *at = rte_pktmbuf_mtod_offset(m, uint8_t *, meta->l4_off);
	uint16_t len = (uint16_t)(meta->ip_len - (meta->l4_off - meta->l3_off));

	if (o->encap == ABI_ENCAP_UDP) {
		memcpy(at, o->header + o->length - SA_ESP_HEADER - NATT_HEADER, NATT_HEADER);
		natt_set_length(at, len);
		at += NATT_HEADER;
		len = (uint16_t)(len - NATT_HEADER);
	}
	ip4_store32(at, s->sa->spi);
	ip4_store32(at + 4, (uint32_t)s->seq);
	if (crypto_write_iv(w->crypto, s->sa, s->seq, at + SA_ESP_HEADER) != 0)
		return DROP_OUT_STATE_PROTOCOL_ERRORS;
	crypto_op_set(op, s->sa, at, s->seq, (uint32_t)len - s->sa->icv_len);
	return DROP_NONE;
}

enum drop_reason esp_shape_build(struct worker *w, const struct esp_seal *s, struct rte_mbuf *m,
				 struct crypto_op *op)
{
	if (s->sa->shape & SA_SHAPE_TRANSPORT)
		return transport_build(w, s, m, op);
	return build_tunnel(w, s, m, op);
}

/* RFC 6935 section 5 lets a tunnel leave it out where the other end is known to agree. Linux, for
 * one, does not, so we never do. */
static void write_udp_cksum(struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta(m);
	uint8_t *udp = rte_pktmbuf_mtod_offset(m, uint8_t *, meta->l4_off);
	const uint8_t *ip = pkt_l3(m);
	uint16_t sum =
		ip6_cksum(ip + IP6_OFF_SRC, ip + IP6_OFF_DST, IPPROTO_UDP, udp, natt_length(udp));

	sum = sum == 0 ? UINT16_MAX : sum; /* RFC 8200 section 8.1 */
	memcpy(udp + offsetof(struct rte_udp_hdr, dgram_cksum), &sum, sizeof(sum));
}

static enum drop_reason split(struct worker *w, struct rte_mbuf **m)
{
	struct rte_mbuf *pieces[PIECES_MAX];
	int n = frag_ipv6(w->pool, *m, IP6_MTU_MIN, pieces, PIECES_MAX);

	if (n < 1)
		return n == -ENOMEM ? DROP_NET_NO_BUFFER : DROP_OUT_ERRORS;
	*m = pieces[0];
	w->counters->made += (uint64_t)n - 1;
	for (int i = 1; i < n; i++) {
		pkt_meta(pieces[i])->trim = ORDER_NONE;
		pipeline_route(w, pieces[i]);
	}
	return DROP_NONE;
}

enum drop_reason esp_shape_finish(struct worker *w, const struct sa *sa, struct rte_mbuf **m,
				  const struct sa_outer *outer)
{
	if (outer->encap == ABI_ENCAP_UDP)
		write_udp_cksum(*m);
	return esp_shape_is_to_split(sa, pkt_meta(*m)) ? split(w, m) : DROP_NONE;
}
