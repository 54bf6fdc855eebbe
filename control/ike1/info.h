/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * info.h - IKEv1 informational exchanges (RFC 2409 section 5.7): DELETE, notifies, DPD. Only what a
 * HASH protects has an effect; the rest is evidence.
 */
#ifndef ESPGW_IKE1_INFO_H
#define ESPGW_IKE1_INFO_H

#include "control/ike1/fsm.h"

struct child_sa;

/** Handlers of the transition table: encrypted, and in clear. */
fsm_handler info_message, info_unprotected;

/** Send a protected notify. data may be NULL. spi: IKE_COOKIE_LEN * 2 bytes of cookies when
 * with_cookies. 0 or -errno (then nothing was sent). */
int info_notify(struct ike_engine *e, struct ike_sa *sa, uint8_t protocol, uint16_t type,
		bool with_cookies, const void *data, size_t len);
/** R-U-THERE or its ACK, to a place. */
int info_notify_dpd(struct ike_engine *e, struct ike_sa *sa, const struct ike_endpoint *at,
		    uint16_t type, const void *data, size_t len);
/** Tell a peer by DELETE that our inbound SPI is gone, through an SA (NULL: the peer's best; none:
 * nothing is sent). */
void info_delete_child(struct ike_engine *e, struct ike_peer *peer, struct ike_sa *sa, uint32_t spi,
		       uint64_t now);
/** Tell the peer by DELETE that this SA ends. Does not free it. */
void info_delete_ike_sa(struct ike_engine *e, struct ike_sa *sa, uint64_t now);

/** A fresh message id: random, not 0, not used on this SA. 0 when the source fails. */
uint32_t info_new_msgid(struct ike_engine *e, const struct ike_sa *sa);

#endif
