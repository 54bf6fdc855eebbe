/* SPDX-License-Identifier: BSD-3-Clause */
/* test_protocol.c - frames there and back, and what comes from a stranger. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/protocol.h"

static void a_request_comes_back_as_it_was(void **state)
{
	const char *const args[] = {"ip", "peer", "name=\"a b\"", "\xc3\xa9"};
	struct protocol_request req;
	const char *why;
	size_t len;
	uint8_t *frame = protocol_make_request(args, 4, true, 132, &len);

	(void)state;
	assert_non_null(frame);
	assert_int_equal(protocol_frame_length(frame), len - PROTOCOL_HEADER);
	assert_int_equal(protocol_parse_request((char *)frame + PROTOCOL_HEADER,
						len - PROTOCOL_HEADER, &req, &why),
			 0);
	assert_int_equal(req.n_args, 4);
	assert_string_equal(req.args[2], "name=\"a b\"");
	assert_string_equal(req.args[3], "\xc3\xa9");
	assert_null(req.args[4]);
	assert_true(req.json);
	assert_int_equal(req.width, 132);
	protocol_free_request(&req);
	free(frame);
}

static void a_response_comes_back_as_it_was(void **state)
{
	struct protocol_response resp;
	size_t len;
	uint8_t *frame = protocol_make_response(PROTOCOL_FAILED, "a\nb", 3, "no", &len);

	(void)state;
	assert_non_null(frame);
	assert_int_equal(protocol_parse_response((char *)frame + PROTOCOL_HEADER,
						 len - PROTOCOL_HEADER, &resp),
			 0);
	assert_int_equal(resp.status, PROTOCOL_FAILED);
	assert_string_equal(resp.text, "a\nb");
	assert_int_equal(resp.text_len, 3);
	assert_string_equal(resp.note, "no");
	protocol_free_response(&resp);
	free(frame);
}

static void an_answer_about_what_is_not_utf8_comes_all_the_same(void **state)
{
	struct protocol_response resp;
	size_t len;
	uint8_t *frame = protocol_make_response(PROTOCOL_FAILED, "\xe9\n", 2,
						"no row \"\xc4\xe3\" \xe2\x80\xa6\nb\n", &len);

	(void)state;
	assert_non_null(frame);
	assert_int_equal(protocol_parse_response((char *)frame + PROTOCOL_HEADER,
						 len - PROTOCOL_HEADER, &resp),
			 0);
	assert_string_equal(resp.text, "\\E9\n");
	assert_string_equal(resp.note, "no row \"\\C4\\E3\" \xe2\x80\xa6\nb\n");
	protocol_free_response(&resp);
	free(frame);
}

static void refuses_what_is_no_request(void **state)
{
	static const char *const bad[] = {"",
					  "[]",
					  "{}",
					  "{\"args\": \"ip\"}",
					  "{\"args\": [1]}",
					  "{\"args\": [\"a\", null]}",
					  "{\"args\": [\"a\"], \"args\": [\"b\"]}",
					  "{\"args\": [\"a\"]",
					  "{\"args\": [\"a\\u0000b\"]}",
					  "{\"args\": [\"\xff\"]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct protocol_request req;
		const char *why = NULL;

		assert_int_equal(protocol_parse_request(bad[i], strlen(bad[i]), &req, &why),
				 -EBADMSG);
		assert_non_null(why);
		assert_null(req.args);
	}
}

static void odd_fields_get_their_defaults(void **state)
{
	static const char json[] =
		"{\"args\": [], \"json\": \"yes\", \"width\": 1e9, \"more\": {}}";
	struct protocol_request req;
	const char *why;

	(void)state;
	assert_int_equal(protocol_parse_request(json, sizeof(json) - 1, &req, &why), 0);
	assert_false(req.json);
	assert_int_equal(req.width, PROTOCOL_DEFAULT_WIDTH);
	assert_int_equal(req.n_args, 0);
	protocol_free_request(&req);
}

static void too_many_words_are_refused(void **state)
{
	const char *args[PROTOCOL_MAX_ARGS + 1];
	struct protocol_request req;
	const char *why;
	size_t len;
	uint8_t *frame;

	(void)state;
	for (size_t i = 0; i <= PROTOCOL_MAX_ARGS; i++)
		args[i] = "a";
	frame = protocol_make_request(args, PROTOCOL_MAX_ARGS + 1, false, 80, &len);
	assert_int_equal(protocol_parse_request((char *)frame + PROTOCOL_HEADER,
						len - PROTOCOL_HEADER, &req, &why),
			 -EBADMSG);
	free(frame);
}

static void too_long_a_request_is_not_made(void **state)
{
	char *word = malloc(PROTOCOL_MAX_REQUEST + 1);
	const char *args[1] = {word};
	size_t len;

	(void)state;
	memset(word, 'a', PROTOCOL_MAX_REQUEST);
	word[PROTOCOL_MAX_REQUEST] = '\0';
	assert_null(protocol_make_request(args, 1, false, 80, &len));
	assert_int_equal(errno, EMSGSIZE);
	free(word);
}

static void instances_name_their_sockets(void **state)
{
	char path[108];

	(void)state;
	assert_int_equal(protocol_socket_path(path, sizeof(path), "default"), 0);
	assert_string_equal(path, "/run/espgw/default.sock");
	assert_int_equal(protocol_socket_path(path, sizeof(path), "../x"), -EINVAL);
	assert_int_equal(protocol_socket_path(path, sizeof(path), ""), -EINVAL);
	assert_int_equal(
		protocol_socket_path(path, sizeof(path), "abcdefghijabcdefghijabcdefghijabc"),
		-EINVAL);
	assert_int_equal(protocol_socket_path(path, 10, "default"), -ENAMETOOLONG);
}

static void survives_damage(void **state)
{
	static const char good[] = "{\"args\": [\"ip\", \"print\"], \"json\": true, \"width\": 80}";

	(void)state;
	srandom(9);
	for (int i = 0; i < 20000; i++) {
		struct protocol_response resp;
		struct protocol_request req;
		char json[sizeof(good)];
		const char *why;
		size_t len = sizeof(good) - 1 - (size_t)random() % 8;

		memcpy(json, good, sizeof(good));
		for (long k = random() % 4; k >= 0; k--)
			json[(size_t)random() % len] = (char)random();
		if (protocol_parse_request(json, len, &req, &why) == 0)
			protocol_free_request(&req);
		if (protocol_parse_response(json, len, &resp) == 0)
			protocol_free_response(&resp);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_comes_back_as_it_was),
		cmocka_unit_test(a_response_comes_back_as_it_was),
		cmocka_unit_test(an_answer_about_what_is_not_utf8_comes_all_the_same),
		cmocka_unit_test(refuses_what_is_no_request),
		cmocka_unit_test(odd_fields_get_their_defaults),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(too_long_a_request_is_not_made),
		cmocka_unit_test(instances_name_their_sockets),
		cmocka_unit_test(survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
