/* SPDX-License-Identifier: BSD-3-Clause */
/* version.c - IKEv1 as the engine sees it; see control/ike/version.h. */
#include "control/ike/version.h"

#include <errno.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "control/ike/child_sa.h"
#include "control/ike/party.h"
#include "control/ike/state.h"
#include "control/ike1/aggr.h"
#include "control/ike1/contact.h"
#include "control/ike1/dpd.h"
#include "control/ike1/frag1.h"
#include "control/ike1/info.h"
#include "control/ike1/phase1.h"
#include "control/ike1/quick.h"

static int sa_init(struct ike_sa *sa)
{
	sa->dpd_msgids.max = DPD_MSGIDS;
	timers_init_one(&sa->contact, contact_tick);
	sa->keys = calloc(1, sizeof(*sa->keys));
	sa->hs = calloc(1, sizeof(*sa->hs));
	if (sa->keys != NULL && sa->hs != NULL)
		return 0;
	free(sa->keys);
	free(sa->hs);
	return -ENOMEM; /* the SA goes, too */
}

/* Aggressive mode begins with a public value. */
static uint16_t begin_group(const struct ike_peer *peer)
{
	return peer->conf.mode == IKE_MODE_AGGRESSIVE ? peer->conf.profile.dh[0] : 0;
}

static void begin(struct ike_engine *e, struct ike_peer *peer, uint64_t now)
{
	if (peer->conf.mode == IKE_MODE_AGGRESSIVE)
		aggr_begin(e, peer, now);
	else
		phase1_begin(e, peer, now);
}

static void drop_handshake(struct ike_sa *sa)
{
	struct ike1_handshake *hs = sa->hs;

	if (hs == NULL)
		return;
	dh_free(hs->dh);
	free(hs->sai_b);
	free(hs->idii_b);
	OPENSSL_clear_free(hs, sizeof(*hs));
	sa->hs = NULL;
}

static void sa_free(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	struct quick *q;

	contact_stop(e, sa);
	while ((q = TAILQ_FIRST(&sa->quicks)) != NULL) {
		/* What they were for is still to be done, through another SA. */
		if (!quick_ended(q))
			child_ensure_in(e, q->policy, now + QUICK_AGAIN_MS * TIMERS_MS);
		quick_free(e, q, now);
	}
	frag1_free(sa);
	free(sa->msgids.ids);
	free(sa->dpd_msgids.ids);
	keymat_ike1_wipe(sa->keys);
	free(sa->keys);
	sa->keys = NULL;
	OPENSSL_cleanse(sa->iv, sizeof(sa->iv));
}

static void rekey(struct ike_engine *e, struct ike_sa *sa, uint64_t now)
{
	party_connect_in(e, sa->peer, now);
}

static void child_result(struct ike_engine *e, struct child_sa *c, int status, uint64_t now)
{
	quick_result(e, c->quick, status, now);
}

static void child_proven(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	quick_proven(e, c->quick, now);
}

static void child_made(struct child_sa *c)
{
	c->quick->pair = NULL;
	c->quick = NULL;
}

static void child_abandon(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	quick_free(e, c->quick, now);
}

const struct ike_version ike1_version = {
	.number = 1,
	.begin_group = begin_group,
	.begin = begin,
	.sa_init = sa_init,
	.sa_free = sa_free,
	.drop_handshake = drop_handshake,
	.cut = frag1_cut,
	.give_up = phase1_give_up,
	.silent = phase1_silent,
	.timed_out = aggr_r_timed_out,
	.dpd_tick = dpd_tick,
	.dpd_start = dpd_start,
	.probe = dpd_probe,
	.busy = quick_busy,
	.rekey = rekey,
	.delete_ike_sa = info_delete_ike_sa,
	.child_start = quick_start,
	.child_result = child_result,
	.child_proven = child_proven,
	.child_made = child_made,
	.child_abandon = child_abandon,
	.child_delete = info_delete_child,
};
