/* Texts that others wrote, on a terminal: nothing in them may move its cursor or change its colours. */
#ifndef SCANNER_VISIBLE_H
#define SCANNER_VISIBLE_H

/* Turns control characters, those of ASCII and U+0080 to U+009F, into question marks, in place. */
void visible_clean(char *text);

#endif
