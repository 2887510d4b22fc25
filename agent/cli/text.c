/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text output. Directory values come from strangers: control characters never reach the terminal,
 * and widths count characters, not bytes.
 */
#include "agent/cli/text.h"

#include "correlate/time.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char *const style_codes[] = {
    [TEXT_PLAIN] = "",        [TEXT_BOLD] = "\033[1m",  [TEXT_DIM] = "\033[2m",
    [TEXT_GOOD] = "\033[32m", [TEXT_WARN] = "\033[33m", [TEXT_BAD] = "\033[31m",
    [TEXT_NOTE] = "\033[36m",
};

static void put(const struct cli *cli, enum text_style style, const char *text)
{
    if (cli->colour && style != TEXT_PLAIN)
        printf("%s%s\033[0m", style_codes[style], text);
    else
        fputs(text, stdout);
}

void text_print(const struct cli *cli, enum text_style style, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    put(cli, style, text);
}

static guint terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
        return size.ws_col;
    return 100;
}

void text_wrap(const struct cli *cli, enum text_style style, guint indent, const char *text)
{
    guint width = terminal_width();
    g_auto(GStrv) words = g_strsplit_set(text, " \n", 0);
    g_autoptr(GString) line = g_string_new(NULL);
    glong used = 0;
    for (guint i = 0; words[i]; i++) {
        glong n = g_utf8_strlen(words[i], -1);
        if (n == 0)
            continue;
        if (used && indent + used + 1 + n > width) {
            printf("%*s", (int)indent, "");
            put(cli, style, line->str);
            putchar('\n');
            g_string_truncate(line, 0);
            used = 0;
        }
        if (used)
            g_string_append_c(line, ' ');
        g_string_append(line, words[i]);
        used += n + (used ? 1 : 0);
    }
    if (used) {
        printf("%*s", (int)indent, "");
        put(cli, style, line->str);
        putchar('\n');
    }
}

char *text_time(gint64 time_us)
{
    if (time_us == 0)
        return g_strdup("-");
    char *text = cor_time_text(time_us - time_us % COR_SECOND_US);
    char *t = strchr(text, 'T');
    if (t)
        *t = ' ';
    return text;
}

char *text_span(gint64 span_us)
{
    gint64 s = span_us / COR_SECOND_US;
    if (s < 120)
        return g_strdup_printf("%" G_GINT64_FORMAT " s", s);
    if (s < 3600)
        return g_strdup_printf("%" G_GINT64_FORMAT " min", s / 60);
    if (s < 2 * 86400)
        return g_strdup_printf("%" G_GINT64_FORMAT " h %" G_GINT64_FORMAT " min", s / 3600,
                               s % 3600 / 60);
    return g_strdup_printf("%" G_GINT64_FORMAT " days", s / 86400);
}

char *text_clean(const char *value, guint max)
{
    g_autofree char *valid = g_utf8_make_valid(value ? value : "", -1);
    GString *out = g_string_new(NULL);
    guint n = 0;
    for (const char *p = valid; *p; p = g_utf8_next_char(p), n++) {
        gunichar c = g_utf8_get_char(p);
        if (max && n + 1 >= max && *g_utf8_next_char(p)) {
            g_string_append(out, "…");
            break;
        }
        if (g_unichar_iscntrl(c) || g_unichar_type(c) == G_UNICODE_FORMAT)
            g_string_append_printf(out, "\\u%04x", c);
        else
            g_string_append_unichar(out, c);
    }
    return g_string_free(out, FALSE);
}

struct text_table {
    guint columns;
    GPtrArray *cells; /* char *, row by row; the first row is the heading */
    GArray *styles;   /* one enum text_style a row */
};

static void add_cell(struct text_table *table, const char *cell)
{
    g_ptr_array_add(table->cells, text_clean(cell, 0));
}

struct text_table *text_table_new(const char *const *headings)
{
    struct text_table *table = g_new0(struct text_table, 1);
    table->cells = g_ptr_array_new_with_free_func(g_free);
    table->styles = g_array_new(FALSE, FALSE, sizeof(enum text_style));
    for (; headings[table->columns]; table->columns++)
        add_cell(table, headings[table->columns]);
    enum text_style heading = TEXT_DIM;
    g_array_append_val(table->styles, heading);
    return table;
}

void text_table_row(struct text_table *table, enum text_style style, ...)
{
    va_list args;
    va_start(args, style);
    for (guint i = 0; i < table->columns; i++) {
        const char *cell = va_arg(args, const char *);
        add_cell(table, cell ? cell : "");
    }
    va_end(args);
    g_array_append_val(table->styles, style);
}

static glong column_width(const struct text_table *table, guint column)
{
    glong width = 0;
    for (guint i = column; i < table->cells->len; i += table->columns)
        width = MAX(width, g_utf8_strlen(table->cells->pdata[i], -1));
    return width;
}

void text_table_print(const struct cli *cli, struct text_table *table)
{
    g_autofree glong *widths = g_new0(glong, table->columns);
    for (guint c = 0; c < table->columns; c++)
        widths[c] = column_width(table, c);
    for (guint r = 0; r < table->styles->len; r++) {
        g_autoptr(GString) line = g_string_new(NULL);
        for (guint c = 0; c < table->columns; c++) {
            const char *cell = table->cells->pdata[r * table->columns + c];
            g_string_append(line, cell);
            glong pad = c + 1 < table->columns ? widths[c] - g_utf8_strlen(cell, -1) + 2 : 0;
            g_string_append_printf(line, "%*s", (int)pad, "");
        }
        while (line->len && line->str[line->len - 1] == ' ')
            g_string_truncate(line, line->len - 1);
        put(cli, g_array_index(table->styles, enum text_style, r), line->str);
        putchar('\n');
    }
    g_ptr_array_unref(table->cells);
    g_array_unref(table->styles);
    g_free(table);
}
