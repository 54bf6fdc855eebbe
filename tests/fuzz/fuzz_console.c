/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * fuzz_console.c - any line as a command, as a filter, for completion and as a frame of the socket:
 * every command ends in a status, what is not done says why, and JSON is JSON. What changes rows is
 * done to a file: what comes of it is one that can be read, whatever it says.
 */
#include <jansson.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/console/grammar.h"
#include "control/console/server.h"
#include "control/console/session.h"
#include "control/model/change.h"
#include "control/model/file.h"
#include "control/model/model.h"
#include "control/model/problem.h"
#include "control/model/source.h"
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

/* Written in all the ways that there are. */
static const char conf[] =
	"interface = ( { name = \"lan\"; device = \"a\" } ); # one\n"
	"ip : { address = ( { address = \"192.0.2.1/24\", interface = \"lan\" } )\n"
	"  ipsec = { /* all */ settings = { allow-weak = \"ikev1,\" \"sha1,modp1024\"; };\n"
	"    profile = ( { name = \"p\"; }, // behind\n"
	"      { name = \"default\"\n        comment = \"d\\\"\"; # of it\n      } );\n"
	"    peer = ( { name = \"a\"; address = \"192.0.2.7\"; profile = \"p\"; },\n"
	"             { name = \"b\"; address = \"192.0.2.8\"; disabled = true; },\n"
	"             { name = \"c\"; address = \"192.0.2.9\" } );\n"
	"    identity = ( { peer = \"a\"; secret = \"s;}\"; } );\n"
	"    policy = ( { peer = \"a\"; tunnel = true; src-address = \"10.0.0.0/24\";\n"
	"                 dst-address = \"10.1.0.0/24\"; } );\n  };\n};\n";

static char dir[] = "/tmp/espgw-fuzz-XXXXXX", path[64];

static void remove_conf(void)
{
	unlink(path);
	rmdir(dir);
}

static const char *conf_path(void)
{
	FILE *f;

	if (*path)
		return path;
	umask(077);
	FUZZ_CHECK(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/t.conf", dir);
	f = fopen(path, "w");
	FUZZ_CHECK(f && fputs(conf, f) >= 0 && fclose(f) == 0);
	atexit(remove_conf);
	return path;
}

static bool can_be_read(const char *text)
{
	config_t c;
	bool good;

	config_init(&c);
	good = config_read_string(&c, text) == CONFIG_TRUE;
	config_destroy(&c);
	return good;
}

static void change_file(const struct change *change)
{
	static struct problems problems;
	struct source_instead in;
	struct change_made made;
	struct text why = {0};
	int rc;

	problems_init(&problems);
	rc = change_make(change, conf_path(), &made, &problems, &why);
	FUZZ_CHECK(problems.n_errors == 0);
	FUZZ_CHECK(rc == 0 || why.len != 0);
	if (rc == 0 && made.rows != 0) {
		in = (struct source_instead){made.path, made.text.s, made.text.len};
		model_free(model_load_with(conf_path(), &in, &problems));
		FUZZ_CHECK(can_be_read(made.text.s));
	}
	problems_free(&problems);
	text_free(&why);
	change_made_free(&made);
}

static int done_change(void *ctx, const struct change *change, char **message)
{
	FUZZ_CHECK(change->n_pairs <= CHANGE_MAX_PAIRS);
	for (size_t i = 0; i < change->n_pairs; i++)
		FUZZ_CHECK(change->pair[i].prop >= 0 &&
			   (size_t)change->pair[i].prop < schema_menu((int)change->menu)->n_props);
	change_file(change);
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

static void run_all(struct text *commands)
{
	char *rest = commands->s, *line;

	while (rest && (line = strsep(&rest, "\n")) != NULL) {
		FUZZ_CHECK(*line != '#' || line[1]);
		if (*line && *line != '#')
			run(line, false);
	}
	text_free(commands);
}

/* As lines that are pasted. */
static void paste(const char *text, size_t n)
{
	struct session s = {.terminal = n % 2};
	struct text command = {0};

	for (size_t at = 0, len; at < n; at += len + 1) {
		const char *end = memchr(text + at, '\n', n - at);

		len = end ? (size_t)(end - (text + at)) : n - at;
		session_line(&s, text + at, len, &command);
		FUZZ_CHECK(strlen(s.path) < sizeof(s.path));
		FUZZ_CHECK(!command.s || !memchr(command.s, '\0', command.len));
		run_all(&command);
	}
	session_end(&s, &command);
	FUZZ_CHECK(!session_is_open(&s));
	run_all(&command);
	text_free(&command);
	session_free(&s);
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
	if (memchr(line, '\n', len))
		paste(line, len);
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
