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
#include "control/model/change_file.h"
#include "control/model/change_undo.h"
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

/* After it was refused: and the file? */
static void tell_file(const struct settling *s, struct text *out)
{
	switch (s->undone) {
	case 0:
		text_puts(out, "what was in force stays so, and the file is as it was before\n");
		break;
	case -ENOENT: /* not written from here */
		text_puts(out, "what was in force stays so, but the file says what was refused: "
			       "change it back, or mend it and \"reload\"\n");
		break;
	case -ESTALE:
		text_puts(out, "what was in force stays so. The file was changed by hand meanwhile "
			       "and is left as it is: mend it and \"reload\"\n");
		break;
	default:
		text_printf(out,
			    "what was in force stays so, but the file cannot be changed back (%s): "
			    "do it by hand, then \"reload\"\n",
			    strerror(-s->undone));
	}
	if (s->refused.len != 0)
		text_printf(out, "what was refused is kept in %s\n", s->refused.s);
	if (s->unkept.len != 0)
		text_puts(out, s->unkept.s);
}

static void tell_untold(const struct settling *s, int rc, struct text *out)
{
	text_printf(out, "it cannot be told to the data plane: %s; ", strerror(-rc));
	tell_file(s, out);
}

/* Who saved the file while the change was checked has the last word. */
static int write_change(struct gateway *g, const struct change_made *made, struct text *out)
{
	int rc = change_undo_check(g->config_path, g->seen);

	if (rc == 0)
		return change_write(made, out);
	text_puts(out, rc == -ESTALE
			       ? "the file was changed by hand meanwhile: \"reload\", then again"
			       : strerror(-rc));
	return rc;
}

/* Checked already: written, and put in force. */
static int carry_out(struct gateway *g, struct change_made *made, struct setup *next,
		     struct text *out)
{
	struct change_undo *undo = &g->settling.changed;
	size_t kept = undo->n;
	int rc = change_undo_keep(undo, made, g->seen);

	if (rc != 0)
		text_puts(out, "not enough memory");
	else
		rc = write_change(g, made, out);
	if (rc != 0) {
		change_undo_cut(undo, kept);
		(void)names_settle(g->names, false);
		text_puts(out, "\n");
		return rc;
	}
	g->seen = next->model->text_hash;
	rc = gateway_put(g, next);
	if (rc != 0)
		tell_untold(&g->settling, rc, out);
	return rc;
}

/* The file as it is said to become: checked, written, put in force. */
static int take(struct gateway *g, const struct change *c, struct change_made *made,
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
	if (rc == 0)
		rc = carry_out(g, made, &next, out);
	else
		(void)names_settle(g->names, false);
	if (rc == 0)
		log_info(&log_system, "configuration changed: /%s %s, %zu row%s; %s written",
			 schema_menu((int)c->menu)->path, verbs[c->verb], made->rows,
			 made->rows == 1 ? "" : "s", made->path);
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
		change_undo_cut(&g->settling.changed, 0); /* the file is what the operator wants */
		rc = gateway_put(g, &next);
		if (rc != 0)
			tell_untold(&g->settling, rc, &out);
	} else {
		(void)names_settle(g->names, false);
		setup_free(&next);
		text_printf(&out, "%s%snothing was changed\n", why, why[0] != '\0' ? "\n" : "");
	}
	*message = text_steal(&out);
	return rc;
}

/* The files as they were refused. */
static void keep_refused(struct gateway *g)
{
	struct settling *s = &g->settling;
	struct text why = {0};

	text_free(&s->refused);
	text_free(&s->unkept);
	if (s->changed.n == 0 || change_undo_check(g->config_path, g->seen) != 0)
		return; /* it stays where it is, or is gone */
	for (size_t i = 0; i < s->changed.n; i++) {
		char *kept = NULL;

		if (change_file_keep(s->changed.files[i].path, &kept, &why) != 0) {
			const char *said = why.s != NULL ? why.s : "not enough memory";

			log_error(&log_system, "%s", said);
			text_printf(&s->unkept, "%s\n", said);
			text_cut(&why, 0);
			continue;
		}
		text_printf(&s->refused, "%s%s", s->refused.len != 0 ? ", " : "", kept);
		free(kept);
	}
	text_free(&why);
}

static void log_undo(const struct gateway *g, const char *why)
{
	const struct settling *s = &g->settling;

	if (s->undone == 0)
		log_notice(&log_system, "what was changed is refused; %s is as it was before",
			   g->config_path);
	else if (s->undone == -ESTALE)
		log_warn(&log_system,
			 "what was changed is refused; %s was changed by hand meanwhile and is "
			 "left as it is",
			 g->config_path);
	else if (s->undone != -ENOENT)
		log_error(&log_system, "what was changed is refused, and stays in the file: %s",
			  why != NULL ? why : strerror(-s->undone));
	if (s->refused.len != 0)
		log_notice(&log_system, "what was refused is kept in %s", s->refused.s);
}

/* The file goes back with what it was to put in force. Whatever it says then, only what is in force
 * is taken as known: nothing that was refused comes along with a later change. */
static void undo(struct gateway *g)
{
	const uint64_t in_force = g->setup.model->text_hash;
	struct settling *s = &g->settling;
	struct text why = {0};

	keep_refused(g);
	s->undone = change_undo(&s->changed, g->config_path, &g->seen, &why);
	log_undo(g, why.s);
	text_free(&why);
	if (s->undone == 0 && g->seen != in_force)
		s->undone = -ENOENT; /* a reload before the change */
	g->seen = in_force;
}

void change_io_ended(struct gateway *g, int rc)
{
	struct settling *s = &g->settling;

	if (s->pending == 0)
		return;
	s->done = s->pending;
	s->done_first = s->pending_first;
	s->pending = 0;
	s->rc = rc;
	if (rc != 0)
		undo(g);
	change_undo_cut(&s->changed, 0);
}

int gateway_settled(struct gateway *g, uint64_t number, char **note)
{
	const struct settling *s = &g->settling;
	struct text out = {0};
	int rc = 0;

	*note = NULL;
	if (number > s->done) {
		if (dataplane_map(g->dp)->base != NULL)
			return -EAGAIN;
		text_puts(&out, "it takes effect when espgw-dataplane is there\n");
	} else if (number >= s->done_first && s->rc != 0) {
		rc = s->rc;
		text_printf(&out, "the data plane refused it: %s; ",
			    rc == -ENOSPC ? "it has no room for that" : strerror(-rc));
		tell_file(s, &out);
	}
	if (out.len != 0)
		*note = text_steal(&out);
	return rc;
}
