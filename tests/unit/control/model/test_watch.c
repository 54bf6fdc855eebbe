/* SPDX-License-Identifier: BSD-3-Clause */
/* test_watch.c - /tool netwatch: what comes of a row, and what it must not say. */
#include "load.h"

#include "control/model/apply.h"

#define SITE(rows)                                                                                 \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; },\n"               \
	"{ address = \"169.254.1.2/32\"; interface = \"wan\"; } );\n"                              \
	"ipsec = { profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = "           \
	"\"ecp256\"; } );\n"                                                                       \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( { name = \"p\"; profile = \"f\"; address = \"192.0.2.9\"; exchange-mode = "      \
	"\"ike2\"; } );\n"                                                                         \
	"identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"              \
	"policy = ( { peer = \"p\"; tunnel = true; src-address = \"169.254.1.2\"; dst-address = "  \
	"\"169.254.1.1\"; proposal = \"a\"; } ); }; };\n"                                          \
	"tool = { netwatch = ( " rows " ); };\n" /* line 9 */
#define ROW(host, src, more)                                                                       \
	"{ name = \"w\"; host = \"" host "\"; src-address = \"" src "\"; " more " }"

static void a_row_becomes_what_is_watched(void **state)
{
	static struct problems problems;
	struct model *m = load_good(
		SITE(ROW("169.254.1.1", "169.254.1.2",
			 "interval = 500; peer = \"p\"; expect-interval = "
			 "2000; expect-failures = 8;") ", { name = \"x\"; host "
						       "= \"169.254.1.1\"; src-address = "
						       "\"192.0.2.2\"; disabled = true; }"));
	struct model_plan *plan;
	const struct plan_watch *p;

	(void)state;
	problems_init(&problems);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	assert_int_equal(plan->n_watches, 1);
	p = plan->watches;
	assert_string_equal(p->name, "w");
	assert_string_equal(p->peer, "p");
	assert_int_equal(p->host.bytes[3], 1);
	assert_int_equal(p->src.bytes[3], 2);
	assert_int_equal(p->interval, 500);
	assert_int_equal(p->failures, 3);
	assert_int_equal(p->probe, 1);
	assert_int_equal(p->expect_interval, 2000);
	assert_int_equal(p->expect_failures, 8);
	model_plan_free(plan);
	model_free(m);
}

static void what_cannot_be_watched_is_refused(void **state)
{
	(void)state;
	assert_told(SITE(ROW("2001:db8::1", "169.254.1.2", "")), false,
		    "t.conf:9: /tool netwatch \"w\": host: 2001:db8::1 is not IPv4");
	assert_told(SITE(ROW("192.0.2.2", "169.254.1.2", "")), false,
		    "host: 192.0.2.2 is an address of our own");
	assert_told(SITE(ROW("224.0.0.1", "169.254.1.2", "")), false,
		    "host: 224.0.0.1 cannot be the address of a host");
	assert_told(SITE(ROW("169.254.1.1", "10.0.0.1", "")), false,
		    "src-address: 10.0.0.1 is not an address in /ip address; one with /32");
	assert_told(SITE(ROW("169.254.1.1", "169.254.1.2", "probe = false;")), false,
		    "probe: no, and no expect-interval either: nothing is watched");
	assert_told(SITE(ROW("169.254.1.1", "169.254.1.2", "") ", { name = \"v\"; host = "
							       "\"169.254.1.1\"; src-address = "
							       "\"169.254.1.2\"; }"),
		    false, "\"v\": host: 169.254.1.1 is watched from this src-address already");
}

static void one_that_goes_in_clear_is_warned_of(void **state)
{
	(void)state;
	assert_told(
		SITE(ROW("169.254.1.7", "169.254.1.2", "")), true,
		"t.conf:9: warning: /tool netwatch \"w\": no policy with action=encrypt covers");
}

/* Two peers with the same networks, q standing in for p; and each with its own for pings. */
#define TWO(pings, peer)                                                                           \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; },\n"               \
	"{ address = \"10.1.0.1/32\"; interface = \"wan\"; } );\n"                                 \
	"ipsec = { profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = "           \
	"\"ecp256\"; } );\n"                                                                       \
	"proposal = ( { name = \"a\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"  \
	"peer = ( " PEER("p", "9") ", " PEER(                                                      \
		"q",                                                                               \
		"8") " );\n"                                                                       \
		     "identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; }, "    \
		     "{ peer = \"q\"; secret = \"0123456789012345678901234\"; } );\n"              \
		     "policy = ( " pings POLICY(                                                   \
			     "p", "10.1.0.0/16", "10.2.0.0/16",                                    \
			     "false") ", " POLICY("q", "10.1.0.0/16", "10.2.0.0/16",               \
						  "true") " ); }; };\n"                            \
							  "tool = { netwatch = ( " ROW(            \
								  "10.2.0.1", "10.1.0.1",          \
								  "peer = \"" peer                 \
								  "\";") " ); };\n"
#define PEER(name, at)                                                                             \
	"{ name = \"" name "\"; profile = \"f\"; address = \"192.0.2." at "\"; exchange-mode = "   \
	"\"ike2\"; }"
#define POLICY(peer, src, dst, standby)                                                            \
	"{ peer = \"" peer "\"; tunnel = true; src-address = \"" src "\"; dst-address = \"" dst    \
	"\"; proposal = \"a\"; standby = " standby "; }"

/* Else a failover would send the pings the other way, and their answers call the traffic back. */
static void pings_stay_in_the_tunnel_they_tell_of(void **state)
{
	(void)state;
	assert_told(TWO("", "p"), false,
		    "peer: what goes from src-address to host changes tunnels");
	assert_told(TWO("", "q"), false,
		    "peer: what goes from src-address to host goes through "
		    "another peer's tunnel");
	assert_told(TWO(POLICY("p", "10.1.0.1", "10.2.0.1", "false") ", ", "p"), true, "");
	assert_told(TWO(POLICY("q", "10.1.0.1", "10.2.0.1", "false") ", ", "q"), true, "");
	assert_told(TWO(POLICY("q", "10.1.0.1", "10.2.0.1", "false") ", ", "p"), false,
		    "another peer's tunnel");
	/* Anybody answers in clear. */
	assert_told(TWO("{ action = \"none\"; src-address = \"10.1.0.1\"; dst-address = "
			"\"10.2.0.1\"; }, ",
			"p"),
		    false, "peer: no policy with action=encrypt covers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_becomes_what_is_watched),
		cmocka_unit_test(what_cannot_be_watched_is_refused),
		cmocka_unit_test(one_that_goes_in_clear_is_warned_of),
		cmocka_unit_test(pings_stay_in_the_tunnel_they_tell_of),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
