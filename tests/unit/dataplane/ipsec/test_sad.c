/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sad.c - the SA database: what it refuses, what it finds, and what time does to its SAs. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#define S 1000000000ull

static uint32_t wrong_at;

static uint16_t try_add(const struct abi_sa_add *c)
{
	wrong_at = UINT32_MAX;
	return sad_add(esp.sad, c, ESPKIT_POLICY, kit.w->now, &wrong_at);
}

static int empty(void **state)
{
	int rc = espkit_begin(state);

	espkit_remove(IN_SLOT);
	espkit_remove(OUT_SLOT);
	return rc;
}

#define REFUSE(c, change, want, field)                                                             \
	do {                                                                                       \
		struct abi_sa_add bad = (c);                                                       \
		bad.change;                                                                        \
		assert_int_equal(try_add(&bad), want);                                             \
		assert_int_equal(wrong_at, offsetof(struct abi_sa_add, field));                    \
		assert_int_equal(sad_count(esp.sad), 0);                                           \
	} while (0)

static void fields_out_of_their_domain_are_refused(void **state)
{
	const struct abi_sa_add in = espkit_in(), out = espkit_out();

	(void)state;
	REFUSE(in, slot = ESPKIT_SAS, ABI_ERR_FIELD, slot);
	REFUSE(in, slot = UINT32_MAX, ABI_ERR_FIELD, slot);
	REFUSE(in, direction = 0, ABI_ERR_FIELD, direction);
	REFUSE(in, direction = 3, ABI_ERR_FIELD, direction);
	REFUSE(in, spi = IN_SPI + 1, ABI_ERR_FIELD, spi);
	REFUSE(in, spi = IN_SLOT, ABI_ERR_FIELD, spi);
	REFUSE(out, spi = 0, ABI_ERR_FIELD, spi);
	REFUSE(out, spi = 255, ABI_ERR_FIELD, spi);
	REFUSE(out, flags = 8, ABI_ERR_FIELD, flags);
	REFUSE(in, flags = ABI_SA_F_CURRENT, ABI_ERR_FIELD, flags);
	REFUSE(in, flags = ABI_SA_F_ESN, ABI_ERR_UNSUPPORTED, flags);
	REFUSE(in, mode = ABI_MODE_TRANSPORT, ABI_ERR_UNSUPPORTED, mode);
	REFUSE(in, mode = 0, ABI_ERR_FIELD, mode);
	REFUSE(in, mode = 3, ABI_ERR_FIELD, mode);
	REFUSE(in, encap = 2, ABI_ERR_FIELD, encap);
	REFUSE(in, local_port = 4500, ABI_ERR_FIELD, local_port);
	REFUSE(in, encap = ABI_ENCAP_UDP, ABI_ERR_FIELD, local_port);
	REFUSE(in, local.family = 6, ABI_ERR_UNSUPPORTED, local);
	REFUSE(in, local.family = 0, ABI_ERR_FIELD, local);
	REFUSE(in, local.bytes[0] = 0, ABI_ERR_FIELD, local);
	REFUSE(in, remote.bytes[0] = 127, ABI_ERR_FIELD, remote);
	REFUSE(in, remote.bytes[0] = 224, ABI_ERR_FIELD, remote);
	REFUSE(in, remote.family = 6, ABI_ERR_UNSUPPORTED, remote);
	REFUSE(in, encr = ABI_ENCR_AES_GCM_16, ABI_ERR_UNSUPPORTED, encr);
	REFUSE(in, encr = 0, ABI_ERR_UNSUPPORTED, encr);
	REFUSE(in, integ = ABI_INTEG_NONE, ABI_ERR_UNSUPPORTED, encr);
	REFUSE(in, encr_key_len = 17, ABI_ERR_FIELD, encr_key_len);
	REFUSE(in, encr_key_len = 255, ABI_ERR_FIELD, encr_key_len);
	REFUSE(in, integ_key_len = 19, ABI_ERR_FIELD, encr_key_len);
	REFUSE(in, integ_key_len = 255, ABI_ERR_FIELD, encr_key_len);
	REFUSE(in, salt_len = 4, ABI_ERR_FIELD, encr_key_len);
	REFUSE(in, replay_window = 1, ABI_ERR_FIELD, replay_window);
	REFUSE(in, replay_window = 63, ABI_ERR_FIELD, replay_window);
	REFUSE(in, replay_window = 65537, ABI_ERR_FIELD, replay_window);
	REFUSE(in, replay_window = UINT32_MAX, ABI_ERR_FIELD, replay_window);
	REFUSE(out, seq_start = 1ull << 32, ABI_ERR_FIELD, seq_start);
	REFUSE(out, seq_start = UINT64_MAX, ABI_ERR_FIELD, seq_start);
	REFUSE(in, n_local = 0, ABI_ERR_FIELD, n_local);
	REFUSE(in, n_local = ABI_MAX_SELECTORS + 1, ABI_ERR_FIELD, n_local);
	REFUSE(in, n_local = UINT16_MAX, ABI_ERR_FIELD, n_local);
	REFUSE(in, n_remote = 0, ABI_ERR_FIELD, n_remote);
	REFUSE(in, n_remote = UINT16_MAX, ABI_ERR_FIELD, n_remote);
	REFUSE(in, ts_local[0].family = 6, ABI_ERR_UNSUPPORTED, ts_local[0]);
	REFUSE(in, ts_local[0].family = 0, ABI_ERR_FIELD, ts_local[0]);
	REFUSE(in, ts_local[0].lo[3] = 255;
	       bad.ts_local[0].hi[3] = 254, ABI_ERR_FIELD, ts_local[0]);
	REFUSE(in, n_remote = 4, ABI_ERR_FIELD, ts_remote[1]);
	REFUSE(in, ts_remote[0].port_lo = 9;
	       bad.ts_remote[0].port_hi = 8, ABI_ERR_FIELD, ts_remote[0]);
}

