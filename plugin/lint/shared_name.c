/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared names: the Public Suffix List of libpsl, the rows of shared_name.def, and the lists of popular_name.c. */
#include "lint/shared_name.h"

#include <libpsl.h>
#include <stdlib.h>

#include "lint/popular_name.h"

enum { NAME_MAX_LEN = 253 };

struct shared {
    const char *name, *what;
};

#define HOSTING     "a service where many keep what is theirs"
#define CDN         "a content delivery network"
#define SHORTENER   "a URL shortener"
#define DYNAMIC_DNS "a zone of dynamic DNS"

static const struct shared SHARED_NAMES[] = {
#define SHARED(name, kind) {name, kind},
#include "lint/shared_name.def"
#undef SHARED
};

static int compare(const void *name, const void *row)
{
    return strcmp(name, ((const struct shared *)row)->name);
}

/* In lower case, without the root's dot; false when it is no name at all. */
static bool plain_name(struct view domain, char out[NAME_MAX_LEN + 1])
{
    if (domain.len > 0 && domain.data[domain.len - 1] == '.')
        domain.len--;
    if (domain.len == 0 || domain.len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < domain.len; i++)
        out[i] = (char)byte_fold(domain.data[i]);
    out[domain.len] = '\0';
    return strlen(out) == domain.len;
}

const char *shared_suffix(struct view domain)
{
    char name[NAME_MAX_LEN + 1];
    const psl_ctx_t *list = psl_builtin();

    if (list == NULL || !plain_name(domain, name))
        return NULL;
    if (psl_is_public_suffix2(list, name, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE))
        return "a public suffix, under which anybody registers names";
    if (psl_is_public_suffix2(list, name, PSL_TYPE_PRIVATE | PSL_TYPE_NO_STAR_RULE))
        return "a suffix under which customers are given names";
    return NULL;
}

const char *shared_name(struct view domain, bool *is_far)
{
    static const char *const LISTS[] = {
        [POPULAR_TRANCO] = "on Tranco's list of the 10,000 most used domains",
        [POPULAR_UMBRELLA] = "on Umbrella's list of the 20,000 most used names",
        [POPULAR_CLOUDFLARE] = "on Cloudflare's list of the 100,000 most used domains",
        [POPULAR_NONE] = NULL};
    char name[NAME_MAX_LEN + 1];

    *is_far = false;
    if (!plain_name(domain, name))
        return NULL;
    const struct shared *row =
        bsearch(name, SHARED_NAMES, sizeof(SHARED_NAMES) / sizeof(SHARED_NAMES[0]),
                sizeof(SHARED_NAMES[0]), compare);
    const char *what = row != NULL ? row->what : shared_suffix(domain);
    if (what != NULL)
        return what;
    enum popular list = popular_name(view_from_string(name));
    *is_far = list == POPULAR_CLOUDFLARE;
    return LISTS[list];
}
