/* SPDX-License-Identifier: BSD-3-Clause */
/* side.c - which end is ours; see cloud.h. */
#include <errno.h>

#include "control/cloud/cloud.h"
#include "control/model/addr.h"

static bool is_ours(const struct cloud_request *req, const struct abi_addr *a)
{
	for (size_t i = 0; i < req->n_ours; i++)
		if (addr_equal(&req->ours[i], a))
			return true;
	return false;
}

/* Is that end of all tunnels, or of the only one that is meant, ours? */
static bool end_is_ours(const struct cloud_config *c, const struct cloud_request *req,
			enum cloud_end e)
{
	for (size_t i = 0; i < c->n_tunnels; i++)
		if ((req->tunnel == 0 || req->tunnel == i + 1) &&
		    !is_ours(req, &c->tunnel[i].at[e]))
			return false;
	return c->n_tunnels > 0 && req->tunnel <= c->n_tunnels;
}

int cloud_side(const struct cloud_config *c, const struct cloud_request *req, enum cloud_end *ours,
	       struct text *why)
{
	bool local = end_is_ours(c, req, CLOUD_LOCAL), remote = end_is_ours(c, req, CLOUD_REMOTE);
	char a[ADDR_MAX_TEXT];

	if (local != remote) {
		*ours = local ? CLOUD_LOCAL : CLOUD_REMOTE;
		return 0;
	}
	text_puts(why,
		  local ? "both ends have addresses of ours:" : "neither end is known as ours:");
	for (size_t i = 0; i < c->n_tunnels; i++)
		for (int e = 0; e < CLOUD_ENDS; e++)
			text_printf(why, " %s%s", addr_text(&c->tunnel[i].at[e], a),
				    e == CLOUD_LOCAL	   ? " and"
				    : i + 1 < c->n_tunnels ? ","
							   : "");
	text_puts(why, "; say our public address with --local ADDRESS");
	return -ENOENT;
}
