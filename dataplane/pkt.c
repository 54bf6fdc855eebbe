/* SPDX-License-Identifier: BSD-3-Clause */
/* pkt.c - registers the mbuf dynamic field that carries struct pkt_meta. */
#include "dataplane/pkt.h"

#include <rte_errno.h>

int pkt_register(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "espgw_pkt_meta",
		.size = sizeof(struct pkt_meta),
		.align = _Alignof(struct pkt_meta),
	};

	return rte_mbuf_dynfield_register_offset(&field, PKT_META_OFFSET) < 0 ? -rte_errno : 0;
}
