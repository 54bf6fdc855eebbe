/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_standby_io.c - which of two tunnels the policies send through: with the real model, engine
 * and netwatch, a fake data plane, whose table says what is in force, and hosts that answer or not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/gateway.h"
#include "control/log.h"
#include "control/secret.h"
#include "fake_segment.h"

#define MS  1000000ull
#define SEC 1000000000ull

#define PEER(name, at)                                                                             \
	"{ name = \"" name "\"; address = \"119.91.254." at "\"; profile = \"p1\"; "               \
	"exchange-mode = \"ike2\"; }"
#define POLICY(peer, src, dst, more)                                                               \
	"{ peer = \"" peer "\"; tunnel = true; src-address = \"" src "\"; dst-address = \"" dst    \
	"\"; proposal = \"p2\"; " more " }"
#define WATCH(name, host)                                                                          \
	"{ name = \"" name "\"; peer = \"" name "\"; host = \"" host                               \
	"\"; src-address = \"192.168.1.1\"; interval = 400; failures = 3; }"

#define TWO_PEERS PEER("t1", "122") ", " PEER("t2", "123")
#define T1_POLICIES                                                                                \
	POLICY("t1", "192.168.1.1/32", "169.254.1.1/32", "")                                       \
	", " POLICY("t1", "192.168.1.0/24", "10.1.0.0/16", "")
#define T2_POLICIES                                                                                \
	POLICY("t2", "192.168.1.1/32", "169.254.2.1/32", "")                                       \
	", " POLICY("t2", "192.168.1.0/24", "10.1.0.0/16", "standby = true;")

/* The hosts to watch go behind the second line. */
static const char config[] =
	"interface = ( { name = \"lan\"; device = \"net_tap0,iface=lan0\"; },\n"
	"              { name = \"wan\"; device = \"net_tap1,iface=wan0\"; } );\n"
	"tool = { netwatch = ( @WATCH@ ); };\n"
	"ip = { address = ( { address = \"192.168.1.1/24\"; interface = \"lan\"; },\n"
	"                   { address = \"113.87.48.200/24\"; interface = \"wan\"; } );\n"
	"  route = ( { dst-address = \"0.0.0.0/0\"; gateway = \"113.87.48.1\"; } );\n"
	"  ipsec = {\n"
	"    profile = ( { name = \"p1\"; dh-group = \"ecp256\"; hash-algorithm = \"sha256\";\n"
	"                  enc-algorithm = \"aes-256\"; } );\n"
	"    identity = ( { peer = \"t1\"; secret = \"a secret that is long enough\"; },\n"
	"                 { peer = \"t2\"; secret = \"a secret that is long enough\"; } );\n"
	"    proposal = ( { name = \"p2\"; auth-algorithms = \"sha256\";\n"
	"                   enc-algorithms = \"aes-256-cbc\"; pfs-group = \"none\"; } );\n"
	"    peer = ( " TWO_PEERS " );\n"
	"    policy = ( " T1_POLICIES ", " T2_POLICIES " );\n"
	"  };\n"
	"};\n"
	"dataplane = { workers = 1; max-sas = 64; hugepages = false; };\n";
#define WATCHED WATCH("t1", "169.254.1.1") ", " WATCH("t2", "169.254.2.1")

enum { T1_HOST, T1_NET, T2_HOST, T2_NET, POLICIES }; /* in the order of the file */

struct fixture {
	struct fake_segment f;
	struct gateway *g;
	uint64_t now;
	char path[64];
	uint32_t ids[POLICIES];
	bool answers[2];    /* hosts behind t1, t2 */
	uint32_t force[16]; /* ids in the order of match, as pushed last */
	unsigned int n_force, pushes;
};

static void write_config(struct fixture *x, const char *watches)
{
	const char *at = strstr(config, "@WATCH@");
	FILE *f = fopen(x->path, "w");

	assert_non_null(f);
	fchmod(fileno(f), 0600);
	fprintf(f, "%.*s%s%s", (int)(at - config), config, watches, at + strlen("@WATCH@"));
	fclose(f);
}

