#define _GNU_SOURCE
#include "client.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Some more than a frame, so that a read seldom ends within one.
enum { BUFFER_BYTES = 1 << 20 };
enum { BUCKET_NS = 10000, BUCKETS = 1000000 };

int connecting;
uint64_t now, wire_bytes;
static struct sockaddr_in address;
static int poller = -1, complaints;
static uint8_t buffer[BUFFER_BYTES];
static uint32_t latencies[BUCKETS];
static uint64_t latency_count, max_latency;

uint64_t monotonic(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void fatal(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

int number(const char *text, int low, int high, const char *name) {
    char *end;
    long value = strtol(text, &end, 10);
    if (*end || end == text || value < low || value > high) {
        fprintf(stderr, "load: --%s takes a number from %d to %d\n", name, low, high);
        exit(64);
    }
    return (int)value;
}

void set_port(int port) {
    address = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if ((poller = epoll_create1(EPOLL_CLOEXEC)) < 0) fatal("epoll_create1");
}

void fail(Client *c, const char *format, ...) {
    if (c->link == FAILED) return;
    if (complaints++ < 5) {
        va_list arguments;
        va_start(arguments, format);
        fprintf(stderr, "load: client %d: ", c->number);
        vfprintf(stderr, format, arguments);
        fputc('\n', stderr);
        va_end(arguments);
    }
    if (c->link == CONNECTING || c->link == UPGRADING) connecting--;
    c->link = FAILED;
    close(c->fd);
    failed(c);
}

static void write_all(Client *c, const void *bytes, size_t count) {
    // What a client says here fits an empty socket buffer; anything else is an error.
    if (send(c->fd, bytes, count, MSG_NOSIGNAL) != (ssize_t)count) fail(c, "cannot write: %s", strerror(errno));
}

// One masked frame (RFC 6455 section 5.3) of at most 65,535 bytes.
static void write_frame(Client *c, int opcode, const void *payload, size_t count) {
    static uint32_t random = 0x9e3779b9;
    static uint8_t frame[8 + 65535];
    size_t header = 2;
    random = random * 1664525 + 1013904223;
    frame[0] = (uint8_t)(0x80 | opcode);
    if (count < 126) {
        frame[1] = (uint8_t)(0x80 | count);
    } else {
        frame[1] = 0x80 | 126;
        frame[2] = (uint8_t)(count >> 8);
        frame[3] = count & 255;
        header = 4;
    }
    uint8_t *mask = frame + header;
    memcpy(mask, &random, 4);
    for (size_t i = 0; i < count; i++) frame[header + 4 + i] = ((const uint8_t *)payload)[i] ^ mask[i & 3];
    write_all(c, frame, header + 4 + count);
}

void say(Client *c, const char *json) { write_frame(c, 1, json, strlen(json)); }

void start_connecting(Client *c) {
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) fatal("socket (is the limit of open files too low?)");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->link = CONNECTING;
    c->rest_bytes = 0;
    connecting++;
    struct epoll_event event = {.events = EPOLLOUT, .data.ptr = c};
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) fatal("connect");
    if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) < 0) fatal("epoll_ctl");
}

void disconnect(Client *c) {
    static const uint8_t normal[] = {1000 >> 8, 1000 & 255};
    write_frame(c, 8, normal, sizeof normal);
    if (c->link == FAILED) return;
    close(c->fd);
    c->link = UNCONNECTED;
}

static void connected(Client *c) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) {
        fail(c, "cannot connect: %s", strerror(error));
        return;
    }
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_MOD, c->fd, &event);
    c->link = UPGRADING;
    char request[512];
    // The key need not be random here: there is no cache between us, and the server's answer to it is tested elsewhere.
    int count = snprintf(request, sizeof request,
        "GET /v1/chat HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: d2hpbmNoYXQgYmVuY2htYQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: whinchat.v1\r\n\r\n", ntohs(address.sin_port));
    write_all(c, request, (size_t)count);
}

