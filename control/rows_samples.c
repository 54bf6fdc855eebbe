/* SPDX-License-Identifier: BSD-3-Clause */
/* rows_samples.c - the packets that were dropped last, for each reason, oldest first. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "control/gateway.h"
#include "control/rows.h"
#include "dataplane/api/sample.h"

#define DROP_NAME(suffix, name, text) name,
static const char *const drop_name[] = {"", ABI_DROP_IPSEC(DROP_NAME) ABI_DROP_NET(DROP_NAME)};
#undef DROP_NAME

struct taken {
	struct abi_drop_sample s;
	uint32_t worker;
};

static int by_time(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;

	if (x->s.time != y->s.time)
		return x->s.time < y->s.time ? -1 : 1;
	return (x->s.number > y->s.number) - (x->s.number < y->s.number);
}

/* All there are, sorted. NULL: out of memory. The caller frees. */
static struct taken *take_all(const struct segmap *m, size_t *n)
{
	size_t workers = m->base != NULL ? m->hdr.max_workers : 0;
	struct taken *all = calloc(workers * DROP_MAX * ABI_SAMPLES + 1, sizeof(*all));

	*n = 0;
	if (all == NULL)
		return NULL;
	for (uint32_t w = 0; w < workers; w++)
		for (unsigned int r = 1; r < DROP_MAX; r++)
			for (unsigned int i = 0; i < ABI_SAMPLES; i++)
				if (segmap_sample(m, w, r, i, &all[*n].s))
					all[(*n)++].worker = w;
	qsort(all, *n, sizeof(*all), by_time);
	return all;
}

/* The SA may have gone since, and another one have its slot: then its address would lie. */
static void fill_sa(const struct segmap *m, const struct abi_drop_sample *s, struct value *v)
{
	struct abi_sa_status sa;

	if (s->sa_slot == ABI_SAMPLE_NO_SA || !segmap_sa(m, s->sa_slot, &sa) ||
	    sa.state == ABI_SA_FREE || sa.added > s->time)
		return;
	value_set_num(&v[SAMPLE_SPI], sa.spi);
}

void rows_samples(void *ctx, menu_emit *emit, void *arg)
{
	struct gateway *g = ctx;
	const struct segmap *m = dataplane_map(g->dp);
	int64_t wall_now = time(NULL);
	size_t n;
	struct taken *all = take_all(m, &n);
	bool more = all != NULL;

	for (size_t i = 0; i < n && more; i++) {
		const struct abi_drop_sample *s = &all[i].s;
		char packet[ABI_SAMPLE_TEXT], hex[2 * ABI_SAMPLE_BYTES + 1] = "";
		struct value v[DROP_SAMPLES_PROPS];
		struct abi_port port;

		menu_row_clear(v, DROP_SAMPLES_PROPS);
		value_set_num(&v[SAMPLE_TIME],
			      (uint64_t)(wall_now - (int64_t)rows_seconds(s->time, g->now)));
		value_set_text(&v[SAMPLE_REASON], drop_name[s->reason]);
		if (segmap_port(m, s->port, &port) && port.name[0] != '\0')
			value_set_text(&v[SAMPLE_INTERFACE], port.name);
		fill_sa(m, s, v);
		value_set_num(&v[SAMPLE_LENGTH], s->length);
		abi_sample_text(s, packet);
		value_set_text(&v[SAMPLE_PACKET], packet);
		value_set_num(&v[SAMPLE_WORKER], all[i].worker);
		value_set_num(&v[SAMPLE_NUMBER], s->number);
		for (unsigned int k = 0; k < s->kept; k++)
			snprintf(hex + 2 * k, 3, "%02x", s->bytes[k]);
		value_set_text(&v[SAMPLE_HEADERS], hex);
		more = emit(arg, i, v);
	}
	free(all);
}