static struct gateway *start(struct fixture *x)
{
	struct gateway *g;
	struct setup s;
	char *said;

	if (setup_load(&s, x->path, NULL, NULL, &said) != 0)
		fail_msg("%s", said);
	free(said);
	for (unsigned int i = 0; i < POLICIES; i++)
		x->ids[i] = s.plan->policies[i].policy_id;
	g = gateway_new(x->path, x->f.name, &s);
	assert_non_null(g);
	return g;
}

static int setup(void **state)
{
	struct fixture *x = calloc(1, sizeof(*x));
	struct abi_port *p;

	x->now = gateway_clock();
	snprintf(x->path, sizeof(x->path), "/tmp/espgw-test-standby-%d.conf", (int)getpid());
	write_config(x, WATCHED);
	fake_segment_make(&x->f, "standby", 7, x->now);
	p = fake_segment_area(&x->f, ABI_AREA_PORTS);
	p[0] = (struct abi_port){.name = "wan", .link_up = 1};
	p[1] = (struct abi_port){.name = "lan"};
	x->answers[0] = x->answers[1] = true;
	*state = x;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *x = *state;

	gateway_free(x->g);
	fake_segment_remove(&x->f);
	unlink(x->path);
	free(x);
	return 0;
}

/* An SA pair of that policy, in slots 2 * policy and the next. */
static void give_pair(struct fixture *x, unsigned int policy, bool there)
{
	struct abi_sa_status s = {
		.state = there ? ABI_SA_MATURE : ABI_SA_FREE,
		.cookie = sa_table_cookie(x->ids[policy], 1 + policy),
		.policy_id = x->ids[policy],
		.life = {.hard_time = UINT64_MAX},
		.local = {.family = 4, .bytes = {113, 87, 48, 200}},
		.remote = {.family = 4, .bytes = {119, 91, 254, policy < T2_HOST ? 122 : 123}},
	};

	for (unsigned int i = 0; i < 2; i++) {
		uint32_t slot = 2 * policy + i;

		s.spi = 0x1000 + slot;
		s.direction = i == 0 ? ABI_DIR_IN : ABI_DIR_OUT;
		*fake_segment_sa(&x->f, slot) = s;
	}
}

/* What a data plane says of the table in force. */
static void tell_places(struct fixture *x, const uint32_t *ids, unsigned int n)
{
	struct abi_policy_status *st = fake_segment_area(&x->f, ABI_AREA_POLICY_STATUS);

	for (unsigned int i = 0; i < 8; i++) { /* not in the order of match */
		unsigned int k = (i + 3) % 8;

		st[k] = (struct abi_policy_status){.place = i, .policy_id = i < n ? ids[i] : 0};
	}
}

static void serve_commands(struct fixture *x)
{
	union {
		struct abi_msg msg;
		struct abi_policy pol;
		uint8_t slot[ABI_COMMAND_SLOT];
	} c;

	while (fake_segment_take(&x->f, &c) == 1) {
		if (c.msg.type == ABI_CMD_POLICY_BEGIN)
			x->n_force = 0;
		if (c.msg.type == ABI_CMD_POLICY)
			x->force[x->n_force++] = c.pol.policy_id;
		if (c.msg.type == ABI_CMD_POLICY_COMMIT) {
			x->pushes++;
			tell_places(x, x->force, x->n_force);
		}
		fake_segment_reply(&x->f, &c.msg, ABI_OK);
	}
}

