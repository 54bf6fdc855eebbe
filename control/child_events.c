/* SPDX-License-Identifier: BSD-3-Clause */
/* child_events.c - what the dataplane tells about pairs, and what its tables show when it could
 * not. */
#include "control/children_priv.h"
#include "control/log.h"

static void peer_moved(struct children *c, struct sa_pair *p, const struct abi_ev_sa *ev)
{
	struct sa_half *half[] = {&p->in, &p->out};

	if (p->in.add.encap != ABI_ENCAP_UDP)
		return; /* without a NAT an address does not change under an SA */
	for (unsigned int i = 0; i < 2; i++) {
		struct sa_half *h = half[i];
		struct abi_sa_update u = {.msg.type = ABI_CMD_SA_UPDATE,
					  .slot = h->add.slot,
					  .spi = h->add.spi,
					  .what = ABI_SA_UPD_ENDPOINT,
					  .local_port = h->add.local_port,
					  .remote_port = ev->remote_port,
					  .encap = h->add.encap,
					  .local = h->add.local,
					  .remote = ev->remote};

		if (!sa_half_exists(h) || !h->installed)
			continue;
		if (dataplane_command(c->dp, &u, sizeof(u), NULL, NULL) != 0)
			continue;
		h->add.remote = ev->remote;
		h->add.remote_port = ev->remote_port;
	}
	if (p->token != 0)
		c->ops->moved(c->ctx, p->token, &ev->remote, ev->remote_port);
	log_notice(&log_ipsec, "%s: peer moved, its ESP comes from port %u now", p->peer,
		   ev->remote_port);
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