static void lifetimes_are_checked(void **state)
{
	const struct abi_sa_add in = espkit_in();
	struct abi_sa_add good = in;

	(void)state;
	REFUSE(in, life.hard_time = kit.w->now, ABI_ERR_FIELD, life);
	REFUSE(in, life.hard_time = 1, ABI_ERR_FIELD, life);
	REFUSE(in, life.soft_bytes = 2; bad.life.hard_bytes = 1, ABI_ERR_FIELD, life);
	REFUSE(in, life.soft_packets = 2; bad.life.hard_packets = 1, ABI_ERR_FIELD, life);
	REFUSE(in, life.soft_time = kit.w->now + 2;
	       bad.life.hard_time = kit.w->now + 1, ABI_ERR_FIELD, life);
	good.life = (struct abi_lifetime){.soft_bytes = 5, .hard_time = kit.w->now + 1};
	assert_int_equal(try_add(&good), ABI_OK);
}

static void the_length_of_a_record_must_fit(void **state)
{
	struct abi_sa_add c = espkit_in();
	struct abi_sa_update u = {.msg = {.length = sizeof(u) - 1}};

	(void)state;
	c.msg.length--;
	assert_int_equal(try_add(&c), ABI_ERR_LENGTH);
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_LENGTH);
}

static void an_outbound_sa_needs_its_policy(void **state)
{
	struct abi_sa_add out = espkit_out(), in = espkit_in();

	(void)state;
	assert_int_equal(sad_add(esp.sad, &out, SAD_NONE, kit.w->now, &wrong_at),
			 ABI_ERR_NOT_FOUND);
	assert_int_equal(wrong_at, offsetof(struct abi_sa_add, policy_id));
	assert_int_equal(sad_add(esp.sad, &out, ESPKIT_POLICIES, kit.w->now, &wrong_at),
			 ABI_ERR_INTERNAL);
	assert_int_equal(sad_add(esp.sad, &in, SAD_NONE, kit.w->now, &wrong_at), ABI_OK);
}