// Takes the frames at the start of `bytes`; returns how many bytes they were.
static size_t take_frames(Client *c, uint8_t *bytes, size_t count) {
    size_t taken = 0;
    while (count - taken >= 2 && c->link == OPEN) {
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
            fail(c, "a masked frame, or one of %zu bytes", length);
            break;
        }
        if (count - taken < header + length) break;
        switch (frame[0]) {
        case 0x81: heard(c, (const char *)frame + header, length); break;
        case 0x89: write_frame(c, 10, frame + header, length); break;
        case 0x8a: break;
        case 0x88: fail(c, "closed with %d", length >= 2 ? frame[header] << 8 | frame[header + 1] : 1005); break;
        default: fail(c, "a frame that starts with 0x%02x", frame[0]);
        }
        taken += header + length;
    }
    return taken;
}

static void readable(Client *c) {
    size_t count = c->rest_bytes;
    if (count) memcpy(buffer, c->rest, count);
    ssize_t got = recv(c->fd, buffer + count, sizeof buffer - count, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
        fail(c, "the connection ended: %s", got < 0 ? strerror(errno) : "end of file");
        return;
    }
    now = monotonic();
    wire_bytes += (uint64_t)got;
    count += (size_t)got;
    size_t taken = 0;
    if (c->link == UPGRADING) {
        uint8_t *end = memmem(buffer, count, "\r\n\r\n", 4);
        if (end) {
            if (memcmp(buffer, "HTTP/1.1 101 ", 13) != 0) {
                fail(c, "not upgraded: %.60s", buffer);
                return;
            }
            taken = (size_t)(end + 4 - buffer);
            c->link = OPEN;
            connecting--;
            opened(c);
        }
    }
    if (c->link == OPEN) taken += take_frames(c, buffer + taken, count - taken);
    if (c->link != OPEN && c->link != UPGRADING) return;
    c->rest_bytes = count - taken;
    if (c->rest_bytes > MAX_FRAME_BYTES + 64) {
        fail(c, "a head without an end");
    } else if (c->rest_bytes) {
        // Kept from then on: who streams once needs it again.
        if (!c->rest && !(c->rest = malloc(MAX_FRAME_BYTES + 64))) fatal("malloc");
        memcpy(c->rest, buffer + taken, c->rest_bytes);
    }
}

void poll_once(int timeout) {
    static struct epoll_event events[512];
    int count = epoll_wait(poller, events, 512, timeout);
    if (count < 0 && errno != EINTR) fatal("epoll_wait");
    for (int i = 0; i < count; i++) {
        Client *c = events[i].data.ptr;
        if (c->link == CONNECTING) connected(c);
        else if (c->link == UPGRADING || c->link == OPEN) readable(c);
    }
}

void await_line(void) {
    puts("ready");
    fflush(stdout);
    int byte;
    while ((byte = getchar()) != '\n' && byte != EOF) {}
}

bool is_type(const char *json, size_t count, const char *type) {
    static const char member[] = "{\"type\":\"";
    size_t length = strlen(type);
    return count > sizeof member - 1 + length && memcmp(json, member, sizeof member - 1) == 0
        && memcmp(json + sizeof member - 1, type, length) == 0 && json[sizeof member - 1 + length] == '"';
}

bool copy_member(const char *json, size_t count, const char *name, char *value, size_t capacity) {
    char member[64];
    int length = snprintf(member, sizeof member, "\"%s\":\"", name);
    const char *start = memmem(json, count, member, (size_t)length);
    if (!start) return false;
    start += length;
    const char *end = memchr(start, '"', (size_t)(json + count - start));
    if (!end || (size_t)(end - start) >= capacity) return false;
    memcpy(value, start, (size_t)(end - start));
    value[end - start] = 0;
    return true;
}

void note_latency(uint64_t ns) {
    uint64_t bucket = ns / BUCKET_NS;
    latencies[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    latency_count++;
    if (ns > max_latency) max_latency = ns;
}

double latency_ms(double part) {
    uint64_t wanted = (uint64_t)(part * (double)latency_count), seen = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        if ((seen += latencies[i]) > wanted) return (double)(i + 1) * BUCKET_NS / 1e6;
    return (double)max_latency / 1e6;
}

double max_latency_ms(void) { return (double)max_latency / 1e6; }
