/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_console.c - any line as a command, as a filter, for completion and as a frame of the socket:
 * every command ends in a status, what is not done says why, and JSON is JSON.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/grammar.h"
#include "control/console/server.h"
#include "control/model/change.h"
#include "control/model/model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/control/model/sa_table.h"

static void rows(void *ctx, menu_emit *emit, void *arg)
{
	struct value v[INSTALLED_SA_PROPS];

	(void)ctx;
	for (int i = 0; i < 3; i++) {
		sa_table_get(i, v);
		if (!emit(arg, v[SA_SPI].num, v))
			return;
	}
}

static int done(void *ctx, char **message)
{
	(void)ctx;
	(void)message;
	return 0;
}

static int done_peer(void *ctx, const char *peer, char **message)
{
	(void)peer;
	return done(ctx, message);
}

static int done_rekey(void *ctx, const char *peer, bool ike_sa, char **message)
{
	(void)ike_sa;
	return done_peer(ctx, peer, message);
}

static int done_change(void *ctx, const struct change *change, char **message)
{
	FUZZ_CHECK(change->n_pairs <= CHANGE_MAX_PAIRS);
	for (size_t i = 0; i < change->n_pairs; i++)
		FUZZ_CHECK(change->pair[i].prop >= 0 &&
			   (size_t)change->pair[i].prop < schema_menu((int)change->menu)->n_props);
	return done(ctx, message);
}

static int done_diagnose(void *ctx, const struct console_diagnose *what, struct text *out)
{
	(void)ctx;
	text_printf(out, "[\"%d\"]", what->zh);
	return 0;
}

static void run(const char *line, bool json)
{
	static struct menu_source source[MENU_MAX] = {[MENU_INSTALLED_SA] = {.rows = rows}};
	struct console c = {.source = source,
			    .actions = {.flush_sas = done,
					.kill_peers = done_peer,
					.rekey = done_rekey,
					.reload = done,
					.change = done_change,
					.diagnose = done_diagnose}};
	struct console_result r;
	struct model *m = model_new("fuzz");

	FUZZ_CHECK(m);
	c.model = m;
	console_execute(&c, &line, 1, json, 80, &r);
	FUZZ_CHECK(r.text);
	FUZZ_CHECK(r.status == PROTOCOL_OK || r.note);
	if (json && r.text[0] == '[') {
		json_t *j = json_loads(r.text, 0, NULL);

		FUZZ_CHECK(j);
		json_decref(j);
	}
	console_result_free(&r);
	model_free(m);
}

static void count(void *arg, const char *word)
{
	FUZZ_CHECK(*word);
	++*(int *)arg;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const char where[] = "ip ipsec installed-sa print where ";
	struct protocol_response resp;
	struct protocol_request req;
	const char *why;
	char *line;
	int n = 0;

	if (len > 8192)
		return 0;
	line = malloc(sizeof(where) + len);
	FUZZ_CHECK(line);
	memcpy(line, data, len);
	line[len] = '\0';
	run(line, len % 2);
	grammar_complete(line, count, &n);
	FUZZ_CHECK(n < 256);
	if (protocol_parse_request((const char *)data, len, &req, &why) == 0)
		protocol_free_request(&req);
	if (protocol_parse_response((const char *)data, len, &resp) == 0)
		protocol_free_response(&resp);
	memcpy(line, where, sizeof(where) - 1);
	memcpy(line + sizeof(where) - 1, data, len);
	line[sizeof(where) - 1 + len] = '\0';
	run(line, len % 2);
	free(line);
	return 0;
}
