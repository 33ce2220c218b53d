/*
 * Lines to standard error for the person who runs the program: plain text, or JSON lines. Only mains and
 * io edges log; lower layers explain through struct err. Keys, tokens and payloads are never logged:
 * name them by kid or hash.
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>

#define LOG_MAX_LINE 2048 /* a longer message is cut */

enum log_level {
    LOG_LEVEL_ERROR,
    LOG_LEVEL_WARN,
    LOG_LEVEL_INFO,
    LOG_LEVEL_DEBUG,
};

/* The name in front of every line. Borrowed for good. */
void log_set_program(const char *name);
/* Messages above this level are dropped; LOG_LEVEL_INFO at first. */
void log_set_level(enum log_level level);
/* One JSON object a line: time, level, program, message. */
void log_set_json(bool json);
/* Where lines go; 2 at first. */
void log_set_fd(int fd);
/* "error", "warn", "info", "debug": false, ret untouched, for anything else. */
bool log_parse_level(const char *text, enum log_level *ret_level);

/* Each writes one line with one write(2), so lines of several threads do not mix. errno is kept. */
__attribute__((format(printf, 1, 2))) void log_error(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_warn(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_info(const char *fmt, ...);
__attribute__((format(printf, 1, 2))) void log_debug(const char *fmt, ...);

#endif
