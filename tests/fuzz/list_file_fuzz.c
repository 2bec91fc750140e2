/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists with a file: up to a NUL byte the keys of a list document (`type`, `format`, `column`, `columns`, ...), behind it
 * the bytes of the file that it names. Whatever is wrong with either is told; what loads is whole. */
#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "rule/list.h"
#include "sigma/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file lives in memory and has a path as any other. */
static int file_of(struct view bytes)
{
    static int fd = -1;

    if (fd < 0)
        fd = memfd_create("list", 0);
    assert(fd >= 0 && ftruncate(fd, 0) == 0);
    assert(pwrite(fd, bytes.data, bytes.len, 0) == (ssize_t)bytes.len);
    return fd;
}

static void check(const struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct list_facts facts = list_facts_of(list, i);
        assert(list_key(list, i).len > 0 && facts.confidence <= LIST_CONFIDENCE_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view all = view_make(data, size);
    size_t end = view_find_byte(all, '\0');
    struct view keys = view_slice(all, 0, end);
    struct view bytes = end == VIEW_NOT_FOUND ? view_make("", 0) : view_skip(all, end + 1);
    struct diagnostics diagnostics;
    struct buf text;

    buf_init(&text, 1 << 20);
    buf_format(&text, "list: fuzz\nfile: /proc/self/fd/%d\n", file_of(bytes));
    buf_add(&text, keys);
    struct rules *rules = rules_new();
    diagnostics_init(&diagnostics);
    rules_load_text(rules, "fuzz.yml", buf_view(&text), &diagnostics);
    rules_finish(rules, &diagnostics);
    for (size_t i = 0; i < rules->list_count; i++)
        check(rules->lists[i]);
    diagnostics_clear(&diagnostics);
    rules_free(rules);
    buf_clear(&text);
    return 0;
}
