/* SPDX-License-Identifier: BSD-3-Clause */
/* change_io.c - a change of the configuration by the operator, in the file or from the console: the
 * file first, then what runs, then what the data plane says of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "control/gateway.h"
#include "control/log.h"
#include "control/model/model.h"
#include "control/model/change.h"
#include "control/model/problem.h"
#include "control/model/source.h"

static bool was_told(const struct model *before, const struct problem *p)
{
	for (size_t i = 0; i < before->n_told; i++)
		if (before->told[i] == problems_hash(p))
			return true;
	return false;
}

/* What the change brought: errors, and warnings that were not there before. Without places: the
 * operator sees no file, and its lines are not yet what they would be. */
static void tell(const struct model *before, const struct problems *after, struct text *out)
{
	for (size_t i = 0; i < after->n; i++) {
		const struct problem *p = &after->list[i];

		if (after->n_errors != 0 ? !p->warning : !was_told(before, p))
			text_printf(out, "%s%s\n", p->warning ? "warning: " : "", p->text);
	}
}

/* The file as it is said to become: checked, written, put in force. */
static int take(struct gateway *g, const struct change *c, const struct change_made *made,
		struct problems *after, struct text *out)
{
	static const char *const verbs[] = {"add", "set", "remove", "move"};
	const struct source_instead instead = {made->path, made->text.s, made->text.len};
	struct setup next = {0};
	char why[256] = "";
	int rc = setup_load_with(&next, g->config_path, &instead, g->setup.plan,
				 names_hosts(g->names), after);

	tell(c->shown, after, out);
	if (rc == 0)
		rc = gateway_fits(g, next.plan, why, sizeof(why));
	if (why[0] != '\0')
		text_printf(out, "%s\n", why);
	if (rc == 0) {
		rc = change_write(made, out);
		if (rc != 0)
			text_puts(out, "\n");
	}
	if (rc == 0) {
		g->seen = next.model->text_hash;
		log_info(&log_system, "configuration changed: /%s %s, %zu row%s; %s written",
			 schema_menu((int)c->menu)->path, verbs[c->verb], made->rows,
			 made->rows == 1 ? "" : "s", made->path);
		rc = gateway_put(g, &next);
		if (rc != 0) { /* the same command again would do it twice */
			text_printf(out,
				    "%s is written, but does not take effect: %s; \"reload\" tries "
				    "again\n",
				    made->path, strerror(-rc));
			rc = rc == -EAGAIN ? -EBUSY : rc;
		}
	} else {
		(void)names_settle(g->names, false);
	}
	setup_free(&next);
	return rc;
}

/* The first of a file's own problems, with its place. */
static void tell_own(const struct problems *before, struct text *out)
{
	char *all = problems_text(before);

	if (all != NULL)
		text_puts(out, all);
	free(all);
}

int gateway_change(struct gateway *g, const struct change *c, char **message)
{
	struct problems *before = malloc(sizeof(*before)), *after = malloc(sizeof(*after));
	struct change wanted = *c;
	struct change_made made = {0};
	struct text out = {0};
	int rc = before == NULL || after == NULL ? -ENOMEM : gateway_is_busy(g) ? -EAGAIN : 0;

	*message = NULL;
	if (rc != 0)
		goto out;
	problems_init(before);
	problems_init(after);
	wanted.seen = &g->seen;
	wanted.shown = g->has_pending ? g->pending.model : g->setup.model;
	rc = change_make(&wanted, g->config_path, &made, before, &out);
	if (rc != 0) {
		text_puts(&out, "\n");
		if (before->n_errors != 0)
			tell_own(before, &out);
	} else if (made.rows == 0) {
		text_printf(&out, "%s; nothing was changed\n",
			    made.matched == 0 ? "no row matches" : "it is so already");
	} else {
		rc = take(g, &wanted, &made, after, &out);
	}
	problems_free(before);
	problems_free(after);
	if (out.len != 0)
		*message = text_steal(&out);
out:
	text_free(&out);
	change_made_free(&made);
	free(before);
	free(after);
	return rc;
}

int gateway_reload(struct gateway *g, char **message)
{
	struct text out = {0};
	struct setup next;
	char why[256] = "";
	char *said;
	int rc;

	if (gateway_is_busy(g)) {
		*message = strdup("a reload is under way\n");
		return -EBUSY;
	}
	rc = setup_load(&next, g->config_path, g->setup.plan, names_hosts(g->names), &said);
	if (rc == 0)
		rc = gateway_fits(g, next.plan, why, sizeof(why));
	text_puts(&out, said != NULL ? said : "");
	free(said);
	if (rc == 0) {
		text_printf(&out, "%zu peers, %zu policies\n", next.plan->n_peers,
			    next.plan->n_policies);
		g->seen = next.model->text_hash;
		rc = gateway_put(g, &next);
	} else {
		(void)names_settle(g->names, false);
		setup_free(&next);
		text_printf(&out, "%s%snothing was changed\n", why, why[0] != '\0' ? "\n" : "");
	}
	*message = text_steal(&out);
	return rc;
}

int gateway_settled(struct gateway *g, uint64_t number, char **note)
{
	struct text out = {0};
	int rc = 0;

	*note = NULL;
	if (number > g->settling.done && gateway_is_busy(g))
		return -EAGAIN;
	if (number > g->settling.done) {
		text_puts(&out, "it takes effect when espgw-dataplane is there\n");
	} else if (number == g->settling.done && g->settling.rc != 0) {
		rc = g->settling.rc;
		text_printf(&out,
			    "the file says so now, but the data plane refused it: %s; what was in "
			    "force stays so. Change it back, or mend it and \"reload\"\n",
			    rc == -ENOSPC      ? "it has no room for that"
			    : rc == -ETIMEDOUT ? "it did not answer"
					       : strerror(-rc));
	}
	if (out.len != 0)
		*note = text_steal(&out);
	return rc;
}
