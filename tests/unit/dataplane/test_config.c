/* SPDX-License-Identifier: BSD-3-Clause */
/* test_config.c - the data plane's part of the file: what it takes, and how it refuses the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "dataplane/config.h"

#define LAN "interface = ( { name = \"lan\"; device = \"net_tap0,iface=lan0\"; } );\n"

static struct conf conf;
static char path[64];
static char err[512];

static int load(const char *text)
{
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "/tmp/espgw-conf-XXXXXX");
	f = fdopen(mkstemp(path), "w");
	fputs(text, f);
	fclose(f);
	err[0] = '\0';
	ret = conf_load(path, &conf, err, sizeof(err));
	unlink(path);
	return ret;
}

/* Refused in this line with these words. */
static void refused(const char *text, int line, const char *words)
{
	char where[96];

	assert_int_not_equal(load(text), 0);
	snprintf(where, sizeof(where), "%s:%d: ", path, line);
	if (strncmp(err, where, strlen(where)) != 0 || !strstr(err, words))
		fail_msg("\"%s\" is not \"%s... %s\"", err, where, words);
}

static void secrets_that_others_can_read_are_refused(void **state)
{
	static const char text[] =
		LAN "ip = { ipsec = { identity = ( { peer = \"p\"; secret = \"x\"; } ); }; };\n";
	FILE *f;

	(void)state;
	assert_int_equal(load(text), 0); /* mkstemp() made it 0600 */
	snprintf(path, sizeof(path), "/tmp/espgw-conf-XXXXXX");
	f = fdopen(mkstemp(path), "w");
	fputs(text, f);
	fchmod(fileno(f), 0640);
	fclose(f);
	assert_int_not_equal(conf_load(path, &conf, err, sizeof(err)), 0);
	unlink(path);
	assert_non_null(strstr(err, ":2: "));
	assert_non_null(strstr(err, "0640"));
}

/* A file of its own for the secrets, named in both ways; from another folder than the file's. */
static void looks_for_included_files_beside_the_file_and_at_absolute_paths(void **state)
{
	static const char *const forms[] = {"@include \"%s\"\n", "@include \"/tmp/%s\"\n"};
	static const char secret[] =
		"ip = { ipsec = { identity = ( { peer = \"p\"; secret = \"x\"; } ); }; };\n";
	char text[256], other[64];
	FILE *f;

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		snprintf(other, sizeof(other), "/tmp/espgw-more-XXXXXX");
		f = fdopen(mkstemp(other), "w");
		fputs(secret, f);
		fchmod(fileno(f), i < 2 ? 0600 : 0644);
		fclose(f);
		snprintf(text, sizeof(text), forms[i % 2], other + strlen("/tmp/"));
		strncat(text, LAN, sizeof(text) - strlen(text) - 1);
		assert_int_equal(load(text) == 0, i < 2);
		unlink(other);
		if (i >= 2)
			assert_non_null(strstr(err, "mode 0644"));
	}
}

static void takes_the_design_s_example(void **state)
{
	(void)state;
	assert_int_equal(
		load("interface = ( { name = \"lan\"; device = \"net_tap0,iface=lan0\"; },\n"
		     "              { name = \"wan\"; device = \"net_tap1,iface=wan0\"; mtu = "
		     "1400;\n"
		     "                comment = \"to the cloud\"; } );\n"
		     "ip = { anything = ( { goes = \"here\"; } ); };\n"
		     "dataplane = { workers = 2; max-sas = 8192; max-policies = 99;\n"
		     "              hugepages = false; idle = \"poll\"; };\n"),
		0);
	assert_int_equal(conf.n_ports, 2);
	assert_string_equal(conf.ports[0].name, "lan");
	assert_string_equal(conf.ports[0].device, "net_tap0,iface=lan0");
	assert_int_equal(conf.ports[0].mtu, 1500);
	assert_int_equal(conf.ports[1].mtu, 1400);
	assert_int_equal(conf.workers, 2);
	assert_int_equal(conf.max_sas, 8192);
	assert_int_equal(conf.max_policies, 99);
	assert_false(conf.hugepages);
	assert_false(conf_idle_sleep(&conf));
}

static void has_defaults(void **state)
{
	(void)state;
	assert_int_equal(load(LAN), 0);
	assert_int_equal(conf.workers, 1);
	assert_int_equal(conf.max_sas, 4096);
	assert_int_equal(conf.max_policies, 1024);
	assert_true(conf.hugepages);
}

