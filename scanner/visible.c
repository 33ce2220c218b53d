#include "scanner/visible.h"

#include <stdbool.h>

void visible_clean(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)text[0], next = (unsigned char)text[1];
        bool pair = c == 0xc2 && next >= 0x80 && next <= 0x9f;
        if (pair)
            text[1] = '?';
        if (pair || c < ' ' || c == 0x7f)
            text[0] = '?';
    }
}
