/* SPDX-License-Identifier: BSD-3-Clause */
/* help.c - what there is, from the schema. */
#include "control/console/help.h"

#include <inttypes.h>
#include <stdio.h>

#include "control/console/verbs.h"
#include "control/model/duration.h"

static void words(const struct domain *d, const char *sep, const char *tail, struct text *out)
{
	const char *s = "";

	for (const struct domain_word *w = d->words; w && w->name; w++) {
		if (w->refused)
			continue;
		text_printf(out, "%s%s%s", s, w->name, tail);
		s = sep;
	}
}

static const char *family(const struct domain *d)
{
	return d->family == 4 ? "IPv4" : d->family == 6 ? "IPv6" : "IPv4 or IPv6";
}

void help_accepts(const struct prop *p, struct text *out)
{
	const struct domain *d = p->domain;
	char lo[DURATION_TEXT], hi[DURATION_TEXT];

	switch (p->type) {
	case PROP_BOOL:
		text_puts(out, "yes or no");
		break;
	case PROP_INT:
		text_printf(out, "%" PRId64 " to %" PRId64, d->min, d->max);
		if (d->off)
			text_printf(out, ", or %s", d->off);
		break;
	case PROP_TIME:
		text_printf(out, "%s to %s", duration_print((uint64_t)d->min, lo),
			    duration_print((uint64_t)d->max, hi));
		if (d->off)
			text_printf(out, ", or %s", d->off);
		break;
	case PROP_ENUM:
		words(d, ", ", "", out);
		break;
	case PROP_LIST:
		text_puts(out, "one or more of ");
		words(d, ", ", "", out);
		break;
	case PROP_PROTOCOL:
		words(d, ", ", "", out);
		text_puts(out, " or a number");
		break;
	case PROP_REF:
		text_printf(out, "a name of /%s", schema_menu(d->ref)->path);
		break;
	case PROP_ADDRESS:
		text_printf(out, "an %s address", family(d));
		break;
	case PROP_PREFIX:
		text_printf(out, "an %s address or network", family(d));
		break;
	case PROP_HOST:
		text_printf(out, "an %s address or network, or a DNS name", family(d));
		break;
	case PROP_GATEWAY:
		text_printf(out, "an %s address or a name of /interface", family(d));
		break;
	case PROP_PORT:
		text_puts(out, "any, 0 to 65535, or the first and the last of several: 1000-1999");
		break;
	case PROP_IDENT:
		text_puts(out, "auto, address:…, fqdn:…, user-fqdn:… or key-id:…");
		break;
	default:
		text_printf(out, "%" PRId64 " to %" PRId64 " bytes", d->min, d->max);
	}
}

static void help_props(const struct menu *menu, struct text *out)
{
	text_printf(out, "\n%s\n", menu->flags & MENU_F_RUNTIME ? "what it shows:" : "properties:");
	for (size_t i = 0; i < menu->n_props; i++) {
		const struct prop *p = &menu->props[i];

		if (p->flags & PROP_F_REFUSED)
			continue;
		text_printf(out, "  %-22s %s\n", p->name, p->help);
		if (p->flags & PROP_F_RUNTIME)
			continue;
		text_printf(out, "  %-22s ", "");
		help_accepts(p, out);
		if (p->preset)
			text_printf(out, "; default %s", p->preset);
		else if (p->flags & PROP_F_REQUIRED)
			text_puts(out, "; required");
		text_puts(out, "\n");
	}
}

void help_print(int menu, const char *path, unsigned int width, struct text *out)
{
	char known[GRAMMAR_MAX_WORDS][GRAMMAR_MAX_WORD];
	size_t n = verbs_at(path, known);

	(void)width;
	if (menu >= 0)
		text_printf(out, "/%s: %s\n", path, schema_menu(menu)->help);
	for (size_t i = 0; i < n; i++) {
		const struct verb *v = verbs_find(menu, path, known[i]);
		char full[96];
		int id;

		snprintf(full, sizeof(full), "%s%s%s", path, *path ? " " : "", known[i]);
		id = schema_find_menu(full);
		text_printf(out, "  %-18s %s\n", known[i],
			    v	      ? v->help
			    : id >= 0 ? schema_menu(id)->help
				      : "more menus");
	}
	if (menu >= 0)
		help_props(schema_menu(menu), out);
}
