/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * generated.h - policies that the engine makes from templates, on their way to the data plane and
 * to the console. They stand among the configured ones where their template stands, the older ones
 * first. How they get into force: enforce.h.
 */
#ifndef ESPGW_CONTROL_GENERATED_H
#define ESPGW_CONTROL_GENERATED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "control/ike/engine.h"
#include "control/model/apply.h"
#include "control/model/menu_source.h"

struct gateway;

#define GENERATED_RECORDS (ABI_MAX_SELECTORS * ABI_MAX_SELECTORS)

struct generated_policy {
	TAILQ_ENTRY(generated_policy) link;
	uint32_t id, template_id;
	char peer[IKE_CONF_NAME];
	struct ike_child_conf conf;
	struct abi_policy records[GENERATED_RECORDS]; /* one for each pair of selectors */
	size_t n_records;
};

struct generated {
	TAILQ_HEAD(generated_list, generated_policy) list;
	size_t n_records;  /* of all */
	bool changed;	   /* the data plane has others */
	bool pushing;	   /* it is being told; of enforce.c, as are the others */
	uint64_t due;	   /* when to tell it, at the earliest */
	uint64_t patience; /* until when others' commands go first; 0: it waits for none */
};

void generated_init(struct generated *all);
void generated_free(struct generated *all);

/** Of struct ike_ops. */
uint32_t generated_add(struct gateway *g, const struct ike_generated *what);
void generated_remove(struct gateway *g, uint32_t id);

/** NULL: none has this id. */
const struct generated_policy *generated_find(const struct generated *all, uint32_t id);

/** A plan's policies with those that are generated among them: a malloc()ed array of *n, NULL + no
 * memory. */
struct abi_policy *generated_merge(const struct generated *all, const struct model_plan *plan,
				   size_t *n);

/** Rows of /ip ipsec policy for them; runtime adds what all policies have. */
void generated_rows(struct gateway *g, menu_emit *emit, void *arg,
		    void (*runtime)(struct gateway *g, uint32_t id, struct value *values));

#endif
