/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * segmap.h - control's mapping of the shared segment: opening, checking, and reading with no trust.
 *
 * Geometry is taken from the header once, checked against the size of the file and kept here; the
 * tables are mapped read-only, and every record of them is copied out before it is looked at. What
 * was checked once is never read again from shared memory.
 */
#ifndef ESPGW_CONTROL_SEGMAP_H
#define ESPGW_CONTROL_SEGMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "dataplane/api/segment.h"

struct segmap {
	uint8_t *base; /* NULL: nothing mapped */
	size_t size;
	dev_t dev;
	ino_t ino;
	struct abi_hdr hdr; /* private copy, checked */
	struct abi_ring_view command, event, punt, inject;
};

/**
 * Map /dev/shm/<name> and check it. 0, or -errno with the reason in why:
 * -ENOENT no segment; -EAGAIN there, but not ready or without a live dataplane (now is compared
 * with its heartbeat); -EPROTONOSUPPORT another major version; -EPERM owned by or open to others;
 * -EPROTO corrupt.
 */
int segmap_open(struct segmap *m, const char *name, uint64_t now, char *why, size_t why_len);

/** Unmap; fine when nothing is mapped. */
void segmap_close(struct segmap *m);

/** True when the name stands for another file by now, or for none. */
bool segmap_replaced(const struct segmap *m, const char *name);

/** What the dataplane writes into the header while it runs. */
uint32_t segmap_state(const struct segmap *m);
uint64_t segmap_heartbeat(const struct segmap *m);
uint64_t segmap_events_missed(const struct segmap *m);
uint32_t segmap_workers(const struct segmap *m);

/** Write control's heartbeat and epoch. */
void segmap_beat(struct segmap *m, uint64_t now, uint64_t epoch);

/** Copies of table rows; false when the index is out of the table. */
bool segmap_port(const struct segmap *m, uint32_t port, struct abi_port *out);
bool segmap_sa(const struct segmap *m, uint32_t slot, struct abi_sa_status *out);
/** Only the state word, for searches over the whole table; ABI_SA_DEAD when out of the table. */
uint32_t segmap_sa_state(const struct segmap *m, uint32_t slot);
bool segmap_policy(const struct segmap *m, uint32_t index, struct abi_policy_status *out);

/** Sums over all workers; zeros when the index is out of the table. last_used is the latest. */
void segmap_sa_counters(const struct segmap *m, uint32_t slot, struct abi_sa_counters *out);
/** Bit per worker that has counted packets on the SA. */
uint64_t segmap_sa_workers(const struct segmap *m, uint32_t slot);
void segmap_sa_drops(const struct segmap *m, uint32_t slot, struct abi_sa_drops *out);
void segmap_policy_counters(const struct segmap *m, uint32_t index,
			    struct abi_policy_counters *out);
void segmap_worker_counters(const struct segmap *m, struct abi_worker_counters *out);
void segmap_port_counters(const struct segmap *m, uint32_t port, struct abi_port_counters *out);

/** The i-th (below ABI_SAMPLES) drop sample of a reason, of one worker. False when there is none,
 * also because the worker is just writing it. */
bool segmap_sample(const struct segmap *m, uint32_t worker, unsigned int reason, unsigned int i,
		   struct abi_drop_sample *out);

#endif
