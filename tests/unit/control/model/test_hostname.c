/* SPDX-License-Identifier: BSD-3-Clause */
/* test_hostname.c - names and mistyped addresses, and what a peer may have as address. */
#include "load.h"

#include "control/model/addr.h"
#include "control/model/apply.h"
#include "control/model/hostname.h"
#include "control/model/hosts.h"

#define SITE(peers, identities)                                                                    \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"             \
	"route = ( { dst-address = \"203.0.113.0/24\"; gateway = \"192.0.2.1\"; } );\n"            \
	"ipsec = { profile = ( { name = \"f\"; hash-algorithm = \"sha256\"; dh-group = "           \
	"\"ecp256\"; } );\n"                                                                       \
	"peer = ( " peers " );\n"                                                                  \
	"identity = ( " identities " ); }; };\n"                                                   \
	"ipv6 = { address = ( { address = \"2001:db8::2/64\"; interface = \"wan\"; } ); };\n"
#define PEER(name, address, more)                                                                  \
	"{ name = \"" name "\"; profile = \"f\"; exchange-mode = \"ike2\"; address = \"" address   \
	"\"; " more " }"
#define IDENTITY(peer) "{ peer = \"" peer "\"; secret = \"0123456789012345678901234\"; }"

static void assert_name(const char *text, bool good)
{
	struct text why = {0};

	if ((hostname_check(text, &why) == 0) != good)
		fail_msg("\"%s\": %s", text, good ? why.s : "taken for a name");
	assert_true(good == (why.len == 0));
	text_free(&why);
}

static void names_are_told_from_mistyped_addresses(void **state)
{
	static const char *const names[] = {"vpn.example.com",
					    "VPN.Example.COM.",
					    "a",
					    "gw1",
					    "1und1.de",
					    "10.0.0.x",
					    "xn--fiqs8s",
					    "a-b.c-d.e9",
					    "192-0-2-1.dyn.example.net"};
	static const char *const others[] = {"10.0.0.300",
					     "10.0.0",
					     "10.0.0.1.1",
					     "10.0.0.1O",
					     "10.0.O.1",
					     "l0.0.0.1",
					     "1",
					     "10.0.0.0/33",
					     "192.168.1.1/",
					     "/24",
					     "..",
					     ".",
					     "",
					     "a..b",
					     ".example.com",
					     "-a.de",
					     "a-.de",
					     "to_tencent",
					     "a b",
					     "a,b",
					     "a.de/32",
					     "2001:db8::g1",
					     "fe80::1%wan",
					     "a.de:500",
					     "vpn.1example",
					     "a.\n",
					     "b\x7f.de",
					     "\xc3\xa4.de",
					     "0x7f.0.0.1",
					     "vpn.example.com..",
					     "*.example.com"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_name(names[i], true);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_name(others[i], false);
}

static void lengths_are_those_of_dns(void **state)
{
	char name[300];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[63] = '\0';
	assert_name(name, true);
	name[63] = 'a';
	name[64] = '\0';
	assert_name(name, false);
	memset(name, 'a', sizeof(name));
	for (int i = 60; i < 253; i += 61)
		name[i] = '.';
	name[253] = '\0';
	assert_name(name, true);
	name[253] = '.';
	name[254] = '\0';
	assert_name(name, true);
	name[253] = 'a';
	assert_name(name, false);
}

static void names_are_one_in_either_case(void **state)
{
	(void)state;
	assert_true(hostname_equal("vpn.example.com", "VPN.example.Com."));
	assert_false(hostname_equal("vpn.example.com", "vpn.example.co"));
	assert_false(hostname_equal("vpn.example.co", "vpn.example.com"));
}

static int sign(int c)
{
	return (c > 0) - (c < 0);
}

/* An order in every way: what is sorted by it has the same names side by side. */
static void the_order_of_names_is_one(void **state)
{
	static const char *const all[] = {"a.b",  "A.b.", "a.b-x", "a.b-x.", "a.b.c",
					  "a.ba", "a",	  "a.",	   "b",	     "a.B.c."};
	const size_t n = sizeof(all) / sizeof(all[0]);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			int c = sign(hostname_order(all[i], all[k]));

			assert_int_equal(c == 0, hostname_equal(all[i], all[k]));
			assert_int_equal(c == 0, hostname_hash(all[i]) == hostname_hash(all[k]));
			assert_int_equal(c, -sign(hostname_order(all[k], all[i])));
			for (size_t j = 0; c <= 0 && j < n; j++)
				if (hostname_order(all[k], all[j]) <= 0)
					assert_true(hostname_order(all[i], all[j]) <= 0);
		}
}