static void a_taken_slot_is_refused_until_it_is_reclaimed(void **state)
{
	struct abi_sa_add c = espkit_in();

	(void)state;
	assert_int_equal(try_add(&c), ABI_OK);
	assert_int_equal(try_add(&c), ABI_ERR_EXISTS);
	assert_int_equal(sad_delete(esp.sad, IN_SLOT, IN_SPI + 64), ABI_ERR_NOT_FOUND);
	assert_int_equal(sad_delete(esp.sad, ESPKIT_SAS, IN_SPI), ABI_ERR_NOT_FOUND);
	sad_reclaim(esp.sad, IN_SLOT); /* not deleted: nothing happens */
	assert_ptr_not_equal(sad_lookup_in(esp.sad, IN_SPI), NULL);
	assert_int_equal(sad_delete(esp.sad, IN_SLOT, IN_SPI), ABI_OK);
	assert_null(sad_lookup_in(esp.sad, IN_SPI));
	assert_int_equal(kit.h->sa_status[IN_SLOT].state, ABI_SA_DEAD);
	assert_int_equal(sad_delete(esp.sad, IN_SLOT, IN_SPI), ABI_ERR_NOT_FOUND);
	assert_int_equal(try_add(&c), ABI_ERR_EXISTS);
	sad_reclaim(esp.sad, IN_SLOT);
	assert_int_equal(kit.h->sa_status[IN_SLOT].state, ABI_SA_FREE);
	assert_int_equal(kit.h->sa_status[IN_SLOT].spi, 0);
	assert_int_equal(try_add(&c), ABI_OK);
}

static void the_status_line_tells_no_keys(void **state)
{
	struct abi_sa_add c = espkit_out();
	const struct abi_sa_status *st = &kit.h->sa_status[OUT_SLOT];
	const uint8_t *p = (const uint8_t *)st;

	(void)state;
	memset(c.encr_key, 0xa7, sizeof(c.encr_key));
	memset(c.integ_key, 0xa7, sizeof(c.integ_key));
	assert_int_equal(try_add(&c), ABI_OK);
	assert_int_equal(st->state, ABI_SA_MATURE);
	assert_int_equal(st->spi, OUT_SPI);
	assert_int_equal(st->cookie, c.cookie);
	assert_int_equal(st->policy_id, c.policy_id);
	assert_int_equal(st->current, 1);
	assert_int_equal(st->added, kit.w->now);
	assert_int_equal(st->mtu, sad_slot(esp.sad, OUT_SLOT)->mtu);
	assert_memory_equal(&st->local, &c.local, sizeof(c.local));
	assert_memory_equal(&st->remote, &c.remote, sizeof(c.remote));
	for (size_t i = 0; i + 4 <= sizeof(*st); i++)
		assert_true(p[i] != 0xa7 || p[i + 1] != 0xa7 || p[i + 2] != 0xa7);
}

static void the_newest_current_sa_carries_the_policy(void **state)
{
	struct abi_sa_add c = espkit_out();
	struct abi_sa_update u = {.msg = {.length = sizeof(u)}, .what = ABI_SA_UPD_CURRENT};

	(void)state;
	assert_null(sad_lookup_out(esp.sad, ESPKIT_POLICY));
	assert_int_equal(try_add(&c), ABI_OK);
	assert_int_equal(sad_lookup_out(esp.sad, ESPKIT_POLICY)->slot, OUT_SLOT);
	c.slot = 30;
	c.spi++;
	c.flags = 0;
	assert_int_equal(try_add(&c), ABI_OK);
	assert_int_equal(sad_lookup_out(esp.sad, ESPKIT_POLICY)->slot, OUT_SLOT);
	u.slot = 30;
	u.spi = c.spi;
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_OK);
	assert_int_equal(sad_lookup_out(esp.sad, ESPKIT_POLICY)->slot, 30);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].current, 0);
	assert_int_equal(kit.h->sa_status[30].current, 1);
	/* The old one goes: nothing changes. The current one goes: there is none. */
	espkit_remove(OUT_SLOT);
	assert_int_equal(sad_lookup_out(esp.sad, ESPKIT_POLICY)->slot, 30);
	assert_int_equal(sad_delete(esp.sad, 30, c.spi), ABI_OK);
	assert_null(sad_lookup_out(esp.sad, ESPKIT_POLICY));
	sad_reclaim(esp.sad, 30);
	assert_null(sad_lookup_out(esp.sad, ESPKIT_POLICIES));
	assert_null(sad_lookup_out(esp.sad, UINT32_MAX));
}

static void an_outbound_sa_is_not_found_by_its_spi(void **state)
{
	struct abi_sa_add c = espkit_out();

	(void)state;
	/* The peer chose an SPI that happens to carry our slot. */
	c.spi = IN_SPI - IN_SLOT + OUT_SLOT;
	assert_int_equal(try_add(&c), ABI_OK);
	assert_null(sad_lookup_in(esp.sad, c.spi));
	assert_non_null(sad_slot(esp.sad, OUT_SLOT));
}

