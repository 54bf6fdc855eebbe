/* SPDX-License-Identifier: BSD-3-Clause */
/* test_addr.c - arithmetic on addresses, against one that goes bit by bit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "control/model/addr.h"

static struct abi_addr of(const char *text)
{
	struct abi_addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void both_families_are_read_and_written(void **state)
{
	static const char *const good[] = {"0.0.0.0", "192.0.2.1", "::", "2001:db8::1", "fe80::1"};
	static const char *const bad[] = {"",	     "1.2.3",	  "1.2.3.4.5",	   "2001:db8:::1",
					  "12345::", "fe80::1%w", "2001:db8::/64", "host"};
	struct abi_addr a;
	char buf[ADDR_MAX_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		a = of(good[i]);
		assert_string_equal(addr_text(&a, buf), good[i]);
		assert_int_equal(addr_bits(&a), strchr(good[i], ':') ? 128 : 32);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_not_equal(addr_parse(bad[i], &a), 0);
	a = (struct abi_addr){0};
	assert_string_equal(addr_text(&a, buf), "none");
	assert_int_equal(addr_bits(&a), 0);
}

static int bit(const struct abi_addr *a, unsigned i)
{
	return a->bytes[i / 8] >> (7 - i % 8) & 1;
}

/* The stupid twin. */
static bool covers_bit_by_bit(const struct abi_addr *net, unsigned len, const struct abi_addr *a)
{
	for (unsigned i = 0; i < len; i++)
		if (bit(net, i) != bit(a, i))
			return false;
	return net->family == a->family;
}

static void random_addr(struct abi_addr *a, uint8_t family, const struct abi_addr *near)
{
	*a = near ? *near : (struct abi_addr){.family = family};
	for (unsigned i = 0; i < (near ? 1u : addr_bits(a) / 8u); i++) {
		unsigned at = near ? (unsigned)rand() % (addr_bits(a) / 8) : i;

		a->bytes[at] = near ? (uint8_t)(a->bytes[at] ^ 1u << rand() % 8) : (uint8_t)rand();
	}
}

static void networks_agree_with_a_bitwise_twin(void **state)
{
	(void)state;
	srand(20);
	for (int n = 0; n < 200000; n++) {
		struct abi_addr net, a, first, last;
		uint8_t len;

		random_addr(&net, n & 1 ? 6 : 4, NULL);
		random_addr(&a, net.family, n & 2 ? &net : NULL);
		len = (uint8_t)(rand() % (addr_bits(&net) + 1));
		assert_int_equal(addr_covers(&net, len, &a), covers_bit_by_bit(&net, len, &a));
		first = addr_first(&net, len);
		last = addr_last(&net, len);
		for (unsigned i = 0; i < addr_bits(&net); i++) {
			assert_int_equal(bit(&first, i), i < len ? bit(&net, i) : 0);
			assert_int_equal(bit(&last, i), i < len ? bit(&net, i) : 1);
		}
		assert_true(addr_covers(&net, len, &first) && addr_covers(&net, len, &last));
	}
}

static void families_never_meet(void **state)
{
	struct abi_addr v4 = of("0.0.0.0"), v6 = of("::"), none = {0};

	(void)state;
	assert_false(addr_equal(&v4, &v6));
	assert_false(addr_covers(&v4, 0, &v6));
	assert_false(addr_covers(&v6, 0, &v4));
	assert_false(addr_covers(&none, 0, &none));
}

static void private_networks_are_known(void **state)
{
	static const struct {
		const char *text;
		uint8_t len;
		bool private;
	} row[] = {
		{"10.0.0.0", 8, true},	     {"10.255.255.255", 32, true},
		{"10.0.0.0", 7, false},	     {"11.0.0.0", 8, false},
		{"172.16.0.0", 12, true},    {"172.32.0.0", 12, false},
		{"172.31.255.0", 24, true},  {"172.16.0.0", 11, false},
		{"192.168.0.0", 16, true},   {"192.169.0.0", 16, false},
		{"100.64.0.0", 10, true},    {"100.128.0.0", 10, false},
		{"100.127.255.1", 32, true}, {"169.254.0.4", 30, true},
		{"8.8.8.0", 24, false},	     {"0.0.0.0", 0, false},
		{"2001:db8::", 32, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct abi_addr a = of(row[i].text);

		assert_int_equal(addr_is_private(&a, row[i].len), row[i].private);
	}
}

static void special_addresses_are_known(void **state)
{
	static const struct {
		const char *text;
		bool host, link_local, mapped;
	} row[] = {
		{"192.0.2.1", true, false, false},
		{"0.0.0.1", false, false, false},
		{"127.0.0.1", false, false, false},
		{"224.0.0.1", false, false, false},
		{"255.1.1.1", false, false, false},
		{"2001:db8::1", true, false, false},
		{"::", false, false, false},
		{"::1", false, false, false},
		{"::2", true, false, false},
		{"ff02::1", false, false, false},
		{"fe80::1", true, true, false},
		{"febf::1", true, true, false},
		{"fec0::1", true, false, false},
		{"::ffff:1.2.3.4", true, false, true},
		{"::fffe:1.2.3.4", true, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct abi_addr a = of(row[i].text);

		if (addr_is_host(&a) != row[i].host ||
		    addr_is_link_local(&a) != row[i].link_local ||
		    addr_is_mapped(&a) != row[i].mapped)
			fail_msg("%s", row[i].text);
	}
}

static void the_network_of_an_address_is_known(void **state)
{
	static const char *const yes[][2] = {
		{"10.0.0.0", "10.0.0.1/24"}, {"10.0.0.1", "10.0.0.1"},
		{"10.0.0.1", "10.0.0.1/32"}, {"0.0.0.0", "10.0.0.1/0"},
		{"10.0.0.2", "10.0.0.3/31"},
	};
	static const char *const no[][2] = {
		{"10.0.0.1", "10.0.0.1/24"},
		{"10.0.0.0", "10.0.0.1"},
		{"10.0.0.1", "10.0.0.1/33"},
		{"10.0.0.1", "10.0.0.1/-1"},
		{"2001:db8::", "10.0.0.1/0"},
		{"::", "::1/0"},
		{"10.0.0", "10.0.0.1/24"},
		{"10.0.0.0", "10.0.0/24"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_true(addr_is_network_of(yes[i][0], yes[i][1]));
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(addr_is_network_of(no[i][0], no[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_network_of_an_address_is_known),
		cmocka_unit_test(both_families_are_read_and_written),
		cmocka_unit_test(networks_agree_with_a_bitwise_twin),
		cmocka_unit_test(families_never_meet),
		cmocka_unit_test(private_networks_are_known),
		cmocka_unit_test(special_addresses_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
