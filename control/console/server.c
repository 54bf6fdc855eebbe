/* SPDX-License-Identifier: BSD-3-Clause */
/* server.c - runs one command of the console. */
#include "control/console/server.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "control/console/export.h"
#include "control/console/grammar.h"
#include "control/console/help.h"
#include "control/console/print.h"
#include "control/console/wipe.h"
#include "control/model/filter.h"
#include "control/model/model.h"
#include "control/model/suggest.h"

/* A print-out under way. */
struct listing {
	struct printer printer;
	struct filter *filter;
	bool count_only;
	size_t number; /* of rows seen: the number of the next */
	size_t matched;
};

static bool list_row(void *arg, uint64_t id, const struct value *values)
{
	struct listing *l = arg;
	size_t number = l->number++;

	if (l->filter && !filter_match(l->filter, values))
		return true;
	l->matched++;
	if (!l->count_only)
		print_row(&l->printer, number, id, values);
	return !l->printer.out->failed;
}

/* Configured rows, with what runs added. */
static void list_config(const struct console *c, struct listing *l)
{
	enum menu_id id = l->printer.id;
	const struct model_table *t = &c->model->table[id];
	const struct menu *menu = schema_menu((int)id);
	const struct menu_source *source = &c->source[id];
	int name = schema_name_prop(menu);
	struct value values[MENU_MAX_PROPS];
	struct model_reading r;

	for (size_t i = 0; i < t->n; i++) {
		const struct model_row *row = model_read(c->model, id, i, &r);
		struct menu_key key = {0};

		memcpy(values, row->values, menu->n_props * sizeof(values[0]));
		if (name >= 0)
			key.name = values[name].text;
		if (id == MENU_POLICY && c->plan && i < c->plan->n_policy_ids)
			key.policy_id = c->plan->policy_ids[i];
		if (id == MENU_POLICY && key.policy_id)
			value_set_num(&values[POLICY_ID], key.policy_id);
		if (source->fill)
			source->fill(source->ctx, &key, values);
		if (!list_row(l, i + 1, values))
			break;
	}
	explicit_bzero(values, sizeof(values));
	if (source->rows && !l->printer.out->failed)
		source->rows(source->ctx, list_row, l); /* what was made meanwhile */
}

static int do_print(const struct console *c, const struct grammar_command *cmd, bool json,
		    unsigned int width, struct text *out, struct text *note)
{
	struct listing l = {.count_only = cmd->count_only};
	const struct menu *menu = schema_menu(cmd->menu);

	print_init(&l.printer, (enum menu_id)cmd->menu, out);
	l.printer.json = json;
	l.printer.width = width;
	l.printer.detail = cmd->detail;
	l.printer.terse = cmd->terse;
	l.printer.sensitive = cmd->sensitive;
	if (cmd->where) {
		struct text why = {0};

		l.filter = filter_new(menu, cmd->where, &why, note);
		if (!l.filter) {
			text_cut(note, 0);
			text_printf(note, "%s\n", why.s ? why.s : "not enough memory");
			text_free(&why);
			return PROTOCOL_USAGE;
		}
	}
	if (!l.count_only)
		print_begin(&l.printer);
	if (!(menu->flags & MENU_F_RUNTIME))
		list_config(c, &l);
	else if (c->source[cmd->menu].rows)
		c->source[cmd->menu].rows(c->source[cmd->menu].ctx, list_row, &l);
	if (!l.count_only)
		print_end(&l.printer);
	else if (json)
		text_printf(out, "{\"ret\":\"%zu\"}\n", l.matched);
	else
		text_printf(out, "%zu\n", l.matched);
	filter_free(l.filter);
	return PROTOCOL_OK;
}

/* What an action said: its own text on the side where it belongs. */
static int do_action(int rc, char *message, const char *done, bool json, struct text *out,
		     struct text *note)
{
	const char *said = message ? message : rc ? strerror(-rc) : done;
	struct text *to = rc || json ? note : out;
	size_t len = strlen(said);

	while (len && said[len - 1] == '\n')
		len--;
	if (rc == 0 && json)
		text_puts(out, "[]\n");
	if (rc || message || !json)
		text_printf(to, "%.*s\n", (int)len, said);
	free(message);
	return rc ? PROTOCOL_FAILED : PROTOCOL_OK;
}

