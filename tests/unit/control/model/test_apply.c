/* SPDX-License-Identifier: BSD-3-Clause */
/* test_apply.c - what becomes of a configuration: numbers, addresses, ids. */
#include "load.h"

#include "control/crypto/suite.h"
#include "control/model/apply.h"
#include "control/model/text.h"

static struct problems problems;

static struct model_plan *plan_of(const char *text, const struct model_plan *previous)
{
	struct model *m = load_good(text);
	struct model_plan *plan;

	problems_init(&problems);
	plan = model_plan_new(m, previous, &problems);
	assert_non_null(plan);
	assert_int_equal(problems.n_errors, 0);
	problems_free(&problems);
	model_free(m); /* the plan stands alone */
	return plan;
}

static void assert_v4(const uint8_t *bytes, uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
	const uint8_t expected[] = {a, b, c, d};

	assert_memory_equal(bytes, expected, 4);
}

static struct model_plan *tutorial(void)
{
	size_t len;
	char *text = load_conf("tutorial.conf", &len);
	struct model_plan *plan = plan_of(text, NULL);

	free(text);
	return plan;
}

static void the_tutorial_gives_its_peer(void **state)
{
	struct model_plan *plan = tutorial();
	const struct ike_peer_conf *p = &plan->peers[0];

	(void)state;
	assert_int_equal(plan->n_peers, 1);
	assert_string_equal(p->name, "to_tencent");
	assert_string_equal(p->comment, "to_tencent");
	assert_v4(p->remote.bytes, 119, 91, 254, 122);
	assert_int_equal(p->remote_prefix_len, 32);
	assert_int_equal(p->port, 500);
	assert_int_equal(p->local.family, 4);
	assert_v4(p->local.bytes, 113, 87, 48, 200); /* of the default route */
	assert_int_equal(p->mode, IKE_MODE_MAIN);
	assert_false(p->passive);
	assert_true(p->send_initial_contact);
	assert_int_equal(p->profile.n_encr, 1);
	assert_int_equal(p->profile.encr[0].id, 12);
	assert_int_equal(p->profile.encr[0].key_bits, 128);
	assert_int_equal(p->profile.n_hash, 1);
	assert_int_equal(p->profile.hash[0], SUITE_HASH_MD5);
	assert_int_equal(p->profile.n_dh, 1);
	assert_int_equal(p->profile.dh[0], 1);
	assert_int_equal(p->profile.lifetime, 86400);
	assert_int_equal(p->profile.dpd_interval, 8);
	assert_int_equal(p->profile.dpd_max_failures, 4);
	assert_true(p->profile.nat_traversal);
	assert_int_equal(p->my_id.type, IKE_ID_IPV4); /* auto with a pre-shared key */
	assert_true(p->my_id_auto);
	assert_int_equal(p->my_id.len, 4);
	assert_v4(p->my_id.data, 113, 87, 48, 200);
	assert_int_equal(p->remote_id.type, IKE_ID_AUTO);
	assert_int_equal(p->psk_len, 6);
	assert_memory_equal(p->psk, "123456", 6);
	model_plan_free(plan);
}

static void the_tutorial_gives_its_child_and_policy(void **state)
{
	struct model_plan *plan = tutorial();
	const struct ike_child_conf *c = plan->peers[0].children;
	const struct abi_policy *pol = &plan->policies[0];

	(void)state;
	assert_int_equal(plan->peers[0].n_children, 1);
	assert_int_equal(plan->n_policies, 1);
	assert_int_not_equal(pol->policy_id, 0);
	assert_int_equal(c->policy_id, pol->policy_id);
	assert_int_equal(plan->policy_ids[0], pol->policy_id);
	assert_int_equal(c->mode, ABI_MODE_TUNNEL);
	assert_int_equal(c->proposal.integ[0], ABI_INTEG_HMAC_MD5_96);
	assert_int_equal(c->proposal.encr[0].id, ABI_ENCR_AES_CBC);
	assert_int_equal(c->proposal.encr[0].key_bits, 128);
	assert_int_equal(c->proposal.lifetime, 1800);
	assert_int_equal(c->proposal.pfs_group, 0);
	assert_int_equal(c->replay_window, 128);
	assert_int_equal(pol->action, ABI_ACT_PROTECT);
	assert_v4(pol->local.lo, 192, 168, 1, 0);
	assert_v4(pol->local.hi, 192, 168, 1, 255);
	assert_v4(pol->remote.lo, 10, 100, 1, 0);
	assert_v4(pol->remote.hi, 10, 100, 1, 255);
	assert_int_equal(pol->local.protocol, 0);
	assert_int_equal(pol->local.port_lo, 0);
	assert_int_equal(pol->local.port_hi, 65535);
	assert_v4(pol->tunnel_local.bytes, 113, 87, 48, 200);
	assert_v4(pol->tunnel_remote.bytes, 119, 91, 254, 122);
	model_plan_free(plan);
}

