/* SPDX-License-Identifier: BSD-3-Clause */
/* test_dataplane.c - attaching, commands and their answers, and a dataplane that turns hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "control/dataplane.h"
#include "control/log.h"
#include "control/secret.h"
#include "fake_segment.h"

#define SEC   1000000000ull
#define START (1000 * SEC)

struct fixture {
	struct fake_segment f;
	struct dataplane *d;
	uint64_t now;
	unsigned int attached, fresh, detaching, sa_events, acquires, ports, packets, resyncs;
	unsigned int replies;
	int last_rc;
	struct abi_packet packet;
};

static void on_attached(void *ctx, bool fresh)
{
	struct fixture *x = ctx;

	x->attached++;
	x->fresh += fresh;
}

static void on_detaching(void *ctx)
{
	((struct fixture *)ctx)->detaching++;
}

static void on_sa(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ev;
	((struct fixture *)ctx)->sa_events++;
}

static void on_acquire(void *ctx, const struct abi_ev_acquire *ev)
{
	(void)ev;
	((struct fixture *)ctx)->acquires++;
}

static void on_port(void *ctx, const struct abi_ev_port *ev)
{
	(void)ev;
	((struct fixture *)ctx)->ports++;
}

static void on_packet(void *ctx, const struct abi_packet *p)
{
	struct fixture *x = ctx;

	x->packets++;
	x->packet = *p;
}

static void on_resync(void *ctx)
{
	((struct fixture *)ctx)->resyncs++;
}

static const struct dataplane_ops ops = {
	.attached = on_attached,
	.detaching = on_detaching,
	.sa_event = on_sa,
	.acquire = on_acquire,
	.port = on_port,
	.packet = on_packet,
	.resync = on_resync,
};

static void on_reply(void *arg, int rc, const struct abi_ev_reply *r)
{
	struct fixture *x = arg;

	(void)r;
	x->replies++;
	x->last_rc = rc;
}

static void turn(struct fixture *x)
{
	x->now += SEC / 5;
	fake_segment_beat(&x->f, x->now);
	dataplane_poll(x->d, x->now);
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));

	x->now = START;
	fake_segment_make(&x->f, "dp", 7, x->now);
	x->d = dataplane_new(x->f.name, &ops, x);
	*state = x;
	return x->d == NULL;
}

static int setup_attached(void **state)
{
	struct fixture *x;

	if (setup(state) != 0)
		return 1;
	x = *state;
	turn(x);
	return dataplane_link(x->d) != DATAPLANE_UP;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	dataplane_free(x->d);
	fake_segment_remove(&x->f);
	free(x);
	return 0;
}

static int sync_command(struct fixture *x)
{
	const struct abi_generation g = {.msg.type = ABI_CMD_SYNC};

	return dataplane_command(x->d, &g, sizeof(g), on_reply, x);
}

static void attaches_once_and_beats(void **state)
{
	struct fixture *x = *state;

	turn(x);
	assert_int_equal(x->attached, 1);
	assert_int_equal(x->fresh, 1);
	assert_int_equal(x->f.hdr->control_heartbeat, x->now);
	assert_true(x->f.hdr->control_epoch != 0);
	turn(x);
	assert_int_equal(x->attached, 1);
	assert_int_equal(x->f.hdr->control_heartbeat, x->now);
}

static void waits_for_a_segment(void **state)
{
	struct fixture *x = *state;
	struct dataplane *d = dataplane_new("/espgw-test-nothing-here", &ops, x);
	const struct abi_generation g = {.msg.type = ABI_CMD_SYNC};

	assert_int_equal(dataplane_poll(d, START), 0);
	assert_int_equal(dataplane_link(d), DATAPLANE_DOWN);
	assert_int_equal(dataplane_command(d, &g, sizeof(g), on_reply, x), -ENOTCONN);
	assert_int_equal(dataplane_max_sas(d), 0);
	dataplane_free(d);
}

static void refuses_another_major_version(void **state)
{
	struct fixture *x = *state;
	struct segmap m;
	char why[200], want[32];

	x->f.hdr->major = ABI_MAJOR + 1;
	assert_int_equal(segmap_open(&m, x->f.name, x->now, why, sizeof(why)), -EPROTONOSUPPORT);
	snprintf(want, sizeof(want), "version %u.0", ABI_MAJOR + 1);
	assert_non_null(strstr(why, want));
	snprintf(want, sizeof(want), "control %u.%u", ABI_MAJOR, ABI_MINOR);
	assert_non_null(strstr(why, want));
	assert_null(m.base);
}

static void accepts_another_minor_version(void **state)
{
	struct fixture *x = *state;

	x->f.hdr->minor = 99;
	turn(x);
	assert_int_equal(x->attached, 1);
}

static void refuses_a_segment_open_to_others(void **state)
{
	struct fixture *x = *state;
	struct segmap m;
	char why[200], path[128];

	snprintf(path, sizeof(path), "/dev/shm%s", x->f.name);
	assert_int_equal(chmod(path, 0606), 0);
	assert_int_equal(segmap_open(&m, x->f.name, x->now, why, sizeof(why)), -EPERM);
	assert_non_null(strstr(why, "0606"));
}

static void does_not_attach_without_a_heartbeat(void **state)
{
	struct fixture *x = *state;

	dataplane_poll(x->d, START + 2 * SEC);
	assert_int_equal(x->attached, 0);
	fake_segment_beat(&x->f, START + 3 * SEC);
	dataplane_poll(x->d, START + 3 * SEC);
	assert_int_equal(x->attached, 1);
}

static void truncated_files_are_refused(void **state)
{
	struct fixture *x = *state;
	char path[128], why[200];
	struct segmap m;
	static const off_t cut[] = {
		0, 1, 63, sizeof(struct abi_hdr) - 1, sizeof(struct abi_hdr), 4096, 65536};

	snprintf(path, sizeof(path), "/dev/shm%s", x->f.name);
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		struct abi_hdr keep = *x->f.hdr;
		int rc;

		assert_int_equal(truncate(path, cut[i]), 0);
		rc = segmap_open(&m, x->f.name, x->now, why, sizeof(why));
		assert_int_not_equal(rc, 0);
		assert_int_equal(truncate(path, (off_t)x->f.size), 0);
		*x->f.hdr = keep;
	}
}

/* Every 32-bit word of the geometry set to hostile values: never attached with areas outside. */
static void no_header_word_leads_outside(void **state)
{
	static const uint32_t evil[] = {0,	    1,		3,	    0x7fffffff, 0x80000000,
					0xffffffff, 0xfffff000, 0x00010001, 0x00200000};
	struct fixture *x = *state;
	const struct abi_hdr good = *x->f.hdr;
	size_t words = offsetof(struct abi_hdr, dataplane_heartbeat) / 4;
	char why[200];

	for (size_t w = 0; w < words; w++) {
		for (size_t e = 0; e < sizeof(evil) / sizeof(evil[0]); e++) {
			struct abi_sa_counters c;
			struct segmap m;

			((uint32_t *)x->f.hdr)[w] = evil[e];
			if (segmap_open(&m, x->f.name, x->now, why, sizeof(why)) == 0) {
				for (unsigned int a = 0; a < ABI_AREAS; a++)
					assert_true(m.hdr.area[a].offset + m.hdr.area[a].size <=
						    x->f.size);
				segmap_sa_counters(&m, m.hdr.max_sas - 1, &c);
				segmap_close(&m);
			}
			*x->f.hdr = good;
		}
	}
}

