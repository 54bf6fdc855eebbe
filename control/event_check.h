/* SPDX-License-Identifier: BSD-3-Clause */
/* event_check.h - is a record that the dataplane sent us one that it may send? */
#ifndef ESPGW_CONTROL_EVENT_CHECK_H
#define ESPGW_CONTROL_EVENT_CHECK_H

#include "dataplane/api/segment.h"

/* A private copy of one slot of the event ring. */
union event_record {
	struct abi_msg msg;
	struct abi_ev_reply reply;
	struct abi_ev_sa sa;
	struct abi_ev_acquire acquire;
	struct abi_ev_port port;
	uint8_t slot[ABI_EVENT_SLOT];
};

/** NULL when type, length and every field are in their domains (limits from hdr, our copy); else
 * what is wrong. */
const char *event_check(const union event_record *ev, const struct abi_hdr *hdr);

/** The same for a record of the punt ring. */
const char *event_check_packet(const struct abi_packet *p, const struct abi_hdr *hdr);

#endif
