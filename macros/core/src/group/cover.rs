//! Arms of a function and arms of its group → the group's arms that can still be reached.
//!
//! rustc refuses an unreachable arm, and an unreachable alternative. Group arms that the function's own arms
//! make unreachable are left out. Those that the group's own arms make unreachable are kept, so that rustc
//! reports them.

use std::collections::HashSet;

use syn::{Expr, ExprLit, Lit, Pat, RangeLimits};

use crate::args::{Arm, StatusRange};
use crate::pattern::{Kind, Leaf, Pattern, Payload, last_word, one_or};

/// The errors that a list of arms matches.
#[derive(Clone, Default)]
struct Covered {
    all: bool,
    classes: HashSet<String>,
    leaves: HashSet<(String, String)>,
    statuses: Vec<(u64, u64)>,
}

/// One alternative of a pattern.
enum Atom {
    All,
    Class(String),
    Leaf(String, String),
    Statuses(u64, u64),
}

/// `shared`, without what `own` matches before it, and without the statuses that are `success` here.
pub(super) fn reachable(own: &[Arm], shared: &[Arm], success: &[StatusRange]) -> Vec<Arm> {
    let mut before = Covered::default();
    let mut both = Covered::default();
    match success {
        [] => both.statuses.push((200, 299)),
        ranges => both.statuses.extend(ranges.iter().map(|range| (range.first, range.last))),
    }
    for arm in own.iter().filter(|arm| arm.guard.is_none()) {
        both.add(&arm.pattern.kind);
    }
    let mut kept = Vec::new();
    for arm in shared {
        let stays = |atom: &Atom| !both.covers(atom) || before.covers(atom);
        if let Some(kind) = rest(&arm.pattern.kind, &stays) {
            let pattern = Pattern { kind, ..arm.pattern.clone() };
            kept.push(Arm { pattern, ..arm.clone() });
        }
        if arm.guard.is_none() {
            before.add(&arm.pattern.kind);
            both.add(&arm.pattern.kind);
        }
    }
    kept
}

impl Covered {
    fn add(&mut self, kind: &Kind) {
        match kind {
            Kind::Any(_) => self.all = true,
            Kind::Or(kinds) => kinds.iter().for_each(|kind| self.add(kind)),
            Kind::Verbatim(pat) => Kind::of_path(pat).iter().for_each(|kind| self.add(kind)),
            Kind::Class(class, payload) => {
                let class = class.to_string();
                match payload {
                    Payload::NoParens { .. } => _ = self.classes.insert(class),
                    Payload::Leaves(_, leaf) => self.add_leaf(class, leaf),
                    Payload::Status(pat) => self.add_statuses(pat),
                    Payload::Verbatim(_) => {}
                }
            }
        }
    }

    fn add_leaf(&mut self, class: String, leaf: &Leaf) {
        match leaf {
            Leaf::Variant(word) => _ = self.leaves.insert((class, word.to_string())),
            Leaf::Binding(_, leaf) => self.add_leaf(class, leaf),
            Leaf::Or(each) => each.iter().for_each(|leaf| self.add_leaf(class.clone(), leaf)),
            Leaf::Verbatim(pat) => match (last_word(pat), pat) {
                (Some(word), _) => _ = self.leaves.insert((class, word.to_string())),
                (None, Pat::Wild(_) | Pat::Ident(_)) => _ = self.classes.insert(class),
                _ => {}
            },
        }
    }

    fn add_statuses(&mut self, pat: &Pat) {
        match pat {
            Pat::Or(or) => or.cases.iter().for_each(|pat| self.add_statuses(pat)),
            Pat::Paren(paren) => self.add_statuses(&paren.pat),
            Pat::Wild(_) => self.statuses.push((0, LAST)),
            Pat::Ident(name) => match &name.subpat {
                Some((_, pat)) => self.add_statuses(pat),
                None => self.statuses.push((0, LAST)),
            },
            pat => self.statuses.extend(statuses(pat)),
        }
    }

    fn covers(&self, atom: &Atom) -> bool {
        self.all
            || match atom {
                Atom::All => false,
                Atom::Class(class) => {
                    self.classes.contains(class)
                        || (class == "Status" && self.covers_statuses(0, LAST))
                }
                Atom::Leaf(class, leaf) => {
                    self.classes.contains(class)
                        || self.leaves.contains(&(class.clone(), leaf.clone()))
                }
                Atom::Statuses(first, last) => {
                    self.classes.contains("Status") || self.covers_statuses(*first, *last)
                }
            }
    }

