/* SPDX-License-Identifier: BSD-3-Clause */
/* Loader: messages, suggestions for misspelt names, and the small forms of text that several readers
 * understand (numbers, times, durations). */
#include "rule/loader.h"

#include <assert.h>
#include <stdarg.h>
#include <time.h>

#include "rule/checks.h"

enum { SHOWN_MAX = 72, NAME_LEN_MAX = 48 };
static const int64_t DURATION_MAX =
    INT64_C(36500) * 86400; /* in seconds: beyond any capture, and no overflow */

/* --- messages ------------------------------------------------------------------------------------ */

static void add(struct loader *l, enum severity severity, const char *id, struct place place,
                const char *help, const char *format, va_list args)
    __attribute__((format(printf, 6, 0)));

static void add(struct loader *l, enum severity severity, const char *id, struct place place,
                const char *help, const char *format, va_list args)
{
    char text[1024];

    assert(check_find(id) < CHECK_COUNT);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): the callers start it */
    vsnprintf(text, sizeof(text), format, args);
    diagnostics_add(l->diagnostics, severity, id, place, help, "%s", text);
}

void loader_error(struct loader *l, struct place place, const char *id, const char *help,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(l, SEVERITY_ERROR, id, place, help, format, args);
    va_end(args);
    l->is_bad = true;
}

void loader_refuse(struct loader *l, enum refusal why, struct place place, const char *id,
                   const char *help, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(l, SEVERITY_WARNING, id, place, help, format, args);
    va_end(args);
    if (l->refused == REFUSAL_NONE)
        l->refused = why;
}

void loader_warn(struct loader *l, struct place place, const char *id, const char *help,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(l, SEVERITY_WARNING, id, place, help, format, args);
    va_end(args);
}

void loader_note(struct loader *l, struct place place, const char *id, const char *help,
                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(l, SEVERITY_NOTE, id, place, help, format, args);
    va_end(args);
}

const char *text_shown(struct arena *arena, struct view text)
{
    bool is_long = text.len > SHOWN_MAX;
    size_t len = is_long ? SHOWN_MAX : text.len;

    while (is_long && len > 0 && (text.data[len] & 0xc0) == 0x80) /* not within a character */
        len--;
    uint8_t *shown = arena_alloc(arena, len + 4);
    for (size_t i = 0; i < len; i++)
        shown[i] = text.data[i] < 0x20 || text.data[i] == 0x7f ? ' ' : text.data[i];
    if (is_long)
        memset(shown + len, '.', 3);
    return (const char *)shown;
}

const char *loader_shown(struct loader *l, struct view text)
{
    return text_shown(l->arena, text);
}

const char *loader_did_you_mean(struct loader *l, const char *nearest, const char *otherwise)
{
    return nearest ? arena_format(l->arena, "did you mean `%s`?", nearest) : otherwise;
}

/* --- names --------------------------------------------------------------------------------------- */

