/* A disk that can lose what was not synced, and that can be full: preloaded into a program, it watches one folder tree.
 *
 * It changes nothing of what the program sees. Under one lock for all the program's processes it notes, in the file
 * `log`, every change of a name and every sync, and it keeps the content of a file at each of its syncs. survival.py
 * makes of that what a power cut leaves. The files of a tree are known by their inodes; so that none is used twice, what
 * loses its last name is kept in the folder `grave`.
 *
 * EDAPHON_DISK_TREE    the folder watched, without symbolic links
 * EDAPHON_DISK_SHADOW  the folder of the notes, on the same file system and outside of the tree; disk.py makes it
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

/* What disk.py sets and reads while the program runs: the file `dials`. */
struct dials {
    int64_t room;   /* bytes that the disk still takes */
    int64_t trouble; /* errno of a write beyond that */
    int64_t syncs;  /* done so far */
    int64_t cut_at; /* the sync, counted from 0, at which the power goes; -1 for none */
    int64_t after;  /* whether it goes after that sync, not before */
    int64_t drafts; /* whether to keep, before each sync, what was written and not synced */
};

/* What making a name costs: so that a full disk takes no new one. */
enum { NAME = 64 };

static const char *tree, *shadow;
static size_t tree_length;
static struct dials *dials;

