/* SPDX-License-Identifier: BSD-3-Clause */
/* test_undo.c - files that go back to what they said before changes of them. */
#include "changekit.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include "control/model/change_undo.h"

#define MAIN	"@include \"wan.conf\"\n# no end of this line"
#define PROFILE "ip = { ipsec = { profile = ( { name = \"p\"; lifetime = \"1h\"; } ); }; };\n"

static struct change_undo undo;

static uint64_t hash_now(void)
{
	struct source s;
	uint64_t hash;

	problems_init(&problems);
	assert_int_equal(source_read(&s, "t.conf", &problems), 0);
	hash = source_hash(&s);
	source_free(&s);
	problems_free(&problems);
	return hash;
}

static void assert_says(const char *path, const char *text)
{
	char have[1024] = "";
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(have, text);
}

static void write_files(void)
{
	load_write("wan.conf", PROFILE, strlen(PROFILE), 0600);
	write_conf(HEAD MAIN);
}

/* One of the file, one of what it includes; both written. */
static void change_both(uint64_t *seen)
{
	for (int i = 0; i < 3; i++) {
		struct change c = {.verb = CHANGE_SET,
				   .menu = i == 1 ? MENU_PROFILE : MENU_INTERFACE,
				   .pick = CHANGE_ITEMS,
				   .which = strdup(i == 1 ? "p" : "lan")};

		pair(&c, i == 1 ? PROFILE_LIFETIME : INTERFACE_COMMENT, i == 0 ? "one" : "2h");
		assert_int_equal(make(&c), 0);
		assert_string_equal(made.path, i == 1 ? "wan.conf" : "t.conf");
		assert_int_equal(change_undo_keep(&undo, &made, *seen), 0);
		assert_int_equal(change_write(&made, &why), 0);
		*seen = hash_now();
	}
}

static void all_files_go_back_to_the_oldest_text(void **state)
{
	uint64_t first, seen;

	(void)state;
	write_files();
	first = seen = hash_now();
	change_both(&seen);
	assert_int_not_equal(seen, first);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &why), 0);
	assert_int_equal(seen, first);
	assert_says("t.conf", HEAD MAIN);
	assert_says("wan.conf", PROFILE);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &why), -ENOENT);
}

/* Also when it is a file that no change was made of. */
static void none_goes_back_when_one_was_changed(void **state)
{
	uint64_t seen;

	(void)state;
	write_files();
	seen = hash_now();
	change_both(&seen);
	load_write("wan.conf", "", 0, 0600);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &why), -ESTALE);
	assert_says("wan.conf", "");
	assert_int_equal(undo.n, 0);
}

static void none_goes_back_when_one_is_gone(void **state)
{
	uint64_t seen;

	(void)state;
	write_files();
	seen = hash_now();
	change_both(&seen);
	assert_int_equal(unlink("wan.conf"), 0);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &why), -ESTALE);
	assert_int_not_equal(access("wan.conf", F_OK), 0);
}

/* Nor when one of them cannot be written: the others stay as they are, and that is said. */
static void none_goes_back_when_one_cannot_be_written(void **state)
{
	struct text told = {0};
	uint64_t seen;

	(void)state;
	write_files();
	seen = hash_now();
	change_both(&seen);
	assert_int_equal(mkdir("wan.conf.espgw-new", 0700), 0);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &told), -EEXIST);
	assert_int_equal(rmdir("wan.conf.espgw-new"), 0);
	assert_string_equal(told.s, "wan.conf cannot be written: File exists; nothing was changed");
	text_free(&told);
	assert_int_equal(hash_now(), seen);
	assert_int_not_equal(access("t.conf.espgw-new", F_OK), 0);
}

/* The configuration is the same word for word, but no more in the files that were changed. */
static void what_was_split_meanwhile_is_left_alone(void **state)
{
	static const char split[] = "@include \"head.conf\"\n" MAIN "\n";
	struct change c = {.verb = CHANGE_SET,
			   .menu = MENU_INTERFACE,
			   .pick = CHANGE_ITEMS,
			   .which = strdup("lan")};
	uint64_t seen;
	size_t head;

	(void)state;
	write_files();
	pair(&c, INTERFACE_COMMENT, "one");
	assert_int_equal(make(&c), 0);
	assert_int_equal(change_undo_keep(&undo, &made, hash_now()), 0);
	assert_int_equal(change_write(&made, &why), 0);
	seen = hash_now();
	head = (size_t)(strstr(made.text.s, "@include") - made.text.s);
	load_write("head.conf", made.text.s, head, 0600);
	write_conf(split);
	assert_int_equal(hash_now(), seen);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &why), -ESTALE);
	assert_says("t.conf", split);
}

/* Nobody has changed it: it is not to be said. */
static void what_cannot_be_read_was_not_changed(void **state)
{
	struct rlimit was, none;
	uint64_t seen;

	(void)state;
	write_files();
	seen = hash_now();
	change_both(&seen);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_int_equal(change_undo_check("t.conf", seen), -EMFILE);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &why), -EMFILE);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(change_undo_check("t.conf", seen), 0);
	assert_int_equal(hash_now(), seen);
}

/* A change of a file that is known, but could not be written: the ones before it go back. */
static void what_was_never_written_hinders_nothing(void **state)
{
	struct change c = {.verb = CHANGE_SET,
			   .menu = MENU_INTERFACE,
			   .pick = CHANGE_ITEMS,
			   .which = strdup("lan")};
	uint64_t seen;

	(void)state;
	write_files();
	seen = hash_now();
	change_both(&seen);
	pair(&c, INTERFACE_COMMENT, "three");
	assert_int_equal(make(&c), 0);
	assert_int_equal(change_undo_keep(&undo, &made, seen), 0);
	change_undo_cut(&undo, undo.n);
	assert_int_equal(change_undo(&undo, "t.conf", &seen, &why), 0);
	assert_says("t.conf", HEAD MAIN);
	assert_says("wan.conf", PROFILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_files_go_back_to_the_oldest_text),
		cmocka_unit_test(none_goes_back_when_one_was_changed),
		cmocka_unit_test(none_goes_back_when_one_is_gone),
		cmocka_unit_test(none_goes_back_when_one_cannot_be_written),
		cmocka_unit_test(what_was_split_meanwhile_is_left_alone),
		cmocka_unit_test(what_cannot_be_read_was_not_changed),
		cmocka_unit_test(what_was_never_written_hinders_nothing),
	};

	return cmocka_run_group_tests_name("undo", tests, load_setup, changekit_clean);
}
