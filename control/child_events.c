/* SPDX-License-Identifier: BSD-3-Clause */
/* child_events.c - what the dataplane tells about pairs, and what its tables show when it could
 * not. */
#include <string.h>

#include "control/children_priv.h"
#include "control/log.h"

static void set_endpoint(struct children *c, struct sa_pair *p, const struct abi_addr *remote,
			 uint16_t port)
{
	struct sa_half *half[] = {&p->in, &p->out};

	if (p->in.add.encap != ABI_ENCAP_UDP || p->state == SA_PAIR_REMOVING)
		return; /* without a NAT an address does not change under an SA */
	for (unsigned int i = 0; i < 2; i++) {
		struct sa_half *h = half[i];
		struct abi_sa_update u = {.msg.type = ABI_CMD_SA_UPDATE,
					  .slot = h->add.slot,
					  .spi = h->add.spi,
					  .what = ABI_SA_UPD_ENDPOINT,
					  .local_port = h->add.local_port,
					  .remote_port = port,
					  .encap = h->add.encap,
					  .local = h->add.local,
					  .remote = *remote};

		/* What is being added will be there before the update. */
		if (!sa_half_exists(h) || (!h->installed && p->state != SA_PAIR_ADDING))
			continue;
		if (!p->held && dataplane_command(c->dp, &u, sizeof(u), NULL, NULL) != 0)
			continue;
		h->add.remote = *remote;
		h->add.remote_port = port;
	}
}

void children_moved(struct children *c, uint64_t token, const struct abi_addr *remote,
		    uint16_t port)
{
	struct sa_pair *p = c->table != NULL ? sa_table_find(c->table, token) : NULL;

	if (p != NULL && p->in.add.remote.family == remote->family)
		set_endpoint(c, p, remote, port);
}

/* The engine asks the peer whether it is there. Where there is no IKE SA to ask through, the pair
 * follows to another port of the same address, and no further. */
static void peer_moved(struct children *c, struct sa_pair *p, const struct abi_ev_sa *ev)
{
	if (p->token != 0) {
		c->ops->moved(c->ctx, p->token, &ev->remote, ev->remote_port);
	} else if (memcmp(&p->in.add.remote, &ev->remote, sizeof(ev->remote)) == 0) {
		set_endpoint(c, p, &ev->remote, ev->remote_port);
		log_notice(&log_ipsec, "%s: peer moved, its ESP comes from port %u now", p->peer,
			   ev->remote_port);
	}
}

static void expired(struct children *c, struct sa_pair *p, struct sa_half *h, bool hard,
		    uint8_t limit)
{
	uint8_t bit = (uint8_t)(1u << limit), told = h->told_soft;

	/* A limit that is not known is one of those told already. */
	if (hard ? p->told_hard : limit != 0 ? (told & bit) != 0 : told != 0)
		return;
	if (hard)
		p->told_hard = true;
	else
		p->in.told_soft = p->out.told_soft = told | bit;
	if (p->token != 0)
		c->ops->expired(c->ctx, p->token, hard, limit);
	else if (hard && p->adopted)
		children_drop(c, p);
}

static void first_traffic(struct children *c, struct sa_pair *p, const struct sa_half *h)
{
	if (h != &p->in || p->told_first || p->token == 0)
		return;
	p->told_first = true;
	p->behind_adopted = false;
	if (p->switch_at != 0)
		children_make_current(c, p);
	c->ops->first_traffic(c->ctx, p->token);
}

void children_event(struct children *c, const struct abi_ev_sa *ev)
{
	struct sa_half *h = NULL;
	struct sa_pair *p = c->table != NULL ? sa_table_at(c->table, ev->slot, &h) : NULL;

	/* Events of SAs that are gone by now are normal; those of a slot's next user are not ours.
	 */
	if (p == NULL || h->add.spi != ev->spi || p->cookie != ev->cookie)
		return;
	switch (ev->msg.type) {
	case ABI_EV_SA_EXPIRE:
		expired(c, p, h, ev->expire == ABI_EXPIRE_HARD, ev->limit);
		break;
	case ABI_EV_FIRST_TRAFFIC:
		first_traffic(c, p, h);
		break;
	case ABI_EV_PEER_MOVED:
		peer_moved(c, p, ev);
		break;
	}
}

static void compare_half(struct children *c, struct sa_pair *p, struct sa_half *h)
{
	struct abi_sa_status s;

	if (!sa_half_exists(h) || !h->installed ||
	    !segmap_sa(dataplane_map(c->dp), h->add.slot, &s))
		return;
	if (s.spi != h->add.spi || s.state == ABI_SA_FREE || s.state == ABI_SA_DEAD) {
		h->installed = false;
		expired(c, p, h, true, 0);
		return;
	}
	if (s.seen_traffic != 0)
		first_traffic(c, p, h);
	if (s.state == ABI_SA_DYING)
		expired(c, p, h, false, 0);
}

void children_resync(struct children *c)
{
	struct sa_pair *p;

	if (c->table == NULL)
		return;
	TAILQ_FOREACH (p, sa_table_all(c->table), link) {
		if (p->state != SA_PAIR_READY)
			continue;
		compare_half(c, p, &p->in);
		if (!p->told_hard)
			compare_half(c, p, &p->out);
	}
}