    fn covers_statuses(&self, first: u64, last: u64) -> bool {
        let mut ranges = self.statuses.clone();
        ranges.sort_unstable();
        let next = ranges.iter().fold(first, |next, range| match range.0 <= next {
            true => next.max(range.1.saturating_add(1)),
            false => next,
        });
        next > last
    }
}

/// The part of a pattern that can still be reached.
fn rest(kind: &Kind, stays: &impl Fn(&Atom) -> bool) -> Option<Kind> {
    match kind {
        Kind::Any(_) => stays(&Atom::All).then(|| kind.clone()),
        Kind::Or(kinds) => {
            one_or(kinds.iter().filter_map(|kind| rest(kind, stays)).collect(), Kind::Or)
        }
        Kind::Verbatim(pat) => match Kind::of_path(pat) {
            Some(class) => rest(&class, stays).map(|_| kind.clone()),
            None => stays(&Atom::All).then(|| kind.clone()),
        },
        Kind::Class(class, payload) => {
            let name = class.to_string();
            let payload = match payload {
                Payload::NoParens { .. } | Payload::Verbatim(_) => {
                    stays(&Atom::Class(name)).then(|| payload.clone())?
                }
                Payload::Leaves(leaves, leaf) => {
                    Payload::Leaves(leaves, rest_of_leaf(&name, leaf, stays)?)
                }
                Payload::Status(pat) => Payload::Status(rest_of_status(pat, stays)?),
            };
            Some(Kind::Class(class.clone(), payload))
        }
    }
}

fn rest_of_leaf(class: &str, leaf: &Leaf, stays: &impl Fn(&Atom) -> bool) -> Option<Leaf> {
    let atom = |word: &dyn ToString| Atom::Leaf(class.to_owned(), word.to_string());
    match leaf {
        Leaf::Variant(word) => stays(&atom(word)).then(|| leaf.clone()),
        Leaf::Verbatim(pat) => {
            let atom = match last_word(pat) {
                Some(word) => atom(word),
                None => Atom::Class(class.to_owned()),
            };
            stays(&atom).then(|| leaf.clone())
        }
        Leaf::Binding(name, leaf) => {
            Some(Leaf::Binding(name.clone(), Box::new(rest_of_leaf(class, leaf, stays)?)))
        }
        Leaf::Or(each) => {
            let kept = each.iter().filter_map(|leaf| rest_of_leaf(class, leaf, stays)).collect();
            one_or(kept, Leaf::Or)
        }
    }
}

fn rest_of_status(pat: &Pat, stays: &impl Fn(&Atom) -> bool) -> Option<Pat> {
    match pat {
        Pat::Or(or) => {
            let cases = or.cases.iter().filter_map(|pat| rest_of_status(pat, stays)).collect();
            one_or(cases, |cases| {
                Pat::Or(syn::PatOr { cases: cases.into_iter().collect(), ..or.clone() })
            })
        }
        Pat::Paren(paren) => rest_of_status(&paren.pat, stays),
        Pat::Ident(name) => match &name.subpat {
            Some((at, pat)) => {
                let pat = rest_of_status(pat, stays)?;
                let subpat = Some((*at, Box::new(in_parens(pat))));
                Some(Pat::Ident(syn::PatIdent { subpat, ..name.clone() }))
            }
            None => stays(&Atom::Statuses(0, LAST)).then(|| pat.clone()),
        },
        _ => {
            let (first, last) = statuses(pat).unwrap_or((0, LAST));
            stays(&Atom::Statuses(first, last)).then(|| pat.clone())
        }
    }
}

/// `name @ 404 | 410` would bind the first alternative alone.
fn in_parens(pat: Pat) -> Pat {
    match pat {
        Pat::Or(_) => Pat::Paren(syn::PatParen {
            attrs: Vec::new(),
            paren_token: syn::token::Paren::default(),
            pat: Box::new(pat),
        }),
        pat => pat,
    }
}

/// The last value of a status' type.
const LAST: u64 = u16::MAX as u64;

/// The first and the last status of a number or a range; `None` if a constant is an end.
fn statuses(pat: &Pat) -> Option<(u64, u64)> {
    let number = |expr: &Expr| match expr {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => number.base10_parse::<u64>().ok(),
        _ => None,
    };
    match pat {
        Pat::Lit(literal) => {
            let status = number(&Expr::Lit(literal.clone()))?;
            Some((status, status))
        }
        Pat::Range(range) => {
            let first = range.start.as_deref().map_or(Some(0), number)?;
            let last = match (&range.end, &range.limits) {
                (None, _) => LAST,
                (Some(end), RangeLimits::Closed(_)) => number(end)?,
                (Some(end), RangeLimits::HalfOpen(_)) => number(end)?.checked_sub(1)?,
            };
            Some((first, last))
        }
        _ => None,
    }
}
