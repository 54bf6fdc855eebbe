/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * burst.h - bursts of ESP packets of several inbound SAs, as an input says: fresh ones, the same
 * again, forged or altered ones, in one piece or two; and what may have become of each.
 */
#ifndef ESPGW_FUZZ_BURST_H
#define ESPGW_FUZZ_BURST_H

#include <stddef.h>
#include <stdint.h>

/** The SAs, on a site that is up: once. */
void burst_create(void);

/** One input, after site_undo(): records of four bytes. Ends the process
 * when a number was delivered twice, something forged was, something genuine was not, or a peer's
 * address moved that should not have. */
void burst_input(const uint8_t *data, size_t size);

#endif
