/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_ts.c - traffic selectors: their ID payloads, and the set operations against a plain twin.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/ike/ts.h"

static struct abi_range r;
static char text[TS_MAX_TEXT];

static int from_id(uint8_t type, uint8_t protocol, uint16_t port, const void *data, size_t len)
{
	const struct ike_pld_id id = {
		.type = type, .protocol = protocol, .port = port, .data = {data, len}};

	return ts_from_id(&r, &id);
}

static const char *print(void)
{
	return ts_print(&r, text, sizeof(text));
}

static void ids_become_selectors(void **state)
{
	(void)state;
	assert_int_equal(from_id(4, 0, 0, "\xc0\xa8\1\0\xff\xff\xff\0", 8), 0);
	assert_string_equal(print(), "192.168.1.0/24");
	assert_int_equal(from_id(1, 6, 80, "\n\0\0\1", 4), 0);
	assert_string_equal(print(), "10.0.0.1[tcp/80]");
	assert_int_equal(from_id(7, 17, 0, "\n\0\0\1\n\0\0\x09", 8), 0);
	assert_string_equal(print(), "10.0.0.1-10.0.0.9[udp]");
	assert_int_equal(from_id(4, 47, 0, "\0\0\0\0\0\0\0\0", 8), 0);
	assert_string_equal(print(), "0.0.0.0/0[47]");
	assert_int_equal(from_id(5, 0, 0, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16), 0);
	assert_string_equal(print(), "2001:db8::1");
	assert_int_equal(from_id(6, 0, 0,
				 "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
				 "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0",
				 32),
			 0);
	assert_string_equal(print(), "2001:db8::/64");
}

/* Host bits below the mask belong to no other network: some peers send them. */
static void host_bits_of_a_subnet_are_dropped(void **state)
{
	(void)state;
	assert_int_equal(from_id(4, 0, 0, "\xc0\xa8\1\x17\xff\xff\xff\0", 8), 0);
	assert_string_equal(print(), "192.168.1.0/24");
	assert_true(ts_valid(&r));
}

/* P7: types that are no address, and every length. */
static void wrong_types_and_lengths_are_refused(void **state)
{
	static const struct abi_range none;
	uint8_t data[64];

	(void)state;
	memset(data, 0xff, sizeof(data));
	for (unsigned int type = 0; type < 256; type++) {
		for (size_t len = 0; len <= sizeof(data); len++) {
			bool known = type == 1 || (type >= 4 && type <= 8);
			size_t want = type == 1		       ? 4
				      : type == 4 || type == 7 ? 8
				      : type == 5	       ? 16
							       : 32;
			int rc = from_id((uint8_t)type, 0, 0, data, len);

			assert_int_equal(rc, !known ? -ENOTSUP : len == want ? 0 : -EINVAL);
			if (rc)
				assert_memory_equal(&r, &none, sizeof(r));
		}
	}
}

static void masks_with_holes_are_refused(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits <= 32; bits++) {
		uint32_t mask = bits ? 0xffffffffu << (32 - bits) : 0;
		uint8_t data[8] = {10,
				   0,
				   0,
				   0,
				   (uint8_t)(mask >> 24),
				   (uint8_t)(mask >> 16),
				   (uint8_t)(mask >> 8),
				   (uint8_t)mask};

		assert_int_equal(from_id(4, 0, 0, data, 8), 0);
		assert_int_equal(ts_prefix_len(&r), bits);
		if (bits < 31) {
			data[7] |= 1;
			assert_int_equal(from_id(4, 0, 0, data, 8), -EINVAL);
		}
	}
	assert_int_equal(from_id(4, 0, 0, "\n\0\0\0\x0f\0\0\0", 8), -EINVAL);
}

static void ranges_backwards_and_ports_without_protocol_are_refused(void **state)
{
	(void)state;
	assert_int_equal(from_id(7, 0, 0, "\n\0\0\2\n\0\0\1", 8), -EINVAL);
	assert_int_equal(from_id(7, 0, 0, "\n\0\0\1\n\0\0\1", 8), 0);
	assert_int_equal(from_id(1, 0, 80, "\n\0\0\1", 4), -EINVAL);
}

static struct abi_range range4(uint32_t lo, uint32_t hi)
{
	struct abi_range x = {.family = 4, .port_hi = 65535};
	uint32_t be_lo = htonl(lo), be_hi = htonl(hi);

