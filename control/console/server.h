/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * server.h - runs one command of the console. Pure: no sockets, no clock; what it needs to know and
 * to do comes in through struct console. The daemon wraps it in the protocol (protocol.h).
 */
#ifndef ESPGW_CONSOLE_SERVER_H
#define ESPGW_CONSOLE_SERVER_H

#include "control/console/protocol.h"
#include "control/ike/vendor.h"
#include "control/model/apply.h"
#include "control/model/menu_source.h"

struct change;
struct model;
struct text; /* control/model/text.h: a growing buffer */

/* What diagnose is asked for. */
struct console_diagnose {
	const char *peer;	/* NULL: all */
	enum ike_vendor vendor; /* IKE_VENDOR_UNKNOWN: as seen */
	bool zh, json;
	bool hide_sensitive; /* nothing that narrows a secret down */
};

struct console_probe {
	const char *peer;
	bool aggressive, phase2, json;
};

/* What a command may do. Each returns 0 or -errno; *message, when it is set, is malloc()ed text for
 * the operator, kept free of secrets. */
struct console_actions {
	/* installed-sa flush: all ESP SAs go, peers are told. */
	int (*flush_sas)(void *ctx, char **message);
	/* active-peers kill-connections: the IKE SAs of the peer of that name, NULL: of all. */
	int (*kill_peers)(void *ctx, const char *peer, char **message);
	/* installed-sa rekey, or active-peers rekey (ike_sa): of the peer of that name, NULL: of
	 * all that have one. */
	int (*rekey)(void *ctx, const char *peer, bool ike_sa, char **message);
	/* reload: read the file again, check it whole, apply it whole or leave everything. */
	int (*reload)(void *ctx, char **message);
	/* add, set, remove, move: rows of the file, which is written. -EAGAIN: an earlier change
	 * is just taking effect. */
	int (*change)(void *ctx, const struct change *c, char **message);
	/* diagnose: a report into out. */
	int (*diagnose)(void *ctx, const struct console_diagnose *what, struct text *out);
	/* probe: a report into out; -EAGAIN: it is under way, ask again. */
	int (*probe)(void *ctx, const struct console_probe *what, struct text *out);
	void *ctx;
};

struct console {
	const struct model *model;	  /* the configuration in force */
	const struct model_plan *plan;	  /* its plan, for policy ids; may be NULL */
	const struct menu_source *source; /* one per menu: source[enum menu_id], MENU_MAX of them */
	struct console_actions actions;
	const char *trouble; /* why what is shown means little just now; NULL: nothing is wrong */
};

struct console_result {
	enum protocol_status status;
	char *text; /* standard output; malloc()ed, owned by the caller */
	size_t text_len;
	char *note;	 /* standard error: errors and hints; may be NULL */
	uint64_t ticket; /* of a change whose end is not known yet; 0: this is the whole answer */
};

/**
 * Run a command. args are words as the shell or the line editor gave them. The result is always
 * filled in; free it with console_result_free().
 */
void console_execute(const struct console *c, const char *const *args, size_t n_args, bool json,
		     unsigned int width, struct console_result *result);

/** Wipes the text, which may hold keys. */
void console_result_free(struct console_result *result);

#endif
