//! Vectors of 4 numbers on 64-bit ARM.
//!
//! Part of [`super::simd`], whose argument covers it; it must hold nothing but single instructions.

#![expect(
    clippy::inline_always,
    reason = "only inlined do they take on the caller's instructions"
)]

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vaddq_s32, vaddvq_f32, vcvtq_s32_f32, vdupq_n_f32, vdupq_n_s32,
    vfmaq_f32, vld1q_f32, vmaxq_f32, vmulq_f32, vreinterpretq_f32_s32, vrndnq_f32, vshlq_n_s32,
    vst1q_f32, vsubq_f32,
};

use super::Vector;

/// Four numbers; needs NEON.
#[derive(Clone, Copy)]
pub(super) struct Four(float32x4_t);

impl Vector for Four {
    const WIDTH: usize = 4;
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self(unsafe { vdupq_n_f32(value) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        Self(unsafe { vld1q_f32(from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        unsafe { vst1q_f32(to, self.0) }
    }
    #[inline(always)]
    unsafe fn plus(self, other: Self) -> Self {
        Self(unsafe { vaddq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn minus(self, other: Self) -> Self {
        Self(unsafe { vsubq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn fused(self, factor: Self, term: Self) -> Self {
        Self(unsafe { vfmaq_f32(term.0, self.0, factor.0) })
    }
    #[inline(always)]
    unsafe fn larger(self, other: Self) -> Self {
        Self(unsafe { vmaxq_f32(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn nearest(self) -> Self {
        Self(unsafe { vrndnq_f32(self.0) })
    }
    #[inline(always)]
    unsafe fn scaled(self, exponent: Self) -> Self {
        unsafe {
            let biased = vaddq_s32(vcvtq_s32_f32(exponent.0), vdupq_n_s32(127));
            let factor = vreinterpretq_f32_s32(vshlq_n_s32::<23>(biased));
            Self(vmulq_f32(self.0, factor))
        }
    }
    #[inline(always)]
    unsafe fn total(self) -> f32 {
        unsafe { vaddvq_f32(self.0) }
    }
}
