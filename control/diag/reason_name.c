/* SPDX-License-Identifier: BSD-3-Clause */
/* reason_name.c - findings about the DNS name of a peer; see reason.h. */
#include "control/diag/reason.h"

void diag_name(struct diag_finding *f, const struct diag_peer *p, const struct ike_evidence *ev)
{
	static const struct {
		enum diag_say says, checks;
	} causes[] = {
		[IKE_CAUSE_NAME_MISSING] = {SAY_COUNT, SAY_CHECK_NAME_SPELLING},
		[IKE_CAUSE_NAME_FAMILY] = {SAY_NAME_FAMILY, SAY_CHECK_NAME_FAMILY},
		[IKE_CAUSE_NAME_SERVER] = {SAY_NAME_SERVER, SAY_CHECK_NAME_SERVER},
		[IKE_CAUSE_NAME_ADDRESS] = {SAY_NAME_ADDRESS, SAY_CHECK_NAME_OWNER},
		[IKE_CAUSE_NAME_TAKEN] = {SAY_NAME_TAKEN, SAY_CHECK_NAME_TAKEN},
		[IKE_CAUSE_NAME_ROUTE] = {SAY_COUNT, SAY_CHECK_NAME_ROUTE},
	};

	f->confidence = DIAG_CERTAIN;
	if (p->conf->remote.family != 0)
		diag_say(f, SAY_NAME_KEPT);
	if ((unsigned)ev->cause >= sizeof(causes) / sizeof(causes[0]))
		return;
	if (causes[ev->cause].says != SAY_COUNT)
		diag_say(f, causes[ev->cause].says);
	diag_check(f, causes[ev->cause].checks);
	diag_check(f, SAY_CHECK_NAME_ADDRESS);
}
