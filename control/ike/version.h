/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * version.h - what the engine asks of an IKE version. A peer speaks one of them.
 */
#ifndef ESPGW_IKE_VERSION_H
#define ESPGW_IKE_VERSION_H

#include "control/ike/conf.h"
#include "control/ike/exchange.h"
#include "control/ike/timers.h"

struct ike_engine;
struct ike_sa;
struct ike_peer;
struct ike_policy;
struct child_sa;

struct ike_version {
	uint8_t number;
	/* pairs belong to their IKE SA and end with it; each answers its DELETE (IKEv2) */
	bool owns_children;
	/** The group of the key pair that begin() needs; 0 = none. NULL: none ever. */
	uint16_t (*begin_group)(const struct ike_peer *peer);
	/** Send the first message to a peer. */
	void (*begin)(struct ike_engine *e, struct ike_peer *peer, uint64_t now);
	/** Allocate what only this version has. 0 or -ENOMEM. */
	int (*sa_init)(struct ike_sa *sa);
	/** Free exchanges and keys. */
	void (*sa_free)(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
	/** Wipe what only the handshake needs. */
	void (*drop_handshake)(struct ike_sa *sa);
	/** Cut a message that is too long for one datagram: *out is the pieces, *out_len their
	 * length, the caller frees them. 0, or -errno: it goes as it is. Asked of SAs with
	 * fragments set. */
	int (*cut)(struct ike_engine *e, const struct ike_sa *sa, const uint8_t *msg, size_t len,
		   uint8_t **out, size_t *out_len);
	exchange_give_up *give_up, *silent; /* of struct ike_sa.x */
	/** A responder's half-open SA has waited long enough: say why, if anything tells. May be
	 * NULL.
	 */
	void (*timed_out)(struct ike_engine *e, const struct ike_sa *sa);
	timer_fn *dpd_tick;
	void (*dpd_start)(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
	/** Ask the peer at sa->roam->to whether it is there, when roam_may_ask() says so, now or as
	 * soon as can be; roam_asked() when the request leaves. 0, -ENOTSUP: it cannot be asked; or
	 * another -errno. */
	int (*probe)(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
	/** Is something under way that should still end well? */
	bool (*busy)(const struct ike_sa *sa);
	/** Make a successor of an established SA. */
	void (*rekey)(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
	/** Both sides began one at the same time and a was established last. NULL: both stay. */
	void (*crossed)(struct ike_engine *e, struct ike_sa *a, struct ike_sa *b, uint64_t now);
	/** Ask the peer to let go of an SA that is replaced, and keep its pairs until it answers:
	 * what it sends before that comes in. False: it was asked. NULL: there is no answer. */
	bool (*retire)(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
	/** Tell the peer that the SA goes; the caller frees it. */
	void (*delete_ike_sa)(struct ike_engine *e, struct ike_sa *sa, uint64_t now);
	/** Begin to negotiate a pair for a policy; when that cannot be now, look again later. */
	void (*child_start)(struct ike_engine *e, struct ike_sa *sa, struct ike_policy *policy,
			    uint64_t now);
	/** The data plane answered for a pair that is being made. */
	void (*child_result)(struct ike_engine *e, struct child_sa *c, int status, uint64_t now);
	/** Traffic came in on a pair that is being made. */
	void (*child_proven)(struct ike_engine *e, struct child_sa *c, uint64_t now);
	/** It is made: the exchange lets go of it. */
	void (*child_made)(struct child_sa *c);
	/** End the exchange that makes a pair, and the pair. */
	void (*child_abandon)(struct ike_engine *e, struct child_sa *c, uint64_t now);
	/** Tell the peer that a pair goes. sa NULL: over the best one. */
	void (*child_delete)(struct ike_engine *e, struct ike_peer *peer, struct ike_sa *sa,
			     uint32_t spi, uint64_t now);
};

extern const struct ike_version ike1_version, ike2_version;

/** NULL: not spoken. */
const struct ike_version *ike_version_find(enum ike_exchange_mode mode);

#endif
