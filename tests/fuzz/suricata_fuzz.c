/* SPDX-License-Identifier: BSD-3-Clause */
/* Suricata's rules: any bytes as a file of rules. What is written of it must load without an error,
 * and one in 64 is compiled, too, which takes a thousand times as long. */
#include <assert.h>

#include "fuzz/load.h"
#include "import/suricata/suricata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_refused(void *context, uint64_t sid, struct place place, const char *reason)
{
    (void)context;
    (void)sid;
    assert(reason[0] != '\0' && place.line > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char VARS[] = "EXTERNAL_NET: any\nHTTP_PORTS: \"[80,8080:8090]\"\n";
    struct diagnostics diagnostics;
    struct buf out;

    diagnostics_init(&diagnostics);
    buf_init(&out, 1 << 24);
    struct suricata_import *s = suricata_new(&diagnostics);
    suricata_read_vars(s, "vars", view_from_string(VARS));
    suricata_read(s, "fuzz.rules", view_make(data, size));
    suricata_finish(s);
    suricata_each_refused(s, on_refused, NULL);
    if (suricata_write(s, &out) == 0)
        assert_loads(&out, size % 64 == 0 ? LOAD_AND_COMPILE : LOAD_ONLY);
    suricata_free(s);
    buf_clear(&out);
    diagnostics_clear(&diagnostics);
    return 0;
}
