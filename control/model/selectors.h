/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * selectors.h - which policies of a peer share one pair of SAs (multi-selector).
 *
 * An SA protects each of its local networks to each of its remote ones, so the policies that share
 * it are all combinations of their networks. The first of them stands for all: its id is theirs.
 *
 * With multi-selector=any the pair is negotiated for everything, as gateways with destination
 * routing want it; all policies of the peer share it, and nothing else goes through it.
 */
#ifndef ESPGW_MODEL_SELECTORS_H
#define ESPGW_MODEL_SELECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

struct model;
struct model_row;
struct problems;

enum selectors_mode { SELECTORS_PER_PAIR = 0, SELECTORS_SINGLE, SELECTORS_AUTO, SELECTORS_ANY };

enum selectors_mode selectors_mode(const struct model_row *peer);

/**
 * leader[row]: the row that stands for a row of /ip ipsec policy; itself where nothing is shared.
 * A malloc()ed array of as many as there are policies, or NULL: no memory. A peer with
 * multi-selector=auto shares only where all combinations are there, and until it was learnt that
 * the peer does not.
 */
uint32_t *selectors_leaders(const struct model *m);

/** Add r to the n of out, unless it is there. How many there are now; at most max are written. */
size_t selectors_add(struct abi_range *out, size_t n, size_t max, const struct abi_range *r);

/** Remember that a peer takes one pair of networks an SA. False: it is not one to learn about. */
bool selectors_learn(struct model *m, const char *peer);

/** What multi-selector=single-sa asks for and cannot be. */
void selectors_validate(const struct model *m, struct problems *problems);

#endif
