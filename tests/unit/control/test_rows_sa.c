/* SPDX-License-Identifier: BSD-3-Clause */
/* test_rows_sa.c - the two installed-sa rows of the tutorial, number for number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/rows.h"
#include "control/secret.h"
#include "control/totals.h"
#include "fake_segment.h"

#define START	   (5000 * NS_PER_SEC)
#define ADDED_WALL 1661678530 /* aug/28/2022 17:22:10, east of Greenwich */

struct fixture {
	struct fake_segment f;
	struct segmap map;
	struct sa_pair pair;
	struct rows_sa in, out;
	struct value v[INSTALLED_SA_PROPS];
};

static void endpoint(struct sa_half *h, uint8_t direction, uint32_t slot, uint32_t spi)
{
	h->add = (struct sa_added){
		.msg.type = ABI_CMD_SA_ADD,
		.slot = slot,
		.spi = spi,
		.direction = direction,
		.encap = ABI_ENCAP_UDP,
		.encr = ABI_ENCR_AES_CBC,
		.integ = ABI_INTEG_HMAC_MD5_96,
		.encr_key_len = 16,
		.integ_key_len = 16,
		.local_port = 4500,
		.remote_port = 4500,
		.replay_window = direction == ABI_DIR_IN ? 128 : 0,
		.local = {.family = 4, .bytes = {113, 87, 48, 200}},
		.remote = {.family = 4, .bytes = {119, 91, 254, 122}},
		/* 24m and 30m from the moment it was negotiated, 0.3 s before it was recorded */
		.life = {.soft_time = START + 1440 * NS_PER_SEC - 300000000,
			 .hard_time = START + 1800 * NS_PER_SEC - 300000000},
	};
	h->installed = true;
}

static void keys(struct sa_half *h, const char *auth, const char *enc)
{
	struct sa_keys *k;

	h->keys = secret_new(NULL, sizeof(*k));
	k = (struct sa_keys *)(void *)h->keys->data;
	memcpy(k->integ_key, auth, 16);
	memcpy(k->encr_key, enc, 16);
}

static void status(struct fixture *x, const struct sa_half *h)
{
	*fake_segment_sa(&x->f, h->add.slot) = (struct abi_sa_status){
		.state = ABI_SA_MATURE,
		.spi = h->add.spi,
		.direction = h->add.direction,
		.policy_id = 3,
		.current = 1,
		.mtu = 1422,
		.seq = 25,
	};
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	char why[160];

	fake_segment_make(&x->f, "rows", 7, START);
	if (segmap_open(&x->map, x->f.name, START, why, sizeof(why)) != 0)
		return 1;
	x->pair.added = START;
	x->pair.added_wall = ADDED_WALL;
	x->pair.policy_id = 3;
	strcpy(x->pair.peer, "to_tencent");
	strcpy(x->pair.comment, "to_tencent");
	endpoint(&x->pair.in, ABI_DIR_IN, 0x19, 0x2953159);
	endpoint(&x->pair.out, ABI_DIR_OUT, 2, 0x8051BFF6);
	keys(&x->pair.in, "\x75\xdf\xa2\x4b\x76\xa5\x71\xdc\xc9\xec\xcb\xb5\xc4\x8b\x5b\x5d",
	     "\xdf\x47\x09\x8b\xf7\x8a\x98\xa7\xbe\x4e\x45\xb1\xf2\xa6\x49\x08");
	keys(&x->pair.out, "\x20\xe6\x3c\x4d\x95\x09\x5d\x1f\x8d\x96\xc9\xe5\xb0\xf2\x56\xcf",
	     "\x8d\x33\xed\x1b\xea\x1d\x2d\xf3\x3f\x8a\xa8\xa2\x8f\xd0\x73\xb4");
	status(x, &x->pair.in);
	status(x, &x->pair.out);
	/* 10m43s later */
	x->in = (struct rows_sa){.map = &x->map,
				 .pair = &x->pair,
				 .half = &x->pair.in,
				 .now = START + 643 * NS_PER_SEC - 300000000,
				 .wall_now = ADDED_WALL + 643};
	x->out = x->in;
	x->out.half = &x->pair.out;
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	secret_free(x->pair.in.keys);
	secret_free(x->pair.out.keys);
	segmap_close(&x->map);
	fake_segment_remove(&x->f);
	free(x);
	return 0;
}

static void times_are_the_tutorials(void **state)
{
	struct fixture *x = *state;

	rows_fill_sa(&x->in, x->v);
	assert_int_equal(x->v[SA_ADDTIME].num, ADDED_WALL);
	assert_int_equal(x->v[SA_EXPIRES_IN].num, 19 * 60 + 17); /* to the hard lifetime */
	assert_int_equal(x->v[SA_ADD_LIFETIME].num, 24 * 60);
	assert_int_equal(x->v[SA_ADD_LIFETIME].num2, 30 * 60);
	assert_false(x->v[SA_LIFEBYTES].set);
}

static void an_expired_sa_has_no_time_left(void **state)
{
	struct fixture *x = *state;

	x->in.now = START + 2000 * NS_PER_SEC;
	rows_fill_sa(&x->in, x->v);
	assert_int_equal(x->v[SA_EXPIRES_IN].num, 0);
}

