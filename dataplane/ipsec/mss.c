/* SPDX-License-Identifier: BSD-3-Clause */
/* mss.c - the MSS option of TCP (RFC 9293 section 3.2), found and lowered. */
#include "dataplane/ipsec/mss.h"

#include "dataplane/net/ip4.h"

#define TCP_HEADER  20u
#define TCP_SYN	    0x02u
#define TCP_CKSUM   16u
#define OPTION_END  0u
#define OPTION_NOP  1u
#define OPTION_MSS  2u
#define MSS_OPT_LEN 4u

/* Offset of the MSS value in the TCP header of len bytes with options; 0: none. */
static unsigned int find_mss(const uint8_t *tcp, unsigned int len)
{
	unsigned int i = TCP_HEADER;

	while (i < len && tcp[i] != OPTION_END) {
		if (tcp[i] == OPTION_NOP) {
			i++;
			continue;
		}
		if (len - i < 2 || tcp[i + 1] < 2 || tcp[i + 1] > len - i)
			return 0;
		if (tcp[i] == OPTION_MSS)
			return tcp[i + 1] == MSS_OPT_LEN ? i + 2 : 0;
		i += tcp[i + 1];
	}
	return 0;
}

static uint16_t swapped(uint16_t v, unsigned int odd)
{
	return odd ? (uint16_t)(v << 8 | v >> 8) : v;
}

void mss_clamp(const struct sa *sa, struct rte_mbuf *m, uint32_t mtu)
{
	const struct pkt_meta *meta = pkt_meta(m);
	uint8_t *tcp = rte_pktmbuf_mtod_offset(m, uint8_t *, meta->l4_off);
	unsigned int len = meta->ip_len - (unsigned int)(meta->l4_off - meta->l3_off), at, header;
	unsigned int around = meta->flags & PKT_F_IPV6 ? MSS_HEADERS6 : MSS_HEADERS;
	uint16_t old, max, sum;

	if (!mss_concerns(meta) || len < TCP_HEADER || (tcp[13] & TCP_SYN) == 0 || mtu <= around ||
	    sa->keep_mss)
		return;
	header = (tcp[12] >> 4) * 4u;
	if (header > len)
		return;
	at = find_mss(tcp, header);
	max = (uint16_t)(mtu - around);
	if (at == 0 || ip4_load16(tcp + at) <= max)
		return;
	old = ip4_load16(tcp + at);
	ip4_store16(tcp + at, max);
	/* A value at an odd offset adds to the sum with its bytes swapped. */
	sum = ip4_cksum_adjust(ip4_load16(tcp + TCP_CKSUM), swapped(old, at & 1),
			       swapped(max, at & 1));
	ip4_store16(tcp + TCP_CKSUM, sum);
}
