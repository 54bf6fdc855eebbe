/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dpd.h - dead peer detection, RFC 3706: when nothing authentic came in for an interval, R-U-THERE
 * is sent each interval; after so many without answer the peer is dead. Of two IKE SAs beside each
 * other, and of one that nothing was heard on yet, each is asked for itself while ESP comes in, for
 * that says nothing of it: without answer it ends alone, and its pairs stay, as long as the peer
 * lives.
 */
#ifndef ESPGW_IKE1_DPD_H
#define ESPGW_IKE1_DPD_H

#include "control/ike/msg.h"
#include "control/ike/timers.h"

struct ike_engine;
struct ike_sa;
struct ike_datagram;

void dpd_start(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
timer_fn dpd_tick;     /* timer of struct ike_sa */
#define DPD_MSGIDS 32u /* remembered; older messages are known by their sequence numbers */

/** Is its sequence number one that can come now: risen, and not an echo of ours? */
bool dpd_fresh(const struct ike_sa *sa, const struct ike_pld_notify *n);
/** A protected R-U-THERE or its ACK. */
void dpd_take(struct ike_engine *e, struct ike_sa *sa, const struct ike_pld_notify *n,
	      const struct ike_datagram *d, uint64_t now);
/** Ask the peer where it may be; see roam.h. 0, -ENOTSUP: it does not know DPD; or -errno. */
int dpd_probe(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
/** Something authentic came in. */
void dpd_alive(struct ike_sa *sa, uint64_t now);

#endif
