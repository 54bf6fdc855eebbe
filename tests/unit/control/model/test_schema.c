/* SPDX-License-Identifier: BSD-3-Clause */
/* test_schema.c - that the tables hold together: with themselves and with the suite's. */
#include "load.h"

#include "control/crypto/suite.h"
#include "control/model/value_parse.h"
#include "control/model/value_print.h"

typedef void prop_visit(int id, const struct menu *menu, const struct prop *p);

static void each_prop(prop_visit *fn)
{
	for (int id = 0; id < MENU_MAX; id++)
		for (size_t i = 0; i < schema_menu(id)->n_props; i++)
			fn(id, schema_menu(id), &schema_menu(id)->props[i]);
}

static void preset_round_trips(int id, const struct menu *menu, const struct prop *p)
{
	struct text why = {0}, out = {0};
	struct model *m;
	struct value v;

	(void)id;
	(void)menu;
	if (!p->preset || p->flags & PROP_F_REFUSED)
		return;
	m = model_new("test");
	assert_non_null(m);
	if (value_parse(m, p, p->preset, &v, &why))
		fail_msg("%s: preset %s: %s", p->name, p->preset, why.s);
	value_print(p, &v, VALUE_ROUTEROS, &out);
	assert_string_equal(out.s ? out.s : "", p->preset);
	text_free(&out);
	text_free(&why);
	model_free(m);
}

static void every_preset_is_a_value_and_prints_the_same(void **state)
{
	(void)state;
	each_prop(preset_round_trips);
}

static void is_named_once(int id, const struct menu *menu, const struct prop *p)
{
	(void)id;
	assert_ptr_equal(&menu->props[schema_find_prop(menu, p->name)], p);
	assert_true(p->help && *p->help);
}

static void every_property_is_named_once_and_explained(void **state)
{
	(void)state;
	each_prop(is_named_once);
}

static void words_make_sense(int id, const struct menu *menu, const struct prop *p)
{
	const struct domain *d = p->domain;

	(void)id;
	(void)menu;
	if (p->type == PROP_ENUM || p->type == PROP_LIST)
		assert_non_null(d->words);
	for (const struct domain_word *w = d->words; w && w->name; w++) {
		int instead;

		assert_int_equal(value_find_word(d, w->name, strlen(w->name)), w - d->words);
		if (!w->instead)
			continue;
		assert_non_null(w->refused);
		instead = value_find_word(d, w->instead, strlen(w->instead));
		assert_true(instead >= 0 && !d->words[instead].refused);
	}
}

static void every_word_stands_once_and_leads_to_an_accepted_one(void **state)
{
	(void)state;
	each_prop(words_make_sense);
}

static bool in_suite(int id, int prop, const char *name)
{
	if (id == MENU_PROFILE && prop == PROFILE_HASH)
		return suite_digest_find_name(name);
	if (id == MENU_PROFILE && prop == PROFILE_ENC)
		return suite_encr_find_name(name) && suite_encr_find_name(name)->cipher;
	if (id == MENU_PROFILE && prop == PROFILE_DH)
		return suite_group_find_name(name);
	if (id == MENU_PROPOSAL && prop == PROPOSAL_AUTH)
		return suite_integ_find_name(name) || strcmp(name, "null") == 0;
	if (id == MENU_PROPOSAL && prop == PROPOSAL_ENC)
		return suite_encr_find_name(name);
	if (id == MENU_PROPOSAL && prop == PROPOSAL_PFS)
		return strcmp(name, "none") == 0 || suite_group_find_name(name);
	return true;
}

static void every_accepted_algorithm_is_in_the_suite(void **state)
{
	(void)state;
	for (int id = MENU_PROFILE; id <= MENU_PROPOSAL; id++)
		for (int p = 0; p < (int)schema_menu(id)->n_props; p++) {
			const struct domain_word *w = schema_menu(id)->props[p].domain->words;

			for (; w && w->name; w++)
				if (!w->refused && !in_suite(id, p, w->name))
					fail_msg("%s is not in the suite", w->name);
		}
}

static void allow_weak_knows_every_weak_word_of_the_suite(void **state)
{
	const struct domain *d = schema_menu(MENU_PEER)->props[PEER_ALLOW_WEAK].domain;

	(void)state;
	for (unsigned bit = 0; bit < 32; bit++) {
		const char *word = suite_weak_word(1u << bit);
		int i;

		if (!word)
			continue;
		i = value_find_word(d, word, strlen(word));
		assert_true(i >= 0);
		assert_true(d->words[i].refused || d->words[i].value == 1u << bit);
	}
}

static void menus_are_found_by_path(void **state)
{
	(void)state;
	assert_int_equal(schema_find_menu("ip ipsec peer"), MENU_PEER);
	assert_int_equal(schema_find_menu("ip ipsec"), -1);
	assert_true(schema_is_parent("ip ipsec"));
	assert_false(schema_is_parent("ip ipsec peer"));
	assert_non_null(schema_refused_menu("ip firewall nat"));
	assert_non_null(schema_refused_menu("ip firewall mangle"));
	assert_null(schema_refused_menu("ip firewallx"));
	assert_null(schema_refused_menu("ip ipsec peer"));
}

static void the_reference_names_every_property(void **state)
{
	size_t len;
	char *text = load_conf("reference.conf", &len);

	(void)state;
	for (int id = 0; id < MENU_MAX; id++) {
		const struct menu *menu = schema_menu(id);

		for (size_t i = 0; i < menu->n_props; i++) {
			char word[64];

			if (menu->props[i].flags & (PROP_F_RUNTIME | PROP_F_REFUSED))
				continue;
			snprintf(word, sizeof(word), "%s = ", menu->props[i].name);
			if (!strstr(text, word))
				fail_msg("/%s %s is not in reference.conf", menu->path, word);
		}
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_preset_is_a_value_and_prints_the_same),
		cmocka_unit_test(every_property_is_named_once_and_explained),
		cmocka_unit_test(every_word_stands_once_and_leads_to_an_accepted_one),
		cmocka_unit_test(every_accepted_algorithm_is_in_the_suite),
		cmocka_unit_test(allow_weak_knows_every_weak_word_of_the_suite),
		cmocka_unit_test(menus_are_found_by_path),
		cmocka_unit_test(the_reference_names_every_property),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
