/* SPDX-License-Identifier: BSD-3-Clause */
/* Templates: what a pattern asks for is looked for in the template as it is in a value, from the left. */
#include "lint/template.h"

#include <string.h>

static const struct {
    char character;
    const char *letters; /* as they are folded */
} KINDS[] = {
    {'h', "0123456789abcdef"},
    {'d', "0123456789"},
    {'a', "0123456789abcdefghijklmnopqrstuvwxyz"},
    {'b', "0123456789abcdefghijklmnopqrstuvwxyz+/"},
    {'t', "tqd"},          /* over TCP, QUIC or DTLS */
    {'v', "0123456789sd"}, /* 13, s3, d2 */
    {'n', "di"},           /* with the name of a domain, or to an address */
};

/* May the symbol of a pattern stand for this character of a template? */
static bool suits(uint16_t symbol, char character)
{
    for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
        if (KINDS[i].character == character)
            return symbol != 0 && strchr(KINDS[i].letters, byte_fold((uint8_t)symbol)) != NULL;
    }
    return symbol == (uint8_t)character;
}

/* The symbols [begin, end) at this place. */
static bool fits_at(const struct pattern *pattern, size_t begin, size_t end, const char *template,
                    size_t at)
{
    size_t len = strlen(template);

    if (at > len || len - at < end - begin)
        return false;
    for (size_t i = begin; i < end; i++) {
        uint16_t symbol = pattern->symbols[i];
        if (symbol != SYMBOL_ONE && !suits(symbol, template[at + i - begin]))
            return false;
    }
    return true;
}

bool template_fits(const char *template, const struct pattern *pattern)
{
    size_t at = 0, len = strlen(template);

    for (size_t begin = 0, end; begin < pattern->count; begin = end + 1) {
        bool is_tied = begin == 0 && pattern->is_tied_start;
        for (end = begin; end < pattern->count && pattern->symbols[end] != SYMBOL_ANY;)
            end++;
        size_t run = end - begin;
        if (end == pattern->count && pattern->is_tied_end) {
            if (run > len || len - run < at || (is_tied && run != len))
                return false;
            at = len - run;
        }
        while (!is_tied && at + run < len && !fits_at(pattern, begin, end, template, at))
            at++;
        if (!fits_at(pattern, begin, end, template, at))
            return false;
        at += run;
    }
    return true;
}
