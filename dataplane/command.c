/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * command.c - the command ring: records in, one answer each.
 *
 * A record is copied out of the ring before it is looked at, its length must be its type's to the
 * byte, and every field is checked by its handler or by what the handler calls. The removal of SAs
 * is answered when their slots are free again; SYNC when all that was removed before it is gone.
 */
#include <stdio.h>
#include <string.h>

#include "dataplane/early.h"
#include "dataplane/ipsec/sad.h"
#include "dataplane/known.h"
#include "dataplane/log.h"
#include "dataplane/manager.h"

/* Answered later, through the retire queue. */
#define LATER UINT16_MAX

struct handler {
	uint16_t length;
	uint16_t (*run)(struct manager *m, const void *record, uint32_t *detail);
};

void manager_reply(struct manager *m, uint32_t request_id, uint16_t command, uint16_t status,
		   uint32_t detail)
{
	const struct abi_ev_reply ev = {
		.msg = {ABI_EV_REPLY, sizeof(ev), request_id},
		.status = status,
		.command = command,
		.detail = detail,
	};

	segment_event(m->s.segment, &ev, sizeof(ev));
}

static uint16_t answer_behind(struct manager *m, const struct abi_msg *msg)
{
	const struct retire_item item = {
		.kind = RETIRE_REPLY, .value = msg->type, .request_id = msg->request_id};

	return retire_push(&m->retire, item) ? LATER : ABI_ERR_NO_SPACE;
}

/* --- SAs --- */

static struct abi_sa_status *sa_status(const struct manager *m, uint32_t slot)
{
	struct abi_sa_status *all = segment_area(m->s.segment, ABI_AREA_SA_STATUS);

	return &all[slot];
}

static uint16_t sa_add(struct manager *m, const void *record, uint32_t *detail)
{
	const struct abi_sa_add *c = record;
	uint32_t index = c->policy_id ? policies_index(&m->policies, c->policy_id) : POLICIES_NONE;
	uint16_t status = sad_add(m->s.tables->sad, c, index == POLICIES_NONE ? SAD_NONE : index,
				  m->now, detail);

	if (status == ABI_OK) {
		m->sas[c->slot] =
			(struct manager_sa){.spi = c->spi,
					    .policy_id = c->policy_id,
					    .known = known_slot(m->s.tables->known, &c->remote),
					    .direction = c->direction};
		known_count(m->s.tables->known, m->sas[c->slot].known, 1);
		slow_release(m, index);
	}
	return status;
}

static uint16_t sa_update(struct manager *m, const void *record, uint32_t *detail)
{
	const struct abi_sa_update *c = record;
	uint16_t status = sad_update(m->s.tables->sad, c, detail);

	if (status != ABI_OK)
		return status;
	if (c->what & ABI_SA_UPD_ENDPOINT) {
		known_count(m->s.tables->known, m->sas[c->slot].known, -1);
		m->sas[c->slot].known = known_slot(m->s.tables->known, &c->remote);
		known_count(m->s.tables->known, m->sas[c->slot].known, 1);
	}
	slow_release(m, policies_index(&m->policies, m->sas[c->slot].policy_id));
	return status;
}

/* A line left by the dataplane before us: its data has been read or is not wanted. */
static bool forget_line(struct manager *m, uint32_t slot, uint32_t spi)
{
	struct abi_sa_status *st = sa_status(m, slot);

	if (m->sas[slot].spi != 0 || __atomic_load_n(&st->state, __ATOMIC_RELAXED) == ABI_SA_FREE ||
	    (spi != 0 && st->spi != spi))
		return false;
	memset((uint8_t *)st + sizeof(st->state), 0, sizeof(*st) - sizeof(st->state));
	__atomic_store_n(&st->state, ABI_SA_FREE, __ATOMIC_RELEASE);
	return true;
}

/* There is room in the queue. */
static uint16_t remove_sa(struct manager *m, uint32_t slot, uint32_t spi)
{
	uint16_t status = sad_delete(m->s.tables->sad, slot, spi);

	if (status != ABI_OK)
		return status;
	if (m->s.tables->early)
		early_forget(m->s.tables->early, spi);
	m->sas[slot].retiring = true;
	retire_push(&m->retire, (struct retire_item){.kind = RETIRE_SA, .value = slot});
	return ABI_OK;
}

