/* SPDX-License-Identifier: BSD-3-Clause */
/* linear.c - see linear.h. */
#include "dataplane/linear.h"

static bool holds(const struct rte_mempool *pool, uint32_t len)
{
	return pool != NULL &&
	       RTE_PKTMBUF_HEADROOM + len + LINEAR_TAIL <=
		       rte_pktmbuf_data_room_size((struct rte_mempool *)(uintptr_t)pool);
}

struct rte_mbuf *linear_copy(struct worker *w, const struct rte_mbuf *m)
{
	uint32_t len = rte_pktmbuf_pkt_len(m);
	struct rte_mempool *pool = holds(w->pool, len) ? w->pool : w->large;
	struct rte_mbuf *copy;
	uint8_t *to;

	copy = holds(pool, len) ? rte_pktmbuf_alloc(pool) : NULL;
	if (copy == NULL)
		return NULL;
	to = (uint8_t *)rte_pktmbuf_append(copy, (uint16_t)len);
	for (const struct rte_mbuf *s = m; s != NULL; s = s->next) {
		memcpy(to, rte_pktmbuf_mtod(s, const uint8_t *), s->data_len);
		to += s->data_len;
	}
	copy->ol_flags |= m->ol_flags &
			  (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ);
	copy->vlan_tci = m->vlan_tci;
	*pkt_meta(copy) = *pkt_meta((struct rte_mbuf *)(uintptr_t)m);
	return copy;
}
