/* SPDX-License-Identifier: BSD-3-Clause */
/* fixture.h - a console on the tutorial's configuration with the tutorial's rows. */
#ifndef ESPGW_TEST_CONSOLE_FIXTURE_H
#define ESPGW_TEST_CONSOLE_FIXTURE_H

#include "tests/unit/control/model/load.h"
#include "tests/unit/control/model/sa_table.h"

#include "control/console/server.h"
#include "control/model/change.h"
#include "control/model/text.h"

struct fixture {
	struct model *model;
	struct model_plan *plan;
	struct menu_source source[MENU_MAX];
	struct console console;
	struct console_result result;
	int rows; /* of installed-sa */
	int flushed, reloaded, fail;
	char killed[64], rekeyed[80], changed[512];
};

static inline void fixture_sas(void *ctx, menu_emit *emit, void *arg)
{
	struct fixture *f = ctx;
	struct value v[INSTALLED_SA_PROPS];

	for (int i = 0; i < f->rows; i++) {
		sa_table_get(i, v);
		if (!emit(arg, v[SA_SPI].num, v))
			return;
	}
}

static inline void fixture_peers(void *ctx, menu_emit *emit, void *arg)
{
	struct value v[ACTIVE_PEERS_PROPS];

	(void)ctx;
	sa_table_peer(v);
	emit(arg, 7, v);
}

static inline void fixture_statistics(void *ctx, menu_emit *emit, void *arg)
{
	struct value v[STATISTICS_PROPS];

	(void)ctx;
	menu_row_clear(v, STATISTICS_PROPS);
	for (int i = 0; i < STATISTICS_PROPS; i++)
		value_set_num(&v[i], 0);
	value_set_num(&v[STAT_ID(DROP_IN_NO_STATES)], 17);
	value_set_num(&v[STAT_ID(DROP_NET_TTL)], 4);
	emit(arg, 0, v);
}

static inline void fixture_ike_counters(void *ctx, menu_emit *emit, void *arg)
{
	struct value v[IKE_COUNTERS_PROPS];

	(void)ctx;
	menu_row_clear(v, IKE_COUNTERS_PROPS);
	for (int i = 0; i < IKE_COUNTERS_PROPS; i++)
		value_set_num(&v[i], (uint64_t)i);
	emit(arg, 0, v);
}

static inline void fixture_log(void *ctx, menu_emit *emit, void *arg)
{
	struct value v[LOG_PROPS];

	(void)ctx;
	menu_row_clear(v, LOG_PROPS);
	value_set_num(&v[LOG_TIME], 1661707330);
	value_set_text(&v[LOG_TOPICS], "ipsec,info");
	value_set_text(&v[LOG_MESSAGE], "child installed");
	emit(arg, 1, v);
	value_set_text(&v[LOG_TOPICS], "ipsec,error");
	value_set_text(&v[LOG_MESSAGE], "peer says \x1b[31m\xc2\x9b\xff");
	emit(arg, 2, v);
}

static inline void fixture_policy(void *ctx, const struct menu_key *key, struct value *v)
{
	struct fixture *f = ctx;

	assert_int_equal(key->policy_id, f->plan->policies[0].policy_id);
	value_set_num(&v[POLICY_ACTIVE], 1);
	value_set_num(&v[POLICY_PH2_COUNT], 1);
	value_set_text(&v[POLICY_PH2_STATE], "established");
}

static inline int fixture_flush(void *ctx, char **message)
{
	struct fixture *f = ctx;

	(void)message;
	f->flushed++;
	return f->fail;
}

static inline int fixture_kill(void *ctx, const char *peer, char **message)
{
	struct fixture *f = ctx;

	(void)message;
	snprintf(f->killed, sizeof(f->killed), "%s", peer ? peer : "*");
	return 0;
}

static inline int fixture_rekey(void *ctx, const char *peer, bool ike_sa, char **message)
{
	struct fixture *f = ctx;

	(void)message;
	snprintf(f->rekeyed, sizeof(f->rekeyed), "%s of %s", ike_sa ? "IKE SA" : "pair",
		 peer ? peer : "*");
	return 0;
}

static inline int fixture_reload(void *ctx, char **message)
{
	struct fixture *f = ctx;

	f->reloaded++;
	if (f->fail)
		*message = strdup("t.conf:1: no");
	return f->fail;
}

