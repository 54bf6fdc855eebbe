/* SPDX-License-Identifier: BSD-3-Clause */
/* fixture.c - a manager, a segment and control's side of it. */
#include "tests/unit/dataplane/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_malloc.h>
#include <rte_rcu_qsbr.h>

#include "dataplane/ipsec/sad.h"
#include "dataplane/net/neigh.h"

static const struct segment_geometry geometry = {.max_sas = FIXTURE_SAS,
						 .max_policies = FIXTURE_POLICIES,
						 .workers = 1,
						 .max_ports = WORKER_MAX_PORTS,
						 .command_slots = 16,
						 .event_slots = 64,
						 .punt_slots = 4,
						 .inject_slots = 4};

static void attach_control(struct fixture *f)
{
	const struct segment *s = &f->segment;

	abi_ring_attach(&f->command, segment_area(s, ABI_AREA_COMMAND), 16, ABI_COMMAND_SLOT, true,
			false);
	abi_ring_attach(&f->event, segment_area(s, ABI_AREA_EVENT), 64, ABI_EVENT_SLOT, false,
			false);
	abi_ring_attach(&f->punt, segment_area(s, ABI_AREA_PUNT), 4, ABI_PACKET_SLOT, false, false);
	abi_ring_attach(&f->inject, segment_area(s, ABI_AREA_INJECT), 4, ABI_PACKET_SLOT, true,
			false);
}

static void move_lines(struct fixture *f)
{
	worker_take_lines(&f->h->worker, &f->segment);
	f->workers[0] = &f->h->worker;
}

struct fixture *fixture_create(void)
{
	struct fixture *f = aligned_alloc(64, (sizeof(*f) + 63) & ~(size_t)63);
	char err[256] = "";

	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/espgw-manager-XXXXXX");
	f->now = 1000000000;
	f->h = harness_create(FIXTURE_SAS, FIXTURE_POLICIES, 2047);
	if (!f->h || !mkdtemp(f->dir) ||
	    segment_create(&f->segment, f->dir, "m", &geometry, err, sizeof(err)) < 0) {
		fprintf(stderr, "fixture: %s\n", err);
		return NULL;
	}
	harness_ports();
	attach_control(f);
	move_lines(f);
	f->rcu = rte_zmalloc("rcu", rte_rcu_qsbr_get_memsize(1), 64);
	rte_rcu_qsbr_init(f->rcu, 1);
	rte_rcu_qsbr_thread_register(f->rcu, 0);
	rte_rcu_qsbr_thread_online(f->rcu, 0);
	f->h->tables.sad = sad_create(FIXTURE_SAS, FIXTURE_POLICIES,
				      segment_area(&f->segment, ABI_AREA_SA_STATUS), SOCKET_ID_ANY);
	f->h->tables.neigh = neigh_create(SOCKET_ID_ANY);
	f->h->tables.neigh6 = neigh_create(SOCKET_ID_ANY);
	if (manager_create(&f->manager,
			   &(struct manager_setup){.segment = &f->segment,
						   .tables = &f->h->tables,
						   .workers = f->workers,
						   .n_workers = 1,
						   .pool = f->h->pool,
						   .rcu = f->rcu},
			   err, sizeof(err)) < 0) {
		fprintf(stderr, "fixture: %s\n", err);
		return NULL;
	}
	return f;
}

void fixture_free(struct fixture *f)
{
	manager_free(&f->manager);
	sad_free(f->h->tables.sad);
	neigh_free(f->h->tables.neigh);
	neigh_free(f->h->tables.neigh6);
	f->h->tables = (struct tables){0};
	rte_free(f->rcu);
	segment_remove(&f->segment);
	rmdir(f->dir);
	harness_free(f->h);
	free(f);
}

void fixture_tick(struct fixture *f, uint64_t ns)
{
	f->now += ns;
	manager_tick(&f->manager, f->now);
}

void fixture_grace(struct fixture *f)
{
	rte_rcu_qsbr_quiescent(f->rcu, 0);
	fixture_tick(f, 1);
}

