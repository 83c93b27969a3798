/* Records what a process does to the files below one folder, and makes some of it fail when asked to.
 *
 * Preloaded (LD_PRELOAD), it stands before the C library. One lock is held around each real call, so the order in the
 * log is the order of effects. The log is read by `log.rs`; a record is: kind u8, then its fields, little-endian, text
 * and data as length u32 and bytes. Files are named by inode number, so descriptors need no tracking.
 *
 *   CAIRN_RECORD_ROOT   the folder; nothing outside of it is recorded
 *   CAIRN_RECORD_LOG    where the log is appended
 *   CAIRN_RECORD_MARKS  a file outside the folder: what is written to it becomes a mark in the log
 *   CAIRN_RECORD_FAIL   a file: while it exists and says `write 28` (or `sync 5`), every write (or sync) in the folder
 *                       fails with that number; with a third number (`write 28 10`), only after so many went well
 *   CAIRN_RECORD_SLOW   microseconds that every sync in the folder takes, several at a time; none is recorded
 *
 * Copying inside the kernel (copy_file_range, sendfile) is refused, so that programs fall back to reading and writing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { CREATE = 1, RESIZE, WRITE, SYNC, RENAME, UNLINK, MKDIR, RMDIR, RANGE, MARK, UNKNOWN };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static const char *marks_path, *fail_path;
static useconds_t slow_us;
static int log_fd = -1;

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("CAIRN_RECORD_ROOT"), *log = getenv("CAIRN_RECORD_LOG");
    marks_path = getenv("CAIRN_RECORD_MARKS");
    fail_path = getenv("CAIRN_RECORD_FAIL");
    if (getenv("CAIRN_RECORD_SLOW")) slow_us = atoi(getenv("CAIRN_RECORD_SLOW"));
    if (!folder || !realpath(folder, root)) return;
    root_length = strlen(root);
    if (log) log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* Threads that still run while the process ends do nothing more: what they had begun is in the log. */
__attribute__((destructor)) static void end(void) { pthread_mutex_lock(&lock); }

/* The log. */

static ssize_t plain_write(int fd, const void *data, size_t length) {
    REAL(write);
    return real(fd, data, length);
}

static void put(const void *data, size_t length) {
    while (log_fd >= 0 && length) {
        ssize_t written = plain_write(log_fd, data, length);
        if (written <= 0) abort();
        data = (const char *)data + written;
        length -= written;
    }
}

static void put_8(uint8_t value) { put(&value, 1); }
static void put_64(uint64_t value) { put(&value, 8); }

static void put_bytes(const void *data, size_t length) {
    uint32_t count = length;
    put(&count, 4);
    put(data, length);
}

static void put_name(enum kind kind, const char *path) {
    put_8(kind);
    put_bytes(path, strlen(path));
}

/* Which files count. */

/* The path below the folder, "" for the folder itself; NULL when it lies elsewhere. */
static const char *below(const char *path) {
    if (!root_length || strncmp(path, root, root_length)) return NULL;
    if (path[root_length] == 0) return path + root_length;
    return path[root_length] == '/' ? path + root_length + 1 : NULL;
}

static const char *path_of_fd(int fd, char *buffer) {
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, buffer, PATH_MAX - 1);
    if (length < 0) return NULL;
    buffer[length] = 0;
    return buffer;
}

static const char *fd_below(int fd, char *buffer) {
    const char *path = root_length ? path_of_fd(fd, buffer) : NULL;
    return path ? below(path) : NULL;
}

static int is_marks(int fd) {
    char buffer[PATH_MAX];
    const char *path = marks_path ? path_of_fd(fd, buffer) : NULL;
    return path && !strcmp(path, marks_path);
}

static const char *at(int folder, const char *path, char *buffer) {
    if (path[0] != '/') {
        char base[PATH_MAX];
        if (folder == AT_FDCWD ? !getcwd(base, sizeof base) : !path_of_fd(folder, base)) return NULL;
        size_t length = strlen(base);
        if (length + strlen(path) + 2 > PATH_MAX) return NULL;
        memcpy(buffer, base, length);
        buffer[length] = '/';
        strcpy(buffer + length + 1, path);
        return below(buffer);
    }
    if (strlen(path) >= PATH_MAX) return NULL;
    strcpy(buffer, path);
    return below(buffer);
}

static uint64_t inode_of(int fd) {
    struct stat status;
    return fstat(fd, &status) ? 0 : status.st_ino;
}