static size_t least_of(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edit distance where two letters in the wrong order count one (optimal string alignment). */
static size_t distance(struct view a, struct view b)
{
    size_t rows[3][NAME_LEN_MAX + 1];

    for (size_t j = 0; j <= b.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t *row = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            uint8_t x = byte_fold(a.data[i - 1]);
            uint8_t y = byte_fold(b.data[j - 1]);
            row[j] = least_of(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            bool is_swapped =
                i > 1 && j > 1 && x == byte_fold(b.data[j - 2]) && y == byte_fold(a.data[i - 2]);
            if (is_swapped && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return rows[a.len % 3][b.len];
}

/* Each letter more or less is a step: such names need no comparison. */
static bool is_of_other_length(struct view name, struct view other, size_t least)
{
    return other.len > NAME_LEN_MAX || name.len + least <= other.len ||
           other.len + least <= name.len;
}

const char *nearest_name(struct view name, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t least = name.len / 3 + 2; /* further than that is another word */

    if (name.len > NAME_LEN_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        struct view other = view_from_string(names[i]);
        size_t far = is_of_other_length(name, other, least) ? least : distance(name, other);
        if (far < least && far < name.len) {
            least = far;
            best = names[i];
        }
    }
    return best;
}

/* --- small forms --------------------------------------------------------------------------------- */

const char *loader_string(struct loader *l, const struct yaml_node *node, const char *key)
{
    if (node->kind != YAML_SCALAR) {
        loader_error(l, node->place, "wrong-kind", NULL,
                     "`%s` has to be a single value, here is %s", key, yaml_kind_name(node->kind));
        return NULL;
    }
    return (const char *)arena_copy(l->arena, node->text).data;
}

int loader_hex_digit(uint8_t c)
{
    if (byte_is_digit(c))
        return c - '0';
    c = byte_fold(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool loader_parse_number(struct view text, int64_t *out)
{
    bool is_negative = text.len > 0 && text.data[0] == '-';
    uint64_t number = 0;

    text = view_skip(text, is_negative);
    if (text.len > 2 && text.len <= 18 && text.data[0] == '0' && byte_fold(text.data[1]) == 'x') {
        for (size_t i = 2; i < text.len; i++) {
            if (loader_hex_digit(text.data[i]) < 0)
                return false;
            number = number << 4 | (uint64_t)loader_hex_digit(text.data[i]);
        }
    } else if (!view_parse_u64(text, &number)) {
        return false;
    }
    if (number > INT64_MAX)
        return false;
    *out = is_negative ? -(int64_t)number : (int64_t)number;
    return true;
}

/* Two or four digits at the front of `text`. */
static bool take_digits(struct view *text, size_t count, int64_t *out)
{
    uint64_t number;

    if (text->len < count || !view_parse_u64(view_slice(*text, 0, count), &number))
        return false;
    *text = view_skip(*text, count);
    *out = (int64_t)number;
    return true;
}

static bool take_byte(struct view *text, uint8_t byte)
{
    if (text->len == 0 || text->data[0] != byte)
        return false;
    *text = view_skip(*text, 1);
    return true;
}

/* Days since 1970-01-01 in the Gregorian calendar; years begin in March, so that the leap day is the
 * last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int64_t month_length(int64_t year, int64_t month)
{
    static const uint8_t LENGTHS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return LENGTHS[month - 1] + (month == 2 && is_leap);
}

bool loader_parse_time(struct view text, int64_t *out)
{
    int64_t year, month, day, hour = 0, minute = 0, second = 0;

    if (!take_digits(&text, 4, &year) || (!take_byte(&text, '-') && !take_byte(&text, '/')) ||
        !take_digits(&text, 2, &month) || (!take_byte(&text, '-') && !take_byte(&text, '/')) ||
        !take_digits(&text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_length(year, month))
        return false;
    if (take_byte(&text, 'T') || take_byte(&text, ' ')) {
        if (!take_digits(&text, 2, &hour) || !take_byte(&text, ':') ||
            !take_digits(&text, 2, &minute))
            return false;
        if (take_byte(&text, ':') && !take_digits(&text, 2, &second))
            return false;
        (void)take_byte(&text, 'Z');
    }
    if (text.len > 0 || hour > 23 || minute > 59 || second > 59)
        return false;
    *out = (days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second) * 1000000;
    return true;
}

bool loader_time_text(int64_t time_us, char out[TIME_TEXT_MAX])
{
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts;

    if (time_us <= 0 || gmtime_r(&seconds, &parts) == NULL || parts.tm_year > 8099)
        return false;
    bool is_day = seconds % 86400 == 0;
    return strftime(out, TIME_TEXT_MAX, is_day ? "%Y-%m-%d" : "%Y-%m-%dT%H:%M:%SZ", &parts) > 0;
}

bool loader_parse_duration(struct view text, int64_t *out)
{
    static const char UNITS[] = "smhdw";
    static const int64_t SECONDS[] = {1, 60, 3600, 86400, 604800};
    uint64_t number;

    if (text.len < 2 || !view_parse_u64(view_slice(text, 0, text.len - 1), &number))
        return false;
    const char *unit = memchr(UNITS, text.data[text.len - 1], sizeof(UNITS) - 1);
    if (unit == NULL || number > (uint64_t)(DURATION_MAX / SECONDS[unit - UNITS]))
        return false;
    *out = (int64_t)number * SECONDS[unit - UNITS] * 1000000;
    return true;
}

/* --- lists ---------------------------------------------------------------------------------------- */

void loader_await_list(struct loader *l, struct predicate *predicate, const char *name,
                       struct place place)
{
    struct rules_pending *pending = l->rules->pending;
    struct awaited_list *awaited = arena_alloc(l->arena, sizeof(*awaited));

    *awaited = (struct awaited_list){NULL, predicate, l->rule, name, place};
    if (pending->first == NULL)
        pending->first = awaited;
    else
        pending->last->next = awaited;
    pending->last = awaited;
}

void loader_unknown_key(struct loader *l, const struct yaml_node *key, const char *where,
                        const char *const *names, size_t count)
{
    const char *all = "";

    for (size_t i = 0; i < count; i++)
        all = arena_format(l->arena, "%s%s%s", all, i ? ", " : "one of ", names[i]);
    loader_error(l, key->place, "unknown-key",
                 loader_did_you_mean(l, nearest_name(key->text, names, count), all),
                 "`%s` has no key `%s`", where, loader_shown(l, key->text));
}

bool loader_is_mark(struct loader *l, const struct yaml_node *node)
{
    enum { MARK_LEN_MAX = 255 };
    bool is_good = node->kind == YAML_SCALAR && !yaml_is_null(node) && node->text.len > 0 &&
                   node->text.len <= MARK_LEN_MAX;

    for (size_t i = 0; is_good && i < node->text.len; i++) {
        uint8_t c = node->text.data[i];
        is_good = c > ' ' && c != 0x7f && view_find_byte(VIEW("*?\\"), c) == VIEW_NOT_FOUND;
    }
    if (!is_good)
        loader_error(l, node->place, "mark-name",
                     "use letters, digits, `.`, `_` and `-`; wildcards do not go with marks",
                     "`%s` cannot be the name of a mark",
                     node->kind == YAML_SCALAR ? loader_shown(l, node->text)
                                               : yaml_kind_name(node->kind));
    return is_good;
}
