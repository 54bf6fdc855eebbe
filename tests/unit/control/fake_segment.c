/* SPDX-License-Identifier: BSD-3-Clause */
/* fake_segment.c - the segment as a dataplane would lay it out, and a dataplane that says yes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fake_segment.h"

static void lay_out(struct abi_hdr *h)
{
	uint64_t at = 4096;

	for (unsigned int i = 0; i < ABI_AREAS; i++) {
		h->area[i].offset = at;
		h->area[i].size = abi_area_bytes(h, (enum abi_area_id)i);
		at += (h->area[i].size + 4095) & ~4095ull;
	}
	h->segment_size = at;
}

static void attach_rings(struct fake_segment *f)
{
	struct abi_hdr *h = f->hdr;

	assert_int_equal(abi_ring_attach(&f->command, fake_segment_area(f, ABI_AREA_COMMAND),
					 h->command_slots, ABI_COMMAND_SLOT, false, true),
			 0);
	assert_int_equal(abi_ring_attach(&f->event, fake_segment_area(f, ABI_AREA_EVENT),
					 h->event_slots, ABI_EVENT_SLOT, true, false),
			 0);
	assert_int_equal(abi_ring_attach(&f->punt, fake_segment_area(f, ABI_AREA_PUNT),
					 h->punt_slots, ABI_PACKET_SLOT, true, false),
			 0);
	assert_int_equal(abi_ring_attach(&f->inject, fake_segment_area(f, ABI_AREA_INJECT),
					 h->inject_slots, ABI_PACKET_SLOT, false, false),
			 0);
}

void fake_segment_make(struct fake_segment *f, const char *tag, uint64_t epoch, uint64_t now)
{
	struct abi_hdr h = {
		.magic = ABI_MAGIC,
		.major = ABI_MAJOR,
		.minor = ABI_MINOR,
		.epoch = epoch,
		.max_sas = 64,
		.max_policies = 8,
		.max_workers = 3,
		.max_ports = 2,
		.command_slots = 16,
		.event_slots = 16,
		.punt_slots = 8,
		.inject_slots = 8,
		.workers = 2,
		.state = ABI_STATE_READY,
		.dataplane_heartbeat = now,
	};
	int fd;

	*f = (struct fake_segment){0};
	lay_out(&h);
	snprintf(f->name, sizeof(f->name), "/espgw-test-%s-%d", tag, (int)getpid());
	shm_unlink(f->name);
	fd = shm_open(f->name, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)h.segment_size), 0);
	f->size = h.segment_size;
	f->hdr = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(f->hdr, MAP_FAILED);
	close(fd);
	*f->hdr = h;
	attach_rings(f);
}

void fake_segment_remove(struct fake_segment *f)
{
	munmap(f->hdr, f->size);
	shm_unlink(f->name);
}

void fake_segment_beat(struct fake_segment *f, uint64_t now)
{
	f->hdr->dataplane_heartbeat = now;
}

void *fake_segment_area(struct fake_segment *f, enum abi_area_id id)
{
	return (uint8_t *)f->hdr + f->hdr->area[id].offset;
}

struct abi_sa_status *fake_segment_sa(struct fake_segment *f, uint32_t slot)
{
	return (struct abi_sa_status *)fake_segment_area(f, ABI_AREA_SA_STATUS) + slot;
}

struct abi_sa_counters *fake_segment_counters(struct fake_segment *f, uint32_t slot,
					      uint32_t worker)
{
	return (struct abi_sa_counters *)fake_segment_area(f, ABI_AREA_SA_COUNTERS) +
	       abi_line(f->hdr->max_sas, slot, worker);
}

int fake_segment_take(struct fake_segment *f, void *out)
{
	return abi_ring_get(&f->command, out);
}

void fake_segment_event(struct fake_segment *f, void *ev, uint16_t type, size_t len)
{
	struct abi_msg *m = ev;

	m->type = type;
	m->length = (uint16_t)len;
	assert_int_equal(abi_ring_put(&f->event, ev, len), 0);
}

void fake_segment_reply(struct fake_segment *f, const struct abi_msg *to, uint16_t status)
{
	struct abi_ev_reply r = {
		.msg.request_id = to->request_id, .status = status, .command = to->type};

	fake_segment_event(f, &r, ABI_EV_REPLY, sizeof(r));
}

static void play_add(struct fake_segment *f, const struct abi_sa_add *a, uint64_t now)
{
	struct abi_sa_status *s = fake_segment_sa(f, a->slot);

	*s = (struct abi_sa_status){
		.state = ABI_SA_MATURE,
		.spi = a->spi,
		.cookie = a->cookie,
		.policy_id = a->policy_id,
		.direction = a->direction,
		.mode = a->mode,
		.encap = a->encap,
		.encr = a->encr,
		.integ = a->integ,
		.encr_key_len = a->encr_key_len,
		.current = (a->flags & ABI_SA_F_CURRENT) != 0,
		.local_port = a->local_port,
		.remote_port = a->remote_port,
		.seq_mark = a->seq_start,
		.replay_window = a->replay_window,
		.local = a->local,
		.remote = a->remote,
		.added = now,
		.life = a->life,
	};
}

unsigned int fake_segment_serve(struct fake_segment *f, uint64_t now)
{
	union {
		struct abi_msg msg;
		struct abi_sa_add add;
		struct abi_sa_delete del;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	unsigned int n = 0;

	for (; fake_segment_take(f, &c) == 1; n++) {
		if (c.msg.type == ABI_CMD_SA_ADD)
			play_add(f, &c.add, now);
		else if (c.msg.type == ABI_CMD_SA_DELETE)
			fake_segment_sa(f, c.del.slot)->state = ABI_SA_FREE;
		fake_segment_reply(f, &c.msg, ABI_OK);
	}
	return n;
}
