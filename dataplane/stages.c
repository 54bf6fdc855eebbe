/* SPDX-License-Identifier: BSD-3-Clause */
/* stages.c - see stages.h. */
#include "dataplane/stages.h"

#include <stddef.h>

#include <rte_common.h>

#define STAGE_NAME(suffix, name, what) name,

const char *stages_name(unsigned int stage)
{
	static const char *const names[STAGES_N] = {STAGES(STAGE_NAME)};

	return stage < STAGES_N ? names[stage] : NULL;
}

unsigned int stages_fill_of(unsigned int n)
{
	return RTE_MIN(rte_log2_u32(n), STAGE_FILLS - 1);
}

void stages_switch(struct worker *w, bool on)
{
	if (w->stages)
		__atomic_store_n(&w->measuring, on, __ATOMIC_RELEASE);
}

static void add(uint64_t *to, uint64_t n)
{
	__atomic_store_n(to, *to + n, __ATOMIC_RELAXED);
}

uint64_t stages_add(struct worker *w, enum stage stage, uint64_t since, unsigned int n)
{
	struct stage_count *c = &w->stages->stage[stage];
	uint64_t now = rte_rdtsc();

	add(&c->cycles, now - since);
	add(&c->packets, n);
	add(&c->bursts, 1);
	return now;
}

void stages_received(struct worker *w, unsigned int n)
{
	if (n != 0)
		add(&w->stages->fill[stages_fill_of(n)], 1);
}
