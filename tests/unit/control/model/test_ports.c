/* SPDX-License-Identifier: BSD-3-Clause */
/* test_ports.c - ports and protocols of policies: read, printed, filtered, and in the plan. */
#include "load.h"

#include "control/model/apply.h"
#include "control/model/filter.h"
#include "control/model/text.h"
#include "control/model/value_parse.h"
#include "control/model/value_print.h"

#define SITE(mode, policies)                                                                       \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = { settings = { allow-weak = \"ikev1\"; };\n"                                      \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = \"ecp256\"; } );\n"   \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; exchange-mode = "      \
	"\"" mode "\"; } );\n"                                                                     \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"              \
	"policy = ( " policies " ); }; };\n" /* line 8 */
#define POLICY(more)                                                                               \
	"{ peer = \"p\"; tunnel = true; src-address = \"10.1.0.0/16\"; dst-address = "             \
	"\"10.2.0.0/16\"; proposal = \"a\"; " more " }"

/* A port property of a text as it prints; NULL: it is refused, and says why. */
static const char *printed(const char *text, struct value *v)
{
	static struct text out, why;
	struct model *m = model_new("x");
	int rc;

	text_cut(&out, 0);
	text_cut(&why, 0);
	rc = value_parse(m, &schema_menu(MENU_POLICY)->props[POLICY_SRC_PORT], text, v, &why);
	assert_true(rc == 0 || (rc == -22 && why.len > 0));
	if (rc == 0)
		value_print(&schema_menu(MENU_POLICY)->props[POLICY_SRC_PORT], v, VALUE_ROUTEROS,
			    &out);
	model_free(m);
	return rc == 0 ? out.s : NULL;
}