static void a_policy_that_goes_takes_its_binding_along(void **state)
{
	struct abi_sa_add c = espkit_out();

	(void)state;
	assert_int_equal(try_add(&c), ABI_OK);
	c = espkit_in();
	assert_int_equal(try_add(&c), ABI_OK);
	sad_unbind_policy(esp.sad, ESPKIT_POLICY);
	assert_null(sad_lookup_out(esp.sad, ESPKIT_POLICY));
	assert_int_equal(sad_slot(esp.sad, IN_SLOT)->policy, SAD_NONE);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].current, 0);
	sad_unbind_policy(esp.sad, ESPKIT_POLICIES);
}

static void updates_are_checked(void **state)
{
	struct abi_sa_add c = espkit_in();
	struct abi_sa_update u = {.msg = {.length = sizeof(u)}, .slot = IN_SLOT, .spi = IN_SPI};

	(void)state;
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_NOT_FOUND);
	assert_int_equal(try_add(&c), ABI_OK);
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_OK);
	u.spi++;
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_NOT_FOUND);
	u.spi = IN_SPI;
	u.what = 8;
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_FIELD);
	u.what = ABI_SA_UPD_CURRENT;
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_FIELD);
	u.what = ABI_SA_UPD_ENDPOINT;
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_FIELD);
	assert_int_equal(wrong_at, offsetof(struct abi_sa_update, local));
	u.local = abi4(WAN_US);
	u.remote = abi4(PEER);
	u.encap = ABI_ENCAP_UDP;
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_FIELD);
	assert_int_equal(wrong_at, offsetof(struct abi_sa_update, encap));
	u.what = ABI_SA_UPD_LIFETIME;
	u.life = (struct abi_lifetime){.soft_bytes = 2, .hard_bytes = 1};
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_FIELD);
}

static void finds_what_a_plain_list_finds(void **state)
{
	uint32_t spi[ESPKIT_SAS] = {0}; /* the twin: SPI by slot, 0 = free */
	uint64_t seed = 23;

	(void)state;
	for (unsigned int i = 0; i < 50000; i++) {
		uint64_t x = reference_random(&seed);
		uint32_t slot = (uint32_t)(x >> 8) % ESPKIT_SAS;
		uint32_t other = ((uint32_t)(x >> 32) % 8 + 4) * ESPKIT_SAS + slot;
		struct abi_sa_add c = espkit_in();
		const struct sa *sa;

		switch (x % 4) {
		case 0:
			c.slot = slot;
			c.spi = other;
			assert_int_equal(try_add(&c), spi[slot] ? ABI_ERR_EXISTS : ABI_OK);
			spi[slot] = spi[slot] ? spi[slot] : other;
			break;
		case 1:
			assert_int_equal(sad_delete(esp.sad, slot, other),
					 spi[slot] == other ? ABI_OK : ABI_ERR_NOT_FOUND);
			if (spi[slot] == other) {
				sad_reclaim(esp.sad, slot);
				spi[slot] = 0;
			}
			break;
		default:
			sa = sad_lookup_in(esp.sad, other);
			assert_int_equal(sa != NULL, spi[slot] == other);
			assert_true(sa == NULL || (sa->spi == other && sa->slot == slot));
			break;
		}
	}
}

static void count_traffic(uint32_t slot, uint64_t packets, uint64_t bytes)
{
	worker_sa(kit.w, slot)->packets += packets;
	worker_sa(kit.w, slot)->bytes += bytes;
}

static void expect_event(unsigned int i, uint16_t type, uint8_t expire, uint8_t limit)
{
	assert_true(i < esp.events);
	assert_int_equal(esp.event[i].msg.type, type);
	assert_int_equal(esp.event[i].msg.length, sizeof(struct abi_ev_sa));
	assert_int_equal(esp.event[i].expire, expire);
	assert_int_equal(esp.event[i].limit, limit);
	assert_int_equal(esp.event[i].slot, OUT_SLOT);
	assert_int_equal(esp.event[i].spi, OUT_SPI);
	assert_int_equal(esp.event[i].cookie, 1001);
}

static void add_out_with(struct abi_lifetime life)
{
	struct abi_sa_add c = espkit_out();

	c.life = life;
	assert_int_equal(try_add(&c), ABI_OK);
}