static void the_file_takes_names_and_says_what_is_mistyped(void **state)
{
	(void)state;
	assert_told(SITE(PEER("p", "vpn.example.com", ""), IDENTITY("p")), true, "");
	assert_told(
		SITE(PEER("p", "203.0.113.300", ""), IDENTITY("p")), false,
		"t.conf:5: /ip ipsec peer \"p\": address: \"203.0.113.300\" is neither an address "
		"nor a name: not an address, or its prefix length is wrong");
	assert_told(SITE(PEER("p", "vpn.example.com/24", ""), IDENTITY("p")), false,
		    "takes no prefix length");
	assert_told(
		SITE(PEER("p", "vpn.example.com", "local-address = \"192.0.2.3\";"), IDENTITY("p")),
		false, "local-address: 192.0.2.3 is not an address in /ip address");
	assert_told(SITE(PEER("p", "vpn.example.com", "") "," PEER("q", "VPN.example.com.", ""),
			 IDENTITY("p") "," IDENTITY("q")),
		    false, "has the same address and remote-id, so they cannot be told apart");
	assert_told(SITE(PEER("p", "a.example.com", "") "," PEER("q", "b.example.com", ""),
			 IDENTITY("p") "," IDENTITY("q")),
		    true, "");
	/* the same names apart from each other in the file */
	assert_told(SITE(PEER("p", "a.b", "") "," PEER("q", "a.b-x", "") "," PEER("r", "a.b.", ""),
			 IDENTITY("p") "," IDENTITY("q") "," IDENTITY("r")),
		    false, "has the same address and remote-id, so they cannot be told apart");
}

/* The engine would take none of the peers. */
static void the_route_there_is_a_local_address_too(void **state)
{
	(void)state;
	assert_told(SITE(PEER("p", "203.0.113.7",
			      "local-address = \"192.0.2.2\";") "," PEER("q", "203.0.113.7", ""),
			 IDENTITY("p") "," IDENTITY("q")),
		    false, "has the same address and remote-id, so they cannot be told apart");
	assert_told(SITE(PEER("p", "203.0.113.7",
			      "local-address = \"192.0.2.2\";") "," PEER("q", "203.0.113.8", ""),
			 IDENTITY("p") "," IDENTITY("q")),
		    true, "");
}

/* --- which answer is taken --- */

struct dns {
	struct host_known known[4]; /* by the last letter of the peer's name: p, q, r, s */
	struct host_choice choice[4];
	char rival[4][64];
};

static void known(void *ctx, const char *peer, const char *host, struct host_known *out)
{
	assert_non_null(host);
	*out = ((struct dns *)ctx)->known[peer[0] - 'p'];
}

static void chosen(void *ctx, const char *peer, const struct host_choice *choice)
{
	struct dns *d = ctx;

	d->choice[peer[0] - 'p'] = *choice;
	snprintf(d->rival[peer[0] - 'p'], 64, "%s", choice->rival ? choice->rival : "");
}

static struct abi_addr addr(const char *text)
{
	struct abi_addr a = {0};

	assert_true(*text == '\0' || addr_parse(text, &a) == 0);
	return a;
}

/* Answers, separated by blanks. */
static void answers(struct host_known *k, const char *list, const char *current)
{
	char copy[512], *rest, *word;

	snprintf(copy, sizeof(copy), "%s", list);
	k->n = 0;
	for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		k->answers[k->n++] = addr(word);
	k->current = addr(current);
}

static void place(const char *text, struct dns *d)
{
	const struct hosts h = {known, chosen, d};
	struct model *m = load_good(text);

	assert_int_equal(hosts_place(m, &h), 0);
	model_free(m);
}

