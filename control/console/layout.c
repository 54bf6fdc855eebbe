/* SPDX-License-Identifier: BSD-3-Clause */
/* layout.c - how each menu looks when printed; RouterOS's legends, letters and columns. */
#include "control/console/layout.h"

#define FLAGS(...)   ((const struct layout_flag[]){__VA_ARGS__, {0, 0, 0, NULL}})
#define COLUMNS(...) ((const struct layout_column[]){__VA_ARGS__, {0, 0, false}})

static const struct layout layouts[MENU_MAX] = {
	[MENU_INTERFACE] =
		{
			.flags = FLAGS({INTERFACE_DISABLED, 'X', 0, "disabled"},
				       {INTERFACE_RUNNING, 'R', 1, "running"}),
			.slots = 2,
			.columns =
				COLUMNS({INTERFACE_NAME, 20, false}, {INTERFACE_DEVICE, 30, false},
					{INTERFACE_MTU, 5, true}, {INTERFACE_MAC, 17, false}),
			.comment = INTERFACE_COMMENT,
		},
	[MENU_ADDRESS] =
		{
			.flags = FLAGS({ADDRESS_DISABLED, 'X', 0, "disabled"}),
			.slots = 2,
			.columns = COLUMNS({ADDRESS_ADDRESS, 18, false},
					   {ADDRESS_INTERFACE, 20, false}),
			.comment = ADDRESS_COMMENT,
		},
	[MENU_ROUTE] =
		{
			.flags = FLAGS({ROUTE_DISABLED, 'X', 0, "disabled"}),
			.slots = 2,
			.columns = COLUMNS({ROUTE_DST, 18, false}, {ROUTE_GATEWAY, 20, false},
					   {ROUTE_DISTANCE, 8, true}),
			.comment = ROUTE_COMMENT,
		},
	[MENU_ADDRESS6] =
		{
			.flags = FLAGS({ADDRESS6_DISABLED, 'X', 0, "disabled"}),
			.slots = 2,
			.columns = COLUMNS({ADDRESS6_ADDRESS, 30, false},
					   {ADDRESS6_INTERFACE, 20, false}),
			.comment = ADDRESS6_COMMENT,
		},
	[MENU_ROUTE6] =
		{
			.flags = FLAGS({ROUTE6_DISABLED, 'X', 0, "disabled"}),
			.slots = 2,
			.columns = COLUMNS({ROUTE6_DST, 30, false}, {ROUTE6_GATEWAY, 30, false},
					   {ROUTE6_DISTANCE, 8, true}),
			.comment = ROUTE6_COMMENT,
		},
	[MENU_PROFILE] =
		{
			.flags = FLAGS({LAYOUT_FLAG_DEFAULT, '*', 0, "default"}),
			.slots = 2,
			.comment = PROFILE_COMMENT,
		},
	[MENU_PEER] =
		{
			.flags = FLAGS({PEER_DISABLED, 'X', 0, "disabled"},
				       {PEER_RESPONDER, 'R', 1, "responder"}),
			.slots = 2,
			.comment = PEER_COMMENT,
		},
	[MENU_IDENTITY] =
		{
			.flags = FLAGS({IDENTITY_DISABLED, 'X', 0, "disabled"}),
			.slots = 2,
			.comment = IDENTITY_COMMENT,
		},
	[MENU_PROPOSAL] =
		{
			.flags = FLAGS({PROPOSAL_DISABLED, 'X', 0, "disabled"},
				       {LAYOUT_FLAG_DEFAULT, '*', 1, "default"}),
			.slots = 2,
			.comment = PROPOSAL_COMMENT,
		},
	[MENU_GROUP] =
		{
			.flags = FLAGS({LAYOUT_FLAG_DEFAULT, '*', 0, "default"}),
			.slots = 2,
			.comment = GROUP_COMMENT,
		},
	[MENU_POLICY] =
		{
			.flags = FLAGS({POLICY_TEMPLATE, 'T', 0, "template"},
				       {POLICY_DISABLED, 'X', 0, "disabled"},
				       {POLICY_DYNAMIC, 'D', 0, "dynamic"},
				       {POLICY_ACTIVE, 'A', 1, "active"}),
			.slots = 2,
			.comment = POLICY_COMMENT,
		},
	[MENU_SETTINGS] = {.comment = -1},
	[MENU_DATAPLANE] = {.comment = -1},
	[MENU_ACTIVE_PEERS] =
		{
			.flags = FLAGS({ACTIVE_RESPONDER, 'R', 0, "responder"},
				       {ACTIVE_NATT, 'N', 1, "natt-peer"}),
			.slots = 2,
			.columns = COLUMNS({ACTIVE_ID, 20, false}, {ACTIVE_STATE, 18, false},
					   {ACTIVE_UPTIME, 15, false}, {ACTIVE_PH2_TOTAL, 9, true},
					   {ACTIVE_REMOTE, 15, false}, {ACTIVE_DYNAMIC, 15, false}),
			.comment = ACTIVE_COMMENT,
		},
	[MENU_INSTALLED_SA] =
		{
			.flags = FLAGS({SA_SEEN_TRAFFIC, 'S', 0, "seen-traffic"},
				       {SA_HW_AEAD, 'H', 1, "hw-aead"}, {SA_AH, 'A', 2, "AH"},
				       {SA_ESP, 'E', 2, "ESP"}),
			.slots = 3,
			.comment = -1,
		},
	[MENU_STATISTICS] = {.comment = -1},
	[MENU_IKE_COUNTERS] = {.comment = -1},
	[MENU_DROP_SAMPLES] =
		{
			.columns = COLUMNS({SAMPLE_TIME, 20, false}, {SAMPLE_REASON, 26, false},
					   {SAMPLE_INTERFACE, 10, false}, {SAMPLE_LENGTH, 6, true},
					   {SAMPLE_PACKET, 40, false}),
			.comment = -1,
		},
	[MENU_LOG] = {.comment = -1},
};

const struct layout *layout_of(enum menu_id menu)
{
	return &layouts[menu];
}

bool layout_has_prop(const struct layout *l, int prop)
{
	for (const struct layout_flag *f = l->flags; f && f->letter; f++)
		if (f->prop == prop)
			return true;
	return prop == l->comment;
}
