/* SPDX-License-Identifier: BSD-3-Clause */
/* test_pack.c - rows in few bytes: nothing is lost, and they are few. */
#include "load.h"

#include "control/model/apply.h"
#include "control/model/memory.h"
#include "control/model/pack.h"
#include "control/model/selectors.h"

#define PROPS 64
#define GUARD 0xa5

static const uint8_t bytes[8];

/* Numbers of all lengths, small ones often. */
static uint64_t any_number(void)
{
	uint64_t v = (uint64_t)random() << 33 ^ (uint64_t)random() << 11 ^ (uint64_t)random();

	return random() % 8 ? v >> random() % 64 : UINT64_MAX;
}

static struct value any_value(void)
{
	struct value v = {.set = random() % 4 != 0};

	v.prefix_len = random() % 2 ? (uint8_t)any_number() : 0;
	v.port = random() % 2 ? (uint16_t)any_number() : 0;
	v.num = random() % 2 ? any_number() : 0;
	v.num2 = random() % 4 ? 0 : any_number();
	v.n = random() % 4 ? 0 : (uint8_t)(random() % (VALUE_MAX_LIST + 1));
	for (unsigned i = 0; i < v.n; i++)
		v.list[i] = (uint16_t)any_number();
	v.addr.family = (uint8_t)(random() % 3 * 2);
	for (size_t i = 0; random() % 2 && i < (v.addr.family == 4 ? 4 : 16); i++)
		v.addr.bytes[i] = (uint8_t)random();
	v.text = random() % 2 ? "a text" : NULL;
	v.bytes = random() % 2 ? bytes : NULL;
	v.len = v.bytes ? (size_t)any_number() : 0;
	return v;
}

static void assert_same(const struct value *a, const struct value *b)
{
	assert_int_equal(a->set, b->set);
	assert_int_equal(a->prefix_len, b->prefix_len);
	assert_int_equal(a->port, b->port);
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->list, b->list, sizeof(a->list));
	assert_memory_equal(&a->addr, &b->addr, sizeof(a->addr));
	assert_true(a->num == b->num && a->num2 == b->num2);
	assert_ptr_equal(a->text, b->text);
	assert_ptr_equal(a->bytes, b->bytes);
	assert_true(a->len == b->len);
}

static void one_round(void)
{
	struct value presets[PROPS], values[PROPS], got[PROPS], one;
	unsigned lines[PROPS] = {0}, got_lines[PROPS] = {0}, base = (unsigned)any_number();
	size_t n = (size_t)random() % PROPS + 1;
	uint8_t row[PACK_MAX_ROW(PROPS) + 1];
	uint64_t given = any_number();
	size_t len;

	for (size_t i = 0; i < n; i++) {
		presets[i] = any_value();
		values[i] = random() % 2 ? any_value() : presets[i];
		if (given >> i & 1)
			lines[i] = random() % 2 ? (unsigned)any_number() : base + (unsigned)i - 3;
	}
	row[PACK_MAX_ROW(n)] = GUARD;
	len = pack_row(values, presets, n, given, lines, base, row);
	assert_true(len <= PACK_MAX_ROW(n));
	assert_int_equal(row[PACK_MAX_ROW(n)], GUARD);
	pack_open(row, presets, n, given, base, got, got_lines);
	assert_memory_equal(lines, got_lines, sizeof(lines));
	for (size_t i = 0; i < n; i++) {
		assert_same(&values[i], &got[i]);
		pack_open_one(row, presets, n, given, i, &one);
		assert_same(&values[i], &one);
	}
}

static void any_row_comes_back_as_it_was(void **state)
{
	(void)state;
	srandom(11);
	for (int i = 0; i < 3000; i++)
		one_round();
}

/* Every field as large as it can be. */
static void the_largest_row_fits(void **state)
{
	struct value presets[PROPS] = {0}, values[PROPS];
	uint8_t row[PACK_MAX_ROW(PROPS)];
	unsigned lines[PROPS];

	(void)state;
	memset(values, 0xff, sizeof(values));
	memset(lines, 0xff, sizeof(lines));
	for (int i = 0; i < PROPS; i++) {
		values[i].set = true;
		values[i].n = VALUE_MAX_LIST;
	}
	assert_in_range(pack_row(values, presets, PROPS, UINT64_MAX, lines, 0, row), PROPS * 90,
			sizeof(row));
}

static const char *const all_kinds =
	"interface = ({ name = \"wan\"; device = \"d\"; });\n"
	"ipv6: { address = ({ address = \"2001:db8::2/64\"; interface = \"wan\"; }); };\n"
	"ip: { address = ({ address = \"192.0.2.1/24\"; interface = \"wan\"; });\n"
	" route = ({ gateway = \"192.0.2.9\"; });\n"
	" ipsec: { settings = { allow-weak = \"modp1024,sha1\"; };\n"
	"  profile = ({ name = \"p\"; dh-group = \"x25519,ecp256\"; });\n"
	"  peer = ({ name = \"a\"; address = \"198.51.100.1\"; profile = \"p\";\n"
	"            exchange-mode = \"ike2\"; multi-selector = \"auto\"; },\n"
	"          { name = \"b\"; address = \"2001:db8::1\"; comment = \"b's\";\n"
	"            profile = \"p\"; exchange-mode = \"ike2\"; passive = true;\n"
	"            local-address = \"2001:db8::2\"; });\n"
	"  identity = ({ peer = \"a\";\n"
	"                secret = \"0x0102030405060708090a0b0c0d0e0f1011121314\"; },\n"
	"              { peer = \"b\"; secret = \"twenty characters are enough\";\n"
	"                my-id = \"fqdn:b.example\"; });\n"
	"  policy = ({ peer = \"a\"; tunnel = true; src-address = \"10.0.0.0/24\";\n"
	"              dst-address = \"10.1.0.0/24\"; },\n"
	"            { peer = \"b\"; tunnel = true; src-address = \"2001:db8:1::/64\";\n"
	"              dst-address = \"2001:db8:2::/64\"; replay-window = 1024; }); }; };\n";