static int unknown_peer(const struct console *c, const char *peer, struct text *note)
{
	const struct model_table *t = &c->model->table[MENU_PEER];
	char hint[SUGGEST_MAX_LEN * 2];
	struct suggest near;

	suggest_start(&near, peer);
	for (size_t i = 0; i < t->n; i++)
		suggest_offer(&near, model_name(c->model, MENU_PEER, i));
	text_printf(note, "there is no /ip ipsec peer named \"%s\"%s\n", peer,
		    suggest_text(&near, hint, sizeof(hint)));
	return PROTOCOL_FAILED;
}

/* What is done to one peer, or to all. */
static int do_peers(const struct console *c, const struct grammar_command *cmd, bool json,
		    struct text *out, struct text *note)
{
	const char *peer = cmd->peer[0] ? cmd->peer : NULL;
	bool ike_sa = cmd->verb == GRAMMAR_REKEY_PEERS;
	char *message = NULL;
	int rc;

	if (peer && !model_find(c->model, MENU_PEER, peer))
		return unknown_peer(c, peer, note);
	if (cmd->verb == GRAMMAR_KILL) {
		rc = c->actions.kill_peers(c->actions.ctx, peer, &message);
		return do_action(rc, message, "IKE SAs deleted", json, out, note);
	}
	rc = c->actions.rekey(c->actions.ctx, peer, ike_sa, &message);
	return do_action(rc, message, ike_sa ? "rekeying IKE SAs" : "rekeying SA pairs", json, out,
			 note);
}

static int do_diagnose(const struct console *c, const struct grammar_command *cmd, bool json,
		       struct text *out, struct text *note)
{
	struct console_diagnose what = {.peer = cmd->peer[0] ? cmd->peer : NULL,
					.vendor = cmd->vendor,
					.zh = cmd->zh,
					.json = json,
					.hide_sensitive = cmd->hide_sensitive};
	int rc;

	if (what.peer && !model_find(c->model, MENU_PEER, what.peer))
		return unknown_peer(c, what.peer, note);
	rc = c->actions.diagnose(c->actions.ctx, &what, out);
	if (rc == -ENOENT) {
		text_printf(note, "peer \"%s\" is disabled, or has no identity\n", cmd->peer);
		return PROTOCOL_FAILED;
	}
	if (rc)
		text_printf(note, "%s\n", strerror(-rc));
	return rc ? PROTOCOL_FAILED : PROTOCOL_OK;
}

static int do_probe(const struct console *c, const struct grammar_command *cmd, bool json,
		    struct text *out, struct text *note)
{
	struct console_probe what = {.peer = cmd->peer,
				     .aggressive = cmd->aggressive,
				     .phase2 = cmd->phase2,
				     .json = json};
	int rc;

	if (!model_find(c->model, MENU_PEER, what.peer))
		return unknown_peer(c, what.peer, note);
	rc = c->actions.probe(c->actions.ctx, &what, out);
	switch (rc) {
	case 0:
		return PROTOCOL_OK;
	case -EAGAIN:
		text_puts(note, "the probe is under way: ask again\n");
		return PROTOCOL_AGAIN;
	case -ENOENT:
		text_printf(note, "peer \"%s\" is disabled, or has no identity\n", what.peer);
		return PROTOCOL_FAILED;
	case -EDESTADDRREQ:
		text_printf(note, "peer \"%s\" has no address of its own to ask\n", what.peer);
		return PROTOCOL_FAILED;
	case -ENOTCONN:
		text_printf(note, "phase 1 with peer \"%s\" is not up: probe without phase2\n",
			    what.peer);
		return PROTOCOL_FAILED;
	case -EALREADY:
		text_printf(note, "peer \"%s\" has an SA pair for every policy: nothing to probe\n",
			    what.peer);
		return PROTOCOL_FAILED;
	case -EBUSY:
		text_puts(note, "too many probes are under way\n");
		return PROTOCOL_FAILED;
	default:
		text_printf(note, "%s\n", strerror(-rc));
		return PROTOCOL_FAILED;
	}
}

/* Nothing is said of what went as it should, as in RouterOS. */
static int do_change(const struct console *c, const struct grammar_command *cmd, bool json,
		     struct text *out, struct text *note)
{
	char *message = NULL;
	int rc = c->actions.change(c->actions.ctx, &cmd->change, &message);

	if (rc == -EAGAIN) {
		free(message);
		text_puts(note, "an earlier change is still taking effect: try again\n");
		return PROTOCOL_AGAIN;
	}
	if (rc == 0 && json)
		text_puts(out, "[]\n");
	if (message)
		text_puts(note, message);
	else if (rc)
		text_printf(note, "%s\n", strerror(-rc));
	free(message);
	return rc ? PROTOCOL_FAILED : PROTOCOL_OK;
}

