/* SPDX-License-Identifier: BSD-3-Clause */
/* Patterns: what text questions ask of bytes, written alike whatever asks it (globs, hex, a domain, a step of a sequence).
 *
 * Idea       a row of symbols: a byte, any one byte, or any number of bytes; tied to the start or the end of the bytes
 *            that are looked at, or not. One pattern implies another when what the other asks for can be found in
 *            its symbols: each run of the other lies within one run of this one, in order and apart.
 * Sound      true is a proof, whatever the values are. False says nothing.
 */
#ifndef SHRIKE_LINT_PATTERN_H
#define SHRIKE_LINT_PATTERN_H

#include "rule/rule.h"

enum { PATTERN_MAX = 512 }; /* longer ones are not compared */
enum { SYMBOL_ONE = 256, SYMBOL_ANY };

struct pattern {
    uint16_t symbols[PATTERN_MAX]; /* bytes folded unless is_cased; no ANY at either end */
    size_t count;
    size_t from, to; /* the bytes of the value that are looked at */
    bool is_cased, is_tied_start, is_tied_end;
};

/* What has to be true of a value that the predicate fits; false when that is no pattern with a byte in it. */
bool pattern_of(const struct predicate *p, struct pattern *out);
/* The same of a step of bytes. */
bool pattern_of_step(const struct step *step, struct pattern *out);
/* Does every value that fits `narrow` fit `wide`? */
bool pattern_implies(const struct pattern *narrow, const struct pattern *wide);
/* All of the value, letter by letter: nothing but bytes, from its start to its end. */
bool pattern_is_whole(const struct pattern *pattern);
/* Does every value that fits it lie under `domain`, or is it that? */
bool pattern_is_under(const struct pattern *pattern, struct view domain);

#endif