static void assert_chosen(const struct dns *d, char peer, const char *a, enum host_verdict v)
{
	const struct host_choice *c = &d->choice[peer - 'p'];
	struct abi_addr want = addr(a);
	char text[ADDR_MAX_TEXT];

	if (!addr_equal(&c->addr, &want) || c->verdict != v)
		fail_msg("%c has %s (%s), not %s", peer, addr_text(&c->addr, text),
			 hosts_verdict_text(c->verdict), a);
}

static void one_peer_gets(const char *more, const char *list, const char *current,
			  const char *wants, enum host_verdict verdict)
{
	struct dns d = {0};

	answers(&d.known[0], list, current);
	if (more)
		place(SITE(PEER("p", "vpn.example.com", "local-address = \"192.0.2.2\";"),
			   IDENTITY("p")),
		      &d);
	else
		place(SITE(PEER("p", "vpn.example.com", ""), IDENTITY("p")), &d);
	assert_chosen(&d, 'p', wants, verdict);
}

static void the_first_answer_that_can_be_one_is_taken(void **state)
{
	(void)state;
	one_peer_gets(NULL, "203.0.113.7 203.0.113.8", "", "203.0.113.7", HOST_CHOSEN);
	one_peer_gets(NULL, "127.0.0.1 203.0.113.8", "", "203.0.113.8", HOST_CHOSEN);
	one_peer_gets(NULL, "2001:db8::9", "", "2001:db8::9", HOST_CHOSEN);
	one_peer_gets("local", "2001:db8::9 203.0.113.8", "", "203.0.113.8", HOST_CHOSEN);
	one_peer_gets("local", "2001:db8::9", "", "", HOST_FAMILY);
	one_peer_gets(NULL, "", "", "", HOST_UNKNOWN);
}

static void what_cannot_be_a_peer_is_refused(void **state)
{
	static const struct {
		const char *a;
		enum host_verdict v;
	} bad[] = {{"127.0.0.1", HOST_NO_HOST},
		   {"::1", HOST_NO_HOST},
		   {"224.0.0.1", HOST_NO_HOST},
		   {"ff02::1", HOST_NO_HOST},
		   {"0.0.0.0", HOST_NO_HOST},
		   {"255.255.255.255", HOST_NO_HOST},
		   {"::", HOST_NO_HOST},
		   {"::ffff:203.0.113.7", HOST_NO_HOST},
		   {"fe80::1", HOST_LINK_LOCAL},
		   {"192.0.2.2", HOST_OURS},
		   {"2001:db8::2", HOST_OURS},
		   {"198.51.100.1", HOST_NO_ROUTE},
		   {"2001:db8:1::1", HOST_NO_ROUTE}};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		one_peer_gets(NULL, bad[i].a, "", "", bad[i].v);
		/* what is there stays */
		one_peer_gets(NULL, bad[i].a, "203.0.113.9", "203.0.113.9", bad[i].v);
	}
}

static void the_one_in_use_stays_while_it_is_among_the_answers(void **state)
{
	(void)state;
	one_peer_gets(NULL, "203.0.113.7 203.0.113.8", "203.0.113.8", "203.0.113.8", HOST_CHOSEN);
	one_peer_gets(NULL, "203.0.113.7", "203.0.113.8", "203.0.113.7", HOST_CHOSEN);
	one_peer_gets(NULL, "", "203.0.113.8", "203.0.113.8", HOST_UNKNOWN);
}

static void an_address_has_one_peer(void **state)
{
	static const char three[] =
		SITE(PEER("p", "a.example.com", "") "," PEER("q", "b.example.com",
							     "") "," PEER("r", "203.0.113.7", ""),
		     IDENTITY("p") "," IDENTITY("q") "," IDENTITY("r"));
	struct dns d = {0};

	(void)state;
	answers(&d.known[0], "203.0.113.7", "");
	answers(&d.known[1], "203.0.113.8", "");
	place(three, &d);
	assert_chosen(&d, 'p', "", HOST_TAKEN);
	assert_string_equal(d.rival[0], "r");
	assert_chosen(&d, 'q', "203.0.113.8", HOST_CHOSEN);
	/* of two names the first one gets it, */
	answers(&d.known[0], "203.0.113.8", "");
	place(three, &d);
	assert_chosen(&d, 'p', "203.0.113.8", HOST_CHOSEN);
	assert_chosen(&d, 'q', "", HOST_TAKEN);
	assert_string_equal(d.rival[1], "p");
	/* unless the other one has it */
	answers(&d.known[1], "203.0.113.8", "203.0.113.8");
	place(three, &d);
	assert_chosen(&d, 'p', "", HOST_TAKEN);
	assert_string_equal(d.rival[0], "q");
	assert_chosen(&d, 'q', "203.0.113.8", HOST_CHOSEN);
	/* or has it for want of an acceptable answer */
	for (int i = 0; i < 2; i++) {
		answers(&d.known[1], i == 0 ? "" : "203.0.113.7 127.0.0.1", "203.0.113.8");
		place(three, &d);
		assert_chosen(&d, 'p', "", HOST_TAKEN);
		assert_string_equal(d.rival[0], "q");
		assert_chosen(&d, 'q', "203.0.113.8", i == 0 ? HOST_UNKNOWN : HOST_TAKEN);
	}
}

