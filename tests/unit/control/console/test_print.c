/* SPDX-License-Identifier: BSD-3-Clause */
/* test_print.c - print-outs: those of the tutorial, letter by letter, and JSON's shapes. */
#include "fixture.h"

#include <jansson.h>

static void active_peers_look_as_in_the_tutorial(void **state)
{
	assert_string_equal(
		fixture_text(*state, "/ip ipsec active-peers print where comment=to_tencent"),
		"Flags: R - responder, N - natt-peer\n"
		" #    ID                   STATE              UPTIME          PH2-TOTAL "
		"REMOTE-ADDRESS  DYNAMIC-ADDRESS\n"
		" 0  N ;;; to_tencent\n"
		"                           established        10m34s                  1 "
		"119.91.254.122\n");
}

/* The tutorial's terminal was about 250 columns wide. The S of newer RouterOS is one column more.
 */
static void installed_sas_look_as_in_the_tutorial(void **state)
{
	struct console_result *r = fixture_run_wide(
		*state,
		"ip ipsec installed-sa print show-sensitive where (spi=0x2953159 or "
		"spi=0x8051BFF6) "
		"and (src-address=\"113.87.48.200:4500\" or dst-address~\"113.87.48.200\")",
		false, 250);

	assert_string_equal(
		r->text,
		"Flags: S - seen-traffic, H - hw-aead, A - AH, E - ESP\n"
		" 0   E spi=0x2953159 src-address=119.91.254.122:4500 "
		"dst-address=113.87.48.200:4500 state=mature auth-algorithm=md5 "
		"enc-algorithm=aes-cbc enc-key-size=128 "
		"auth-key=\"75dfa24b76a571dcc9eccbb5c48b5b5d\" "
		"enc-key=\"df47098bf78a98a7be4e45b1f2a64908\"\n"
		"       addtime=aug/28/2022 17:22:10 expires-in=19m17s add-lifetime=24m/30m "
		"current-bytes=3303 current-packets=19 replay=128\n"
		"\n"
		" 1   E spi=0x8051BFF6 src-address=113.87.48.200:4500 "
		"dst-address=119.91.254.122:4500 state=mature auth-algorithm=md5 "
		"enc-algorithm=aes-cbc enc-key-size=128 "
		"auth-key=\"20e63c4d95095d1f8d96c9e5b0f256cf\" "
		"enc-key=\"8d33ed1bea1d2df33f8aa8a28fd073b4\"\n"
		"       addtime=aug/28/2022 17:22:10 expires-in=19m17s add-lifetime=24m/30m "
		"current-bytes=4121 current-packets=25 replay=128\n");
}

static void keys_are_hidden_unless_asked_for(void **state)
{
	const char *text = fixture_text(*state, "ip ipsec installed-sa print detail");

	assert_non_null(strstr(text, "auth-key=<hidden>"));
	assert_non_null(strstr(text, "enc-key=<hidden>"));
	assert_null(strstr(text, "75df"));
	assert_null(strstr(fixture_json(*state, "ip ipsec installed-sa print"), "enc-key\""));
	assert_non_null(strstr(fixture_json(*state, "ip ipsec installed-sa print show-sensitive"),
			       "\"enc-key\":\"df47098bf78a98a7be4e45b1f2a64908\""));
	assert_null(strstr(fixture_text(*state, "ip ipsec identity print detail"), "123456"));
	assert_non_null(strstr(fixture_text(*state, "ip ipsec identity print show-sensitive"),
			       "secret=\"123456\""));
}

static void numbers_are_those_of_the_whole_list(void **state)
{
	struct fixture *f = *state;
	const char *text;

	f->rows = 3;
	text = fixture_text(f, "ip ipsec installed-sa print where state=dying");
	assert_non_null(strstr(text, "\n 2 S E spi=0x1000 src-address=198.51.100.7 "));
	assert_null(strstr(text, " 0 "));
	f->rows = 2;
}

static void lines_wrap_at_the_width(void **state)
{
	char *copy = strdup(fixture_text(*state, "ip ipsec installed-sa print detail"));

	for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(strlen(line) <= 80);
		assert_int_not_equal(line[strlen(line) - 1], ' ');
	}
	free(copy);
}

