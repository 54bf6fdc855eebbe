/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * neigh.c - who is where: the workers' stage, and the manager's state machine.
 *
 * (none) -> ASKED -> KNOWN -> (none), ASKED -> FAILED -> (none). ASKED holds packets. KNOWN is
 * asked again, by unicast, in the last NEIGH_TRIES seconds of its life when a worker used it since
 * it was last confirmed. FAILED is the negative cache.
 */
#include "dataplane/net/neigh.h"

#include "dataplane/net/arp.h"
#include "dataplane/net/icmp.h"
#include "dataplane/net/fib6.h"
#include "dataplane/net/ip4.h"
#include "dataplane/net/nd.h"
#include "dataplane/net/neigh_impl.h"
#include "dataplane/net/port.h"
#include "dataplane/net/route.h"
#include "dataplane/net/route6.h"

#define SECOND	  NEIGH_SECOND
#define REASK	  NEIGH_REASK
#define REACHABLE (NEIGH_REACHABLE_S * SECOND)

static const struct rte_ether_addr everybody = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

void neigh_burst(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct neigh *t = __atomic_load_n(&w->tables->neigh, __ATOMIC_ACQUIRE);
	uint64_t value = 0;
	uint32_t addr = 0; /* of value; 0 is nobody's */
	uint8_t port = 0, header[RTE_ETHER_HDR_LEN] = {0};
	struct rte_mbuf *six[WORKER_BURST];
	uint16_t n_six = 0;

	if (route6_is_all(pkts, n)) {
		neigh6_burst(w, pkts, n);
		return;
	}
	for (uint16_t i = 0; i < n; i++) {
		struct pkt_meta *meta = pkt_meta(pkts[i]);

		if (meta->verdict != PKT_FORWARD)
			continue;
		if (meta->next_hop != addr || meta->out_port != port) {
			int at;

			/* Their next hops are no IPv4 addresses (fib6.h), so they all come by here.
			 */
			if (meta->flags & PKT_F_IPV6) {
				six[n_six++] = pkts[i];
				continue;
			}
			addr = meta->next_hop;
			port = meta->out_port;
			value = 0;
			at = neigh_table_find(t, port, neigh_key4(addr), &value);
			if (at >= 0)
				neigh_table_use(t, at);
			neigh_ethernet(header, port, value, RTE_ETHER_TYPE_IPV4);
		}
		if (likely(neigh_value_state(value) == NEIGH_KNOWN)) {
			memcpy(rte_pktmbuf_mtod(pkts[i], uint8_t *), header, sizeof(header));
		} else if (neigh_value_state(value) == NEIGH_FAILED) {
			icmp_error(w, pkts[i], ICMP4_UNREACHABLE, ICMP4_CODE_HOST, 0);
			pkt_drop(pkts[i], DROP_NET_NO_NEIGHBOUR);
		} else {
			meta->verdict = PKT_SLOW;
		}
	}
	if (n_six != 0)
		neigh6_burst(w, six, n_six);
}

/* From here on: the manager's thread. */

static void drop_held(struct neigh *t, const struct neigh_io *io, int at)
{
	struct rte_mbuf *m;

	while ((m = neigh_table_take(t, at)) != NULL)
		io->drop(io->ctx, m, DROP_NET_NO_NEIGHBOUR);
}

static void forget(struct neigh *t, const struct neigh_io *io, int at)
{
	drop_held(t, io, at);
	neigh_table_change(t, at, NEIGH_FREE, NULL);
}

static void send_arp(const struct neigh_io *io, uint8_t port, const struct rte_ether_addr *dst,
		     const struct arp *a)
{
	struct rte_mbuf *m = arp_make(io->pool, port, dst, a);

	if (m != NULL)
		io->send(io->ctx, m);
}

static void ask_arp(const struct neigh_io *io, uint8_t port, uint32_t addr,
		    const struct rte_ether_addr *known)
{
	const struct arp a = {.op = ARP_REQUEST,
			      .sender_mac = ports[port].mac,
			      .target = addr,
			      .sender = fib_port_address(io->fib, port, addr)};

	send_arp(io, port, known != NULL ? known : &everybody, &a);
}

