/* SPDX-License-Identifier: BSD-3-Clause */
/* test_eal.c - the command line that EAL gets, and the stop of its interrupt thread. */
#define ALLOW_EXPERIMENTAL_API /* rte_intr_instance_alloc and its kin */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_interrupts.h>

#include <cmocka.h>

#include "dataplane/eal.h"
#include "tests/unit/dataplane/harness.h"

#define PATIENCE_MS 60000 /* for what comes */
#define QUIET_MS    300	  /* for what must not come, and would at once */

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

/* In the interrupt thread. */
static void on_interrupt(void *arg)
{
	const int *called = arg;

	(void)!eventfd_write(*called, 1); /* no assert: those end the test's own thread */
}

/* Register a source that is ready: is its callback called within ms? */
static bool is_called(int ms)
{
	int ready = eventfd(1, EFD_CLOEXEC);
	static int called;
	struct rte_intr_handle *handle = rte_intr_instance_alloc(RTE_INTR_INSTANCE_F_PRIVATE);
	struct pollfd p;
	bool yes;

	called = eventfd(0, EFD_CLOEXEC);
	assert_true(ready >= 0 && called >= 0);
	assert_non_null(handle);
	assert_int_equal(rte_intr_fd_set(handle, ready), 0);
	assert_int_equal(rte_intr_type_set(handle, RTE_INTR_HANDLE_EXT), 0);
	assert_int_equal(rte_intr_callback_register(handle, on_interrupt, &called), 0);
	p = (struct pollfd){.fd = called, .events = POLLIN};
	yes = poll(&p, 1, ms) == 1;
	/* A callback that runs cannot be taken away: it is asked for until it has ended. */
	while (rte_intr_callback_unregister(handle, on_interrupt, &called) == -EAGAIN)
		;
	rte_intr_instance_free(handle);
	close(ready);
	close(called);
	return yes;
}

static void parks_the_interrupt_thread_for_good(void **state)
{
	(void)state;
	assert_int_equal(harness_eal(), 0);
	assert_true(is_called(PATIENCE_MS));
	eal_park();
	assert_false(is_called(QUIET_MS));
	eal_park();
	assert_false(is_called(QUIET_MS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_without_hugepages_and_pci),
		cmocka_unit_test(allows_only_the_pci_devices_of_the_configuration),
		cmocka_unit_test(gives_way_to_the_user_s_options),
		cmocka_unit_test(refuses_more_options_than_it_has_room_for),
		cmocka_unit_test(knows_a_pci_address),
		cmocka_unit_test(parks_the_interrupt_thread_for_good), /* the last: it stays so */
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
