/* SPDX-License-Identifier: BSD-3-Clause */
/* launch.h - brings the data plane up from its configuration, and down in the reverse order. */
#ifndef ESPGW_LAUNCH_H
#define ESPGW_LAUNCH_H

#include <stddef.h>

#include "dataplane/clock.h"
#include "dataplane/config.h"
#include "dataplane/manager.h"
#include "dataplane/segment.h"

struct rte_rcu_qsbr;

struct dataplane {
	struct conf conf;
	char instance[SEGMENT_INSTANCE_LEN];
	struct segment segment;
	struct clock clock;
	struct tables tables;
	struct rte_mempool *pool;
	struct rte_mempool *large;
	struct rte_rcu_qsbr *rcu;
	struct worker *workers[CONF_MAX_WORKERS];
	struct reasm *reasm[CONF_MAX_WORKERS]; /* of workers[] */
	unsigned int n_workers;		       /* made */
	unsigned int n_running;		       /* launched on their lcores */
	struct manager manager;
	bool manager_made;
	bool eal_tried, eal_up;
};

/**
 * Everything up to running workers: lock and segment, EAL (with the user's own options), self-test
 * of the cryptography, pool, ports, tables, workers; then the segment is published. 0, or -errno
 * with one line in err; launch_down() cleans up in either case.
 */
int launch_up(struct dataplane *d, char *const *eal_options, int n_eal_options, char *err,
	      size_t err_len);

/** Stop the workers, free and close all, remove the segment. */
void launch_down(struct dataplane *d);

#endif
