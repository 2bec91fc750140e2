/* SPDX-License-Identifier: BSD-3-Clause */
/* IDNA: libidn2 does the mapping, here is what counts as a name.
 *
 * Rules      IDNA 2008 with the mapping of UTS 46 (case, width, normal form), not transitional: `straße` stays itself. What
 *            IDNA 2008 does not allow is tried by the older rules, as browsers and curl do: names of emoji are registered
 *            and visited.
 * Distrust   the mapping can make a slash of a wide slash, or nothing of a soft hyphen. What comes of it has to look like
 *            a name still.
 */
#include "base/idna.h"

#include <idn2.h>

#include "base/key.h"

enum { WRITTEN_MAX = 4 * IDNA_NAME_MAX }; /* a character of UTF-8 has at most four bytes */

bool idna_is_foreign(struct view name)
{
    uint8_t all = 0;

    for (size_t i = 0; i < name.len; i++)
        all |= name.data[i];
    return all >= 0x80;
}

/* Labels of letters, digits, hyphens and underscores; a dot may stand behind the last. */
static bool is_name(struct view name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = byte_fold(name.data[i]);
        bool is_dot = c == '.' && i > 0 && name.data[i - 1] != '.';
        if (!is_dot && !(c >= 'a' && c <= 'z') && !byte_is_digit(c) && c != '-' && c != '_')
            return false;
    }
    return name.len > 0;
}

size_t idna_map(struct view name, uint8_t out[IDNA_NAME_MAX], const char **why)
{
    char written[WRITTEN_MAX + 1];
    char *mapped = NULL;

    if (name.len > WRITTEN_MAX || memchr(name.data, '\0', name.len) != NULL) {
        *why = name.len > WRITTEN_MAX ? "it is longer than names may be" : "it holds a zero byte";
        return 0;
    }
    memcpy(written, name.data, name.len);
    written[name.len] = '\0';
    int rc = idn2_to_ascii_8z(written, &mapped, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (rc == IDN2_DISALLOWED)
        rc = idn2_to_ascii_8z(written, &mapped, IDN2_NFC_INPUT | IDN2_TRANSITIONAL);
    if (rc != IDN2_OK) {
        *why = idn2_strerror(rc);
        return 0;
    }
    struct view labels = view_from_string(mapped);
    *why = labels.len > IDNA_NAME_MAX ? "its ASCII form is longer than names may be"
           : !is_name(labels)         ? "it holds characters that names may not have"
                                      : NULL;
    size_t len = *why == NULL ? labels.len : 0;
    for (size_t i = 0; i < len; i++)
        out[i] = byte_fold(labels.data[i]);
    idn2_free(mapped);
    return len;
}

struct view idna_map_url(struct view url, uint8_t *out, const char **why)
{
    struct view host = key_url_host(url);
    uint8_t labels[IDNA_NAME_MAX];
    size_t before = (size_t)(host.data - url.data), len = idna_map(host, labels, why);

    if (len == 0)
        return view_make("", 0);
    struct view after = view_skip(url, before + host.len);
    memcpy(out, url.data, before);
    memcpy(out + before, labels, len);
    memcpy(out + before + len, after.data, after.len);
    return view_make(out, before + len + after.len);
}
