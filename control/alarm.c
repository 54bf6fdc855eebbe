/* SPDX-License-Identifier: BSD-3-Clause */
/* alarm.c - counters to warnings; see alarm.h. */
#include "control/alarm.h"

#include <inttypes.h>
#include <stddef.h>

#include "control/ike/engine_counters.h"
#include "control/log.h"
#include "control/model/menus.h"

#define KIND(name)                                                                                 \
	{                                                                                          \
		offsetof(struct ike_counters, name), IKE_STAT_##name                               \
	}

static const struct {
	size_t at;
	enum ike_stat_prop prop;
} kinds[] = {
	KIND(guard_rate),  KIND(guard_source), KIND(guard_total), KIND(cookies_sent),
	KIND(inbox_first), KIND(inbox_known),  KIND(dh_busy),
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == ALARM_KINDS, "one state for each");

static uint64_t counter(const struct ike_counters *c, size_t at)
{
	return *(const uint64_t *)((const char *)c + at);
}

void alarm_look(struct alarm *a, const struct ike_counters *c, uint64_t now)
{
	const struct menu *menu = schema_menu(MENU_IKE_COUNTERS);

	for (size_t i = 0; i < ALARM_KINDS; i++) {
		const struct prop *p = &menu->props[kinds[i].prop];
		uint64_t n = counter(c, kinds[i].at), more = n - a->kind[i].told;

		if (more == 0 || now < a->kind[i].quiet)
			continue;
		log_warn(&log_ipsec, "%s +%" PRIu64 ": %s; see /%s print", p->name, more, p->help,
			 menu->path);
		a->kind[i].told = n;
		a->kind[i].quiet = now + ALARM_EVERY;
	}
}
