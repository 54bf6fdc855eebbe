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

static bool has_spi(const struct rte_mbuf *m)
{
	return m->data_len >= pkt_meta((struct rte_mbuf *)(uintptr_t)m)->l4_off + SA_ESP_HEADER;
}

static void append(struct worker *w, struct rte_mbuf *m)
{
	struct early *e = &w->pipe->early;

	e->since[e->n] = w->now;
	e->kept[e->n++] = m;
}

bool early_keep(struct worker *w, struct rte_mbuf *m)
{
	const struct early_spis *s = w->tables->early;
	struct pkt_meta *meta = pkt_meta(m);
	uint32_t spi;

	if (!s || w->pipe->early.n == EARLY_MAX || meta->sa_slot != PKT_NO_SA || !has_spi(m))
		return false;
	spi = spi_of(m); /* whose SA was not there; it may be by now */
	if (spi == 0 || __atomic_load_n(&s->spi[spi & s->mask], __ATOMIC_RELAXED) != spi)
		return false;
	meta->verdict = PKT_ESP_IN;
	append(w, m);
	return true;
}

static bool keeps(const struct early *e, uint32_t spi)
{
	for (uint16_t i = 0; i < e->n; i++)
		if (spi_of(e->kept[i]) == spi)
			return true;
	return false;
}

uint16_t early_follow(struct worker *w, struct rte_mbuf **pkts, uint16_t n)
{
	struct early *e = &w->pipe->early;
	uint16_t left = 0;

	for (uint16_t i = 0; i < n; i++) {
		if (!has_spi(pkts[i]) || !keeps(e, spi_of(pkts[i])))
			pkts[left++] = pkts[i];
		else if (e->n < EARLY_MAX)
			append(w, pkts[i]);
		else
			pipeline_drop(w, pkts[i], DROP_IN_NO_STATES);
	}
	return left;
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
