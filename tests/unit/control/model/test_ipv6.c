/* SPDX-License-Identifier: BSD-3-Clause */
/* test_ipv6.c - IPv6 in a configuration: addresses, routes, peers and policies; and filters. */
#include "load.h"

#include "control/model/addr.h"
#include "control/model/apply.h"
#include "control/model/filter.h"
#include "control/model/value_print.h"
#include "sa_table.h"

/* Lines 1 to 8; a case's own text follows. */
#define PORTS                                                                                      \
	"interface = ( { name = \"lan\"; device = \"net_null0\"; },\n"                             \
	"              { name = \"wan\"; device = \"net_null1\"; } );\n"
#define NET6                                                                                       \
	"ipv6 = { address = ( { address = \"2001:db8:1::1/64\"; interface = \"lan\"; },\n"         \
	"                     { address = \"2001:db8:ff::2/64\"; interface = \"wan\"; } );\n"
#define ROUTE6 "route = ( { gateway = \"2001:db8:ff::1\"; } );\n"
#define NET4                                                                                       \
	"ip = { address = ( { address = \"192.168.1.1/24\"; interface = \"lan\"; },\n"             \
	"                   { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"
#define SITE(peer, policy)                                                                         \
	PORTS NET6 ROUTE6                                                                          \
		"};\n" NET4 "ipsec = { settings = { allow-weak = \"ikev1\"; };\n"                  \
		"profile = ( { name = \"f\"; dh-group = \"ecp256\"; hash-algorithm = \"sha256\"; " \
		"} "                                                                               \
		");\n"                                                                             \
		"peer = ( { name = \"p\"; profile = \"f\"; " peer " } );\n"                        \
		"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"      \
		"proposal = ( { name = \"e\"; auth-algorithms = \"sha256\"; pfs-group = "          \
		"\"none\"; } );\n"                                                                 \
		"policy = ( { peer = \"p\"; proposal = \"e\"; tunnel = true; " policy " } ); }; "  \
		"};\n"

static struct model_plan *plan_of(const char *text)
{
	static struct problems problems;
	struct model *m = load_good(text);
	struct model_plan *plan;

	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	problems_free(&problems);
	model_free(m);
	return plan;
}

static void assert_addr(const struct abi_addr *a, const char *expected)
{
	char buf[ADDR_MAX_TEXT];

	assert_string_equal(addr_text(a, buf), expected);
}

static void assert_range(const struct abi_range *r, const char *lo, const char *hi)
{
	struct abi_addr a = {.family = r->family};

	memcpy(a.bytes, r->lo, sizeof(a.bytes));
	assert_addr(&a, lo);
	memcpy(a.bytes, r->hi, sizeof(a.bytes));
	assert_addr(&a, hi);
}

static void addresses_and_routes_reach_the_plan(void **state)
{
	struct model_plan *plan =
		plan_of(PORTS NET6 "route = ( { gateway = \"2001:db8:ff::1\"; },\n"
				   "{ dst-address = \"2001:db8:7::/48\"; gateway = "
				   "\"fe80::9%wan\"; distance = 5; },\n"
				   "{ dst-address = \"2001:db8:8::/48\"; gateway = \"lan\"; } "
				   "); };\n" NET4 "};\n");

	(void)state;
	assert_int_equal(plan->n_addresses, 4); /* IPv4 first */
	assert_addr(&plan->addresses[0].addr, "192.168.1.1");
	assert_addr(&plan->addresses[3].addr, "2001:db8:ff::2");
	assert_int_equal(plan->addresses[3].prefix_len, 64);
	assert_int_equal(plan->addresses[3].port, 1);
	assert_int_equal(plan->n_routes, 3);
	assert_int_equal(plan->routes[0].dst.family, 6);
	assert_int_equal(plan->routes[0].prefix_len, 0);
	assert_addr(&plan->routes[0].gateway, "2001:db8:ff::1");
	assert_int_equal(plan->routes[0].port, ABI_PORT_ANY);
	assert_addr(&plan->routes[1].gateway, "fe80::9");
	assert_int_equal(plan->routes[1].port, 1);
	assert_int_equal(plan->routes[1].distance, 5);
	assert_int_equal(plan->routes[2].gateway.family, 0);
	assert_int_equal(plan->routes[2].port, 0);
	model_plan_free(plan);
}