/* The number with which calls of this sort fail now, or 0. */
static int failure_of(const char *sort) {
    if (!fail_path || access(fail_path, F_OK)) return 0;
    FILE *file = fopen(fail_path, "re");
    if (!file) return 0;
    char name[16] = "";
    int number = 0;
    long first = 0;
    static long went_well;
    if (fscanf(file, "%15s %d %ld", name, &number, &first) < 2 || strcmp(name, sort)) number = 0;
    fclose(file);
    if (number && went_well < first) {
        went_well++;
        return 0;
    }
    return number;
}

/* What is recorded. */

static void record_write(int fd, off_t offset, const void *data, size_t length) {
    put_8(WRITE);
    put_64(inode_of(fd));
    put_64(offset);
    put_bytes(data, length);
}

static void record_resize(int fd, off_t length) {
    put_8(RESIZE);
    put_64(inode_of(fd));
    put_64(length);
}

static int open_recorded(int folder, const char *path, int flags, mode_t mode) {
    REAL(openat);
    char buffer[PATH_MAX];
    const char *name = root_length && log_fd >= 0 ? at(folder, path, buffer) : NULL;
    if (!name || !(flags & (O_WRONLY | O_RDWR | O_CREAT))) return real(folder, path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat before;
    int existed = !lstat(buffer, &before);
    int fd = real(folder, path, flags, mode), error = errno;
    if (fd >= 0 && !existed) {
        put_name(CREATE, name);
        put_64(inode_of(fd));
    } else if (fd >= 0 && flags & O_TRUNC) {
        record_resize(fd, 0);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

#define OPEN_LIKE(name, folder_parameter, folder) \
    int name(folder_parameter const char *path, int flags, ...) { \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        return open_recorded(folder, path, flags, mode); \
    }
#define IN_FOLDER int folder,
OPEN_LIKE(open, , AT_FDCWD)
OPEN_LIKE(open64, , AT_FDCWD)
OPEN_LIKE(openat, IN_FOLDER, folder)
OPEN_LIKE(openat64, IN_FOLDER, folder)

int creat(const char *path, mode_t mode) {
    return open_recorded(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* Runs a writing call; `start` is where it begins, or -1 for the place where the descriptor stands. */
#define WRITE_LIKE(call, data, length, start) do { \
    char buffer[PATH_MAX]; \
    int is_mark = is_marks(fd); \
    if (!is_mark && !fd_below(fd, buffer)) return call; \
    pthread_mutex_lock(&lock); \
    int error = is_mark ? 0 : failure_of("write"); \
    ssize_t written = error ? -1 : call; \
    if (!error) error = errno; \
    if (written > 0 && is_mark) { \
        put_8(MARK); \
        put_bytes(data, written); \
    } else if (written > 0) { \
        off_t from = start; \
        if (from < 0) from = lseek(fd, 0, SEEK_CUR) - written; \
        record_write(fd, from, data, written); \
    } \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return written; \
} while (0)

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    WRITE_LIKE(real(fd, data, length), data, length, -1);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) {
    REAL(pwrite);
    WRITE_LIKE(real(fd, data, length, offset), data, length, offset);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    REAL(pwrite64);
    WRITE_LIKE(real(fd, data, length, offset), data, length, offset);
}

/* Vectored writes become plain ones: a short write is always allowed. */
ssize_t writev(int fd, const struct iovec *parts, int count) {
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len) return write(fd, parts[i].iov_base, parts[i].iov_len);
    return 0;
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    for (int i = 0; i < count; i++)
        if (parts[i].iov_len) return pwrite(fd, parts[i].iov_base, parts[i].iov_len, offset);
    return 0;
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return pwritev(fd, parts, count, offset);
}

/* Calls that return 0 when they went well, for a descriptor in the folder. */
#define FD_CALL(call, sort, record) do { \
    char buffer[PATH_MAX]; \
    if (!fd_below(fd, buffer)) return call; \
    if (slow_us && !strcmp(sort, "sync")) return usleep(slow_us); \
    pthread_mutex_lock(&lock); \
    int error = failure_of(sort), result = error ? -1 : call; \
    if (!error) error = errno; \
    if (!result) { record; } \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return result; \
} while (0)

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    FD_CALL(real(fd, length), "write", record_resize(fd, length));
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }

