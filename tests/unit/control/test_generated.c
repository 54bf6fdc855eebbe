/* SPDX-License-Identifier: BSD-3-Clause */
/* test_generated.c - generated policies on their way to the data plane: where they stand, when they
 * are sent, and what the console shows of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/gateway.h"
#include "control/ike/ts.h"
#include "control/log.h"
#include "control/secret.h"
#include "fake_segment.h"

#define SEC 1000000000ull

/* A discard, the template, another discard. */
static const char config[] =
	"interface = ( { name = \"wan\"; device = \"net_tap1,iface=wan0\"; } );\n"
	"ip = {\n"
	"  address = ( { address = \"113.87.48.200/24\"; interface = \"wan\"; } );\n"
	"  route = ( { dst-address = \"0.0.0.0/0\"; gateway = \"113.87.48.1\"; } );\n"
	"  ipsec = {\n"
	"    profile = ( { name = \"p1\"; dh-group = \"modp2048\"; hash-algorithm = \"sha256\"; } "
	");\n"
	"    peer = ( { name = \"any\"; address = \"0.0.0.0/0\"; profile = \"p1\";\n"
	"               exchange-mode = \"ike2\"; passive = true; } );\n"
	"    identity = ( { peer = \"any\"; secret = \"a secret that is long enough\";\n"
	"                   generate-policy = \"port-strict\"; } );\n"
	"    proposal = ( { name = \"p2\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } "
	");\n"
	"    policy = ( { action = \"discard\"; src-address = \"10.1.0.0/16\";\n"
	"                 dst-address = \"10.2.0.0/16\"; },\n"
	"               { template = true; src-address = \"192.168.0.0/16\";\n"
	"                 dst-address = \"0.0.0.0/0\"; proposal = \"p2\"; },\n"
	"               { action = \"discard\"; src-address = \"0.0.0.0/0\";\n"
	"                 dst-address = \"10.0.0.0/8\"; } );\n"
	"  };\n"
	"};\n"
	"dataplane = { workers = 1; max-sas = 64; max-policies = 64; hugepages = false; };\n";

struct fixture {
	struct fake_segment f;
	struct gateway *g;
	uint64_t now;
	char path[64];
};

static void make_segment(struct fixture *x, uint64_t epoch)
{
	fake_segment_make(&x->f, "generated", epoch, x->now);
	((struct abi_port *)fake_segment_area(&x->f, ABI_AREA_PORTS))[0] =
		(struct abi_port){.name = "wan", .link_up = 1};
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct setup s;
	char *said;
	FILE *f;

	x->now = gateway_clock();
	snprintf(x->path, sizeof(x->path), "/tmp/espgw-test-generated-%d.conf", (int)getpid());
	f = fopen(x->path, "w");
	assert_non_null(f);
	fchmod(fileno(f), 0600);
	fputs(config, f);
	fclose(f);
	make_segment(x, 7);
	if (setup_load(&s, x->path, NULL, NULL, &said) != 0)
		fail_msg("%s", said);
	free(said);
	x->g = gateway_new(x->path, x->f.name, &s);
	*state = x;
	return x->g == NULL;
}

static void turn(struct fixture *x)
{
	x->now += SEC / 5;
	fake_segment_beat(&x->f, x->now);
	gateway_turn(x->g, x->now);
}

static void settle(struct fixture *x)
{
	for (unsigned int i = 0; i < 6; i++) {
		turn(x);
		fake_segment_serve(&x->f, x->now);
	}
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	settle(x); /* what waits for an answer */
	gateway_free(x->g);
	fake_segment_remove(&x->f);
	unlink(x->path);
	free(x);
	return 0;
}

static struct abi_range net(uint8_t a, uint8_t b, uint8_t c)
{
	const struct abi_addr addr = {.family = 4, .bytes = {a, b, c}};
	struct abi_range r;

	assert_int_equal(ts_from_prefix(&r, &addr, 24), 0);
	return r;
}