static void addresses_are_mirrored_with_ports(void **state)
{
	static const uint8_t ours[] = {113, 87, 48, 200}, theirs[] = {119, 91, 254, 122};
	struct fixture *x = *state;

	rows_fill_sa(&x->in, x->v);
	assert_memory_equal(x->v[SA_SRC].addr.bytes, theirs, 4);
	assert_memory_equal(x->v[SA_DST].addr.bytes, ours, 4);
	assert_int_equal(x->v[SA_SRC].port, 4500);
	assert_int_equal(x->v[SA_DST].port, 4500);
	rows_fill_sa(&x->out, x->v);
	assert_memory_equal(x->v[SA_SRC].addr.bytes, ours, 4);
	assert_memory_equal(x->v[SA_DST].addr.bytes, theirs, 4);
}

static void plain_esp_shows_no_ports(void **state)
{
	struct fixture *x = *state;

	x->pair.in.add.encap = ABI_ENCAP_NONE;
	rows_fill_sa(&x->in, x->v);
	assert_int_equal(x->v[SA_SRC].port, 0);
	assert_int_equal(x->v[SA_DST].port, 0);
	assert_int_equal(x->v[SA_UDP_ENCAP].num, 0);
}

static void each_integrity_algorithm_has_its_configuration_word(void **state)
{
	static const struct {
		uint8_t integ;
		const char *word;
	} names[] = {
		{ABI_INTEG_HMAC_MD5_96, "md5"},		 {ABI_INTEG_HMAC_SHA1_96, "sha1"},
		{ABI_INTEG_HMAC_SHA2_256_128, "sha256"}, {ABI_INTEG_HMAC_SHA2_256_96, "sha256_96"},
		{ABI_INTEG_HMAC_SHA2_384_192, "sha384"}, {ABI_INTEG_HMAC_SHA2_512_256, "sha512"},
	};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		x->pair.in.add.integ = names[i].integ;
		rows_fill_sa(&x->in, x->v);
		assert_string_equal(x->v[SA_AUTH_ALGORITHM].text, names[i].word);
	}
}

static void algorithms_and_keys_are_the_tutorials(void **state)
{
	struct fixture *x = *state;

	rows_fill_sa(&x->in, x->v);
	assert_int_equal(x->v[SA_SPI].num, 0x2953159);
	assert_string_equal(x->v[SA_STATE].text, "mature");
	assert_string_equal(x->v[SA_AUTH_ALGORITHM].text, "md5");
	assert_string_equal(x->v[SA_ENC_ALGORITHM].text, "aes-cbc");
	assert_int_equal(x->v[SA_ENC_KEY_SIZE].num, 128);
	assert_int_equal(x->v[SA_AUTH_KEY].len, 16);
	assert_int_equal(x->v[SA_AUTH_KEY].bytes[0], 0x75);
	assert_int_equal(x->v[SA_ENC_KEY].bytes[15], 0x08);
	assert_int_equal(x->v[SA_REPLAY].num, 128);
	rows_fill_sa(&x->out, x->v);
	assert_int_equal(x->v[SA_SPI].num, 0x8051BFF6);
	assert_int_equal(x->v[SA_REPLAY].num, 128);
}

static void adopted_sas_show_no_keys(void **state)
{
	struct fixture *x = *state;

	secret_free(x->pair.in.keys);
	x->pair.in.keys = NULL;
	rows_fill_sa(&x->in, x->v);
	assert_false(x->v[SA_AUTH_KEY].set);
	assert_false(x->v[SA_ENC_KEY].set);
	assert_string_equal(x->v[SA_STATE].text, "mature");
}

static void counters_are_inner_and_summed(void **state)
{
	struct fixture *x = *state;

	*fake_segment_counters(&x->f, 2, 0) =
		(struct abi_sa_counters){.packets = 20, .bytes = 3000, .wire_bytes = 4000};
	*fake_segment_counters(&x->f, 2, 2) = (struct abi_sa_counters){
		.packets = 5, .bytes = 1121, .last_used = START + 600 * NS_PER_SEC};
	rows_fill_sa(&x->out, x->v);
	assert_int_equal(x->v[SA_CURRENT_PACKETS].num, 25);
	assert_int_equal(x->v[SA_CURRENT_BYTES].num, 4121);
	assert_int_equal(x->v[SA_SEEN_TRAFFIC].num, 1);
	assert_string_equal(x->v[SA_WORKERS].text, "0,2");
	assert_int_equal(x->v[SA_LAST_USED].num, ADDED_WALL + 601);
	rows_fill_sa(&x->in, x->v);
	assert_int_equal(x->v[SA_CURRENT_PACKETS].num, 0);
	assert_int_equal(x->v[SA_SEEN_TRAFFIC].num, 0);
	assert_false(x->v[SA_LAST_USED].set);
	assert_false(x->v[SA_WORKERS].set);
}

