// Load for a chat server: N connections that follow a session each, and then say nothing.
//
//   cc -O2 -o idle idle.c client.c
//   idle --port P --clients N [--list FILE] [--messages M] [--bare]
//
// The sessions are those whose ids stand in FILE, line by line, and each snapshot must have M messages; without --list they are
// new. With --bare nothing is opened. Prints "ready" when all have been answered; from then on pings of the server are answered
// until a line comes on standard input. Then each must get a `pong`: the exit status is 0 only if every connection still lives.

#define _GNU_SOURCE
#include "client.h"
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_SECONDS = 300 };

typedef struct {
    Client client;
    char session[80];
    bool is_ready, is_heard;
} Idle;

static int client_count, message_count, ready, heard_of, failures;
static bool is_bare;
static const char *list;
static Idle *clients;

void failed(Client *c) {
    Idle *i = (Idle *)c;
    failures++;
    if (!i->is_ready) ready++;
    if (!i->is_heard) heard_of++;
    i->is_ready = i->is_heard = true;
}

void opened(Client *c) {
    Idle *i = (Idle *)c;
    char json[160];
    if (is_bare) {
        i->is_ready = true;
        ready++;
        return;
    }
    if (list) snprintf(json, sizeof json, "{\"type\":\"open\",\"session\":\"%s\"}", i->session);
    else snprintf(json, sizeof json, "{\"type\":\"open\"}");
    say(c, json);
}

static int count_of(const char *json, size_t count, const char *part) {
    int found = 0;
    size_t length = strlen(part);
    for (const char *end = json + count; (json = memmem(json, (size_t)(end - json), part, length)); json += length) found++;
    return found;
}

void heard(Client *c, const char *json, size_t count) {
    Idle *i = (Idle *)c;
    int shown = (int)(count < 300 ? count : 300);
    if (is_type(json, count, "error")) {
        fail(c, "%.*s", shown, json);
    } else if (is_type(json, count, "pong") && !i->is_heard) {
        i->is_heard = true;
        heard_of++;
    } else if (is_type(json, count, list ? "snapshot" : "welcome") && !i->is_ready) {
        int messages = count_of(json, count, "\"role\":");
        if (list && messages != message_count) {
            fail(c, "%d messages instead of %d: %.*s", messages, message_count, shown, json);
            return;
        }
        i->is_ready = true;
        ready++;
    }
}

static void read_arguments(int count, char **arguments) {
    static const struct option options[] = {{"port", 1, 0, 'p'}, {"clients", 1, 0, 'n'}, {"list", 1, 0, 'l'},
        {"messages", 1, 0, 'm'}, {"bare", 0, 0, 'b'}, {0, 0, 0, 0}};
    int option, index = 0, port = 0;
    while ((option = getopt_long(count, arguments, "", options, &index)) != -1) {
        const char *name = option == '?' ? "" : options[index].name;
        switch (option) {
        case 'p': port = number(optarg, 1, 65535, name); break;
        case 'n': client_count = number(optarg, 1, MAX_CLIENTS, name); break;
        case 'l': list = optarg; break;
        case 'm': message_count = number(optarg, 0, 500, name); break;
        case 'b': is_bare = true; break;
        default: exit(64);
        }
    }
    if (!port || !client_count || (list && is_bare)) {
        fprintf(stderr, "idle: --port and --clients are needed, and not both --list and --bare\n");
        exit(64);
    }
    set_port(port);
}

static void prepare(void) {
    if (!(clients = calloc((size_t)client_count, sizeof *clients))) fatal("setting up");
    FILE *file = list ? fopen(list, "r") : NULL;
    if (list && !file) fatal(list);
    for (int i = 0; i < client_count; i++) {
        clients[i].client.number = i;
        if (file && fscanf(file, "%79s", clients[i].session) != 1) {
            fprintf(stderr, "idle: the list has only %d sessions\n", i);
            exit(64);
        }
    }
    if (file) fclose(file);
}

static bool has_line(void) {
    struct pollfd input = {.fd = 0, .events = POLLIN};
    return poll(&input, 1, 0) > 0;
}

static void poll_until(uint64_t deadline) {
    poll_once(1000);
    if (monotonic() < deadline) return;
    fprintf(stderr, "idle: time is up: %d of %d clients are ready, %d have been heard of\n", ready, client_count, heard_of);
    exit(1);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    prepare();

    uint64_t begin = monotonic(), deadline = begin + (uint64_t)TIMEOUT_SECONDS * 1000000000u;
    for (int next = 0; ready < client_count;) {
        while (next < client_count && next - ready < MAX_CONNECTING) start_connecting(&clients[next++].client);
        poll_until(deadline);
    }
    if (failures) {
        fprintf(stderr, "idle: %d of %d clients got no session\n", failures, client_count);
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    double wall = (double)(monotonic() - begin) / 1e9;
    while (!has_line()) poll_once(1000);

    deadline = monotonic() + (uint64_t)TIMEOUT_SECONDS * 1000000000u;
    for (int i = 0; i < client_count; i++)
        if (!clients[i].is_heard) say(&clients[i].client, "{\"type\":\"ping\"}");
    while (heard_of < client_count) poll_until(deadline);
    printf("{\"clients\":%d,\"failed\":%d,\"open_s\":%.3f}\n", client_count, failures, wall);
    return failures ? 1 : 0;
}
