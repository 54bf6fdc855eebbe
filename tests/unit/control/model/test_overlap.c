/* SPDX-License-Identifier: BSD-3-Clause */
/* test_overlap.c - policies of one peer that overlap, each with an SA of its own: which are warned
 * of, and, one reason at a time, which are not. */
#include "load.h"

#define PEER(name, address, more)                                                                  \
	"{ name = \"" name "\"; profile = \"f\"; address = \"" address "\"; " more " }"
#define SECRET(peer) "{ peer = \"" peer "\"; secret = \"0123456789012345678901234\"; }"
#define SITE(peers, identities, policies)                                                          \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"ipsec = { settings = { allow-weak = \"ikev1\"; };\n"                                      \
	"profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = \"ecp256\"; } );\n"   \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( " peers " );\n"                                                                  \
	"identity = ( " identities " );\n"                                                         \
	"policy = ( " policies " ); }; };\n" /* line 8 */
#define ONE(policies) SITE(PEER("p", "192.0.2.9", ""), SECRET("p"), policies)
#define TWO(policies)                                                                              \
	SITE(PEER("p", "192.0.2.9", "") ", " PEER("q", "192.0.2.10", ""),                          \
	     SECRET("p") ", " SECRET("q"), policies)
#define OF(peer, src, dst, more)                                                                   \
	"{ peer = \"" peer "\"; tunnel = true; src-address = \"" src "\"; dst-address = \"" dst    \
	"\"; proposal = \"a\"; " more " }"
#define WIDE(more)   OF("p", "10.1.0.0/16", "10.2.0.0/16", more)
#define NARROW(more) OF("p", "10.1.4.0/24", "10.2.0.0/15", more)

/* How often a text is told as overlapping. */
static unsigned int told(const char *text)
{
	unsigned int n = 0;
	char *all;

	model_free(load_text(text, &all));
	for (const char *p = all; (p = strstr(p, "it overlaps with")) != NULL; p++)
		n++;
	free(all);
	return n;
}

static void one_line_is_told_of_a_peer(void **state)
{
	(void)state;
	assert_told(ONE(WIDE("") ",\n" NARROW("")), true,
		    "t.conf:9: warning: /ip ipsec policy: it overlaps with");
	assert_int_equal(told(ONE(WIDE("") ",\n" NARROW(""))), 1);
	assert_int_equal(
		told(ONE(WIDE("") ",\n" NARROW("") ",\n" OF("p", "10.1.4.0/25", "10.0.0.0/8", ""))),
		1);
}

static void both_ends_have_to_meet(void **state)
{
	(void)state;
	assert_int_equal(told(ONE(WIDE("") ",\n" OF("p", "10.1.0.0/16", "10.3.0.0/16", ""))), 0);
	assert_int_equal(told(ONE(WIDE("") ",\n" OF("p", "10.3.0.0/16", "10.2.0.0/16", ""))), 0);
}

static void policies_of_two_peers_may_overlap(void **state)
{
	(void)state;
	assert_int_equal(told(TWO(WIDE("") ",\n" OF("q", "10.1.4.0/24", "10.2.0.0/15", ""))), 0);
}

/* Whatever stands between them. */
static void policies_of_a_peer_are_found_among_those_of_others(void **state)
{
	(void)state;
	assert_told(TWO(WIDE("") ",\n" OF("q", "10.5.0.0/16", "10.6.0.0/16", "") ",\n" NARROW("")),
		    true, "t.conf:10: warning: /ip ipsec policy: it overlaps with");
	assert_int_equal(
		told(TWO(WIDE("") ",\n" OF("q", "10.5.0.0/16", "10.6.0.0/16", "") ",\n" NARROW(
			"") ",\n" OF("q", "10.5.1.0/24", "10.0.0.0/8", ""))),
		2);
}

