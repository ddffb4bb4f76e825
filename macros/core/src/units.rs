//! The digits and the unit of a literal (`250` `ms`, `64` `KiB`) → a duration, or bytes.

use std::time::Duration;

use crate::habits;

const NANOSECONDS: [(&str, u128); 4] =
    [("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000)];

const BYTES: [(&str, u128); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

pub(crate) fn duration(digits: &str, unit: &str) -> Result<Duration, String> {
    if unit.is_empty() {
        return Err(format!("a duration needs a unit: write `{digits}s` or `{digits}ms`"));
    }
    let Some(factor) = factor(&NANOSECONDS, unit) else {
        return Err(format!(
            "unknown unit of time `{unit}`: write `ms`, `s`, `m` or `h`, as in `{digits}{}`",
            habits::unit(unit).filter(|unit| factor(&NANOSECONDS, unit).is_some()).unwrap_or("s")
        ));
    };
    let nanoseconds = multiply(digits, factor)
        .and_then(|nanoseconds| u64::try_from(nanoseconds).ok())
        .ok_or_else(|| {
            format!("`{digits}{unit}` is not a duration: write it as `250ms`, `0.5s` or `2h`")
        })?;
    Ok(Duration::from_nanos(nanoseconds))
}

/// A number without a unit is a number of bytes.
pub(crate) fn bytes(digits: &str, unit: &str) -> Result<u64, String> {
    let unit_or_bytes = if unit.is_empty() { "B" } else { unit };
    let Some(factor) = factor(&BYTES, unit_or_bytes) else {
        return Err(format!(
            "unknown unit of size `{unit}`: write `B`, `kB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`, \
             as in `{digits}{}`",
            habits::unit(unit).filter(|unit| factor(&BYTES, unit).is_some()).unwrap_or("KiB")
        ));
    };
    multiply(digits, factor).and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(|| {
        format!("`{digits}{unit}` is not a whole number of bytes: write it as `64KiB`")
    })
}

fn factor(table: &[(&str, u128)], unit: &str) -> Option<u128> {
    let (_, factor) = table.iter().find(|(name, _)| *name == unit)?;
    Some(*factor)
}

/// Exact decimal arithmetic. `None` if the product is not a whole number, or too large.
fn multiply(digits: &str, factor: u128) -> Option<u128> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = fraction.trim_end_matches('0');
    let scale = 10_u128.checked_pow(u32::try_from(fraction.len()).ok()?)?;
    let scaled: u128 = format!("{whole}{fraction}").parse().ok()?;
    let product = scaled.checked_mul(factor)?;
    (product % scale == 0).then_some(product / scale)
}

#[cfg(test)]
mod tests {
    use super::{bytes, duration};
    use std::time::Duration;

    #[test]
    fn durations_are_exact() {
        assert_eq!(duration("250", "ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("2", "s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("0.5", "s"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1.5", "m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1", "h"), Ok(Duration::from_secs(3600)));
        assert_eq!(duration("0.25", "ms"), Ok(Duration::from_micros(250)));
    }

    #[test]
    fn sizes_are_exact() {
        assert_eq!(bytes("512", "B"), Ok(512));
        assert_eq!(bytes("512", ""), Ok(512));
        assert_eq!(bytes("10", "kB"), Ok(10_000));
        assert_eq!(bytes("64", "KiB"), Ok(65_536));
        assert_eq!(bytes("0.5", "MiB"), Ok(524_288));
        assert_eq!(bytes("1", "GiB"), Ok(1_073_741_824));
    }

    #[test]
    fn unknown_units_and_inexact_values_are_refused() {
        assert!(duration("5", "").is_err_and(|text| text.contains("`5s`")));
        assert!(duration("5", "sec").is_err_and(|text| text.contains("`sec`")));
        assert!(duration("99999999999999", "h").is_err());
        assert!(duration("1e3", "s").is_err());
        assert!(bytes("1", "KB").is_err_and(|text| text.contains("`KB`")));
        assert!(bytes("0.3", "B").is_err());
        assert!(bytes("340282366920938463463374607431768211455", "GiB").is_err());
    }
}