static void header_changes_after_attach_change_nothing(void **state)
{
	struct fixture *x = *state;
	struct abi_sa_status s;

	x->f.hdr->max_sas = 1u << 20;
	x->f.hdr->area[ABI_AREA_SA_STATUS].offset = 1ull << 40;
	assert_int_equal(dataplane_max_sas(x->d), 64);
	assert_true(segmap_sa(dataplane_map(x->d), 63, &s));
	assert_false(segmap_sa(dataplane_map(x->d), 64, &s));
}

static void tables_are_mapped_read_only(void **state)
{
	struct fixture *x = *state;
	const struct segmap *m = dataplane_map(x->d);
	unsigned long want = (unsigned long)m->base + m->hdr.area[ABI_AREA_SA_STATUS].offset;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];
	bool found = false;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps) != NULL) {
		unsigned long lo, hi;
		char prot[8];

		if (sscanf(line, "%lx-%lx %7s", &lo, &hi, prot) == 3 && lo <= want && want < hi) {
			assert_string_equal(prot, "r--s");
			found = true;
		}
	}
	fclose(maps);
	assert_true(found);
}

static void reply_reaches_its_command(void **state)
{
	struct fixture *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg first, second;

	assert_int_equal(sync_command(x), 0);
	assert_int_equal(sync_command(x), 0);
	turn(x);
	assert_int_equal(fake_segment_take(&x->f, slot), 1);
	memcpy(&first, slot, sizeof(first));
	assert_int_equal(fake_segment_take(&x->f, slot), 1);
	memcpy(&second, slot, sizeof(second));
	assert_int_equal(first.length, sizeof(struct abi_generation));
	assert_int_not_equal(first.request_id, second.request_id);
	fake_segment_reply(&x->f, &second, ABI_ERR_NO_SPACE);
	turn(x);
	assert_int_equal(x->replies, 1);
	assert_int_equal(x->last_rc, -ENOSPC);
	fake_segment_reply(&x->f, &first, ABI_OK);
	turn(x);
	assert_int_equal(x->replies, 2);
	assert_int_equal(x->last_rc, 0);
	assert_int_equal(dataplane_pending(x->d), 0);
}

