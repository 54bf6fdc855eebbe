/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * neigh6.c - neighbour discovery (RFC 4861) on the state machine of neigh.c.
 *
 * Its states are RFC 4861's by other names: ASKED is INCOMPLETE, KNOWN younger than NEIGH_REASK is
 * REACHABLE, older it is STALE, and PROBE from the first packet that uses it (there is no DELAY in
 * between). A MAC that was heard without an answer to us enters at the age of STALE: it is used and
 * asked for at once. A STALE neighbour that nobody uses is forgotten after seconds, not kept.
 *
 * We are a router: advertisements of routers and redirects are ignored (parse drops them), and we
 * send no router advertisements.
 */
#include "dataplane/net/dad.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/icmp6.h"
#include "dataplane/net/nd.h"
#include "dataplane/net/neigh_impl.h"

/* The next hop of a packet that route has seen; false when its table is not today's any more. */
static bool next_hop(const struct fib6 *f, const struct rte_mbuf *m, const struct pkt_meta *meta,
		     struct neigh_key *key)
{
	const struct fib6_hop *hop = fib6_hop_of(f, meta->next_hop);

	if (hop == NULL || hop->kind != FIB_VIA)
		return false;
	*key = neigh_key6(ip6_is_unspecified(hop->next.b) ? pkt_l3(m) + IP6_OFF_DST : hop->next.b);
	return true;
}

/* Whom the last packet went to, and what it got for that. */
struct last {
	uint32_t handle; /* 0: of no packet that was routed */
	uint8_t port;
	bool on_link; /* then it is by its destination that the handle says who */
	struct ip6 dst;
	uint64_t value; /* 0: none is known */
	uint8_t header[RTE_ETHER_HDR_LEN];
};

static inline bool is_last(const struct last *l, const struct rte_mbuf *m,
			   const struct pkt_meta *meta)
{
	return meta->next_hop == l->handle && meta->out_port == l->port &&
	       (!l->on_link || ip6_equal(pkt_l3(m) + IP6_OFF_DST, l->dst.b));
}

static void find(const struct fib6 *f, struct neigh *t, const struct rte_mbuf *m,
		 const struct pkt_meta *meta, struct last *l)
{
	struct neigh_key key;
	int at = -1;

	*l = (struct last){.handle = meta->next_hop, .port = meta->out_port};
	memcpy(l->dst.b, pkt_l3(m) + IP6_OFF_DST, sizeof(l->dst.b));
	if (t != NULL && next_hop(f, m, meta, &key)) {
		l->on_link = neigh_key_equal(key, neigh_key6(l->dst.b));
		at = neigh_table_find(t, l->port, key, &l->value);
	}
	if (at >= 0)
		neigh_table_use(t, at);
	neigh_ethernet(l->header, l->port, l->value, RTE_ETHER_TYPE_IPV6);
}

/* Its next hop's MAC is not known. */
static __rte_noinline void give_up(struct worker *w, struct rte_mbuf *m, uint64_t value)
{
	if (neigh_value_state(value) != NEIGH_FAILED) {
		pkt_meta(m)->verdict = PKT_SLOW;
		return;
	}
	icmp6_error(w, m, ICMP6_UNREACHABLE, ICMP6_CODE_ADDRESS, 0);
	pkt_drop(m, DROP_NET_NO_NEIGHBOUR);
}

void neigh6_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	const struct fib6 *f = __atomic_load_n(&w->tables->fib6, __ATOMIC_ACQUIRE);
	struct neigh *t = __atomic_load_n(&w->tables->neigh6, __ATOMIC_ACQUIRE);
	struct last last = {0};

	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta *meta = pkt_meta(pkts[i]);

		if (unlikely(!is_last(&last, pkts[i], meta)))
			find(f, t, pkts[i], meta, &last);
		if (likely(neigh_value_state(last.value) == NEIGH_KNOWN))
			memcpy(rte_pktmbuf_mtod(pkts[i], uint8_t *), last.header,
			       sizeof(last.header));
		else
			give_up(w, pkts[i], last.value);
	}
}

/* From here on: the manager's thread. */

bool neigh6_next_hop(const struct neigh_io *io, struct rte_mbuf *m, struct neigh_key *key)
{
	struct pkt_meta *meta = pkt_meta(m);
	const uint8_t *dst = pkt_l3(m) + IP6_OFF_DST;
	struct fib6_hop hop;

	/* out_port is what route said, and so is which of several routes; on link is asked later */
	if (ip6_is_link_local(dst)) {
		*key = neigh_key6(dst);
		return true;
	}
	if (next_hop(io->fib6, m, meta, key))
		return true;
	if (!fib6_lookup(io->fib6, dst, &hop))
		return false;
	meta->out_port = hop.port;
	*key = neigh_key6(hop.next.b);
	return true;
}

static void send_nd(const struct neigh_io *io, uint8_t port, const struct rte_ether_addr *dst,
		    const struct nd *n)
{
	struct rte_mbuf *m = nd_make(io->pool, port, dst, n);

	if (m != NULL)
		io->send(io->ctx, m);
}

void neigh6_ask(const struct neigh_io *io, uint8_t port, struct neigh_key key,
		const struct rte_ether_addr *known)
{
	struct nd n = {.type = ICMP6_ND_SOLICIT,
		       .has_mac = true,
		       .mac = ports[port].mac,
		       .target = neigh_key_ip6(key)};
	const struct ip6 *source = fib6_port_address(io->fib6, port, n.target.b);
	struct rte_ether_addr dst;

	/* An address that is not certain to be ours asks for nobody: the next try may. */
	if (source == NULL || !dad_usable(io->dad, port, source->b))
		return;
	n.src = *source;
	n.dst = known != NULL ? n.target : ip6_solicited(n.target.b);
	dst = known != NULL ? *known : ip6_group_mac(n.dst.b);
	send_nd(io, port, &dst, &n);
}