static void configured_menus_print_as_pairs(void **state)
{
	assert_string_equal(
		fixture_text(*state, "ip ipsec peer print"),
		"Flags: X - disabled, R - responder\n"
		" 0    ;;; to_tencent\n"
		"      name=\"to_tencent\" address=119.91.254.122/32 port=500 "
		"profile=to_tencent\n"
		"      exchange-mode=main passive=no start=load send-initial-contact=yes\n"
		"      allow-weak=ikev1,modp768,md5 multi-selector=per-pair\n");
}

static void policies_carry_what_runs(void **state)
{
	const char *text = fixture_text(*state, "ip ipsec policy print");

	assert_non_null(
		strstr(text, "Flags: T - template, X - disabled, D - dynamic, A - active\n"));
	assert_non_null(strstr(text, "  A peer=to_tencent tunnel=yes"));
	assert_non_null(strstr(text, "ph2-count=1"));
	assert_non_null(strstr(text, "ph2-state=established"));
	assert_null(strstr(text, "policy-id"));
	assert_non_null(strstr(fixture_text(*state, "ip ipsec policy print detail"), "policy-id="));
}

static void nets_print_as_tables(void **state)
{
	assert_string_equal(fixture_text(*state, "ip address print"),
			    "Flags: X - disabled\n"
			    " #    ADDRESS            INTERFACE\n"
			    " 0    192.168.1.1/24     lan\n"
			    " 1    113.87.48.200/24   wan\n");
	assert_string_equal(fixture_text(*state, "ip route print"),
			    "Flags: X - disabled\n"
			    " #    DST-ADDRESS        GATEWAY              DISTANCE\n"
			    " 0    0.0.0.0/0          113.87.48.1                 1\n");
}

static void the_default_rows_are_marked(void **state)
{
	const char *text = fixture_text(*state, "ip ipsec profile print");

	assert_non_null(strstr(text, " 0 *  name=\"default\""));
	assert_non_null(strstr(text, " 1    name=\"to_tencent\""));
}

static void statistics_show_the_25_and_with_detail_all(void **state)
{
	const char *text = fixture_text(*state, "ip ipsec statistics print");
	int lines = 0;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	assert_int_equal(lines, 25);
	assert_non_null(strstr(text, " in-no-states: 17\n"));
	assert_null(strstr(text, "net-ttl"));
	text = fixture_text(*state, "ip ipsec statistics print detail");
	assert_non_null(strstr(text, "\nnot IPsec:\n"));
	assert_non_null(strstr(text, " net-ttl: 4\n"));
}

static void ike_statistics_show_every_counter(void **state)
{
	static const char *const names[] = {
#define RX(name, label, text)	 "rx-" label,
#define EVENT(name, label, text) label,
		"rx", IKE_RX_CLASSES(RX) IKE_EVENT_COUNTERS(EVENT)};
	char *text = strdup(fixture_text(*state, "ip ipsec statistics ike print")), *at = text;
	json_t *j = json_loads(fixture_json(*state, "ip ipsec statistics ike print"), 0, NULL);
	char line[64], number[8];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		at += strspn(at, " ");
		snprintf(line, sizeof(line), "%s: %zu\n", names[i], i);
		assert_memory_equal(at, line, strlen(line));
		at += strlen(line);
		snprintf(number, sizeof(number), "%zu", i);
		assert_string_equal(json_string_value(json_object_get(j, names[i])), number);
		assert_null(strchr(names[i], '_'));
	}
	assert_string_equal(at, "");
	json_decref(j);
	free(text);
}

static void ike_statistics_are_found_by_help(void **state)
{
	assert_non_null(strstr(fixture_text(*state, "ip ipsec statistics ?"), "  ike  "));
	assert_non_null(strstr(fixture_text(*state, "ip ipsec statistics ike ?"),
			       "  guard-rate             first messages refused: rate\n"));
}

static void log_lines_cannot_reach_the_terminal(void **state)
{
	assert_string_equal(fixture_text(*state, "system log print"),
			    "aug/28/2022 17:22:10 ipsec,info child installed\n"
			    "aug/28/2022 17:22:10 ipsec,error peer says \\1B[31m\\C2\\9B\\FF\n");
	assert_string_equal(fixture_text(*state, "system log print where topics~info"),
			    "aug/28/2022 17:22:10 ipsec,info child installed\n");
}

static json_t *parsed(struct fixture *f, const char *line)
{
	json_t *j = json_loads(fixture_json(f, line), 0, NULL);

	assert_non_null(j);
	return j;
}

