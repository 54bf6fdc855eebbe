/* SPDX-License-Identifier: BSD-3-Clause */
/* narrow.c - what the peer left out of a policy's selectors (RFC 7296 section 2.9). */
#include <string.h>

#include "control/ike/child_sa.h"
#include "control/ike/refuse.h"
#include "control/ike/state.h"
#include "control/ike2/ike2.h"

/* The networks that are to go through the pair; more than that may have been asked for. */
static size_t meant(const struct ike_child_conf *conf, bool is_local, struct abi_range *out)
{
	const struct ike_child_more *m = ike_child_more(conf);
	size_t n = is_local ? m->n_use_local : m->n_use_remote;

	if (n == 0)
		return ts2_of_conf(conf, is_local, out);
	memcpy(out, is_local ? m->use_local : m->use_remote, n * sizeof(*out));
	return n;
}

void ike2_report_narrowed(struct ike_engine *e, const struct child_sa *c)
{
	const struct ike_child_conf *conf = &c->policy->conf;
	struct abi_range local[ABI_MAX_SELECTORS], remote[ABI_MAX_SELECTORS];
	size_t n_local = meant(conf, true, local);
	size_t n_remote = meant(conf, false, remote);
	char l[TS_MAX_TEXT], r[TS_MAX_TEXT];
	bool narrowed = false;

	for (size_t i = 0; i < n_local * n_remote; i++) {
		const struct abi_range *from = &local[i / n_remote], *to = &remote[i % n_remote];

		if (ts2_within(from, 1, c->local, c->n_local) &&
		    ts2_within(to, 1, c->remote, c->n_remote))
			continue;
		narrowed = true;
		refuse_log(e, IKE_LOG_NOTICE, c->policy->peer, c->owner, c->msgid,
			   "the peer narrowed the CHILD_SA with SPI %08x: it does not cover all of "
			   "%s === %s",
			   c->spi_in, ts_print(from, l, sizeof(l)), ts_print(to, r, sizeof(r)));
	}
	if (narrowed && n_local * n_remote > 1 && e->ops.child_narrowed != NULL)
		e->ops.child_narrowed(e->ctx, c->policy->peer->conf.name);
}
