/* SPDX-License-Identifier: BSD-3-Clause */
/* test_verdict.c - the cloud's diagnosis beside ours: the same, something else, nobody asked. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <jansson.h>

#include "control/cloud/verdict.h"
#include "control/model/text.h"

#define CLOUD(more)                                                                                \
	"{ \"RequestId\": \"x\", \"VpnConnections\": [ { \"VpnConnectionId\": \"vco-1\", "         \
	"\"TunnelId\": \"tun-1\", " more " } ], \"TotalCount\": 1 }"
#define HERE(a, b)                                                                                 \
	"[{\"peer\":\"a\",\"comment\":\"tun-1\",\"findings\":[{\"code\":\"" a                      \
	"\",\"confidence\":\"certain\",\"text\":\"text a\"}]},"                                    \
	"{\"peer\":\"b\",\"comment\":\"\",\"findings\":[{\"code\":\"" b                            \
	"\",\"confidence\":\"likely\",\"text\":\"text b\"}]}]"

static struct text merged(const char *cloud, const char *here, bool json)
{
	struct text out = {0}, why = {0};

	assert_int_equal(verdict_merge(cloud, strlen(cloud), here, DIAG_EN, json, &out, &why), 0);
	assert_null(why.s);
	return out;
}

static void assert_says(const char *cloud, const char *here, const char *what, const char * not )
{
	struct text out = merged(cloud, here, false);

	if (strstr(out.s, what) == NULL || (not != NULL && strstr(out.s, not ) != NULL))
		fail_msg("said \"%s\" and not \"%s\"", out.s, what);
	text_free(&out);
}

static void what_both_saw_is_named_as_such(void **state)
{
	const char *cloud = CLOUD("\"FailedReasonCode\": \"DhGroupMismatch\", \"Severity\": "
				  "\"Critical\", \"FailedTime\": 1661678530000");

	(void)state;
	assert_says(cloud, HERE("P1_DH_MISMATCH", "P1_PSK_MISMATCH"),
		    "Alibaba vco-1 tun-1: DhGroupMismatch (Critical), 2022-08-28T09:22:10Z\n"
		    "    this side saw the same: a: P1_DH_MISMATCH (certain): text a\n",
		    "b:"); /* the connection is another peer's */
}

static void what_one_side_alone_saw_is_named_as_such(void **state)
{
	const char *cloud = CLOUD("\"FailedReasonCode\": \"PskMismatch\", \"MismatchLocalParam\": "
				  "\"x\", \"MismatchRemoteParam\": \"y\"");

	(void)state;
	assert_says(cloud, HERE("P1_DH_MISMATCH", "P1_PSK_MISMATCH"),
		    "    set at the cloud: x\n    what it got from here: y\n"
		    "    this side has no evidence of that\n"
		    "    this side saw besides: a: P1_DH_MISMATCH (certain): text a\n",
		    NULL);
}

static void its_log_is_read_as_any_other(void **state)
{
	/* A reason code that is not known: the log says it. */
	const char *cloud = CLOUD("\"FailedReasonCode\": \"Strange\", \"SourceLog\": \"14[IKE] no "
				  "matching CHILD_SA config found for 10.0.0.0/8\"");

	(void)state;
	assert_says(cloud, HERE("P2_TS_MISMATCH", "P1_PSK_MISMATCH"),
		    "    its log means: P2_TS_MISMATCH", NULL);
	assert_says(cloud, HERE("P2_TS_MISMATCH", "P1_PSK_MISMATCH"),
		    "this side saw the same: a: P2_TS_MISMATCH", NULL);
}

static void a_connection_of_no_peer_is_held_against_all(void **state)
{
	const char *cloud = "{ \"VpnConnections\": [ { \"VpnConnectionId\": \"vco-2\", "
			    "\"FailedReasonCode\": \"PskMismatch\" } ] }";

	(void)state;
	assert_says(cloud, HERE("P1_DH_MISMATCH", "P1_PSK_MISMATCH"),
		    "this side saw the same: b: P1_PSK_MISMATCH (likely): text b", NULL);
}

static void without_a_daemon_the_cloud_speaks_alone(void **state)
{
	(void)state;
	assert_says(CLOUD("\"FailedReasonCode\": \"PskMismatch\""), NULL,
		    "this side was not asked: no daemon answers", "no evidence");
	assert_says("{ \"VpnConnections\": [] }", NULL, "no connection is in it\n", NULL);
	assert_says(CLOUD("\"Severity\": \"Normal\""), "[]", "reports no error (Normal)", NULL);
}

static void programs_get_the_same_as_json(void **state)
{
	struct text out = merged(CLOUD("\"FailedReasonCode\": \"AlgorithmMismatch\""),
				 HERE("P1_ALG_MISMATCH", "P2_SILENT"), true);
	json_t *all = json_loads(out.s, 0, NULL), *one = json_array_get(all, 0);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(one, "FailedReasonCode")),
			    "AlgorithmMismatch");
	assert_int_equal(json_array_size(json_object_get(one, "agreeing")), 1);
	assert_int_equal(json_array_size(json_object_get(one, "other")), 0);
	json_decref(all);
	text_free(&out);
}

/* Each connection is held against each peer: there cannot be any number of both. */
static void an_endless_list_is_refused(void **state)
{
	struct text file = {0}, out = {0}, why = {0};

	(void)state;
	text_puts(&file, "{ \"VpnConnections\": [ {}");
	for (int i = 0; i < 300000; i++)
		text_puts(&file, ",{}");
	text_puts(&file, " ] }");
	assert_int_equal(verdict_merge(file.s, file.len, HERE("P1_DH_MISMATCH", "P2_SILENT"),
				       DIAG_EN, false, &out, &why),
			 -EINVAL);
	assert_non_null(strstr(why.s, "more than 200 connections"));
	text_free(&file);
	text_free(&out);
	text_free(&why);
}

static void other_files_are_refused_and_terminals_are_safe(void **state)
{
	static const char *const files[] = {"", "{", "[]", "{}", "{\"VpnConnections\": 3}"};
	struct text out = {0}, why = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(
			verdict_merge(files[i], strlen(files[i]), NULL, DIAG_EN, false, &out, &why),
			-EINVAL);
		assert_non_null(strstr(why.s, "DiagnoseVpnConnections"));
		text_cut(&why, 0);
	}
	assert_says(CLOUD("\"FailedReasonCode\": \"a\\u001b[2Jb\""), "[7, {\"findings\": 3}]",
		    "a [2Jb", "\033");
	assert_says(CLOUD("\"FailedReasonCode\": \"a\\u009b2Jb\""), "[]", "a 2Jb", "\302\233");
	text_free(&out);
	text_free(&why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_both_saw_is_named_as_such),
		cmocka_unit_test(what_one_side_alone_saw_is_named_as_such),
		cmocka_unit_test(its_log_is_read_as_any_other),
		cmocka_unit_test(a_connection_of_no_peer_is_held_against_all),
		cmocka_unit_test(without_a_daemon_the_cloud_speaks_alone),
		cmocka_unit_test(programs_get_the_same_as_json),
		cmocka_unit_test(an_endless_list_is_refused),
		cmocka_unit_test(other_files_are_refused_and_terminals_are_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
