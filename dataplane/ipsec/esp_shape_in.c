/* SPDX-License-Identifier: BSD-3-Clause */
/* esp_shape_in.c - inbound ESP with IPv6 inside or outside, and in transport mode. */
#include "dataplane/ipsec/esp_shape.h"

#include "dataplane/ipsec/ecn.h"
#include "dataplane/ipsec/inbound.h"
#include "dataplane/ipsec/sa6.h"
#include "dataplane/ipsec/trailer.h"
#include "dataplane/ipsec/transport.h"
#include "dataplane/net/ip6.h"
#include "dataplane/net/parse.h"

/* The ends of an SA; twice, because the manager may be changing them just now. */
static bool read_ends(const struct sa *sa, struct sa_outer *o)
{
	return sa_outer_read(sa, o) || sa_outer_read(sa, o);
}

bool esp_shape_is_to(const struct sa *sa, const struct rte_mbuf *m)
{
	uint64_t local[2];

	/* Twice, as read_ends() does. */
	return (sa_local6_read(sa, local) || sa_local6_read(sa, local)) &&
	       ip6_equal((const uint8_t *)local, pkt_l3(m) + IP6_OFF_DST);
}

void esp_shape_watch_peer(struct sa *sa, struct rte_mbuf *m)
{
	struct sa_place6 from = {.port = pkt_meta(m)->src_port}, known;
	struct sa_outer o;

	memcpy(from.addr, pkt_l3(m) + IP6_OFF_SRC, sizeof(from.addr));
	if (!read_ends(sa, &o) || (ip6_equal(o.header + IP6_OFF_DST, from.addr) &&
				   ip4_load16(o.header + IP6_HEADER + 2) == from.port))
		return;
	if (sa6_moved_get(sa->six, &known) == 0 || memcmp(&known, &from, sizeof(from)) != 0)
		sa6_moved_put(sa->six, &from);
}

/* Leave nothing but the inner packet behind 14 bytes of room. What follows it is traffic flow
 * confidentiality padding (RFC 4303 section 2.7), and only its own length tells where it ends. */
static enum drop_reason strip(struct rte_mbuf *m, uint8_t *text, uint32_t len, uint8_t next)
{
	uint32_t before = (uint32_t)(text - rte_pktmbuf_mtod(m, uint8_t *)) - IP4_ETHER_ROOM, inner;

	if (next == NEXT_HEADER_IPV4 && len >= IP4_HEADER)
		inner = ip4_load16(text + 2);
	else if (next == NEXT_HEADER_IPV6 && len >= IP6_HEADER)
		inner = IP6_HEADER + ip4_load16(text + 4);
	else
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	if (inner > len)
		return DROP_IN_STATE_PROTOCOL_ERRORS;
	rte_pktmbuf_adj(m, (uint16_t)before);
	rte_pktmbuf_trim(m, (uint16_t)(m->data_len - IP4_ETHER_ROOM - inner));
	return DROP_NONE;
}

/* Is that what the SA carries: packets of a family it has selectors for, or anything but a packet
 * in transport mode? */
static bool carries(const struct sa *sa, uint8_t next)
{
	bool transport = (sa->shape & SA_SHAPE_TRANSPORT) != 0;

	switch (next) {
	case NEXT_HEADER_IPV4:
		return !transport && sa->n_local != 0;
	case NEXT_HEADER_IPV6:
		return !transport && sa->six != NULL && sa->six->n_local != 0;
	default:
		return transport;
	}
}

bool esp_shape_selects(const struct sa *sa, const struct rte_mbuf *m)
{
	const struct pkt_meta *meta = pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	struct selector6 s;

	if ((meta->flags & PKT_F_IPV6) == 0)
		return inbound_selects(sa, meta);
	s = selector6_of(meta, pkt_l3(m));
	return sa6_selects(sa, &s, true);
}

