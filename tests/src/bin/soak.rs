//! Runs faults of the lab and good requests together, on one session, for some time: `soak [--seconds N]
//! [--in-flight N] [--reqwest]`.
//!
//! Prints the number of requests, and leaked tasks, file descriptors and memory. The exit status is 1 if a
//! fault was classified wrongly, a good request failed, or anything leaked.
//!
//! A fault uses its own ports, which the kernel reserves for a minute after a connection. The rate of faults
//! is therefore limited by the number of ports. The good requests, which share their connections, use the
//! remaining time.

use std::{
    collections::BTreeMap,
    env, fs, io,
    process::ExitCode,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use backstop::{Error, Request, Session};
use backstop_tests::{
    faults::{Endpoint, Step},
    lab::Lab,
};
use tokio::{runtime::Handle, task::JoinSet, time::sleep};

const USAGE: &str = "usage: soak [--seconds N] [--in-flight N] [--reqwest]";

/// The longest duration of a fault that is played, in milliseconds.
const QUICK: u64 = 400;

/// Faults a second. There are 28 000 ports and 60 s in which each is kept, and most faults take two.
const PACE: u32 = 200;

const GOOD_BODY: &str = r#"{"ok":true}"#;

/// A busy machine may delay either side past a timer, so a fault counts as different only if it differs each
/// time.
const TRIES: usize = 3;

/// As long as a session keeps a connection, so that the number of connections is stable afterwards.
const WARM_UP: Duration = Duration::from_secs(20);

/// How long resources may take to be released.
const SETTLE: Duration = Duration::from_secs(10);

/// The growth after the warm-up, in KiB, that the allocator may keep without being a leak.
const ALLOWED_GROWTH: usize = 16 * 1024;

struct Options {
    seconds: u64,
    in_flight: usize,
    /// Whether the session sends by reqwest's client.
    reqwest: bool,
}

/// The state that the workers share.
struct Soak {
    lab: Lab,
    session: Session,
    server: Endpoint,
    faults: Vec<String>,
    start: Instant,
    next: AtomicUsize,
    /// Faults whose servers could not be started, so they have no outcome.
    not_played: AtomicUsize,
    good: AtomicUsize,
    bad: AtomicUsize,
    wrong: Mutex<BTreeMap<String, (usize, String)>>,
}

/// The resources of a process.
#[derive(Debug, Clone, Copy)]
struct Held {
    tasks: usize,
    files: usize,
    kib: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    match soak(&options).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn options() -> Option<Options> {
    let mut options = Options { seconds: 600, in_flight: 64, reqwest: false };
    let mut words = env::args().skip(1);
    while let Some(word) = words.next() {
        match &*word {
            "--seconds" => options.seconds = words.next()?.parse().ok()?,
            "--in-flight" => options.in_flight = words.next()?.parse().ok()?,
            "--reqwest" => options.reqwest = true,
            _ => return None,
        }
    }
    Some(options)
}

/// Whether there was no difference and no leak.
async fn soak(options: &Options) -> io::Result<bool> {
    let server = good_server()?;
    let lab = Lab::new()?;
    let ids: Vec<String> = lab.shareable().map(str::to_owned).collect();
    let before = Held::now()?;

    let session = Session::builder().no_proxy().use_reqwest(options.reqwest).build();
    let session = session.map_err(io::Error::other)?;
    let faults = quick(&lab, &session, ids).await;
    let soak = Arc::new(Soak {
        lab,
        session,
        server,
        faults,
        start: Instant::now(),
        next: AtomicUsize::new(0),
        not_played: AtomicUsize::new(0),
        good: AtomicUsize::new(0),
        bad: AtomicUsize::new(0),
        wrong: Mutex::default(),
    });
    println!("{} kinds of faults, {} in flight", soak.faults.len(), options.in_flight);

    let all = Duration::from_secs(options.seconds);
    let warm_up = WARM_UP.max(all / 10).min(all / 2);
    soak.run(warm_up, options.in_flight).await;
    let warm = Held::now()?;
    soak.run(all.saturating_sub(warm_up), options.in_flight).await;
    let end = Held::now()?;
    let took = soak.start.elapsed();

    // The last of them takes the session along, but not the server.
    let Some(soak) = Arc::into_inner(soak) else {
        return Err(io::Error::other("a worker is still there"));
    };
    let Soak { session, server, next, not_played, good, bad, wrong, .. } = soak;
    drop(session);
    let after = settled(before).await?;
    drop(server);

    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (id, (times, why)) in &wrong {
        println!("WRONG {times} times {id}: {why}");
    }
    let (faults, not_played) = (next.into_inner(), not_played.into_inner());
    let (good, bad) = (good.into_inner(), bad.into_inner());
    let wrong: usize = wrong.values().map(|(times, _)| times).sum();
    let growth = end.kib.saturating_sub(warm.kib);
    println!(
        "{:.0} s: {} requests, {:.0} a second; {faults} faults, {wrong} told as another, {not_played} could \
         not be played; {bad} good ones failed",
        took.as_secs_f64(),
        faults + good,
        (faults + good) as f64 / took.as_secs_f64(),
    );
    println!("tasks: {} before, {} after", before.tasks, after.tasks);
    println!("file descriptors: {} before, {} after", before.files, after.files);
    println!("memory: {} KiB warm, {} KiB at the end: {growth} KiB more", warm.kib, end.kib);
    let left = after.tasks > before.tasks || after.files > before.files;
    Ok(wrong == 0 && bad == 0 && !left && growth <= ALLOWED_GROWTH)
}

/// Answers every request, on persistent connections, without recording it.
fn good_server() -> io::Result<Endpoint> {
    let answer =
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{GOOD_BODY}", GOOD_BODY.len());
    Endpoint::script(vec![vec![Step::Loop(vec![Step::ReadRequest, Step::send(answer)])]])
}

/// The faults that end soon, as each of them shows when it is run alone.
async fn quick(lab: &Lab, session: &Session, ids: Vec<String>) -> Vec<String> {
    let mut quick = Vec::new();
    for id in ids {
        if let Some(report) = lab.run_with(&id, session).await
            && !["not_run", "unfit"].contains(&&*report.outcome)
            && report.milliseconds < QUICK
        {
            quick.push(id);
        }
    }
    quick
}

/// The resources, once they are no more than before, or no longer decrease.
async fn settled(before: Held) -> io::Result<Held> {
    let start = Instant::now();
    loop {
        let held = Held::now()?;
        if held.tasks <= before.tasks && held.files <= before.files || start.elapsed() > SETTLE {
            return Ok(held);
        }
        sleep(Duration::from_millis(50)).await;
    }
}

impl Soak {
    async fn run(self: &Arc<Self>, time: Duration, in_flight: usize) {
        let end = Instant::now() + time;
        let mut workers = JoinSet::new();
        for _ in 0..in_flight {
            let soak = Arc::clone(self);
            workers.spawn(async move {
                while Instant::now() < end {
                    match soak.next_fault() {
                        Some(id) => soak.fault(id).await,
                        None => soak.good().await,
                    }
                }
            });
        }
        // A panic of the library's is one of the worker's, and ends the program.
        while let Some(worked) = workers.join_next().await {
            worked.expect("no panic");
        }
    }

    /// The next fault, if one is due.
    fn next_fault(&self) -> Option<&str> {
        let due = self.start.elapsed().as_secs_f64() * f64::from(PACE);
        let next = self
            .next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                ((next as f64) < due).then_some(next + 1)
            })
            .ok()?;
        Some(&self.faults[next % self.faults.len()])
    }

    async fn fault(&self, id: &str) {
        for last in (1..=TRIES).map(|number| number == TRIES) {
            let Some(report) = self.lab.run_with(id, &self.session).await else { return };
            if report.outcome == "unfit" {
                self.not_played.fetch_add(1, Ordering::Relaxed);
                return;
            }
            if report.differs.is_empty() {
                return;
            }
            if last {
                let why = format!("{}; {}", report.differs.join("; "), report.message);
                let mut wrong = self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
                wrong.entry(id.to_owned()).or_insert((0, why)).0 += 1;
            }
        }
    }

    async fn good(&self) {
        let read: Result<String, Error> = async {
            let url = format!("http://{}/", self.server.address());
            self.session.fetch(Request::get(url)).await?.text()
        }
        .await;
        self.good.fetch_add(1, Ordering::Relaxed);
        if !read.is_ok_and(|text| text == GOOD_BODY) {
            self.bad.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Held {
    fn now() -> io::Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let kib =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next());
        Ok(Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            files: fs::read_dir("/proc/self/fd")?.count(),
            kib: kib.and_then(|kib| kib.parse().ok()).unwrap_or_default(),
        })
    }
}
