/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sample.c - see sample.h.
 *
 * Packets are dropped in every state, also half way through a stage: so nothing that parse found is
 * believed here but where IP begins, and every length is looked at again. A packet out of an SA has
 * 14 bytes of room instead of Ethernet, with leftovers in them: those are not kept.
 */
#include "dataplane/sample.h"

#include <netinet/in.h>
#include <string.h>

#include <rte_ether.h>

#include "dataplane/api/sample.h"

#define ETHER	 14u
#define TAG	 4u
#define IP4_LEN	 20u
#define IP6_LEN	 40u
#define TCP_LEN	 20u
#define L4_LEN	 8u
#define OFFSET_4 0x1fffu
#define MADE	 255u

/* How much of the IP packet in these n bytes is headers. */
static unsigned int ip_headers(const uint8_t *ip, unsigned int n)
{
	unsigned int head = IP6_LEN;
	uint8_t proto;

	if (n >= IP6_LEN && ip[0] >> 4 == 6) {
		proto = ip[6];
	} else {
		head = n >= IP4_LEN && ip[0] >> 4 == 4 ? (ip[0] & 0x0fu) * 4 : 0;
		if (head < IP4_LEN || head > n)
			return 0;
		if (abi_sample_u16(ip + 6) & OFFSET_4)
			return head;
		proto = ip[9];
	}
	return RTE_MIN(n, head + (proto == IPPROTO_TCP ? TCP_LEN : L4_LEN));
}

/* Bytes before the IP header of what came from a port; n bytes are there. *ip: there is one. */
static unsigned int frame_header(const uint8_t *eth, unsigned int n, bool *ip)
{
	unsigned int len = ETHER;
	uint16_t type;

	*ip = false;
	if (n < ETHER)
		return 0;
	type = abi_sample_u16(eth + ETHER - 2);
	if (type == RTE_ETHER_TYPE_VLAN && n >= ETHER + TAG) {
		len += TAG;
		type = abi_sample_u16(eth + len - 2);
	}
	*ip = type == RTE_ETHER_TYPE_IPV4 || type == RTE_ETHER_TYPE_IPV6;
	return len;
}

static void keep(struct abi_drop_sample *s, const uint8_t *data, unsigned int n,
		 const struct pkt_meta *meta)
{
	unsigned int from = 0, l2, l3 = 0;
	bool ip = true;

	if (meta->flags & (PKT_F_FROM_SA | PKT_F_PROTECTED | PKT_F_ORIGIN)) {
		from = (meta->flags & PKT_F_FROM_SA) ? ETHER : RTE_MAX(meta->l3_off, ETHER);
		l2 = 0;
	} else {
		l2 = frame_header(data, n, &ip);
	}
	if (ip && from + l2 < n)
		l3 = ip_headers(data + from + l2, n - from - l2);
	s->l2_len = (uint8_t)l2;
	s->kept = (uint8_t)RTE_MIN(l2 + l3, ABI_SAMPLE_BYTES);
	/* Whole words are written, so what ends the last one must not be anything. */
	if (s->kept % 8 != 0)
		memset(s->bytes + (s->kept & ~7u), 0, 8);
	if (s->kept != 0)
		memcpy(s->bytes, data + from, s->kept);
}

void sample_take(struct worker *w, const struct rte_mbuf *m, enum drop_reason reason)
{
	const struct pkt_meta *meta =
		RTE_MBUF_DYNFIELD(m, PKT_META_OFFSET, const struct pkt_meta *);
	uint64_t before = w->counters->drops[reason];
	struct abi_drop_sample s;

	if (!w->samples)
		return;
	s.reason = (uint8_t)reason;
	s.port = (meta->flags & PKT_F_ORIGIN) ? MADE : meta->in_port;
	s.number = before + 1;
	s.time = w->now;
	s.sa_slot = meta->sa_slot < w->max_sas ? meta->sa_slot : ABI_SAMPLE_NO_SA;
	s.length = m->pkt_len;
	keep(&s, rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, meta);
	abi_sample_write(&w->samples[reason * ABI_SAMPLES + before % ABI_SAMPLES], &s);
}