/* As inbound_judge_piece(). Of IPv6 the first piece alone says what the whole carries (RFC 8200
 * section 4.5), so where they are needed whole nothing but the whole is judged. */
static enum drop_reason judge_piece6(const struct sa *sa, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);

	meta->next_hop = sa->spi; /* for esp_in_whole() */
	if (sa->six == NULL)
		return DROP_IN_NO_POLICIES;
	if (sa6_addresses_only(sa->six->remote, sa->six->n_remote) &&
	    sa6_addresses_only(sa->six->local, sa->six->n_local))
		return esp_shape_selects(sa, m) ? DROP_NONE : DROP_IN_NO_POLICIES;
	meta->verdict = PKT_REASSEMBLE;
	return DROP_NONE;
}

static enum drop_reason parse(struct worker *w, struct rte_mbuf *m, const struct sa *sa, bool six)
{
	struct pkt_meta *meta = pkt_meta(m);

	meta->flags = PKT_F_FROM_SA;
	meta->trim = 0;
	if (six)
		parse_ipv6(w, m, IP4_ETHER_ROOM);
	else
		parse_ipv4(w, m, IP4_ETHER_ROOM);
	meta->flags |= PKT_F_FROM_SA;
	meta->sa_slot = sa->slot;
	if (meta->verdict == PKT_DROP)
		return (enum drop_reason)meta->reason;
	if ((meta->flags & (PKT_F_FRAGMENT | PKT_F_IPV6)) == PKT_F_FRAGMENT)
		return inbound_judge_piece(sa, meta);
	if (meta->flags & PKT_F_FRAGMENT)
		return judge_piece6(sa, m);
	return esp_shape_selects(sa, m) ? DROP_NONE : DROP_IN_NO_POLICIES;
}

/* RFC 6040 section 4.2, for both families. */
static enum drop_reason take_ecn(struct rte_mbuf *m, uint8_t outer)
{
	uint8_t *ip = rte_pktmbuf_mtod_offset(m, uint8_t *, IP4_ETHER_ROOM);
	bool six = ip[0] >> 4 == 6;
	uint8_t inner = six ? ip6_traffic_class(ip) : ip[1], ecn = ecn_decapsulate(inner, outer);
	uint16_t before = ip4_load16(ip);

	if (ecn == ECN_DROP)
		return DROP_IN_ERRORS;
	if (ecn == (inner & ECN_MASK))
		return DROP_NONE;
	if (six) {
		ip4_store16(ip, (uint16_t)((before & ~(ECN_MASK << 4)) | ecn << 4));
		return DROP_NONE;
	}
	ip[1] = (uint8_t)((inner & ~ECN_MASK) | ecn);
	ip4_store16(ip + 10, ip4_cksum_adjust(ip4_load16(ip + 10), before, ip4_load16(ip)));
	return DROP_NONE;
}

enum drop_reason esp_shape_unwrap(struct worker *w, struct rte_mbuf *m, const struct crypto_op *op,
				  uint8_t tos)
{
	uint8_t *text = op->esp + SA_ESP_HEADER + op->sa->iv_len, next;
	uint32_t len = op->len - SA_ESP_HEADER - op->sa->iv_len;
	bool six = (pkt_meta(m)->flags & PKT_F_IPV6) != 0;
	enum drop_reason why = trailer_check(text, &len, &next);

	if (why != DROP_NONE)
		return why;
	if (!carries(op->sa, next))
		return DROP_IN_STATE_MODE_ERRORS;
	if (op->sa->shape & SA_SHAPE_TRANSPORT) {
		why = transport_unwrap(m, op, len, next);
		return why != DROP_NONE ? why : parse(w, m, op->sa, six);
	}
	why = strip(m, text, len, next);
	if (why == DROP_NONE)
		why = parse(w, m, op->sa, next == NEXT_HEADER_IPV6);
	return why != DROP_NONE || !ecn_may_change(tos) ? why : take_ecn(m, tos);
}