/* Send a request for the entry: to all while its MAC is unknown, else to the MAC it had. */
static void ask(struct neigh *t, const struct neigh_io *io, int at, uint64_t now)
{
	struct neigh_key key = t->slots[at].key;
	uint64_t value = t->slots[at].value;
	uint8_t port = neigh_value_port(value);
	struct rte_ether_addr mac;
	bool known = neigh_value_state(value) == NEIGH_KNOWN;

	memcpy(&mac, &value, sizeof(mac));
	t->entries[at].asked = now;
	t->entries[at].tries++;
	if (neigh_key_is6(key))
		neigh6_ask(io, port, key, known ? &mac : NULL);
	else
		ask_arp(io, port, (uint32_t)key.lo, known ? &mac : NULL);
}

static bool is_on_link(const struct neigh_io *io, uint8_t port, struct neigh_key key)
{
	struct ip6 addr;

	if (!neigh_key_is6(key))
		return io->fib != NULL && fib_is_on_link(io->fib, port, (uint32_t)key.lo);
	addr = neigh_key_ip6(key);
	return fib6_is_on_link(io->fib6, port, addr.b);
}

static void send_held(const struct neigh_io *io, struct rte_mbuf *m, uint8_t port, uint64_t value)
{
	neigh_ethernet(rte_pktmbuf_mtod(m, uint8_t *), port, value,
		       pkt_meta(m)->flags & PKT_F_IPV6 ? RTE_ETHER_TYPE_IPV6 : RTE_ETHER_TYPE_IPV4);
	pkt_meta(m)->verdict = PKT_LOCAL;
	io->send(io->ctx, m);
}

void neigh_hold(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now)
{
	struct neigh_key key = neigh_key4(pkt_meta(m)->next_hop);
	uint8_t port = pkt_meta(m)->out_port;
	uint64_t value = neigh_value(NEIGH_ASKED, port, NULL);
	int at;

	if (pkt_meta(m)->flags & PKT_F_IPV6) {
		if (!neigh6_next_hop(io, m, &key)) {
			io->drop(io->ctx, m, DROP_NET_NO_ROUTE);
			return;
		}
		port = pkt_meta(m)->out_port;
	}
	at = neigh_table_find(t, port, key, &value);
	if (at < 0 && is_on_link(io, port, key)) {
		at = neigh_table_insert(t, port, key, NEIGH_ASKED, NULL);
		if (at >= 0)
			ask(t, io, at, now);
	}
	if (at >= 0 && neigh_value_state(value) == NEIGH_KNOWN) {
		send_held(io, m, port, value);
		return;
	}
	if (at >= 0 && neigh_value_state(value) == NEIGH_ASKED)
		m = neigh_table_hold(t, at, m);
	if (m != NULL)
		io->drop(io->ctx, m, DROP_NET_NO_NEIGHBOUR);
}

void neigh_confirm(struct neigh *t, const struct neigh_io *io, int at,
		   const struct rte_ether_addr *mac, uint64_t now)
{
	uint64_t before = t->slots[at].value;
	uint8_t port = neigh_value_port(before);
	uint64_t value = neigh_value(NEIGH_KNOWN, port, mac);
	struct neigh_entry *e = &t->entries[at];
	struct rte_mbuf *m;

	if (neigh_value_state(before) == NEIGH_KNOWN && before != value &&
	    now - e->confirmed < NEIGH_LOCK_S * SECOND)
		return;
	e->confirmed = now;
	e->tries = 0;
	neigh_table_unuse(t, at);
	if (before == value)
		return;
	/* What waits goes ahead of what workers send themselves from then on. */
	while ((m = neigh_table_take(t, at)) != NULL)
		send_held(io, m, port, value);
	neigh_table_change(t, at, NEIGH_KNOWN, mac);
}

/* Who asks for us will hear from us at once, so it is learnt (RFC 826). */
static void learn(struct neigh *t, uint8_t port, const struct arp *a, uint64_t now)
{
	int at = neigh_table_insert(t, port, neigh_key4(a->sender), NEIGH_KNOWN, &a->sender_mac);

	if (at >= 0)
		t->entries[at].confirmed = now;
}

static void answer(const struct neigh_io *io, uint8_t port, const struct arp *request)
{
	const struct arp a = {.op = ARP_REPLY,
			      .sender_mac = ports[port].mac,
			      .sender = request->target,
			      .target_mac = request->sender_mac,
			      .target = request->sender};

	send_arp(io, port, &request->sender_mac, &a);
}