static void time_ends_an_sa_softly_then_hard(void **state)
{
	uint64_t t = kit.w->now;

	(void)state;
	add_out_with((struct abi_lifetime){.soft_time = t + 10 * S, .hard_time = t + 20 * S});
	espkit_tick(t + 10 * S - 1);
	assert_int_equal(esp.events, 0);
	espkit_tick(t + 10 * S);
	espkit_tick(t + 11 * S);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_TIME);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].state, ABI_SA_DYING);
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->state, SA_LIVE);
	espkit_tick(t + 20 * S - 1);
	assert_int_equal(esp.events, 1);
	espkit_tick(t + 20 * S);
	espkit_tick(t + 21 * S);
	assert_int_equal(esp.events, 2);
	expect_event(1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_TIME);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].state, ABI_SA_DEAD);
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->state, SA_EXPIRED);
	/* It stays to be counted against, cannot be revived, and can be deleted. */
	struct abi_sa_update u = {.msg = {.length = sizeof(u)},
				  .slot = OUT_SLOT,
				  .spi = OUT_SPI,
				  .what = ABI_SA_UPD_LIFETIME};

	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_ERR_NOT_FOUND);
	espkit_remove(OUT_SLOT);
	assert_int_equal(sad_count(esp.sad), 0);
}

static void bytes_and_packets_end_an_sa(void **state)
{
	(void)state;
	add_out_with((struct abi_lifetime){
		.soft_bytes = 1000, .hard_bytes = 2000, .soft_packets = 10, .hard_packets = 20});
	count_traffic(OUT_SLOT, 1, 999);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_FIRST_TRAFFIC, 0, 0);
	count_traffic(OUT_SLOT, 1, 1);
	espkit_tick(kit.w->now);
	expect_event(1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_BYTES);
	count_traffic(OUT_SLOT, 18, 0);
	espkit_tick(kit.w->now);
	expect_event(2, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_PACKETS);
	assert_int_equal(esp.events, 3);
}

static void a_new_lifetime_starts_over(void **state)
{
	uint64_t t = kit.w->now;
	struct abi_sa_update u = {.msg = {.length = sizeof(u)},
				  .slot = OUT_SLOT,
				  .spi = OUT_SPI,
				  .what = ABI_SA_UPD_LIFETIME,
				  .life = {.soft_time = t + 5 * S}};

	(void)state;
	add_out_with((struct abi_lifetime){.soft_time = t + S});
	espkit_tick(t + S);
	assert_int_equal(esp.events, 1);
	assert_int_equal(sad_update(esp.sad, &u, &wrong_at), ABI_OK);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].state, ABI_SA_MATURE);
	espkit_tick(t + 2 * S);
	assert_int_equal(esp.events, 1);
	espkit_tick(t + 5 * S);
	assert_int_equal(esp.events, 2);
}

static void first_traffic_is_told_once(void **state)
{
	(void)state;
	add_out_with((struct abi_lifetime){0});
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seen_traffic, 0);
	count_traffic(OUT_SLOT, 1, 60);
	espkit_tick(kit.w->now + 3);
	count_traffic(OUT_SLOT, 1, 60);
	espkit_tick(kit.w->now + 4);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_FIRST_TRAFFIC, 0, 0);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].seen_traffic, 1);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].first_used, kit.w->now + 3);
}

static void the_mark_stays_ahead_and_never_passes_the_end(void **state)
{
	const struct abi_sa_status *st = &kit.h->sa_status[OUT_SLOT];
	uint64_t last = 0;
	struct sa *sa;

	(void)state;
	add_out_with((struct abi_lifetime){0});
	sa = sad_slot(esp.sad, OUT_SLOT);
	for (uint64_t seq = 0; seq < (1ull << 32) + (1u << 26); seq += 5u << 20) {
		sa->seq = seq;
		espkit_tick(kit.w->now);
		assert_true(st->seq_mark >= last && st->seq_mark <= UINT32_MAX);
		assert_true(sa->seq_limit <= st->seq_mark);
		if (seq + (1u << 24) <= UINT32_MAX)
			assert_true(st->seq_mark >= seq + (1u << 24));
		assert_int_equal(st->seq, seq < UINT32_MAX ? seq : UINT32_MAX);
		last = st->seq_mark;
	}
	assert_int_equal(last, UINT32_MAX);
	/* 75 %, then the end. */
	assert_int_equal(esp.events, 2);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_SEQUENCE);
	expect_event(1, ABI_EV_SA_EXPIRE, ABI_EXPIRE_HARD, ABI_LIMIT_SEQUENCE);
}

