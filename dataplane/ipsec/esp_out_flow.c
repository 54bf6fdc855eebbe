/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * esp_out_flow.c - what the packets of one SA share in a burst, read when the first of them comes:
 * is the SA usable, its outer header, sizes, and the way they leave.
 */
#include "dataplane/ipsec/esp_out_impl.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/net/ip6.h"

/* Only once for a flow: reading it back from each packet just written would wait for the stores. */
static struct pkt_meta outer_meta(const struct sa *sa, const struct sa_outer *o,
				  const struct way *way)
{
	bool udp = o->encap == ABI_ENCAP_UDP, six = (sa->shape & SA_SHAPE_OUTER6) != 0;
	uint8_t head = six ? IP6_HEADER : IP4_HEADER;

	return (struct pkt_meta){.verdict = PKT_FORWARD,
				 .flags = PKT_F_PROTECTED | PKT_F_DF | (six ? PKT_F_IPV6 : 0),
				 .proto = udp ? IPPROTO_UDP : IPPROTO_ESP,
				 .l3_off = IP4_ETHER_ROOM,
				 .l4_off = (uint8_t)(IP4_ETHER_ROOM + head),
				 .src = six ? 0 : ip4_load32(o->header + 12),
				 .dst = six ? 0 : o->remote,
				 .src_port = udp ? ip4_load16(o->header + head) : 0,
				 .dst_port = udp ? ip4_load16(o->header + head + 2) : 0,
				 .out_port = way->port,
				 .next_hop = way->next_hop,
				 .sa_slot = sa->slot};
}

static bool same_peer(const struct flow *f, const struct flow *g)
{
	if ((f->sa->shape ^ g->sa->shape) & (SA_SHAPE_OUTER6 | SA_SHAPE_TRANSPORT))
		return false;
	if (f->sa->shape & SA_SHAPE_OUTER6)
		return ip6_equal(f->outer.header + IP6_OFF_DST, g->outer.header + IP6_OFF_DST);
	return f->outer.remote == g->outer.remote;
}

/* SAs have few peers: the way of the flow before is mostly that of this one. */
static void find_way(const struct worker *w, const struct batch *b, struct flow *f)
{
	const struct flow *before = f > b->flow ? f - 1 : NULL;

	if (f->sa->shape & SA_SHAPE_TRANSPORT)
		f->way = (struct way){.known = false};
	else if (before != NULL && before->unusable == DROP_NONE && same_peer(f, before))
		f->way = before->way;
	else if (f->sa->shape & SA_SHAPE_OUTER6)
		way6_find(w, f->outer.header + IP6_OFF_DST, &f->way);
	else
		way_find(w, f->outer.remote, &f->way);
}

static enum drop_reason open_flow(const struct worker *w, const struct batch *b, struct flow *f,
				  struct sa *sa)
{
	f->sa = sa;
	f->bytes = f->wire_bytes = 0;
	f->hits = f->n = f->done = 0;
	f->numbered = false;
	if (sa->direction != ABI_DIR_OUT)
		return DROP_OUT_BUNDLE_ERRORS;
	switch (sa_state(sa)) {
	case SA_LIVE:
		if (unlikely(sa->limited) && volume_spent(&sa->volume))
			return DROP_OUT_STATE_EXPIRED;
		break;
	case SA_EXPIRED:
		return DROP_OUT_STATE_EXPIRED;
	default:
		return DROP_OUT_BUNDLE_CHECK_ERRORS;
	}
	/* Twice, because the manager may be changing the peer's address just now. */
	if (!sa_outer_read(sa, &f->outer) && !sa_outer_read(sa, &f->outer))
		return DROP_OUT_BUNDLE_CHECK_ERRORS;
	find_way(w, b, f);
	f->meta = outer_meta(sa, &f->outer, &f->way);
	f->size.head = (uint16_t)(f->outer.length + sa->iv_len);
	f->size.around = (uint16_t)(f->size.head + SA_ESP_TRAILER + sa->icv_len);
	f->size.esp = (uint8_t)(f->outer.length - SA_ESP_HEADER);
	f->size.covered = (uint16_t)(SA_ESP_HEADER + sa->iv_len + SA_ESP_TRAILER);
	return DROP_NONE;
}

/* Where the flow of that slot is noted, or is to be: there is always a free place. */
static uint16_t *place_of(struct batch *b, uint32_t slot)
{
	uint32_t at = (slot * 0x9e3779b1u) >> 16 & (FLOW_PLACES - 1);

	while (b->place[at] != FLOW_NONE && b->slot_of[b->place[at]] != slot)
		at = (at + 1) % FLOW_PLACES;
	return &b->place[at];
}

struct flow *esp_out_flow(const struct worker *w, struct batch *b, uint32_t slot)
{
	struct flow *f;
	struct sa *sa;
	uint16_t *place;

	_Static_assert(FLOW_NONE == UINT16_MAX, "all bytes alike");
	if (b->n_flows == 0)
		memset(b->place, UINT8_MAX, sizeof(b->place));
	place = place_of(b, slot);
	if (*place != FLOW_NONE)
		return &b->flow[*place];
	sa = sad_slot(w->tables->sad, slot);
	if (sa == NULL)
		return NULL;
	*place = b->n_flows;
	b->slot_of[b->n_flows] = slot;
	f = &b->flow[b->n_flows++];
	f->unusable = (uint8_t)open_flow(w, b, f, sa);
	f->plain = f->unusable == DROP_NONE && sa->shape == 0 && sa->iv_len == AES_IV;
	f->runs = f->unusable == DROP_NONE && esp_out_runs(f);
	f->unfinished = false;
	f->size.index = (uint16_t)(f - b->flow);
	return f;
}