static void sleeps_by_default_only_without_pci_devices(void **state)
{
	(void)state;
	assert_int_equal(load(LAN), 0);
	assert_true(conf_idle_sleep(&conf));
	assert_int_equal(load("interface = ( { name = \"a\"; device = \"0000:3b:00.0\"; } );"), 0);
	assert_false(conf_idle_sleep(&conf));
	assert_int_equal(load("interface = ( { name = \"a\"; device = \"0000:3b:00.0\"; } );"
			      "dataplane = { idle = \"sleep\"; };"),
			 0);
	assert_true(conf_idle_sleep(&conf));
}

static void sprays_unless_told_not_to(void **state)
{
	(void)state;
	assert_int_equal(load(LAN "dataplane = { workers = 2; };"), 0);
	assert_true(conf_sprays(&conf));
	assert_int_equal(load(LAN "dataplane = { workers = 2; spray = \"off\"; };"), 0);
	assert_false(conf_sprays(&conf));
	assert_int_equal(load(LAN "dataplane = { workers = 1; spray = \"auto\"; };"), 0);
	assert_false(conf_sprays(&conf)); /* to whom? */
}

static void leaves_out_disabled_interfaces(void **state)
{
	(void)state;
	assert_int_equal(
		load("interface = ( { name = \"a\"; device = \"net_null0\"; disabled = \"yes\"; },"
		     " { name = \"b\"; device = \"net_null1\"; disabled = false; } );"),
		0);
	assert_int_equal(conf.n_ports, 1);
	assert_string_equal(conf.ports[0].name, "b");
}

static void refuses_unknown_properties_and_lists_the_known(void **state)
{
	(void)state;
	refused(LAN "dataplane = {\n workers = 1;\n max-sa = 64; };\n", 4,
		"no property \"max-sa\"; accepted: workers, max-sas");
	refused("interface = ( { name = \"a\"; device = \"net_null0\";\n speed = 10; } );\n", 2,
		"no property \"speed\"; accepted: name, device, mtu");
}

static void refuses_values_out_of_their_domain(void **state)
{
	(void)state;
	refused(LAN "dataplane = { workers = 0; };", 2, "accepted: 1..63");
	refused(LAN "dataplane = { workers = 64; };", 2, "accepted: 1..63");
	refused(LAN "dataplane = { workers = \"two\"; };", 2, "not a number");
	refused(LAN "dataplane = { workers = -1; };", 2, "out of range");
	refused(LAN "dataplane = { workers = 4294967297L; };", 2, "out of range");
	refused(LAN "dataplane = { max-sas = 4095; };", 2, "power of two");
	refused(LAN "dataplane = { max-policies = 65537; };", 2, "accepted: 1..65536");
	refused(LAN "dataplane = { hugepages = 1; };", 2, "neither true nor false");
	refused(LAN "dataplane = { hugepages = \"maybe\"; };", 2, "neither true nor false");
	refused(LAN "dataplane = { idle = \"doze\"; };", 2, "\"poll\", \"sleep\"");
	refused(LAN "dataplane = { idle = 1; };", 2, "\"poll\", \"sleep\"");
	refused(LAN "dataplane = { spray = \"on\"; };", 2, "\"auto\", \"off\"");
	refused("interface = ( { name = \"a\"; device = \"x\"; mtu = 575; } );", 1, "576..9600");
	refused("interface = ( { name = \"a b\"; device = \"x\"; } );", 1, "character");
	refused("interface = ( { name = \"\"; device = \"x\"; } );", 1, "1 to 31");
	refused("interface = ( { name = \"a\"; device = \"x\\n\"; } );", 1, "control");
	refused("interface = ( { name = \"0123456789012345678901234567890123\"; device = \"x\"; } "
		");",
		1, "1 to 31");
}

static void refuses_what_is_missing_or_twice(void **state)
{
	(void)state;
	assert_int_not_equal(load("dataplane = { workers = 1; };"), 0);
	assert_non_null(strstr(err, "no interface"));
	refused("\ninterface = ( );", 2, "no interface");
	refused("interface = ( { name = \"a\"; } );", 1, "without device");
	refused("interface = ( { device = \"a\"; } );", 1, "without name");
	refused("interface = ( { name = \"a\"; device = \"net_null0\"; },\n"
		"{ name = \"a\"; device = \"net_null1\"; } );",
		2, "second interface \"a\"");
	refused("interface = ( { name = \"a\"; device = \"net_tap0,iface=x\"; },\n"
		"{ name = \"b\"; device = \"net_tap0,iface=y\"; } );",
		2, "that of \"a\" already");
}