static void ports_print_as_they_are_read(void **state)
{
	static const char *const pairs[][2] = {
		{"any", "any"},		{"0", "0"},	 {"443", "443"},
		{"65535", "65535"},	{"1-2", "1-2"},	 {"1000-1999", "1000-1999"},
		{"0-65534", "0-65534"}, {"80-80", "80"}, {"0-65535", "any"}};
	static const char *const bad[] = {
		"65536", "1-65536", "5-4",    "-",	    "-1",
		"1-",	 "1--2",    "1-2-3",  "a",	    "1 - 2",
		"",	 "1,2",	    "any-80", "99999999-1", "1-99999999999999999999"};
	struct value v;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *s = printed(pairs[i][0], &v);

		assert_non_null(s);
		assert_string_equal(s, pairs[i][1]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (printed(bad[i], &v) != NULL)
			fail_msg("\"%s\" is taken", bad[i]);
}

static void the_plan_has_the_ports(void **state)
{
	static struct problems problems;
	struct model *m = load_good(SITE("ike2", POLICY("protocol = \"tcp\"; src-port = "
							"\"1000-1999\"; dst-port = 443;")));
	struct model_plan *plan, *same;
	const struct ike_child_conf *c;

	(void)state;
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	c = &plan->peers[0].children[0];
	assert_int_equal(plan->policies[0].local.port_lo, 1000);
	assert_int_equal(plan->policies[0].local.port_hi, 1999);
	assert_int_equal(plan->policies[0].remote.port_lo, 443);
	assert_int_equal(plan->policies[0].remote.port_hi, 443);
	assert_int_equal(plan->policies[0].local.protocol, 6);
	assert_memory_equal(&c->local, &plan->policies[0].local, sizeof(c->local));
	assert_memory_equal(&c->remote, &plan->policies[0].remote, sizeof(c->remote));
	model_pack(m);
	assert_int_equal(model_unpack(m), 0);
	same = model_plan_new(m, plan, &problems);
	assert_memory_equal(same->policies, plan->policies, sizeof(*plan->policies));
	model_plan_free(same);
	model_plan_free(plan);
	problems_free(&problems);
	model_free(m);
}

static void ikev1_has_one_port_or_all(void **state)
{
	(void)state;
	assert_told(SITE("main", POLICY("protocol = \"tcp\"; dst-port = \"80-81\";")), false,
		    "t.conf:8: /ip ipsec policy: dst-port: IKEv1, which peer \"p\" speaks, can say "
		    "one port from 1 to 65535, or any");
	assert_told(SITE("main", POLICY("protocol = \"udp\"; src-port = 0;")), false,
		    "src-port: IKEv1");
	assert_told(SITE("main", POLICY("protocol = \"tcp\"; dst-port = \"80-80\";")), true, "");
	assert_told(SITE("ike2", POLICY("protocol = \"tcp\"; dst-port = \"80-81\";")), true, "");
	/* what is not negotiated may have any */
	assert_told(SITE("main", "{ action = \"discard\"; src-address = \"10.1.0.0/16\"; "
				 "dst-address = \"10.2.0.0/16\"; protocol = \"tcp\"; dst-port = "
				 "\"80-81\"; }"),
		    true, "");
}

static void ports_need_a_protocol_that_has_some(void **state)
{
	(void)state;
	assert_told(SITE("ike2", POLICY("dst-port = \"80-81\";")), false,
		    "protocol: src-port and dst-port need tcp or udp");
	assert_told(SITE("ike2", POLICY("protocol = \"icmp\"; src-port = \"8-8\";")), false,
		    "protocol: src-port and dst-port need tcp or udp");
}

static void other_ports_are_other_traffic(void **state)
{
	(void)state;
	assert_told(SITE("ike2", POLICY("protocol = \"tcp\"; dst-port = \"80-81\";") "," POLICY(
					 "protocol = \"tcp\"; dst-port = \"80-82\";")),
		    true, "");
	assert_told(SITE("ike2", POLICY("protocol = \"tcp\"; dst-port = \"80-81\";") "," POLICY(
					 "protocol = \"tcp\"; dst-port = \"80-81\";")),
		    false, "it covers the same packets");
}

static bool matches(const char *port, const char *expr)
{
	struct value v[MENU_MAX_PROPS] = {0};
	struct text why = {0}, hint = {0};
	struct filter *f = filter_new(schema_menu(MENU_POLICY), expr, &why, &hint);
	bool yes;

	assert_non_null(f);
	assert_non_null(printed(port, &v[POLICY_SRC_PORT]));
	yes = filter_match(f, v);
	filter_free(f);
	text_free(&why);
	text_free(&hint);
	return yes;
}

static void filters_compare_what_is_printed(void **state)
{
	(void)state;
	assert_true(matches("1000-1999", "src-port=1000-1999"));
	assert_false(matches("1000-1999", "src-port=1000"));
	assert_true(matches("1000-1999", "src-port!=1000"));
	assert_true(matches("443", "src-port=443"));
	assert_true(matches("any", "src-port=any"));
	assert_true(matches("1000-1999", "src-port>999"));
	assert_false(matches("1000-1999", "src-port>1000"));
}

static void protocols_have_routeros_names(void **state)
{
	static const struct {
		const char *name, *prints;
		uint64_t number;
	} names[] = {{"all", "all", 0},		 {"icmp", "icmp", 1},	   {"tcp", "tcp", 6},
		     {"udp", "udp", 17},	 {"gre", "gre", 47},	   {"ipip", "ipip", 4},
		     {"ipencap", "ipip", 4},	 {"ipsec-esp", "esp", 50}, {"ipsec-ah", "ah", 51},
		     {"ospf", "ospf", 89},	 {"sctp", "sctp", 132},	   {"ipv6", "ipv6", 41},
		     {"etherip", "etherip", 97}, {"200", "200", 200},	   {"6", "tcp", 6}};
	const struct prop *p = &schema_menu(MENU_POLICY)->props[POLICY_PROTOCOL];
	struct text out = {0}, why = {0};
	struct model *m = model_new("x");
	struct value v;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(value_parse(m, p, names[i].name, &v, &why), 0);
		assert_int_equal(v.num, names[i].number);
		text_cut(&out, 0);
		value_print(p, &v, VALUE_ROUTEROS, &out);
		assert_string_equal(out.s, names[i].prints);
	}
	assert_int_not_equal(value_parse(m, p, "256", &v, &why), 0);
	text_free(&out);
	text_free(&why);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ports_print_as_they_are_read),
		cmocka_unit_test(the_plan_has_the_ports),
		cmocka_unit_test(ikev1_has_one_port_or_all),
		cmocka_unit_test(ports_need_a_protocol_that_has_some),
		cmocka_unit_test(other_ports_are_other_traffic),
		cmocka_unit_test(filters_compare_what_is_printed),
		cmocka_unit_test(protocols_have_routeros_names),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
