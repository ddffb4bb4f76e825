//! Calls a function again and again, and says on standard output what that took.
//!
//! The peers compile this file too, so that every client is driven by the same loop.

use std::{
    fs,
    future::Future,
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// How often, and how many at a time.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Plan {
    /// One after the other, so that two runs do exactly the same.
    Sequential { calls: u64 },
    /// For a time, after a round to open the connections.
    Concurrent { in_flight: u64, time: Duration },
    /// Once each, all at a time. The call is given how many they are, so that the server can answer when
    /// the last has come.
    Held { in_flight: u64 },
}

impl Plan {
    /// `sequential CALLS` or `concurrent IN_FLIGHT MILLISECONDS`, or `held IN_FLIGHT`.
    pub(crate) fn parse(args: &[String]) -> Option<Self> {
        let number = |at: usize| args.get(at)?.parse().ok();
        match args.first()?.as_str() {
            "sequential" => Some(Self::Sequential { calls: number(1)? }),
            "concurrent" => Some(Self::Concurrent {
                in_flight: number(1)?,
                time: Duration::from_millis(number(2)?),
            }),
            "held" => Some(Self::Held { in_flight: number(1)? }),
            _ => None,
        }
    }
}

/// Input: a plan, and what to call with 0, 1, 2, …; it panics if the call fails.
/// Output: a line `CALLS NANOSECONDS PROCESSOR_NANOSECONDS PEAK_KIBIBYTES`.
pub(crate) fn drive<F, Fut>(plan: Plan, call: F)
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = usize> + Send,
{
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime needs a few file descriptors");
    let (calls, wall, processor) = runtime.block_on(async move {
        match plan {
            Plan::Sequential { calls } => {
                for id in 0..calls {
                    black_box(call(id).await);
                }
                (calls, Duration::ZERO, 0)
            }
            Plan::Concurrent { in_flight, time } => {
                let call = Arc::new(call);
                round(&call, in_flight, move |calls| calls < 4 * in_flight).await;
                let processor = processor_time();
                let start = Instant::now();
                let calls = round(&call, in_flight, move |_| start.elapsed() < time).await;
                (calls, start.elapsed(), processor_time() - processor)
            }
            Plan::Held { in_flight } => {
                let call = Arc::new(move |_| call(in_flight));
                let calls = round(&call, in_flight, move |calls| calls < in_flight).await;
                (calls, Duration::ZERO, 0)
            }
        }
    });
    println!("{calls} {} {processor} {}", wall.as_nanos(), peak_memory());
}

/// Calls from `in_flight` tasks, until `more` says no to the number of calls begun.
async fn round<F, Fut>(
    call: &Arc<F>,
    in_flight: u64,
    more: impl Fn(u64) -> bool + Copy + Send + 'static,
) -> u64
where
    F: Fn(u64) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = usize> + Send,
{
    let next = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..in_flight)
        .map(|_| {
            let (call, next) = (Arc::clone(call), Arc::clone(&next));
            tokio::spawn(async move {
                let mut done = 0;
                loop {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    if !more(id) {
                        return done;
                    }
                    black_box(call(id).await);
                    done += 1;
                }
            })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        done += task.await.expect("a call failed");
    }
    done
}

/// What the main thread, on which everything runs, has used of the processor, in nanoseconds.
fn processor_time() -> u64 {
    let stat = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    stat.split(' ').next().and_then(|time| time.parse().ok()).unwrap_or(0)
}

/// The most memory that the process has had, in KiB.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|peak| peak.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or(0)
}
