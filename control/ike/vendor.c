/* SPDX-License-Identifier: BSD-3-Clause */
/* vendor.c - vendor IDs of products; see vendor.h. */
#include "control/ike/vendor.h"

#include <string.h>

#include "control/ike/msg.h"
#include "control/ike/natd.h"
#include "control/ike/state.h"

/* MD5 of "KAME/racoon": RouterOS's IKEv1 descends from it. */
static const uint8_t racoon[16] = {0x70, 0x03, 0xcb, 0xc1, 0x09, 0x7d, 0xbe, 0x9c,
				   0x26, 0x00, 0xba, 0x69, 0x83, 0xbc, 0x8b, 0x35};

static enum ike_vendor of_message(const struct ike_msg *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct ike_payload *p = &m->pld[i];

		if (p->type != IKE1_PLD_VENDOR && p->type != IKE2_PLD_VENDOR)
			continue;
		if (natd_vendor_find(p->body) == NATD_VENDOR_STRONGSWAN)
			return IKE_VENDOR_STRONGSWAN;
		if (p->body.len == sizeof(racoon) &&
		    memcmp(p->body.data, racoon, sizeof(racoon)) == 0)
			return IKE_VENDOR_ROUTEROS;
	}
	return IKE_VENDOR_UNKNOWN;
}

void ike_vendor_note(struct ike_engine *e, const struct ike_datagram *d, const struct ike_msg *m)
{
	enum ike_vendor v = of_message(m);
	struct ike_peer *peer;

	if (v == IKE_VENDOR_UNKNOWN)
		return;
	peer = peers_find_addr(&e->peers, &d->src, &d->dst);
	if (peer != NULL)
		peer->vendor = v;
}