static void peers_of_one_name_that_a_route_makes_alike_do_not_share(void **state)
{
	static const char pair[] =
		SITE(PEER("p", "a.b", "local-address = \"192.0.2.2\";") "," PEER("q", "A.b.", ""),
		     IDENTITY("p") "," IDENTITY("q"));
	struct dns d = {0};

	(void)state;
	answers(&d.known[0], "203.0.113.7", "");
	answers(&d.known[1], "203.0.113.7", "203.0.113.7");
	place(pair, &d);
	assert_chosen(&d, 'q', "203.0.113.7", HOST_CHOSEN);
	assert_chosen(&d, 'p', "", HOST_TAKEN);
	assert_string_equal(d.rival[0], "q");
	/* of the other family, or at another address, it is another one's */
	answers(&d.known[1], "2001:db8::9", "");
	place(pair, &d);
	assert_chosen(&d, 'q', "2001:db8::9", HOST_CHOSEN);
	assert_chosen(&d, 'p', "203.0.113.7", HOST_CHOSEN);
}

static void the_plan_has_the_address_or_none(void **state)
{
	static struct problems problems;
	const struct model_plan *plan;
	struct dns d = {0};
	const struct hosts h = {known, chosen, &d};
	struct model *m = load_good(SITE(PEER("p", "vpn.example.com", ""), IDENTITY("p")));
	struct abi_addr a = addr("203.0.113.7");

	(void)state;
	problems_init(&problems);
	for (int i = 0; i < 3; i++) {
		answers(&d.known[0], i == 1 ? "203.0.113.7" : "", "");
		assert_int_equal(hosts_place(m, i == 0 ? NULL : &h), 0);
		plan = model_plan_new(m, NULL, &problems);
		assert_non_null(plan);
		assert_int_equal(plan->n_peers, 1);
		assert_true(plan->peers[0].named);
		assert_false(plan->peers[0].passive);
		assert_int_equal(plan->peers[0].host, hostname_hash("vpn.example.com"));
		assert_int_equal(plan->peers[0].remote.family, i == 1 ? 4 : 0);
		assert_int_equal(plan->peers[0].remote_prefix_len, i == 1 ? 32 : 0);
		assert_int_equal(addr_equal(&plan->peers[0].remote, &a), i == 1);
		assert_int_equal(plan->peers[0].local.family, i == 1 ? 4 : 0);
		model_plan_free((struct model_plan *)(uintptr_t)plan);
	}
	problems_free(&problems);
	model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_told_from_mistyped_addresses),
		cmocka_unit_test(lengths_are_those_of_dns),
		cmocka_unit_test(names_are_one_in_either_case),
		cmocka_unit_test(the_order_of_names_is_one),
		cmocka_unit_test(the_file_takes_names_and_says_what_is_mistyped),
		cmocka_unit_test(the_route_there_is_a_local_address_too),
		cmocka_unit_test(the_first_answer_that_can_be_one_is_taken),
		cmocka_unit_test(what_cannot_be_a_peer_is_refused),
		cmocka_unit_test(the_one_in_use_stays_while_it_is_among_the_answers),
		cmocka_unit_test(an_address_has_one_peer),
		cmocka_unit_test(peers_of_one_name_that_a_route_makes_alike_do_not_share),
		cmocka_unit_test(the_plan_has_the_address_or_none),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