static void unknown_and_repeated_replies_are_ignored(void **state)
{
	struct fixture *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m, other;

	sync_command(x);
	turn(x);
	fake_segment_take(&x->f, slot);
	memcpy(&m, slot, sizeof(m));
	other = m;
	other.request_id ^= 0x80000000;
	fake_segment_reply(&x->f, &other, ABI_OK);
	fake_segment_reply(&x->f, &m, ABI_OK);
	fake_segment_reply(&x->f, &m, ABI_OK);
	turn(x);
	assert_int_equal(x->replies, 1);
	assert_int_equal(dataplane_stats(x->d)->late_replies, 2);
}

static void reply_to_another_type_is_bad(void **state)
{
	struct fixture *x = *state;
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	sync_command(x);
	turn(x);
	fake_segment_take(&x->f, slot);
	memcpy(&m, slot, sizeof(m));
	m.type = ABI_CMD_SA_ADD;
	fake_segment_reply(&x->f, &m, ABI_OK);
	turn(x);
	assert_int_equal(x->replies, 0);
	assert_int_equal(dataplane_stats(x->d)->bad_events, 1);
}

static void unanswered_commands_time_out(void **state)
{
	struct fixture *x = *state;

	sync_command(x);
	turn(x);
	for (unsigned int i = 0; i < 9; i++)
		turn(x);
	assert_int_equal(x->replies, 0);
	turn(x);
	assert_int_equal(x->replies, 1);
	assert_int_equal(x->last_rc, -ETIMEDOUT);
	assert_int_equal(dataplane_stats(x->d)->timeouts, 1);
}

static void full_rings_push_back(void **state)
{
	struct fixture *x = *state;
	unsigned int served = 0;

	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(sync_command(x), 0);
	for (unsigned int i = 0; i < 100 && served < 100; i++) {
		turn(x);
		/* never more unanswered than half the event ring can hold */
		assert_true(abi_ring_avail(&x->f.command) <= 8);
		served += fake_segment_serve(&x->f, x->now);
	}
	turn(x);
	assert_int_equal(served, 100);
	assert_int_equal(x->replies, 100);
	assert_int_equal(dataplane_pending(x->d), 0);
}

static void impossible_lengths_are_refused(void **state)
{
	struct fixture *x = *state;
	uint8_t big[ABI_COMMAND_SLOT + 1] = {0};

	assert_int_equal(dataplane_command(x->d, big, 7, on_reply, x), -EMSGSIZE);
	assert_int_equal(dataplane_command(x->d, big, sizeof(big), on_reply, x), -EMSGSIZE);
}

static void commands_end_when_the_dataplane_leaves(void **state)
{
	struct fixture *x = *state;

	sync_command(x);
	turn(x);
	sync_command(x);
	x->f.hdr->state = ABI_STATE_GONE;
	turn(x);
	assert_int_equal(x->detaching, 1);
	assert_int_equal(x->replies, 2);
	assert_int_equal(x->last_rc, -ENOTCONN);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_DOWN);
}

static void follows_to_a_new_epoch(void **state)
{
	struct fixture *x = *state;

	fake_segment_remove(&x->f);
	x->now += 2 * SEC; /* silent, and another file under the name */
	fake_segment_make(&x->f, "dp", 8, x->now);
	dataplane_poll(x->d, x->now);
	assert_int_equal(x->detaching, 1);
	turn(x);
	assert_int_equal(x->attached, 2);
	assert_int_equal(x->fresh, 2);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
}

static void silence_is_noticed_and_ends(void **state)
{
	struct fixture *x = *state;

	x->now += SEC + SEC / 2;
	dataplane_poll(x->d, x->now);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_SILENT);
	turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
	assert_int_equal(x->attached, 1);
}

static void missed_events_ask_for_a_resync(void **state)
{
	struct fixture *x = *state;

	turn(x);
	assert_int_equal(x->resyncs, 0);
	x->f.hdr->events_missed += 3;
	turn(x);
	turn(x);
	assert_int_equal(x->resyncs, 1);
}

