// Load for a chat server: N WebSockets, one reply on each, every byte of text checked.
//
//   cc -O2 -o load load.c
//   load --port P --streams N (--tokens T | --stamps T) [--timeout S]
//
// Speaks as much of whinchat.v1 as one turn needs. Every connection says `open` and waits for its `welcome`; then "ready" is
// printed and a line on standard input awaited, so that the caller can read the server's CPU time; then all say `send` at once.
// A JSON object with the results is printed at the end. The exit status is 0 only if every reply was complete and right.
//
// It shares the machine with what it measures, so it does little: one thread, no allocation while tokens come, and a reply is
// compared with the text that is expected (`--tokens`: "w0 w1 w2 ...") rather than kept. With `--stamps` each token is the
// monotonic time in ns at which the provider wrote it; what has passed since then is the latency.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Handshakes under way at once: the server's listen queue is not what is measured.
enum { MAX_CONNECTING = 64 };
// A server frame has at most 256 KiB; some more so that a read seldom ends within one.
enum { BUFFER_BYTES = 1 << 20, MAX_FRAME_BYTES = 256 << 10 };
// Latency is counted in buckets of 10 us, up to 10 s.
enum { BUCKET_NS = 10000, BUCKETS = 1000000 };
enum { MAX_STREAMS = 10000, MAX_TOKENS = 1000000 };

typedef enum { CONNECTING, UPGRADING, OPENING, WAITING, REPLYING, DONE, FAILED } State;

typedef struct {
    int fd;
    State state;
    size_t text_bytes;     // of the expected text, right so far
    uint64_t stamp;        // the digits of a stamp that is not complete
    uint64_t last_stamp;
    uint32_t tokens;
    uint8_t *rest;         // an incomplete frame, until the next read
    size_t rest_bytes;
} Stream;

static struct sockaddr_in address;
static int poller, stream_count, token_count, timeout_seconds = 60;
static bool stamps;
static Stream *streams;
static int connecting, waiting, over, failures;
static char *expected;
static size_t expected_bytes;
static uint64_t frames, delta_frames, wire_bytes, tokens, text_bytes;
static uint64_t now;
static uint32_t *latencies;
static uint64_t max_latency;
static uint8_t buffer[BUFFER_BYTES];

