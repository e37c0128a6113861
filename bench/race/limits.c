/* What this machine can do at most: memory traffic of a loop over so many bytes, and fused multiply-adds.
 *
 * cc -O3 -march=native -fopenmp -o limits limits.c && ./limits THREADS
 *
 * "update" reads and writes one array in place, as a neuron's state is; 16 bytes an element. "triad" is STREAM's,
 * a = b + s*c; 24 bytes an element. Each figure is the best of several, the loops' own threads have their own parts. */
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __AVX512F__
#define LANES 8
#else
#define LANES 4
#endif
typedef double vec __attribute__((vector_size(8 * LANES)));

enum { TRIES = 5 };
static const double LEAST = 0.02;  /* seconds a try */

static void update(double *restrict a, size_t n, double s)
{
    for (size_t i = 0; i < n; i++)
        a[i] = a[i] * s + 1.0;
}

static void triad(double *restrict a, const double *restrict b, const double *restrict c, size_t n, double s)
{
    for (size_t i = 0; i < n; i++)
        a[i] = b[i] + s * c[i];
}

/* Bytes a second of all threads over `bytes` in all. */
static double traffic(int threads, size_t bytes, int is_triad)
{
    size_t n = bytes / 8 / threads / (is_triad ? 3 : 1);
    double best = 0;
    long rounds = 1;
    for (int tried = 0; tried < TRIES;) {
        double start = 0, stop = 0;
#pragma omp parallel num_threads(threads)
        {
            size_t whole = n * (is_triad ? 3 : 1);
            double *a = aligned_alloc(64, (whole * 8 + 63) / 64 * 64);
            for (size_t i = 0; i < whole; i++)
                a[i] = 1.0;
#pragma omp barrier
#pragma omp master
            start = omp_get_wtime();
#pragma omp barrier
            for (long r = 0; r < rounds; r++) {
                if (is_triad)
                    triad(a, a + n, a + 2 * n, n, 0.5);
                else
                    update(a, n, 0.5);
                __asm__ volatile("" ::: "memory");
            }
#pragma omp barrier
#pragma omp master
            stop = omp_get_wtime();
            free(a);
        }
        double taken = stop - start;
        if (taken < LEAST) {
            rounds *= 2;
            continue;
        }
        double speed = (double)n * threads * rounds * (is_triad ? 24 : 16) / taken;
        best = speed > best ? speed : best;
        tried++;
    }
    return best;
}

/* Floating-point operations a second of all threads, two for a fused multiply-add. */
static double arithmetic(int threads)
{
    enum { CHAINS = 12, ROUNDS = 20000000 };
    double best = 0;
    for (int tried = 0; tried < TRIES; tried++) {
        double start = omp_get_wtime();
#pragma omp parallel num_threads(threads)
        {
            vec x[CHAINS], factor, term;
            for (int k = 0; k < LANES; k++)
                factor[k] = 0.999999, term[k] = 1e-9;
            for (int j = 0; j < CHAINS; j++)
                x[j] = term * (double)j;
            for (long r = 0; r < ROUNDS; r++) {
#pragma GCC unroll 12
                for (int j = 0; j < CHAINS; j++)
                    x[j] = x[j] * factor + term;
                __asm__ volatile("" : "+x"(factor), "+x"(term));
            }
            for (int j = 0; j < CHAINS; j++)
                __asm__ volatile("" :: "x"(x[j]));
        }
        double speed = 2.0 * LANES * CHAINS * ROUNDS * threads / (omp_get_wtime() - start);
        best = speed > best ? speed : best;
    }
    return best;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 1;
    printf("{\"threads\": %d, \"flops\": %.4g, \"update\": [", threads, arithmetic(threads));
    for (size_t bytes = 1 << 14; bytes <= 1 << 28; bytes *= 2)
        printf("%s[%zu, %.4g]", bytes > 1 << 14 ? ", " : "", bytes, traffic(threads, bytes, 0));
    printf("], \"triad\": %.4g}\n", traffic(threads, 1 << 28, 1));
    return 0;
}
