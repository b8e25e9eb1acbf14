/* Target tracking minute by minute in C, as a yardstick for the compiled lane: one variant, a high
 * alarm of three minutes and a low one of fifteen, cooldowns, instances that take a while to start,
 * requests counted by instances and level of utilisation.
 *
 *     gcc -O3 -march=native -o minutes minutes.c -lm && ./minutes MINUTES < counts
 *
 * Prints nanoseconds of CPU for each simulated minute. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEVELS = 128, MOST = 64 };
typedef struct { double threshold; int periods, above, bad, state; double acted; } Alarm;

static double points[256];

static int breaches(const Alarm *alarm, double value) {
    return alarm->above ? value > alarm->threshold : value < alarm->threshold;
}

static int evaluate(Alarm *alarm, long newest, double at) {
    if (newest < 0) return 0;
    alarm->bad += breaches(alarm, points[newest & 255]);
    if (newest >= alarm->periods)
        alarm->bad -= breaches(alarm, points[(newest - alarm->periods) & 255]);
    int state = newest + 1 >= alarm->periods ? alarm->bad >= alarm->periods : 2;
    int before = alarm->state;
    alarm->state = state;
    if (state != 1 || (before == 1 && at - alarm->acted < 60)) return 0;
    alarm->acted = at;
    return 1;
}

int main(int argc, char **argv) {
    long minutes = atol(argv[1]), count = 0;
    double *load = malloc(minutes * sizeof *load);
    while (count < minutes && scanf("%lf", &load[count]) == 1) count++;
    static double cells[MOST + 1][LEVELS + 1];
    double ready[MOST];
    double target = atof(argv[2]), service = atof(argv[3]), start = 240, out_until = -1, in_until = -1;
    long desired = 1, serving = 1, minimum = 1, maximum = 16;
    Alarm high = {target, 3, 1, 0, 2, -1e9}, low = {0.9 * target, 15, 0, 0, 2, -1e9};
    double needed = 0, paid = 0;
    clock_t begin = clock();
    for (long minute = 0; minute < minutes; minute++) {
        double at = 60.0 * minute;
        long newest = minute - 1;
        while (serving < desired && ready[serving] <= at) serving++;
        if (evaluate(&high, newest, at + 35) && at >= out_until) {
            double value = points[newest & 255];
            long wanted = (long)ceil(serving * value / target);
            if (wanted > maximum) wanted = maximum;
            for (long i = desired; i < wanted; i++) ready[i] = at + 35 + start;
            if (wanted > desired) { desired = wanted; out_until = at + start + 60; in_until = -1; }
        }
        if (evaluate(&low, newest, at + 50) && at >= in_until && desired > minimum) {
            double value = points[newest & 255];
            long wanted = (long)ceil(serving * value / target);
            if (wanted < desired - 1) wanted = desired - 1;
            if (wanted < minimum) wanted = minimum;
            if (wanted < desired) {
                desired = wanted;
                if (serving > desired) serving = desired;
                in_until = at + 300;
            }
        }
        double rate = load[minute] / 60, busy = rate * service / serving;
        long level = (long)(busy * LEVELS);
        cells[serving][level < LEVELS ? level : LEVELS] += load[minute];
        points[minute & 255] = load[minute] * (1.0 / serving);
        needed += busy > 0.8;
        paid += 60.0 * desired;
    }
    double ns = 1e9 * (clock() - begin) / CLOCKS_PER_SEC / minutes;
    double total = 0;
    for (long n = 0; n <= MOST; n++) for (long k = 0; k <= LEVELS; k++) total += cells[n][k];
    printf("%.2f %.0f %.0f %.0f\n", ns, paid / 3600, needed, total);
    return 0;
}
