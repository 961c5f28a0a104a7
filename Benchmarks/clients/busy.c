// Load for a chat server: N busy sessions. Each client says the next message when the reply to its last one is done.
//
//   cc -O2 -o busy busy.c client.c
//   busy --port P --clients N --messages M (--seconds S | --sessions T) [--text-bytes B] [--reply-bytes R] [--list FILE]
//
// After M messages a client goes on with a new session: a model is sent the whole history, so a long one would be what is
// measured. With --seconds no message is said after S seconds; with --sessions T sessions are filled in all. What is measured
// is the time from a message's `send` to its `message` event, its acknowledgement. --list writes the ids of filled sessions.
//
// As in streams.c: "ready" when all follow a session, a line on standard input, at the end a JSON object. The exit status is 0
// only if every message was acknowledged once and every reply completed, with R bytes of text where that is given.

#define _GNU_SOURCE
#include "client.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A connection makes so many sessions before it is made anew: the server counts frames against floods.
enum { FRAMES_A_CONNECTION = 400 };
// In which clients say their first message.
enum { BEGIN_SECONDS = 1 };
enum { TIMEOUT_SECONDS = 600 };

typedef enum { OPENING, WAITING, SAID, REPLYING, DONE } State;

typedef struct {
    Client client;
    State state;
    int messages, frames;
    uint64_t said_at;
    size_t reply_bytes;
    char session[80];
} Busy;

static int client_count, message_count, session_count, seconds, text_size = 6, reply_size = -1;
static Busy *clients;
static char *text;
static FILE *list;
static int waiting, over, failures, sessions, begun;
static bool running;
static uint64_t acknowledged, ends_at;

void failed(Client *c) {
    Busy *b = (Busy *)c;
    if (b->state == DONE) return;
    b->state = DONE;
    failures++;
    over++;
}

static bool may_open(void) { return session_count ? begun < session_count : !running || monotonic() < ends_at; }

static void finish(Busy *b) {
    b->state = DONE;
    over++;
}

static void open_session(Busy *b) {
    if (!may_open()) {
        finish(b);
        return;
    }
    begun++;
    b->messages = 0;
    b->frames++;
    b->state = OPENING;
    say(&b->client, "{\"type\":\"open\"}");
}

void opened(Client *c) {
    ((Busy *)c)->frames = 0;
    open_session((Busy *)c);
}

static void say_next(Busy *b) {
    if (seconds && monotonic() >= ends_at) {
        finish(b);
        return;
    }
    b->messages++;
    b->frames++;
    b->state = SAID;
    b->reply_bytes = 0;
    static char json[70000];
    snprintf(json, sizeof json, "{\"type\":\"send\",\"id\":\"m%d\",\"text\":\"%s\"}", b->messages, text);
    b->said_at = monotonic();
    say(&b->client, json);
}

static void replied(Busy *b) {
    if (b->messages < message_count) {
        say_next(b);
        return;
    }
    sessions++;
    if (list) fprintf(list, "%s\n", b->session);
    if (b->frames < FRAMES_A_CONNECTION || !may_open()) {
        open_session(b);
        return;
    }
    disconnect(&b->client);
    b->state = OPENING;
    if (b->client.link == UNCONNECTED) start_connecting(&b->client);
}

static void take_delta(Busy *b, const char *json, size_t count) {
    const char *start = memmem(json, count, "\"text\":\"", 8);
    const char *end = start ? memchr(start + 8, '"', (size_t)(json + count - start - 8)) : NULL;
    if (end) b->reply_bytes += (size_t)(end - start - 8);
}

void heard(Client *c, const char *json, size_t count) {
    Busy *b = (Busy *)c;
    int shown = (int)(count < 300 ? count : 300);
    char ref[32], expected[32];
    if (is_type(json, count, "delta")) {
        take_delta(b, json, count);
    } else if (is_type(json, count, "message")) {
        snprintf(expected, sizeof expected, "m%d", b->messages);
        if (b->state != SAID || !copy_member(json, count, "ref", ref, sizeof ref) || strcmp(ref, expected) != 0) {
            fail(c, "not the acknowledgement of %s: %.*s", expected, shown, json);
            return;
        }
        note_latency(now - b->said_at);
        acknowledged++;
        b->state = REPLYING;
    } else if (is_type(json, count, "turn.done")) {
        bool completed = memmem(json, count, "\"status\":\"completed\"", 20) != NULL;
        if (b->state != REPLYING || !completed || (reply_size >= 0 && b->reply_bytes != (size_t)reply_size)) {
            fail(c, "a reply of %zu bytes in state %d: %.*s", b->reply_bytes, b->state, shown, json);
            return;
        }
        replied(b);
    } else if (is_type(json, count, "welcome")) {
        if (b->state != OPENING || !copy_member(json, count, "session", b->session, sizeof b->session)) {
            fail(c, "a strange welcome: %.*s", shown, json);
        } else if (running) {
            say_next(b);
        } else {
            b->state = WAITING;
            waiting++;
        }
    } else if (is_type(json, count, "error")) {
        fail(c, "%.*s", shown, json);
    }
}