uint32_t fixture_send(struct fixture *f, void *record, uint16_t type, size_t len)
{
	struct abi_msg *msg = record;

	*msg = (struct abi_msg){type, (uint16_t)len, ++f->last_id};
	if (abi_ring_put(&f->command, record, len) != 0)
		fprintf(stderr, "fixture: command ring full\n");
	fixture_tick(f, 1);
	return f->last_id;
}

bool fixture_event(struct fixture *f, uint16_t type, void *out, size_t len)
{
	_Alignas(8) uint8_t slot[ABI_EVENT_SLOT];

	while (abi_ring_get(&f->event, slot) == 1)
		if (((struct abi_msg *)slot)->type == type) {
			memcpy(out, slot, len);
			return true;
		}
	return false;
}

uint16_t fixture_ask(struct fixture *f, void *record, uint16_t type, size_t len, uint32_t *detail)
{
	uint32_t id = fixture_send(f, record, type, len);
	struct abi_ev_reply ev;

	while (fixture_event(f, ABI_EV_REPLY, &ev, sizeof(ev)))
		if (ev.msg.request_id == id) {
			if (detail)
				*detail = ev.detail;
			return ev.command == type ? ev.status : UINT16_MAX;
		}
	return UINT16_MAX;
}

uint16_t fixture_generation(struct fixture *f, uint16_t type, uint32_t generation, uint32_t count)
{
	struct abi_generation g = {.generation = generation, .count = count};

	return fixture_ask(f, &g, type, sizeof(g), NULL);
}

uint16_t fixture_policies(struct fixture *f, uint32_t first, uint32_t n)
{
	static uint32_t generation = 1000;
	struct abi_policy p = {
		.generation = ++generation,
		.action = ABI_ACT_PROTECT,
		.mode = ABI_MODE_TUNNEL,
		.local = {.family = 4, .port_hi = 65535, .lo = {10, 1}, .hi = {10, 1, 255, 255}},
		.remote = {.family = 4, .port_hi = 65535, .lo = {10, 2}, .hi = {10, 2, 255, 255}}};
	uint16_t status = fixture_generation(f, ABI_CMD_POLICY_BEGIN, generation, n);

	for (p.policy_id = first; status == ABI_OK && p.policy_id < first + n; p.policy_id++)
		status = fixture_ask(f, &p, ABI_CMD_POLICY, sizeof(p), NULL);
	if (status == ABI_OK)
		status = fixture_generation(f, ABI_CMD_POLICY_COMMIT, generation, n);
	fixture_grace(f);
	return status;
}

uint16_t fixture_policy(struct fixture *f, uint32_t id)
{
	return fixture_policies(f, id, 1);
}

struct abi_sa_add fixture_sa(uint32_t slot, uint8_t direction, uint32_t policy_id)
{
	const struct abi_range local = {
		.family = 4, .port_hi = 65535, .lo = {10, 1}, .hi = {10, 1, 255, 255}};
	const struct abi_range remote = {
		.family = 4, .port_hi = 65535, .lo = {10, 2}, .hi = {10, 2, 255, 255}};

	return (struct abi_sa_add){.slot = slot,
				   .spi = 0x10000 + slot,
				   .policy_id = policy_id,
				   .flags = direction == ABI_DIR_OUT ? ABI_SA_F_CURRENT : 0,
				   .cookie = 1000 + slot,
				   .direction = direction,
				   .mode = ABI_MODE_TUNNEL,
				   .encr = ABI_ENCR_AES_CBC,
				   .integ = ABI_INTEG_HMAC_SHA1_96,
				   .encr_key_len = 16,
				   .integ_key_len = 20,
				   .replay_window = direction == ABI_DIR_IN ? 128 : 0,
				   .local = {.family = 4, .bytes = {192, 0, 2, 1}},
				   .remote = {.family = 4, .bytes = {192, 0, 2, 2}},
				   .encr_key = {1, 2, 3},
				   .integ_key = {4, 5, 6},
				   .n_local = 1,
				   .n_remote = 1,
				   .ts_local = {local},
				   .ts_remote = {remote}};
}