static void drops_name_their_causes(void **state)
{
	struct fixture *x = *state;
	struct abi_sa_drops *d = fake_segment_area(&x->f, ABI_AREA_SA_DROPS);

	d += 0x19;
	d->count[DROP_IN_STATE_SEQUENCE_ERRORS] = 4;
	d += x->f.hdr->max_sas; /* another worker's */
	d->count[DROP_IN_STATE_SEQUENCE_ERRORS] = 3;
	d->count[DROP_IN_STATE_PROTOCOL_ERRORS] = 1;
	rows_fill_sa(&x->in, x->v);
	assert_string_equal(x->v[SA_DROP_CAUSES].text,
			    "in-state-protocol-errors:1,in-state-sequence-errors:7");
	rows_fill_sa(&x->out, x->v);
	assert_false(x->v[SA_DROP_CAUSES].set);
}

static void states_follow_the_status_table(void **state)
{
	static const struct {
		uint32_t state;
		const char *name;
	} t[] = {{ABI_SA_LARVAL, "larval"},
		 {ABI_SA_MATURE, "mature"},
		 {ABI_SA_DYING, "dying"},
		 {ABI_SA_DEAD, "dead"}};
	struct fixture *x = *state;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		fake_segment_sa(&x->f, 0x19)->state = t[i].state;
		rows_fill_sa(&x->in, x->v);
		assert_string_equal(x->v[SA_STATE].text, t[i].name);
	}
	fake_segment_sa(&x->f, 0x19)->spi++; /* another SA has the slot */
	rows_fill_sa(&x->in, x->v);
	assert_string_equal(x->v[SA_STATE].text, "dead");
	x->pair.in.installed = false;
	rows_fill_sa(&x->in, x->v);
	assert_string_equal(x->v[SA_STATE].text, "larval");
}

/* --- totals --- */

static void set_policy(struct fixture *x, uint32_t index, uint32_t id, uint64_t dead_out,
		       uint64_t dead_in)
{
	struct abi_policy_status *s = fake_segment_area(&x->f, ABI_AREA_POLICY_STATUS);
	struct abi_policy_counters *c = fake_segment_area(&x->f, ABI_AREA_POLICY_COUNTERS);

	s[index].policy_id = id;
	c[index].dead_out_packets = dead_out;
	c[index].dead_in_bytes = dead_in;
	c[index].out_hits = 10;
	c[2 * x->f.hdr->max_policies + index].out_hits = 1;
	c[index].dead_out_hits = 100;
	c[index].in_hits = 2;
	c[index].dead_in_packets = 40;
}

static void totals_add_live_and_dead(void **state)
{
	struct fixture *x = *state;
	struct totals t = {0};
	struct totals_row r;

	set_policy(x, 5, 3, 1000, 64);
	set_policy(x, 1, 9, 1, 1);
	fake_segment_counters(&x->f, 2, 1)->packets = 25;
	fake_segment_counters(&x->f, 2, 1)->hits = 26;
	fake_segment_counters(&x->f, 0x19, 0)->bytes = 3303;
	fake_segment_counters(&x->f, 0x19, 0)->packets = 5;
	assert_int_equal(totals_collect(&t, &x->map), 0);
	r = totals_of(&t, 3);
	assert_int_equal(r.out_packets, 1025);
	assert_int_equal(r.in_bytes, 3367);
	assert_int_equal(r.out_hits, 11 + 100 + 26);
	assert_int_equal(r.in_hits, 2 + 40 + 5);
	assert_int_equal(totals_of(&t, 9).out_packets, 1);
	assert_int_equal(totals_of(&t, 4).out_packets, 0);
	totals_free(&t);
}

static void totals_survive_the_segment(void **state)
{
	struct segmap none = {0};
	struct fixture *x = *state;
	struct totals t = {0};

	set_policy(x, 5, 3, 1000, 0);
	fake_segment_counters(&x->f, 2, 1)->packets = 25;
	assert_int_equal(totals_keep(&t, &x->map), 0);
	assert_int_equal(totals_collect(&t, &none), 0);
	assert_int_equal(totals_of(&t, 3).out_packets, 1025);
	/* the next one counts on from there, its policies in other places */
	memset(fake_segment_area(&x->f, ABI_AREA_POLICY_STATUS), 0,
	       8 * sizeof(struct abi_policy_status));
	set_policy(x, 0, 3, 7, 0);
	fake_segment_counters(&x->f, 2, 1)->packets = 1;
	assert_int_equal(totals_collect(&t, &x->map), 0);
	assert_int_equal(totals_of(&t, 3).out_packets, 1033);
	totals_free(&t);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(times_are_the_tutorials),
		T(an_expired_sa_has_no_time_left),
		T(addresses_are_mirrored_with_ports),
		T(plain_esp_shows_no_ports),
		T(each_integrity_algorithm_has_its_configuration_word),
		T(algorithms_and_keys_are_the_tutorials),
		T(adopted_sas_show_no_keys),
		T(counters_are_inner_and_summed),
		T(drops_name_their_causes),
		T(states_follow_the_status_table),
		T(totals_add_live_and_dead),
		T(totals_survive_the_segment),
	};

	if (secret_setup(1 << 20) < 0)
		return 1;
	setenv("TZ", "UTC0", 1); /* dates are printed in local time */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
