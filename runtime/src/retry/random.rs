//! Random numbers for jitter and idempotency keys, from the standard library's hasher, which is seeded with
//! the system's entropy.
//!
//! They are neither fast nor fit for secrets, and need not be.

use std::hash::{BuildHasher as _, RandomState};

fn word() -> u64 {
    RandomState::new().hash_one(())
}

/// Uniform in `0.0..1.0`.
pub(crate) fn fraction() -> f64 {
    // As many bits as the mantissa has, so that 1.0 is never reached.
    (word() >> 11) as f64 / (1_u64 << 53) as f64
}

/// A random UUID (RFC 9562 §5.4).
pub(crate) fn uuid() -> String {
    let (high, low) = (word(), word());
    let high = high & !0xf000 | 0x4000;
    let low = low & !(0b11 << 62) | 0b10 << 62;
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_spread_between_zero_and_one() {
        let fractions: Vec<f64> = (0..1000).map(|_| fraction()).collect();
        assert!(fractions.iter().all(|fraction| (0.0..1.0).contains(fraction)));
        let mean = fractions.iter().sum::<f64>() / 1000.0;
        // Nine standard deviations of the mean of a thousand samples.
        assert!((mean - 0.5).abs() < 0.09, "{mean}");
    }

    #[test]
    fn a_uuid_has_its_version_and_variant() {
        let uuid = uuid();
        assert_eq!(uuid.len(), 36);
        assert_eq!(&uuid[14..15], "4");
        assert!(["8", "9", "a", "b"].contains(&&uuid[19..20]), "{uuid}");
        assert_ne!(uuid, super::uuid());
    }
}