static void read_arguments(int count, char **arguments) {
    static const struct option options[] = {{"port", 1, 0, 'p'}, {"clients", 1, 0, 'n'}, {"messages", 1, 0, 'm'},
        {"seconds", 1, 0, 's'}, {"sessions", 1, 0, 't'}, {"text-bytes", 1, 0, 'b'}, {"reply-bytes", 1, 0, 'r'},
        {"list", 1, 0, 'l'}, {0, 0, 0, 0}};
    int option, index = 0, port = 0;
    while ((option = getopt_long(count, arguments, "", options, &index)) != -1) {
        const char *name = option == '?' ? "" : options[index].name;
        switch (option) {
        case 'p': port = number(optarg, 1, 65535, name); break;
        case 'n': client_count = number(optarg, 1, MAX_CLIENTS, name); break;
        case 'm': message_count = number(optarg, 1, 300, name); break;
        case 's': seconds = number(optarg, 1, 60, name); break;
        case 't': session_count = number(optarg, 1, 10000, name); break;
        case 'b': text_size = number(optarg, 1, 60000, name); break;
        case 'r': reply_size = number(optarg, 0, 60000, name); break;
        case 'l':
            if (!(list = fopen(optarg, "w"))) fatal(optarg);
            break;
        default: exit(64);
        }
    }
    if (!port || !client_count || !message_count || !seconds == !session_count) {
        fprintf(stderr, "busy: --port, --clients, --messages and --seconds or --sessions are needed\n");
        exit(64);
    }
    set_port(port);
}

static void poll_until(uint64_t deadline, int timeout) {
    poll_once(timeout);
    if (monotonic() < deadline) return;
    fprintf(stderr, "busy: time is up: %d of %d clients are done\n", over, client_count);
    exit(1);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    clients = calloc((size_t)client_count, sizeof *clients);
    text = calloc(1, (size_t)text_size + 1);
    if (!clients || !text) fatal("setting up");
    for (int i = 0; i < text_size; i++) text[i] = "go on and "[i % 10];
    for (int i = 0; i < client_count; i++) clients[i].client.number = i;

    uint64_t deadline = monotonic() + (uint64_t)TIMEOUT_SECONDS * 1000000000u;
    for (int next = 0; waiting + over < client_count;) {
        while (next < client_count && connecting < MAX_CONNECTING) start_connecting(&clients[next++].client);
        poll_until(deadline, 1000);
    }
    await_line();

    uint64_t start = monotonic();
    deadline = start + (uint64_t)TIMEOUT_SECONDS * 1000000000u;
    ends_at = start + (uint64_t)seconds * 1000000000u;
    running = true;
    // Not all in the same moment: replies of the same length would keep them together.
    for (int next = 0; next < client_count;) {
        double due = (double)(monotonic() - start) * client_count / 1e9 / BEGIN_SECONDS;
        for (; next < client_count && next <= due; next++)
            if (clients[next].state == WAITING) say_next(&clients[next]);
        poll_until(deadline, 1);
    }
    while (over < client_count) poll_until(deadline, 1000);
    double wall = (double)(monotonic() - start) / 1e9;
    if (list && fclose(list)) fatal("writing the list");

    printf("{\"clients\":%d,\"failed\":%d,\"acknowledged\":%llu,\"sessions\":%d,\"wall_s\":%.3f,"
           "\"latency_ms\":{\"p50\":%.2f,\"p99\":%.2f,\"max\":%.2f}}\n",
        client_count, failures, (unsigned long long)acknowledged, sessions, wall, latency_ms(0.5), latency_ms(0.99),
        max_latency_ms());
    return failures ? 1 : 0;
}