static void the_tutorial_gives_its_net(void **state)
{
	struct model_plan *plan = tutorial();

	(void)state;
	assert_int_equal(plan->n_interfaces, 2);
	assert_string_equal(plan->interfaces[1].name, "wan");
	assert_int_equal(plan->n_addresses, 2);
	assert_int_equal(plan->addresses[1].port, 1);
	assert_int_equal(plan->addresses[1].prefix_len, 24);
	assert_v4(plan->addresses[1].addr.bytes, 113, 87, 48, 200);
	assert_int_equal(plan->n_routes, 1);
	assert_int_equal(plan->routes[0].port, ABI_PORT_ANY);
	assert_int_equal(plan->routes[0].prefix_len, 0);
	assert_v4(plan->routes[0].gateway.bytes, 113, 87, 48, 1);
	model_plan_free(plan);
}

#define HEAD                                                                                       \
	"interface = ( { name = \"off\"; device = \"n0\"; disabled = true; },\n"                   \
	"{ name = \"lan\"; device = \"n1\"; }, { name = \"wan\"; device = \"n2\"; } );\n"          \
	"ip = { address = ( { address = \"192.168.1.1/24\"; interface = \"lan\"; },\n"             \
	"{ address = \"10.9.9.9/24\"; interface = \"off\"; },\n"                                   \
	"{ address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"                                \
	"route = ( { gateway = \"192.0.2.1\"; }, { dst-address = \"10.5.0.0/16\"; gateway = "      \
	"\"lan\"; } );\n"                                                                          \
	"ipsec = { settings = { allow-weak = \"ikev1\"; };\n"                                      \
	"profile = ( { name = \"f\"; dh-group = \"ecp256\"; hash-algorithm = \"sha256\"; } );\n"   \
	"proposal = ( { name = \"default\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; "  \
	"} );\n"
#define TWO_PEERS                                                                                  \
	"peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; },\n"                  \
	"{ name = \"q\"; address = \"10.5.1.1\"; profile = \"f\"; disabled = %s; } );\n"           \
	"identity = ( { peer = \"q\"; secret = \"0x3031\"; my-id = \"fqdn:us.example\"; "          \
	"remote-id "                                                                               \
	"= \"ignore\"; }, { peer = \"p\"; secret = \"x\"; remote-id = \"key-id:k\"; } );\n"
#define POL(peer, dst)                                                                             \
	"{ peer = \"" peer                                                                         \
	"\"; tunnel = true; src-address = \"192.168.1.0/24\"; dst-address = \"" dst "\"; }"
#define DISCARD                                                                                    \
	"{ action = \"discard\"; src-address = \"0.0.0.0/0\"; dst-address = \"10.0.0.0/8\"; }"

static struct model_plan *two(const char *disabled, const char *policies,
			      const struct model_plan *previous)
{
	char text[8192];

	snprintf(text, sizeof(text), HEAD TWO_PEERS "policy = ( %s );\n}; };\n", disabled,
		 policies);
	return plan_of(text, previous);
}

static uint32_t id_to(const struct model_plan *plan, uint8_t second)
{
	for (size_t i = 0; i < plan->n_policies; i++)
		if (plan->policies[i].remote.lo[1] == second)
			return plan->policies[i].policy_id;
	return 0;
}

static void ports_leave_disabled_interfaces_out(void **state)
{
	struct model_plan *plan = two("false", POL("p", "10.1.0.0/16"), NULL);

	(void)state;
	assert_int_equal(plan->n_interfaces, 2);
	assert_int_equal(plan->n_addresses, 2);
	assert_int_equal(plan->addresses[0].port, 0);
	assert_int_equal(plan->addresses[1].port, 1);
	assert_int_equal(plan->routes[1].port, 0); /* through "lan" */
	assert_int_equal(plan->routes[1].gateway.family, 0);
	model_plan_free(plan);
}