static void packed_rows_read_as_before(void **state)
{
	struct model *plain = load_good(all_kinds), *m = load_good(all_kinds);
	struct model_reading r;

	(void)state;
	model_pack(m);
	for (int menu = 0; menu < MENU_MAX; menu++) {
		assert_int_equal(m->table[menu].n, plain->table[menu].n);
		for (size_t i = 0; i < m->table[menu].n; i++) {
			const struct model_row *was = &plain->table[menu].rows[i];
			const struct model_row *row = model_read(m, (enum menu_id)menu, i, &r);

			assert_string_equal(row->file, was->file);
			assert_int_equal(row->line, was->line);
			assert_true(row->given == was->given && row->builtin == was->builtin);
			for (size_t p = 0; p < schema_menu(menu)->n_props; p++) {
				const struct value *a = &was->values[p], *b = &row->values[p];

				assert_int_equal(model_line(row, (int)p), model_line(was, (int)p));
				assert_int_equal(a->set, b->set);
				assert_true(a->num == b->num && a->len == b->len);
				assert_memory_equal(&a->addr, &b->addr, sizeof(a->addr));
				assert_int_equal(a->text != NULL, b->text != NULL);
				if (a->text)
					assert_string_equal(a->text, b->text);
				if (a->len)
					assert_memory_equal(a->bytes, b->bytes, a->len);
			}
		}
	}
	model_free(plain);
	model_free(m);
}

static void names_are_found_in_packed_rows(void **state)
{
	struct model *m = load_good(all_kinds);

	(void)state;
	model_pack(m);
	assert_null(m->table[MENU_PEER].rows[1].values);
	assert_int_equal(model_find_index(m, MENU_PEER, "b"), 1);
	assert_null(model_find(m, MENU_PEER, "c"));
	assert_string_equal(model_name(m, MENU_PROFILE, 0), "default");
	assert_null(model_name(m, MENU_POLICY, 0));
	assert_non_null(model_single(m, MENU_SETTINGS)->values);
	model_free(m);
}

static void what_is_learnt_of_a_packed_peer_is_planned(void **state)
{
	struct problems problems;
	struct model *m = load_good(all_kinds);
	struct model_plan *plan;

	(void)state;
	problems_init(&problems);
	model_pack(m);
	assert_true(selectors_learn(m, "a"));
	assert_false(selectors_learn(m, "b"));
	assert_int_equal(model_unpack(m), 0);
	assert_true(m->table[MENU_PEER].rows[0].learnt_pairs);
	plan = model_plan_new(m, NULL, &problems);
	assert_non_null(plan);
	assert_int_equal(plan->n_peers, 2);
	assert_int_equal(plan->peers[0].psk_len, 20);
	model_plan_free(plan);
	model_pack(m);
	assert_null(m->table[MENU_PEER].rows[0].values);
	model_free(m);
	problems_free(&problems);
}

static void a_text_is_kept_once(void **state)
{
	struct model_memory *mem = memory_new();
	const char *kept[500];
	char text[16];

	(void)state;
	assert_non_null(mem);
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		kept[i] = memory_text(mem, text);
		assert_string_equal(kept[i], text);
		assert_ptr_not_equal(kept[i], text);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "text %d", i);
		assert_ptr_equal(memory_text(mem, text), kept[i]);
	}
	memory_seal(mem);
	assert_string_equal(memory_text(mem, "text 7"), "text 7");
	assert_string_equal(kept[7], "text 7");
	memory_free(mem);
}

/* Longer than a block, and what fills one to its end. */
static void large_pieces_have_a_block_of_their_own(void **state)
{
	struct model_memory *mem = memory_new();
	uint8_t *large, *small = NULL;

	(void)state;
	assert_non_null(mem);
	large = memory_take(mem, 100000);
	assert_non_null(large);
	memset(large, 1, 100000);
	for (int i = 0; i < 5000; i++) {
		small = memory_take(mem, (size_t)i % 9);
		assert_non_null(small);
		assert_int_equal(*small, 0);
		memset(small, 2, (size_t)i % 9);
	}
	assert_int_equal(large[99999], 1);
	memory_free(mem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_row_comes_back_as_it_was),
		cmocka_unit_test(the_largest_row_fits),
		cmocka_unit_test(packed_rows_read_as_before),
		cmocka_unit_test(names_are_found_in_packed_rows),
		cmocka_unit_test(what_is_learnt_of_a_packed_peer_is_planned),
		cmocka_unit_test(a_text_is_kept_once),
		cmocka_unit_test(large_pieces_have_a_block_of_their_own),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