static void a_peer_over_ipv6_gets_our_address_and_identity(void **state)
{
	struct model_plan *plan = plan_of(
		SITE("address = \"2001:db8:cafe::1\";",
		     "src-address = \"2001:db8:1::/64\"; dst-address = \"2001:db8:2::/64\";"));
	const struct ike_peer_conf *p = &plan->peers[0];
	const struct abi_policy *pol = &plan->policies[0];

	(void)state;
	assert_addr(&p->remote, "2001:db8:cafe::1");
	assert_int_equal(p->remote_prefix_len, 128);
	assert_false(p->passive);
	assert_addr(&p->local, "2001:db8:ff::2"); /* of the route there */
	assert_int_equal(p->my_id.type, IKE_ID_IPV6);
	assert_int_equal(p->my_id.len, 16);
	assert_memory_equal(p->my_id.data, p->local.bytes, 16);
	assert_range(&pol->local, "2001:db8:1::", "2001:db8:1:0:ffff:ffff:ffff:ffff");
	assert_range(&pol->remote, "2001:db8:2::", "2001:db8:2:0:ffff:ffff:ffff:ffff");
	assert_int_equal(pol->local.port_hi, 65535);
	assert_addr(&pol->tunnel_local, "2001:db8:ff::2");
	assert_addr(&pol->tunnel_remote, "2001:db8:cafe::1");
	assert_memory_equal(&p->children[0].local, &pol->local, sizeof(pol->local));
	model_plan_free(plan);
}

static void inner_and_outer_families_are_free_of_each_other(void **state)
{
	struct model_plan *six_in_four = plan_of(
		SITE("address = \"192.0.2.9\";",
		     "src-address = \"2001:db8:1::/64\"; dst-address = \"2001:db8:2::/64\";"));
	struct model_plan *four_in_six =
		plan_of(SITE("address = \"2001:db8:cafe::1\";",
			     "src-address = \"192.168.1.0/24\"; dst-address = \"10.1.0.0/16\";"));

	(void)state;
	assert_int_equal(six_in_four->policies[0].local.family, 6);
	assert_addr(&six_in_four->policies[0].tunnel_local, "192.0.2.2");
	assert_int_equal(four_in_six->policies[0].local.family, 4);
	assert_addr(&four_in_six->policies[0].tunnel_remote, "2001:db8:cafe::1");
	model_plan_free(six_in_four);
	model_plan_free(four_in_six);
}

static void a_network_of_peers_is_waited_for(void **state)
{
	struct model_plan *plan = plan_of(
		SITE("address = \"::/0\";",
		     "src-address = \"2001:db8:1::/64\"; dst-address = \"2001:db8:2::/64\";"));

	(void)state;
	assert_true(plan->peers[0].passive);
	assert_int_equal(plan->peers[0].remote_prefix_len, 0);
	assert_int_equal(plan->policies[0].tunnel_remote.family, 0);
	model_plan_free(plan);
}

static void an_identity_may_be_an_ipv6_address(void **state)
{
	struct text out = {0};
	struct model *m = load_good(PORTS NET6 ROUTE6
				    "};\nip = { ipsec = { settings = { allow-weak = \"ikev1\"; };\n"
				    "profile = ( { name = \"f\"; dh-group = \"ecp256\"; "
				    "hash-algorithm = \"sha256\"; } );\n"
				    "peer = ( { name = \"p\"; profile = \"f\"; address = "
				    "\"2001:db8::9\"; } );\n"
				    "identity = ( { peer = \"p\"; secret = "
				    "\"0123456789012345678901234\"; remote-id = "
				    "\"address:2001:db8::9\"; } ); }; };\n");
	const struct value *v = &m->table[MENU_IDENTITY].rows[0].values[IDENTITY_REMOTE_ID];

	(void)state;
	assert_int_equal(v->num, IKE_ID_IPV6);
	assert_int_equal(v->len, 16);
	value_print(&schema_menu(MENU_IDENTITY)->props[IDENTITY_REMOTE_ID], v, VALUE_ROUTEROS,
		    &out);
	assert_string_equal(out.s, "address:2001:db8::9");
	text_free(&out);
	model_free(m);
}

