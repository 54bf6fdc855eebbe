/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * telemetry.h - DPDK telemetry commands (dpdk-telemetry.py -f espgw-INSTANCE):
 *
 *   /espgw/sas             slots in use;   /espgw/sas,SLOT        one SA, no keys
 *   /espgw/policies        indices in use; /espgw/policies,INDEX  one policy
 *   /espgw/drops           every reason that has counted something
 *                          /espgw/drops,in-no-states   the last of one reason, worker_number
 *   /espgw/workers         running;        /espgw/workers,INDEX   one worker
 *   /espgw/ports           numbers;        /espgw/ports,NUMBER    one port
 *   /espgw/stages          cycles of each stage (stages.h); /espgw/stages,INDEX  of one worker
 *   /espgw/measure         on or off; /espgw/measure,on   the only one that changes something
 */
#ifndef ESPGW_TELEMETRY_H
#define ESPGW_TELEMETRY_H

#include "dataplane/segment.h"
#include "dataplane/worker.h"

/** Answer from this segment, its SAs and these workers, until telemetry_stop(). 0 or -errno. */
int telemetry_start(const struct segment *s, const struct sad *sad, struct worker *const *workers,
		    unsigned int n_workers);

/** From now on every command is answered with nothing; the segment may go. */
void telemetry_stop(void);

#endif
