/* SPDX-License-Identifier: BSD-3-Clause */
/* test_eal.c - the command line that EAL gets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/eal.h"

static struct eal_args args;

/* The arguments as one line. */
static const char *line(const struct eal_setup *s)
{
	static char text[4096];
	size_t used = 0;

	assert_int_equal(eal_args_make(&args, s), 0);
	text[0] = '\0';
	for (int i = 0; i < args.argc; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
					 args.argv[i]);
	assert_null(args.argv[args.argc]);
	return text;
}

static void runs_without_hugepages_and_pci(void **state)
{
	const char *tap[] = {"net_tap0,iface=x"};
	const struct eal_setup s = {
		.instance = "a", .workers = 2, .memory_mb = 700, .devices = tap, .n_devices = 1};
	const char *l = line(&s);

	(void)state;
	assert_non_null(strstr(l, "--no-huge --no-shconf -m 700"));
	assert_null(strstr(l, "--in-memory")); /* EAL refuses the two together */
	assert_non_null(strstr(l, "--lcores (0-2)@("));
	assert_non_null(strstr(l, "--file-prefix espgw-a"));
	assert_non_null(strstr(l, "--no-pci"));
	assert_null(strstr(l, "--no-telemetry"));
}

static void allows_only_the_pci_devices_of_the_configuration(void **state)
{
	const char *mixed[] = {"net_tap0", "0000:3b:00.1,opt=1"};
	const struct eal_setup s = {
		.instance = "a", .workers = 1, .hugepages = true, .devices = mixed, .n_devices = 2};
	const char *l = line(&s);

	(void)state;
	assert_non_null(strstr(l, "-a 0000:3b:00.1,opt=1"));
	assert_null(strstr(l, "--no-pci"));
	assert_null(strstr(l, "net_tap0"));
	assert_non_null(strstr(l, "--in-memory"));
	assert_null(strstr(l, "--no-huge"));
}

static void gives_way_to_the_user_s_options(void **state)
{
	char a[] = "--lcores", b[] = "0@0,1@0", c[] = "--log-level=8", d[] = "--file-prefix",
	     e[] = "mine";
	char *extra[] = {a, b, c, d, e};
	const struct eal_setup s = {
		.instance = "a", .workers = 1, .memory_mb = 64, .extra = extra, .n_extra = 5};
	const char *l = line(&s);

	(void)state;
	assert_non_null(strstr(l, "--lcores 0@0,1@0 --log-level=8 --file-prefix mine"));
	assert_null(strstr(l, "(0-1)"));
	assert_null(strstr(l, "espgw-a"));
	assert_null(strstr(l, "--log-level error"));
}

static void refuses_more_options_than_it_has_room_for(void **state)
{
	char option[] = "-x";
	char *extra[EAL_MAX_ARGS];
	const struct eal_setup s = {
		.instance = "a", .workers = 1, .extra = extra, .n_extra = EAL_MAX_ARGS};

	(void)state;
	for (int i = 0; i < EAL_MAX_ARGS; i++)
		extra[i] = option;
	assert_int_equal(eal_args_make(&args, &s), -E2BIG);
}

static void knows_a_pci_address(void **state)
{
	(void)state;
	assert_true(eal_is_pci("0000:3b:00.0"));
	assert_true(eal_is_pci("3b:00.0"));
	assert_true(eal_is_pci("3b:00.0,representor=0"));
	assert_true(eal_is_pci("pci:0000:3b:00.0"));
	assert_false(eal_is_pci("net_tap0,iface=lan0"));
	assert_false(eal_is_pci("net_af_packet0,iface=eth0"));
	assert_false(eal_is_pci("3b:00.0x"));
	assert_false(eal_is_pci(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_without_hugepages_and_pci),
		cmocka_unit_test(allows_only_the_pci_devices_of_the_configuration),
		cmocka_unit_test(gives_way_to_the_user_s_options),
		cmocka_unit_test(refuses_more_options_than_it_has_room_for),
		cmocka_unit_test(knows_a_pci_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
