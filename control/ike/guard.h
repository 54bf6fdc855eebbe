/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * guard.h - admission: what a stranger may cost us before it has proved a pre-shared key. Counts
 * half-open phase 1 SAs per source and in total, and limits the rate of first messages per source
 * and in total with token buckets. Sources are IPv4 addresses and IPv6 /64s. Memory is bounded by
 * GUARD_MAX_SOURCES; a source without half-open SAs is forgotten, oldest first.
 */
#ifndef ESPGW_IKE_GUARD_H
#define ESPGW_IKE_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/ike/table.h"
#include "control/ike/wire.h"
#include "dataplane/api/messages.h"

#define GUARD_HALF_OPEN_SOURCE 5u
#define GUARD_HALF_OPEN_TOTAL  4096u
#define GUARD_RATE_SOURCE      20u /* first messages a second, and the burst */
#define GUARD_BURST_SOURCE     40u
#define GUARD_RATE_TOTAL       2000u
#define GUARD_BURST_TOTAL      4000u
#define GUARD_RATE_COSTLY      100u /* those that cost an exponentiation at once */
#define GUARD_BURST_COSTLY     200u
#define GUARD_MAX_SOURCES      8192u

#define GUARD_COOKIE_SOURCE 3u	 /* half-open SAs from which on a source must show a cookie */
#define GUARD_COOKIE_TOTAL  100u /* and all must */
#define GUARD_COOKIE_S	    60u	 /* a cookie is good for so long, and once more */
#define GUARD_COOKIE	    33u	 /* bytes: period, HMAC-SHA2-256 */
#define GUARD_SECRET	    32u

struct guard_bucket {
	uint64_t filled; /* when tokens was right */
	uint64_t tokens; /* in 1/1000 */
};

struct guard_source {
	struct table_node node;
	TAILQ_ENTRY(guard_source) lru; /* on the idle list while half_open is 0 */
	uint8_t key[9];
	uint32_t half_open;
	struct guard_bucket bucket;
};

struct guard {
	struct table sources;
	TAILQ_HEAD(guard_idle, guard_source) idle;
	uint32_t half_open;
	struct guard_bucket total[2];  /* of peers with one address; of all others */
	struct guard_bucket costly[2]; /* the same */
	bool has_secret;
	uint8_t secret[GUARD_SECRET]; /* of cookies; random, set by the owner before the first */
};

enum guard_verdict {
	GUARD_ADMIT = 0,
	GUARD_RATE,
	GUARD_SOURCE_FULL,
	GUARD_TOTAL_FULL,
	GUARD_NO_MEMORY
};

/** 0 or -ENOMEM. */
int guard_init(struct guard *g, uint64_t seed);
void guard_fini(struct guard *g);

/**
 * May this source open one more half-open SA? GUARD_ADMIT counts it; the caller gives it back with
 * guard_release() when the SA is established or gone.
 */
enum guard_verdict guard_admit(struct guard *g, const struct abi_addr *src, uint64_t now);
/** The same for a source that no peer has as its one address: these have a rate of their own, so
 * that a flood in the name of any address leaves that of the others alone. */
enum guard_verdict guard_admit_any(struct guard *g, const struct abi_addr *src, uint64_t now);
void guard_release(struct guard *g, const struct abi_addr *src);
/** May one more that was admitted be answered with an exponentiation? If not the caller gives it
 * back. known: it was guard_admit() that admitted it, not guard_admit_any(). */
bool guard_admit_costly(struct guard *g, bool known, uint64_t now);
/** After GUARD_SOURCE_FULL or GUARD_TOTAL_FULL, when the caller has ended another half-open SA for
 * it: the same question at the price of the first. */
enum guard_verdict guard_admit_again(struct guard *g, const struct abi_addr *src);
/** So many half-open SAs that a first message of IKEv2 must bring a cookie (RFC 7296 section 2.6)?
 */
bool guard_wants_cookie(const struct guard *g, const struct abi_addr *src);
/** The cookie for a first message: a MAC over source, SPI and nonce. 0 or -EIO. */
int guard_cookie(const struct guard *g, const struct abi_addr *src, uint64_t ispi,
		 struct ike_view nonce, uint64_t now, uint8_t cookie[GUARD_COOKIE]);
/** Is this one that we gave out for it lately? */
bool guard_cookie_ok(const struct guard *g, const struct abi_addr *src, uint64_t ispi,
		     struct ike_view nonce, struct ike_view cookie, uint64_t now);
/** Are these one source? */
bool guard_same_source(const struct abi_addr *a, const struct abi_addr *b);

/** Static text of a verdict, for logs. */
const char *guard_text(enum guard_verdict v);

#endif
