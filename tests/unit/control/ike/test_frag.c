/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_frag.c - fragments of IKEv2 messages: cut and put together in any order, and every number
 * that an authentic but strange peer may write on them.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike2/ike2.h"

#define TEXT 5000u

static struct ike_sa a, b;
static struct ike2_sa a2, b2;
static struct ike2_out out;
static struct ike2_in in;
static uint8_t text[TEXT];

/* Two ends with the same keys: a is the initiator. */
static int setup(void **state)
{
	(void)state;
	memset(&a, 0, sizeof(a));
	memset(&a2, 0, sizeof(a2));
	a2.keys = (struct keymat_ike2){
		.prf = SUITE_HASH_SHA256, .encr = 20, .key_bits = 128, .len = 32, .encr_len = 20};
	memset(a2.keys.sk_e, 0x5a, sizeof(a2.keys.sk_e));
	a2.keys.sk_e[1][0] ^= 1;
	a2.fragments = true;
	a.ispi = 1;
	a.rspi = 2;
	b = a;
	b2 = a2;
	b.responder = true;
	a.v2 = &a2;
	b.v2 = &b2;
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (uint8_t)(i * 7);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ike2_frag_free(&b2);
	return 0;
}

/* How many datagrams a message with so many bytes of payload becomes. */
static unsigned cut(size_t len, const uint8_t *at[], size_t lens[])
{
	unsigned n = 0;

	ike2_seal_begin(&out, &a, IKE2_EXCH_INFO, 3, false, true);
	ike_msg_add(&out.b, IKE2_PLD_VENDOR, text, len);
	assert_int_equal(ike2_seal_finish(NULL, &out, &a), 0);
	for (size_t pos = 0; pos < out.len; pos += lens[n++]) {
		at[n] = out.buf + pos;
		lens[n] = (size_t)(at[n][26] << 8 | at[n][27]);
		assert_true(lens[n] <= IKE2_FRAGMENT);
	}
	return n;
}

static int give(const uint8_t *data, size_t len)
{
	struct ike_datagram d = {.data = data, .len = len};
	struct ike_parse_error error;

	in.d = &d;
	assert_int_equal(ike_msg_parse_header(&in.hdr, data, len, &error), 0);
	return ike2_seal_open(&b, &in);
}

static void pieces_in_any_order_make_the_message(void **state)
{
	const uint8_t *at[IKE2_MAX_FRAGMENTS];
	size_t lens[IKE2_MAX_FRAGMENTS];
	uint32_t seed = 1;

	(void)state;
	for (size_t len = 1; len < TEXT; len += 173) {
		unsigned n = cut(len, at, lens), order[IKE2_MAX_FRAGMENTS];

		assert_int_equal(n > 1, len > 1170);
		for (unsigned i = 0; i < n; i++)
			order[i] = i;
		for (unsigned i = n; i > 1; i--) {
			unsigned k, swap = order[i - 1];

			seed = seed * 1103515245u + 12345u;
			k = (seed >> 16) % i;
			order[i - 1] = order[k];
			order[k] = swap;
		}
		for (unsigned i = 0; i < n; i++) {
			assert_int_equal(give(at[order[i]], lens[order[i]]),
					 i + 1 < n ? -EAGAIN : 0);
			if (i + 1 < n)
				assert_int_equal(give(at[order[i]], lens[order[i]]), -EALREADY);
		}
		assert_int_equal(in.fragmented, n > 1);
		assert_int_equal(in.msg.n, 1);
		assert_int_equal(in.msg.pld[0].body.len, len);
		assert_memory_equal(in.msg.pld[0].body.data, text, len);
		assert_null(b2.frags);
	}
}

static void the_digest_is_that_of_the_first(void **state)
{
	const uint8_t *at[IKE2_MAX_FRAGMENTS];
	size_t lens[IKE2_MAX_FRAGMENTS];
	struct exchange first = {0};
	unsigned n = cut(3000, at, lens);

	(void)state;
	for (unsigned i = n; i-- > 0;)
		(void)give(at[i], lens[i]);
	exchange_took(&first, at[0], lens[0]);
	assert_true(in.digest.have_last);
	assert_memory_equal(in.digest.last, first.last, sizeof(first.last));
}

