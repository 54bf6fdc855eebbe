/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * admit.h - may a stranger's first message open an IKE SA? The guard's answer, and what gives way.
 */
#ifndef ESPGW_IKE_ADMIT_H
#define ESPGW_IKE_ADMIT_H

#include "control/ike/engine_counters.h"
#include "control/ike/guard.h"

struct ike_datagram;
struct ike_engine;
struct ike_peer;

/** As guard_admit() or guard_admit_any(), whichever is for its sender; when there are too many, the
 * oldest one that nothing vouches for gives way. */
enum guard_verdict admit_first(struct ike_engine *e, const struct ike_datagram *d, uint64_t now);
/** The same for one whose answer costs an exponentiation (aggressive mode). Nobody gives way yet:
 * when it is not admitted and *room says that it could be, admit_room() asks again, once it is
 * known that there will be an SA. */
enum guard_verdict admit_costly(struct ike_engine *e, const struct ike_datagram *d, uint64_t now,
				bool *room);
/** v is the answer so far: when there are too many, the oldest one that nothing vouches for gives
 * way. The new answer. */
enum guard_verdict admit_room(struct ike_engine *e, const struct ike_datagram *d,
			      enum guard_verdict v, uint64_t now);
/** Count and log a refusal; returns IKE_RX_limited. */
enum ike_rx admit_refused(struct ike_engine *e, struct ike_peer *peer, enum guard_verdict v);

#endif
