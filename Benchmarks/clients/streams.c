// Load for a chat server: N WebSockets, one reply on each, every byte of text checked.
//
//   cc -O2 -o streams streams.c client.c
//   streams --port P --streams N (--tokens T | --stamps T) [--timeout S]
//
// Every connection says `open` and waits for its `welcome`; then "ready" is printed and a line on standard input awaited; then
// all say `send` at once. A JSON object with the results is printed at the end. The exit status is 0 only if every reply was
// complete and right.
//
// A reply is compared with the text that is expected (`--tokens`: "w0 w1 w2 ...") rather than kept. With `--stamps` each token
// is the monotonic time in ns at which the provider wrote it; what has passed since then is the latency.

#define _GNU_SOURCE
#include "client.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TOKENS = 1000000 };

typedef enum { OPENING, WAITING, REPLYING, DONE } State;

typedef struct {
    Client client;
    State state;
    size_t text_bytes;  // of the expected text, right so far
    uint64_t stamp;     // the digits of a stamp that is not complete
    uint64_t last_stamp;
    uint32_t tokens;
} Stream;

static int stream_count, token_count, timeout_seconds = 60;
static bool stamps;
static Stream *streams;
static int waiting, over, failures;
static char *expected;
static size_t expected_bytes;
static uint64_t frames, delta_frames, tokens, text_bytes;

void opened(Client *c) { say(c, "{\"type\":\"open\"}"); }

void failed(Client *c) {
    Stream *s = (Stream *)c;
    if (s->state == DONE) return;
    if (s->state == WAITING) waiting--;
    s->state = DONE;
    failures++;
    over++;
}

static void take_stamps(Stream *s, const char *text, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            s->stamp = s->stamp * 10 + (uint64_t)(text[i] - '0');
            continue;
        }
        if (text[i] != ' ' || s->stamp < s->last_stamp || s->stamp > now) {
            fail(&s->client, "token %u is no time after the one before", s->tokens);
            return;
        }
        note_latency(now - s->stamp);
        s->last_stamp = s->stamp;
        s->stamp = 0;
        s->tokens++;
        tokens++;
    }
}

static void take_delta(Stream *s, const char *json, size_t count) {
    static const char member[] = "\"text\":\"";
    const char *text = memmem(json, count, member, sizeof member - 1);
    if (!text) {
        fail(&s->client, "a delta without text");
        return;
    }
    text += sizeof member - 1;
    // The provider's tokens hold nothing that JSON escapes, so the text ends at the next quote.
    const char *end = memchr(text, '"', (size_t)(json + count - text));
    size_t length = end ? (size_t)(end - text) : 0;
    delta_frames++;
    text_bytes += length;
    if (stamps) {
        take_stamps(s, text, length);
        return;
    }
    if (!end || s->text_bytes + length > expected_bytes || memcmp(expected + s->text_bytes, text, length) != 0) {
        int shown = (int)(length < 60 ? length : 60);
        fail(&s->client, "other text than expected from byte %zu on: %.*s", s->text_bytes, shown, text);
        return;
    }
    s->text_bytes += length;
    for (size_t i = 0; i < length; i++) s->tokens += text[i] == ' ';
}

void heard(Client *c, const char *json, size_t count) {
    Stream *s = (Stream *)c;
    frames++;
    int shown = (int)(count < 300 ? count : 300);
    if (s->state == REPLYING && is_type(json, count, "delta")) {
        take_delta(s, json, count);
    } else if (s->state == OPENING && is_type(json, count, "welcome")) {
        s->state = WAITING;
        waiting++;
    } else if (s->state == REPLYING && is_type(json, count, "turn.done")) {
        bool completed = memmem(json, count, "\"status\":\"completed\"", 20) != NULL;
        if (!completed || s->tokens != (uint32_t)token_count || (!stamps && s->text_bytes != expected_bytes)) {
            fail(c, "ended after %u of %d tokens: %.*s", s->tokens, token_count, shown, json);
            return;
        }
        if (!stamps) tokens += s->tokens;
        s->state = DONE;
        over++;
    } else if (is_type(json, count, "error")) {
        fail(c, "%.*s", shown, json);
    }
}

static void read_arguments(int count, char **arguments) {
    static const struct option options[] = {{"port", 1, 0, 'p'}, {"streams", 1, 0, 'n'}, {"tokens", 1, 0, 't'},
        {"stamps", 1, 0, 's'}, {"timeout", 1, 0, 'T'}, {0, 0, 0, 0}};
    int option, index = 0, port = 0;
    while ((option = getopt_long(count, arguments, "", options, &index)) != -1) {
        const char *name = option == '?' ? "" : options[index].name;
        switch (option) {
        case 'p': port = number(optarg, 1, 65535, name); break;
        case 'n': stream_count = number(optarg, 1, MAX_CLIENTS, name); break;
        case 's': stamps = true; // fall through
        case 't': token_count = number(optarg, 1, MAX_TOKENS, name); break;
        case 'T': timeout_seconds = number(optarg, 1, 600, name); break;
        default: exit(64);
        }
    }
    if (!port || !stream_count || !token_count) {
        fprintf(stderr, "streams: --port, --streams and --tokens or --stamps are needed\n");
        exit(64);
    }
    set_port(port);
}

static void prepare(void) {
    streams = calloc((size_t)stream_count, sizeof *streams);
    expected = malloc((size_t)token_count * 9 + 1);
    if (!streams || !expected) fatal("setting up");
    for (int i = 0; i < stream_count; i++) streams[i].client.number = i;
    for (int i = 0; i < token_count && !stamps; i++)
        expected_bytes += (size_t)sprintf(expected + expected_bytes, "w%d ", i);
}

static void poll_until(uint64_t deadline) {
    poll_once(1000);
    if (monotonic() < deadline) return;
    fprintf(stderr, "streams: time is up: %d of %d replies are over\n", over, stream_count);
    exit(1);
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    prepare();

    uint64_t begin = monotonic(), deadline = begin + (uint64_t)timeout_seconds * 1000000000u;
    for (int next = 0; waiting + over < stream_count;) {
        while (next < stream_count && connecting < MAX_CONNECTING) start_connecting(&streams[next++].client);
        poll_until(deadline);
    }
    uint64_t ready = monotonic();
    await_line();

    uint64_t start = monotonic();
    deadline = start + (uint64_t)timeout_seconds * 1000000000u;
    frames = wire_bytes = 0;
    for (int i = 0; i < stream_count; i++) {
        if (streams[i].state != WAITING) continue;
        streams[i].state = REPLYING;
        say(&streams[i].client, "{\"type\":\"send\",\"id\":\"m1\",\"text\":\"Go on.\"}");
    }
    while (over < stream_count) poll_until(deadline);
    uint64_t end = monotonic();

    printf("{\"streams\":%d,\"failed\":%d,\"tokens\":%llu,\"delta_frames\":%llu,\"frames\":%llu,\"wire_bytes\":%llu,"
           "\"text_bytes\":%llu,\"open_s\":%.3f,\"wall_s\":%.3f",
        stream_count, failures, (unsigned long long)tokens, (unsigned long long)delta_frames, (unsigned long long)frames,
        (unsigned long long)wire_bytes, (unsigned long long)text_bytes, (double)(ready - begin) / 1e9,
        (double)(end - start) / 1e9);
    if (stamps)
        printf(",\"latency_ms\":{\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"max\":%.2f}", latency_ms(0.5), latency_ms(0.9),
            latency_ms(0.99), max_latency_ms());
    printf("}\n");
    return failures ? 1 : 0;
}
