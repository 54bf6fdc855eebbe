/* SPDX-License-Identifier: BSD-3-Clause */
/* test_gateway_names.c - the gateway with a peer that has a name, and a resolver of the test's. */
#include "gateway_fixture.h"

#include "control/console/server.h"
#include "control/names.h"

struct asked {
	unsigned int n;
	uint64_t serial;
};

static int ask(void *ctx, const struct names_question *q)
{
	struct asked *a = ctx;

	assert_string_equal(q->peer, "cloud");
	assert_string_equal(q->host, "vpn.example.com");
	a->n++;
	a->serial = q->serial;
	return 0;
}

/* The configuration with other words in the place of some. */
static void rewrite(struct fixture *x, const char *old, const char *words)
{
	FILE *f = fopen(x->path, "r");
	char text[4096], *found;
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	found = strstr(text, old);
	assert_non_null(found);
	f = fopen(x->path, "w");
	assert_non_null(f);
	fprintf(f, "%.*s%s%s", (int)(found - text), text, words, found + strlen(old));
	fclose(f);
}

/* The peer is where the name says. */
static void name_the_peer(struct fixture *x)
{
	rewrite(x, "119.91.254.122", "vpn.example.com");
}

/* Where the next IKE message goes: the last byte of the address, 0: there is none. */
static unsigned int next_target(struct fixture *x)
{
	struct abi_packet p;

	if (injected(x) == 0)
		return 0;
	abi_ring_get(&x->f.inject, &p);
	return p.dst.bytes[3];
}

/* The file names the peer, and the name is asked for. */
static void look_up_the_peer(struct fixture *x, struct asked *asked)
{
	static const struct names_ops ops = {ask};
	char *message = NULL;

	settle(x);
	while (injected(x) > 0)
		next_target(x);
	names_use(x->g->names, &ops, asked);
	name_the_peer(x);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	settle(x);
	while (injected(x) > 0) /* sent again to where it was before that was in force */
		next_target(x);
	settle(x);
}

static void a_peer_is_where_its_name_says(void **state)
{
	struct names_answer a = {.status = NAMES_FOUND, .ttl = 60, .n = 1};
	struct fixture *x = *state;
	struct asked asked = {0};
	char *message = NULL;

	look_up_the_peer(x, &asked);
	assert_int_equal(asked.n, 1);
	assert_int_equal(next_target(x), 0); /* it is nowhere yet */
	assert_int_equal(x->g->setup.plan->peers[0].remote.family, 0);
	a.addrs[0] = (struct abi_addr){.family = 4, .bytes = {198, 51, 100, 7}};
	names_answer(x->g->names, "cloud", asked.serial, &a, x->now);
	settle(x);
	assert_int_equal(x->g->setup.plan->peers[0].remote.bytes[3], 7);
	assert_int_equal(x->g->setup.plan->policies[0].tunnel_remote.bytes[3], 7);
	assert_int_equal(next_target(x), 7);
	/* a reload keeps what is known, and what is under way */
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	settle(x);
	assert_int_equal(asked.n, 1);
	assert_int_equal(x->g->setup.plan->peers[0].remote.bytes[3], 7);
}

/* An identity is a label: nobody looks it up, and the peer stays where its address says. */
static void a_name_as_identity_is_not_looked_up(void **state)
{
	static const struct names_ops ops = {ask};
	struct fixture *x = *state;
	struct asked asked = {0};
	char *message = NULL;

	rewrite(x, "secret = ",
		"my-id = \"fqdn:vpn.example.com\"; remote-id = \"fqdn:cloud.example.com\"; "
		"secret = ");
	settle(x);
	while (injected(x) > 0)
		next_target(x);
	names_use(x->g->names, &ops, &asked);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	for (unsigned i = 0; i < 3; i++) {
		x->now += 100 * SEC;
		settle(x);
	}
	assert_int_equal(asked.n, 0);
	assert_int_equal(x->g->setup.plan->peers[0].remote.bytes[3], 122);
	assert_int_equal(x->g->setup.plan->peers[0].remote_id.type, IKE_ID_FQDN);
	assert_int_equal(next_target(x), 122);
}

/* Serve, but refuse to commit policies. */
static void refuse_policies(struct fixture *x)
{
	uint8_t slot[ABI_COMMAND_SLOT];
	struct abi_msg m;

	while (fake_segment_take(&x->f, slot) == 1) {
		memcpy(&m, slot, sizeof(m));
		fake_segment_reply(&x->f, &m,
				   m.type == ABI_CMD_POLICY_COMMIT ? ABI_ERR_NO_SPACE : ABI_OK);
	}
}

/* What the console shows is where the peer is, also when the data plane refuses to have it moved;
 * and that is tried again. */