static uint64_t monotonic(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fatal(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

__attribute__((format(printf, 2, 3))) static void fail(Stream *s, const char *format, ...) {
    if (s->state == DONE || s->state == FAILED) return;
    // The first few say enough.
    if (failures++ < 5) {
        va_list arguments;
        va_start(arguments, format);
        fprintf(stderr, "load: stream %d: ", (int)(s - streams));
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
    if (s->state == CONNECTING || s->state == UPGRADING || s->state == OPENING) connecting--;
    s->state = FAILED;
    over++;
    close(s->fd);
}

static void write_all(Stream *s, const void *bytes, size_t count) {
    // What a client says here fits an empty socket buffer; anything else is an error.
    if (send(s->fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) fail(s, "cannot write: %s", strerror(errno));
}

// One masked frame (RFC 6455 section 5.3) of at most 65,535 bytes.
static void write_frame(Stream *s, int opcode, const void *payload, size_t count) {
    static uint32_t random = 0x9e3779b9;
    static uint8_t frame[8 + 65535];
    size_t header = 2;
    random = random * 1664525 + 1013904223;
    frame[0] = 0x80 | opcode;
    if (count < 126) {
        frame[1] = 0x80 | count;
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = count >> 8;
        frame[3] = count & 255;
        header = 4;
    }
    uint8_t *mask = frame + header;
    memcpy(mask, &random, 4);
    for (size_t i = 0; i < count; i++) frame[header + 4 + i] = ((const uint8_t *)payload)[i] ^ mask[i & 3];
    write_all(s, frame, header + 4 + count);
}

static void write_text(Stream *s, const char *text) { write_frame(s, 1, text, strlen(text)); }

static void start_connecting(Stream *s) {
    int one = 1;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0) fatal("socket (is the limit of open files too low?)");
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->state = CONNECTING;
    connecting++;
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = s};
    if (connect(s->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fatal("connect");
    if (epoll_ctl(poller, EPOLL_CTL_ADD, s->fd, &event) < 0) fatal("epoll_ctl");
}

static void connected(Stream *s) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        fail(s, "cannot connect: %s", strerror(error));
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = s};
    epoll_ctl(poller, EPOLL_CTL_MOD, s->fd, &event);
    s->state = UPGRADING;
    char request[512];
    // The key need not be random here: there is no cache between us, and the server's answer to it is tested elsewhere.
    int count = snprintf(request, sizeof request,
        "GET /v1/chat HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: d2hpbmNoYXQgYmVuY2htYQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: whinchat.v1\r\n\r\n", ntohs(address.sin_port));
    write_all(s, request, (size_t)count);
}

// Whether a frame is of that type. Servers write the type first; else it is searched for.
static bool is_type(const char *json, size_t count, const char *type) {
    static const char start[] = "{\"type\":\"";
    size_t length = strlen(type);
    if (count > sizeof start + length && memcmp(json, start, sizeof start - 1) == 0)
        return memcmp(json + sizeof start - 1, type, length) == 0 && json[sizeof start - 1 + length] == '"';
    char member[64];
    int size = snprintf(member, sizeof member, "\"type\":\"%s\"", type);
    return memmem(json, count, member, (size_t)size) != NULL;
}

static void take_stamps(Stream *s, const char *text, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (text[i] >= '0' && text[i] <= '9') {
            s->stamp = s->stamp * 10 + (uint64_t)(text[i] - '0');
            continue;
        }
        if (text[i] != ' ' || s->stamp < s->last_stamp || s->stamp > now) {
            fail(s, "token %u is no time after the one before", s->tokens);
            return;
        }
        uint64_t latency = now - s->stamp;
        if (latency > max_latency) max_latency = latency;
        uint64_t bucket = latency / BUCKET_NS;
        latencies[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
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
        fail(s, "a delta without text");
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
        fail(s, "other text than expected from byte %zu on: %.*s", s->text_bytes, (int)(length < 60 ? length : 60), text);
        return;
    }
    s->text_bytes += length;
    for (size_t i = 0; i < length; i++) s->tokens += text[i] == ' ';
}

static void take_message(Stream *s, const char *json, size_t count) {
    frames++;
    int shown = (int)(count < 300 ? count : 300);
    if (s->state == REPLYING && is_type(json, count, "delta")) {
        take_delta(s, json, count);
    } else if (s->state == OPENING && is_type(json, count, "welcome")) {
        s->state = WAITING;
        connecting--;
        waiting++;
    } else if (s->state == REPLYING && is_type(json, count, "turn.done")) {
        bool completed = memmem(json, count, "\"status\":\"completed\"", 20) != NULL;
        if (!completed || s->tokens != (uint32_t)token_count || (!stamps && s->text_bytes != expected_bytes)) {
            fail(s, "ended after %u of %d tokens: %.*s", s->tokens, token_count, shown, json);
            return;
        }
        if (!stamps) tokens += s->tokens;
        s->state = DONE;
        over++;
    } else if (is_type(json, count, "error")) {
        fail(s, "%.*s", shown, json);
    }
}

// Takes the frames at the start of `bytes`; returns how many bytes they were.
static size_t take_frames(Stream *s, uint8_t *bytes, size_t count) {
    size_t taken = 0;
    while (count - taken >= 2 && s->state != FAILED) {
        const uint8_t *frame = bytes + taken;
        size_t header = 2, length = frame[1] & 127;
        if (length == 126) {
            header = 4;
            if (count - taken < header) break;
            length = (size_t)frame[2] << 8 | frame[3];
        } else if (length == 127) {
            header = 10;
            if (count - taken < header) break;
            length = 0;
            for (int i = 2; i < 10; i++) length = length << 8 | frame[i];
        }
        if (frame[1] & 128 || length > MAX_FRAME_BYTES) {
            fail(s, "a masked frame, or one of %zu bytes", length);
            break;
        }
        if (count - taken < header + length) break;
        switch (frame[0]) {
        case 0x81: take_message(s, (const char *)frame + header, length); break;
        case 0x89: write_frame(s, 10, frame + header, length); break;
        case 0x8a: break;
        case 0x88: fail(s, "closed with %d", length >= 2 ? frame[header] << 8 | frame[header + 1] : 1005); break;
        default: fail(s, "a frame that starts with 0x%02x", frame[0]);
        }
        taken += header + length;
    }
    return taken;
}

static void readable(Stream *s) {
    size_t count = s->rest_bytes;
    if (count) memcpy(buffer, s->rest, count);
    ssize_t got = recv(s->fd, buffer + count, sizeof buffer - count, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        fail(s, "the connection ended in state %d: %s", s->state, got < 0 ? strerror(errno) : "end of file");
        return;
    }
    now = monotonic();
    wire_bytes += (uint64_t)got;
    count += (size_t)got;
    size_t taken = 0;
    if (s->state == UPGRADING) {
        uint8_t *end = memmem(buffer, count, "\r\n\r\n", 4);
        if (end) {
            if (memcmp(buffer, "HTTP/1.1 101 ", 13) != 0) {
                fail(s, "not upgraded: %.60s", buffer);
                return;
            }
            taken = (size_t)(end + 4 - buffer);
            s->state = OPENING;
            write_text(s, "{\"type\":\"open\"}");
        }
    }
    if (s->state != UPGRADING) taken += take_frames(s, buffer + taken, count - taken);
    if (s->state == FAILED) return;
    s->rest_bytes = count - taken;
    if (s->rest_bytes) {
        if (!s->rest && !(s->rest = malloc(MAX_FRAME_BYTES + 64))) fatal("malloc");
        if (s->rest_bytes > MAX_FRAME_BYTES + 64) fail(s, "a head without an end");
        else memcpy(s->rest, buffer + taken, s->rest_bytes);
    }
}

static double percentile(double part) {
    uint64_t wanted = (uint64_t)(part * (double)tokens), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        if ((seen += latencies[i]) > wanted) return (double)(i + 1) * BUCKET_NS / 1e6;
    return (double)max_latency / 1e6;
}

static int number(const char *text, int low, int high, const char *name) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || end == text || value < low || value > high) {
        fprintf(stderr, "load: --%s takes a number from %d to %d\n", name, low, high);
        exit(64);
    }
    return (int)value;
}

