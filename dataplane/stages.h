/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * stages.h - where a worker's cycles go: TSC cycles and packets of each stage, and how full the
 * bursts are. Off until telemetry (/espgw/measure) switches it on; off it costs one predictable
 * branch for each burst and stage.
 *
 *	uint64_t t = stage_start(w);
 *	parse_burst(...);
 *	t = stage_end(w, STAGE_PARSE, t, n);
 *	...the next one
 */
#ifndef ESPGW_STAGES_H
#define ESPGW_STAGES_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_cycles.h>

#include "dataplane/worker.h"

/* X(enum suffix, name, what it does). Cycles of a stage never count in another one. */
#define STAGES(X)                                                                                  \
	X(PARSE, "parse", "headers and checksums of what came in")                                 \
	X(IN_CHECK, "esp_in_check", "SA look-up, state, encapsulation, replay window")             \
	X(IN_VERIFY, "esp_in_verify", "integrity check values")                                    \
	X(IN_WINDOW, "esp_in_window", "sequence numbers taken")                                    \
	X(IN_OPEN, "esp_in_open", "decryption of what is genuine")                                 \
	X(IN_DELIVER, "esp_in_deliver", "trailers, inner headers, selectors")                      \
	X(TTL, "ttl", "hop limits")                                                                \
	X(SPD, "spd", "policies, both directions")                                                 \
	X(OUT_BUILD, "esp_out_build",                                                              \
	  "SA look-up, size, sequence numbers, headers, IVs, trailers, the way out")               \
	X(OUT_SEAL, "esp_out_seal", "encryption and integrity check values")                       \
	X(OUT_FINISH, "esp_out_finish", "results and counters")                                    \
	X(ROUTE, "route", "routes, next hops; the way out of ESP that has not found it yet")       \
	X(NEIGH, "neigh", "link-layer addresses")                                                  \
	X(TX, "tx", "to the driver")

#define STAGE_ENUM(suffix, name, what) STAGE_##suffix,
enum stage { STAGES(STAGE_ENUM) STAGES_N };
#undef STAGE_ENUM

#define STAGE_FILLS 8u /* bursts of 1, 2, 3-4, 5-8, 9-16, 17-32, 33-64 and more packets */

struct stage_count {
	uint64_t cycles;
	uint64_t packets;
	uint64_t bursts;
};

/* Of one worker: written by it alone, read by anyone (relaxed). */
struct stages {
	struct stage_count stage[STAGES_N];
	uint64_t fill[STAGE_FILLS]; /* receive bursts by size */
};

/** The name of a stage, or NULL when there is none with this number. */
const char *stages_name(unsigned int stage);

/** Which of STAGE_FILLS a burst of n >= 1 packets belongs to. */
unsigned int stages_fill_of(unsigned int n);

/** Start or stop counting on w, which has stages. From any thread; the counts stay. */
void stages_switch(struct worker *w, bool on);

/* Out of line: what follows runs only while somebody measures. */
uint64_t stages_add(struct worker *w, enum stage stage, uint64_t since, unsigned int n);
void stages_received(struct worker *w, unsigned int n);

/** The time, or 0 when nobody measures. */
static inline uint64_t stage_start(const struct worker *w)
{
	return unlikely(__atomic_load_n(&w->measuring, __ATOMIC_RELAXED)) ? rte_rdtsc() : 0;
}

/** A stage has handled n packets since then. The time, for the stage after it. */
static inline uint64_t stage_end(struct worker *w, enum stage stage, uint64_t since, unsigned int n)
{
	return unlikely(since != 0) ? stages_add(w, stage, since, n) : 0;
}

#endif
