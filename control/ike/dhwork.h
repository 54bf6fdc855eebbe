/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dhwork.h - Diffie-Hellman that is done elsewhere. The engine never waits: what cannot go on
 * without a result is laid aside and comes again when ops->dh_submit's job is done. A message is
 * laid aside before anything was changed by it, so that it comes again as if for the first time;
 * then the result is at hand and dh_derive() and dhwork_new() give it at once.
 *
 *   if (dhwork_derive(e, sa, dh, ke, ke_len, d, &rx))
 *           return rx;              // aside, or dropped: rx says what to count
 *   ... as if there were no waiting ...
 *
 * Bounded: what waits in the name of strangers, and what waits for peers that proved their key,
 * each have a limit; above it the message is dropped and counted (the other side sends it again).
 * Groups that ops->dh_wanted does not name, and all without ops->dh_submit, are computed on the
 * spot: then these functions say at once that all is at hand.
 */
#ifndef ESPGW_IKE_DHWORK_H
#define ESPGW_IKE_DHWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/crypto/dh.h"
#include "control/ike/engine.h"
#include "control/ike/engine_counters.h"

#define DHWORK_STRANGERS 256u  /* jobs at a time for who has not proved its key; of modp8192 16 */
#define DHWORK_PEERS	 1024u /* for who has, and for what we begin */
#define DHWORK_ASIDE	 8u    /* datagrams that wait for one job: the fragments of a message */
#define DHWORK_LATER_MS	 20u   /* what we would begin looks again after this when all is full */

struct ike_sa;
struct dhwork_item;

/* A datagram that was laid aside: neither rx nor a class is counted until it comes again. */
#define IKE_RX_ASIDE IKE_RX_CLASS_COUNT

/**
 * A key pair of a group into *dh (what was there is freed): the one that was made for the message
 * or task that comes again, else made on the spot. 0 or -errno as dh_new().
 */
int dhwork_new(struct ike_engine *e, uint16_t group, struct dh **dh);

/** True: the message waits for a key pair of ours, or was dropped; *rx says which. sa may be NULL.
 */
bool dhwork_pair(struct ike_engine *e, struct ike_sa *sa, uint16_t group,
		 const struct ike_datagram *d, enum ike_rx *rx);
/** The same for the secret of our pair and the peer's value. */
bool dhwork_derive(struct ike_engine *e, struct ike_sa *sa, struct dh *dh, const uint8_t *peer,
		   size_t peer_len, const struct ike_datagram *d, enum ike_rx *rx);
/** The same for both at once: a fresh pair, to be had from dhwork_new(), and its secret. */
bool dhwork_agree(struct ike_engine *e, struct ike_sa *sa, uint16_t group, const uint8_t *peer,
		  size_t peer_len, const struct ike_datagram *d, enum ike_rx *rx);

/* What we begin: who is called again; *waits is true until then. */
typedef void dhwork_fn(struct ike_engine *e, void *who, uint64_t now);
/** 0: a pair is at hand, go on. -EINPROGRESS: fn is called when it is. -EBUSY: try again later. */
int dhwork_wait(struct ike_engine *e, uint16_t group, bool *waits, dhwork_fn *fn, void *who);
/** who goes: it is not called any more. */
void dhwork_forget(struct ike_engine *e, const void *who);
/** An SA goes, and what waits for it. */
void dhwork_sa_gone(struct ike_engine *e, struct ike_sa *sa);

/** A message that comes again, not a new one: it has paid admission, its message id is known. */
bool dhwork_again(const struct ike_engine *e);

/** All that is still there; no job may be with others any more. */
void dhwork_fini(struct ike_engine *e);

#endif