static const struct {
	const char *text;
	const char *told;
} bad[] = {
	{PORTS "ipv6 = { address = ( { address = \"10.0.0.1/24\"; interface = \"lan\"; } ); };\n",
	 "address: \"10.0.0.1/24\" is not an IPv6 prefix"},
	{PORTS "ip = { address = ( { address = \"2001:db8::1/64\"; interface = \"lan\"; } ); };\n",
	 "address: \"2001:db8::1/64\" is not an IPv4 prefix"},
	{PORTS "ipv6 = { address = ( { address = \"2001:db8::1\"; interface = \"lan\"; },\n"
	       "{ address = \"2001:db8::1/64\"; interface = \"wan\"; } ); };\n",
	 "t.conf:4: /ipv6 address: the same address stands in line 3 already"},
	{PORTS "ipv6 = { address = ( { address = \"fe80::1/64\"; interface = \"lan\"; } ); };\n",
	 "fe80::1/64 is link-local; every interface makes its own"},
	{PORTS "ipv6 = { address = ( { address = \"2001:db8::/64\"; interface = \"lan\"; } ); };\n",
	 "2001:db8::/64 is the network itself"},
	{PORTS "ipv6 = { address = ( { address = \"ff02::1/64\"; interface = \"lan\"; } ); };\n",
	 "ff02::1/64 cannot be an address of an interface"},
	{PORTS "ipv6 = { address = ( { address = \"2001:db8::1/0\"; interface = \"lan\"; } ); };\n",
	 "2001:db8::1/0 has no length of its network"},
	{PORTS "ipv6 = { address = ( { address = \"2001:db8::1/64\"; interface = \"lan\"; "
	       "advertise = true; } ); };\n",
	 "advertise: \"yes\": router advertisements are not sent"},
	{"interface = ( { name = \"lan\"; device = \"net_null0\"; mtu = 1279; } );\n"
	 "ipv6 = { address = ( { address = \"2001:db8::1/64\"; interface = \"lan\"; } ); };\n",
	 "/interface \"lan\": mtu: 1279 is less than the 1280 that IPv6 needs, and line 2"},
	{PORTS NET6 "route = ( { gateway = \"fe80::1\"; } ); };\n",
	 "gateway: fe80::1 is link-local: say behind which interface (fe80::1%wan)"},
	{PORTS NET6 "route = ( { gateway = \"fe80::1%wam\"; } ); };\n",
	 "\"wam\" is neither an IPv6 address nor the name of an interface; did you mean \"wan\"?"},
	{PORTS NET6 "route = ( { gateway = \"2001:db8:ff::1%lan\"; } ); };\n",
	 "gateway: 2001:db8:ff::1 lies in the network of another interface"},
	{PORTS NET6 "route = ( { gateway = \"2001:db8:2::1\"; } ); };\n",
	 "gateway: 2001:db8:2::1 lies in no network of /ipv6 address"},
	{PORTS NET6 "route = ( { gateway = \"2001:db8:ff::2\"; } ); };\n",
	 "gateway: 2001:db8:ff::2 is an address of our own"},
	{PORTS NET6 "route = ( { gateway = \"192.0.2.1\"; } ); };\n",
	 "gateway: \"192.0.2.1\" is neither an IPv6 address nor the name of an interface"},
	{PORTS NET6 "route = ( { dst-address = \"10.0.0.0/8\"; gateway = \"lan\"; } ); };\n",
	 "dst-address: \"10.0.0.0/8\" is not an IPv6 prefix (like 2001:db8::/64)"},
	{PORTS NET6 "route = ( { gateway = \"lan\"; }, { gateway = \"wan\"; }, { gateway = "
		    "\"lan\"; distance = 2; } ); };\n",
	 "/ipv6 route: line 5 has the same dst-address and gateway"},
	{SITE("address = \"fe80::9\";", "src-address = \"::/0\"; dst-address = \"::/0\";"),
	 "peer \"p\": address: fe80::9 is link-local; a peer needs an address that means the same"},
	{SITE("address = \"ff02::9\";", "src-address = \"::/0\"; dst-address = \"::/0\";"),
	 "peer \"p\": address: ff02::9 cannot be the address of a peer"},
	{SITE("address = \"2001:db8:ff::2\";", "src-address = \"::/0\"; dst-address = \"::/0\";"),
	 "peer \"p\": address: 2001:db8:ff::2 is an address of our own"},
	{SITE("address = \"2001:db8::9\"; local-address = \"192.0.2.2\";",
	      "src-address = \"::/0\"; dst-address = \"::/0\";"),
	 "peer \"p\": local-address: 192.0.2.2 is of another family than address"},
	{SITE("address = \"2001:db8::9\"; local-address = \"2001:db8::8\";",
	      "src-address = \"::/0\"; dst-address = \"::/0\";"),
	 "peer \"p\": local-address: 2001:db8::8 is not an address in /ipv6 address"},
	{SITE("address = \"198.51.100.1\";", "src-address = \"::/0\"; dst-address = \"::/0\";"),
	 "no route leads to 198.51.100.1; add one to /ip route"},
	{SITE("address = \"2001:db8::9\";",
	      "src-address = \"::/0\"; dst-address = \"10.0.0.0/8\";"),
	 "dst-address: of another family than src-address; no packet has both"},
	{SITE("address = \"2001:db8::9\";",
	      "src-address = \"2001:db8::1/64\"; dst-address = \"::/0\";"),
	 "\"2001:db8::1/64\" has bits set behind its length; the network is \"2001:db8::/64\""},
	{SITE("address = \"2001:db8::9\";",
	      "src-address = \"::ffff:10.0.0.0/104\"; dst-address = \"::/0\";"),
	 "it is IPv4 in IPv6 form; write IPv4"},
};

