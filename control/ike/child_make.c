/* SPDX-License-Identifier: BSD-3-Clause */
/* child_make.c - what a new pair is, apart from its keys; see child_sa.h. */
#include "control/ike/child_sa.h"

#include <errno.h>

#include "control/crypto/suite.h"
#include "control/ike/ike_sa.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike/version.h"

bool child_natt(const struct ike_sa *sa)
{
	return sa->natt != NATD_VENDOR_UNKNOWN && (sa->nat_local || sa->nat_remote);
}

int child_describe(const struct child_sa *c, struct ike_encr_choice encr_choice, uint16_t integ_id,
		   uint16_t group, struct ike_child_sa *sa)
{
	const struct suite_encr *encr = suite_encr_find(encr_choice.id, encr_choice.key_bits);
	const struct suite_integ *integ = suite_integ_find(integ_id);
	const struct ike_sa *ike = c->owner;
	bool natt = child_natt(ike);

	/* Integrity comes from the one or from the other. */
	if (encr == NULL || (integ == NULL) != (encr->icv_len != 0) ||
	    encr->key_len > sizeof(sa->in.encr_key) || encr->salt_len > sizeof(sa->in.salt) ||
	    (integ != NULL && integ->key_len > sizeof(sa->in.integ_key)))
		return -ENOTSUP;
	sa->encr = (uint8_t)encr_choice.id;
	sa->integ = (uint8_t)integ_id;
	sa->encr_key_len = encr->key_len;
	sa->salt_len = encr->salt_len;
	sa->integ_key_len = integ != NULL ? integ->key_len : 0;
	sa->pfs_group = group;
	sa->encap = natt ? ABI_ENCAP_UDP : ABI_ENCAP_NONE;
	sa->local = ike->at.local;
	sa->remote = ike->at.remote;
	sa->local_port = natt ? (ike->at.marker ? ike->at.local_port : IKE_PORT_NATT) : 0;
	sa->remote_port = natt ? (ike->at.marker ? ike->at.remote_port : IKE_PORT_NATT) : 0;
	return 0;
}

/* One outbound SPI names one pair. A party that gives it again has forgotten the older one: some
 * count from the same number after each restart. */
int child_make_way(struct ike_engine *e, const struct child_sa *c, uint32_t spi, uint64_t now)
{
	struct child_sa *old = child_find_spi_out(c->policy->peer, spi);

	if (old == NULL)
		return 0;
	if (old == c || (old->owner != NULL && !ike_sa_same_party(old->owner, c->owner)))
		return -EEXIST;
	refuse_log(e, IKE_LOG_NOTICE, c->policy->peer, c->owner, c->msgid,
		   "the peer gives SPI %08x again: removing the older CHILD_SA", spi);
	child_remove(e, old, now);
	return 0;
}

bool child_make_room(struct ike_engine *e, struct ike_policy *policy, uint64_t now)
{
	struct child_sa *c, *oldest = NULL;
	unsigned n = 0;

	TAILQ_FOREACH (c, &policy->pairs, of_policy) {
		n++;
		if (c->state == CHILD_DELETING || (c->superseded && !c->current))
			oldest = c;
	}
	if (n < CHILD_MAX_PAIRS)
		return true;
	if (oldest == NULL)
		return false;
	if (oldest->state == CHILD_ESTABLISHED)
		policy->peer->v->child_delete(e, policy->peer, oldest->owner, oldest->spi_in, now);
	child_remove(e, oldest, now);
	return true;
}