static void each_peer_has_its_own(void **state)
{
	struct model_plan *plan = two("false",
				      POL("q", "10.1.0.0/16") ", " DISCARD ", " POL(
					      "p", "10.2.0.0/16") ", " POL("q", "10.3.0.0/16"),
				      NULL);
	const struct ike_peer_conf *p = &plan->peers[0], *q = &plan->peers[1];

	(void)state;
	assert_int_equal(plan->n_peers, 2);
	assert_int_equal(plan->n_policies, 4);
	assert_int_equal(plan->policies[1].action, ABI_ACT_DISCARD);
	assert_int_equal(p->n_children, 1);
	assert_int_equal(p->children[0].policy_id, plan->policies[2].policy_id);
	assert_int_equal(q->n_children, 2);
	assert_int_equal(q->children[0].policy_id, plan->policies[0].policy_id);
	assert_int_equal(q->children[1].policy_id, plan->policies[3].policy_id);
	assert_v4(q->local.bytes, 192, 168, 1, 1); /* routed through "lan" */
	assert_false(q->my_id_auto);
	assert_int_equal(q->my_id.type, IKE_ID_FQDN);
	assert_memory_equal(q->my_id.data, "us.example", 10);
	assert_int_equal(q->remote_id.type, IKE_ID_IGNORE);
	assert_int_equal(q->psk_len, 2);
	assert_memory_equal(q->psk, "01", 2); /* 0x3031 */
	assert_int_equal(p->remote_id.type, IKE_ID_KEY_ID);
	assert_memory_equal(p->psk, "x", 1);
	model_plan_free(plan);
}

static void a_disabled_peer_leaves_its_policies_closed(void **state)
{
	struct model_plan *plan = two("true", POL("q", "10.1.0.0/16"), NULL);

	(void)state;
	assert_int_equal(plan->n_peers, 1);
	assert_int_equal(plan->n_policies, 1);
	assert_int_equal(plan->policies[0].action, ABI_ACT_PROTECT);
	model_plan_free(plan);
}

static void ids_survive_reordering_and_neighbours(void **state)
{
	struct model_plan *a =
		two("false", POL("p", "10.1.0.0/16") ", " POL("p", "10.2.0.0/16"), NULL);
	struct model_plan *b = two(
		"false",
		POL("p", "10.3.0.0/16") ", " POL("p", "10.2.0.0/16") ", " POL("p", "10.1.0.0/16"),
		a);
	struct model_plan *c = two("false", POL("q", "10.1.0.0/16"), b);

	(void)state;
	assert_int_equal(id_to(a, 1), id_to(b, 1));
	assert_int_equal(id_to(a, 2), id_to(b, 2));
	assert_int_not_equal(id_to(b, 3), id_to(b, 1));
	assert_int_not_equal(id_to(c, 1), id_to(b, 1)); /* another peer: another policy */
	model_plan_free(c);
	c = two("false", POL("p", "10.1.0.0/16"), NULL);
	assert_int_equal(id_to(c, 1), id_to(a, 1)); /* and restarts */
	model_plan_free(a);
	model_plan_free(b);
	model_plan_free(c);
}

static void ids_of_the_plan_in_force_are_kept_even_when_they_had_to_move(void **state)
{
	struct model_plan *a =
		two("false", POL("p", "10.1.0.0/16") ", " POL("p", "10.2.0.0/16"), NULL);
	uint32_t one = id_to(a, 1), other = id_to(a, 2);
	struct model_plan *b;

	(void)state;
	/* As if both had hashed alike and the second had been moved on. */
	a->policies[0].policy_id = other;
	a->policies[1].policy_id = other + 1;
	b = two("false", POL("p", "10.2.0.0/16") ", " POL("p", "10.1.0.0/16"), a);
	assert_int_equal(id_to(b, 1), other);
	assert_int_equal(id_to(b, 2), other + 1);
	model_plan_free(b);
	/* The newcomer meets the number it hashes to taken, and goes on to the next. */
	b = two("false", POL("p", "10.2.0.0/16") ", " POL("p", "10.1.0.0/16"), NULL);
	b->policies[0].policy_id = one;
	b->n_policies = 1;
	model_plan_free(a);
	a = two("false", POL("p", "10.1.0.0/16") ", " POL("p", "10.2.0.0/16"), b);
	assert_int_equal(id_to(a, 2), one);
	assert_int_equal(id_to(a, 1), one + 1);
	model_plan_free(a);
	model_plan_free(b);
}

