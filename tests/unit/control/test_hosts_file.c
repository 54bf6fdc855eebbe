/* SPDX-License-Identifier: BSD-3-Clause */
/* test_hosts_file.c - /etc/hosts as hosts(5) has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/hosts_file.h"

static void a_hosts_file_is_read_like_hosts_5(void **state)
{
	static const char text[] = "# 192.0.2.1 a\n"
				   "192.0.2.2\tb a.example.com # c\n"
				   "  2001:db8::2 A.EXAMPLE.com\r\n"
				   "192.0.2.300 c\n"
				   "c 192.0.2.3\n"
				   "\n192.0.2.4 c d\x01 e\n"
				   "192.0.2.5 a.example.com.evil";
	char path[] = "/tmp/espgw-test-hosts-XXXXXX";
	struct abi_addr a[4];
	char long_line[5000];
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	assert_non_null(f);
	memset(long_line, 'x', sizeof(long_line) - 1);
	long_line[sizeof(long_line) - 1] = '\0';
	fprintf(f, "%s %s\n192.0.2.9 %s far\n%s", long_line, long_line, long_line, text);
	fclose(f);
	assert_int_equal(hosts_file_find(path, "a.example.com", 0, a, 4), 2);
	assert_int_equal(a[0].family, 4);
	assert_int_equal(a[0].bytes[3], 2);
	assert_int_equal(a[1].family, 6);
	assert_int_equal(hosts_file_find(path, "a.example.com", 6, a, 4), 1);
	assert_int_equal(hosts_file_find(path, "a.example.com", 0, a, 1), 1);
	assert_int_equal(hosts_file_find(path, "a", 0, a, 4), 0);
	assert_int_equal(hosts_file_find(path, "c", 0, a, 4), 1);
	assert_int_equal(a[0].bytes[3], 4);
	assert_int_equal(hosts_file_find(path, "far", 0, a, 4), 1);
	assert_int_equal(a[0].bytes[3], 9);
	unlink(path);
	assert_int_equal(hosts_file_find("/nonexistent", "c", 0, a, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hosts_file_is_read_like_hosts_5),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
