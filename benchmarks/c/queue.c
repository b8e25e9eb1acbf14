/* The exact queue in C, as a yardstick: requests first come first served at the least busy of
 * `instances` instances with one slot each, exactly as `queueing.serve` does for one variant.
 *
 *     gcc -O3 -march=native -o queue queue.c -lm && ./queue INSTANCES UTILISATION REQUESTS
 *
 * Prints nanoseconds of CPU for each request, and the mean wait in service times. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static uint64_t state;

static double uniform(void) {
    state += 0x9E3779B97F4A7C15ull;
    uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return ((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

static void push(double *heap, long size, double value) {
    long index = size;
    while (index > 0) {
        long parent = (index - 1) >> 1;
        if (heap[parent] <= value) break;
        heap[index] = heap[parent];
        index = parent;
    }
    heap[index] = value;
}

static double pop(double *heap, long size) {
    double smallest = heap[0], value = heap[size - 1];
    long last = size - 1, index = 0;
    for (;;) {
        long child = 2 * index + 1;
        if (child >= last) break;
        if (child + 1 < last && heap[child + 1] < heap[child]) child++;
        if (value <= heap[child]) break;
        heap[index] = heap[child];
        index = child;
    }
    heap[index] = value;
    return smallest;
}

int main(int argc, char **argv) {
    long instances = atol(argv[1]), requests = atol(argv[3]), room = 1 << 20;
    double busy = atof(argv[2]);
    double *arrivals = malloc(requests * sizeof *arrivals);
    double *services = malloc(requests * sizeof *services);
    double *free_at = calloc(instances, sizeof *free_at);
    double **outstanding = malloc(instances * sizeof *outstanding);
    long *sizes = calloc(instances, sizeof *sizes);
    for (long i = 0; i < instances; i++) outstanding[i] = malloc(room * sizeof **outstanding);
    double at = 0;
    for (long i = 0; i < requests; i++) {
        at += -log(1 - uniform()) / (busy * instances);
        arrivals[i] = at;
        services[i] = -log(1 - uniform());
    }
    double waited = 0;
    clock_t begin = clock();
    for (long i = 0; i < requests; i++) {
        at = arrivals[i];
        long chosen = 0, ties = 0;
        for (long t = 0; t < instances; t++) {
            while (sizes[t] > 0 && outstanding[t][0] <= at) pop(outstanding[t], sizes[t]--);
            if (sizes[t] < sizes[chosen]) chosen = t;
        }
        for (long t = 0; t < instances; t++) ties += sizes[t] == sizes[chosen];
        long pick = (long)(uniform() * ties);
        for (long t = 0; t < instances; t++)
            if (sizes[t] == sizes[chosen] && pick-- == 0) { chosen = t; break; }
        double start = fmax(at, free_at[chosen]), done = start + services[i];
        free_at[chosen] = done;
        push(outstanding[chosen], sizes[chosen]++, done);
        waited += start - at;
    }
    double ns = 1e9 * (clock() - begin) / CLOCKS_PER_SEC / requests;
    printf("%.2f %.6f\n", ns, waited / requests);
    return 0;
}
