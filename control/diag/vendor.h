/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vendor.h - a change in the words of the product that it is for: lines to paste, or the names of
 * a console's fields. One table of templates (vendor.c).
 */
#ifndef ESPGW_DIAG_VENDOR_H
#define ESPGW_DIAG_VENDOR_H

#include "control/diag/diag.h"

struct diag_line {
	const char *where; /* file and section, menu, or page; static; "" = the line says it all */
	char text[1152];
};

typedef void diag_line_fn(void *ctx, const struct diag_line *line);

/** The lines of a change, each given to fn. Changes here come as a line of the configuration file.
 */
void diag_lines(const struct diag_change *c, enum ike_vendor vendor, diag_line_fn *fn, void *ctx);

/** "/ip ipsec profile set [find name=x] enc-algorithm=aes-256", of a change here; buf. */
char *diag_routeros_line(const struct diag_change *c, char *buf, size_t cap);
/** An identity as /ip ipsec identity takes it: "address:192.0.2.1", "fqdn:a.example"; buf. */
char *diag_id_text(const struct ike_identity_conf *id, char *buf, size_t cap);
/** Addresses of a selector as src-address takes them: "10.0.0.0/8"; buf (TS_MAX_TEXT). */
char *diag_net_text(const struct abi_range *r, char *buf, size_t cap);

#endif
