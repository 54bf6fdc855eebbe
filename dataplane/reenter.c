/* SPDX-License-Identifier: BSD-3-Clause */
/* reenter.c - packets the gateway made itself, as the pipeline takes them; see pipeline.h. */
#include "dataplane/net/parse.h"
#include "dataplane/pipeline_impl.h"

#define ETHER_ROOM 14

enum drop_reason reenter_parse(struct worker *w, struct rte_mbuf *m)
{
	struct pkt_meta *meta = pkt_meta(m);
	bool six = meta->flags & PKT_F_IPV6;

	w->counters->made++;
	*meta = (struct pkt_meta){.flags = PKT_F_ORIGIN | (meta->flags & PKT_F_FROM_SA),
				  .sa_slot = PKT_NO_SA};
	if (w->pipe->n_reenter == REENTER_MAX)
		return DROP_NET_NO_BUFFER;
	if (six)
		parse_ipv6(w, m, ETHER_ROOM);
	else
		parse_ipv4(w, m, ETHER_ROOM);
	meta->flags |= PKT_F_ORIGIN;
	if (meta->verdict == PKT_FORWARD)
		return DROP_NONE;
	return meta->verdict == PKT_DROP ? (enum drop_reason)meta->reason : DROP_NET_LOCAL;
}
