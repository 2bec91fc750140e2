/* SPDX-License-Identifier: BSD-3-Clause */
/* Expression: asked of PCRE2 as rules are compiled: over bytes, so that no pattern switches to UTF by itself. */
#include "rule/expression.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

bool expression_is_good(struct view expression, struct expression_fault *fault)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_code *regex = pcre2_compile(expression.data ? expression.data : (const uint8_t *)"",
                                      expression.len, PCRE2_NEVER_UTF, &code, &offset, NULL);

    if (regex == NULL && fault != NULL) {
        pcre2_get_error_message(code, (PCRE2_UCHAR *)fault->reason, sizeof(fault->reason));
        fault->offset = offset;
    }
    pcre2_code_free(regex);
    return regex != NULL;
}
