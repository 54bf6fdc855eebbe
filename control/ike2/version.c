/* SPDX-License-Identifier: BSD-3-Clause */
/* version.c - IKEv2 as the engine sees it; see control/ike/version.h. */
#include "control/ike/version.h"

#include "control/ike2/ike2.h"

/* Only what waits for message 3 of a quick mode has a proof to give. */
static void child_proven(struct ike_engine *e, struct child_sa *c, uint64_t now)
{
	(void)e;
	(void)c;
	(void)now;
}

static uint16_t begin_group(const struct ike_peer *peer)
{
	return peer->conf.profile.dh[0];
}

const struct ike_version ike2_version = {
	.number = 2,
	.owns_children = true,
	.begin_group = begin_group,
	.begin = ike2_begin,
	.sa_init = ike2_sa_init,
	.sa_free = ike2_sa_free,
	.drop_handshake = ike2_sa_drop_handshake,
	.give_up = ike2_give_up,
	.silent = ike2_silent,
	.dpd_tick = ike2_alive_tick,
	.dpd_start = ike2_alive_start,
	.probe = ike2_probe,
	.busy = ike2_busy,
	.rekey = ike2_rekey,
	.crossed = ike2_rekey_crossed,
	.retire = ike2_rekey_retire,
	.delete_ike_sa = ike2_delete_ike_sa,
	.child_start = ike2_child_start,
	.child_result = ike2_child_result,
	.child_proven = child_proven,
	.child_made = ike2_child_made,
	.child_abandon = ike2_child_abandon,
	.child_delete = ike2_delete_child,
};