static uint32_t add(struct fixture *x, uint8_t third, uint8_t n_remote)
{
	struct ike_child_conf conf = {.mode = ABI_MODE_TUNNEL,
				      .local = net(192, 168, third),
				      .remote = net(10, 9, third)};
	struct ike_child_more more = {.n_remote = n_remote - 1};
	const struct ike_generated what = {
		.peer = "any",
		.template_id = x->g->setup.plan->templates[0].id,
		.conf = &conf,
	};

	for (uint8_t i = 1; i < n_remote; i++)
		more.remote[i - 1] = net(10, 9 + i, third);
	conf.more = &more;
	return ike_io_ops.policy_add(x->g, &what);
}

/* The ids of the policies that were sent last, in order. */
static size_t sent(struct fixture *x, uint32_t ids[64])
{
	union {
		struct abi_msg msg;
		struct abi_policy pol;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	size_t n = 0;

	for (unsigned int idle = 0; idle < 3; idle++) {
		turn(x);
		while (fake_segment_take(&x->f, &c) == 1) {
			if (c.msg.type == ABI_CMD_POLICY_BEGIN)
				n = 0;
			else if (c.msg.type == ABI_CMD_POLICY && n < 64)
				ids[n++] = c.pol.policy_id;
			fake_segment_reply(&x->f, &c.msg, ABI_OK);
			idle = 0;
		}
	}
	return n;
}

static void they_stand_where_their_template_stands(void **state)
{
	struct fixture *x = *state;
	uint32_t ids[64], first, second;
	const struct abi_policy *own;

	settle(x);
	own = x->g->setup.plan->policies;
	first = add(x, 1, 1);
	second = add(x, 2, 3);
	assert_true(first & second & PLAN_ID_GENERATED);
	assert_int_not_equal(first, second);
	assert_int_equal(sent(x, ids), 6);
	assert_int_equal(ids[0], own[0].policy_id);
	assert_int_equal(ids[1], first);
	for (int i = 2; i < 5; i++)
		assert_int_equal(ids[i], second);
	assert_int_equal(ids[5], own[1].policy_id);
	ike_io_ops.policy_remove(x->g, first);
	assert_int_equal(sent(x, ids), 5);
	assert_int_equal(ids[1], second);
	ike_io_ops.policy_remove(x->g, second);
	assert_int_equal(sent(x, ids), 2);
}

static void a_reload_and_a_new_dataplane_keep_them(void **state)
{
	struct fixture *x = *state;
	uint32_t ids[64], id;
	char *said;

	settle(x);
	id = add(x, 1, 1);
	settle(x);
	assert_int_equal(gateway_reload(x->g, &said), 0);
	free(said);
	assert_int_equal(sent(x, ids), 3);
	assert_int_equal(ids[1], id);
	fake_segment_remove(&x->f);
	x->now += 2 * SEC;
	make_segment(x, 8);
	assert_int_equal(sent(x, ids), 3);
	assert_int_equal(ids[1], id);
	ike_io_ops.policy_remove(x->g, id);
}

static void without_room_none_is_made(void **state)
{
	struct fixture *x = *state;
	uint32_t ids[64], made[64];
	unsigned n = 0;

	settle(x);
	assert_in_range(x->f.hdr->max_policies, 3, 64);
	while (n < 64 && (made[n] = add(x, (uint8_t)n, 1)) != 0)
		n++;
	assert_int_equal(n, x->f.hdr->max_policies - 2); /* two are of the file */
	settle(x);
	(void)sent(x, ids);
	while (n-- > 0)
		ike_io_ops.policy_remove(x->g, made[n]);
	assert_int_equal(x->g->generated.n_records, 0);
}

/* What a control of before had given comes back under its number, once, and under no number that a
 * configured policy may have. */
static void numbers_are_given_back_once(void **state)
{
	struct fixture *x = *state;
	struct ike_child_conf conf = {.mode = ABI_MODE_TUNNEL,
				      .policy_id = PLAN_ID_GENERATED | 0x1234,
				      .local = net(192, 168, 3),
				      .remote = net(10, 9, 3)};
	const struct ike_generated what = {.peer = "any", .conf = &conf};
	uint32_t other;

	settle(x);
	assert_int_equal(ike_io_ops.policy_add(x->g, &what), PLAN_ID_GENERATED | 0x1234);
	assert_int_equal(ike_io_ops.policy_add(x->g, &what), 0);
	other = add(x, 3, 1);
	assert_true(other != 0 && other != conf.policy_id);
	ike_io_ops.policy_remove(x->g, other);
	ike_io_ops.policy_remove(x->g, conf.policy_id);
	conf.policy_id = 0x1234;
	assert_int_equal(ike_io_ops.policy_add(x->g, &what), 0);
	assert_int_equal(x->g->generated.n_records, 0);
}

struct seen {
	unsigned n;
	struct value v[POLICY_PROPS];
	char comment[128];
};

static bool look(void *arg, uint64_t id, const struct value *values)
{
	struct seen *s = arg;

	assert_int_equal(id, values[POLICY_ID].num);
	s->n++;
	memcpy(s->v, values, sizeof(s->v));
	snprintf(s->comment, sizeof(s->comment), "%s", values[POLICY_COMMENT].text);
	return true;
}

static void the_console_shows_them_as_dynamic(void **state)
{
	struct fixture *x = *state;
	struct menu_source *source = &x->g->source[MENU_POLICY];
	struct seen s = {0};
	uint32_t id;

	settle(x);
	source->rows(source->ctx, look, &s);
	assert_int_equal(s.n, 0);
	id = add(x, 7, 1);
	source->rows(source->ctx, look, &s);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.v[POLICY_DYNAMIC].num, 1);
	assert_int_equal(s.v[POLICY_TEMPLATE].num, 0);
	assert_int_equal(s.v[POLICY_DST].prefix_len, 24);
	assert_int_equal(s.v[POLICY_DST].addr.bytes[2], 7);
	assert_string_equal(s.v[POLICY_PH2_STATE].text, "no-phase2");
	assert_string_equal(s.comment, "192.168.7.0/24 === 10.9.7.0/24");
	ike_io_ops.policy_remove(x->g, id);
}