static void soft_expiry_by_sequence_comes_at_three_quarters(void **state)
{
	struct abi_sa_add c = espkit_out();

	(void)state;
	c.seq_start = SA_SEQ_SOFT - 1;
	assert_int_equal(try_add(&c), ABI_OK);
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 0);
	sad_slot(esp.sad, OUT_SLOT)->seq++;
	espkit_tick(kit.w->now);
	assert_int_equal(esp.events, 1);
	expect_event(0, ABI_EV_SA_EXPIRE, ABI_EXPIRE_SOFT, ABI_LIMIT_SEQUENCE);
}

static void a_resumed_sa_starts_after_its_mark(void **state)
{
	struct abi_sa_add out = espkit_out(), in = espkit_in();

	(void)state;
	out.flags |= ABI_SA_F_RESUME;
	in.flags |= ABI_SA_F_RESUME;
	out.seq_start = in.seq_start = 70000;
	assert_int_equal(try_add(&out), ABI_OK);
	assert_int_equal(try_add(&in), ABI_OK);
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->seq, 70000);
	assert_int_equal(kit.h->sa_status[IN_SLOT].seq, 70000);
	assert_false(replay_check(sad_slot(esp.sad, IN_SLOT)->replay, 70000));
	assert_true(replay_check(sad_slot(esp.sad, IN_SLOT)->replay, 70001));
}

static uint16_t path_600(void *ctx, uint32_t remote)
{
	(void)ctx;
	assert_int_equal(remote, PEER);
	return 600;
}

static void ignore(void *ctx, const struct abi_ev_sa *ev)
{
	(void)ctx;
	(void)ev;
}

static void the_mtu_follows_the_path(void **state)
{
	const struct sad_tick_io io = {.counters = kit.h->sa_counters,
				       .stride = kit.w->stride,
				       .workers = 1,
				       .event = ignore,
				       .path_mtu = path_600};

	(void)state;
	add_out_with((struct abi_lifetime){0});
	/* 1500 - 20 - 8 - 16 - 12 = 1444, 90 blocks, less the trailer. */
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->mtu, 1438);
	sad_tick(esp.sad, &io, kit.w->now);
	/* 600 - 56 = 544, 34 blocks, less the trailer. */
	assert_int_equal(sad_slot(esp.sad, OUT_SLOT)->mtu, 542);
	assert_int_equal(kit.h->sa_status[OUT_SLOT].mtu, 542);
}

static void every_sa_has_its_turn(void **state)
{
	uint32_t n = 4 * SAD_TICK_BUDGET, detail;
	struct abi_sa_status *status = aligned_alloc(64, n * sizeof(*status));
	struct abi_sa_counters *lines = aligned_alloc(64, n * sizeof(*lines));
	struct sad *s;
	struct sad_tick_io io = {
		.counters = lines, .stride = 1, .workers = 1, .event = ignore, .path_mtu = NULL};

	(void)state;
	assert_non_null(status);
	assert_non_null(lines);
	memset(status, 0, n * sizeof(*status));
	memset(lines, 0, n * sizeof(*lines));
	s = sad_create(n, 1, status, SOCKET_ID_ANY);
	assert_non_null(s);
	for (uint32_t i = 0; i < n; i++) {
		struct abi_sa_add c = espkit_in();

		c.slot = i;
		c.spi = 7 * n + i;
		c.life.hard_time = kit.w->now + 1;
		assert_int_equal(sad_add(s, &c, 0, kit.w->now, &detail), ABI_OK);
	}
	for (unsigned int i = 0; i < 4; i++)
		sad_tick(s, &io, kit.w->now + 1);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(status[i].state, ABI_SA_DEAD);
	sad_free(s);
	free(status);
	free(lines);
}

/* A worker that looks up without pause while SAs come and go; passing `round` on is its quiescent
 * state. */
struct reader {
	uint64_t rounds;
	uint64_t found;
	uint64_t wrong;
	int stop;
};

