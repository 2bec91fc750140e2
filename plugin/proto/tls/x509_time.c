/* SPDX-License-Identifier: BSD-3-Clause */
/* X.509 times. Read here since GnuTLS's readers give 0 for what was before 1970, and such certificates are
 * seen (devices without a clock, and malware). */
#include "base/cursor.h"
#include "proto/tls/x509.h"

enum { TAG_UTC_TIME = 23, TAG_GENERALIZED_TIME = 24 };

struct civil {
    int64_t year, month, day, hour, minute, second;
};

/* Two digits, or -1. */
static int two_digits(struct cursor *c)
{
    uint8_t tens = cursor_u8(c), ones = cursor_u8(c);
    return byte_is_digit(tens) && byte_is_digit(ones) ? (tens - '0') * 10 + (ones - '0') : -1;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: years are taken to begin in March, so that the
 * leap day is the last, and counted in eras of 400. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static bool is_possible(const struct civil *t)
{
    return t->year >= 0 && t->month >= 1 && t->month <= 12 && t->day >= 1 && t->day <= 31 &&
           t->hour >= 0 && t->hour <= 23 && t->minute >= 0 && t->minute <= 59 && t->second >= 0 &&
           t->second <= 60;
}

/* "+hhmm" or "-hhmm" in seconds; 0 for "Z" and what is left out. */
static int64_t zone_of(struct cursor *c)
{
    uint8_t sign = cursor_left(c) > 0 ? cursor_u8(c) : 'Z';

    if (sign != '+' && sign != '-')
        return 0;
    int64_t hours = two_digits(c), minutes = two_digits(c);
    int64_t seconds = hours * 3600 + minutes * 60;
    return sign == '+' ? seconds : -seconds;
}

bool x509_time_parse(uint8_t tag, struct view text, int64_t *seconds)
{
    struct cursor c = cursor_over(text);
    struct civil t;

    if (tag == TAG_GENERALIZED_TIME) {
        int century = two_digits(&c), year = two_digits(&c);
        t.year = century < 0 || year < 0 ? -1 : century * 100 + year;
    } else if (tag == TAG_UTC_TIME) {
        int year = two_digits(&c);
        t.year = year < 0 ? -1 : year + (year < 50 ? 2000 : 1900);
    } else {
        return false;
    }
    t.month = two_digits(&c);
    t.day = two_digits(&c);
    t.hour = two_digits(&c);
    t.minute = two_digits(&c);
    bool has_seconds = cursor_left(&c) > 0 && byte_is_digit(text.data[c.at]);
    t.second = has_seconds ? two_digits(&c) : 0;
    int64_t zone = zone_of(&c);
    if (c.overrun || !is_possible(&t))
        return false;
    *seconds =
        days_of(t.year, t.month, t.day) * 86400 + t.hour * 3600 + t.minute * 60 + t.second - zone;
    return true;
}
