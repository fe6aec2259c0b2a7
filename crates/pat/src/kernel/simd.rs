//! The only place of this crate with `unsafe`: vector instructions, chosen when the program runs.
//!
//! Why it is needed: the compiler may not emit AVX-512 or AVX2 for a program that must also start on
//! processors without them, and no safe way reaches those instructions on stable Rust.
//!
//! Why it is sound, in three parts:
//! 1. *Instructions.* A function compiled for an instruction set is called only by `multiply`,
//!    `maximum`, `powers` and `across`, after matching a [`Set`]. A `Set` other than `Portable` is
//!    made only in `supported`, after the processor was asked; the type cannot be named outside.
//! 2. *Memory.* Pointers come from slices. A row is `PANEL` numbers and `tokens` is at most `PANEL`
//!    and a multiple of 16, hence of every vector's width, so vectors starting at multiples of their
//!    width below `tokens` stay inside a row. Rows are numbered below the length of their slice. The
//!    left factor of a product is read at `row · stride + k · step`, which the caller of `multiply`
//!    has checked against its length for the last row and the last `k`. `out` is borrowed
//!    exclusively and so overlaps nothing.
//! 3. *Alignment and values.* Loads and stores are the unaligned ones; every bit pattern is an `f32`.
//!
//! It must never allocate, panic or decide anything about the encoder.

#![expect(
    unsafe_code,
    reason = "vector instructions chosen at run time; argued above"
)]
#![expect(
    clippy::inline_always,
    reason = "only inlined do the bodies take on the caller's instructions"
)]

use super::{LEFT_WIDTH, Left, Onto, PANEL, Row};

#[cfg(target_arch = "x86_64")]
mod x86;

/// Powers of two between −½ and ½ as 1 + Σ cₙfⁿ: the smallest largest relative error, 9.1e-8.
#[expect(clippy::approx_constant, reason = "fitted, and not ln 2")]
const POWER: [f32; 5] = [
    0.693_147,
    0.240_222_42,
    0.055_507_336,
    0.009_671_513,
    0.001_326_472_7,
];
/// Below this a power counts as this one: two to it is the smallest normal number.
const POWER_LEAST: f32 = -126.0;

/// An instruction set; one that is not portable exists only where the processor has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Set {
    pub(super) const fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }
}

/// What the processor has, fastest first.
pub(super) fn supported() -> Vec<Set> {
    let mut sets = Vec::with_capacity(3);
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            sets.push(Set::Avx512);
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            sets.push(Set::Avx2);
        }
    }
    sets.push(Set::Portable);
    sets
}

/// A vector of `WIDTH` numbers.
///
/// Safety of every method: the processor has the instructions, and `WIDTH` numbers lie at a pointer.
trait Vector: Copy {
    const WIDTH: usize;
    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn plus(self, other: Self) -> Self;
    unsafe fn minus(self, other: Self) -> Self;
    /// `self · factor + term`, rounded once where the processor can.
    unsafe fn fused(self, factor: Self, term: Self) -> Self;
    unsafe fn larger(self, other: Self) -> Self;
    /// The nearest whole number.
    unsafe fn nearest(self) -> Self;
    /// `self · 2^exponent` for a whole exponent from `POWER_LEAST` to 127.
    unsafe fn scaled(self, exponent: Self) -> Self;
    /// The sum of all.
    unsafe fn total(self) -> f32;
}

/// Sums of `TALL` rows by `WIDE` vectors, kept in registers while `depth` is walked once.
///
/// Safety: as argued above; `ROW` lies between rows of `left`, `step` between its columns.
#[inline(always)]
unsafe fn tile<V: Vector, const TALL: usize, const WIDE: usize, const ROW: usize>(
    out: *mut f32,
    (left, step): (*const f32, usize),
    (right, depth): (*const f32, usize),
    onto: Onto,
) {
    unsafe {
        let mut sums = [[V::splat(0.0); WIDE]; TALL];
        for k in 0..depth {
            let mut values = [V::splat(0.0); WIDE];
            for (column, value) in values.iter_mut().enumerate() {
                *value = V::load(right.add(k * PANEL + column * V::WIDTH));
            }
            for (row, sums) in sums.iter_mut().enumerate() {
                let factor = V::splat(*left.add(k * step + row * ROW));
                for (sum, value) in sums.iter_mut().zip(values) {
                    *sum = factor.fused(value, *sum);
                }
            }
        }
        for (row, sums) in sums.into_iter().enumerate() {
            for (column, sum) in sums.into_iter().enumerate() {
                let to = out.add(row * PANEL + column * V::WIDTH);
                let sum = match onto {
                    Onto::Nothing => sum,
                    Onto::Sum => sum.plus(V::load(to)),
                };
                sum.store(to);
            }
        }
    }
}