static void read_arguments(int count, char **arguments) {
    static const struct option options[] = {{"port", 1, 0, 'p'}, {"streams", 1, 0, 'n'}, {"tokens", 1, 0, 't'},
        {"stamps", 1, 0, 's'}, {"timeout", 1, 0, 'T'}, {0, 0, 0, 0}};
    int option, index = 0, port = 0;
    while ((option = getopt_long(count, arguments, "", options, &index)) != -1) {
        const char *name = option == '?' ? "" : options[index].name;
        switch (option) {
        case 'p': port = number(optarg, 1, 65535, name); break;
        case 'n': stream_count = number(optarg, 1, MAX_STREAMS, name); break;
        case 's': stamps = true; // fall through
        case 't': token_count = number(optarg, 1, MAX_TOKENS, name); break;
        case 'T': timeout_seconds = number(optarg, 1, 600, name); break;
        default: exit(64);
        }
    }
    if (!port || !stream_count || !token_count) {
        fprintf(stderr, "load: --port, --streams and --tokens or --stamps are needed\n");
        exit(64);
    }
    // Loopback and nothing else: this is a load.
    address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void prepare(void) {
    streams = calloc((size_t)stream_count, sizeof *streams);
    expected = malloc((size_t)token_count * 9 + 1);
    latencies = calloc(BUCKETS, sizeof *latencies);
    poller = epoll_create1(EPOLL_CLOEXEC);
    if (!streams || !expected || !latencies || poller < 0) fatal("setting up");
    for (int i = 0; i < token_count && !stamps; i++)
        expected_bytes += (size_t)sprintf(expected + expected_bytes, "w%d ", i);
}

static void poll_once(uint64_t deadline) {
    static struct epoll_event events[512];
    int count = epoll_wait(poller, events, 512, 1000);
    if (count < 0 && errno != EINTR) fatal("epoll_wait");
    for (int i = 0; i < count; i++) {
        Stream *s = events[i].data.ptr;
        if (s->state == CONNECTING) connected(s);
        else if (s->state != FAILED) readable(s);
    }
    if (monotonic() < deadline) return;
    fprintf(stderr, "load: time is up: %d of %d replies are over\n", over, stream_count);
    failures += stream_count - over;
    over = stream_count;
}

int main(int count, char **arguments) {
    read_arguments(count, arguments);
    prepare();

    uint64_t begin = monotonic(), deadline = begin + (uint64_t)timeout_seconds * 1000000000u;
    for (int next = 0; waiting + over < stream_count;) {
        while (next < stream_count && connecting < MAX_CONNECTING) start_connecting(&streams[next++]);
        poll_once(deadline);
    }
    uint64_t opened = monotonic();
    puts("ready");
    fflush(stdout);
    while (getchar() != '\n' && !feof(stdin)) {}

    uint64_t start = monotonic();
    deadline = start + (uint64_t)timeout_seconds * 1000000000u;
    frames = wire_bytes = 0;
    for (int i = 0; i < stream_count; i++) {
        if (streams[i].state != WAITING) continue;
        streams[i].state = REPLYING;
        write_text(&streams[i], "{\"type\":\"send\",\"id\":\"m1\",\"text\":\"Go on.\"}");
    }
    while (over < stream_count) poll_once(deadline);
    uint64_t end = monotonic();

    printf("{\"streams\":%d,\"failed\":%d,\"tokens\":%llu,\"delta_frames\":%llu,\"frames\":%llu,\"wire_bytes\":%llu,"
           "\"text_bytes\":%llu,\"open_s\":%.3f,\"wall_s\":%.3f",
        stream_count, failures, (unsigned long long)tokens, (unsigned long long)delta_frames, (unsigned long long)frames,
        (unsigned long long)wire_bytes, (unsigned long long)text_bytes, (double)(opened - begin) / 1e9,
        (double)(end - start) / 1e9);
    if (stamps)
        printf(",\"latency_ms\":{\"p50\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"max\":%.2f}", percentile(0.5), percentile(0.9),
            percentile(0.99), (double)max_latency / 1e6);
    printf("}\n");
    return failures ? 1 : 0;
}