/* What is a text has one value as JSON, as in RouterOS's REST. */
static int as_text(bool json, struct text *out)
{
	json_t *ret = json && !out->failed ? json_pack("{s:s}", "ret", out->s ? out->s : "") : NULL;
	char *dump = ret ? json_dumps(ret, JSON_COMPACT) : NULL;

	json_decref(ret);
	if (!json || out->failed)
		return PROTOCOL_OK;
	text_cut(out, 0);
	text_puts(out, dump ? dump : "");
	text_puts(out, "\n");
	out->failed |= !dump;
	wipe_free(dump);
	return PROTOCOL_OK;
}

/* Does what is asked for depend on the data plane? */
static bool needs_dataplane(const struct grammar_command *cmd)
{
	switch (cmd->verb) {
	case GRAMMAR_PRINT:
		return cmd->menu == MENU_POLICY || cmd->menu == MENU_INTERFACE ||
		       (cmd->menu != MENU_LOG && schema_menu(cmd->menu)->flags & MENU_F_RUNTIME);
	case GRAMMAR_DIAGNOSE:
	case GRAMMAR_PROBE:
	case GRAMMAR_REKEY_SAS:
	case GRAMMAR_REKEY_PEERS:
		return true;
	default:
		return false;
	}
}

static int run(const struct console *c, const struct grammar_command *cmd, bool json,
	       unsigned int width, struct text *out, struct text *note)
{
	char *message = NULL;
	int rc;

	if (c->trouble && needs_dataplane(cmd)) {
		text_printf(note, "%s\n", c->trouble);
		if (cmd->verb == GRAMMAR_PROBE)
			return PROTOCOL_FAILED;
	}
	switch (cmd->verb) {
	case GRAMMAR_PRINT:
		return do_print(c, cmd, json, width, out, note);
	case GRAMMAR_FLUSH:
		rc = c->actions.flush_sas(c->actions.ctx, &message);
		return do_action(rc, message, "SAs removed", json, out, note);
	case GRAMMAR_KILL:
	case GRAMMAR_REKEY_SAS:
	case GRAMMAR_REKEY_PEERS:
		return do_peers(c, cmd, json, out, note);
	case GRAMMAR_RELOAD:
		rc = c->actions.reload(c->actions.ctx, &message);
		return do_action(rc, message, "configuration loaded", json, out, note);
	case GRAMMAR_CHANGE:
		return do_change(c, cmd, json, out, note);
	case GRAMMAR_DIAGNOSE:
		return do_diagnose(c, cmd, json, out, note);
	case GRAMMAR_PROBE:
		return do_probe(c, cmd, json, out, note);
	case GRAMMAR_EXPORT:
		export_print(c->model, cmd->path, cmd->sensitive, out);
		return as_text(json, out);
	case GRAMMAR_HELP:
		help_print(cmd->menu, cmd->path, width, out);
		return as_text(json, out);
	case GRAMMAR_VERSION:
		text_printf(out, json ? "{\"version\":\"%s\"}\n" : "espgw %s\n", ESPGW_VERSION);
		return PROTOCOL_OK;
	}
	return PROTOCOL_USAGE;
}

void console_execute(const struct console *c, const char *const *args, size_t n_args, bool json,
		     unsigned int width, struct console_result *result)
{
	struct text out = {.limit = PROTOCOL_MAX_RESPONSE / 2}, note = {.limit = 64u << 10};
	struct grammar_command cmd;
	int status;

	if (width == 0 || width > PROTOCOL_MAX_WIDTH)
		width = PROTOCOL_DEFAULT_WIDTH;
	if (grammar_parse(&cmd, args, n_args, &note)) {
		text_puts(&note, "\n");
		status = PROTOCOL_USAGE;
	} else {
		status = run(c, &cmd, json, width, &out, &note);
	}
	grammar_free(&cmd);
	if (out.failed) {
		text_free(&out);
		text_cut(&note, 0);
		text_puts(&note, "the answer is too long; narrow it with \"where\"\n");
		status = PROTOCOL_FAILED;
	}
	*result = (struct console_result){.status = (enum protocol_status)status,
					  .text_len = out.len};
	result->text = text_steal(&out);
	result->note = note.len ? text_steal(&note) : NULL;
	text_free(&note);
}

void console_result_free(struct console_result *result)
{
	if (result->text)
		explicit_bzero(result->text, result->text_len);
	free(result->text);
	free(result->note);
	*result = (struct console_result){0};
}