static const char *field(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static void json_has_the_shapes_of_rest(void **state)
{
	json_t *rows = parsed(*state, "ip ipsec installed-sa print"), *sa = json_array_get(rows, 0);

	assert_int_equal(json_array_size(rows), 2);
	assert_string_equal(field(sa, ".id"), "*2953159");
	assert_string_equal(field(sa, "spi"), "0x02953159");
	assert_string_equal(field(sa, "esp"), "true");
	assert_string_equal(field(sa, "src-address"), "119.91.254.122:4500");
	assert_string_equal(field(sa, "addtime"), "2022-08-28T17:22:10Z");
	assert_string_equal(field(sa, "expires-in"), "19m17s");
	assert_string_equal(field(sa, "add-lifetime"), "24m/30m");
	assert_string_equal(field(sa, "current-bytes"), "3303");
	assert_null(field(sa, "comment"));
	json_decref(rows);
}

static void json_of_every_menu_is_json(void **state)
{
	for (int id = 0; id < MENU_MAX; id++) {
		char line[128];
		json_t *j;

		snprintf(line, sizeof(line), "%s print", schema_menu(id)->path);
		j = parsed(*state, line);
		assert_true(schema_menu(id)->flags & MENU_F_SINGLE ? json_is_object(j)
								   : json_is_array(j));
		json_decref(j);
	}
}

static void nothing_to_show_is_an_empty_array(void **state)
{
	assert_string_equal(fixture_json(*state, "ip ipsec installed-sa print where spi=1"),
			    "[]\n");
}

static void rows_can_be_counted(void **state)
{
	assert_string_equal(fixture_text(*state, "ip ipsec installed-sa print count-only"), "2\n");
	assert_string_equal(
		fixture_text(*state, "ip ipsec installed-sa print count-only where spi=0x2953159"),
		"1\n");
}

static void export_writes_commands(void **state)
{
	assert_string_equal(
		fixture_text(*state, "ip ipsec export"),
		"/ip ipsec profile\n"
		"add name=to_tencent hash-algorithm=md5 enc-algorithm=aes-128 dh-group=modp768\n"
		"/ip ipsec peer\n"
		"add name=to_tencent address=119.91.254.122/32 profile=to_tencent "
		"exchange-mode=main comment=to_tencent allow-weak=ikev1,modp768,md5\n"
		"/ip ipsec identity\n"
		"add peer=to_tencent auth-method=pre-shared-key\n"
		"/ip ipsec proposal\n"
		"add name=to_tencent auth-algorithms=md5 enc-algorithms=aes-128-cbc "
		"pfs-group=none\n"
		"/ip ipsec policy\n"
		"add peer=to_tencent tunnel=yes src-address=192.168.1.0/24 "
		"dst-address=10.100.1.0/24 protocol=all proposal=to_tencent\n");
	assert_non_null(
		strstr(fixture_text(*state, "ip ipsec export show-sensitive"), "secret=123456"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(active_peers_look_as_in_the_tutorial),
		cmocka_unit_test(installed_sas_look_as_in_the_tutorial),
		cmocka_unit_test(keys_are_hidden_unless_asked_for),
		cmocka_unit_test(numbers_are_those_of_the_whole_list),
		cmocka_unit_test(lines_wrap_at_the_width),
		cmocka_unit_test(configured_menus_print_as_pairs),
		cmocka_unit_test(policies_carry_what_runs),
		cmocka_unit_test(nets_print_as_tables),
		cmocka_unit_test(the_default_rows_are_marked),
		cmocka_unit_test(statistics_show_the_25_and_with_detail_all),
		cmocka_unit_test(ike_statistics_show_every_counter),
		cmocka_unit_test(ike_statistics_are_found_by_help),
		cmocka_unit_test(log_lines_cannot_reach_the_terminal),
		cmocka_unit_test(json_has_the_shapes_of_rest),
		cmocka_unit_test(json_of_every_menu_is_json),
		cmocka_unit_test(nothing_to_show_is_an_empty_array),
		cmocka_unit_test(rows_can_be_counted),
		cmocka_unit_test(export_writes_commands),
	};

	setenv("TZ", "UTC0", 1); /* dates are printed in local time */
	return cmocka_run_group_tests(tests, fixture_setup, fixture_teardown);
}