#define VLAN(device, rest) ", { name = \"v\"; device = \"" device "\"; " rest "}"

static void takes_vlans_of_interfaces_before_them(void **state)
{
	static const char *const start =
		"interface = ( { name = \"a\"; device = \"d\"; mtu = 1400; }\n";
	static const struct {
		const char *rows, *words;
	} bad[] = {
		{VLAN("vlan5@b", "mtu = 1400; "), "no interface \"b\" before \"v\""},
		{VLAN("vlan5@v", "mtu = 1400; "), "no interface \"v\" before \"v\""},
		{VLAN("vlan0@a", "mtu = 1400; "), "is no VLAN; accepted"},
		{VLAN("vlan4095@a", "mtu = 1400; "), "is no VLAN; accepted"},
		{VLAN("vlan5@a", ""), "mtu 1500 is larger than that of \"a\", 1400"},
		{", { name = \"w\"; device = \"vlan5@a\"; mtu = 1400; }" VLAN("vlan6@w",
									      "mtu = 1400; "),
		 "tags within tags"},
		{", { name = \"w\"; device = \"vlan5@a\"; mtu = 1400; }" VLAN("vlan5@a",
									      "mtu = 1400; "),
		 "device of \"v\" is that of \"w\" already"},
	};
	char text[512];

	(void)state;
	snprintf(text, sizeof(text), "%s%s );\n", start, VLAN("vlan5@a", "mtu = 1400; "));
	assert_int_equal(load(text), 0);
	assert_int_equal(conf.n_ports, 2);
	assert_int_equal(conf.ports[0].vlan, 0);
	assert_int_equal(conf.ports[1].vlan, 5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), "%s%s );\n", start, bad[i].rows);
		refused(text, 2, bad[i].words);
	}
}

static void refuses_other_shapes(void **state)
{
	(void)state;
	refused("interface = { name = \"a\"; };", 1, "not a list");
	refused("interface = ( \"a\" );", 1, "not a group");
	refused(LAN "dataplane = ( );", 2, "not a group");
	refused(LAN "dataplane = { workers = 1;\n", 3, "syntax");
	refused(LAN "dataplane = { workers = 1; workers = 2; };", 2, "duplicate");
}

static void refuses_a_file_it_cannot_read(void **state)
{
	(void)state;
	assert_int_not_equal(conf_load("/nonexistent/espgw.conf", &conf, err, sizeof(err)), 0);
	assert_string_equal(err,
			    "/nonexistent/espgw.conf: cannot be read: No such file or directory");
	assert_int_not_equal(conf_load("/tmp", &conf, err, sizeof(err)), 0);
	assert_string_equal(err, "/tmp: not a file");
}

static void refuses_more_ports_than_there_is_room_for(void **state)
{
	char text[8192] = "interface = ( ";
	size_t used = strlen(text);

	(void)state;
	for (unsigned int i = 0; i <= WORKER_MAX_PORTS; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%s{ name = \"p%u\"; device = \"net_null%u\"; }",
					 i ? "," : "", i, i);
	snprintf(text + used, sizeof(text) - used, " );");
	assert_int_not_equal(load(text), 0);
	assert_non_null(strstr(err, "at most 32"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_that_others_can_read_are_refused),
		cmocka_unit_test(looks_for_included_files_beside_the_file_and_at_absolute_paths),
		cmocka_unit_test(takes_the_design_s_example),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(sleeps_by_default_only_without_pci_devices),
		cmocka_unit_test(sprays_unless_told_not_to),
		cmocka_unit_test(leaves_out_disabled_interfaces),
		cmocka_unit_test(refuses_unknown_properties_and_lists_the_known),
		cmocka_unit_test(refuses_values_out_of_their_domain),
		cmocka_unit_test(refuses_what_is_missing_or_twice),
		cmocka_unit_test(takes_vlans_of_interfaces_before_them),
		cmocka_unit_test(refuses_other_shapes),
		cmocka_unit_test(refuses_a_file_it_cannot_read),
		cmocka_unit_test(refuses_more_ports_than_there_is_room_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