static void refuses_what_cannot_be(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char *told;
		struct model *m = load_text(bad[i].text, &told);

		if (m || !strstr(told, bad[i].told))
			fail_msg("case %zu: expected\n%s\ntold\n%s", i, bad[i].told, told);
		free(told);
	}
}

static bool passes(const char *expr, const struct value *v)
{
	struct text why = {0}, hint = {0};
	struct filter *f = filter_new(schema_menu(MENU_INSTALLED_SA), expr, &why, &hint);
	bool r;

	if (!f)
		fail_msg("%s: %s", expr, why.s);
	r = filter_match(f, v);
	filter_free(f);
	text_free(&why);
	text_free(&hint);
	return r;
}

static void filters_know_ipv6_endpoints(void **state)
{
	struct value v[INSTALLED_SA_PROPS];
	struct text out = {0};

	(void)state;
	sa_table_row(v, 0x1000, "2001:db8::1", "2001:db8::2", 0, 0, 0);
	value_print(&schema_menu(MENU_INSTALLED_SA)->props[SA_SRC], &v[SA_SRC], VALUE_ROUTEROS,
		    &out);
	assert_string_equal(out.s, "[2001:db8::1]:4500");
	text_free(&out);
	assert_true(passes("src-address=\"[2001:db8::1]:4500\"", v));
	assert_true(passes("src-address=\"[2001:DB8:0::1]:4500\"", v));
	assert_false(passes("src-address=\"[2001:db8::1]:500\"", v));
	assert_false(passes("src-address=2001:db8::1", v)); /* it has a port */
	assert_true(passes("src-address in 2001:db8::/32", v));
	assert_false(passes("src-address in 2001:db9::/32", v));
	assert_false(passes("src-address in 0.0.0.0/0", v));
	assert_true(passes("src-address>192.0.2.1", v)); /* behind all of IPv4 */
	assert_true(passes("src-address<\"[2001:db8::2]:4500\"", v));
	assert_true(passes("dst-address~\"2001:db8::2\"", v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_routes_reach_the_plan),
		cmocka_unit_test(a_peer_over_ipv6_gets_our_address_and_identity),
		cmocka_unit_test(inner_and_outer_families_are_free_of_each_other),
		cmocka_unit_test(a_network_of_peers_is_waited_for),
		cmocka_unit_test(an_identity_may_be_an_ipv6_address),
		cmocka_unit_test(refuses_what_cannot_be),
		cmocka_unit_test(filters_know_ipv6_endpoints),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