/* Hosts that can answer what control pings. */
static void serve_pings(struct fixture *x)
{
	struct abi_packet p;
	struct abi_addr src;
	struct abi_echo e;

	while (abi_ring_get(&x->f.inject, &p) == 1) {
		if (p.msg.type != ABI_PACKET_ECHO || !x->answers[p.dst.bytes[2] - 1])
			continue;
		memcpy(&e, p.data, sizeof(e));
		e.type = 0;
		memcpy(p.data, &e, sizeof(e));
		src = p.src;
		p.src = p.dst;
		p.dst = src;
		p.port = 0;
		assert_int_equal(abi_ring_put(&x->f.punt, &p, p.msg.length), 0);
	}
}

static void run(struct fixture *x, uint64_t span)
{
	for (uint64_t end = x->now + span; x->now < end;) {
		x->now += 50 * MS;
		fake_segment_beat(&x->f, x->now);
		gateway_turn(x->g, x->now);
		serve_commands(x);
		serve_pings(x);
	}
}

/* The policy of the networks that stands first; both are there. */
static unsigned int in_use(const struct fixture *x)
{
	unsigned int place[POLICIES];

	assert_int_equal(x->n_force, POLICIES);
	for (unsigned int i = 0; i < POLICIES; i++)
		for (place[i] = 0; x->force[place[i]] != x->ids[i]; place[i]++)
			assert_true(place[i] < POLICIES - 1);
	/* the hosts' policies stay where they are */
	assert_int_equal(place[T1_HOST], T1_HOST);
	assert_int_equal(place[T2_HOST], T2_HOST);
	return place[T1_NET] < place[T2_NET] ? T1_NET : T2_NET;
}

static void begin(struct fixture *x, bool pair1, bool pair2)
{
	x->g = start(x);
	for (unsigned int i = 0; i < POLICIES; i++)
		give_pair(x, i, i < T2_HOST ? pair1 : pair2);
	run(x, SEC);
	assert_non_null(x->g->engine);
}

static void the_first_carries_while_it_is_fit(void **state)
{
	struct fixture *x = *state;

	begin(x, true, true);
	run(x, 10 * SEC);
	assert_int_equal(in_use(x), T1_NET);
	assert_int_equal(x->pushes, 1);
	assert_false(x->g->setup.plan->standbys[0].swapped);
}

static void a_host_that_falls_silent_moves_the_traffic_and_back(void **state)
{
	struct fixture *x = *state;

	begin(x, true, true);
	x->answers[0] = false;
	run(x, SEC); /* two of three are missing */
	assert_int_equal(in_use(x), T1_NET);
	run(x, SEC);
	assert_int_equal(in_use(x), T2_NET);
	assert_int_equal(x->pushes, 2);
	run(x, 5 * SEC);
	assert_int_equal(x->pushes, 2);
	x->answers[0] = true;
	run(x, SEC);
	assert_int_equal(in_use(x), T1_NET);
	assert_int_equal(x->pushes, 3);
}

static void without_a_pair_a_tunnel_is_not_fit(void **state)
{
	struct fixture *x = *state;

	begin(x, false, true);
	run(x, SEC);
	assert_int_equal(in_use(x), T2_NET);
}

/* Nothing better is to be had there. */
static void it_is_left_only_for_one_that_is_fit(void **state)
{
	struct fixture *x = *state;

	begin(x, true, true);
	x->answers[0] = x->answers[1] = false;
	run(x, 10 * SEC);
	assert_int_equal(in_use(x), T1_NET);
	assert_int_equal(x->pushes, 1);
	x->answers[1] = true;
	run(x, SEC);
	assert_int_equal(in_use(x), T2_NET);
	x->answers[1] = false; /* nor back to one that is not */
	run(x, 5 * SEC);
	assert_int_equal(in_use(x), T2_NET);
}

static void it_goes_on_when_neither_has_a_pair(void **state)
{
	struct fixture *x = *state;

	begin(x, false, false);
	run(x, 5 * SEC);
	assert_int_equal(in_use(x), T1_NET);
	assert_int_equal(x->pushes, 1);
}

