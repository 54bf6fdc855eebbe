/* SPDX-License-Identifier: BSD-3-Clause */
/* test_wipe.c - no memory that a secret stood in is given back as it was. The linker leads every
 * free() of the code under test here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/protocol.h"
#include "control/console/wipe.h"

static const char secret[] = "Zk7-a-secret";
static unsigned leaks, frees;

void __real_free(void *p);
void __wrap_free(void *p);

void __wrap_free(void *p)
{
	if (p) {
		frees++;
		leaks += memmem(p, malloc_usable_size(p), secret, strlen(secret)) != NULL;
	}
	__real_free(p);
}

static int setup(void **state)
{
	(void)state;
	wipe_setup();
	leaks = frees = 0;
	return 0;
}

/* A text that jansson has to grow its buffers for. */
static void long_text(char *out, size_t size)
{
	memset(out, 'x', size - 1);
	out[size - 1] = '\0';
	memcpy(out, secret, strlen(secret));
	memcpy(out + size / 2, secret, strlen(secret));
}

static void a_request_leaves_nothing_behind(void **state)
{
	char text[5000];
	const char *args[] = {"secret=", text}, *why;
	struct protocol_request req;
	uint8_t *frame;
	size_t len;

	(void)state;
	long_text(text, sizeof(text));
	frame = protocol_make_request(args, 2, false, 80, &len);
	assert_non_null(frame);
	assert_int_equal(protocol_parse_request((char *)frame + PROTOCOL_HEADER,
						len - PROTOCOL_HEADER, &req, &why),
			 0);
	assert_string_equal(req.args[1], text);
	protocol_free_request(&req);
	wipe_free(frame);
	assert_true(frees > 10);
	assert_int_equal(leaks, 0);
}

static void an_answer_leaves_nothing_behind(void **state)
{
	struct protocol_response resp;
	char text[5000];
	uint8_t *frame;
	size_t len;

	(void)state;
	long_text(text, sizeof(text));
	frame = protocol_make_response(PROTOCOL_OK, text, strlen(text), NULL, &len);
	assert_non_null(frame);
	assert_int_equal(protocol_parse_response((char *)frame + PROTOCOL_HEADER,
						 len - PROTOCOL_HEADER, &resp),
			 0);
	protocol_free_response(&resp);
	wipe_free(frame);
	assert_true(frees > 8);
	assert_int_equal(leaks, 0);
}

static void what_is_made_larger_leaves_nothing_behind(void **state)
{
	char *p = wipe_realloc(NULL, 32);

	(void)state;
	assert_non_null(p);
	strcpy(p, secret);
	p = wipe_realloc(p, 4000);
	assert_non_null(p);
	assert_string_equal(p, secret);
	p = wipe_realloc(p, 6);
	assert_non_null(p);
	assert_memory_equal(p, secret, 6);
	wipe_free(p);
	wipe_free(NULL);
	assert_int_equal(leaks, 0);
}

/* Without which the others would prove nothing. */
static void what_is_left_is_seen(void **state)
{
	json_t *j;

	(void)state;
	json_set_alloc_funcs(malloc, free);
	j = json_string(secret);
	json_decref(j);
	assert_true(leaks > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_request_leaves_nothing_behind, setup),
		cmocka_unit_test_setup(an_answer_leaves_nothing_behind, setup),
		cmocka_unit_test_setup(what_is_made_larger_leaves_nothing_behind, setup),
		cmocka_unit_test_setup(what_is_left_is_seen, setup),
	};

	return cmocka_run_group_tests_name("wipe", tests, NULL, NULL);
}