/* A fragment by hand, with any numbers on it. */
static int strange(unsigned number, unsigned total, size_t len)
{
	struct ike_hdr hdr = {.ispi = 1,
			      .rspi = 2,
			      .version = IKE_VERSION_2,
			      .exchange = IKE2_EXCH_INFO,
			      .flags = IKE2_FLAG_INITIATOR,
			      .msgid = 3};
	static uint8_t buf[IKE_MAX_MESSAGE];
	struct ike_builder m;
	size_t whole, iv_at;

	ike_msg_begin(&m, buf, sizeof(buf), &hdr);
	ike_msg_open(&m, IKE2_PLD_SKF);
	wire_put_u16(&m.w, (uint16_t)number);
	wire_put_u16(&m.w, (uint16_t)total);
	iv_at = m.w.pos;
	wire_put_u64(&m.w, ++a2.iv);
	wire_put_bytes(&m.w, text, len);
	wire_put_u8(&m.w, 0);
	wire_put_zero(&m.w, 16);
	ike_msg_close(&m);
	assert_int_equal(ike_msg_finish(&m, 0, &whole), 0);
	assert_int_equal(sk_ike2_seal(&a2.keys, KEYMAT_I, buf, iv_at, whole), 0);
	return give(buf, whole);
}

static void numbers_that_cannot_be_are_refused(void **state)
{
	(void)state;
	assert_int_equal(strange(0, 2, 10), -EACCES);
	assert_int_equal(strange(1, 0, 10), -EACCES);
	assert_int_equal(strange(3, 2, 10), -EACCES);
	assert_int_equal(strange(1, 65535, 10), -EACCES);
	assert_int_equal(strange(1, IKE2_MAX_FRAGMENTS + 1, 10), -EACCES);
	assert_null(b2.frags);
	assert_int_equal(strange(IKE2_MAX_FRAGMENTS, IKE2_MAX_FRAGMENTS, 10), -EAGAIN);
}

static void more_fragments_begin_anew_and_fewer_are_late(void **state)
{
	(void)state;
	assert_int_equal(strange(1, 2, 10), -EAGAIN);
	assert_int_equal(strange(1, 3, 10), -EAGAIN);
	assert_int_equal(strange(2, 2, 10), -EALREADY);
	assert_int_equal(strange(1, 3, 10), -EALREADY);
	assert_int_equal(strange(2, 3, 10), -EAGAIN);
}

static void pieces_do_not_wait_for_ever(void **state)
{
	uint64_t limit = IKE2_FRAGMENTS_S * 1000000000ull;

	(void)state;
	in.now = 5;
	assert_int_equal(strange(1, 2, 10), -EAGAIN);
	in.now = limit + 4;
	assert_int_equal(strange(1, 2, 10), -EALREADY); /* just there still */
	in.now = limit + 5;
	assert_int_equal(strange(2, 2, 10), -EAGAIN); /* the first is gone */
	ike2_frag_expire(&b2, 2 * limit + 4);
	assert_non_null(b2.frags);
	ike2_frag_expire(&b2, 2 * limit + 5);
	assert_null(b2.frags);
	in.now = 0;
}

static void too_much_together_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(strange(1, 3, 4500), -EAGAIN);
	assert_int_equal(strange(2, 3, 4500), -EACCES);
	assert_null(b2.frags);
}

static void who_did_not_agree_gets_none(void **state)
{
	(void)state;
	b2.fragments = false;
	assert_int_equal(strange(1, 2, 10), -EACCES);
	assert_null(b2.frags);
}

static void what_is_not_authentic_is_not_kept(void **state)
{
	const uint8_t *at[IKE2_MAX_FRAGMENTS];
	size_t lens[IKE2_MAX_FRAGMENTS];
	unsigned n = cut(3000, at, lens);

	(void)state;
	assert_true(n > 1);
	for (size_t i = 16; i < lens[0]; i++) {
		uint8_t copy[IKE2_FRAGMENT];

		if (i == 17 || (i >= 24 && i < 28) || (i >= 30 && i < 32))
			continue; /* version and lengths: the parser's business */
		memcpy(copy, at[0], lens[0]);
		copy[i] ^= 1;
		assert_int_not_equal(give(copy, lens[0]), -EAGAIN);
		assert_null(b2.frags);
	}
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(pieces_in_any_order_make_the_message),
		T(the_digest_is_that_of_the_first),
		T(numbers_that_cannot_be_are_refused),
		T(more_fragments_begin_anew_and_fewer_are_late),
		T(pieces_do_not_wait_for_ever),
		T(too_much_together_is_dropped),
		T(who_did_not_agree_gets_none),
		T(what_is_not_authentic_is_not_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
