/* SPDX-License-Identifier: BSD-3-Clause */
/* test_gateway_names.c - the gateway with a peer that has a name, and a resolver of the test's. */
#include "gateway_fixture.h"

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

/* The peer is where the name says. */
static void name_the_peer(struct fixture *x)
{
	static const char at[] = "119.91.254.122", name[] = "vpn.example.com";
	char text[4096], *found;
	FILE *f = fopen(x->path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	found = strstr(text, at);
	assert_non_null(found);
	f = fopen(x->path, "w");
	fprintf(f, "%.*s%s%s", (int)(found - text), text, name, found + strlen(at));
	fclose(f);
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

static void a_peer_is_where_its_name_says(void **state)
{
	static const struct names_ops ops = {ask};
	struct names_answer a = {.status = NAMES_FOUND, .ttl = 60, .n = 1};
	struct fixture *x = *state;
	struct asked asked = {0};
	char *message = NULL;

	settle(x);
	while (injected(x) > 0)
		next_target(x);
	names_use(x->g->names, &ops, &asked);
	name_the_peer(x);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	settle(x);
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
	static const char secret[] = "secret = ";
	struct fixture *x = *state;
	struct asked asked = {0};
	char text[4096], *found, *message = NULL;
	FILE *f = fopen(x->path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	found = strstr(text, secret);
	assert_non_null(found);
	f = fopen(x->path, "w");
	fprintf(f,
		"%.*smy-id = \"fqdn:vpn.example.com\"; remote-id = \"fqdn:cloud.example.com\"; %s",
		(int)(found - text), text, found);
	fclose(f);
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
	static const struct names_ops ops = {ask};
	struct names_answer a = {.status = NAMES_FOUND, .ttl = 60, .n = 1};
	struct fixture *x = *state;
	struct asked asked = {0};
	struct names_state shown;
	char *message = NULL;

	settle(x);
	names_use(x->g->names, &ops, &asked);
	name_the_peer(x);
	assert_int_equal(gateway_reload(x->g, &message), 0);
	free(message);
	settle(x);
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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_peer_is_where_its_name_says),
		T(a_name_as_identity_is_not_looked_up),
		T(a_move_that_is_refused_comes_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
