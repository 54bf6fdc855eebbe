/* SPDX-License-Identifier: BSD-3-Clause */
/* policy_key.h - what makes two policies the same one, and the number that stands for it. */
#ifndef ESPGW_MODEL_POLICY_KEY_H
#define ESPGW_MODEL_POLICY_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

struct model_row;

struct policy_key {
	struct abi_range local, remote;
	uint8_t action;	  /* enum abi_action */
	const char *peer; /* "" without one */
	uint32_t row;	  /* not part of the key */
};

void policy_key_make(struct policy_key *k, const struct model_row *policy, uint32_t row);

/** By what they cover, then by row: for qsort(). */
int policy_key_order(const void *a, const void *b);
bool policy_key_same_traffic(const struct policy_key *a, const struct policy_key *b);

/** FNV-1a over selectors, action and peer's name; never 0. */
uint32_t policy_key_hash(const struct policy_key *k);

/** enum abi_action of a policy row. */
enum abi_action policy_action(const struct model_row *policy);

#endif
