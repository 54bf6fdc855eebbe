/* SPDX-License-Identifier: BSD-3-Clause */
/* spdkit.h - on top of espkit.h: a list of policies and the table compiled from it. */
#ifndef ESPGW_TESTS_SPDKIT_H
#define ESPGW_TESTS_SPDKIT_H

#include "dataplane/ipsec/spd.h"
#include "tests/unit/dataplane/ipsec/espkit.h"

#define SPDKIT_MAX 300u

/* What the next table is built from. */
extern struct abi_policy spdkit_policies[SPDKIT_MAX];

/** Per test, around espkit_begin() and espkit_end(): a flow cache, and no table. */
int spdkit_begin(void **state);
int spdkit_end(void **state);

/** A policy between the site's net and the peer's, for a test to change. */
struct abi_policy spdkit_policy(uint8_t action);
/** The first policy: IPv6 from lo to hi at this side, anywhere at the other; discarded. */
void spdkit_one_policy6(const uint8_t *lo, const uint8_t *hi);
/** Compile the first n policies; fails the test when they are refused. The caller frees it. */
struct spd *spdkit_build(uint32_t n);
/** The same, in place of the worker's table. */
void spdkit_install(uint32_t n);

#endif