static uint16_t sa_delete(struct manager *m, const void *record, uint32_t *detail)
{
	const struct abi_sa_delete *c = record;
	uint16_t status;

	if (c->slot >= m->s.segment->own.max_sas) {
		*detail = offsetof(struct abi_sa_delete, slot);
		return ABI_ERR_FIELD;
	}
	if (c->spi < ABI_SPI_MIN) {
		*detail = offsetof(struct abi_sa_delete, spi);
		return ABI_ERR_FIELD;
	}
	if (forget_line(m, c->slot, c->spi))
		return ABI_OK;
	if (retire_room(&m->retire) < 2)
		return ABI_ERR_NO_SPACE;
	status = remove_sa(m, c->slot, c->spi);
	return status == ABI_OK ? answer_behind(m, &c->msg) : status;
}

static uint16_t sa_flush(struct manager *m, const void *record, uint32_t *detail)
{
	const struct abi_generation *c = record;

	(void)detail;
	if (retire_room(&m->retire) < m->s.segment->own.max_sas + 1)
		return ABI_ERR_NO_SPACE;
	for (uint32_t i = 0; i < m->s.segment->own.max_sas; i++) {
		if (m->sas[i].spi != 0 && !m->sas[i].retiring)
			remove_sa(m, i, m->sas[i].spi);
		else
			forget_line(m, i, 0);
	}
	return answer_behind(m, &c->msg);
}

/* Move what the SA counted to its policy, and clean its lines for the next SA of this slot. */
static void fold(struct manager *m, uint32_t slot, uint32_t policy)
{
	const struct abi_hdr *h = &m->s.segment->own;
	struct abi_sa_counters *c = segment_area(m->s.segment, ABI_AREA_SA_COUNTERS);
	struct abi_sa_drops *d = segment_area(m->s.segment, ABI_AREA_SA_DROPS);
	struct abi_policy_counters *p = segment_area(m->s.segment, ABI_AREA_POLICY_COUNTERS);
	uint64_t packets = 0, bytes = 0, hits = 0;

	for (uint32_t w = 0; w < h->max_workers; w++) {
		uint64_t at = abi_line(h->max_sas, slot, w);

		packets += c[at].packets;
		bytes += c[at].bytes;
		hits += c[at].hits;
	}
	if (policy != POLICIES_NONE) {
		p += abi_line(h->max_policies, policy, 0);
		if (m->sas[slot].direction == ABI_DIR_OUT) {
			p->dead_out_packets += packets;
			p->dead_out_bytes += bytes;
			p->dead_out_hits += hits;
		} else {
			p->dead_in_packets += packets;
			p->dead_in_bytes += bytes;
		}
	}
	for (uint32_t w = 0; w < h->max_workers; w++) {
		uint64_t at = abi_line(h->max_sas, slot, w);

		memset(&c[at], 0, sizeof(*c));
		memset(&d[at], 0, sizeof(*d));
	}
}

void command_reclaim_sa(struct manager *m, uint32_t slot)
{
	fold(m, slot, policies_index(&m->policies, m->sas[slot].policy_id));
	known_count(m->s.tables->known, m->sas[slot].known, -1);
	m->sas[slot] = (struct manager_sa){0};
	sad_reclaim(m->s.tables->sad, slot);
}

static uint16_t spi_expect(struct manager *m, const void *record, uint32_t *detail)
{
	const struct abi_spi_expect *c = record;
	uint32_t max = m->s.segment->own.max_sas;

	if (c->slot >= max || (c->spi & (max - 1)) != c->slot || c->spi < ABI_SPI_MIN) {
		*detail = c->slot >= max ? offsetof(struct abi_spi_expect, slot)
					 : offsetof(struct abi_spi_expect, spi);
		return ABI_ERR_FIELD;
	}
	if (m->sas[c->slot].spi != 0)
		return ABI_ERR_EXISTS;
	if (m->s.tables->early)
		early_expect(m->s.tables->early, c->spi);
	return ABI_OK;
}