/// Covers `out` with tiles: columns of up to `WIDE` vectors, each from the top in steps of `TALL` rows.
#[inline(always)]
unsafe fn product<V: Vector, const TALL: usize, const WIDE: usize, const ROW: usize>(
    out: &mut [Row],
    left: (&[f32], usize),
    right: &[Row],
    tokens: usize,
    onto: Onto,
) {
    let (rows, depth) = (out.len(), right.len());
    let out: *mut f32 = out.as_mut_ptr().cast();
    let right: *const f32 = right.as_ptr().cast();
    let mut token = 0;
    while token < tokens {
        let wide = ((tokens - token) / V::WIDTH).min(WIDE);
        unsafe {
            let out = out.add(token);
            let right = (right.add(token), depth);
            match wide {
                3 => column::<V, TALL, 3, ROW>((out, rows), left, right, onto),
                2 => column::<V, TALL, 2, ROW>((out, rows), left, right, onto),
                _ => column::<V, TALL, 1, ROW>((out, rows), left, right, onto),
            }
        }
        token += wide * V::WIDTH;
    }
}

/// One column of tiles; what is left under the tall ones is 2, 4 or 6 rows.
#[inline(always)]
unsafe fn column<V: Vector, const TALL: usize, const WIDE: usize, const ROW: usize>(
    (out, rows): (*mut f32, usize),
    (left, step): (&[f32], usize),
    right: (*const f32, usize),
    onto: Onto,
) {
    let mut row = 0;
    while row < rows {
        unsafe {
            let out = out.add(row * PANEL);
            let left = (left.as_ptr().add(row * ROW), step);
            row += match rows - row {
                rest if rest >= TALL => {
                    tile::<V, TALL, WIDE, ROW>(out, left, right, onto);
                    TALL
                }
                rest if rest >= 4 => {
                    tile::<V, 4, WIDE, ROW>(out, left, right, onto);
                    4
                }
                _ => {
                    tile::<V, 2, WIDE, ROW>(out, left, right, onto);
                    2
                }
            };
        }
    }
}

#[inline(always)]
unsafe fn largest_of<V: Vector>(rows: &[Row], largest: &mut Row, tokens: usize) {
    let mut token = 0;
    while token < tokens {
        unsafe {
            let to = largest.0.as_mut_ptr().add(token);
            let mut kept = V::load(to);
            for row in rows {
                kept = kept.larger(V::load(row.0.as_ptr().add(token)));
            }
            kept.store(to);
        }
        token += V::WIDTH;
    }
}

#[inline(always)]
unsafe fn powers_of<V: Vector>(rows: &mut [Row], largest: &Row, sums: &mut Row, tokens: usize) {
    let mut token = 0;
    while token < tokens {
        unsafe {
            let largest = V::load(largest.0.as_ptr().add(token));
            let mut sum = V::splat(0.0);
            for row in &mut *rows {
                let at = row.0.as_mut_ptr().add(token);
                let power = power(V::load(at).minus(largest));
                power.store(at);
                sum = sum.plus(power);
            }
            let to = sums.0.as_mut_ptr().add(token);
            sum.plus(V::load(to)).store(to);
        }
        token += V::WIDTH;
    }
}

/// Two to the power of `exponent`, which is at most 0.
#[inline(always)]
unsafe fn power<V: Vector>(exponent: V) -> V {
    unsafe {
        let exponent = exponent.larger(V::splat(POWER_LEAST));
        let whole = exponent.nearest();
        let part = exponent.minus(whole);
        let [first, second, third, fourth, fifth] = POWER;
        let mut sum = V::splat(fifth);
        for factor in [fourth, third, second, first, 1.0] {
            sum = sum.fused(part, V::splat(factor));
        }
        sum.scaled(whole)
    }
}

#[inline(always)]
unsafe fn across_of<V: Vector>(rows: &[Row], factors: &Row, sums: &mut [f32], tokens: usize) {
    for (row, total) in rows.iter().zip(sums) {
        unsafe {
            let mut sum = V::splat(0.0);
            let mut token = 0;
            while token < tokens {
                let factor = V::load(factors.0.as_ptr().add(token));
                sum = factor.fused(V::load(row.0.as_ptr().add(token)), sum);
                token += V::WIDTH;
            }
            *total += sum.total();
        }
    }
}

