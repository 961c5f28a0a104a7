// What every load here needs: many WebSockets on one thread, spoken to in JSON texts.
//
// It shares the machine with what it measures, so it does little: one thread, and no allocation while frames come.

#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Handshakes under way at once: the server's listen queue is not what is measured.
enum { MAX_CONNECTING = 64 };
// A server frame has at most 256 KiB.
enum { MAX_FRAME_BYTES = 256 << 10 };
enum { MAX_CLIENTS = 10000 };

typedef enum { UNCONNECTED, CONNECTING, UPGRADING, OPEN, FAILED } Link;

// The first member of a load's own structure for a client.
typedef struct {
    int fd, number;
    Link link;
    uint8_t *rest;  // an incomplete frame, until the next read
    size_t rest_bytes;
} Client;

// Clients between the start of their connection and its upgrade.
extern int connecting;
// The monotonic time in ns of the newest read, and what all reads brought.
extern uint64_t now, wire_bytes;

// What the load says to what happens.
void opened(Client *c);
void heard(Client *c, const char *json, size_t count);
void failed(Client *c);

uint64_t monotonic(void);
// A number out of the command line; ends the program where it is none or out of bounds.
int number(const char *text, int low, int high, const char *name);
void fatal(const char *what);

// Loopback and nothing else: these are loads.
void set_port(int port);
void start_connecting(Client *c);
// Closes the connection in good order; the client can be connected again.
void disconnect(Client *c);
void say(Client *c, const char *json);
// Prints why (the first few say enough), and closes.
__attribute__((format(printf, 2, 3))) void fail(Client *c, const char *format, ...);
// Waits for events, at most so many ms, and has them dealt with.
void poll_once(int timeout);
// Prints "ready" and waits for a line, so that the caller can read the server's CPU time. Sockets are not read meanwhile.
void await_line(void);
// Whether a server frame is of that type.
bool is_type(const char *json, size_t count, const char *type);
// The value of a member that is a string without escapes, copied; false where it is not there or too long.
bool copy_member(const char *json, size_t count, const char *name, char *value, size_t capacity);

// Latencies, counted in buckets of 10 us, up to 10 s.
void note_latency(uint64_t ns);
double latency_ms(double part);
double max_latency_ms(void);
