/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole file: following links to a file that need not exist, writing beside it, renaming. */
#include "output/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINKS_MAX = 40 }; /* as Linux has it, path_resolution(7) */

/* The real folder of `name` and its last part. */
static int join_folder(const char *name, char path[PATH_MAX])
{
    char folder[PATH_MAX];
    const char *slash = strrchr(name, '/'), *leaf = slash != NULL ? slash + 1 : name;
    int len = slash == NULL ? snprintf(folder, sizeof(folder), ".")
                            : snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - name), name);

    if (len < 0 || len >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    if (realpath(folder, path) == NULL)
        return -1;
    size_t used = strlen(path);
    len = snprintf(path + used, PATH_MAX - used, "%s%s", path[used - 1] == '/' ? "" : "/", leaf);
    if (len < 0 || (size_t)len >= PATH_MAX - used) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return 0;
}

int whole_file_place(const char *name, char path[PATH_MAX])
{
    char at[PATH_MAX], target[PATH_MAX];

    if (realpath(name, path) != NULL)
        return 0;
    if (join_folder(name, at) != 0)
        return -1;
    for (int i = 0; i < LINKS_MAX; i++) { /* a link to what does not exist yet */
        ssize_t len = readlink(at, target, sizeof(target) - 1);
        if (len < 0) {
            memcpy(path, at, sizeof(at));
            return 0;
        }
        target[len] = '\0';
        if (target[0] != '/') {
            char relative[2 * PATH_MAX];
            snprintf(relative, sizeof(relative), "%.*s/%s", (int)(strrchr(at, '/') - at), at,
                     target);
            if (join_folder(relative, at) != 0)
                return -1;
        } else if (join_folder(target, at) != 0) {
            return -1;
        }
    }
    errno = ELOOP;
    return -1;
}

/* Opens the file beside it, with the permissions of the one that it will replace. */
static int open_part(struct whole_file *whole)
{
    struct stat status;
    mode_t mode = 0644;

    if (whole_file_place(whole->name, whole->path) != 0)
        return -1;
    if (stat(whole->path, &status) == 0) {
        if (access(whole->path, W_OK) != 0)
            return -1;
        mode = status.st_mode & 0777;
    }
    const char *leaf = strrchr(whole->path, '/') + 1;
    int len = snprintf(whole->part, sizeof(whole->part), "%.*s.%s.%ld.part",
                       (int)(leaf - whole->path), whole->path, leaf, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof(whole->part)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return open(whole->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
}

static int open_descriptor(struct whole_file *whole)
{
    struct stat status;

    if (strcmp(whole->name, "-") == 0)
        return dup(STDOUT_FILENO);
    if (stat(whole->name, &status) != 0 || S_ISREG(status.st_mode))
        return open_part(whole);
    return open(whole->name, O_WRONLY | O_CLOEXEC);
}

int whole_file_open(struct whole_file *whole, const char *name, struct error *error)
{
    *whole = (struct whole_file){.name = name};
    int fd = open_descriptor(whole);
    if (fd >= 0)
        whole->file = fdopen(fd, "wb");
    if (whole->file != NULL)
        return 0;
    error_set(error, "%s: cannot be written: %s", name, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

int whole_file_close(struct whole_file *whole, struct error *error)
{
    FILE *file = whole->file;
    bool has_failed = ferror(file) != 0;

    whole->file = NULL;
    if (fclose(file) != 0 || has_failed) {
        error_set(error, "%s: write failed: %s", whole->name, strerror(errno));
    } else if (whole->part[0] == '\0' || rename(whole->part, whole->path) == 0) {
        return 0;
    } else {
        error_set(error, "%s: cannot be replaced: %s", whole->name, strerror(errno));
    }
    if (whole->part[0] != '\0')
        unlink(whole->part);
    return -1;
}

void whole_file_discard(struct whole_file *whole)
{
    if (whole->file == NULL)
        return;
    fclose(whole->file);
    whole->file = NULL;
    if (whole->part[0] != '\0')
        unlink(whole->part);
}