/// The four loops compiled for an instruction set, with tiles as tall and wide as its registers allow.
///
/// Besides the sums they hold a row of `right` and one or two factors; one register too few costs a
/// third of the speed, because a sum then goes through memory in every step.
macro_rules! compiled {
    ($name:ident, $vector:ty, $tall:literal, $wide:literal $(, #[$feature:meta])?) => {
        mod $name {
            use super::*;

            $(#[$feature])?
            pub(super) unsafe fn multiply(
                out: &mut [Row],
                left: Left<'_>,
                right: &[Row],
                tokens: usize,
                onto: Onto,
            ) {
                unsafe {
                    match left {
                        Left::Rows(left) => product::<$vector, $tall, $wide, LEFT_WIDTH>(
                            out, (left, 1), right, tokens, onto,
                        ),
                        Left::Columns(left, step) => product::<$vector, $tall, $wide, 1>(
                            out, (left, step), right, tokens, onto,
                        ),
                    }
                }
            }

            $(#[$feature])?
            pub(super) unsafe fn maximum(rows: &[Row], largest: &mut Row, tokens: usize) {
                unsafe { largest_of::<$vector>(rows, largest, tokens) }
            }

            $(#[$feature])?
            pub(super) unsafe fn powers(
                rows: &mut [Row], largest: &Row, sums: &mut Row, tokens: usize,
            ) {
                unsafe { powers_of::<$vector>(rows, largest, sums, tokens) }
            }

            $(#[$feature])?
            pub(super) unsafe fn across(
                rows: &[Row], factors: &Row, sums: &mut [f32], tokens: usize,
            ) {
                unsafe { across_of::<$vector>(rows, factors, sums, tokens) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
compiled!(avx512, x86::Sixteen, 8, 3, #[target_feature(enable = "avx512f")]);
#[cfg(target_arch = "x86_64")]
compiled!(avx2, x86::Eight, 6, 2, #[target_feature(enable = "avx2,fma")]);
compiled!(portable, Portable, 4, 3);

/// Calls a loop as it was compiled for `$set`.
macro_rules! chosen {
    ($set:expr, $loop:ident ( $($argument:expr),* )) => {
        // Sound: a set exists only where the processor has it (1), and the caller checked shapes (2).
        unsafe {
            match $set {
                #[cfg(target_arch = "x86_64")]
                Set::Avx512 => avx512::$loop($($argument),*),
                #[cfg(target_arch = "x86_64")]
                Set::Avx2 => avx2::$loop($($argument),*),
                Set::Portable => portable::$loop($($argument),*),
            }
        }
    };
}

/// Shapes are checked by [`super::Instructions::multiply`], which is the only caller.
pub(super) fn multiply(
    set: Set,
    out: &mut [Row],
    left: Left<'_>,
    right: &[Row],
    tokens: usize,
    onto: Onto,
) {
    chosen!(set, multiply(out, left, right, tokens, onto));
}

/// Shapes are checked by [`super::Instructions::maximum`].
pub(super) fn maximum(set: Set, rows: &[Row], largest: &mut Row, tokens: usize) {
    chosen!(set, maximum(rows, largest, tokens));
}

/// Shapes are checked by [`super::Instructions::powers`].
pub(super) fn powers(set: Set, rows: &mut [Row], largest: &Row, sums: &mut Row, tokens: usize) {
    chosen!(set, powers(rows, largest, sums, tokens));
}

/// Shapes are checked by [`super::Instructions::across`].
pub(super) fn across(set: Set, rows: &[Row], factors: &Row, sums: &mut [f32], tokens: usize) {
    chosen!(set, across(rows, factors, sums, tokens));
}

/// Four numbers and plain arithmetic, for every processor.
#[derive(Clone, Copy)]
struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn with(self, other: Self, change: impl Fn(f32, f32) -> f32) -> Self {
        Self(std::array::from_fn(|lane| {
            change(self.0[lane], other.0[lane])
        }))
    }
}

impl Vector for Portable {
    const WIDTH: usize = 4;
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { from.cast::<[f32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { to.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        self.with(other, |one, other| one + other)
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        self.with(other, |one, other| one - other)
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        self.with(factor, |one, factor| one * factor)
            .with(term, |product, term| product + term)
    }
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        self.with(other, |one, other| if one > other { one } else { other })
    }
    #[inline(always)]
    unsafe fn nearest(self) -> Self {
        // Adding and taking away 1.5 · 2²³ leaves no place for a fraction.
        Self(self.0.map(|value| (value + 12_582_912.0) - 12_582_912.0))
    }
    #[inline(always)]
    unsafe fn scaled(self, exponent: Self) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and between -126 and 127"
        )]
        #[expect(clippy::cast_sign_loss, reason = "at least 1 after the bias is added")]
        self.with(exponent, |value, exponent| {
            value * f32::from_bits(((exponent as i32 + 127) as u32) << 23)
        })
    }
    #[inline(always)]
    unsafe fn total(self) -> f32 {
        let [first, second, third, fourth] = self.0;
        (first + second) + (third + fourth)
    }
}
