/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * twinkit.h - inbound bursts against the plain twin: the same packets, sealed for SAs of the same
 * keys, each in a burst of its own, which share nothing.
 */
#ifndef ESPGW_TESTS_TWINKIT_H
#define ESPGW_TESTS_TWINKIT_H

#include "dataplane/order.h"
#include "tests/unit/dataplane/ipsec/espkit.h"

#define TWIN_SLOTS  2u
#define TWIN_RUN    20u /* the SAs of bursts, and from TWIN_TWIN on the same for the twin */
#define TWIN_TWIN   30u
#define TWIN_WINDOW 1024u

/**
 * n <= WORKER_BURST packets, parsed, and in given[i][1] what the twin gets in place of given[i][0]:
 * the first in one burst (order: beside other workers, or NULL), the others one by one. Packets,
 * SAs, their counters and windows must be alike then; how many were delivered. Frees them, and of
 * those with two references both.
 */
unsigned int twin_compare(struct rte_mbuf *(*given)[2], uint16_t n, struct order *order);

#endif
