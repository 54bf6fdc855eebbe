/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * policies.h - the generation of policies being received, and which index each policy has.
 *
 * A policy keeps its index, so its counters and its SA, as long as its id is in every generation.
 * The index of one that went away is given out again only after a grace period: workers may still
 * count on it. All of this is private to the manager; the status table in the segment is a copy.
 */
#ifndef ESPGW_POLICIES_H
#define ESPGW_POLICIES_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/api/messages.h"

#define POLICIES_NONE UINT32_MAX

struct policies_entry {
	uint32_t id;
	uint32_t index;
};

struct policies {
	uint32_t max;
	bool *taken;		     /* [max] in force, or waiting for its grace period */
	uint32_t *id;		     /* [max] of the policy in force at this index; 0: none */
	struct policies_entry *live; /* in force, sorted by id */
	uint32_t n_live;

	/* The generation being received. */
	bool open;
	uint32_t generation;
	uint32_t count;
	uint32_t got;
	struct abi_policy *records;

	/* The outcome of policies_assign(), for records[0..got). */
	uint32_t *index;
	struct policies_entry *next;
	uint32_t n_next;
};

/** 0 or -ENOMEM. */
int policies_create(struct policies *p, uint32_t max);
void policies_free(struct policies *p);

/*
 * BEGIN, a record, COMMIT. Each returns enum abi_status. BEGIN forgets a generation that was not
 * committed; a COMMIT that does not fit forgets its own.
 */
uint16_t policies_begin(struct policies *p, uint32_t generation, uint32_t count);
uint16_t policies_add(struct policies *p, const struct abi_policy *record, uint32_t *detail);
uint16_t policies_check_commit(struct policies *p, uint32_t generation, uint32_t count);

/**
 * Give each record an index: index[i], and next[] sorted by id. Records of one id are one policy,
 * with one SA for all they cover: they must protect, and agree but for what they cover. Nothing is
 * changed yet. ABI_ERR_FIELD with *detail = the record that does not agree; ABI_ERR_NO_SPACE.
 */
uint16_t policies_assign(struct policies *p, uint32_t *detail);

/** The assigned generation is in force; gone(ctx, index) is called for every policy that is not in
 * it, whose index stays taken until policies_release(). */
void policies_accept(struct policies *p, void (*gone)(void *ctx, uint32_t index), void *ctx);
void policies_release(struct policies *p, uint32_t index);

/** The index of a policy in force, or POLICIES_NONE. */
uint32_t policies_index(const struct policies *p, uint32_t id);

#endif