static void one_that_is_disabled_meets_nothing(void **state)
{
	(void)state;
	assert_int_equal(told(ONE(WIDE("") ",\n" NARROW("disabled = true;"))), 0);
	assert_int_equal(told(ONE(WIDE("disabled = true;") ",\n" NARROW(""))), 0);
}

static void one_without_an_sa_meets_nothing(void **state)
{
	(void)state;
	assert_int_equal(told(ONE(WIDE("") ",\n" NARROW("action = \"discard\";"))), 0);
	assert_int_equal(told(ONE(NARROW("action = \"none\";") ",\n" WIDE(""))), 0);
}

/* Its policies are made when a peer asks. */
static void a_template_meets_nothing(void **state)
{
	(void)state;
	assert_int_equal(told(SITE(PEER("p", "192.0.2.9", "exchange-mode = \"ike2\";"),
				   "{ peer = \"p\"; secret = \"0123456789012345678901234\"; "
				   "generate-policy = \"port-strict\"; }",
				   OF("p", "10.1.0.0/16", "10.2.0.0/16",
				      "") ",\n" NARROW("template = true;"))),
			 0);
}

/* Policies that share one pair have one SA for what both cover. */
static void who_shares_a_pair_meets_nobody(void **state)
{
#define SHARED(more)                                                                               \
	SITE(PEER("p", "192.0.2.9", "exchange-mode = \"ike2\"; " more), SECRET("p"),               \
	     WIDE("") ",\n" OF("p", "10.1.0.0/16", "10.2.0.0/15", ""))
	(void)state;
	model_free(load_good(SHARED("multi-selector = \"any\";")));
	assert_int_equal(told(SHARED("multi-selector = \"any\";")), 0);
	assert_int_equal(told(SHARED("")), 1);
}

/* The same once more is told as that, or is its standby. */
static void the_same_traffic_is_no_overlap(void **state)
{
	(void)state;
	assert_int_equal(told(ONE(WIDE("") ",\n" WIDE(""))), 0);
}

/* 10.1.0.0 and a01::, whose first bytes are the same. */
static void families_do_not_meet(void **state)
{
	(void)state;
	assert_int_equal(told(ONE(WIDE("") ",\n" OF("p", "a01::/24", "a02::/15", ""))), 0);
}

static void protocols_and_ports_have_to_meet(void **state)
{
	(void)state;
	assert_int_equal(told(ONE(WIDE("protocol = \"tcp\";") ",\n" NARROW("protocol = \"udp\";"))),
			 0);
	assert_int_equal(told(ONE(WIDE("protocol = \"tcp\";") ",\n" NARROW(""))), 1);
	assert_int_equal(told(ONE(NARROW("") ",\n" WIDE("protocol = \"tcp\";"))), 1);
	assert_int_equal(told(ONE(WIDE("protocol = \"tcp\"; dst-port = \"80\";") ",\n" NARROW(
				 "protocol = \"tcp\"; dst-port = \"81\";"))),
			 0);
	assert_int_equal(told(ONE(WIDE("protocol = \"tcp\"; dst-port = \"80\";") ",\n" NARROW(
				 "protocol = \"tcp\"; dst-port = \"80\";"))),
			 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_line_is_told_of_a_peer),
		cmocka_unit_test(both_ends_have_to_meet),
		cmocka_unit_test(policies_of_two_peers_may_overlap),
		cmocka_unit_test(policies_of_a_peer_are_found_among_those_of_others),
		cmocka_unit_test(one_that_is_disabled_meets_nothing),
		cmocka_unit_test(one_without_an_sa_meets_nothing),
		cmocka_unit_test(a_template_meets_nothing),
		cmocka_unit_test(who_shares_a_pair_meets_nobody),
		cmocka_unit_test(the_same_traffic_is_no_overlap),
		cmocka_unit_test(families_do_not_meet),
		cmocka_unit_test(protocols_and_ports_have_to_meet),
	};

	return cmocka_run_group_tests_name("overlap", tests, load_setup, load_teardown);
}