#define RECORD_SYNC put_8(SYNC); put_64(inode_of(fd))
int fsync(int fd) {
    REAL(fsync);
    FD_CALL(real(fd), "sync", RECORD_SYNC);
}
int fdatasync(int fd) {
    REAL(fdatasync);
    FD_CALL(real(fd), "sync", RECORD_SYNC);
}
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    REAL(sync_file_range);
    FD_CALL(real(fd, offset, length, flags), "sync", put_8(RANGE); put_64(inode_of(fd)));
}

/* Calls on names. */
#define NAME_CALL(folder, path, call, record) do { \
    char buffer[PATH_MAX]; \
    const char *name = root_length ? at(folder, path, buffer) : NULL; \
    if (!name) return call; \
    pthread_mutex_lock(&lock); \
    int result = call, error = errno; \
    if (!result) { record; } \
    pthread_mutex_unlock(&lock); \
    errno = error; \
    return result; \
} while (0)

static void record_folder(const char *name, const char *path) {
    struct stat status;
    put_name(MKDIR, name);
    put_64(stat(path, &status) ? 0 : status.st_ino);
}
int mkdir(const char *path, mode_t mode) {
    REAL(mkdir);
    NAME_CALL(AT_FDCWD, path, real(path, mode), record_folder(name, buffer));
}
int mkdirat(int folder, const char *path, mode_t mode) {
    REAL(mkdirat);
    NAME_CALL(folder, path, real(folder, path, mode), record_folder(name, buffer));
}
int rmdir(const char *path) {
    REAL(rmdir);
    NAME_CALL(AT_FDCWD, path, real(path), put_name(RMDIR, name));
}
int unlink(const char *path) {
    REAL(unlink);
    NAME_CALL(AT_FDCWD, path, real(path), put_name(UNLINK, name));
}
int unlinkat(int folder, const char *path, int flags) {
    REAL(unlinkat);
    NAME_CALL(folder, path, real(folder, path, flags), put_name(flags & AT_REMOVEDIR ? RMDIR : UNLINK, name));
}

static int rename_recorded(int from_folder, const char *from, int to_folder, const char *to) {
    REAL(renameat);
    char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
    const char *old = root_length ? at(from_folder, from, from_buffer) : NULL;
    const char *new = root_length ? at(to_folder, to, to_buffer) : NULL;
    if (!old && !new) return real(from_folder, from, to_folder, to);
    pthread_mutex_lock(&lock);
    int result = real(from_folder, from, to_folder, to), error = errno;
    if (!result && old && new) {
        put_name(RENAME, old);
        put_bytes(new, strlen(new));
    } else if (!result) {
        put_name(UNKNOWN, "rename across the folder's border");
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}
int rename(const char *from, const char *to) { return rename_recorded(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    return rename_recorded(from_folder, from, to_folder, to);
}

/* Calls that nobody makes today: should one appear, the log says so and the test fails. */
#define NOT_KNOWN(path, call, what) NAME_CALL(AT_FDCWD, path, call, put_name(UNKNOWN, what))
int link(const char *from, const char *to) {
    REAL(link);
    NOT_KNOWN(to, real(from, to), "link");
}
int symlink(const char *from, const char *to) {
    REAL(symlink);
    NOT_KNOWN(to, real(from, to), "symlink");
}
int truncate(const char *path, off_t length) {
    REAL(truncate);
    NOT_KNOWN(path, real(path, length), "truncate");
}
int truncate64(const char *path, off64_t length) { return truncate(path, length); }
int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags) {
    REAL(renameat2);
    char other[PATH_MAX];
    if (!at(from_folder, from, other) && !at(to_folder, to, other))
        return real(from_folder, from, to_folder, to, flags);
    put_name(UNKNOWN, "renameat2");
    return real(from_folder, from, to_folder, to, flags);
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
    REAL(fallocate);
    FD_CALL(real(fd, mode, offset, length), "write", put_name(UNKNOWN, "fallocate"));
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) { return fallocate(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) {
    REAL(posix_fallocate);
    FD_CALL(real(fd, offset, length), "write", put_name(UNKNOWN, "posix_fallocate"));
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) { return posix_fallocate(fd, offset, length); }
ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset, size_t length, unsigned flags) {
    (void)from, (void)from_offset, (void)to, (void)to_offset, (void)length, (void)flags;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile(int to, int from, off_t *offset, size_t length) {
    (void)to, (void)from, (void)offset, (void)length;
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int to, int from, off64_t *offset, size_t length) { return sendfile(to, from, offset, length); }
