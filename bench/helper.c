/* What a benchmark needs beside servers and dnsperf.  Built by bench/helper.py.
 *
 *   helper echo PORT               sends every packet back as an answer: what two system calls a query cost
 *   helper answer PORT             an authoritative server that has an A record for every name
 *   helper pace PORT RATE SECONDS  asks the names of its standard input at an even rate, never sleeping; prints JSON
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define MOST 65536

static int open_socket(int port, int serve) {
    int sock = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(sock, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if ((serve ? bind : connect)(sock, (struct sockaddr *)&address, sizeof address)) {
        perror("helper");
        exit(1);
    }
    return sock;
}

static void serve(int port, int with_record) {
    static const unsigned char record[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1};
    unsigned char packet[4096];
    int sock = open_socket(port, 1);
    for (;;) {
        struct sockaddr_in from;
        socklen_t room = sizeof from;
        int size = recvfrom(sock, packet, sizeof packet, 0, (struct sockaddr *)&from, &room), at = 12;
        if (size < 17)
            continue;
        packet[2] |= 0x80;
        packet[3] = 0x80;
        if (with_record) {
            while (at < size && packet[at])
                at += packet[at] + 1;
            at += 5;
            if (at > size)
                continue;
            memset(packet + 6, 0, 6);
            if (packet[at - 3] == 1) {
                packet[7] = 1;
                memcpy(packet + at, record, sizeof record);
                at += sizeof record;
            }
            size = at;
        }
        sendto(sock, packet, size, 0, (struct sockaddr *)&from, room);
    }
}

static int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static unsigned char names[1024][512];
static int sizes[1024], count;

static void read_names(void) {
    char line[300];
    while (count < 1024 && fgets(line, sizeof line, stdin)) {
        unsigned char *packet = names[count];
        int at = 12;
        memcpy(packet, "\0\0\1\0\0\1\0\0\0\0\0\0", 12);
        for (char *label = strtok(line, ". \n"); label && strcmp(label, "A"); label = strtok(NULL, ". \n")) {
            int length = strlen(label);
            packet[at++] = length;
            memcpy(packet + at, label, length);
            at += length;
        }
        memcpy(packet + at, "\0\0\1\0\1", 5);
        sizes[count++] = at + 5;
    }
}

static int64_t sent_at[MOST];

static void pace(int port, int rate, int seconds) {
    int sock = open_socket(port, 0);
    int64_t asked = 0, answered = 0, total = (int64_t)rate * seconds, begin = now(), end = 0;
    int64_t *latencies = malloc(total * sizeof *latencies);
    unsigned char packet[4096];
    fcntl(sock, F_SETFL, O_NONBLOCK);
    while (asked < total || (answered < asked && now() < end + 1000000000LL)) {
        int64_t time = now();
        if (asked < total && time >= begin + asked * 1000000000LL / rate) {
            unsigned char *query = names[asked % count];
            query[0] = asked >> 8;
            query[1] = asked;
            sent_at[asked % MOST] = time;
            if (send(sock, query, sizes[asked % count], 0) < 0)
                sent_at[asked % MOST] = 0;
            asked++;
            end = time;
        }
        while (recv(sock, packet, sizeof packet, 0) > 12) {
            int id = packet[0] << 8 | packet[1];
            if (sent_at[id]) {
                latencies[answered++] = now() - sent_at[id];
                sent_at[id] = 0;
            }
        }
    }
    qsort(latencies, answered, sizeof *latencies, compare);
#define AT(part) (answered ? latencies[(int64_t)((answered - 1) * part)] / 1000.0 : 0)
    printf("{\"asked\": %lld, \"lost\": %lld, \"p50\": %.1f, \"p99\": %.1f, \"p99.9\": %.1f, \"longest\": %.1f}\n",
           (long long)asked, (long long)(asked - answered), AT(.5), AT(.99), AT(.999), AT(1.0));
}

int main(int argc, char **argv) {
    if (argc == 3 && !strcmp(argv[1], "echo"))
        serve(atoi(argv[2]), 0);
    if (argc == 3 && !strcmp(argv[1], "answer"))
        serve(atoi(argv[2]), 1);
    if (argc == 5 && !strcmp(argv[1], "pace")) {
        read_names();
        pace(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]));
        return 0;
    }
    return 2;
}