static void a_choice_stands_for_a_second(void **state)
{
	struct fixture *x = *state;
	uint64_t moved;

	begin(x, true, true);
	x->answers[0] = false;
	for (moved = x->now; in_use(x) == T1_NET && x->now < moved + 10 * SEC;)
		run(x, 50 * MS);
	assert_int_equal(in_use(x), T2_NET);
	moved = x->now;
	x->answers[0] = true; /* at once */
	while (in_use(x) == T2_NET && x->now < moved + 10 * SEC)
		run(x, 50 * MS);
	assert_in_range(x->now - moved, 850 * MS, 1300 * MS);
	run(x, 300 * MS); /* what was pushed is answered */
}

/* The data plane goes on with what the control of before left in force. */
static void restart(struct fixture *x)
{
	gateway_free(x->g);
	x->pushes = 0;
	x->g = start(x);
}

static void a_new_control_goes_on_through_the_second(void **state)
{
	struct fixture *x = *state;

	begin(x, true, true);
	x->answers[0] = false;
	run(x, 2 * SEC);
	assert_int_equal(in_use(x), T2_NET);
	restart(x);
	run(x, 300 * MS);
	assert_int_equal(x->pushes, 1);
	assert_int_equal(in_use(x), T2_NET); /* nor does the doubt of the first seconds count */
	run(x, 5 * SEC);
	assert_int_equal(in_use(x), T2_NET);
	assert_int_equal(x->pushes, 1);
	x->answers[0] = true;
	run(x, SEC);
	assert_int_equal(in_use(x), T1_NET);
}

static void a_new_control_goes_back_when_the_host_answers(void **state)
{
	struct fixture *x = *state;

	begin(x, true, true);
	x->answers[0] = false;
	run(x, 2 * SEC);
	x->answers[0] = true;
	restart(x);
	run(x, 3 * SEC);
	assert_int_equal(in_use(x), T1_NET);
	assert_int_equal(x->pushes, 2);
}

static void what_was_not_changed_is_not_changed_by_a_new_control(void **state)
{
	struct fixture *x = *state;

	begin(x, true, true);
	restart(x);
	run(x, 5 * SEC);
	assert_int_equal(in_use(x), T1_NET);
	assert_int_equal(x->pushes, 1);
}

/* One of them is new in the file: nothing was chosen between these two. */
static void half_a_pair_of_before_says_nothing(void **state)
{
	struct fixture *x = *state;
	uint32_t only;

	x->g = start(x);
	only = x->ids[T2_NET];
	tell_places(x, &only, 1);
	run(x, 300 * MS);
	assert_int_equal(in_use(x), T1_NET);
}

/* With hosts that nobody watches, the SA pair alone decides. */
static void without_a_watch_the_pair_decides(void **state)
{
	struct fixture *x = *state;

	write_config(x, "");
	begin(x, false, true);
	run(x, SEC);
	assert_int_equal(in_use(x), T2_NET);
	restart(x);
	run(x, 2 * SEC);
	assert_int_equal(in_use(x), T2_NET);
	assert_int_equal(x->pushes, 1);
	gateway_free(x->g);
	for (unsigned int i = 0; i < POLICIES; i++)
		give_pair(x, i, true);
	x->g = start(x);
	run(x, 2 * SEC);
	assert_int_equal(in_use(x), T1_NET);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_first_carries_while_it_is_fit),
		T(a_host_that_falls_silent_moves_the_traffic_and_back),
		T(without_a_pair_a_tunnel_is_not_fit),
		T(it_is_left_only_for_one_that_is_fit),
		T(it_goes_on_when_neither_has_a_pair),
		T(a_choice_stands_for_a_second),
		T(a_new_control_goes_on_through_the_second),
		T(a_new_control_goes_back_when_the_host_answers),
		T(what_was_not_changed_is_not_changed_by_a_new_control),
		T(half_a_pair_of_before_says_nothing),
		T(without_a_watch_the_pair_decides),
	};

	log_setup(-1, LOG_LEVEL_ERROR);
	if (secret_setup(1 << 20) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
