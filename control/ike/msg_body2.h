/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msg_body2.h - bodies of IKEv2's payloads, for the table in msg.c.
 */
#ifndef ESPGW_IKE_MSG_BODY2_H
#define ESPGW_IKE_MSG_BODY2_H

#include "control/ike/msg.h"

/* Looks into a body of checked size. Failures go into the reader. */
typedef void payload_parse(struct ike_payload *p, struct wire_reader *r);

payload_parse msg_body2_sa, msg_body2_ke, msg_body2_id, msg_body2_auth, msg_body2_notify,
	msg_body2_delete, msg_body2_ts;

#endif