static void broken_event_ring_detaches_for_good(void **state)
{
	struct fixture *x = *state;

	x->f.event.ring->head += 1000;
	turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_FAULTY);
	for (unsigned int i = 0; i < 5; i++)
		turn(x);
	assert_int_equal(x->attached, 1);
	fake_segment_remove(&x->f);
	fake_segment_make(&x->f, "dp", 9, x->now);
	turn(x);
	assert_int_equal(x->attached, 2);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
}

static void broken_command_and_punt_rings_detach(void **state)
{
	struct fixture *x = *state;

	x->f.punt.ring->head -= 1;
	turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_FAULTY);
	fake_segment_remove(&x->f);
	fake_segment_make(&x->f, "dp", 10, x->now);
	turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
	x->f.command.ring->tail += 5;
	sync_command(x);
	turn(x);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_FAULTY);
	assert_int_equal(x->last_rc, -ENOTCONN);
}

/* One field at a time out of its domain. */
static void bad_events_are_counted_not_used(void **state)
{
	const struct abi_ev_sa sa = {.slot = 1, .spi = 0x1001, .expire = 1, .limit = 1};
	const struct abi_addr v4 = {.family = 4};
	const struct abi_ev_acquire acq = {.policy_id = 1, .src = v4, .dst = v4};
	struct fixture *x = *state;
	uint64_t bad = 0;

	for (unsigned int i = 0; i < 13; i++) {
		union {
			struct abi_ev_sa sa;
			struct abi_ev_acquire acq;
			struct abi_ev_port port;
			struct abi_ev_reply reply;
		} e = {.sa = sa};
		uint16_t type = ABI_EV_SA_EXPIRE;
		size_t len = sizeof(sa);

		switch (i) {
		case 0:
			type = 0;
			break;
		case 1:
			type = ABI_EV_PORT + 1;
			break;
		case 2:
			len -= 1;
			break;
		case 3:
			len += 1;
			break;
		case 4:
			e.sa.slot = 64;
			break;
		case 5:
			e.sa.spi = 255;
			break;
		case 6:
			e.sa.expire = 3;
			break;
		case 7:
			e.sa.limit = 5;
			break;
		case 8:
			e.sa.remote.family = 5;
			break;
		case 9:
			type = ABI_EV_PEER_MOVED;
			break; /* without an address */
		case 10:
			type = ABI_EV_ACQUIRE, e.acq = acq, len = sizeof(acq);
			e.acq.dst.family = 6;
			break;
		case 11:
			type = ABI_EV_PORT, len = sizeof(e.port);
			e.port = (struct abi_ev_port){.port = 2};
			break;
		default:
			type = ABI_EV_REPLY, len = sizeof(e.reply);
			e.reply = (struct abi_ev_reply){.status = 10, .command = 1};
			break;
		}
		fake_segment_event(&x->f, &e, type, len);
		turn(x);
		assert_int_equal(dataplane_stats(x->d)->bad_events, ++bad);
	}
	assert_int_equal(x->sa_events + x->acquires + x->ports, 0);
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
}

static void good_events_are_delivered(void **state)
{
	const struct abi_addr v4 = {.family = 4};
	struct fixture *x = *state;
	struct abi_ev_sa sa = {.slot = 1, .spi = 0x1001, .expire = 1, .limit = 1};
	struct abi_ev_acquire acq = {.policy_id = 1, .src = v4, .dst = v4};
	struct abi_ev_port port = {.port = 1, .link_up = 1};

	fake_segment_event(&x->f, &sa, ABI_EV_SA_EXPIRE, sizeof(sa));
	fake_segment_event(&x->f, &sa, ABI_EV_FIRST_TRAFFIC, sizeof(sa));
	fake_segment_event(&x->f, &acq, ABI_EV_ACQUIRE, sizeof(acq));
	fake_segment_event(&x->f, &port, ABI_EV_PORT, sizeof(port));
	turn(x);
	assert_int_equal(x->sa_events, 2);
	assert_int_equal(x->acquires, 1);
	assert_int_equal(x->ports, 1);
}

static void punted_records_are_checked(void **state)
{
	const struct abi_addr v4 = {.family = 4};
	struct fixture *x = *state;

	for (unsigned int i = 0; i < 7; i++) {
		struct abi_packet p = {
			.msg = {.type = ABI_PACKET_IKE, .length = ABI_PACKET_FIXED + 28},
			.src = v4,
			.dst = v4,
			.data_len = 28};

		switch (i) {
		case 1:
			p.msg.type = 2;
			break;
		case 2:
			p.data_len = 29;
			break;
		case 3:
			p.data_len = UINT32_MAX;
			break;
		case 4:
			p.dst.family = 6;
			break;
		case 5:
			p.port = 2;
			break;
		case 6:
			p.flags = 2;
			break;
		}
		assert_int_equal(abi_ring_put(&x->f.punt, &p, sizeof(p)), 0);
		turn(x);
		assert_int_equal(x->packets, 1);
		assert_int_equal(dataplane_stats(x->d)->bad_packets, i);
	}
}

