/* SPDX-License-Identifier: BSD-3-Clause */
/* inbound.h - IPv4 that came out of an SA against its selectors (RFC 4301 section 5.2). */
#ifndef ESPGW_IPSEC_INBOUND_H
#define ESPGW_IPSEC_INBOUND_H

#include "dataplane/ipsec/sa.h"
#include "dataplane/ipsec/selector.h"

/** Are all of them for any port? */
static inline bool inbound_any_port(const struct sa_range *r, unsigned int n)
{
	uint8_t any = 1;

	for (unsigned int i = 0; i < n; i++)
		any &= r[i].any_port;
	return any != 0;
}

/** The SA's local side is where we send from, so here it is the destination. */
static inline bool inbound_selects(const struct sa *sa, const struct pkt_meta *meta)
{
	struct selector s = selector_of(meta);

	return sa_range_match(sa->remote, sa->n_remote, s.src, s.proto, s.src_port, s.ports) &&
	       sa_range_match(sa->local, sa->n_local, s.dst, s.proto, s.dst_port, s.ports);
}

/** Could a packet with those ports or others be inside one of the selectors? */
static inline bool inbound_possible(const struct sa_range *r, unsigned int n, uint32_t addr,
				    uint8_t proto)
{
	for (unsigned int i = 0; i < n; i++)
		if (addr >= r[i].lo && addr <= r[i].hi &&
		    (r[i].protocol == 0 || r[i].protocol == proto))
			return true;
	return false;
}

/** A piece of a packet. But for the first they show no ports: where the SA is for single ports they
 * are needed whole (RFC 4301 section 7). */
static inline enum drop_reason inbound_judge_piece(const struct sa *sa, struct pkt_meta *meta)
{
	meta->next_hop = sa->spi; /* the slot may be another's when the rest has come */
	if (inbound_any_port(sa->remote, sa->n_remote) && inbound_any_port(sa->local, sa->n_local))
		return inbound_selects(sa, meta) ? DROP_NONE : DROP_IN_NO_POLICIES;
	meta->verdict = PKT_REASSEMBLE;
	return inbound_possible(sa->remote, sa->n_remote, meta->src, meta->proto) &&
			       inbound_possible(sa->local, sa->n_local, meta->dst, meta->proto)
		       ? DROP_NONE
		       : DROP_IN_NO_POLICIES;
}

#endif
