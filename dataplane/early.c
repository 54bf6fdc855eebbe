/* SPDX-License-Identifier: BSD-3-Clause */
/* early.c - packets before their SA; see early.h. */
#include "dataplane/early.h"

#include <rte_malloc.h>

#include "dataplane/ipsec/sa.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/net/ip4.h"
#include "dataplane/pipeline_impl.h"
#include "dataplane/worker.h"

struct early_spis *early_spis_create(uint32_t max_sas, int socket)
{
	struct early_spis *s =
		rte_zmalloc_socket("early", sizeof(*s) + max_sas * sizeof(s->spi[0]), 0, socket);

	if (s)
		s->mask = max_sas - 1;
	return s;
}

void early_spis_free(struct early_spis *s)
{
	rte_free(s);
}

void early_expect(struct early_spis *s, uint32_t spi)
{
	__atomic_store_n(&s->spi[spi & s->mask], spi, __ATOMIC_RELAXED);
}

void early_forget(struct early_spis *s, uint32_t spi)
{
	uint32_t *slot = &s->spi[spi & s->mask];

	if (*slot == spi) /* the manager alone writes */
		__atomic_store_n(slot, 0, __ATOMIC_RELAXED);
}

static uint32_t spi_of(struct rte_mbuf *m)
{
	return ip4_load32(rte_pktmbuf_mtod_offset(m, const uint8_t *, pkt_meta(m)->l4_off));
}

bool early_keep(struct worker *w, struct rte_mbuf *m)
{
	const struct early_spis *s = w->tables->early;
	struct early *e = &w->pipe->early;
	struct pkt_meta *meta = pkt_meta(m);
	uint32_t spi;

	if (!s || e->n == EARLY_MAX || meta->sa_slot != PKT_NO_SA ||
	    m->data_len < meta->l4_off + SA_ESP_HEADER)
		return false;
	spi = spi_of(m); /* whose SA was not there; it may be by now */
	if (spi == 0 || __atomic_load_n(&s->spi[spi & s->mask], __ATOMIC_RELAXED) != spi)
		return false;
	meta->verdict = PKT_ESP_IN;
	e->since[e->n] = w->now;
	e->kept[e->n++] = m;
	return true;
}

uint16_t early_take(struct worker *w, struct rte_mbuf **out)
{
	struct early *e = &w->pipe->early;
	uint16_t left = 0, n = 0;

	for (uint16_t i = 0; i < e->n; i++) {
		struct rte_mbuf *m = e->kept[i];

		if (sad_lookup_in(w->tables->sad, spi_of(m)) != NULL) {
			out[n++] = m;
		} else if (w->now - e->since[i] >= EARLY_NS) {
			pipeline_drop(w, m, DROP_IN_NO_STATES);
		} else {
			e->since[left] = e->since[i];
			e->kept[left++] = m;
		}
	}
	e->n = left;
	return n;
}

void early_clear(struct early *e)
{
	rte_pktmbuf_free_bulk(e->kept, e->n);
	e->n = 0;
}