static void a_network_of_peers_is_passive(void **state)
{
	char text[8192];
	struct model_plan *plan;

	(void)state;
	snprintf(text, sizeof(text),
		 HEAD "peer = ( { name = \"any\"; address = \"0.0.0.0/0\"; profile = \"f\"; } );\n"
		      "identity = ( { peer = \"any\"; secret = \"x\"; } );\n"
		      "policy = ( " POL("any", "10.1.0.0/16") " ); }; };\n");
	plan = plan_of(text, NULL);
	assert_true(plan->peers[0].passive);
	assert_int_equal(plan->peers[0].remote_prefix_len, 0);
	assert_v4(plan->peers[0].local.bytes, 192, 0, 2, 2);
	assert_int_equal(plan->policies[0].tunnel_remote.family, 0);
	model_plan_free(plan);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void ten_thousand_tunnels_are_planned_with_ids_of_their_own(void **state)
{
	struct text t = {0};
	struct model_plan *plan;
	uint32_t ids[10000];

	(void)state;
	text_puts(&t, HEAD "peer = ( ");
	for (int i = 0; i < 10000; i++)
		text_printf(&t,
			    "%s{ name = \"p%d\"; address = \"172.16.%d.%d\"; profile = \"f\"; }",
			    i ? ",\n" : "", i, i >> 8, i & 255);
	text_puts(&t, " );\nidentity = ( ");
	for (int i = 0; i < 10000; i++)
		text_printf(&t, "%s{ peer = \"p%d\"; secret = \"x%d\"; }", i ? ",\n" : "", i, i);
	text_puts(&t, " );\npolicy = ( ");
	for (int i = 0; i < 10000; i++)
		text_printf(&t,
			    "%s{ peer = \"p%d\"; tunnel = true; src-address = \"192.168.1.0/24\"; "
			    "dst-address = \"10.%d.%d.0/24\"; }",
			    i ? ",\n" : "", i, i >> 8, i & 255);
	text_puts(&t, " ); }; };\ndataplane = { max-policies = 10000; max-sas = 65536; };\n");
	assert_false(t.failed);
	plan = plan_of(t.s, NULL);
	assert_int_equal(plan->n_policies, 10000);
	for (size_t i = 0; i < plan->n_policies; i++) {
		ids[i] = plan->policies[i].policy_id;
		assert_int_equal(plan->peers[i].n_children, 1);
		assert_int_equal(plan->peers[i].children[0].policy_id, ids[i]);
	}
	qsort(ids, 10000, sizeof(ids[0]), by_number);
	for (size_t i = 1; i < 10000; i++)
		assert_true(ids[i - 1] < ids[i]);
	text_free(&t);
	model_plan_free(plan);
}

static void marks_of_the_outer_header_become_the_contracts(void **state)
{
	static const struct {
		const char *text;
		uint8_t df, dscp;
	} t[] = {
		{"", ABI_DF_SET, ABI_DSCP_COPY},
		{"dont-fragment = \"inherit\"; dscp = 0;", ABI_DF_COPY, ABI_DSCP_SET},
		{"dont-fragment = \"clear\"; dscp = 46;", ABI_DF_CLEAR, ABI_DSCP_SET | 46},
		{"dscp = \"inherit\"; replay-window = 65536;", ABI_DF_SET, ABI_DSCP_COPY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct text text = {0};
		struct model_plan *plan;

		text_printf(&text,
			    HEAD
			    "peer = ( { name = \"p\"; address = \"172.16.0.1\"; profile = "
			    "\"f\"; } );\nidentity = ( { peer = \"p\"; secret = \"x\"; } "
			    ");\npolicy = ( { peer = \"p\"; tunnel = true; src-address = "
			    "\"192.168.1.0/24\"; dst-address = \"10.0.0.0/24\"; %s } ); }; };\n",
			    t[i].text);
		plan = plan_of(text.s, NULL);
		assert_int_equal(plan->peers[0].children[0].df, t[i].df);
		assert_int_equal(plan->peers[0].children[0].dscp, t[i].dscp);
		text_free(&text);
		model_plan_free(plan);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tutorial_gives_its_peer),
		cmocka_unit_test(the_tutorial_gives_its_child_and_policy),
		cmocka_unit_test(the_tutorial_gives_its_net),
		cmocka_unit_test(ports_leave_disabled_interfaces_out),
		cmocka_unit_test(each_peer_has_its_own),
		cmocka_unit_test(a_disabled_peer_leaves_its_policies_closed),
		cmocka_unit_test(ids_survive_reordering_and_neighbours),
		cmocka_unit_test(ids_of_the_plan_in_force_are_kept_even_when_they_had_to_move),
		cmocka_unit_test(a_network_of_peers_is_passive),
		cmocka_unit_test(marks_of_the_outer_header_become_the_contracts),
		cmocka_unit_test(ten_thousand_tunnels_are_planned_with_ids_of_their_own),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