static struct rte_ether_addr mac_of(uint64_t value)
{
	struct rte_ether_addr mac;

	memcpy(&mac, &value, sizeof(mac));
	return mac;
}

/* Heard, but not in answer to us: STALE (RFC 4861 sections 7.2.3 and 7.2.5). */
static void hear(struct neigh *t, const struct neigh_io *io, int at,
		 const struct rte_ether_addr *mac, uint64_t now)
{
	uint64_t before = t->slots[at].value;
	struct rte_ether_addr had = mac_of(before);

	if (neigh_value_state(before) == NEIGH_KNOWN && rte_is_same_ether_addr(&had, mac))
		return;
	/* Not an answer, so no proof against a MAC just proven. */
	if (neigh_value_state(before) == NEIGH_KNOWN &&
	    now - t->entries[at].confirmed < NEIGH_LOCK_S * NEIGH_SECOND)
		return;
	neigh_confirm(t, io, at, mac, now);
	t->entries[at].confirmed = now - NEIGH_REASK;
}

static void answer(const struct neigh_io *io, uint8_t port, const struct nd *asked,
		   const struct rte_ether_addr *frame)
{
	bool probe = ip6_is_unspecified(asked->src.b);
	struct nd n = {.type = ICMP6_ND_ADVERT,
		       .flags = ND_F_ROUTER | ND_F_OVERRIDE | (probe ? 0 : ND_F_SOLICITED),
		       .has_mac = true,
		       .mac = ports[port].mac,
		       .src = asked->target,
		       .dst = asked->src,
		       .target = asked->target};
	struct rte_ether_addr dst = asked->has_mac ? asked->mac : *frame;

	if (probe) { /* RFC 4861 section 7.2.4: all nodes, who asks has no address yet */
		n.dst = (struct ip6){{0xff, 2, [15] = 1}};
		dst = ip6_group_mac(n.dst.b);
	}
	send_nd(io, port, &dst, &n);
}

static enum drop_reason solicited(struct neigh *t, const struct neigh_io *io, uint8_t port,
				  const struct nd *n, const struct rte_ether_addr *frame,
				  uint64_t now)
{
	uint64_t value;
	int at;

	if (!fib6_is_port_address(io->fib6, port, n->target.b))
		return DROP_NET_ND;
	if (ip6_is_unspecified(n->src.b))
		dad_conflict(io->dad, port, n->target.b, true);
	/* On link excludes our own addresses: who claims one is not learnt. */
	else if (!fib6_is_on_link(io->fib6, port, n->src.b))
		return DROP_NET_ND;
	if (!dad_usable(io->dad, port, n->target.b))
		return DROP_NET_CONSUMED;
	if (n->has_mac) {
		at = neigh_table_find(t, port, neigh_key6(n->src.b), &value);
		if (at >= 0) {
			hear(t, io, at, &n->mac, now);
		} else {
			at = neigh_table_insert(t, port, neigh_key6(n->src.b), NEIGH_KNOWN,
						&n->mac);
			if (at >= 0)
				t->entries[at].confirmed = now - NEIGH_REASK;
		}
	}
	answer(io, port, n, frame);
	return DROP_NET_CONSUMED;
}

/* RFC 4861 section 7.2.5. */
static enum drop_reason advertised(struct neigh *t, const struct neigh_io *io, uint8_t port,
				   const struct nd *n, uint64_t now)
{
	struct rte_ether_addr had;
	uint64_t value;
	bool same;
	int at;

	if (fib6_is_port_address(io->fib6, port, n->target.b)) {
		dad_conflict(io->dad, port, n->target.b, false);
		return DROP_NET_ND;
	}
	at = neigh_table_find(t, port, neigh_key6(n->target.b), &value);
	if (at < 0)
		return DROP_NET_ND;
	had = mac_of(value);
	if (neigh_value_state(value) != NEIGH_KNOWN) {
		if (!n->has_mac)
			return DROP_NET_ND;
	} else {
		same = !n->has_mac || rte_is_same_ether_addr(&had, &n->mac);
		if (!same && !(n->flags & ND_F_OVERRIDE)) {
			/* Somebody says otherwise: whom we know is asked again. */
			if (now - t->entries[at].confirmed < NEIGH_REASK)
				t->entries[at].confirmed = now - NEIGH_REASK;
			return DROP_NET_CONSUMED;
		}
	}
	if (n->flags & ND_F_SOLICITED)
		neigh_confirm(t, io, at, n->has_mac ? &n->mac : &had, now);
	else if (n->has_mac)
		hear(t, io, at, &n->mac, now);
	return DROP_NET_CONSUMED;
}

void neigh_nd_input(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now)
{
	uint8_t port = pkt_meta(m)->in_port;
	enum drop_reason why = DROP_NET_ND;
	struct rte_ether_addr frame;
	struct nd n;

	memcpy(&frame, rte_pktmbuf_mtod_offset(m, const uint8_t *, RTE_ETHER_ADDR_LEN),
	       sizeof(frame));
	/* A switch may hand us what we said ourselves. */
	if (io->fib6 != NULL && port < n_ports &&
	    !rte_is_same_ether_addr(&frame, &ports[port].mac) && nd_read(m, &n) &&
	    !(n.has_mac && rte_is_same_ether_addr(&n.mac, &ports[port].mac)))
		why = n.type == ICMP6_ND_SOLICIT ? solicited(t, io, port, &n, &frame, now)
						 : advertised(t, io, port, &n, now);
	io->drop(io->ctx, m, why);
}