static void *read_all(void *arg)
{
	struct reader *r = arg;

	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		for (uint32_t slot = 0; slot < 4; slot++) {
			for (uint32_t k = 4; k < 8; k++) {
				uint32_t spi = k * ESPKIT_SAS + slot;
				const struct sa *sa = sad_lookup_in(esp.sad, spi);

				if (sa == NULL)
					continue;
				r->found++;
				if (sa->spi != spi || sa->slot != slot || sa->replay == NULL)
					r->wrong++;
			}
		}
		__atomic_add_fetch(&r->rounds, 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void wait_quiescent(struct reader *r)
{
	uint64_t now;

	/* What was published before must be seen by the round after the next. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	now = __atomic_load_n(&r->rounds, __ATOMIC_ACQUIRE);
	while (__atomic_load_n(&r->rounds, __ATOMIC_ACQUIRE) < now + 2)
		sched_yield();
}

static void sas_come_and_go_under_a_reader(void **state)
{
	struct reader r = {0};
	pthread_t t;
	uint64_t seed = 29;

	(void)state;
	assert_int_equal(pthread_create(&t, NULL, read_all, &r), 0);
	for (unsigned int i = 0; i < 2000; i++) {
		struct abi_sa_add c = espkit_in();

		c.slot = (uint32_t)(reference_random(&seed) % 4);
		c.spi = (uint32_t)(4 + reference_random(&seed) % 4) * ESPKIT_SAS + c.slot;
		assert_int_equal(try_add(&c), ABI_OK);
		wait_quiescent(&r);
		assert_int_equal(sad_delete(esp.sad, c.slot, c.spi), ABI_OK);
		wait_quiescent(&r);
		sad_reclaim(esp.sad, c.slot);
	}
	__atomic_store_n(&r.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	assert_int_equal(r.wrong, 0);
	assert_true(r.found >= 2000);
}

struct writer {
	struct sa *sa;
	int stop;
};

static void *read_outer(void *arg)
{
	struct writer *w = arg;
	uint64_t bad = 0;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		struct sa_outer o;

		if (!sa_outer_read(w->sa, &o))
			continue;
		for (unsigned int i = 1; i < 6; i++)
			bad += o.word[i] != o.word[0];
	}
	return bad == 0 ? NULL : w;
}

static void an_outer_header_is_never_read_half_new(void **state)
{
	struct writer w = {0};
	struct sa_outer o;
	pthread_t t;
	void *bad;

	(void)state;
	add_out_with((struct abi_lifetime){0});
	w.sa = sad_slot(esp.sad, OUT_SLOT);
	memset(&o, 0, sizeof(o));
	sa_outer_write(w.sa, &o);
	assert_int_equal(pthread_create(&t, NULL, read_outer, &w), 0);
	for (uint64_t i = 0; i < 300000; i++) {
		for (unsigned int k = 0; k < 6; k++)
			o.word[k] = i;
		sa_outer_write(w.sa, &o);
	}
	__atomic_store_n(&w.stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, &bad);
	assert_null(bad);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(fields_out_of_their_domain_are_refused),
		CASE(lifetimes_are_checked),
		CASE(the_length_of_a_record_must_fit),
		CASE(an_outbound_sa_needs_its_policy),
		CASE(a_taken_slot_is_refused_until_it_is_reclaimed),
		CASE(the_status_line_tells_no_keys),
		CASE(the_newest_current_sa_carries_the_policy),
		CASE(an_outbound_sa_is_not_found_by_its_spi),
		CASE(a_policy_that_goes_takes_its_binding_along),
		CASE(updates_are_checked),
		CASE(finds_what_a_plain_list_finds),
		CASE(time_ends_an_sa_softly_then_hard),
		CASE(bytes_and_packets_end_an_sa),
		CASE(a_new_lifetime_starts_over),
		CASE(first_traffic_is_told_once),
		CASE(the_mark_stays_ahead_and_never_passes_the_end),
		CASE(soft_expiry_by_sequence_comes_at_three_quarters),
		CASE(a_resumed_sa_starts_after_its_mark),
		CASE(the_mtu_follows_the_path),
		CASE(every_sa_has_its_turn),
		CASE(sas_come_and_go_under_a_reader),
		CASE(an_outer_header_is_never_read_half_new),
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
