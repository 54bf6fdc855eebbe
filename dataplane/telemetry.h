/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * telemetry.h - DPDK telemetry commands, read only (dpdk-telemetry.py -f espgw-INSTANCE):
 *
 *   /espgw/sas             slots in use;   /espgw/sas,SLOT        one SA, no keys
 *   /espgw/policies        indices in use; /espgw/policies,INDEX  one policy
 *   /espgw/drops           every reason that has counted something
 *   /espgw/workers         running;        /espgw/workers,INDEX   one worker
 *   /espgw/ports           numbers;        /espgw/ports,NUMBER    one port
 */
#ifndef ESPGW_TELEMETRY_H
#define ESPGW_TELEMETRY_H

#include "dataplane/segment.h"

/** Answer from this segment; before EAL's telemetry is used. 0 or -errno. */
int telemetry_start(const struct segment *s);

/** From now on every command is answered with nothing; the segment may go. */
void telemetry_stop(void);

#endif