static void a_move_that_is_refused_comes_later(void **state)
{
	struct names_answer a = {.status = NAMES_FOUND, .ttl = 60, .n = 1};
	struct fixture *x = *state;
	struct asked asked = {0};
	struct names_state shown;

	look_up_the_peer(x, &asked);
	a.addrs[0] = (struct abi_addr){.family = 4, .bytes = {198, 51, 100, 7}};
	names_answer(x->g->names, "cloud", asked.serial, &a, x->now);
	turn(x);
	assert_true(x->g->has_pending);
	for (unsigned int i = 0; i < 6 && x->g->has_pending; i++) {
		refuse_policies(x);
		turn(x);
	}
	assert_false(x->g->has_pending);
	assert_true(names_look(x->g->names, "cloud", &shown));
	assert_int_equal(shown.addr.family, 0);
	assert_int_equal(x->g->setup.plan->peers[0].remote.family, 0);
	for (unsigned int i = 0; i < 10; i++)
		settle(x);
	assert_int_equal(asked.n, 1);
	assert_int_equal(x->g->setup.plan->peers[0].remote.bytes[3], 7);
	assert_true(names_look(x->g->names, "cloud", &shown));
	assert_int_equal(shown.addr.bytes[3], 7);
}

static bool no_memory; /* for the next plan that is made anew */

int __wrap_setup_again(struct setup *out, const struct setup *from, const struct hosts *names);
int __real_setup_again(struct setup *out, const struct setup *from, const struct hosts *names);

int __wrap_setup_again(struct setup *out, const struct setup *from, const struct hosts *names)
{
	if (!no_memory)
		return __real_setup_again(out, from, names);
	no_memory = false;
	*out = (struct setup){0};
	return -ENOMEM;
}

static void a_move_that_finds_no_memory_comes_later(void **state)
{
	struct names_answer a = {.status = NAMES_FOUND, .ttl = 3600, .n = 1};
	struct fixture *x = *state;
	struct asked asked = {0};

	look_up_the_peer(x, &asked);
	a.addrs[0] = (struct abi_addr){.family = 4, .bytes = {198, 51, 100, 7}};
	names_answer(x->g->names, "cloud", asked.serial, &a, x->now);
	no_memory = true;
	for (unsigned int i = 0; i < 3; i++)
		settle(x);
	assert_false(no_memory);
	assert_int_equal(x->g->setup.plan->peers[0].remote.family, 0);
	for (unsigned int i = 0; i < 10; i++)
		settle(x);
	assert_int_equal(asked.n, 1);
	assert_int_equal(x->g->setup.plan->peers[0].remote.bytes[3], 7);
}

/* A line of the console; its status. */
static int quiet_change(struct fixture *x, const char *line)
{
	struct console_result r = {0};
	struct console c = gateway_console(x->g);
	int rc;

	console_execute(&c, &line, 1, false, 80, &r);
	rc = (int)r.status;
	console_result_free(&r);
	return rc;
}

/* An answer of the name came, the plan that is made of it waits. */
static void let_a_move_wait(struct fixture *x, struct asked *asked, bool attached)
{
	struct names_answer a = {.status = NAMES_FOUND, .ttl = 3600, .n = 1};
	uint8_t slot[ABI_COMMAND_SLOT];

	look_up_the_peer(x, asked);
	if (!attached)
		fake_segment_remove(&x->f);
	x->now += 2 * SEC;
	gateway_turn(x->g, x->now);
	a.addrs[0] = (struct abi_addr){.family = 4, .bytes = {198, 51, 100, 7}};
	names_answer(x->g->names, "cloud", asked->serial, &a, x->now);
	gateway_turn(x->g, x->now);
	x->now += 3 * SEC;
	gateway_turn(x->g, x->now);
	for (unsigned int i = 0; attached && i < 5 * 31; i++) {
		turn(x);
		while (fake_segment_take(&x->f, slot) == 1)
			; /* no answer */
	}
	assert_true(x->g->has_pending);
	assert_false(gateway_is_busy(x->g));
}

/* What a change that failed would have chosen is not what the data plane was told. */
static void assert_moved(struct fixture *x)
{
	struct names_state shown;

	for (unsigned int i = 0; i < 20 || (i < 500 && x->g->has_pending); i++)
		settle(x);
	assert_false(x->g->has_pending);
	assert_true(names_look(x->g->names, "cloud", &shown));
	assert_int_equal(x->g->setup.plan->peers[0].remote.bytes[3], 7);
	assert_int_equal(shown.addr.bytes[3], 7);
}

#define MOVE "/ip ipsec peer set cloud address=other.example.com"

static void a_choice_that_was_not_written_is_forgotten(void **state)
{
	struct fixture *x = *state;
	struct asked asked = {0};
	char beside[90];

	let_a_move_wait(x, &asked, false);
	snprintf(beside, sizeof(beside), "%s.espgw-new", x->path);
	assert_int_equal(mkdir(beside, 0700), 0);
	assert_int_equal(quiet_change(x, MOVE), PROTOCOL_FAILED);
	assert_int_equal(rmdir(beside), 0);
	fake_segment_make(&x->f, "gateway", 8, x->now);
	name_ports(x);
	assert_moved(x);
}

static void a_choice_that_does_not_fit_is_forgotten(void **state)
{
	struct fixture *x = *state;
	struct asked asked = {0};

	let_a_move_wait(x, &asked, true);
	memset(fake_segment_area(&x->f, ABI_AREA_PORTS), 0, sizeof(struct abi_port));
	assert_int_equal(quiet_change(x, MOVE), PROTOCOL_FAILED);
	name_ports(x);
	assert_moved(x);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_peer_is_where_its_name_says),
		T(a_name_as_identity_is_not_looked_up),
		T(a_move_that_is_refused_comes_later),
		T(a_move_that_finds_no_memory_comes_later),
		T(a_choice_that_was_not_written_is_forgotten),
		T(a_choice_that_does_not_fit_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
