//! What finding the nearest of 100,000 vectors of 384 dimensions costs, and what reading them all from memory would cost at least.
//!
//! Run: `cargo xtask bench vectors`. The scan is bound by memory: the first line says how fast that is here.

#![allow(clippy::print_stdout, reason = "a benchmark tells what it measured besides")]

use std::{hint::black_box, time::Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use heptad_benches::cpu_time;
use heptad_vectors::{Vectors, dot};

const ROWS: usize = 100_000;
const DIMENSIONS: usize = 384;

/// Vectors of length 1 around a few hundred centres, as those of texts are; the same every time.
fn noise() -> impl FnMut() -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut number = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let centres: Vec<Vec<f32>> = (0..300).map(|_| (0..DIMENSIONS).map(|_| number()).collect()).collect();
    let mut at = 0;
    move || {
        at += 1;
        let mut vector: Vec<f32> = centres[at * 7 % centres.len()].iter().map(|x| x + number()).collect();
        let length = dot(&vector, &vector).sqrt();
        vector.iter_mut().for_each(|x| *x /= length);
        vector
    }
}

fn nearest(criterion: &mut Criterion) {
    let mut next = noise();
    let mut vectors = Vectors::new(DIMENSIONS).expect("valid dimensions");
    let rows: Vec<Vec<f32>> = (0..ROWS).map(|_| next()).collect();
    for (at, row) in rows.iter().enumerate() {
        vectors.insert(&at.to_string(), std::slice::from_ref(row)).expect("inserted");
    }
    let queries: Vec<Vec<f32>> = (0..64).map(|_| next()).collect();
    let (cpu, start) = (cpu_time(), Instant::now());
    for query in &queries {
        black_box(vectors.nearest(query, 10, None, 1).expect("answered"));
    }
    if let Some(cpu) = cpu.zip(cpu_time()).map(|(before, after)| after - before) {
        let each = |time: std::time::Duration| time.as_secs_f64() * 1e3 / queries.len() as f64;
        println!(
            "{ROWS} x {DIMENSIONS}, 10 nearest, 1 thread: {:.2} ms, cpu {:.2} ms",
            each(start.elapsed()),
            each(cpu)
        );
    }
    let mut group = criterion.benchmark_group("vectors");
    group.sample_size(20);
    let mut queries = queries.iter().cycle();
    let mut query = || queries.next().expect("endless").as_slice();
    group.throughput(Throughput::Bytes((ROWS * DIMENSIONS * 4) as u64));
    group.bench_function("sum every number (memory)", |bencher| {
        bencher.iter(|| rows.iter().map(|row| dot(row, row)).sum::<f32>());
    });
    group.bench_function("every product in full", |bencher| {
        bencher.iter_batched(
            &mut query,
            |query| rows.iter().map(|row| dot(row, query)).fold(0.0, f32::max),
            BatchSize::SmallInput,
        );
    });
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, count, threads) in [
        ("10 nearest, 1 thread", 10, 1),
        ("10 nearest, 2 threads", 10, 2),
        ("1000 nearest, 1 thread", 1000, 1),
    ] {
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                &mut query,
                |query| vectors.nearest(query, count, None, threads).map(|found| found.len()),
                BatchSize::SmallInput,
            );
        });
    }
    let some: Vec<String> = (0..ROWS).step_by(100).map(|at| at.to_string()).collect();
    let allowed = vectors.allow(some.iter().map(String::as_str));
    group.bench_function("10 nearest of 1 %, 1 thread", |bencher| {
        bencher.iter_batched(
            &mut query,
            |query| vectors.nearest(query, 10, Some(&allowed), 1).map(|found| found.len()),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

criterion_group!(benches, nearest);
criterion_main!(benches);