	memcpy(x.lo, &be_lo, 4);
	memcpy(x.hi, &be_hi, 4);
	return x;
}

/* Every selector with an IKEv1 form survives the way out and back. */
static void encoding_is_decoding_backwards(void **state)
{
	static const struct {
		uint32_t lo, hi;
		uint8_t type;
	} t[] = {
		{0x0a000001, 0x0a000001, 1}, {0x0a000000, 0x0a0000ff, 4},
		{0, 0xffffffff, 4},	     {0x0a000001, 0x0a0000ff, 7},
		{0x0a000000, 0x0a000001, 4}, {0xffffffff, 0xffffffff, 1},
		{0x0a000001, 0x0a000002, 7},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		for (int ported = 0; ported < 2; ported++) {
			struct abi_range in = range4(t[i].lo, t[i].hi), out;
			struct ike_pld_id id;
			struct wire_writer w;
			uint8_t buf[64];

			if (ported) {
				in.protocol = 6;
				in.port_lo = in.port_hi = 443;
			}
			wire_writer_init(&w, buf, sizeof(buf));
			assert_int_equal(ts_put_id(&w, &in), 0);
			assert_int_equal(buf[0], t[i].type);
			id = (struct ike_pld_id){.type = buf[0],
						 .protocol = buf[1],
						 .port = (uint16_t)(buf[2] << 8 | buf[3]),
						 .data = {buf + 4, w.pos - 4}};
			assert_int_equal(ts_from_id(&out, &id), 0);
			assert_true(ts_equal(&in, &out));
		}
	}
}

static void the_tutorials_selector_has_its_known_bytes(void **state)
{
	struct abi_range in = range4(0x0a640100, 0x0a6401ff);
	struct wire_writer w;
	uint8_t buf[64];

	(void)state;
	wire_writer_init(&w, buf, sizeof(buf));
	assert_int_equal(ts_put_id(&w, &in), 0);
	assert_int_equal(w.pos, 12);
	assert_memory_equal(buf, "\4\0\0\0\x0a\x64\1\0\xff\xff\xff\0", 12);
}

static void what_ikev1_cannot_say_is_refused(void **state)
{
	struct abi_range in = range4(0x0a000001, 0x0a000001);
	struct wire_writer w;
	uint8_t buf[64];

	(void)state;
	wire_writer_init(&w, buf, sizeof(buf));
	in.protocol = 6;
	in.port_lo = 80;
	in.port_hi = 81;
	assert_int_equal(ts_put_id(&w, &in), -ENOTSUP);
	in.port_lo = in.port_hi = 0; /* port 0 alone would read back as any */
	assert_int_equal(ts_put_id(&w, &in), -ENOTSUP);
	in.protocol = 0;
	in.port_lo = in.port_hi = 80;
	assert_int_equal(ts_put_id(&w, &in), -ENOTSUP);
	in = range4(2, 1);
	assert_int_equal(ts_put_id(&w, &in), -EINVAL);
	in.family = 0;
	assert_int_equal(ts_put_id(&w, &in), -EINVAL);
	assert_int_equal(w.pos, 0);
}

static void prefixes_of_both_families(void **state)
{
	struct abi_addr a = {.family = 4, .bytes = {192, 168, 1, 77}};

	(void)state;
	assert_int_equal(ts_from_prefix(&r, &a, 24), 0);
	assert_string_equal(print(), "192.168.1.0/24");
	assert_int_equal(ts_from_prefix(&r, &a, 33), -EINVAL);
	assert_int_equal(ts_from_addr(&r, &a), 0);
	assert_string_equal(print(), "192.168.1.77");
	a.family = 6;
	for (unsigned int bits = 0; bits <= 128; bits++) {
		assert_int_equal(ts_from_prefix(&r, &a, (uint8_t)bits), 0);
		assert_true(ts_valid(&r));
		assert_int_equal(ts_prefix_len(&r), bits);
	}
	assert_int_equal(ts_from_prefix(&r, &a, 129), -EINVAL);
	a.family = 0;
	assert_int_equal(ts_from_addr(&r, &a), -EINVAL);
}

/* A small world for the twin: 16 addresses, 8 ports, protocols 0..2. */
static struct abi_range small_range(unsigned int *seed)
{
	unsigned int a = (unsigned int)rand_r(seed) % 16, b = (unsigned int)rand_r(seed) % 16;
	unsigned int p = (unsigned int)rand_r(seed) % 8, q = (unsigned int)rand_r(seed) % 8;
	struct abi_range x = range4(a < b ? a : b, a < b ? b : a);

