/* SPDX-License-Identifier: BSD-3-Clause */
/* test_sad.c - the SA database: what it refuses and what it finds. */
#include "tests/unit/dataplane/ipsec/espkit.h"

#define REFUSE(c, change, want, field)                                                             \
	do {                                                                                       \
		struct abi_sa_add bad = (c);                                                       \
		bad.change;                                                                        \
		assert_int_equal(espkit_try_add(&bad), want);                                      \
		assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_add, field));                \
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
	REFUSE(out, flags = 16, ABI_ERR_FIELD, flags);
	REFUSE(in, flags = ABI_SA_F_CURRENT, ABI_ERR_FIELD, flags);
	REFUSE(in, flags = ABI_SA_F_KEEP_MSS, ABI_ERR_FIELD, flags);
	REFUSE(in, mode = 0, ABI_ERR_FIELD, mode);
	REFUSE(in, mode = 3, ABI_ERR_FIELD, mode);
	REFUSE(in, encap = 2, ABI_ERR_FIELD, encap);
	REFUSE(in, local_port = 4500, ABI_ERR_FIELD, local_port);
	REFUSE(in, encap = ABI_ENCAP_UDP, ABI_ERR_FIELD, local_port);
	REFUSE(in, local.family = 6, ABI_ERR_FIELD, remote); /* the other is of family 4 */
	REFUSE(in, local.family = 0, ABI_ERR_FIELD, local);
	REFUSE(in, local.bytes[0] = 0, ABI_ERR_FIELD, local);
	REFUSE(in, remote.bytes[0] = 127, ABI_ERR_FIELD, remote);
	REFUSE(in, remote.bytes[0] = 224, ABI_ERR_FIELD, remote);
	REFUSE(in, remote.family = 6, ABI_ERR_FIELD, remote);
	REFUSE(in, encr = ABI_ENCR_AES_GCM_16, ABI_ERR_UNSUPPORTED, encr);
	REFUSE(in, encr = 0, ABI_ERR_UNSUPPORTED, encr);
	REFUSE(in, encr = ABI_ENCR_3DES, ABI_ERR_FIELD, encr_key_len);
	REFUSE(in, encr = ABI_ENCR_AES_CTR, ABI_ERR_FIELD, encr_key_len); /* no salt */
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
	REFUSE(in, ts_local[0].family = 6, ABI_ERR_FIELD, ts_remote[0]);
	REFUSE(in, ts_local[0].family = 6; bad.ts_remote[0].family = 6;
	       memset(bad.ts_remote[0].hi, 0, 16), ABI_ERR_FIELD, ts_remote[0]);
	REFUSE(in, ts_local[0].family = 0, ABI_ERR_FIELD, ts_local[0]);
	REFUSE(in, ts_local[0].lo[3] = 255;
	       bad.ts_local[0].hi[3] = 254, ABI_ERR_FIELD, ts_local[0]);
	REFUSE(in, n_remote = 4, ABI_ERR_FIELD, ts_remote[1]);
	REFUSE(in, ts_remote[0].port_lo = 9;
	       bad.ts_remote[0].port_hi = 8, ABI_ERR_FIELD, ts_remote[0]);
}

/* RFC 2451 section 2.3. */
static void a_3des_key_that_makes_single_des_is_refused(void **state)
{
	struct abi_sa_add c = espkit_in();

	(void)state;
	c.encr = ABI_ENCR_3DES;
	c.encr_key_len = 24;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	espkit_remove(IN_SLOT);
	memcpy(c.encr_key + 8, c.encr_key, 8);
	assert_int_equal(espkit_try_add(&c), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_add, encr_key));
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
	assert_int_equal(espkit_try_add(&good), ABI_OK);
}

static void the_length_of_a_record_must_fit(void **state)
{
	struct abi_sa_add c = espkit_in();
	struct abi_sa_update u = {.msg = {.length = sizeof(u) - 1}};

	(void)state;
	c.msg.length--;
	assert_int_equal(espkit_try_add(&c), ABI_ERR_LENGTH);
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_LENGTH);
}

static void an_outbound_sa_needs_its_policy(void **state)
{
	struct abi_sa_add out = espkit_out(), in = espkit_in();

	(void)state;
	assert_int_equal(sad_add(esp.sad, &out, SAD_NONE, kit.w->now, &esp.wrong_at),
			 ABI_ERR_NOT_FOUND);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_add, policy_id));
	assert_int_equal(sad_add(esp.sad, &out, ESPKIT_POLICIES, kit.w->now, &esp.wrong_at),
			 ABI_ERR_INTERNAL);
	assert_int_equal(sad_add(esp.sad, &in, SAD_NONE, kit.w->now, &esp.wrong_at), ABI_OK);
}

