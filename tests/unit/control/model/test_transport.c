/* SPDX-License-Identifier: BSD-3-Clause */
/* test_transport.c - policies with tunnel=no: between the addresses of the SA, or refused. */
#include "load.h"

#include "control/model/apply.h"

#define SITE(peer, policies)                                                                       \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; },\n"               \
	"{ address = \"192.0.2.3/24\"; interface = \"wan\"; } );\n"                                \
	"ipsec = {\n"                                                                              \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = \"ecp256\"; } );\n"   \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( { name = \"p\"; profile = \"f\"; exchange-mode = \"ike2\"; " peer " } );\n"      \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"              \
	"policy = ( " policies " ); }; };\n" /* line 9 */
#define HOST "address = \"192.0.2.9\";"
#define POLICY(src, dst, more)                                                                     \
	"{ peer = \"p\"; src-address = \"" src "\"; dst-address = \"" dst "\"; proposal = \"a\"; " \
	"" more " }"

static struct model_plan *plan_of(const char *text, struct model **m)
{
	static struct problems problems;
	struct model_plan *plan;

	*m = load_good(text);
	problems_init(&problems);
	plan = model_plan_new(*m, NULL, &problems);
	problems_free(&problems);
	assert_non_null(plan);
	return plan;
}

static void assert_refused(const char *text, const char *what)
{
	char *told;
	struct model *m = load_text(text, &told);

	if (m != NULL || !strstr(told, what))
		fail_msg("told \"%s\" instead of \"%s\"", told, what);
	free(told);
	model_free(m);
}

static void assert_modes(const char *text, uint8_t first, uint8_t second, size_t children)
{
	struct model *m;
	struct model_plan *plan = plan_of(text, &m);

	assert_int_equal(plan->policies[0].mode, first);
	assert_int_equal(plan->policies[1].mode, second);
	assert_int_equal(plan->peers[0].n_children, children);
	assert_int_equal(plan->peers[0].children[0].mode, first);
	assert_int_equal(plan->peers[0].children[children - 1].mode, second);
	model_plan_free(plan);
	model_free(m);
}

static void between_the_addresses_of_the_sa_it_is_transport_mode(void **state)
{
	(void)state;
	assert_modes(SITE(HOST, POLICY("192.0.2.2", "192.0.2.9/32", "") ", " POLICY(
					"10.1.0.0/16", "10.2.0.0/16", "tunnel = true;")),
		     ABI_MODE_TRANSPORT, ABI_MODE_TUNNEL, 2);
	assert_modes(SITE(HOST " local-address = \"192.0.2.3\";",
			  POLICY("192.0.2.3", "192.0.2.9",
				 "tunnel = false; protocol = \"tcp\";") ", " POLICY("192.0.2.3",
										    "192.0.2.9",
										    "protocol = "
										    "\"udp\";")),
		     ABI_MODE_TRANSPORT, ABI_MODE_TRANSPORT, 2);
}

static void it_shares_no_sa_with_a_tunnel(void **state)
{
	(void)state;
	assert_modes(SITE(HOST " multi-selector = \"auto\";",
			  POLICY("192.0.2.2", "192.0.2.9",
				 "") ", " POLICY("192.0.2.2", "10.2.0.0/16", "tunnel = true;")),
		     ABI_MODE_TRANSPORT, ABI_MODE_TUNNEL, 2);
	assert_modes(
		SITE(HOST " multi-selector = \"single-sa\";",
		     POLICY("192.0.2.2", "192.0.2.9",
			    "protocol = \"tcp\"; dst-port = 80;") ", " POLICY("192.0.2.2",
									      "192.0.2.9",
									      "protocol = \"tcp\"; "
									      "dst-port = 81;")),
		ABI_MODE_TRANSPORT, ABI_MODE_TRANSPORT, 1);
}

static void other_addresses_are_refused(void **state)
{
	(void)state;
	assert_refused(SITE(HOST, POLICY("10.1.0.0/16", "192.0.2.9", "")),
		       "t.conf:9: /ip ipsec policy: src-address: with tunnel=no (RouterOS's "
		       "default, transport mode) it must be the SA's address, 192.0.2.2/32 (our "
		       "address towards the peer); between networks, say tunnel = true");
	assert_refused(SITE(HOST, POLICY("192.0.2.2", "10.2.0.0/16", "")),
		       "dst-address: with tunnel=no (RouterOS's default, transport mode) it must "
		       "be the SA's address, 192.0.2.9/32 (the peer's address)");
	/* ours, but not the one that this peer sees */
	assert_refused(SITE(HOST, POLICY("192.0.2.3", "192.0.2.9", "")), "192.0.2.2/32 (our");
	assert_refused(SITE(HOST, POLICY("192.0.2.0/24", "192.0.2.9", "")), "192.0.2.2/32 (our");
}

static void a_peer_without_one_address_is_refused(void **state)
{
	(void)state;
	assert_refused(SITE("address = \"192.0.2.0/24\"; passive = true;",
			    POLICY("192.0.2.2", "192.0.2.9", "")),
		       "peer: a peer whose address is a network cannot be with tunnel=no");
	assert_refused(
		SITE(HOST " multi-selector = \"any\";", POLICY("192.0.2.2", "192.0.2.9", "")),
		"multi-selector=any, which is for routed networks, cannot be with "
		"tunnel=no");
}

static void what_would_mark_an_outer_header_is_refused(void **state)
{
	(void)state;
	assert_refused(SITE(HOST, POLICY("192.0.2.2", "192.0.2.9", "dont-fragment = \"clear\";")),
		       "dont-fragment: there is no outer header to mark with tunnel=no");
	assert_refused(SITE(HOST, POLICY("192.0.2.2", "192.0.2.9", "dscp = 10;")),
		       "dscp: there is no outer header to mark with tunnel=no");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(between_the_addresses_of_the_sa_it_is_transport_mode),
		cmocka_unit_test(it_shares_no_sa_with_a_tunnel),
		cmocka_unit_test(other_addresses_are_refused),
		cmocka_unit_test(a_peer_without_one_address_is_refused),
		cmocka_unit_test(what_would_mark_an_outer_header_is_refused),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