static enum drop_reason arp_input(struct neigh *t, const struct neigh_io *io, uint8_t port,
				  const struct arp *a, uint64_t now)
{
	bool asks_us = a->op == ARP_REQUEST && fib_is_port_address(io->fib, port, a->target);
	bool probe = a->op == ARP_REQUEST && a->sender == 0; /* RFC 5227: not in use yet */
	uint64_t value;
	int at = -1;

	if (rte_is_same_ether_addr(&a->sender_mac, &ports[port].mac))
		return DROP_NET_ARP;
	/* On link excludes our own addresses: who claims one is not learnt. */
	if (!probe && !fib_is_on_link(io->fib, port, a->sender))
		return DROP_NET_ARP;
	if (!probe)
		at = neigh_table_find(t, port, neigh_key4(a->sender), &value);
	if (at >= 0)
		neigh_confirm(t, io, at, &a->sender_mac, now);
	else if (asks_us && !probe)
		learn(t, port, a, now);
	if (asks_us)
		answer(io, port, a);
	return asks_us || at >= 0 ? DROP_NET_CONSUMED : DROP_NET_ARP;
}

void neigh_arp_input(struct neigh *t, const struct neigh_io *io, struct rte_mbuf *m, uint64_t now)
{
	enum drop_reason why = DROP_NET_ARP;
	struct arp a;

	if (io->fib != NULL && arp_read(m, &a))
		why = arp_input(t, io, pkt_meta(m)->in_port, &a, now);
	io->drop(io->ctx, m, why);
}

static void tick_known(struct neigh *t, const struct neigh_io *io, int at, uint64_t now)
{
	const struct neigh_entry *e = &t->entries[at];
	uint64_t age = now - e->confirmed;

	if (age >= REACHABLE)
		forget(t, io, at);
	else if (age >= REASK && e->tries < NEIGH_TRIES &&
		 (e->tries == 0 || now - e->asked >= SECOND) && neigh_table_used(t, at))
		ask(t, io, at, now);
}

static void tick_asked(struct neigh *t, const struct neigh_io *io, int at, uint64_t now)
{
	struct neigh_entry *e = &t->entries[at];

	if (now - e->asked < SECOND)
		return;
	if (e->tries < NEIGH_TRIES) {
		ask(t, io, at, now);
		return;
	}
	drop_held(t, io, at);
	neigh_table_change(t, at, NEIGH_FAILED, NULL);
	e->confirmed = now;
}

static void tick_one(struct neigh *t, const struct neigh_io *io, int at, uint64_t now)
{
	uint64_t value = t->slots[at].value;
	enum neigh_state s = neigh_value_state(value);

	if (s == NEIGH_FREE)
		return;
	if (!is_on_link(io, neigh_value_port(value), t->slots[at].key))
		forget(t, io, at);
	else if (s == NEIGH_KNOWN)
		tick_known(t, io, at, now);
	else if (s == NEIGH_ASKED)
		tick_asked(t, io, at, now);
	else if (now - t->entries[at].confirmed >= NEIGH_FAILED_S * SECOND)
		forget(t, io, at);
}

void neigh_tick(struct neigh *t, const struct neigh_io *io, uint64_t now)
{
	for (int i = 0; i < (int)NEIGH_SLOTS; i++)
		tick_one(t, io, i, now);
}

void neigh_announce(struct neigh *t, const struct neigh_io *io)
{
	struct arp a = {.op = ARP_REQUEST};
	uint32_t addr;
	uint8_t port;

	(void)t; /* everybody on the link is told, known or not */
	if (io->fib == NULL)
		return;
	for (unsigned int i = 0; fib_address(io->fib, i, &port, &addr); i++) {
		/* RFC 5227 section 2.3: sender and target are the address itself. */
		a.sender = addr;
		a.target = addr;
		a.sender_mac = ports[port].mac;
		send_arp(io, port, &everybody, &a);
	}
}

void neigh_flush_port(struct neigh *t, const struct neigh_io *io, uint8_t port)
{
	for (int i = 0; i < (int)NEIGH_SLOTS; i++)
		if (neigh_value_state(t->slots[i].value) != NEIGH_FREE &&
		    neigh_value_port(t->slots[i].value) == port)
			forget(t, io, i);
}

void neigh_flush(struct neigh *t, const struct neigh_io *io)
{
	for (int i = 0; i < (int)NEIGH_SLOTS; i++)
		if (neigh_value_state(t->slots[i].value) != NEIGH_FREE)
			forget(t, io, i);
}