/* --- generations --- */

static uint16_t policy_begin(struct manager *m, const void *record, uint32_t *detail)
{
	const struct abi_generation *g = record;

	(void)detail;
	return policies_begin(&m->policies, g->generation, g->count);
}

static uint16_t policy(struct manager *m, const void *record, uint32_t *detail)
{
	return policies_add(&m->policies, record, detail);
}

static uint16_t policy_commit(struct manager *m, const void *record, uint32_t *detail)
{
	return tables_commit_policies(m, record, detail);
}

static uint16_t net_begin(struct manager *m, const void *record, uint32_t *detail)
{
	(void)detail;
	return tables_net_begin(m, record);
}

static uint16_t net_address(struct manager *m, const void *record, uint32_t *detail)
{
	return tables_net_address(m, record, detail);
}

static uint16_t net_route(struct manager *m, const void *record, uint32_t *detail)
{
	return tables_net_route(m, record, detail);
}

static uint16_t net_commit(struct manager *m, const void *record, uint32_t *detail)
{
	(void)detail;
	return tables_commit_net(m, record);
}

static uint16_t sync_all(struct manager *m, const void *record, uint32_t *detail)
{
	const struct abi_generation *c = record;

	(void)detail;
	return m->retire.used == 0 ? ABI_OK : answer_behind(m, &c->msg);
}

/* --- the ring --- */

static const struct handler handlers[] = {
	[ABI_CMD_SA_ADD] = {sizeof(struct abi_sa_add), sa_add},
	[ABI_CMD_SA_UPDATE] = {sizeof(struct abi_sa_update), sa_update},
	[ABI_CMD_SA_DELETE] = {sizeof(struct abi_sa_delete), sa_delete},
	[ABI_CMD_SA_FLUSH] = {sizeof(struct abi_generation), sa_flush},
	[ABI_CMD_POLICY_BEGIN] = {sizeof(struct abi_generation), policy_begin},
	[ABI_CMD_POLICY] = {sizeof(struct abi_policy), policy},
	[ABI_CMD_POLICY_COMMIT] = {sizeof(struct abi_generation), policy_commit},
	[ABI_CMD_NET_BEGIN] = {sizeof(struct abi_generation), net_begin},
	[ABI_CMD_ADDRESS] = {sizeof(struct abi_address), net_address},
	[ABI_CMD_ROUTE] = {sizeof(struct abi_route), net_route},
	[ABI_CMD_NET_COMMIT] = {sizeof(struct abi_generation), net_commit},
	[ABI_CMD_SYNC] = {sizeof(struct abi_generation), sync_all},
	[ABI_CMD_SPI_EXPECT] = {sizeof(struct abi_spi_expect), spi_expect},
};
#define N_HANDLERS (sizeof(handlers) / sizeof(handlers[0]))

void command_run(struct manager *m, const void *record, size_t len)
{
	const struct abi_msg *msg = record;
	uint16_t status = ABI_ERR_TYPE;
	uint32_t detail = 0;

	if (msg->type < N_HANDLERS && handlers[msg->type].run) {
		const struct handler *h = &handlers[msg->type];

		status = msg->length == h->length && msg->length <= len ? h->run(m, record, &detail)
									: ABI_ERR_LENGTH;
	}
	if (status != LATER)
		manager_reply(m, msg->request_id, msg->type, status, detail);
}

unsigned int command_poll(struct manager *m)
{
	_Alignas(8) uint8_t record[ABI_COMMAND_SLOT];
	struct segment *s = m->s.segment;
	unsigned int n;
	int ret = 0;

	/* A control that does not take its answers gets no more of them: its commands wait. */
	for (n = 0; n < MANAGER_BATCH && abi_ring_avail(&s->event) > 0; n++) {
		ret = abi_ring_get(&s->command, record);
		if (ret <= 0)
			break;
		command_run(m, record, sizeof(record));
		explicit_bzero(record, sizeof(record)); /* keys */
	}
	if (ret < 0 && !m->command_fault)
		log_error(
			"command ring: control wrote an impossible index; commands are not served "
			"any more, traffic goes on");
	m->command_fault |= ret < 0;
	return n;
}
