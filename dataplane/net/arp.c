/* SPDX-License-Identifier: BSD-3-Clause */
/* arp.c - the bytes of ARP. */
#include "dataplane/net/arp.h"

#include "dataplane/net/ip4.h"
#include "dataplane/pkt.h"

#define ARP_BYTES  28u
#define FRAME_MIN  60u /* of Ethernet, without its checksum; not every device pads */
#define HW_ETHER   1u
#define OFF_HW	   0u
#define OFF_PROTO  2u
#define OFF_SIZES  4u
#define OFF_OP	   6u
#define OFF_SHA	   8u
#define OFF_SPA	   14u
#define OFF_THA	   18u
#define OFF_TPA	   24u
#define SIZES_IPV4 0x0604u /* 6 bytes of MAC, 4 of IPv4 */

bool arp_read(const struct rte_mbuf *m, struct arp *a)
{
	const uint8_t *p = rte_pktmbuf_mtod_offset(m, const uint8_t *, RTE_ETHER_HDR_LEN);

	if (m->data_len < RTE_ETHER_HDR_LEN + ARP_BYTES)
		return false;
	if (ip4_load16(p + OFF_HW) != HW_ETHER ||
	    ip4_load16(p + OFF_PROTO) != RTE_ETHER_TYPE_IPV4 ||
	    ip4_load16(p + OFF_SIZES) != SIZES_IPV4)
		return false;
	a->op = ip4_load16(p + OFF_OP);
	memcpy(&a->sender_mac, p + OFF_SHA, RTE_ETHER_ADDR_LEN);
	memcpy(&a->target_mac, p + OFF_THA, RTE_ETHER_ADDR_LEN);
	a->sender = ip4_load32(p + OFF_SPA);
	a->target = ip4_load32(p + OFF_TPA);
	return (a->op == ARP_REQUEST || a->op == ARP_REPLY) &&
	       rte_is_valid_assigned_ether_addr(&a->sender_mac);
}

struct rte_mbuf *arp_make(struct rte_mempool *pool, uint8_t port, const struct rte_ether_addr *dst,
			  const struct arp *a)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	uint8_t *p;

	if (m == NULL)
		return NULL;
	p = (uint8_t *)rte_pktmbuf_append(m, FRAME_MIN);
	if (p == NULL) {
		rte_pktmbuf_free(m);
		return NULL;
	}
	*pkt_meta(m) = (struct pkt_meta){
		.verdict = PKT_LOCAL, .in_port = port, .out_port = port, .sa_slot = PKT_NO_SA};
	memset(p, 0, FRAME_MIN);
	memcpy(p, dst, RTE_ETHER_ADDR_LEN);
	memcpy(p + 6, &a->sender_mac, RTE_ETHER_ADDR_LEN);
	ip4_store16(p + 12, RTE_ETHER_TYPE_ARP);
	p += RTE_ETHER_HDR_LEN;
	ip4_store16(p + OFF_HW, HW_ETHER);
	ip4_store16(p + OFF_PROTO, RTE_ETHER_TYPE_IPV4);
	ip4_store16(p + OFF_SIZES, SIZES_IPV4);
	ip4_store16(p + OFF_OP, a->op);
	memcpy(p + OFF_SHA, &a->sender_mac, RTE_ETHER_ADDR_LEN);
	ip4_store32(p + OFF_SPA, a->sender);
	memcpy(p + OFF_THA, &a->target_mac, RTE_ETHER_ADDR_LEN);
	ip4_store32(p + OFF_TPA, a->target);
	return m;
}
