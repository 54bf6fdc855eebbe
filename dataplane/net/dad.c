/* SPDX-License-Identifier: BSD-3-Clause */
/* dad.c - duplicate address detection; see dad.h. */
#include "dataplane/net/dad.h"

#include <arpa/inet.h>

#include "dataplane/log.h"
#include "dataplane/net/nd.h"
#include "dataplane/net/port.h"

static struct dad_address *find(const struct dad *d, uint8_t port, const uint8_t *addr)
{
	for (unsigned int i = 0; i < d->n; i++)
		if (d->addrs[i].port == port && ip6_equal(d->addrs[i].addr.b, addr))
			return (struct dad_address *)(uintptr_t)&d->addrs[i];
	return NULL;
}

void dad_update(struct dad *d, const struct fib6 *f)
{
	const struct dad old = *d;
	const struct fib6_own *own;

	d->n = 0;
	for (unsigned int i = 0; (own = fib6_address(f, i)) != NULL; i++) {
		const struct dad_address *before = find(&old, own->port, own->addr.b);
		bool came_up = ports[own->port].link_up && !old.link[own->port];

		if (before != NULL && !came_up)
			d->addrs[d->n++] = *before;
		else
			d->addrs[d->n++] =
				(struct dad_address){.addr = own->addr, .port = own->port};
	}
	for (uint16_t i = 0; i < n_ports; i++)
		d->link[i] = ports[i].link_up;
}

/* RFC 4862 section 5.4.2: from nobody, to the group that everybody with such an address listens
 * to. */
static void ask(const struct neigh_io *io, const struct dad_address *a)
{
	const struct nd n = {
		.type = ICMP6_ND_SOLICIT, .dst = ip6_solicited(a->addr.b), .target = a->addr};
	struct rte_ether_addr group = ip6_group_mac(n.dst.b);
	struct rte_mbuf *m = nd_make(io->pool, a->port, &group, &n);

	if (m != NULL)
		io->send(io->ctx, m);
}

static void announce(const struct neigh_io *io, const struct dad_address *a)
{
	const struct nd n = {.type = ICMP6_ND_ADVERT,
			     .flags = ND_F_ROUTER | ND_F_OVERRIDE,
			     .has_mac = true,
			     .mac = ports[a->port].mac,
			     .src = a->addr,
			     .dst = {{0xff, 2, [15] = 1}},
			     .target = a->addr};
	struct rte_ether_addr group = ip6_group_mac(n.dst.b);
	struct rte_mbuf *m = nd_make(io->pool, a->port, &group, &n);

	if (m != NULL)
		io->send(io->ctx, m);
}

void dad_tick(struct dad *d, const struct neigh_io *io, uint64_t now)
{
	for (unsigned int i = 0; i < d->n; i++) {
		struct dad_address *a = &d->addrs[i];

		if (a->state != DAD_TENTATIVE)
			continue;
		if (!a->asked) {
			a->asked = 1;
			a->since = now;
			ask(io, a);
		} else if (now - a->since >= DAD_WAIT_NS) {
			a->state = DAD_IN_USE;
			announce(io, a);
		}
	}
}

void dad_announce(struct dad *d, const struct neigh_io *io)
{
	for (unsigned int i = 0; i < d->n; i++)
		if (d->addrs[i].state == DAD_IN_USE)
			announce(io, &d->addrs[i]);
}

void dad_conflict(struct dad *d, uint8_t port, const uint8_t *addr, bool solicits)
{
	struct dad_address *a = d != NULL ? find(d, port, addr) : NULL;
	char text[INET6_ADDRSTRLEN];

	/* Who solicits an address that we use will hear of us. */
	if (a == NULL || a->disputed || a->state == DAD_DUPLICATE ||
	    (solicits && a->state == DAD_IN_USE))
		return;
	inet_ntop(AF_INET6, addr, text, sizeof(text));
	if (a->state == DAD_TENTATIVE) {
		a->state = DAD_DUPLICATE;
		log_error("address %s on port '%s' is another host's: it is not used", text,
			  ports[port].name);
	} else {
		a->disputed = true;
		log_error("address %s on port '%s' is claimed by another host too", text,
			  ports[port].name);
	}
}

bool dad_usable(const struct dad *d, uint8_t port, const uint8_t *addr)
{
	const struct dad_address *a;

	if (d == NULL)
		return true;
	a = find(d, port, addr);
	return a != NULL && a->state == DAD_IN_USE;
}