/* What was to be changed, as "verb menu pick:which before | name=text …". */
static inline int fixture_change(void *ctx, const struct change *c, char **message)
{
	static const char *const verbs[] = {"add", "set", "remove", "move"};
	static const char *const picks[] = {"none", "items", "where", "default"};
	const struct menu *menu = schema_menu((int)c->menu);
	struct fixture *f = ctx;
	struct text t = {0};

	text_printf(&t, "%s /%s %s:%s", verbs[c->verb], menu->path, picks[c->pick],
		    c->which ? c->which : "");
	if (c->before)
		text_printf(&t, " before %s", c->before);
	for (size_t i = 0; i < c->n_pairs; i++)
		text_printf(&t, " %s=%s", menu->props[c->pair[i].prop].name,
			    c->pair[i].text ? c->pair[i].text : "(default)");
	snprintf(f->changed, sizeof(f->changed), "%s", t.s);
	text_free(&t);
	if (f->fail)
		*message = strdup("no such thing\n");
	return f->fail;
}

static inline int fixture_diagnose(void *ctx, const struct console_diagnose *what, struct text *out)
{
	struct fixture *f = ctx;

	text_printf(out, "%s %s %s%s%s\n", what->peer ? what->peer : "*",
		    ike_vendor_name(what->vendor), what->zh ? "zh" : "en",
		    what->json ? " json" : "", what->hide_sensitive ? " hidden" : "");
	return f->fail;
}

static inline int fixture_probe(void *ctx, const struct console_probe *what, struct text *out)
{
	struct fixture *f = ctx;

	if (f->fail == 0)
		text_printf(out, "%s%s%s%s\n", what->peer, what->aggressive ? " aggressive" : "",
			    what->phase2 ? " phase2" : "", what->json ? " json" : "");
	return f->fail;
}

static inline int fixture_setup(void **state)
{
	static struct problems problems;
	struct fixture *f = calloc(1, sizeof(*f));
	size_t len;
	char *text;

	if (!f || load_setup(state))
		return -1;
	text = load_conf("tutorial.conf", &len);
	f->model = load_good(text);
	free(text);
	problems_init(&problems);
	f->plan = model_plan_new(f->model, NULL, &problems);
	f->rows = 2;
	f->source[MENU_INSTALLED_SA] = (struct menu_source){.rows = fixture_sas, .ctx = f};
	f->source[MENU_ACTIVE_PEERS] = (struct menu_source){.rows = fixture_peers, .ctx = f};
	f->source[MENU_STATISTICS] = (struct menu_source){.rows = fixture_statistics, .ctx = f};
	f->source[MENU_IKE_COUNTERS] = (struct menu_source){.rows = fixture_ike_counters, .ctx = f};
	f->source[MENU_LOG] = (struct menu_source){.rows = fixture_log, .ctx = f};
	f->source[MENU_POLICY] = (struct menu_source){.fill = fixture_policy, .ctx = f};
	f->console = (struct console){
		.model = f->model,
		.plan = f->plan,
		.source = f->source,
		.actions = {fixture_flush, fixture_kill, fixture_rekey, fixture_reload,
			    fixture_change, fixture_diagnose, fixture_probe, f},
	};
	*state = f;
	return f->plan ? 0 : -1;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	console_result_free(&f->result);
	model_plan_free(f->plan);
	model_free(f->model);
	free(f);
	return load_teardown(state);
}

/* Run a line, as typed in a shell without quotes of its own. */
static inline struct console_result *fixture_run_wide(struct fixture *f, const char *line,
						      bool json, unsigned int width)
{
	console_result_free(&f->result);
	console_execute(&f->console, &line, 1, json, width, &f->result);
	assert_non_null(f->result.text);
	return &f->result;
}

static inline const char *fixture_text(struct fixture *f, const char *line)
{
	fixture_run_wide(f, line, false, 80);
	if (f->result.status)
		print_error("%s", f->result.note);
	assert_int_equal(f->result.status, PROTOCOL_OK);
	return f->result.text;
}

static inline const char *fixture_json(struct fixture *f, const char *line)
{
	fixture_run_wide(f, line, true, 80);
	assert_int_equal(f->result.status, PROTOCOL_OK);
	return f->result.text;
}

/* What a refused line is told. */
static inline const char *fixture_note(struct fixture *f, const char *line, int status)
{
	fixture_run_wide(f, line, false, 80);
	assert_int_equal(f->result.status, status);
	assert_string_equal(f->result.text, "");
	assert_non_null(f->result.note);
	return f->result.note;
}

#endif
