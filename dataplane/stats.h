/* SPDX-License-Identifier: BSD-3-Clause */
/* stats.h - sums over the counter lines of a segment, and the names of the drop reasons. */
#ifndef ESPGW_STATS_H
#define ESPGW_STATS_H

#include "dataplane/segment.h"

struct sad;

/** The name of a reason ("in-no-states"), or NULL when there is none with this number. */
const char *stats_drop_name(unsigned int reason);

#define STATS_ALL UINT32_MAX

/* Sums over all lines, read without a lock. Indices are the caller's to keep in range. */
/** Of an SA; worker: those of one line (below own.max_workers, the last is the manager's), or
 * STATS_ALL. */
struct abi_sa_counters stats_sa(const struct segment *s, uint32_t slot, uint32_t worker);
struct abi_sa_drops stats_sa_drops(const struct segment *s, uint32_t slot, uint32_t worker);
struct abi_policy_counters stats_policy(const struct segment *s, const struct sad *sad,
					uint32_t index);
struct abi_worker_counters stats_workers(const struct segment *s);
struct abi_port_counters stats_port(const struct segment *s, uint32_t port);

struct stats_sample {
	struct abi_drop_sample s;
	uint32_t worker;
};

/** The newest drop samples of a reason, at most max, newest first. How many. */
unsigned int stats_samples(const struct segment *s, unsigned int reason, struct stats_sample *out,
			   unsigned int max);

#endif
