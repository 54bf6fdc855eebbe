/* SPDX-License-Identifier: BSD-3-Clause */
/* test_source.c - @include: places, modes, and what must not hang or end the process. */
#include "load.h"

#include "control/model/source.h"

static struct problems problems;

static char *read_told(const char *path, struct source *s)
{
	char *told;
	int rc;

	problems_init(&problems);
	rc = source_read(s, path, &problems);
	told = problems_text(&problems);
	assert_int_equal(rc == 0, problems.n_errors == 0);
	problems_free(&problems);
	return told;
}

static void write_text(const char *name, const char *text)
{
	load_write(name, text, strlen(text), 0600);
}

static void assert_said(const char *path, const char *expected)
{
	struct source s;
	char *told = read_told(path, &s);

	assert_string_equal(told, expected);
	free(told);
	source_free(&s);
}

static void assert_place(const struct source *s, unsigned text_line, const char *path,
			 unsigned line)
{
	unsigned got;

	assert_string_equal(source_place(s, text_line, &got)->path, path);
	assert_int_equal(got, line);
}

static void lines_keep_their_places(void **state)
{
	struct source s;
	char *told;

	(void)state;
	write_text("a.conf", "a1\n@include \"sub/b.conf\"\na3\n  @include \"c.conf\" # twice\na5");
	assert_int_equal(mkdir("sub", 0700), 0);
	write_text("sub/b.conf", "b1\n@include \"d.conf\"\nb3\n");
	write_text("sub/d.conf", "d1\nd2\n");
	write_text("c.conf", "");
	told = read_told("a.conf", &s);
	assert_string_equal(told, "");
	assert_string_equal(s.text.s, "a1\nb1\nd1\nd2\nb3\na3\na5\n");
	assert_place(&s, 1, "a.conf", 1);
	assert_place(&s, 2, "sub/b.conf", 1);
	assert_place(&s, 3, "sub/d.conf", 1);
	assert_place(&s, 4, "sub/d.conf", 2);
	assert_place(&s, 5, "sub/b.conf", 3);
	assert_place(&s, 6, "a.conf", 3);
	assert_place(&s, 7, "a.conf", 5);
	assert_place(&s, 8, "a.conf", 5); /* behind the end */
	free(told);
	source_free(&s);
}

static void an_include_in_a_comment_or_text_is_none(void **state)
{
	struct source s;
	char *told;

	(void)state;
	write_text("a.conf",
		   "# @include \"x\"\n/*\n@include \"x\"\n*/ a = \"\n@include \\\"x\\\"\n\";\n"
		   "// \"\nb = \"/*\";\n");
	told = read_told("a.conf", &s);
	assert_string_equal(told, "");
	assert_int_equal(s.n_files, 1);
	free(told);
	source_free(&s);
}

static void a_file_that_includes_itself_is_told_so(void **state)
{
	(void)state;
	write_text("a.conf", "x\n@include \"b.conf\"\n");
	write_text("b.conf", "\n\n@include \"a.conf\"\n");
	assert_said("a.conf", "b.conf:3: @include \"a.conf\": includes itself\n");
	write_text("a.conf", "@include \"a.conf\"\n");
	assert_said("a.conf", "a.conf:1: @include \"a.conf\": includes itself\n");
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	write_text("a.conf", "@include \"/\"\n");
	assert_said("a.conf", "a.conf:1: @include \"/\": not a regular file\n");
	write_text("a.conf", "@include \"/dev/zero\"\n");
	assert_said("a.conf", "a.conf:1: @include \"/dev/zero\": not a regular file\n");
	write_text("a.conf", "@include \"none.conf\"\n");
	assert_said("a.conf", "a.conf:1: @include \"none.conf\": No such file or directory\n");
	write_text("a.conf", "@include none.conf\n");
	assert_said("a.conf", "a.conf:1: @include \"\": No such file or directory\n");
	assert_int_equal(mkfifo("pipe", 0600), 0);
	assert_said("pipe", "pipe: not a regular file\n");
}

static void depth_and_number_are_bounded(void **state)
{
	struct source s;
	char *told;

	(void)state;
	for (int i = 0; i < 20; i++) {
		char name[32], text[64];

		snprintf(name, sizeof(name), "deep%d.conf", i);
		snprintf(text, sizeof(text), "@include \"deep%d.conf\"\n", i + 1);
		write_text(name, text);
	}
	told = read_told("deep0.conf", &s);
	assert_non_null(strstr(told, "nested more than 10 deep"));
	free(told);
	source_free(&s);
	write_text("leaf.conf", "");
	char *text = calloc(300, 24);
	for (int i = 0; i < 300; i++)
		strcat(text, "@include \"leaf.conf\"\n");
	write_text("wide.conf", text);
	told = read_told("wide.conf", &s);
	assert_string_equal(told, "wide.conf:256: @include \"leaf.conf\": more than 256 files\n");
	free(told);
	free(text);
	source_free(&s);
}

static void a_zero_byte_is_refused(void **state)
{
	(void)state;
	load_write("a.conf", "a = 1;\0b = 2;", 13, 0600);
	assert_said("a.conf", "a.conf: holds a zero byte; not a text\n");
}

static void only_the_file_that_holds_the_secret_must_be_private(void **state)
{
	static const char top[] =
		"interface = ( { name = \"wan\"; device = \"net_null1\"; } );\n"
		"ip = { address = ( { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"
		"ipsec = { profile = ( { name = \"f\"; dh-group = \"ecp256\"; hash-algorithm = "
		"\"sha256\"; } );\n"
		"peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; allow-weak = "
		"\"ikev1\"; } );\n"
		"@include \"secrets.conf\"\n}; };\n";
	static const char secrets[] =
		"\nidentity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n";
	char *told;

	(void)state;
	load_write("top.conf", top, sizeof(top) - 1, 0644);
	load_write("secrets.conf", secrets, sizeof(secrets) - 1, 0600);
	problems_init(&problems);
	model_free(model_load("top.conf", &problems));
	assert_int_equal(problems.n_errors, 0);
	assert_int_equal(chmod("secrets.conf", 0640), 0);
	assert_null(model_load("top.conf", &problems));
	told = problems_text(&problems);
	assert_string_equal(told, "secrets.conf:2: the file holds a secret, but its mode 0640 lets "
				  "group or others at it; make it 0600 (chmod 600)\n");
	free(told);
	problems_free(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_keep_their_places),
		cmocka_unit_test(an_include_in_a_comment_or_text_is_none),
		cmocka_unit_test(a_file_that_includes_itself_is_told_so),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(depth_and_number_are_bounded),
		cmocka_unit_test(a_zero_byte_is_refused),
		cmocka_unit_test(only_the_file_that_holds_the_secret_must_be_private),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
