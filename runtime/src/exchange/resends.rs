//! Counts how often a hop was sent again automatically.
//!
//! Each cause has its own count: a call that moved to the next connection several times still has all its
//! resends for a refused stream.

use http::Method;

use crate::{classify::Resend, error::Sent, retry::decision::is_idempotent};

/// How often a request that the server did not process is sent again.
const FEW: u32 = 5;
/// How often a request moves to the next connection together with all others.
const MOVED: u32 = 20;

#[derive(Debug, Default)]
pub(super) struct Resends {
    few: u32,
    moved: u32,
}

impl Resends {
    /// Whether a request that is not sent may be sent again once more.
    pub(super) fn remain(&self) -> bool {
        self.few < FEW
    }

    /// Whether the hop is sent again, which is then counted. Input: also, how much of it was sent.
    pub(super) fn take(&mut self, resend: Resend, sent: Sent, method: &Method) -> bool {
        if sent != Sent::No && !is_idempotent(method) {
            return false;
        }
        let (count, most) = match resend {
            Resend::Never => return false,
            Resend::Few => (&mut self.few, FEW),
            Resend::Moved => (&mut self.moved, MOVED),
            Resend::InTurn => return true,
        };
        let is_left = *count < most;
        *count += u32::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(resend: Resend, sent: Sent, method: &Method) -> usize {
        let mut resends = Resends::default();
        (0..1000).filter(|_| resends.take(resend, sent, method)).count()
    }

    #[test]
    fn the_cause_and_the_method_limit_the_resends() {
        for (resend, expected) in
            [(Resend::Never, 0), (Resend::Few, 5), (Resend::Moved, 20), (Resend::InTurn, 1000)]
        {
            for method in [Method::GET, Method::POST] {
                assert_eq!(times(resend, Sent::No, &method), expected, "{method} {resend:?}");
            }
            assert_eq!(times(resend, Sent::Maybe, &Method::PUT), expected, "{resend:?}");
            assert_eq!(times(resend, Sent::Maybe, &Method::POST), 0, "{resend:?}");
        }
    }

    #[test]
    fn each_cause_has_its_own_count() {
        let mut resends = Resends::default();
        while resends.take(Resend::Moved, Sent::No, &Method::GET) {}
        assert!(resends.remain());
        for _ in 0..5 {
            assert!(resends.remain());
            assert!(resends.take(Resend::Few, Sent::No, &Method::GET));
        }
        assert!(!resends.remain());
        assert!(resends.take(Resend::InTurn, Sent::No, &Method::GET));
    }
}
