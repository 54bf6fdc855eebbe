/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sad.h - the SA database: an array of slots. The manager adds and removes, workers look up.
 *
 * An inbound SPI carries its slot, so look-up is sad->slot[spi & mask] and a compare of the whole
 * SPI, destination and encapsulation. The outbound SA of a policy is sad->out[policy index], one
 * atomic 32-bit slot number. Removal: unpublish, wait for every worker's quiescent state, then wipe
 * and reuse. The SA's lines in the counter areas must be zero when it is added and are the
 * manager's to fold away and to clear before sad_reclaim() frees the slot.
 */
#ifndef ESPGW_IPSEC_SAD_H
#define ESPGW_IPSEC_SAD_H

#include "dataplane/api/segment.h"
#include "dataplane/ipsec/sa.h"

#define SAD_NONE UINT32_MAX

/* How far the promised sequence mark runs ahead of what was used, at every visit of sad_tick(). */
#define SAD_SEQ_AHEAD	  (1ull << 25)
#define SAD_SEQ_AHEAD_MIN (1ull << 24)
/* SAs that one sad_tick() visits at most. */
#define SAD_TICK_BUDGET 1024u
/* Path MTU until the first tick has asked for it. */
#define SAD_DEFAULT_PATH_MTU 1500u
/* SAs that sad_may_send() looks at. */
#define SAD_CHAIN_LOOK 16u

struct sad;

/** max_sas is a power of two. status: the segment's lines, written only. NULL without memory. */
struct sad *sad_create(uint32_t max_sas, uint32_t max_policies, struct abi_sa_status *status,
		       int socket);
/**
 * Workers that share an SA get to its packets up to so many numbers later than others do: replay
 * windows are kept wider by that, so what is inside the window that was asked for stays inside.
 * Counts for SAs added from now on.
 */
void sad_widen(struct sad *s, uint32_t numbers);
/** Wipes what is left. No worker may run any more. */
void sad_free(struct sad *s);

/* Workers. NULL when there is none. What is found stays valid until the next quiescent state. */
struct sa *sad_lookup_in(const struct sad *s, uint32_t spi);
struct sa *sad_lookup_out(const struct sad *s, uint32_t policy_index);
struct sa *sad_slot(const struct sad *s, uint32_t slot);

/** May an outbound SA of that SPI be there? False: certainly none. Peers choose these SPIs and may
 * have many meet in one place: beyond SAD_CHAIN_LOOK SAs there, any may. */
bool sad_may_send(const struct sad *s, uint32_t spi);

/** A worker has passed that much through the SA of the slot, which is limited: counts it, and calls
 * the manager when that reached a limit. */
void sad_spend(struct sad *s, uint32_t slot, uint64_t packets, uint64_t bytes);

/*
 * Manager. Each returns enum abi_status; *detail is the offset of the field that is wrong.
 * policy_index is where spd keeps policy_id (SAD_NONE: no such policy, refused with
 * ABI_ERR_NOT_FOUND for outbound SAs).
 */
uint16_t sad_add(struct sad *s, const struct abi_sa_add *c, uint32_t policy_index, uint64_t now,
		 uint32_t *detail);
uint16_t sad_update(struct sad *s, const struct abi_sa_update *c, uint32_t *detail);
/** Unpublish. The slot stays ABI_SA_DEAD until sad_reclaim(), which the manager calls after the
 * grace period. */
uint16_t sad_delete(struct sad *s, uint32_t slot, uint32_t spi);
void sad_reclaim(struct sad *s, uint32_t slot);
/** A policy went away: no outbound SA for its index any more, and its SAs serve none. */
void sad_unbind_policy(struct sad *s, uint32_t policy_index);
/** Outbound SAs of that SPI that are not deleted, one after the other (after NULL: the first);
 * NULL: no more. Peers choose these SPIs, so there may be several. */
const struct sa *sad_next_out(const struct sad *s, uint32_t spi, const struct sa *after);
/** The number of SAs that are not free, deleted ones included. */
uint32_t sad_count(const struct sad *s);

/** Visit the slots that are not free, from any thread. False: some came or went meanwhile, so some
 * may have been visited twice or not at all. */
bool sad_visit_used(const struct sad *s, void (*fn)(void *ctx, uint32_t slot), void *ctx);

struct sad_tick_io {
	const struct abi_sa_counters *counters; /* the area, [workers][rows] */
	uint32_t rows;
	unsigned int workers;
	void (*event)(void *ctx, const struct abi_ev_sa *ev);
	/* MTU of the port towards an outer destination (host order); NULL or 0: not known. */
	uint16_t (*path_mtu)(void *ctx, uint32_t remote);
	/* The same towards an IPv6 one, of 16 bytes. */
	uint16_t (*path_mtu6)(void *ctx, const uint8_t *remote);
	void *ctx;
};

/** Has a worker called since the last sad_tick()? */
bool sad_called(const struct sad *s);

/** Lifetimes, sequence marks, MTUs, moved peers, first traffic, status lines: the SAs that workers
 * have called for, and the next SAD_TICK_BUDGET SAs in turn. Call at least every 10 ms, and when
 * sad_called(). */
void sad_tick(struct sad *s, const struct sad_tick_io *io, uint64_t now);

#endif