#define REAL(type, name, ...) \
    static type (*real_##name)(__VA_ARGS__); \
    static type (*get_##name(void))(__VA_ARGS__) { \
        if (!real_##name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name); \
        return real_##name; \
    }
#define real(name) (get_##name())

REAL(int, openat, int, const char *, int, ...)
REAL(int, mkdirat, int, const char *, mode_t)
REAL(int, linkat, int, const char *, int, const char *, int)
REAL(int, symlinkat, const char *, int, const char *)
REAL(int, renameat2, int, const char *, int, const char *, unsigned)
REAL(int, unlinkat, int, const char *, int)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
REAL(ssize_t, writev, int, const struct iovec *, int)
REAL(ssize_t, pwritev2, int, const struct iovec *, int, off_t, int)
REAL(int, ftruncate, int, off_t)
REAL(int, fallocate, int, int, off_t, off_t)
REAL(int, posix_fallocate, int, off_t, off_t)
REAL(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned)
REAL(ssize_t, sendfile, int, int, off_t *, size_t)
REAL(int, statvfs, const char *, struct statvfs *)
REAL(FILE *, fopen, const char *, const char *)
REAL(int, close, int)

static void fail(const char *what) {
    fprintf(stderr, "disk.c: %s: %s\n", what, strerror(errno));
    _exit(99);
}

__attribute__((constructor)) static void begin(void) {
    char path[PATH_MAX];
    const char *watched = getenv("EDAPHON_DISK_TREE");
    const char *notes = getenv("EDAPHON_DISK_SHADOW");
    if (!watched || !notes) return;
    shadow = strdup(notes);
    snprintf(path, sizeof path, "%s/dials", shadow);
    int fd = real(openat)(AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    if (fd < 0) fail(path);
    void *memory = mmap(NULL, sizeof *dials, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED) fail(path);
    close(fd);
    dials = memory;
    tree_length = strlen(watched);
    tree = strdup(watched);
}

/* Whether an open file, or a folder's descriptor, lies in the tree. */
static int inside(int fd) {
    char link[64], path[PATH_MAX];
    if (!tree) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < (ssize_t)tree_length) return 0;
    path[length] = 0;
    return !memcmp(path, tree, tree_length) && (path[tree_length] == 0 || path[tree_length] == '/');
}

/* The notes. The lock orders them as the changes themselves are ordered; the power is off once there is a `cut`. */

struct notes {
    int fd;
    long number; /* of this note; names the content kept with it */
};

static struct notes lock(void) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/log", shadow);
    struct notes notes = {real(openat)(AT_FDCWD, path, O_RDWR | O_APPEND | O_CLOEXEC), 0};
    if (notes.fd < 0 || flock(notes.fd, LOCK_EX)) fail(path);
    snprintf(path, sizeof path, "%s/cut", shadow);
    if (!access(path, F_OK)) {
        raise(SIGKILL);
        pause();
    }
    notes.number = lseek(notes.fd, 0, SEEK_END);
    return notes;
}

static void unlock(struct notes notes) {
    int was = errno;
    real(close)(notes.fd);
    errno = was;
}

__attribute__((format(printf, 2, 3))) static void note(struct notes *notes, const char *format, ...) {
    char line[2 * NAME_MAX + 256];
    int was = errno;
    va_list values;
    va_start(values, format);
    int length = vsnprintf(line, sizeof line, format, values);
    va_end(values);
    if (real(write)(notes->fd, line, length) != length) fail("log");
    notes->number += length;
    errno = was;
}

static void strange(const char *what) {
    struct notes notes = lock();
    note(&notes, "strange\t%s\n", what);
    unlock(notes);
}

/* Keep the content that a file has now. */
static void keep(int fd, long number) {
    char path[PATH_MAX], buffer[1 << 16];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int from = real(openat)(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (from < 0) fail("a file that was synced");
    snprintf(path, sizeof path, "%s/content/%ld", shadow, number);
    int to = real(openat)(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (to < 0) fail(path);
    for (ssize_t count; (count = read(from, buffer, sizeof buffer));)
        if (count < 0 || real(write)(to, buffer, count) != count) fail(path);
    real(close)(from);
    real(close)(to);
}

/* Names */

struct place {
    int folder; /* a descriptor; -1 when the folder is not there */
    int watched;
    ino_t inode; /* of the folder */
    char name[NAME_MAX + 1];
};

static struct place find(int at, const char *path) {
    struct place place = {.folder = -1};
    if (!tree || !path) return place;
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    if (end - begin > NAME_MAX || begin >= PATH_MAX || end == begin) return place;
    memcpy(place.name, path + begin, end - begin);
    char folder[PATH_MAX] = ".";
    if (begin) {
        memcpy(folder, path, begin);
        folder[begin] = 0;
    }
    int was = errno;
    place.folder = real(openat)(at, folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    if (place.folder >= 0 && inside(place.folder) && !fstat(place.folder, &status)) {
        place.watched = 1;
        place.inode = status.st_ino;
    }
    errno = was;
    return place;
}

static void leave(struct place place) {
    int was = errno;
    if (place.folder >= 0) real(close)(place.folder);
    errno = was;
}

static int look(struct place place, struct stat *status) {
    int was = errno;
    int found = place.folder >= 0 && !fstatat(place.folder, place.name, status, AT_SYMLINK_NOFOLLOW);
    errno = was;
    return found;
}

static void made(struct notes *notes, struct place place) {
    struct stat status;
    if (look(place, &status))
        note(notes, "make\t%lu\t%s\t%lu\t%o\n", (unsigned long)place.inode, place.name, (unsigned long)status.st_ino,
             status.st_mode);
}

static void grave(char *path, ino_t inode) { snprintf(path, PATH_MAX, "%s/grave/%lu", shadow, (unsigned long)inode); }

/* Keep a file that is about to lose its last name. Whether it was kept, so that `revive` can undo it. */
static int bury(struct place place, struct stat status) {
    char path[PATH_MAX];
    if (S_ISDIR(status.st_mode) || status.st_nlink != 1) return 0;
    grave(path, status.st_ino);
    if (real(linkat)(place.folder, place.name, AT_FDCWD, path, 0)) fail(path);
    return 1;
}

static void revive(struct stat status) {
    char path[PATH_MAX];
    int was = errno;
    grave(path, status.st_ino);
    real(unlinkat)(AT_FDCWD, path, 0);
    errno = was;
}

/* Take an empty folder away; -1 and errno when it is not. */
static int bury_folder(struct place place, struct stat status) {
    char path[PATH_MAX];
    int fd = real(openat)(place.folder, place.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *listing = fd < 0 ? NULL : fdopendir(fd);
    if (!listing) return -1;
    int count = 0;
    while (readdir(listing)) count++;
    closedir(listing);
    if (count > 2) {
        errno = ENOTEMPTY;
        return -1;
    }
    grave(path, status.st_ino);
    return real(renameat2)(place.folder, place.name, AT_FDCWD, path, 0);
}

/* Room on the disk */

/* Take that many bytes of the room, or as many as are left. */
static int64_t take(int64_t bytes) {
    int64_t left = __atomic_load_n(&dials->room, __ATOMIC_SEQ_CST), got;
    do got = left < bytes ? (left > 0 ? left : 0) : bytes;
    while (!__atomic_compare_exchange_n(&dials->room, &left, left - got, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
    return got;
}

/* Whether there is no room for a new name. */
static int no_name(struct place place) {
    if (!place.watched || take(NAME) == NAME) return 0;
    errno = dials->trouble;
    return 1;
}

/* How many of the bytes from `offset` on (the file's own position when it is negative) a file may be given: what is
 * there already can be written anew on a full disk too. -1 and errno when it is none. */
static ssize_t granted(int fd, size_t bytes, off_t offset) {
    struct stat status;
    if (!tree || !bytes || fstat(fd, &status) || !S_ISREG(status.st_mode) || !inside(fd)) return bytes;
    if (offset < 0) offset = fcntl(fd, F_GETFL) & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
    int64_t growth = offset + (int64_t)bytes - status.st_size;
    if (growth <= 0) return bytes;
    int64_t fits = (int64_t)bytes - growth + take(growth);
    if (fits > 0) return fits;
    errno = dials->trouble;
    return -1;
}

int statvfs(const char *path, struct statvfs *status) {
    int result = real(statvfs)(path, status), was = errno;
    int fd = result ? -1 : real(openat)(AT_FDCWD, path, O_PATH | O_CLOEXEC);
    if (fd >= 0 && inside(fd) && (uint64_t)dials->room / status->f_frsize < status->f_bavail)
        status->f_bavail = status->f_bfree = dials->room / status->f_frsize;
    if (fd >= 0) real(close)(fd);
    errno = was;
    return result;
}
int statvfs64(const char *path, struct statvfs64 *status) { return statvfs(path, (struct statvfs *)status); }

/* Syncs */

/* The content of every file that has changed since this process looked last, kept as a draft. */
struct seen {
    ino_t inode;
    off_t size;
    struct timespec changed;
};
static struct seen seen[1 << 14];
static struct notes *drafting;

static int draft(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)where;
    if (type != FTW_F || !S_ISREG(status->st_mode)) return 0;
    struct seen *one = &seen[status->st_ino % (sizeof seen / sizeof *seen)];
    struct seen now = {status->st_ino, status->st_size, status->st_mtim};
    if (one->inode == now.inode && one->size == now.size && one->changed.tv_sec == now.changed.tv_sec &&
        one->changed.tv_nsec == now.changed.tv_nsec)
        return 0;
    *one = now;
    int fd = real(openat)(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return 0;
    long number = drafting->number;
    keep(fd, number);
    real(close)(fd);
    note(drafting, "draft\t%lu\t%ld\n", (unsigned long)now.inode, number);
    return 0;
}

static void cut(struct notes notes) {
    char path[PATH_MAX];
    note(&notes, "cut\n");
    snprintf(path, sizeof path, "%s/cut", shadow);
    real(openat)(AT_FDCWD, path, O_WRONLY | O_CREAT, 0600);
    kill(0, SIGKILL);
    pause();
}

static int synced(int fd, int (*sync_it)(int)) {
    struct stat status;
    if (!tree || fstat(fd, &status) || !inside(fd)) return sync_it(fd);
    struct notes notes = lock();
    int64_t count = dials->syncs;
    if (dials->drafts) {
        drafting = &notes;
        nftw(tree, draft, 32, FTW_PHYS);
    }
    note(&notes, "point\n");
    if (count == dials->cut_at && !dials->after) cut(notes);
    /* The machine goes on, so its disk need not be troubled. */
    if (S_ISREG(status.st_mode)) {
        long number = notes.number;
        keep(fd, number);
        note(&notes, "sync\t%lu\t%ld\t%o\n", (unsigned long)status.st_ino, number, status.st_mode);
    } else {
        note(&notes, "list\t%lu\n", (unsigned long)status.st_ino);
    }
    dials->syncs++;
    if (count == dials->cut_at && dials->after) cut(notes);
    unlock(notes);
    return 0;
}

int fsync(int fd) { return synced(fd, real(fsync)); }
int fdatasync(int fd) { return synced(fd, real(fdatasync)); }

static int sync_each(const char *path, const struct stat *status, int type, struct FTW *where) {
    (void)status, (void)where;
    if (type != FTW_F && type != FTW_D && type != FTW_DP) return 0;
    int fd = real(openat)(AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        real(close)(fd);
    }
    return 0;
}

void sync(void) {
    if (tree) nftw(tree, sync_each, 32, FTW_PHYS);
}

int syncfs(int fd) {
    (void)fd;
    sync();
    return 0;
}

/* Calls that make, move and remove names */

static int opened(int at, const char *path, int flags, mode_t mode) {
    if (!tree || !(flags & O_CREAT)) {
        if (tree && (flags & O_TMPFILE) == O_TMPFILE) strange("O_TMPFILE");
        return real(openat)(at, path, flags, mode);
    }
    struct place place = find(at, path);
    struct stat status;
    int fd;
    if (!place.watched) {
        fd = real(openat)(at, path, flags, mode);
    } else {
        struct notes notes = lock();
        int known = look(place, &status);
        if (flags & O_DSYNC) note(&notes, "strange\tO_SYNC\n");
        fd = !known && no_name(place) ? -1 : real(openat)(at, path, flags, mode);
        if (!known && fd >= 0) made(&notes, place);
        unlock(notes);
    }
    leave(place);
    return fd;
}

static mode_t mode_of(int flags, va_list values) {
    return flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(values, mode_t) : 0;
}

#define OPENS(name) \
    int name(const char *path, int flags, ...) { \
        va_list values; \
        va_start(values, flags); \
        mode_t mode = mode_of(flags, values); \
        va_end(values); \
        return opened(AT_FDCWD, path, flags, mode); \
    }
#define OPENS_AT(name) \
    int name(int at, const char *path, int flags, ...) { \
        va_list values; \
        va_start(values, flags); \
        mode_t mode = mode_of(flags, values); \
        va_end(values); \
        return opened(at, path, flags, mode); \
    }
OPENS(open)
OPENS(open64)
OPENS_AT(openat)
OPENS_AT(openat64)
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* The C library writes its streams by calls that cannot be seen from here. */
FILE *fopen(const char *path, const char *mode) {
    struct place place = *mode == 'r' && !strchr(mode, '+') ? (struct place){.folder = -1} : find(AT_FDCWD, path);
    if (place.watched) strange("fopen");
    leave(place);
    return real(fopen)(path, mode);
}
FILE *fopen64(const char *path, const char *mode) { return fopen(path, mode); }

int mkdirat(int at, const char *path, mode_t mode) {
    struct place place = find(at, path);
    if (!place.watched) {
        leave(place);
        return real(mkdirat)(at, path, mode);
    }
    struct notes notes = lock();
    struct stat status;
    int result = !look(place, &status) && no_name(place) ? -1 : real(mkdirat)(at, path, mode);
    if (!result) made(&notes, place);
    unlock(notes);
    leave(place);
    return result;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int linkat(int at, const char *path, int to, const char *name, int flags) {
    struct place place = find(to, name);
    int result;
    if (!place.watched) {
        result = real(linkat)(at, path, to, name, flags);
    } else {
        struct notes notes = lock();
        result = no_name(place) ? -1 : real(linkat)(at, path, to, name, flags);
        if (!result) made(&notes, place);
        unlock(notes);
    }
    leave(place);
    return result;
}
int link(const char *path, const char *name) { return linkat(AT_FDCWD, path, AT_FDCWD, name, 0); }

int symlinkat(const char *target, int at, const char *path) {
    struct place place = find(at, path);
    if (place.watched) strange("symlink");
    leave(place);
    return real(symlinkat)(target, at, path);
}
int symlink(const char *target, const char *path) { return symlinkat(target, AT_FDCWD, path); }

int renameat2(int at, const char *path, int to, const char *name, unsigned flags) {
    struct place from = find(at, path), into = find(to, name);
    int result;
    if (!from.watched && !into.watched) {
        result = real(renameat2)(at, path, to, name, flags);
    } else {
        struct notes notes = lock();
        struct stat source = {0}, old = {0};
        int replaces = look(into, &old) && !(flags & RENAME_NOREPLACE);
        /* Two names of one file: the call does nothing then. */
        int same = look(from, &source) && replaces && source.st_ino == old.st_ino;
        int buried = replaces && !same && into.watched && bury(into, old);
        if (flags & ~RENAME_NOREPLACE) note(&notes, "strange\trenameat2\n");
        if (replaces && !same && into.watched && S_ISDIR(old.st_mode) && S_ISDIR(source.st_mode) &&
            bury_folder(into, old))
            result = -1;
        else
            result = real(renameat2)(at, path, to, name, flags);
        if (result && buried) revive(old);
        if (!result && !same) {
            if (from.watched && into.watched)
                note(&notes, "move\t%lu\t%s\t%lu\t%s\n", (unsigned long)from.inode, from.name,
                     (unsigned long)into.inode, into.name);
            else if (from.watched)
                note(&notes, "drop\t%lu\t%s\n", (unsigned long)from.inode, from.name);
            else
                made(&notes, into);
        }
        unlock(notes);
    }
    leave(from);
    leave(into);
    return result;
}
int renameat(int at, const char *path, int to, const char *name) { return renameat2(at, path, to, name, 0); }
int rename(const char *path, const char *name) { return renameat2(AT_FDCWD, path, AT_FDCWD, name, 0); }

int unlinkat(int at, const char *path, int flags) {
    struct place place = find(at, path);
    if (!place.watched) {
        leave(place);
        return real(unlinkat)(at, path, flags);
    }
    struct notes notes = lock();
    struct stat status;
    int result, known = look(place, &status);
    if (known && flags & AT_REMOVEDIR && S_ISDIR(status.st_mode)) {
        result = bury_folder(place, status);
    } else {
        int buried = known && !(flags & AT_REMOVEDIR) && bury(place, status);
        result = real(unlinkat)(at, path, flags);
        if (result && buried) revive(status);
    }
    if (!result) note(&notes, "drop\t%lu\t%s\n", (unsigned long)place.inode, place.name);
    unlock(notes);
    leave(place);
    return result;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

/* Calls that make files grow */

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t fits = granted(fd, count, -1);
    return fits < 0 ? -1 : real(write)(fd, bytes, fits);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    ssize_t fits = granted(fd, count, offset);
    return fits < 0 ? -1 : real(pwrite)(fd, bytes, fits, offset);
}
ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) { return pwrite(fd, bytes, count, offset); }

/* Only whole, not to take the vectors apart. */
static int grants_all(int fd, const struct iovec *parts, int count, off_t offset) {
    size_t bytes = 0;
    for (int index = 0; index < count; index++) bytes += parts[index].iov_len;
    if (granted(fd, bytes, offset) == (ssize_t)bytes) return 1;
    errno = dials->trouble;
    return 0;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    return grants_all(fd, parts, count, -1) ? real(writev)(fd, parts, count) : -1;
}
ssize_t pwritev2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
    return grants_all(fd, parts, count, offset) ? real(pwritev2)(fd, parts, count, offset, flags) : -1;
}
ssize_t pwritev64v2(int fd, const struct iovec *parts, int count, off_t offset, int flags) {
    return pwritev2(fd, parts, count, offset, flags);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return pwritev2(fd, parts, count, offset, 0);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t offset) {
    return pwritev2(fd, parts, count, offset, 0);
}

int ftruncate(int fd, off_t length) {
    struct stat status;
    if (tree && !fstat(fd, &status) && length > status.st_size &&
        granted(fd, length - status.st_size, status.st_size) != length - status.st_size) {
        errno = dials->trouble;
        return -1;
    }
    return real(ftruncate)(fd, length);
}
int ftruncate64(int fd, off_t length) { return ftruncate(fd, length); }

int truncate(const char *path, off_t length) {
    int fd = real(openat)(AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    int result = ftruncate(fd, length), was = errno;
    real(close)(fd);
    errno = was;
    return result;
}
int truncate64(const char *path, off_t length) { return truncate(path, length); }

static int fits(int fd, off_t offset, off_t length) { return granted(fd, length, offset) == (ssize_t)length; }

int fallocate(int fd, int mode, off_t offset, off_t length) {
    if (!mode && !fits(fd, offset, length)) {
        errno = dials->trouble;
        return -1;
    }
    return real(fallocate)(fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off_t offset, off_t length) { return fallocate(fd, mode, offset, length); }
int posix_fallocate(int fd, off_t offset, off_t length) {
    return fits(fd, offset, length) ? real(posix_fallocate)(fd, offset, length) : (int)dials->trouble;
}
int posix_fallocate64(int fd, off_t offset, off_t length) { return posix_fallocate(fd, offset, length); }

ssize_t copy_file_range(int from, off_t *start, int to, off_t *offset, size_t count, unsigned flags) {
    ssize_t fit = granted(to, count, offset ? *offset : -1);
    return fit < 0 ? -1 : real(copy_file_range)(from, start, to, offset, fit, flags);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
    ssize_t fit = granted(to, count, -1);
    return fit < 0 ? -1 : real(sendfile)(to, from, offset, fit);
}
ssize_t sendfile64(int to, int from, off_t *offset, size_t count) { return sendfile(to, from, offset, count); }