/* The types of the commands that wait in the ring, without policies; unanswered. */
static size_t types(struct fixture *x, struct abi_msg msg[16])
{
	union {
		struct abi_msg msg;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;
	size_t n = 0;

	while (fake_segment_take(&x->f, &c) == 1)
		if (c.msg.type != ABI_CMD_POLICY && n < 16)
			msg[n++] = c.msg;
	return n;
}

static void install(struct fixture *x, uint64_t token, uint32_t policy_id)
{
	const struct ike_child_sa sa = {.token = token,
					.policy_id = policy_id,
					.in.spi = ike_io_ops.spi_alloc(x->g),
					.out.spi = 0xc0000000u + (uint32_t)token};

	ike_io_ops.child_install(x->g, &sa);
}

/* Each goes with all the others, so those of one turn go together, each before its SAs; and those
 * that come while these are under way, when these are answered. */
static void one_push_at_a_time_each_before_its_sas(void **state)
{
	struct fixture *x = *state;
	struct abi_msg msg[16];

	settle(x);
	for (uint8_t i = 0; i < 3; i++)
		install(x, 1 + i, add(x, i, 1));
	turn(x);
	turn(x);
	assert_int_equal(types(x, msg), 3); /* so many go out without an answer */
	assert_int_equal(msg[0].type, ABI_CMD_POLICY_BEGIN);
	assert_int_equal(msg[1].type, ABI_CMD_POLICY_COMMIT);
	assert_int_equal(msg[2].type, ABI_CMD_SA_ADD);
	install(x, 50, add(x, 50, 1));
	install(x, 51, add(x, 51, 1));
	turn(x);
	turn(x);
	assert_int_equal(types(x, msg), 0);
	assert_true(x->g->generated.changed);
	settle(x); /* the first ones time out, the others are served */
	for (int i = 0; i < 30; i++)
		settle(x);
	assert_false(x->g->generated.changed || x->g->generated.pushing);
	assert_int_equal(dataplane_pending(x->g->dp), 0);
}

/* A peer that makes and ends policies all the time leaves the queue to others. */
static void a_flood_of_policies_is_bounded(void **state)
{
	struct fixture *x = *state;

	settle(x);
	for (unsigned int i = 0; i < 20000; i++) {
		ike_io_ops.policy_remove(x->g, add(x, 1, 1));
		if (i % 100 == 0)
			turn(x);
		assert_true(dataplane_pending(x->g->dp) < 8);
	}
	fake_segment_remove(&x->f); /* nobody answers them any more */
	make_segment(x, 8);
	settle(x);
	assert_int_equal(dataplane_pending(x->g->dp), 0);
}

/* More commands of others than it should stand behind, all the time. */
static void crowd(struct fixture *x)
{
	const struct abi_sa_delete del = {.msg.type = ABI_CMD_SA_DELETE};

	while (dataplane_pending(x->g->dp) < DATAPLANE_QUEUE_PEERS + 64)
		assert_int_equal(dataplane_command(x->g->dp, &del, sizeof(del), NULL, NULL), 0);
}

/* It stands back for others' commands, but not for ever. */
static void a_steady_stream_of_commands_starves_no_policy(void **state)
{
	struct fixture *x = *state;
	uint32_t ids[64], id;
	unsigned int turns = 0;

	settle(x);
	id = add(x, 1, 1);
	do {
		crowd(x);
		turn(x);
		fake_segment_serve(&x->f, x->now);
	} while (!x->g->generated.pushing && ++turns < 50);
	assert_in_range(turns, 1, 49);
	assert_int_equal(sent(x, ids), 3);
	assert_int_equal(ids[1], id);
	ike_io_ops.policy_remove(x->g, id);
}

/* After a restart SAs are taken for what is in the policy: where a peer with a name is by then says
 * nothing about them. */
static void a_policy_of_a_name_is_of_no_address(void **state)
{
	struct fixture *x = *state;
	struct ike_peer_conf *peer = NULL;
	const struct generated_policy *p;

	settle(x);
	for (size_t i = 0; i < x->g->setup.plan->n_peers; i++)
		if (strcmp(x->g->setup.plan->peers[i].name, "any") == 0)
			peer = &x->g->setup.plan->peers[i];
	assert_non_null(peer);
	peer->remote = (struct abi_addr){.family = 4, .bytes = {203, 0, 113, 7}};
	peer->remote_prefix_len = 32;
	for (uint8_t named = 0; named < 2; named++) {
		peer->named = named;
		p = generated_find(&x->g->generated, add(x, named, 1));
		assert_non_null(p);
		assert_int_equal(p->records[0].tunnel_remote.family, named ? 0 : 4);
	}
}

/* Ids of templates are hashes: should two be alike, each policy stands in the table once. */
static void templates_of_one_id_give_a_policy_once(void **state)
{
	struct fixture *x = *state;
	struct plan_template twice[2];
	struct model_plan plan;
	struct abi_policy *all;
	size_t n;

	settle(x);
	plan = *x->g->setup.plan;
	twice[0] = twice[1] = plan.templates[0];
	plan.templates = twice;
	plan.n_templates = 2;
	assert_int_not_equal(add(x, 1, 4), 0);
	all = generated_merge(&x->g->generated, &plan, &n);
	assert_non_null(all);
	assert_int_equal(n, plan.n_policies + 4);
	free(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(they_stand_where_their_template_stands, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_reload_and_a_new_dataplane_keep_them, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_room_none_is_made, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_given_back_once, setup, teardown),
		cmocka_unit_test_setup_teardown(the_console_shows_them_as_dynamic, setup, teardown),
		cmocka_unit_test_setup_teardown(one_push_at_a_time_each_before_its_sas, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_flood_of_policies_is_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(a_steady_stream_of_commands_starves_no_policy,
						setup, teardown),
		cmocka_unit_test_setup_teardown(a_policy_of_a_name_is_of_no_address, setup,
						teardown),
		cmocka_unit_test_setup_teardown(templates_of_one_id_give_a_policy_once, setup,
						teardown),
	};

	log_setup(-1, LOG_LEVEL_INFO);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