static void a_taken_slot_is_refused_until_it_is_reclaimed(void **state)
{
	struct abi_sa_add c = espkit_in();

	(void)state;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	assert_int_equal(espkit_try_add(&c), ABI_ERR_EXISTS);
	assert_int_equal(sad_delete(esp.sad, IN_SLOT, IN_SPI + 64), ABI_ERR_NOT_FOUND);
	assert_int_equal(sad_delete(esp.sad, ESPKIT_SAS, IN_SPI), ABI_ERR_NOT_FOUND);
	sad_reclaim(esp.sad, IN_SLOT); /* not deleted: nothing happens */
	assert_ptr_not_equal(sad_lookup_in(esp.sad, IN_SPI), NULL);
	assert_int_equal(sad_delete(esp.sad, IN_SLOT, IN_SPI), ABI_OK);
	assert_null(sad_lookup_in(esp.sad, IN_SPI));
	assert_int_equal(kit.h->sa_status[IN_SLOT].state, ABI_SA_DEAD);
	assert_int_equal(sad_delete(esp.sad, IN_SLOT, IN_SPI), ABI_ERR_NOT_FOUND);
	assert_int_equal(espkit_try_add(&c), ABI_ERR_EXISTS);
	sad_reclaim(esp.sad, IN_SLOT);
	assert_int_equal(kit.h->sa_status[IN_SLOT].state, ABI_SA_FREE);
	assert_int_equal(kit.h->sa_status[IN_SLOT].spi, 0);
	assert_int_equal(espkit_try_add(&c), ABI_OK);
}

static void the_status_line_tells_no_keys(void **state)
{
	struct abi_sa_add c = espkit_out();
	const struct abi_sa_status *st = &kit.h->sa_status[OUT_SLOT];
	const uint8_t *p = (const uint8_t *)st;

	(void)state;
	memset(c.encr_key, 0xa7, sizeof(c.encr_key));
	memset(c.integ_key, 0xa7, sizeof(c.integ_key));
	assert_int_equal(espkit_try_add(&c), ABI_OK);
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
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	assert_int_equal(sad_lookup_out(esp.sad, ESPKIT_POLICY)->slot, OUT_SLOT);
	c.slot = 30;
	c.spi++;
	c.flags = 0;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	assert_int_equal(sad_lookup_out(esp.sad, ESPKIT_POLICY)->slot, OUT_SLOT);
	u.slot = 30;
	u.spi = c.spi;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_OK);
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
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	assert_null(sad_lookup_in(esp.sad, c.spi));
	assert_non_null(sad_slot(esp.sad, OUT_SLOT));
}

static void a_policy_that_goes_takes_its_binding_along(void **state)
{
	struct abi_sa_add c = espkit_out();
	struct sa_brief brief, now;

	(void)state;
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	c = espkit_in();
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	assert_int_equal(sad_slot(esp.sad, IN_SLOT)->clamp_by, ESPKIT_POLICY);
	assert_true(sa_brief_read(sad_slot(esp.sad, OUT_SLOT), &brief));
	sad_unbind_policy(esp.sad, ESPKIT_POLICY);
	assert_int_equal(sad_slot(esp.sad, IN_SLOT)->clamp_by, SAD_NONE);
	/* Packets of a burst at hand may still be on the way to it. */
	assert_true(sa_brief_read(sad_slot(esp.sad, OUT_SLOT), &now));
	assert_int_equal(now.rest, brief.rest);
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
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_NOT_FOUND);
	assert_int_equal(espkit_try_add(&c), ABI_OK);
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_OK);
	u.spi++;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_NOT_FOUND);
	u.spi = IN_SPI;
	u.what = 8;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
	u.what = ABI_SA_UPD_CURRENT;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
	u.what = ABI_SA_UPD_ENDPOINT;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_update, local));
	u.local = abi4(WAN_US);
	u.remote = abi4(PEER);
	u.encap = ABI_ENCAP_UDP;
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
	assert_int_equal(esp.wrong_at, offsetof(struct abi_sa_update, encap));
	u.what = ABI_SA_UPD_LIFETIME;
	u.life = (struct abi_lifetime){.soft_bytes = 2, .hard_bytes = 1};
	assert_int_equal(sad_update(esp.sad, &u, &esp.wrong_at), ABI_ERR_FIELD);
}

static void finds_what_a_plain_list_finds(void **state)
{
	uint32_t spi[ESPKIT_SAS] = {0}; /* the twin: SPI by slot, 0 = free */
	uint64_t seed = 23;

	(void)state;
	for (unsigned int i = 0; i < 50000; i++) {
		uint64_t x = random_next(&seed);
		uint32_t slot = (uint32_t)(x >> 8) % ESPKIT_SAS;
		uint32_t other = ((uint32_t)(x >> 32) % 8 + 4) * ESPKIT_SAS + slot;
		struct abi_sa_add c = espkit_in();
		const struct sa *sa;

		switch (x % 4) {
		case 0:
			c.slot = slot;
			c.spi = other;
			assert_int_equal(espkit_try_add(&c), spi[slot] ? ABI_ERR_EXISTS : ABI_OK);
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

#define CASE(f) cmocka_unit_test_setup_teardown(f, espkit_begin_empty, espkit_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(fields_out_of_their_domain_are_refused),
		CASE(a_3des_key_that_makes_single_des_is_refused),
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
	};

	return cmocka_run_group_tests(tests, espkit_setup, espkit_teardown);
}
