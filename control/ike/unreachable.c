/* SPDX-License-Identifier: BSD-3-Clause */
/* unreachable.c - ICMP errors about our messages: a hint that is kept, and nothing else. */
#include "control/ike/engine.h"
#include "control/ike/ike_sa.h"
#include "control/ike/state.h"

/* Whose message it was: by its SPI, which nobody off the path knows, else by the address. */
static struct ike_peer *find_peer(const struct ike_engine *e, const struct ike_unreachable *u)
{
	const struct ike_sa *sa = u->ispi != 0 ? ike_sa_find(e, u->ispi, 0) : NULL;

	if (sa != NULL && peers_addr_equal(&sa->at.remote, &u->remote))
		return sa->peer;
	return peers_find_addr(&e->peers, &u->remote, &u->local);
}

void ike_engine_unreachable(struct ike_engine *e, const struct ike_unreachable *u, uint64_t now)
{
	struct ike_peer *peer = find_peer(e, u);

	e->now = now;
	if (peer == NULL)
		return;
	peer->icmp = (struct ike_icmp){.heard = true,
				       .type = u->type,
				       .code = u->code,
				       .port = u->remote_port,
				       .from = u->from};
	peer->icmp_at = now;
}