static void inject_counts_what_does_not_fit(void **state)
{
	struct fixture *x = *state;
	struct abi_packet p = {.msg = {.type = ABI_PACKET_IKE, .length = ABI_PACKET_FIXED + 1},
			       .data_len = 1};

	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(dataplane_inject(x->d, &p), 0);
	assert_int_equal(dataplane_inject(x->d, &p), -ENOBUFS);
	assert_int_equal(dataplane_stats(x->d)->inject_full, 1);
	p.data_len = sizeof(p.data) + 1;
	assert_int_equal(dataplane_inject(x->d, &p), -EMSGSIZE);
}

/* Random bytes in every slot of the event and punt rings. */
static void random_records_never_break_it(void **state)
{
	struct fixture *x = *state;
	uint64_t seed = 0x9e3779b97f4a7c15ull;

	for (unsigned int round = 0; round < 20000; round++) {
		uint64_t rec[ABI_PACKET_SLOT / 8];

		for (size_t i = 0; i < ABI_PACKET_SLOT / 8; i++) {
			seed ^= seed << 13;
			seed ^= seed >> 7;
			seed ^= seed << 17;
			rec[i] = seed;
		}
		((struct abi_msg *)rec)->type = (uint16_t)(seed % 8);
		if (seed & 0x100)
			((struct abi_msg *)rec)->length = (uint16_t)(seed >> 32) % 256;
		abi_ring_put(&x->f.event, rec, ABI_EVENT_SLOT);
		abi_ring_put(&x->f.punt, rec, ABI_PACKET_SLOT);
		fake_segment_beat(&x->f, x->now);
		dataplane_poll(x->d, x->now += 1000);
	}
	assert_int_equal(dataplane_link(x->d), DATAPLANE_UP);
	assert_int_equal(x->replies, 0);
	assert_true(dataplane_stats(x->d)->bad_events > 10000);
}

static void counters_sum_over_workers(void **state)
{
	struct fixture *x = *state;
	struct abi_sa_counters c;

	for (uint32_t w = 0; w < 3; w++)
		*fake_segment_counters(&x->f, 5, w) = (struct abi_sa_counters){
			.packets = 10 + w, .bytes = 1000 * (w + 1), .last_used = 50 - w};
	segmap_sa_counters(dataplane_map(x->d), 5, &c);
	assert_int_equal(c.packets, 33);
	assert_int_equal(c.bytes, 6000);
	assert_int_equal(c.last_used, 50);
	segmap_sa_counters(dataplane_map(x->d), 64, &c);
	assert_int_equal(c.packets, 0);
}

#define T(name, up) cmocka_unit_test_setup_teardown(name, up, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(attaches_once_and_beats, setup),
		T(waits_for_a_segment, setup),
		T(refuses_another_major_version, setup),
		T(accepts_another_minor_version, setup),
		T(refuses_a_segment_open_to_others, setup),
		T(does_not_attach_without_a_heartbeat, setup),
		T(truncated_files_are_refused, setup),
		T(no_header_word_leads_outside, setup),
		T(header_changes_after_attach_change_nothing, setup_attached),
		T(tables_are_mapped_read_only, setup_attached),
		T(reply_reaches_its_command, setup_attached),
		T(unknown_and_repeated_replies_are_ignored, setup_attached),
		T(reply_to_another_type_is_bad, setup_attached),
		T(unanswered_commands_time_out, setup_attached),
		T(full_rings_push_back, setup_attached),
		T(impossible_lengths_are_refused, setup_attached),
		T(commands_end_when_the_dataplane_leaves, setup_attached),
		T(follows_to_a_new_epoch, setup_attached),
		T(silence_is_noticed_and_ends, setup_attached),
		T(missed_events_ask_for_a_resync, setup_attached),
		T(broken_event_ring_detaches_for_good, setup_attached),
		T(broken_command_and_punt_rings_detach, setup_attached),
		T(bad_events_are_counted_not_used, setup_attached),
		T(good_events_are_delivered, setup_attached),
		T(punted_records_are_checked, setup_attached),
		T(inject_counts_what_does_not_fit, setup_attached),
		T(random_records_never_break_it, setup_attached),
		T(counters_sum_over_workers, setup_attached),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