	x.port_lo = (uint16_t)(p < q ? p : q);
	x.port_hi = (uint16_t)(p < q ? q : p);
	x.protocol = (uint8_t)(rand_r(seed) % 3);
	return x;
}

/* Is the packet (address, port, protocol 1..2) selected? Protocol 0 of a selector is any. */
static bool selects(const struct abi_range *x, unsigned int a, unsigned int p, unsigned int proto)
{
	return x->lo[3] <= a && a <= x->hi[3] && x->port_lo <= p && p <= x->port_hi &&
	       (x->protocol == 0 || x->protocol == proto);
}

static void set_operations_equal_their_plain_twin(void **state)
{
	unsigned int seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct abi_range a = small_range(&seed), b = small_range(&seed), both;
		bool some = false, inside = true, any = ts_intersect(&a, &b, &both);

		for (unsigned int n = 0; n < 16 * 8 * 2; n++) {
			unsigned int addr = n % 16, port = n / 16 % 8, proto = n / 128 + 1;
			bool in_a = selects(&a, addr, port, proto);
			bool in_b = selects(&b, addr, port, proto);

			some |= in_a && in_b;
			inside &= !in_b || in_a;
			if (any)
				assert_int_equal(selects(&both, addr, port, proto), in_a && in_b);
		}
		assert_int_equal(any, some);
		/* Of protocol 0 the twin sees 1 and 2 only; a selector of one is not all. */
		if (!(a.protocol != 0 && b.protocol == 0))
			assert_int_equal(ts_contains(&a, &b), inside);
		else
			assert_false(ts_contains(&a, &b));
	}
}

static void families_do_not_mix(void **state)
{
	struct abi_range a = range4(0, 0xffffffff), b = a, both;

	(void)state;
	b.family = 6;
	assert_false(ts_contains(&a, &b));
	assert_false(ts_equal(&a, &b));
	assert_false(ts_intersect(&a, &b, &both));
	assert_int_equal(both.family, 0);
}

static void validity_needs_order_and_zeroed_tails(void **state)
{
	struct abi_range x = range4(1, 2);

	(void)state;
	assert_true(ts_valid(&x));
	x.hi[4] = 1;
	assert_false(ts_valid(&x));
	x = range4(2, 1);
	assert_false(ts_valid(&x));
	x = range4(1, 2);
	x.port_lo = 2;
	x.port_hi = 1;
	assert_false(ts_valid(&x));
	x = range4(1, 2);
	x.family = 5;
	assert_false(ts_valid(&x));
}

static void printing_survives_every_buffer_and_family(void **state)
{
	struct abi_range x = {.family = 6, .protocol = 132, .port_lo = 10000, .port_hi = 20000};

	(void)state;
	memset(x.lo, 0xfa, 16);
	memset(x.hi, 0xfb, 16);
	ts_print(&x, text, sizeof(text));
	assert_non_null(strstr(text, "[132/10000-20000]"));
	for (size_t cap = 1; cap < sizeof(text); cap++) {
		char *buf = malloc(cap);

		assert_non_null(buf);
		assert_true(strlen(ts_print(&x, buf, cap)) < cap);
		free(buf);
	}
	x.family = 0;
	assert_string_equal(ts_print(&x, text, sizeof(text)), "none");
	x = range4(0, 0xffffffff);
	x.port_lo = x.port_hi = 53;
	assert_string_equal(ts_print(&x, text, sizeof(text)), "0.0.0.0/0[any/53]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ids_become_selectors),
		cmocka_unit_test(host_bits_of_a_subnet_are_dropped),
		cmocka_unit_test(wrong_types_and_lengths_are_refused),
		cmocka_unit_test(masks_with_holes_are_refused),
		cmocka_unit_test(ranges_backwards_and_ports_without_protocol_are_refused),
		cmocka_unit_test(encoding_is_decoding_backwards),
		cmocka_unit_test(the_tutorials_selector_has_its_known_bytes),
		cmocka_unit_test(what_ikev1_cannot_say_is_refused),
		cmocka_unit_test(prefixes_of_both_families),
		cmocka_unit_test(set_operations_equal_their_plain_twin),
		cmocka_unit_test(families_do_not_mix),
		cmocka_unit_test(validity_needs_order_and_zeroed_tails),
		cmocka_unit_test(printing_survives_every_buffer_and_family),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
